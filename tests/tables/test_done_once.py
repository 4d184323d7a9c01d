"""What large tables cost: rows are read, encoded and predicted once, numbers never become texts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clearprop as cp
from clearprop.network import Network
from clearprop.tables import dates, known_blocks
from clearprop.tables.blocks.files import TableFiles
from clearprop.tables.encoding import Encoding
from clearprop.tables.words import Words, present
from command_line import invoke

N = 3000


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    days = pd.to_timedelta(rng.integers(0, 1500, N), "D")
    table = pd.DataFrame(
        {
            "x": rng.normal(size=N).round(5),
            "age": np.where(rng.random(N) < 0.03, -999, rng.integers(20, 90, N)),
            "c": rng.choice(list("abc"), N),
            "when": pd.Timestamp("2020-01-01") + days,
        }
    )
    table["number"] = table.x + rng.normal(size=N)
    table["label"] = np.where(table.x > 0, "yes", "no")
    return table


@pytest.fixture
def file(table, tmp_path):
    table.to_csv(tmp_path / "table.csv", index=False)
    return tmp_path / "table.csv"


@pytest.fixture
def encoded(monkeypatch):
    """How many rows are encoded, call by call."""
    sizes = []
    fill = Encoding._fill

    def counted(self, X, *rest):
        sizes.append(len(X))
        fill(self, X, *rest)

    monkeypatch.setattr(Encoding, "_fill", counted)
    return sizes


@pytest.fixture
def predicted(monkeypatch):
    """How many rows networks predict, call by call."""
    sizes = []
    predict = Network.predict

    def counted(self, X, *rest):
        sizes.append(len(X))
        return predict(self, X, *rest)

    monkeypatch.setattr(Network, "predict", counted)
    return sizes


def test_a_fit_encodes_each_row_once_and_predicts_each_test_row_once(table, encoded, predicted):
    cp.Model.fit(table.drop(columns="number"), "label", epochs=1, progress=False)
    ours, baselines = [1950, 450, 600], [2400, 600]  # linear models have inputs of their own
    assert encoded == ours + baselines
    assert predicted == [600]


def test_a_regression_encodes_the_rows_it_is_calibrated_by_as_well(table, encoded, predicted):
    cp.Model.fit(table.drop(columns="label"), "number", epochs=1, progress=False)
    assert encoded == [1950, 450, 450, 600, 2400, 600]
    assert predicted == [450, 600]


def test_the_command_reads_encodes_and_predicts_each_row_once(
    table, file, encoded, predicted, monkeypatch
):
    model = cp.Model.fit(
        table.drop(columns="label"), "number", epochs=1, compare=False, progress=False,
        quantiles=[0.1, 0.5, 0.9],
    )  # fmt: skip
    model.save(file.with_name("m"))
    apart = [model.predict(file), *model.predict_interval(file).T, *model.predict_quantiles(file).T]
    encoded.clear()
    predicted.clear()
    of_file, read = [], []
    blocks, columns = TableFiles.blocks, known_blocks.read_columns

    def counted(self):
        for block in blocks(self):
            of_file.append(block.rows)
            yield block

    monkeypatch.setattr(TableFiles, "blocks", counted)
    monkeypatch.setattr(
        known_blocks, "read_columns", lambda t, *rest: read.append(len(t)) or columns(t, *rest)
    )
    out = file.with_name("out.parquet")
    wanted = ("--interval", 0.9, "--quantiles", "--report", "--out", out)
    assert invoke("predict", file.with_name("m"), file, *wanted).exit_code == 0
    assert [sum(sizes) for sizes in (of_file, read, encoded, predicted)] == [N] * 4
    assert np.array_equal(pd.read_parquet(out).to_numpy().T, apart)


def test_unreadable_cells_are_told_once(table, file):
    model = cp.Model.fit(
        table.drop(columns="number"), "label", epochs=1, compare=False, progress=False
    )
    model.save(file.with_name("m"))
    wrong = table.astype({"x": str})
    wrong.loc[3, "x"] = "oops"
    wrong.to_csv(file, index=False)
    said = invoke("predict", file.with_name("m"), file, "--probabilities", "--report", "--why")
    assert said.stderr.count("'oops' in row 3") == 1


def test_a_column_of_numbers_never_becomes_texts(table, file, monkeypatch):
    """A million of them as Python's texts take longer, and more memory, than all else."""
    words = []
    monkeypatch.setattr(Words, "__iter__", lambda self: words.append(self) or iter(()))
    model = cp.Model.fit(
        file, "label", missing_words=["-999", "none"], drop=["number"], epochs=1, compare=False,
        progress=False,
    )  # fmt: skip
    model.predict(file)
    assert model.report.missing == {"age": int((table.age == -999).sum())}
    assert not words


def test_words_present():
    import polars as pl

    words = Words(
        pl.Series(["1", "-999", "2.5", "-999"]), ".", np.array([1, -999, 2.5, -999]), ["?"]
    )
    assert present(words, ["-999", "?", "NA", "2,5", "3"]) == {"-999", "?"}
    assert present(["a", "NA"], ["NA", "?"]) == {"NA"}


def test_parts_of_dates_on_one_circle_share_their_angle(monkeypatch):
    calls = []
    turn = dates._TURNS["year"]
    monkeypatch.setitem(dates._TURNS, "year", lambda when: calls.append(len(when)) or turn(when))
    when = np.array(["2024-01-01", "NaT", "2024-07-01"], dtype="datetime64[us]")
    found = dates.parts(["cosine of the year", "years since 2000", "sine of the year"], when)
    assert calls == [2]
    angle = 2 * np.pi * np.array([0, 182 / 366])
    np.testing.assert_allclose(found[0, [0, 2]], np.cos(angle), rtol=1e-12)
    np.testing.assert_allclose(found[2, [0, 2]], np.sin(angle), atol=1e-12)
    assert np.isnan(found[:, 1]).all()
