"""The same prediction for a row alone, in its file, in another order, and in another format."""

from __future__ import annotations

import datetime
import tempfile
import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import clearprop as cp
from clearprop.tables.blocks.files import TableFiles
from clearprop.tables.carried import Carried
from clearprop.tables.table_files import write_table

NAMES = ["t.csv", "t.tsv", "t.txt", "t.csv.gz", "t.csv.zst", "t.parquet", "t.parquet.gz", "t.arrow", "t.json", "t.jsonl",
         "t.jsonl.zst", "t.xlsx"]  # fmt: skip

ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(-(10**6), 10**6)),
        st.one_of(
            st.none(), st.integers(-(10**7), 10**7).map(lambda v: v / 1000)
        ),  # 15 digits, as Excel has
        st.sampled_from([None, "Zürich", "007", "it's", "-5", "new"]),
        st.sampled_from([None, True, False]),
        st.one_of(st.none(), st.dates(datetime.date(1990, 1, 1), datetime.date(2050, 1, 1))),
    ),
    min_size=1,
    max_size=6,
)


def table_of(rows):
    schema = {
        "n": pl.Int64,
        "x": pl.Float64,
        "word": pl.String,
        "truth": pl.Boolean,
        "day": pl.Date,
    }
    return pl.DataFrame(rows, orient="row", schema=schema)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    rng = np.random.default_rng(0)
    days = [
        datetime.date(2000, 1, 1) + datetime.timedelta(int(d)) for d in rng.integers(0, 9000, 120)
    ]
    words = rng.choice(["Zürich", "007", "it's", "-5"], 120).tolist()
    columns = [
        rng.integers(-99, 99, 120).tolist(),
        rng.normal(size=120).round(3).tolist(),
        words,
        (rng.random(120) < 0.5).tolist(),
        days,
    ]
    rows = [
        tuple(None if rng.random() < 0.05 else value for value in row)
        for row in zip(*columns, strict=True)
    ]
    table = table_of(rows).with_columns(pl.Series("y", rng.choice(["p", "q", "r"], 120)))
    path = tmp_path_factory.mktemp("train") / "train.csv"
    write_table(table.to_dict(), path)
    model = cp.Model.fit(path, "y", epochs=3, compare=False, progress=False, seed=0)
    assert set(model.columns) == {"n", "x", "word", "truth", "day"}
    return model


@given(rows=ROWS, seed=st.integers(0, 99))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_row_is_predicted_the_same_wherever_it_stands(rows, seed, model):
    table = table_of(rows)
    order = np.random.default_rng(seed).permutation(len(rows))
    expected = model.predict_proba(table)
    assert np.array_equal(model.predict_proba(table[order.tolist()]), expected[order])
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*between fields", cp.TableWarning)
        for name in NAMES:
            path = Path(folder) / name
            write_table(table.select(table.columns[::-1]).to_dict(), path)
            if name == "t.xlsx" and any(set(row) == {None} for row in rows):
                continue  # an empty row is none there
            found = model.predict_proba(path)
            assert np.array_equal(found, expected), name
        first = Path(folder) / "first"
        first.mkdir()
        for i in range(len(rows)):
            write_table(table[i : i + 1].to_dict(), first / f"{i}.csv")
            assert np.array_equal(model.predict_proba(first / f"{i}.csv")[0], expected[i])
        assert np.array_equal(model.predict_proba(first), expected)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_learns_the_same_from_each_format(name, tmp_path):
    rng = np.random.default_rng(1)
    table = pl.DataFrame(
        {
            "x": rng.normal(size=60).round(3),
            "n": rng.integers(0, 50, 60),
            "w": rng.choice(["a", "ü"], 60),
        }
    )
    table = table.with_columns(pl.Series("y", rng.integers(0, 3, 60)))
    models = []
    for one in ("t.csv", name):
        write_table(table.to_dict(), tmp_path / one)
        models.append(cp.Model.fit(tmp_path / one, "y", epochs=2, compare=False, progress=False))
    assert np.array_equal(models[0].network.parameters, models[1].network.parameters)
    assert models[0].classes == models[1].classes == [0, 1, 2]


def test_times_of_day_in_a_workbook_are_those_of_a_text_file(tmp_path):
    """And a table carries them along as such."""
    times = [datetime.time(i % 24, i) for i in range(60)]
    (tmp_path / "t.csv").write_text("t,y\n" + "".join(f"{t:%H:%M},{t.hour > 11}\n" for t in times))
    write_table({"t": times, "y": [t.hour > 11 for t in times]}, tmp_path / "t.xlsx")
    model = cp.Model.fit(tmp_path / "t.csv", "y", epochs=2, compare=False, progress=False)
    assert np.array_equal(
        model.predict_proba(tmp_path / "t.xlsx"), model.predict_proba(tmp_path / "t.csv")
    )
    workbook = TableFiles(tmp_path / "t.xlsx")
    carried = Carried(["t"], workbook.head, ())
    carried.look(workbook.blocks())
    [block] = workbook.blocks()
    assert carried.of(block.frame)["t"].to_list() == times
