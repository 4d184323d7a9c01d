"""Tables of their own to stop by and to test on."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import log_loss

import clearprop as cp
from example_tables import CARS, PENGUINS

QUICK = {"hidden": 3, "epochs": 2, "progress": False}
SHUFFLED = PENGUINS.sample(frac=1, random_state=0).reset_index(drop=True)
LEARN, STOP, TEST = SHUFFLED[:200], SHUFFLED[200:260], SHUFFLED[260:]


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, part in (("learn", LEARN), ("stop", STOP), ("test", TEST)):
        part.to_csv(f"{name}.csv", index=False)


def test_the_scores_are_those_of_evaluate(files):
    model = cp.Model.fit("learn.csv", "species", validation="stop.csv", test="test.csv", **QUICK)
    assert model.report.rows == {
        "training": 200, "validation": 60, "test": 84, "without target": 0,
    }  # fmt: skip
    figures = model.evaluate("test.csv").figures
    assert model.report.scores["this network"] == pytest.approx(figures)
    assert set(model.report.scores) > {"logistic regression", "gradient boosting"}
    note = "the rows to test on are a table of their own"
    assert note in model.report.notes


def test_tables_and_paths_are_alike(files):
    paths = cp.Model.fit("learn.csv", "species", validation="stop.csv", test=0, **QUICK)
    frames = cp.Model.fit(LEARN, "species", validation=STOP, test=0, **QUICK)
    np.testing.assert_array_equal(paths.network.parameters, frames.network.parameters)


def test_the_encoding_knows_the_training_table_alone():
    far = STOP.assign(body_mass_g=STOP["body_mass_g"] * 100)
    one = cp.Model.fit(LEARN, "species", validation=STOP, test=0, **QUICK)
    other = cp.Model.fit(LEARN, "species", validation=far, test=0, **QUICK)
    np.testing.assert_array_equal(one.encode(TEST), other.encode(TEST))
    assert one.history.epochs[0].validation_loss != other.history.epochs[0].validation_loss


def test_the_validation_loss_is_of_its_rows():
    model = cp.Model.fit(
        LEARN, "species", validation=STOP, test=0, compare=False, early_stopping=None, **QUICK
    )
    loss = log_loss(STOP["species"], model.predict_proba(STOP))
    assert model.history.epochs[-1].validation_loss == pytest.approx(loss, rel=1e-5)


def test_a_share_beside_a_table():
    model = cp.Model.fit(LEARN, "species", test=TEST, validation=0.25, compare=False, **QUICK)
    assert model.report.rows["training"] == 150
    assert model.report.rows["test"] == 84


def test_decimal_commas_are_read_as_in_training(tmp_path):
    names = ["learn", "test"]
    for name, part in zip(names, (CARS[:300], CARS[300:]), strict=True):
        part.to_csv(tmp_path / f"{name}.csv", index=False, sep=";", decimal=",")
    german = cp.Model.fit(
        tmp_path / "learn.csv", "Acceleration", test=tmp_path / "test.csv", compare=False, **QUICK
    )
    plain = cp.Model.fit(CARS[:300], "Acceleration", test=CARS[300:], compare=False, **QUICK)
    assert german.report.scores == plain.report.scores


@pytest.mark.parametrize("part", ["validation", "test"])
def test_what_does_not_fit_is_told_with_its_part(part):
    def refused(table, message, error=cp.ClearpropError):
        with pytest.raises(error, match=f"{part}: .*{message}"):
            cp.Model.fit(LEARN, "species", **{part: table}, **QUICK)

    refused(TEST.assign(species="Emperor"), "'Emperor', which is no class", cp.TargetError)
    refused(TEST.drop(columns="island"), "lacks the column 'island'", cp.ColumnError)
    refused(TEST.drop(columns="species"), "no column 'species'", cp.ColumnError)
    refused(TEST.assign(species=[None, *TEST["species"][1:]]), "missing in 1 of 84", cp.TargetError)
    with pytest.raises(cp.FileMissingError, match=r"none\.csv"):
        cp.Model.fit(LEARN, "species", **{part: "none.csv"}, **QUICK)
    with pytest.raises(cp.ArgumentError, match=rf"{part} is 0.9; .*\[0, 0.5\], a table or a path"):
        cp.Model.fit(LEARN, "species", **{part: 0.9}, **QUICK)


def test_rows_without_a_target_may_be_left_out():
    model = cp.Model.fit(
        LEARN, "species", test=TEST.assign(species=[None, *TEST["species"][1:]]),
        drop_missing_target=True, compare=False, **QUICK,
    )  # fmt: skip
    assert model.report.rows["test"] == 83
    assert model.report.rows["without target"] == 1


def test_whole_numbers_and_truth_as_classes():
    for values in ([0, 1, 2], [True, False, True]):
        table = CARS[["Horsepower", "Acceleration"]].dropna()
        table = table.assign(y=np.resize(values, len(table)))
        model = cp.Model.fit(
            table[:200], "y", test=table[200:], task="classification", compare=False, **QUICK
        )
        assert sum(model.report.classes.values()) == len(table)
        assert model.evaluate(table[200:]).figures == pytest.approx(
            model.report.scores["this network"]
        )


def test_several_files_are_one_table(files):
    TEST[:40].to_csv("first.csv", index=False)
    TEST[40:].to_csv("second.csv", index=False)
    several = cp.Model.fit(LEARN, "species", test=["first.csv", "second.csv"], **QUICK)
    one = cp.Model.fit(LEARN, "species", test="test.csv", **QUICK)
    assert several.report.scores == one.report.scores


def test_sheet_and_encoding_are_of_the_files_that_have_some(files):
    import polars as pl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of polars and XlsxWriter
        pl.from_pandas(LEARN).write_excel("learn.xlsx", worksheet="rows")
        pl.from_pandas(TEST).write_excel("test.xlsx")
    LEARN.to_csv("learn16.csv", index=False, encoding="utf-16-le")
    rows = TEST.to_json(orient="records", lines=True)
    Path("test16.jsonl").write_bytes(rows.encode("utf-16-le"))
    for table, test, said in (
        ("learn.xlsx", "test.csv", {"sheet": "rows"}),
        ("learn16.csv", "test.xlsx", {"encoding": "utf-16-le"}),
        ("learn16.csv", "test16.jsonl", {"encoding": "utf-16-le"}),
    ):
        model = cp.Model.fit(table, "species", test=test, compare=False, **said, **QUICK)
        assert model.report.rows["test"] == len(TEST)
    with pytest.raises(cp.ArgumentError, match=r"sheet is of a workbook, and learn.csv is CSV"):
        cp.Model.fit("learn.csv", "species", test="test.xlsx", sheet="rows", **QUICK)


class TestWhatTrainingHasNot:
    """A few rows of another kind may make the scores alone, and nothing else would say so."""

    def notes(self, target="body_mass_g", learn=LEARN, **part):
        model = cp.Model.fit(
            learn, target, compare=False, drop_missing_target=True, **part, **QUICK
        )
        return model.report.notes

    def with_one(self, table, column, row, value):
        table = table.reset_index(drop=True).astype({column: float})
        table.loc[row, column] = value
        return table

    @pytest.mark.parametrize(("part", "table"), [("validation", STOP), ("test", TEST)])
    def test_a_wild_value_is_told(self, part, table):
        n = int(table["body_mass_g"].notna().sum())
        told = self.notes(**{part: self.with_one(table, "bill_depth_mm", 5, 1e12)})
        assert (
            f"{part}: 'bill_depth_mm': 1 of {n} values is far from all others: 1e+12 in row 5 "
            "(from 0)"
        ) in told
        assert not any("far from" in note for note in self.notes(**{part: table}))

    def test_one_as_training_has_some_counts_as_the_end(self):
        learn = self.with_one(LEARN, "bill_depth_mm", 3, -1e9)
        told = self.notes(learn=learn, test=self.with_one(TEST, "bill_depth_mm", 5, 1e12))
        (note,) = [one for one in told if one.startswith("test: ")]
        assert "is far from all others and counts as" in note
        assert note.endswith("1e+12 in row 5 (from 0)")

    def test_a_wild_target(self):
        table = self.with_one(TEST, "body_mass_g", 5, 1e12)
        told = self.notes(test=table)
        assert any(note.startswith("test: 'body_mass_g': 1 of ") for note in told)
        assert not any(
            "far from" in note for note in self.notes(target="species", test=TEST, learn=LEARN)
        )

    def test_categories_and_gaps(self):
        told = self.notes(test=TEST.assign(island="Mars", year=np.nan))
        assert "test: much of island, year is unlike the rows to learn from" in told
        told = self.notes(test=TEST)
        assert not any("unlike" in note for note in told)
