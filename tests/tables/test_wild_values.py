"""Single wild values count as the end of a range; a column without any is as it was, to the bit."""

from __future__ import annotations

import datetime
import re

import numpy as np
import pandas as pd
import pytest

import clearprop as cp
from clearprop.tables.columns import read_columns
from clearprop.tables.encoding import Input
from clearprop.tables.fitted_encoding import fit_encoding
from clearprop.tables.wild_values import find_range, stand_ins

FIT = {"epochs": 1, "hidden": [3], "compare": False}


def incomes(n=600, seed=0):
    rng = np.random.default_rng(seed)
    income, age = rng.lognormal(10, 0.5, n).round(2), rng.uniform(18, 90, n).round(1)
    spent = np.log(income) + age / 20 + rng.normal(0, 0.1, n)
    return pd.DataFrame({"income": income, "age": age, "spent": spent})


@pytest.fixture(scope="module")
def wild():
    """A table with a wild value, and a model of it."""
    table = incomes()
    table.loc[17, "income"] = 1e12
    return table, cp.Model.fit(table, "spent")


class TestOneWildValue:
    def test_the_network_learns_all_the_same(self, wild):
        table, model = wild
        scores = {name: figures["R2"] for name, figures in model.report.scores.items()}
        without = cp.Model.fit(incomes(), "spent").report.scores["this network"]["R2"]
        assert scores["this network"] > scores["gradient boosting"] - 0.05
        assert scores["this network"] > without - 0.05
        assert np.abs(model.encode(table)).max() < 20

    def test_it_is_told(self, wild):
        _, model = wild
        (note,) = model.report.notes
        end = model._encoding.inputs[0].within[1]
        assert note == (
            "'income': 1 of 600 values is far from all others and counts as "
            f"{end:.6g}: 1e+12 in row 17 (from 0)"
        )

    def test_in_predictions_too(self, wild):
        table, model = wild
        rows = table.head(3).assign(income=[1e12, 1e14, -1e14])
        same = rows.assign(income=[*[model._encoding.inputs[0].within[1]] * 2,
                                   model._encoding.inputs[0].within[0]])  # fmt: skip
        assert np.array_equal(model.predict(rows), model.predict(same))

    def test_what_is_out_of_range_is_what_training_did_not_have(self, wild):
        table, _ = wild
        model = cp.Model.fit(table, "spent", validation=0, test=0, **FIT)
        assert not any(model.unusual(table).values())
        assert model.unusual(table.assign(income=1e11))["income"].out_of_range == 0
        assert model.unusual(table.assign(income=2e12))["income"].out_of_range == len(table)

    def test_saved(self, wild, tmp_path):
        table, model = wild
        model.save(tmp_path / "m")
        loaded = cp.Model.load(tmp_path / "m")
        assert loaded._encoding.inputs == model._encoding.inputs
        assert np.array_equal(loaded.predict(table), model.predict(table))

    @pytest.mark.parametrize("row", range(12))
    def test_in_whatever_part_of_the_rows(self, row):
        """Among the rows to stop by or to test on a wild value does as much harm."""
        table = incomes(200)
        table.loc[row, "income"] = -1e9
        model = cp.Model.fit(table, "spent", **FIT | {"epochs": 3})
        assert model._encoding.inputs[0].within is not None
        assert f"-1000000000 in row {row} " in model.report.notes[0]
        assert np.abs(model.encode(table)).max() < 20

    def test_row_numbers_are_the_tables(self):
        table = incomes(200)
        table.loc[50, "income"] = 1e12
        table.loc[:20, "spent"] = np.nan
        report = cp.Model.fit(table, "spent", drop_missing_target=True, **FIT).report
        assert "in row 50 " in report.notes[0]

    def test_so_large_that_it_has_no_variance(self):
        table = incomes(200)
        table.loc[3, "income"] = 1e300
        model = cp.Model.fit(table, "spent", **FIT)
        assert np.abs(model.encode(table)).max() < 20

    def test_a_year_that_no_date_is_of(self):
        days = [datetime.datetime(2020, 1, 1) + datetime.timedelta(i) for i in range(200)]
        days[5] = datetime.datetime(9999, 12, 31)
        table = pd.DataFrame({"day": pd.Series(days, dtype=object), "x": np.arange(200) % 7,
                              "y": np.arange(200) * 0.1})  # fmt: skip
        model = cp.Model.fit(table, "y", **FIT)
        assert re.search(r"counts as the year 202\d: 9999-12-31 in row 5 ", model.report.notes[0])
        assert np.abs(model.encode(table)).max() < 20

    def test_of_the_target(self):
        table = incomes(200)
        table.loc[20, "spent"] = 1e12
        (note,) = cp.Model.fit(table, "spent", **FIT).report.notes
        assert note == (
            "the target holds 1 value far from all others, of which the network may learn little "
            "else: 1e+12 in row 20 (from 0); mend it, or leave the row out"
        )


def tails(rng, n):
    """Columns without wild values; what a few rows have is one in few rows."""
    some = max(n, 100)
    return {
        "normal": rng.normal(size=n),
        "uniform": rng.random(n),
        "incomes": rng.lognormal(10, 1, n),
        "exponential": rng.exponential(size=n),
        "t of 5": rng.standard_t(5, n),
        "counts": rng.poisson(0.05, n).astype(float),
        "two ends": np.where(rng.random(n) < 0.5, 0.0, 1e6),
        "rare ones": (rng.random(n) < 0.004).astype(float),
        "gains, mostly none": np.where(np.arange(some) % 10, 0, rng.lognormal(8, 1, some)),
        "a tenth is large": np.where(np.arange(some) % 10 == 0, 1e9, rng.random(some)),
        "with a stand-in": np.where(np.arange(some) % 20 == 0, -999, rng.random(some)),
        "the same": np.full(n, 3.0),
        "nothing": np.full(n, np.nan),
    }


class TestWhatIsNotWild:
    @pytest.mark.parametrize("n", [20, 30, 300, 3000, 30_000])
    def test_heavy_tails_are_left_as_they_are(self, n):
        found = [
            name
            for seed in range(max(2, 3000 // n))
            for name, numbers in tails(np.random.default_rng(seed), n).items()
            if find_range(numbers)
        ]
        assert not found

    def test_to_the_last_bit(self):
        """The encoding of a table is the one that knows no range."""
        rng = np.random.default_rng(1)
        table = pd.DataFrame(tails(rng, 500)).drop(columns=["the same", "nothing"])
        table["y"] = rng.normal(size=500)
        model = cp.Model.fit(table, "y", validation=0, test=0, **FIT)
        assert all(one.within is None for one in model._encoding.inputs)
        columns = {name: one for name, one in read_columns(table).items() if name in model.columns}
        plain = fit_encoding([Input(name, "number") for name in columns], columns, (), 100)
        assert np.array_equal(model.encode(table), plain.encode(columns))

    def test_of_many_values_a_sample_says_that_none_is_far(self):
        rng = np.random.default_rng(2)
        numbers = rng.normal(size=100_000)
        assert find_range(numbers) is None
        numbers[77_777] = 1e9
        low, high = find_range(numbers)
        assert -15 < low < high < 15

    def test_mostly_one_value(self):
        """The others are the bulk then."""
        rng = np.random.default_rng(3)
        numbers = np.where(rng.random(1000) < 0.95, 0, rng.uniform(1, 9, 1000))
        assert find_range(numbers) is None
        numbers[5] = 1e12
        assert find_range(numbers)[1] < 100


class TestStandIns:
    @pytest.mark.parametrize("word", ["-999", "9999", "-1e6"])
    def test_what_looks_like_a_missing_value_is_told_and_the_advice_works(self, word):
        table = incomes(300)
        table.loc[::20, "age"] = float(word)
        report = cp.Model.fit(table, "spent", **FIT).report
        advice = re.search(r"missing_words=(\[.*?\])", report.notes[0]).group(1)
        assert "in 15 rows of 'age' looks like a word for a missing value" in report.notes[0]
        mended = cp.Model.fit(table, "spent", missing_words=eval(advice), **FIT).report
        assert mended.missing == {"age": 15}
        assert not mended.notes

    @pytest.mark.parametrize("separator", [",", ";"])
    def test_in_a_text_file_with_other_words_that_are_missing_values(self, separator, tmp_path):
        table = incomes(300)
        table["age"] = table["age"].astype(object)
        table.loc[::20, "age"] = "-999.0"
        table["kind"] = ["a", "b", "NA"] * 100
        path = tmp_path / "t.csv"
        table.to_csv(path, sep=separator, index=False, decimal="." if separator == "," else ",")
        note = cp.Model.fit(path, "spent", **FIT).report.notes[0]
        assert "missing_words=['-999', 'NA'] (--missing-words -999 --missing-words NA)" in note
        model = cp.Model.fit(path, "spent", missing_words=["-999", "NA"], **FIT)
        assert model.report.missing == {"age": 15, "kind": 100}
        assert model.unusual(path)["age"].missing == 15
        row = pd.DataFrame({"income": [20_000.0], "age": [-999], "kind": ["a"]})
        assert model.unusual(row)["age"].missing == 1
        assert model.predict(row) == model.predict(row.assign(age=np.nan))

    def test_of_categories_too(self):
        """A column of numbers that are names: the word counts in training as in predictions."""
        table = incomes(300).assign(code=np.tile([3, 4, -1], 100))
        for how in ({"categorical": ["code"]}, {"columns": {"code": "category"}}):
            model = cp.Model.fit(table, "spent", missing_words=["-1"], **how, **FIT)
            assert "code = -1" not in model.features
            assert model.report.missing == {"code": 100}

    @pytest.mark.parametrize(
        "numbers",
        [
            np.tile([0.0, 1.0], 100),
            np.tile([1.0, 2, 3, 4, 99], 40),  # few different ones: codes
            np.r_[np.zeros(200), np.arange(1, 100)],
            np.r_[np.zeros(50), np.random.default_rng(0).lognormal(8, 1, 150)],
            np.r_[np.full(20, 100.0), np.arange(100)],  # at an end, beside others
            np.r_[np.full(4, -999.0), np.arange(100)],  # in too few rows
            np.r_[np.full(150, -999.0), np.arange(100)],  # in most rows
            np.full(50, np.nan),
        ],
    )
    def test_what_is_none(self, numbers):
        assert not stand_ins(numbers)

    def test_several(self):
        numbers = np.r_[np.full(10, -999.0), np.full(8, 9999.0), np.full(7, -9999.0), np.arange(99)]
        assert sorted(stand_ins(numbers)) == [("-999", 10), ("-9999", 7), ("9999", 8)]


def test_a_targets_logarithm_may_have_none():
    """What is far in dollars is not far in powers of ten."""
    table = incomes()[["age", "income"]]
    table.loc[17, "income"] = 2e6
    for transform, is_told in ((None, True), ("log", False)):
        notes = cp.Model.fit(table, "income", target_transform=transform, **FIT).report.notes
        assert any("2000000 in row 17" in note for note in notes) == is_told
    table.loc[17, "income"] = 1e60
    notes = cp.Model.fit(table, "income", target_transform="log", **FIT).report.notes
    assert any("1e+60 in row 17" in note for note in notes)
