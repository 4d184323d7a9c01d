"""What columns are called, why some are dropped, and that what the note says keeps them."""

from __future__ import annotations

import json
import re
import shlex

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import clearprop as cp
from clearprop.cli import main
from clearprop.tables.columns import read_columns
from clearprop.tables.conventions import decide
from clearprop.tables.detection import detect_inputs
from kinds_of_columns import KINDS, ROWS, column
from paths import ROOT

KEPT = ("number", "category", "boolean", "date")
FIT = {"epochs": 1, "hidden": [3], "compare": False}
CAN_BE_KEPT = [name for name, (_, what) in KINDS.items() if what not in (*KEPT, "holds list")]


def one_column(name):
    """Return a table of the column; a text file says what a column of empty cells is."""
    return pd.DataFrame({called(name): pd.Series(column(name)), "z": np.arange(ROWS) % 7})


def called(name):
    """Return the column's name: some are recognized by it."""
    return name.split(",")[0] if re.search("[iI]d", name) else "x y"


def what_is(table):
    columns = {name: one for name, one in read_columns(table).items() if name != "z"}
    read = decide(columns, typed=True, decimal=".", missing=(), wishes={})
    found = detect_inputs(read, np.arange(ROWS), drop=(), keep=(), categorical=())
    return found.inputs[0].kind if found.inputs else next(iter(found.dropped.values()))


@pytest.mark.parametrize("name", KINDS)
def test_what_a_column_is_called(name):
    found = what_is(one_column(name))
    expected = KINDS[name][1]
    assert found == expected if expected in KEPT else found.startswith(expected), found


@pytest.mark.parametrize("name", [name for name, (_, what) in KINDS.items() if what not in KEPT])
def test_what_is_dropped_says_what_it_looks_like(name):
    found = what_is(one_column(name))
    words = {str(value) for value in column(name) if isinstance(value, str)}
    if "is always" in found or not words:
        return
    examples = re.search(r"such as (.*?);", found).group(1)
    shown = [one.removesuffix("...") for one in re.findall(r"'([^']*)'(?:, |$)", examples)]
    assert len(shown) == 3
    assert all(any(word.startswith(one) for word in words) for one in shown), found


@pytest.mark.parametrize("name", CAN_BE_KEPT)
def test_what_the_note_says_keeps_it(name):
    table = one_column(name)
    reason = what_is(table)
    kind, value = re.search(r"(keep|columns)=([\[{].*?[\]}]) \(", reason).groups()
    table = table.assign(other=np.arange(ROWS) % 5 * 0.5)
    model = cp.Model.fit(table, "z", **{kind: eval(value)}, **FIT)
    assert called(name) in model.columns
    assert len(model.predict(table.iloc[1:4])) == 3


@pytest.mark.parametrize("name", ["UUIDs", "sentences", "always the same word", "no values"])
def test_and_on_the_command_line(name, tmp_path):
    one_column(name).assign(other=np.arange(ROWS) % 5 * 0.5).to_csv(tmp_path / "t.csv", index=False)
    command = ["train", str(tmp_path / "t.csv"), "--target", "z", "--epochs", "1", "--hidden", "3",
               "--out", str(tmp_path / "m"), "--force"]  # fmt: skip
    printed = CliRunner().invoke(main, command).output
    facts = " ".join(printed.split())
    assert "dropped 'x y'" in facts
    option = re.search(r"\((--(?:keep|column) '[^']*')\)", facts).group(1)
    kept = CliRunner().invoke(main, [*command, *shlex.split(option), "--json"])
    report = json.loads(kept.output)
    assert "x y" in report["inputs"]
    assert not report["dropped"]


def test_on_every_face():
    table = one_column("sentences")
    report = cp.Model.fit(table.assign(other=table["z"] * 0.5 % 2), "z", **FIT).report
    reason = report.dropped["x y"]
    advice = "columns={'x y': 'category'} (--column 'x y=category') reads it as categories"
    assert reason.endswith(advice)
    assert advice in " ".join(repr(report).split())
    assert "--column" in report._repr_html_()
    assert report.to_dict()["dropped"]["x y"] == reason


def test_categories_asked_for_are_categories():
    table = pd.DataFrame({"code": np.arange(ROWS) * 7.5, "z": np.arange(ROWS) % 3})
    assert cp.Model.fit(table, "z", categorical=["code"], **FIT).report.inputs["code"]


def test_every_whole_number_of_few_rows_is_a_number():
    """In a few rows whole numbers are one after the other by chance."""
    table = pd.DataFrame({"x": np.arange(40) + 3, "z": np.arange(40) % 2})
    assert cp.Model.fit(table, "z", **FIT).columns == ["x"]


def test_no_values_among_the_rows_to_learn_from():
    columns = read_columns(pd.DataFrame({"x": [np.nan] * 30 + [1.0]}))
    read = decide(columns, typed=True, decimal=".", missing=(), wishes={})
    found = detect_inputs(read, np.arange(30), drop=(), keep=(), categorical=())
    assert found.dropped["x"].startswith("has no values in the rows to learn from")


def test_the_page_says_what_this_says():
    rows = [f"| {name} | {shown(column(name))} | {KINDS[name][1]} |" for name in KINDS]
    page = (ROOT / "docs" / "columns.md").read_text(encoding="utf-8")
    table = [line for line in page.splitlines() if line.startswith("| ")][1:]
    assert table == rows, "\n".join(rows)


def shown(values):
    """Return the first values as the page shows them."""
    texts = ["" if value is None else str(value) for value in values[:3]]
    cut = [f"{text[:24]}..." if len(text) > 24 else text for text in texts]
    return ", ".join(f"`{text}`" if text else "(empty)" for text in cut)
