"""Tables of text with what is installed at the least: no polars, scikit-learn, SciPy or pandas.

`.ci/core` runs this file where they are not installed.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import clearprop as cp
from clearprop.tables.baselines import LEFT_OUT
from clearprop.tables.plain_table import PlainTable
from command_line import invoke, refused
from paths import EXAMPLES, PENGUINS

NEW_PENGUINS = EXAMPLES / "new_penguins.csv"

HIDDEN = ("polars", "sklearn", "scipy", "pandas", "pyarrow", "fastexcel", "xlsxwriter", "backports")


@pytest.fixture(autouse=True)
def _core(monkeypatch):
    """Hide what the core does not install; it is imported where it is used."""
    for name in HIDDEN:
        monkeypatch.setitem(sys.modules, name, None)
        for module in [one for one in sys.modules if one.startswith(f"{name}.")]:
            monkeypatch.setitem(sys.modules, module, None)


@pytest.fixture
def trained(tmp_path):
    """A model of the penguins' species, by the command, and what the command said."""
    out = tmp_path / "penguins.safetensors"
    done = invoke("train", PENGUINS, "--target", "species", "--out", out)
    assert done.exit_code == 0, done.stderr
    return out, done.stdout


def test_a_csv_is_learned_from_and_one_line_says_what_is_left_out(trained):
    _, said = trained
    assert said.count("clearprop[tables]") == 1
    assert LEFT_OUT in said.splitlines()  # unbroken
    assert "this network    1.0000" in said
    assert "logistic" not in said


def test_without_test_rows_or_baselines_asked_for_nothing_is_left_out():
    for settings in ({"test": 0}, {"compare": False}):
        model = cp.Model.fit(PENGUINS, "species", epochs=1, progress=False, **settings)
        assert model.report.verdict == ""


def test_predictions_are_those_of_the_manual(trained):
    out, _ = trained
    done = invoke("predict", out, NEW_PENGUINS, "--carry", "island", "--carry", "sex")
    assert done.stdout.splitlines() == [  # docs/tables.md
        "island,sex,prediction",
        "Dream,female,Chinstrap",
        "Biscoe,male,Gentoo",
        "Torgersen,,Adelie",
        "Cuverville,male,Gentoo",
    ]


def test_files_in_and_out(trained, tmp_path):
    out, _ = trained
    lines = NEW_PENGUINS.read_text(encoding="utf-8").splitlines()
    assert not any('"' in line for line in lines)
    forms = {
        "new.csv.gz": gzip.compress(NEW_PENGUINS.read_bytes()),
        "new.tsv": "\n".join(lines).replace(",", "\t").encode(),
        "new.txt": "\r\n".join(lines).replace(",", "|").encode("utf-16"),
        "old_mac.csv": "\r".join(lines).replace(",", ";").encode(),
    }
    expected = invoke("predict", out, NEW_PENGUINS, "--probabilities").stdout
    for name, content in forms.items():
        (tmp_path / name).write_bytes(content)
        assert invoke("predict", out, tmp_path / name, "--probabilities").stdout == expected, name
    written = tmp_path / "found.tsv.gz"
    assert invoke("predict", out, NEW_PENGUINS, "--out", written).exit_code == 0
    tabbed = gzip.decompress(written.read_bytes()).decode()
    assert tabbed.splitlines() == [line.partition(",")[0] for line in expected.splitlines()]


def test_two_files_are_one_table(trained, tmp_path):
    out, _ = trained
    header, *rows = NEW_PENGUINS.read_text(encoding="utf-8").splitlines()
    parts = tmp_path / "a.csv", tmp_path / "b.csv"
    turned = [",".join(line.split(",")[::-1]) for line in (header, *rows[2:])]
    parts[0].write_text("\n".join([header, *rows[:2]]), encoding="utf-8")
    parts[1].write_text("\n".join(turned), encoding="utf-8")
    assert invoke("predict", out, *parts).stdout == invoke("predict", out, NEW_PENGUINS).stdout


def test_a_number_with_intervals_reasons_and_judgment(tmp_path):
    out = tmp_path / "mass.safetensors"
    asked = ("--target", "body_mass_g", "--drop-missing-target", "--json", "--out", out)
    report = json.loads(invoke("train", PENGUINS, *asked).stdout)
    assert report["verdict"] == LEFT_OUT
    assert list(report["scores"]) == ["this network"]
    assert 0 < report["intervals"]["low"] < report["intervals"]["held"] < 1
    wanted = ("--interval", "0.8", "--why", "--attributions", "--report", "--carry-all")
    done = invoke("predict", out, PENGUINS, *wanted)
    assert len(done.stdout.splitlines()) == 345
    assert "values unlike" in done.stderr or "All values" in done.stderr
    judged = invoke("evaluate", out, PENGUINS, "--drop-missing-target", "--importance").stdout
    assert "R2" in judged
    assert "flipper_length_mm" in judged
    assert "W1[0,0]" in invoke("explain", out, PENGUINS, "--row", "0", "--of", "dW1[0,0]").stdout


def test_in_python(tmp_path):
    model = cp.Model.fit(PENGUINS, "species", epochs=20, progress=False)
    table = model.read(NEW_PENGUINS)
    assert isinstance(table, PlainTable)
    assert (table.height, table.width) == (4, len(table.columns))
    probabilities = model.predict_proba(table)
    assert np.array_equal(model.predict_proba(NEW_PENGUINS), probabilities)
    for row in range(4):
        assert np.array_equal(model.predict_proba(table[row : row + 1])[0], probabilities[row])
    one = {name: table[name][1] for name in table.columns}
    assert repr(model.explain(one)) == repr(model.explain(table[1:2]))
    path = tmp_path / "m.safetensors"
    model.save(path)
    assert np.array_equal(cp.Model.load(path).predict_proba(table), probabilities)
    assert model.evaluate(PENGUINS).accuracy > 0.9


@pytest.mark.parametrize(
    ("name", "extra"),
    [("t.parquet", "tables"), ("t.arrow", "tables"), ("t.json", "tables"), ("t.jsonl", "tables"), ("t.xlsx", "excel"), ("t.csv.zst", "tables")],
)  # fmt: skip
def test_what_is_not_served_says_what_to_install(name, extra, trained, tmp_path):
    content = {"parquet": b"PAR1", "arrow": b"ARROW1", "xlsx": b"PK\x03\x04xl/workbook"}
    begins = content.get(name.rpartition(".")[2], b'{"a": 1}')
    (tmp_path / name).write_bytes(b"\x28\xb5\x2f\xfd" if name.endswith("zst") else begins)
    install = f'which is not installed: pip install "clearprop[{extra}]"'
    assert f"reading {name} needs" in refused(install, "train", tmp_path / name, "--target", "a")
    out = ("--out", tmp_path / f"new_{name}")
    assert f"writing new_{name} needs" in refused(
        install, "predict", trained[0], NEW_PENGUINS, *out
    )


def test_errors_of_text_are_the_same_one_line(tmp_path):
    path = tmp_path / "t.csv"
    for content, message in {
        "a,b\n1,2\n3\n": "line 3 has 1 fields, but the header has 2",
        'a,b\n1,"2\n': "a quote that is not closed?",
        "a,b\n": "has a header but no rows",
        "a,a\n1,2\n": "2 columns called 'a'",
    }.items():
        path.write_text(content, encoding="utf-8")
        refused(message, "train", path, "--target", "b")


def test_a_table_beyond_the_memory_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 1000, encoding="utf-8")
    monkeypatch.setattr("clearprop.tables.memory.memory", lambda: 200_000)
    refused("has 1,001 rows of 2 columns", "train", path, "--target", "b")


def test_a_model_of_0_1_0_reads_text_by_polars():
    folder = Path(__file__).with_name("models_of_0_1_0")
    with pytest.warns(cp.TableWarning, match="of Clearprop 0.1.0"):
        model = cp.Model.load(folder / "cars.safetensors")
    with pytest.raises(
        cp.MissingExtraError, match=r"0\.1\.0 did needs polars.*clearprop\[tables\]"
    ):
        model.predict(folder / "new_a.csv")
