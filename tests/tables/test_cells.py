"""How a cell is read: decided in training, kept in the model, the same for a row wherever it lies."""

from __future__ import annotations

import random
import re
from datetime import datetime, time, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clearprop as cp
from clearprop.tables import dates
from clearprop.tables import look as look_module
from clearprop.tables import words as words_module
from clearprop.tables.columns import as_words, read_columns
from clearprop.tables.conventions import decide, wish
from clearprop.tables.numerals import COMMA, MISSING, POINT, numeral
from clearprop.tables.settings import TableSettings
from clearprop.tables.table_files import write_table
from clearprop.tables.text_tables import typed
from clearprop.tables.whole_table import read_whole
from clearprop.tables.words import Words, among, numbers_of
from command_line import invoke

FIT = {"hidden": [4], "epochs": 2, "compare": False, "progress": False}


def decided(cells, decimal=POINT, wished=None):
    """Return how a column of a text file is read."""
    return decide(
        read_columns(pl.DataFrame({"a": cells})),
        typed=False,
        decimal=decimal,
        missing=(),
        wishes={} if wished is None else {"a": wish("a", wished)},
    )["a"]


NUMERALS = {
    # text: (with a decimal point, with a decimal comma), each a value and a unit, or None
    "5": ((5, ""), (5, "")),
    "-1.5e3": ((-1500, ""), None),
    "1,2": (None, (1.2, "")),
    "1,234": ((1234, ""), (1.234, "")),
    "1.234": ((1.234, ""), (1234, "")),
    "0.123": ((0.123, ""), None),
    "1.234.567": (None, (1234567, "")),
    "1,234.50": ((1234.5, ""), None),
    "1.234,50": (None, (1234.5, "")),
    "1 234,5": (None, (1234.5, "")),
    "1'234.5": ((1234.5, ""), None),
    "12,34": (None, (12.34, "")),
    "12,34,567": ((1234567, ""), None),
    "1,23,45,678.50": ((12345678.5, ""), None),
    "12,345,67": (None, None),
    "(1,234.50)": ((-1234.5, ""), None),
    "($5)": ((-5, "$"), (-5, "$")),
    "(-5)": (None, None),
    "(5": (None, None),
    "12.-": ((12, ""), None),
    "1.200,–": (None, (1200, "")),
    "1,234.50-": ((-1234.5, ""), None),
    "12,50−": (None, (-12.5, "")),
    "$12.50-": ((-12.5, "$"), None),
    "12-": (None, None),
    "-12.50-": (None, None),
    "(12.50-)": (None, None),
    "1.234-": ((-1.234, ""), (-1234, "")),
    "1,234-": ((-1234, ""), (-1.234, "")),
    "1.234.567-": (None, (-1234567, "")),
    "1.234,--": (None, (1234, "")),
    "1.234,---": (None, None),
    "12.50- EUR": ((-12.5, "EUR"), None),
    "2.5-inch": (None, None),
    "Fr. 1'200.–": ((1200, "Fr."), None),
    "US$ 5": ((5, "US$"), (5, "US$")),
    "R$5": ((5, "R$"), (5, "R$")),
    "Rs. 7,52,200": ((752200, "Rs."), None),
    "5 €/m²": ((5, "€/m²"), (5, "€/m²")),
    "1 days 02:03:04": ((93784, ""), (93784, "")),
    "-1 days +23:00:00": ((-3600, ""), (-3600, "")),
    "-1 day, 23:00:00": ((-3600, ""), (-3600, "")),
    "0 days 00:00:01.500000": ((1.5, ""), (1.5, "")),
    "-PT1H": ((-3600, ""), (-3600, "")),
    "P1DT2H3M4.25S": ((93784.25, ""), (93784.25, "")),
    "P": (None, None),
    "-Infinity": ((-np.inf, ""), (-np.inf, "")),
    "inf": ((np.inf, ""), (np.inf, "")),
    "1.2k": ((1200, ""), None),
    "$1.5M": ((1.5e6, "$"), None),
    "3,5 Mio. €": (None, (3.5e6, "€")),
    "5 km": ((5, "km"), (5, "km")),
    "300 K": ((300, "K"), (300, "K")),
    "007k": (None, None),
    "$1,234.50": ((1234.5, "$"), None),
    "-$5": ((-5, "$"), (-5, "$")),
    "$-5": ((-5, "$"), (-5, "$")),
    "--5": (None, None),
    "-$-5": (None, None),
    "€ 12": ((12, "€"), (12, "€")),
    "12,25 €": (None, (12.25, "€")),
    "1.234,50 EUR": (None, (1234.5, "EUR")),
    "USD 5": ((5, "USD"), (5, "USD")),
    "15%": ((15, "%"), (15, "%")),
    "8,8 %": (None, (8.8, "%")),
    "12 kg": ((12, "kg"), (12, "kg")),
    "5 m²": ((5, "m²"), (5, "m²")),
    "12km/h": ((12, "km/h"), (12, "km/h")),
    "20 °C": ((20, "°C"), (20, "°C")),
    "−3": ((-3, ""), (-3, "")),
    "007 m": (None, None),
    "12 - 14": (None, None),
    "3 x 4": (None, None),
    "9:12": (None, None),
    "31.12.2024": (None, None),
    "2024-01-31": (None, None),
    "1_000": (None, None),
    "٣": (None, None),
    "0x1f": (None, None),
    "": (None, None),
    "+": (None, None),
    "kg": (None, None),
    "e5": (None, None),
}


@pytest.mark.parametrize("text", NUMERALS)
def test_numerals(text):
    for mark, expected in zip((POINT, COMMA), NUMERALS[text], strict=True):
        found = numeral(text, mark)
        assert (found and (found.value, found.unit)) == expected


CELLS = st.lists(
    st.one_of(
        st.text("0123456789.,-+eE $k", max_size=9).map(str.strip),
        st.sampled_from(
            ["1.234", "1,234", "1.5", "-2,5", "1e3", "1.234e5", ".5", "5.", "007", "7"]
        ),
        st.sampled_from(["NA", "12 kg", "$3", "inf", "nan", "-999", "1e999", "true"]),
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
    ),
    min_size=1,
    max_size=30,
)


def as_many(function, *arguments, **options):
    """What a function returns where polars reads the plain numbers of any number of cells."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words_module, "MANY", 1)
        return function(*arguments, **options)


@given(CELLS, st.sampled_from(".,"))
def test_many_words_are_read_as_few(cells, mark):
    """polars reads plain numbers where there are many words."""
    table = pl.DataFrame({"a": cells})
    few, many = read_columns(table)["a"], as_many(read_columns, table)["a"]
    for unit in (None, "", "kg"):
        expected, found = (
            np.append(numbers_of(one.words, mark, unit), np.nan)[one.values] for one in (few, many)
        )
        assert np.array_equal(expected, found, equal_nan=True)
    for wanted in ({"-999", "NA"}, {"7"}, MISSING):
        expected, found = (
            np.append(among(one.words, wanted), False)[one.values] for one in (few, many)
        )
        assert np.array_equal(expected, found)
    assert many.texts().tolist() == few.texts().tolist()
    assert as_words(many).words == few.words
    assert np.array_equal(as_words(many).values, few.values)


def test_plain_numbers_stay_in_polars():
    numbers = [f"{i / 7:.4f}" for i in range(2000)]
    for cells, mark in ((numbers, "."), ([n.replace(".", ",") for n in numbers], ",")):
        cells = [*cells, " 3 ", "", "NA", None, "12 kg", "NA"]
        column = read_columns(pl.DataFrame({"a": cells}))["a"]
        assert isinstance(column.words, Words)
        assert (column.words.mark, column.words.others) == (mark, ["NA", "12 kg"])
        assert column.words[2000] == "3"
        assert column.words[2000:] == ["3", "NA", "12 kg"]
        assert (column.words[-1], column.words[-3]) == ("12 kg", "3")
        assert column.values[-6:].tolist() == [2000, -1, 2001, -1, 2002, 2001]
        assert read_columns(pd.DataFrame({"a": cells}))["a"].words.mark == mark
    texts = read_columns(pl.DataFrame({"a": ["a", *numbers[:999], *["b"] * 2000]}))["a"]
    assert isinstance(texts.words, list)


@given(CELLS, st.booleans(), st.sampled_from([(), ("-999", "7")]))
def test_many_words_are_looked_at_as_few(cells, is_typed, missing):
    n = len(cells)
    table = pl.DataFrame({"a": cells, "b": ["1,5", "x"] * (n // 2) + ["2"] * (n % 2)})
    options = {"typed": is_typed, "decimal": ".", "missing": {*MISSING, *missing}, "few": 0.4}
    for wishes in ({}, {"a": wish("a", "number")}, {"a": wish("a", "category")}):
        few = decide(read_columns(table), wishes=wishes, **options)
        many = as_many(lambda w=wishes: decide(read_columns(table), wishes=w, **options))
        for name, one in few.items():
            other = many[name]
            assert (one.kind, one.reading, one.notes) == (other.kind, other.reading, other.notes)
            assert np.array_equal(one.column.missing, other.column.missing)
            assert np.array_equal(
                one.column.values, other.column.values, equal_nan=one.kind == "number"
            )
            assert list(one.column.words) == list(other.column.words)


@pytest.mark.parametrize("n", [30, 3000])
def test_a_number_may_be_a_word_for_missing_values(n):
    cells = ["-999" if i % 10 == 0 else str(i) for i in range(n)]
    options = {"typed": False, "decimal": ".", "missing": ["-999"], "wishes": {}}
    found = decide(read_columns(pl.DataFrame({"a": cells})), **options)["a"]
    assert found.kind == "number"
    assert found.column.missing.sum() == n // 10
    assert found.column.values[1] == 1


def as_file(path, **columns):
    separator = columns.pop("separator", ";")
    lines = [separator.join(columns), *map(separator.join, zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def with_points(number):
    return f"{number:,}".replace(",", ".")


@pytest.fixture(scope="module")
def german(tmp_path_factory):
    """Kilometers with points between thousands, discounts with decimal commas."""
    rng = random.Random(0)
    km = [rng.randrange(500, 200_000) for _ in range(300)]
    discount = [f"{rng.uniform(0, 15):.1f}".replace(".", ",") for _ in km]
    path = tmp_path_factory.mktemp("german") / "cars.csv"
    as_file(path, km=map(with_points, km), rabatt=discount,
            preis=[with_points(30_000 - one // 10) for one in km])  # fmt: skip
    return cp.Model.fit(path, "preis", **FIT | {"epochs": 60}), path


class TestOneRow:
    """A row has one prediction, whatever lies beside it."""

    def test_the_same_car_in_two_files(self, german, tmp_path):
        model, _ = german
        beside = as_file(tmp_path / "a.csv", km=["150.000", "100.000"], rabatt=["5", "7,5"])
        alone = as_file(tmp_path / "b.csv", km=["150.000"], rabatt=["5"])
        typed_ = pd.DataFrame({"rabatt": [5], "km": [150_000]})
        first = model.predict(beside)[0]
        assert first == model.predict(alone)[0] == model.predict(typed_)[0]
        assert abs(first - 15_000) < 1500

    def test_what_was_ambiguous_is_told_with_what_to_say(self, german, tmp_path):
        model, path = german
        note = next(note for note in model.report.notes if note.startswith("'km'"))
        assert "is read with a decimal comma" in note
        assert "columns={'km': 'number, point'} reads it so" in note
        other = cp.Model.fit(path, "preis", columns={"km": "number, point"}, **FIT)
        assert "'km' is read with" not in " ".join(other.report.notes)
        with pytest.warns(
            cp.TableWarning, match="'km' is read with a decimal point, as in training"
        ):
            encoded = other.encode(path)
        assert encoded.max() < model.encode(path).max() + 1e3
        assert other.unusual(pd.DataFrame({"km": [150_000], "rabatt": [5]}))["km"].out_of_range == 1

    def test_thousands_alone(self, tmp_path):
        numbers = range(500, 2000, 5)
        path = as_file(tmp_path / "t.csv", km=map(with_points, numbers),
                       preis=[with_points(60_000 - 10 * k) for k in numbers])  # fmt: skip
        model = cp.Model.fit(path, "preis", **FIT)
        assert model.unusual(pd.DataFrame({"km": [700, 1800]}))["km"].out_of_range == 0
        assert "'1.000' as 1000; it could be 1" in " ".join(model.report.notes)

    def test_four_digits_without_a_mark_say_that_the_point_is_a_decimal_one(self, tmp_path):
        x = [f"{i}.125" if i % 2 else str(900 + 7 * i) for i in range(1, 100)]
        path = as_file(tmp_path / "t.csv", x=x, y=["u", "v", "w"] * 33)
        model = cp.Model.fit(path, "y", **FIT)
        assert model.unusual(pd.DataFrame({"x": [1.2]}))["x"].out_of_range == 0

    @pytest.mark.parametrize(
        "write",
        [
            lambda v: f"{v:,}".replace(",", " "),
            lambda v: f"{v:,}".replace(",", "\N{NARROW NO-BREAK SPACE}"),
            lambda v: f"{v:,}".replace(",", "'"),
            lambda v: f"{v / 7:.3e}",
        ],
        ids=["space", "narrow space", "apostrophe", "exponent"],
    )
    @pytest.mark.parametrize("typed_", [False, True])
    def test_what_is_the_same_number_with_either_mark_is_not_doubtful(
        self, typed_, write, tmp_path
    ):
        """The note said: '125 730' is read as 125730; it could be 125730."""
        x = [1_000_003 + 7919 * i for i in range(120)]
        table = {"x": [write(v) for v in x], "y": ["u", "v", "w"] * 40}
        data = pd.DataFrame(table) if typed_ else as_file(tmp_path / "t.csv", **table)
        model = cp.Model.fit(data, "y", **FIT)
        assert model.report.inputs == {"x": "number"}
        assert model.report.notes == []

    @pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "arrow", "json", "jsonl"])
    def test_alone_in_another_order_and_in_another_format(self, ending, tmp_path):
        rng = np.random.default_rng(0)
        n = 120
        table = pl.DataFrame({
            "money": [f"${v:,.2f}" for v in rng.uniform(0, 5000, n)],
            "when": [f"{d:%d/%m/%Y}" for d in pd.date_range("2024-01-01", periods=n)[rng.permutation(n)]],
            "code": [f"{v:03}" for v in rng.integers(0, 9, n)],
            "kind": rng.choice(["a", "b", "None"], n).tolist(),
            "x": rng.normal(size=n).round(3).tolist(),
            "on": (rng.random(n) < 0.5).tolist(),
            "y": rng.choice(["u", "v"], n).tolist(),
        })  # fmt: skip
        model = cp.Model.fit(table, "y", **FIT)
        assert len(model.columns) == 6
        whole = model.predict_proba(table)
        order = rng.permutation(n)
        path = tmp_path / f"t.{ending}"
        write_table(table[order].to_dict(), path)
        np.testing.assert_array_equal(model.predict_proba(path), whole[order])
        for row in (0, 7, 50):
            for make in (pl.DataFrame, pl.DataFrame.to_pandas, pl.DataFrame.to_arrow):
                one = make(table[row])
                np.testing.assert_array_equal(model.predict_proba(one), whole[row : row + 1])
            write_table(table[row].to_dict(), path)
            np.testing.assert_array_equal(model.predict_proba(path), whole[row : row + 1])

    @pytest.mark.parametrize("what", ["times", "durations"])
    def test_times_of_day_and_durations(self, what, tmp_path):
        """Objects in a data frame are what their text in a file is."""
        rng = np.random.default_rng(0)
        times = pd.Series(
            pd.to_datetime("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**11, 120), "us")
        )
        cells = times.dt.time if what == "times" else times - times[0]
        table = pd.DataFrame({"t": cells, "y": ["a", "b"] * 60})
        table.to_csv(tmp_path / "t.csv", index=False)
        pl.from_pandas(table).write_ndjson(tmp_path / "t.jsonl")
        pl.from_pandas(table).write_parquet(tmp_path / "t.parquet")
        for trained in (table, tmp_path / "t.csv", tmp_path / "t.parquet"):
            model = cp.Model.fit(trained, "y", **FIT)
            assert model.report.inputs["t"] == ("date, 2 numbers" if what == "times" else "number")
            whole = model.predict_proba(table)
            for file in ("t.csv", "t.jsonl", "t.parquet"):
                np.testing.assert_array_equal(model.predict_proba(tmp_path / file), whole)
            np.testing.assert_array_equal(model.predict_proba(table[3:4]), whole[3:4])

    def test_a_model_of_seconds_of_the_day_takes_times(self):
        """As those of 0.1.0 are, which took times of day as numbers."""
        table = pd.DataFrame({"t": [3600.0 * (i % 20) for i in range(60)], "y": ["a", "b"] * 30})
        model = cp.Model.fit(table, "y", **FIT)
        times = pd.DataFrame({"t": [time(i % 20) for i in range(60)]})
        np.testing.assert_array_equal(model.predict_proba(times), model.predict_proba(table))
        with pytest.raises(cp.TypeOfDataError, match="holds dates, but held numbers"):
            model.predict(pd.DataFrame({"t": pd.to_datetime(["2024-01-01"])}))

    def test_bins_of_pandas_some_of_which_are_missing(self, tmp_path):
        """pandas gives (0.0, 1.0] for (0, 1] where another value of the column is missing."""
        x = np.random.default_rng(0).normal(size=120)
        table = pd.DataFrame(
            {"band": pd.cut(x, [-1, 0, 1]), "x": x, "y": np.where(x > 0, "a", "b")}
        )
        model = cp.Model.fit(table, "y", **FIT)
        assert model.features[:3] == ["band = (-1, 0]", "band = (0, 1]", "band is missing"]
        whole = model.predict_proba(table)
        table.to_csv(tmp_path / "t.csv", index=False)
        np.testing.assert_array_equal(model.predict_proba(tmp_path / "t.csv"), whole)
        for row in range(5):
            for one in (table.iloc[[row]], table.iloc[row].to_frame().T):
                np.testing.assert_array_equal(model.predict_proba(one), whole[[row]])

    def test_it_is_kept_in_the_file(self, german, tmp_path):
        model, _ = german
        model.save(tmp_path / "m")
        loaded = cp.Model.load(tmp_path / "m")
        table = pl.DataFrame({"km": ["150.000", "n/a"], "rabatt": ["7,5", "7.5"]})
        with pytest.warns(cp.TableWarning, match="no number with a decimal comma: '7.5' in row 1"):
            one = model.predict(table)
        with pytest.warns(cp.TableWarning, match="'rabatt'"):
            np.testing.assert_array_equal(loaded.predict(table), one)


class TestUnits:
    @pytest.mark.parametrize(
        ("separator", "cell"),
        [(";", "{},25 €"), (",", "{}.25 €"), (";", "{},25 %"), (",", "${}.25"), (",", "{} kg")],
    )
    def test_money_and_units_in_both_conventions(self, separator, cell, tmp_path):
        cells = [cell.format(7 * i % 60) for i in range(60)]
        path = as_file(tmp_path / "t.csv", a=cells, y=cells, separator=separator)
        model = cp.Model.fit(path, "y", **FIT)
        assert (model.task, model.report.inputs) == ("regression", {"a": "number"})
        same = pd.DataFrame(
            {"a": [numeral(one, "," if separator == ";" else ".").value for one in cells]}
        )
        np.testing.assert_array_equal(model.encode(path), model.encode(same))

    def test_another_unit_is_not_the_same_number(self):
        table = pd.DataFrame({"w": [f"{7 * i % 40} kg" for i in range(40)], "y": ["a", "b"] * 20})
        model = cp.Model.fit(table, "y", **FIT)
        assert "'w' is read as numbers in 'kg', which is left out" in model.report.notes
        with pytest.warns(cp.TableWarning, match="no number in 'kg': '500 g' in row 0"):
            model.predict(pd.DataFrame({"w": ["500 g", "1 kg", "2"]}))

    def test_what_one_cell_has_is_no_unit(self, tmp_path):
        """19xx among years is not 19."""
        cells = [str(1950 + i % 70) for i in range(300)]
        for odd in ("19xx", "12 kg", "7%"):
            cells[7] = odd
            path = as_file(tmp_path / "t.csv", x=cells, y=["u", "v", "w"] * 100)
            report = cp.Model.fit(path, "y", **FIT).report
            assert report.inputs == {"x": "number"}
            assert report.missing == {"x": 1}
            assert f"being no number with a decimal comma: {odd!r} in row 7" in report.notes[0]
        for sign in ("$1,950", "EUR 1950"):  # as accountants write the first row
            cells[7] = sign
            path = as_file(tmp_path / "t.csv", x=cells, y=["u", "v", "w"] * 100)
            assert not cp.Model.fit(path, "y", **FIT).report.missing

    def test_units_that_are_mixed_are_text(self):
        table = pd.DataFrame(
            {"w": [f"{i % 9} {'kg' if i % 2 else 'g'}" for i in range(60)], "y": ["a", "b"] * 30}
        )
        assert "categories" in cp.Model.fit(table, "y", **FIT).report.inputs["w"]

    def test_thousands_and_millions(self, tmp_path):
        cells = ["1.2k", "950", "$3M", "$1.5M"] * 20
        path = as_file(tmp_path / "t.csv", x=cells, y=["u", "v"] * 40, separator=",")
        model = cp.Model.fit(path, "y", **FIT)
        same = pd.DataFrame({"x": [1200, 950, 3e6, 1.5e6]})
        np.testing.assert_array_equal(model.encode(path)[:4], model.encode(same))
        assert "'x' is read as numbers, with M for 1,000,000, k for 1,000" in model.report.notes

    @pytest.mark.parametrize(
        "cells",
        [
            ["0.5m", "300k", "20k"],
            ["$0.5b", "$300k", "$2k"],
            ["0.5B", "300M", "2M"],
            ["0.5 million", "300000", "20000"],
            ["0.5 Millionen", "300000", "20000"],
            ["0,5 млн", "300000", "20000"],
            ["1.5万", "300", "20"],
        ],
    )
    def test_a_unit_that_is_a_number_is_not_left_out(self, cells):
        """0.5m was read as 0.5 beside 300k as 300000, 0.5 million as 0.5 beside 300000."""
        table = {"x": cells * 20, "y": ["u", "v"] * 30}
        report = cp.Model.fit(pd.DataFrame(table), "y", **FIT).report
        assert report.inputs["x"] == "3 categories"

    def test_a_few_of_such_are_missing_and_told(self):
        cells = ["0.5m", *(f"{i}k" for i in range(1, 60))]
        report = cp.Model.fit(pd.DataFrame({"x": cells, "y": ["u", "v"] * 30}), "y", **FIT).report
        assert (report.inputs, report.missing) == ({"x": "number"}, {"x": 1})
        assert "1 of 60 cells taken as missing, being no number: '0.5m'" in report.notes[0]

    @pytest.mark.parametrize("gap", ["", " "])
    @pytest.mark.parametrize(
        "unit",
        ["m", "b", "B", "t", "T", "mm", "MM", "tn", "Cr", "CR", "cr", "Cr.", "L", "lac", "Lakh", "Mn",
         "MN", "Bn", "BN", "mln", "Mln", "MLN.", "mio", "MIO", "mrd", "mld", "tys", "G", "hundred",
         "Dozen", "tsd", "TSD.", "crore", "千", "万", "億", "亿", "万元", "億円", "Million", "MILLIONEN"],
    )  # fmt: skip
    def test_spellings_of_such_units(self, unit, gap):
        one = decided([f"0.5{gap}{unit}", f"1.5{gap}{unit}", "300k", "250k"] * 10)
        assert one.kind == "text"
        assert one.notes[0].startswith(
            f"'a' is read as text, as it has '0.5{gap}{unit}' beside '300k'"
        )

    @pytest.mark.parametrize(
        ("cells", "told"),
        [
            (["0.5m", "300k"], "'0.5m' beside '300k': write numbers without units, such as 500000 "
             "if 'm' is 1,000,000"),
            (["300000", "0.5 mln"], "'0.5 mln' beside '300000': write numbers without units, such "
             "as 500000"),
            (["1.5万元", "7000"], "'1.5万元' beside '7000': write numbers without units, such as 15000"),
            (["1.5千万円", "7000"], "'1.5千万円' beside '7000': write numbers without units, such as "
             "15000000"),
            (["$0.5 Cr", "300k"], "'$0.5 Cr' beside '300k': write numbers without units, such as "
             "5000000 if '$ Cr' is 10,000,000"),
            (["$0.5 million", "300000"], "'$0.5 million' beside '300000': write numbers without "
             "units, such as 500000"),
            (["5 mil", "10"], "'5 mil' beside '10': write numbers without units"),
            (["5 mm", "7 mm", "1.2k"], "'5 mm' beside '1.2k': write numbers without units, such as "
             "5000000 if 'mm' is 1,000,000"),
        ],
    )  # fmt: skip
    def test_what_to_write_is_told(self, cells, told):
        one = decided(cells * 10)
        assert (one.kind, one.notes) == ("text", (f"'a' is read as text, as it has {told}",))

    @pytest.mark.parametrize(
        ("cells", "odd", "unit", "told"),
        [
            (["5 m", "7 m", "9 m"] * 33, ["1.2k"], "m", "'1.2k' in row 99 "),
            (["5 mil", "7 mil"] * 48, ["10"] * 2, "mil", "'10' in row 96, '10' in row 97 "),
            (["5 million"] * 99, ["300000"], "million", "'300000' in row 99 "),
            (["5 m", "7"] * 49, ["1.2k", "3k"], "m", "'1.2k' in row 98, '3k' in row 99 "),
        ],
    )
    def test_few_without_such_a_unit_are_missing_and_told(self, cells, odd, unit, told):
        """A column of meters was text as one cell was 1.2k."""
        one = decided(cells + odd)
        assert (one.kind, one.reading.unit) == ("number", unit)
        expected = [float(cell.split()[0]) for cell in cells] + [np.nan] * len(odd)
        np.testing.assert_array_equal(one.column.values, expected)
        n = len(expected)
        assert (
            f"{len(odd)} of {n} cells taken as missing, being no number in {unit!r}: {told}"
            in (one.notes[0])
        )
        alone = sum(" " not in cell for cell in cells)
        rest = f"; {alone} of its {n} values have none" if alone else ""
        assert one.notes[1:] == (f"'a' is read as numbers in {unit!r}, which is left out{rest}",)

    def test_a_row_is_read_the_same_at_prediction(self):
        cells = [f"{i} million" for i in range(1, 60)] + ["300000"]
        model = cp.Model.fit(pd.DataFrame({"x": cells, "y": ["u", "v"] * 30}), "y", **FIT)
        rows = pd.DataFrame({"x": ["300000", "3 million"]})
        with pytest.warns(cp.TableWarning, match="no number in 'million': '300000' in row 0"):
            encoded = model.encode(rows)
        same = model.encode(pd.DataFrame({"x": [None, "3 million"]}))
        np.testing.assert_array_equal(encoded, same)

    @pytest.mark.parametrize("plain", [0, 1000])
    def test_plain_numbers_are_none_in_such_a_unit(self, plain):
        texts = pl.Series([*map(str, range(plain)), "5 million", "6 million"])
        words = read_columns(pl.DataFrame({"a": texts}))["a"].words
        assert isinstance(words, Words) == (plain > 0)
        for unit, known in (("million", 2), ("kg", plain), ("", plain)):
            assert np.isfinite(numbers_of(words, POINT, unit)).sum() == known

    def test_who_asks_for_numbers_gets_the_more(self):
        for million, plain in ((90, 10), (10, 90)):
            one = decided(["5 million"] * million + ["7"] * plain, wished="number")
            expected = [5.0 if million > plain else np.nan] * million
            expected += [np.nan if million > plain else 7.0] * plain
            np.testing.assert_array_equal(one.column.values, expected)

    @pytest.mark.parametrize(
        ("cells", "unit", "alone"),
        [
            (["1.5 kg"] * 96 + ["1,5 kg"] * 4, "kg", 0),
            (["1.5 kg"] * 90 + ["1,5 kg", "1,5", "x"] + ["2", "2.5"] * 3 + ["NA"], "kg", 6),
            (["5千克", "7"] * 10, "千克", 10),
            (["5 l", "7 g"] * 2 + ["5 g", "7 g", "1.2k"] * 40, "g", 40),
        ],
    )
    def test_values_without_the_unit_are_counted(self, cells, unit, alone):
        """Those that are not read were counted too: "-4 of its 100 values have none"."""
        one = decided(cells)
        n = sum(cell != "NA" for cell in cells)
        rest = f"; {alone} of its {n} values have none" if alone else ""
        assert f"'a' is read as numbers in {unit!r}, which is left out{rest}" in one.notes

    def test_a_unit_that_is_no_number_is_left_out_and_values_without_it_are_counted(self):
        table = pd.DataFrame({"x": ["1.2k m", "3 m", "4 m", "2k m"] * 20, "y": ["u", "v"] * 40})
        table["z"] = ["5%", "0.5", "7 %", "2%"] * 20
        model = cp.Model.fit(table, "y", **FIT)
        same = pd.DataFrame({"x": [1200.0, 3, 4, 2000], "z": [5, 0.5, 7, 2]})
        np.testing.assert_array_equal(model.encode(table)[:4], model.encode(same))
        assert model.report.notes[:3] == [
            "'x' is read as numbers in 'm', which is left out",
            "'x' is read as numbers, with k for 1,000",
            "'z' is read as numbers in '%', which is left out; 20 of its 80 values have none",
        ]


class TestMinusBehind:
    CELLS = ("500", "1.234", "1.234-", "700", "2.500", "999")
    TOLD = "'a': 5 of 30 values with a minus behind are read as negative"

    @pytest.mark.parametrize(
        ("decimal", "expected", "read_as"),
        [
            (",", [500, 1234, -1234, 700, 2500, 999], ("comma", "1234", "1.234", "point")),
            (".", [500, 1.234, -1.234, 700, 2.5, 999], ("point", "1.234", "1234", "comma")),
        ],
    )
    def test_it_proves_no_decimal_point(self, decimal, expected, read_as):
        one = decided([*self.CELLS] * 5, decimal)
        np.testing.assert_array_equal(one.column.values, np.array(expected * 5, float))
        assert len(one.notes) == 2
        mark, is_now, could_be, other = read_as
        assert one.notes[0] == (
            f"'a' is read with a decimal {mark}, '1.234' as {is_now}; it could be {could_be}: "
            f"columns={{'a': 'number, {other}'}} reads it so"
        )
        assert one.notes[1] == self.TOLD

    def test_what_shows_a_mark_is_read_by_it(self):
        one = decided(["1.234-", "2,50", "1.234,50-", "7", "8", "9"] * 5)
        np.testing.assert_array_equal(one.column.values, [-1234, 2.5, -1234.5, 7, 8, 9] * 5)
        assert one.notes == ("'a': 10 of 30 values with a minus behind are read as negative",)

    @pytest.mark.parametrize("rest", [[], ["5.0"]])
    def test_a_column_of_them_is_text(self, rest):
        """18.5- may be what is above it; other columns are not read by its mark."""
        bins = ["18.5-", "25.0-", "30.0-"] * 10 + rest
        one = decided(bins)
        assert one.kind == "text"
        assert one.notes == (
            "'a' is read as text, as nearly all its values have a minus behind; columns={'a': "
            "'number'} reads them as negative numbers",
        )
        asked = decided(bins, wished="number").column.values
        np.testing.assert_array_equal(asked, [-18.5, -25, -30] * 10 + [float(one) for one in rest])
        table = pl.DataFrame({"a": bins, "b": ["1.234"] * len(bins)})
        both = decide(read_columns(table), typed=False, decimal=",", missing=(), wishes={})
        np.testing.assert_array_equal(both["b"].column.values, [1234.0] * len(bins))


DATES = [
    *(form for form in dates.FORMATS[1:] if not dates.is_year_first(form)), "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%dT%H:%M:%SZ", "%-d-%-m-%Y", "%-m/%-d/%y %-H:%M",
]  # fmt: skip


@pytest.mark.parametrize("form", DATES)
def test_dates_in_every_format(form):
    rng = random.Random(form)
    moments = [datetime(2024, 1, 1) + timedelta(minutes=rng.randrange(700_000)) for _ in range(90)]
    cells = [moment.strftime(form) for moment in moments]
    if "UTC" in form or "Z" in form:
        expected = moments
    else:
        expected = [datetime.strptime(one, form.replace("%-", "%")) for one in cells]
    columns = read_columns(pl.DataFrame({"a": cells}))
    for is_typed in (False, True):
        one = decide(columns, typed=is_typed, decimal=".", missing=MISSING, wishes={})["a"]
        assert one.kind == "date"
        np.testing.assert_array_equal(one.column.values, np.array(expected, dtype="datetime64[us]"))


@pytest.mark.parametrize("mark", "/-")
def test_month_before_day_is_told(mark):
    table = {"a": [f"{i % 12 + 1:02}{mark}{i % 11 + 1:02}{mark}2024" for i in range(60)]}
    options = {"typed": True, "decimal": ".", "missing": ()}
    columns = read_columns(pl.DataFrame(table))
    one = decide(columns, wishes={}, **options)["a"]
    assert "could be day/month/year too: columns={'a': 'date, day first'}" in one.notes[0]
    asked = decide(columns, wishes={"a": wish("a", "date, day first")}, **options)["a"]
    assert asked.column.values[1] == np.datetime64("2024-02-02")
    assert (one.column.values[2], asked.column.values[2]) == (np.datetime64("2024-03-03"),) * 2
    assert (one.column.values[11], asked.column.values[11]) == (
        np.datetime64("2024-12-01"), np.datetime64("2024-01-12"),
    )  # fmt: skip


def of_cells(cells, says=None):
    columns = read_columns(pl.DataFrame({"a": cells}))
    wishes = {} if says is None else {"a": wish("a", says)}
    return decide(columns, typed=False, decimal=".", missing=(), wishes=wishes)["a"]


def by_polars(cells, form):
    return pl.Series(cells).str.strptime(pl.Datetime("us"), form).to_numpy()


def months_of(years):
    return [datetime(year, month, 1) for year in years for month in range(1, 13)]


def end_of(month):
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def on(years, *days):
    return [month.replace(day=day) for month in months_of(years) for day in days]


def drawn(start, end, n=300):
    rng = random.Random(start.year)
    span = (end - start).days
    return [start + timedelta(days=rng.randrange(span)) for _ in range(n)]


WITH_THE_YEAR_LAST = {
    "first of each month": (on(range(2001, 2021), 1), "%m/%d/%y"),
    "first of each year": ([datetime(year, 1, 1) for year in range(2001, 2021)], "%d/%m/%y"),
    "end of each quarter, /": ([end_of(month) for month in months_of(range(2001, 2021))[2::3]], "%d/%m/%y"),
    "end of each quarter, .": ([end_of(month) for month in months_of(range(2001, 2021))[2::3]], "%d.%m.%y"),
    "end of each year": ([datetime(year, 12, 31) for year in range(2001, 2032)], "%d/%m/%y"),
    "end of each month": ([end_of(month) for month in months_of(range(2010, 2021))], "%d.%m.%y"),
    "first and last of some months": (
        [day for year in range(2001, 2032) for day in (datetime(year, 1, 1), datetime(year, 3, 31))], "%d/%m/%y",
    ),
    "25th": (on(range(2010, 2021), 25), "%d/%m/%y"),
    "15th and 28th, /": (on(range(2015, 2024), 15, 28), "%d/%m/%y"),
    "15th and 28th, .": (on(range(2015, 2024), 15, 28), "%d.%m.%y"),
    "15th of each March until 2031": ([datetime(year, 3, 15) for year in range(2001, 2032)], "%d/%m/%y"),
    "any day": (drawn(datetime(2010, 1, 1), datetime(2024, 1, 1)), "%d.%m.%y"),
    "any day of the USA": (drawn(datetime(2010, 1, 1), datetime(2024, 1, 1)), "%m/%d/%y"),
}  # fmt: skip


@pytest.mark.parametrize("time", ["", " %H:%M"])
@pytest.mark.parametrize("says", [None, "date"])
@pytest.mark.parametrize("which", WITH_THE_YEAR_LAST)
def test_years_of_two_digits_behind(which, says, time):
    """Most of these were read with the year first, as few years and many days, for some hours."""
    moments, form = WITH_THE_YEAR_LAST[which]
    cells = [moment.strftime(form + time) for moment in moments]
    as_us = which == "first of each year"  # 01/01/05 is the same either way
    one = of_cells(cells, says)
    assert one.reading.date_format == ("%m/%d/%y" if as_us else form) + time
    np.testing.assert_array_equal(one.column.values, by_polars(cells, form + time))
    told = ["month/day/year; they could be day/month/year too: "] * (
        as_us or "first of each m" in which
    )
    assert len(one.notes) == len(told)
    assert all(part in note for part, note in zip(told, one.notes, strict=True))


@pytest.mark.parametrize("time", ["", " %H:%M"])
@pytest.mark.parametrize("says", [None, "date"])
@pytest.mark.parametrize("form", ["%y/%m/%d", "%y.%m.%d"])
@pytest.mark.parametrize("years", [(2019, 2025), (2013, 2024), (2022, 2023), (2023, 2025)])
def test_years_of_two_digits_in_front_are_told(years, form, says, time):
    """24/07/22 is read as the 24th of July 2022, which nothing said."""
    start, end = years
    moments = drawn(datetime(start, 1, 1), datetime(end, 1, 1))
    cells = [moment.strftime(form + time) for moment in moments]
    other = "/".join(reversed(form.split("/"))) if "/" in form else "%d.%m.%y"
    one = of_cells(cells, says)
    assert one.kind == "date"
    np.testing.assert_array_equal(one.column.values, by_polars(cells, other + time))
    (note,) = one.notes
    found = re.fullmatch(
        r"the dates of 'a' are read with the year last, '(.*)' as (.*); with the year first, as "
        r"(.*), they are of fewer years and more days: columns=\{'a': '(.*)'\} reads them so",
        note,
    )
    word, last, first, instead = found.groups()
    assert last != first
    for read, day in ((one, last), (of_cells(cells, instead), first)):
        where = read.column.values[cells.index(word)]
        assert str(where.astype("datetime64[D]")) == day
    asked = of_cells(cells, instead)
    assert (instead, asked.notes) == (f"date, {form}{time}", ())
    np.testing.assert_array_equal(asked.column.values, by_polars(cells, form + time))


@pytest.mark.parametrize("says", ["date, day first", "date, %d/%m/%y"])
def test_what_is_said_of_an_order_is_not_doubted(says):
    cells = [one.strftime("%y/%m/%d") for one in drawn(datetime(2019, 1, 1), datetime(2025, 1, 1))]
    one = of_cells(cells, says)
    assert (one.reading.date_format, one.notes) == ("%d/%m/%y", ())


def test_month_day_and_year_of_two_digits_may_stand_in_three_orders():
    days = drawn(datetime(2004, 1, 1), datetime(2013, 1, 1), 2000)
    cells = [day.strftime("%y/%m/%d") for day in days if day.day < 13 or day.day == 29]
    cells = [cell for cell in cells if cell[:2] <= "12" and cell[3:5] <= "12"]
    one = of_cells(cells)
    assert one.reading.date_format == "%m/%d/%y"
    day_first, year_first = one.notes
    assert "could be day/month/year too: columns={'a': 'date, day first'} reads" in day_first
    assert "columns={'a': 'date, %y/%m/%d'} reads them so" in year_first
    np.testing.assert_array_equal(
        of_cells(cells, "date, day first").column.values, by_polars(cells, "%d/%m/%y")
    )


@pytest.mark.parametrize("time", ["", " %H:%M"])
@pytest.mark.parametrize("form", ["%y/%m/%d", "%y.%m.%d"])
@pytest.mark.parametrize("years", [(1975, 2020), (2032, 2068), (1999, 2000)])
def test_where_only_the_year_in_front_fits(years, form, time):
    start, end = years
    cells = [
        moment.strftime(form + time)
        for moment in drawn(datetime(start, 1, 1), datetime(end, 12, 31))
    ]
    one = of_cells(cells)
    assert (one.kind, one.reading.date_format) == ("date", form + time)
    np.testing.assert_array_equal(one.column.values, by_polars(cells, form + time))
    read = f"the dates of 'a' are read with the year first, {cells[0]!r} as "
    read += str(one.column.values[0])[:10]
    assert one.notes == (read + "; columns={'a': 'category'} reads all as categories",)
    called = of_cells(cells, "date")
    np.testing.assert_array_equal(called.column.values, one.column.values)
    assert called.notes == (read,)
    assert of_cells(cells, "date, day first").reading.date_format != form + time


def test_a_few_cells_change_no_order():
    """A day that is not known, 00, is missing as ever; the year 2000 is not seen in it."""
    cells = [one.strftime("%d/%m/%y") for one in drawn(datetime(2010, 1, 1), datetime(2024, 1, 1))]
    expected = by_polars(cells, "%d/%m/%y").copy()
    cells[7], expected[7] = "00/05/12", np.datetime64("NaT", "s")
    for says in (None, "date"):
        one = of_cells(cells, says)
        np.testing.assert_array_equal(one.column.values, expected)
        assert "taken as missing, being no date such as 31/12/24: '00/05/12'" in one.notes[0]


def test_what_is_called_a_date_is_read_with_the_year_in_front_where_it_reads_nearly_all():
    days = drawn(datetime(2010, 1, 1), datetime(2024, 1, 1))
    none, other = (
        [f"{year}/{month}/{day}" for day in range(10, 20)]
        for year, month in (("00", 13), ("99", "05"))
    )
    cells = [*dict.fromkeys(day.strftime("%d/%m/%y") for day in days)][:80] + none + other
    assert of_cells(cells, "date").reading.date_format == "%d/%m/%y"
    assert of_cells(cells[80:], "date").reading.date_format == "%y/%m/%d"


def test_what_is_called_a_date_and_has_numbers_without_zeros_after_the_year_is_none():
    cells = ["99/4/1", "99/5/10", "99/6/12"]
    one = of_cells(cells, "date")
    assert one.kind == "date"
    assert np.isnat(one.column.values).all()
    assert "3 of 3 cells taken as missing" in one.notes[0]


@pytest.mark.parametrize(
    "cells",
    [
        ["14.4.2", "13.5.1", "15.1.1", "14.8.1", "12.5.5"],
        ["22.04.1", "18.04.5", "20.04.3", "22.04.2", "18.04.6"],
        ["99.04.1", "99.05.10", "99.04.12"],
        ["99/4/1", "99/5/10", "99/04/12"],
        ["1001-1-12", "1002-2-4", "1003-12-1"],
        ["1001-1-12 10:30", "1002-2-4 9:15"],
        ["2201-1-2", "2024-1-2", "2024-1-3"],
        ["2201-1-2", "2201-1-3", "2201-1-4"],
        ["1799-1-2", "1799-1-3", "1799-1-4"],
    ],
)
def test_versions_and_numbers_of_parts_are_no_dates(cells):
    for some in (cells, [cell for cell in cells for _ in range(20)]):
        assert of_cells(some).kind == "text"


@pytest.mark.parametrize("year", [1800, 2200])
def test_the_first_and_last_year_of_dates_without_zeros(year):
    assert of_cells([f"{year}-1-{day}" for day in range(2, 9)] * 20).kind == "date"


def test_days_up_to_the_28th_say_nothing_of_the_year_in_front():
    moments = [day for day in drawn(datetime(2013, 1, 1), datetime(2024, 1, 1)) if day.day < 29]
    one = of_cells([day.strftime("%y/%m/%d") for day in moments])
    assert (one.reading.date_format, one.notes) == ("%d/%m/%y", ())


def test_days_and_months_without_a_zero():
    cells = [f"{2020 + i % 3}-{i % 12 + 1}-{i % 28 + 1}" for i in range(90)]
    one = decide(
        read_columns(pl.DataFrame({"a": cells})), typed=True, decimal=".", missing=(), wishes={}
    )["a"]
    assert one.kind == "date"
    expected = [datetime.strptime(cell, "%Y-%m-%d") for cell in cells]
    np.testing.assert_array_equal(one.column.values, np.array(expected, "datetime64[us]"))


@pytest.mark.parametrize("some", [0, 0.02, 0.2])
def test_of_many_words_some_tell_what_all_are(some, monkeypatch):
    """What is no number or date is not read twenty times; what is decided does not change."""
    n = 4000
    for make in (
        lambda i: f"{i} kg",
        lambda i: f"{i % 28 + 1:02}-{i % 12 + 1:02}-{1900 + i % 200}",
        lambda i: f"u{i}",
    ):
        cells = [f"x {i}" if i % 1000 < 1000 * some else make(i) for i in range(n)]
        options = {"typed": False, "decimal": ".", "missing": MISSING, "wishes": {}}
        quick = decide(read_columns(pl.DataFrame({"a": cells})), **options)["a"]
        with monkeypatch.context() as patch:
            patch.setattr(dates, "SAMPLE", 10**9)
            patch.setattr(look_module, "SAMPLE", 10**9)
            slow = decide(read_columns(pl.DataFrame({"a": cells})), **options)["a"]
        assert (quick.kind, quick.reading, quick.notes) == (slow.kind, slow.reading, slow.notes)
    calls = []
    monkeypatch.setattr(dates, "_parse", lambda text, form: calls.append(text))
    decide(read_columns(pl.DataFrame({"a": [f"user {i}" for i in range(20_000)]})), **options)
    assert len(calls) <= 1000 * len(dates.FORMATS)


class TestFewUnreadableCells:
    def table(self):
        rng = np.random.default_rng(0)
        h, m = rng.integers(0, 24, 300), rng.integers(0, 60, 300)
        return pd.DataFrame({
            "t": [f"{a}:{b:02d}" for a, b in zip(h, m, strict=True)],
            "day": pd.date_range("2024-01-01", periods=300).strftime("%Y-%m-%d"),
            "x": rng.normal(size=300).round(3).astype(str),
            "y": np.where(h > 12, "pm", "am"),
        })  # fmt: skip

    def test_are_missing_values_with_a_note(self, tmp_path):
        table = self.table()
        table.loc[7, "t"], table.loc[9, "day"], table.loc[[11, 13], "x"] = "9.12", "2024-02-31", "-"
        table.to_csv(tmp_path / "t.csv", index=False)
        model = cp.Model.fit(tmp_path / "t.csv", "y", **FIT)
        assert model.report.inputs == {
            "t": "date, 2 numbers",
            "day": "date, 5 numbers",
            "x": "number",
        }
        assert model.report.missing == {"t": 1, "day": 1, "x": 2}
        notes = " | ".join(model.report.notes)
        assert (
            "'t': 1 of 300 cells taken as missing, being no date such as 23:59: '9.12' in row 7"
            in notes
        )
        assert "'day': 1 of 300 cells taken as missing, being no date such as 2024-12-31: '2024-02-31' in row 9" in notes  # fmt: skip
        assert (
            "'x': 2 of 300 cells taken as missing, being no number: '-' in row 11, '-' in row 13"
            in notes
        )

    @pytest.mark.parametrize("bad", ["abc", "-", "#REF!", "12:60", "1.2.3", "2024-02-31"])
    @pytest.mark.parametrize("what", ["decimals", "digits", "floats", "money", "times", "truths"])
    def test_alike_in_files_and_data_frames(self, what, bad, tmp_path):
        """A data frame with one bad cell has text, or objects, where the file's others are numbers."""
        rng = np.random.default_rng(0)
        numbers = rng.uniform(0, 9000, 300).round(2)
        cells = {
            "decimals": numbers.astype(str),
            "digits": (numbers * 100).astype(int).astype(str),
            "floats": numbers,
            "money": [f"${number:,.2f}" for number in numbers],
            "times": [f"{int(number) % 24}:{int(number) % 60:02}" for number in numbers],
            "truths": np.where(numbers > 4500, "True", "False"),
        }[what]
        table = pd.DataFrame(
            {"x": pd.Series(cells, dtype=object), "y": np.where(numbers > 3000, "u", "v")}
        )
        good = table.copy()
        table.loc[7, "x"] = bad
        path = tmp_path / "t.csv"
        table.to_csv(path, index=False)
        models = [
            cp.Model.fit(one, "y", **FIT)
            for one in (path, table, pl.from_pandas(table.astype(str)))
        ]
        kind = {"times": "date, 2 numbers", "truths": "boolean"}.get(what, "number")
        for model in models:
            assert model.report.inputs == {"x": kind}
            assert (
                f"'x': 1 of 300 cells taken as missing, being no {'true or false' if what == 'truths' else ''}"
                in model.report.notes[0]
            )
            assert f"{bad!r} in row 7" in model.report.notes[0]
            np.testing.assert_array_equal(model.predict_proba(good), models[0].predict_proba(good))

    @pytest.mark.parametrize("code", ["05", "007"])
    def test_one_zero_in_front_makes_no_codes_of_decimals_and_money(self, code, tmp_path):
        for cells in ([f"{i}.25" for i in range(300)], [f"${i}" for i in range(300)]):
            cells[7] = code
            path = as_file(tmp_path / "t.csv", x=cells, y=["u", "v", "w"] * 100, separator=",")
            assert cp.Model.fit(path, "y", **FIT).report.inputs == {"x": "number"}

    @pytest.mark.parametrize("separator", [",", ";"])
    @pytest.mark.parametrize(
        ("write", "how"),
        [
            (lambda n: f"{n:,.2f}", "number"),
            (lambda n: f"{n:,.2f}".translate(str.maketrans(",.", ".,")), "number, comma"),
            (lambda n: f"{n:.2f}", "number"),
            (lambda n: f"{n:.2f} €".replace(".", ","), "number, comma"),
            (lambda n: f"${n:,.2f}", "number"),
            (lambda n: f"{n:.2f}%", "number"),
            (lambda n: f"{n:.2f} kg", "number"),
        ],
    )
    def test_what_is_advised_for_mostly_numbers_reads_them(self, write, how, separator, tmp_path):
        numbers = np.random.default_rng(0).uniform(1000, 99_999, 300).round(2)
        cells = [f'"{write(n)}"' if i % 9 else f"<{i}" for i, n in enumerate(numbers)]
        path = as_file(tmp_path / "t.csv", x=cells, z=[str(i % 7) for i in range(300)], y=["u", "v", "w"] * 100,
                       separator=separator)  # fmt: skip
        report = cp.Model.fit(path, "y", **FIT).report
        assert report.dropped["x"].startswith("is text that is mostly numbers: ")
        assert f"columns={{'x': {how!r}}} " in report.dropped["x"]
        [note] = [note for note in report.notes if note.startswith("'x'")]
        assert f"columns={{'x': {how!r}}} reads it as numbers" in note
        asked = TableSettings(columns={"x": how})
        read = read_whole(path, "y", asked).whole["x"]
        there = np.arange(300) % 9 > 0
        np.testing.assert_allclose(read.column.values[there], numbers[there])
        assert np.isnan(read.column.values[~there]).all()

    def test_names_of_digits_among_others_are_not_advised_as_numbers(self, tmp_path):
        for cells in (
            [f"+49 170 {i + 100} {i + 200}" for i in range(280)],
            [f"192.168.{i % 100 + 100}.{i % 120 + 110}" for i in range(280)],
            [f"{i}A" for i in range(280)],
            [f"{i % 9}.{i}.{i % 7}" for i in range(280)],
        ):
            cells = [*cells, *(f"none {i}" for i in range(20))]
            path = as_file(
                tmp_path / "t.csv",
                x=cells,
                z=[str(i % 7) for i in range(300)],
                y=["u", "v", "w"] * 100,
            )
            report = cp.Model.fit(path, "y", **FIT).report
            assert report.dropped["x"].startswith("looks like an identifier: ")
            assert not [note for note in report.notes if "'x'" in note]

    @pytest.mark.parametrize("write", [str, "{}%".format, "{},5".format])
    def test_few_numbers_in_most_rows_are_told_whatever_the_others_are(self, write, tmp_path):
        """Remarks differ from row to row, and grades do not."""
        cells = [f'"{write(i % 6)}"' if i % 10 else f"see {i}" for i in range(300)]
        path = as_file(tmp_path / "t.csv", x=cells, y=["u", "v", "w"] * 100, separator=",")
        [note, *_] = cp.Model.fit(path, "y", **FIT).report.notes
        how = "number, comma" if "," in write(1) else "number"
        assert note.startswith("'x' is read as text, as 30 of its 300 values are no numbers, such")
        assert f"columns={{'x': {how!r}}} reads it as numbers" in note

    def test_numbers_asked_for_with_either_mark_say_which_was_taken(self, tmp_path):
        cells = [f'"{i},250"' if i % 9 else "k.A." for i in range(1, 301)]
        path = as_file(tmp_path / "t.csv", x=cells, y=["u", "v", "w"] * 100, separator=",")
        notes = cp.Model.fit(path, "y", columns={"x": "number"}, **FIT).report.notes
        assert (
            "'x' is read with a decimal point, '1,250' as 1250; it could be 1.25: "
            "columns={'x': 'number, comma'} reads it so"
        ) in notes
        for how in ("number, point", "number, comma"):
            notes = cp.Model.fit(path, "y", columns={"x": how}, **FIT).report.notes
            assert "it could be" not in " ".join(notes)

    def test_a_column_of_points_is_numbers_where_many_cells_may_be_none(self, tmp_path):
        """Whatever the table's other columns show."""
        cells = [f"{i}.25" if i % 9 else "k.A." for i in range(300)]
        path = as_file(tmp_path / "t.csv", x=cells, y=["u", "v", "w"] * 100, separator=";")
        assert cp.Model.fit(path, "y", unreadable=0.2, **FIT).report.inputs == {"x": "number"}

    def test_among_whole_numbers_it_does_and_is_told(self, tmp_path):
        cells = ["05", *(str(i % 40 + 10) for i in range(299))]
        path = as_file(tmp_path / "t.csv", x=cells, y=["u", "v", "w"] * 100)
        report = cp.Model.fit(path, "y", **FIT).report
        assert "categories" in report.inputs["x"]
        assert (
            "'x' is read as text, as 1 of its 300 values begin with a zero, such as '05' in row 0 "
            "(from 0); columns={'x': 'number'} reads it as numbers"
        ) in report.notes
        codes = as_file(
            tmp_path / "c.csv", x=[f"{i % 90:02}" for i in range(300)], y=["u", "v", "w"] * 100
        )
        assert "begin with" not in " ".join(cp.Model.fit(codes, "y", **FIT).report.notes)

    def test_in_true_and_false_they_are_no_category(self):
        table = pd.DataFrame({"on": ["True", "False", "True"] * 100, "x": range(300)})
        table["y"] = table["x"] * 0.5
        model = cp.Model.fit(table, "y", **FIT)
        odd = table[:3].assign(on=["maybe", "Yes", "0"])
        with pytest.warns(
            cp.TableWarning, match="'on': 1 of 3 cells.*no true or false: 'maybe' in"
        ):
            found = model.predict(odd)
        np.testing.assert_array_equal(
            found, model.predict(table[:3].assign(on=[None, True, False]))
        )
        with pytest.raises(cp.TypeOfDataError, match="'maybe'"):
            model.predict(odd, unreadable="error")

    def test_the_share_is_a_setting(self, tmp_path):
        table = self.table()
        table["x"] = [*table["x"][:280], *["-"] * 20]
        path = tmp_path / "t.csv"
        table.to_csv(path, index=False)
        assert "x" in cp.Model.fit(path, "y", **FIT).report.dropped
        assert cp.Model.fit(path, "y", unreadable=0.1, **FIT).report.inputs["x"] == "number"
        assert (
            cp.Model.fit(path, "y", columns={"x": "number"}, **FIT).report.inputs["x"] == "number"
        )

    def test_in_the_target_they_are_an_error(self, tmp_path):
        table = self.table()
        table.loc[3, "x"] = "n.k."
        table.to_csv(tmp_path / "t.csv", index=False)
        with pytest.raises(
            cp.TargetError, match=r"'x': 1 of 300.*'n.k.' in row 3.*drop_missing_target"
        ):
            cp.Model.fit(tmp_path / "t.csv", "x", **FIT)
        model = cp.Model.fit(tmp_path / "t.csv", "x", drop_missing_target=True, **FIT)
        assert model.report.rows["without target"] == 1
        path = tmp_path / "t.csv"
        for judged in (model.evaluate, model.importance):
            with pytest.raises(cp.TargetError, match="holds 'n.k.' in row 3"):
                judged(path)
            with pytest.warns(cp.TableWarning, match="target 'x': 1 of 300.*'n.k.' in row 3"):
                assert judged(path, drop_missing_target=True).rows == 299
        settings = {**FIT, "drop_missing_target": True, "test": path}
        report = cp.Model.fit(table.drop(3), "x", **settings).report
        assert report.rows["test"] == 299
        assert "test: 'x': 1 of 300 cells taken as missing" in " ".join(report.notes)


class TestWordsForMissing:
    def test_none_is_a_label_in_a_data_frame(self, tmp_path):
        x = np.random.default_rng(0).normal(size=300)
        damage = np.where(x < -0.5, "None", np.where(x < 0.5, "Minor", "Major"))
        for words in (
            damage,
            np.where(damage == "None", "NA", damage),
            np.where(damage == "None", "null", damage),
        ):
            for make in (pd.DataFrame, pl.DataFrame, pa.table):
                model = cp.Model.fit(make({"x": x, "damage": words}), "damage", **FIT)
                assert set(model.classes) == set(words)
        path = tmp_path / "t.csv"
        pd.DataFrame({"x": x, "damage": damage}).to_csv(path, index=False)
        with pytest.raises(cp.TargetError, match="missing in"):
            cp.Model.fit(path, "damage", **FIT)
        model = cp.Model.fit(path, "damage", missing_words=["n/a"], **FIT)
        assert model.classes == ["Major", "Minor", "None"]
        assert model.evaluate(path).rows == 300

    def test_they_belong_to_the_model(self, tmp_path):
        table = pd.DataFrame({"c": ["None", "a", "b"] * 20, "y": ["u", "v", "v"] * 20})
        model = cp.Model.fit(table, "y", **FIT)
        table.to_csv(tmp_path / "t.csv", index=False)
        np.testing.assert_array_equal(
            model.predict_proba(tmp_path / "t.csv"), model.predict_proba(table)
        )
        of_file = cp.Model.fit(tmp_path / "t.csv", "y", **FIT)
        assert of_file.report.missing == {"c": 20}
        np.testing.assert_array_equal(
            of_file.predict_proba(tmp_path / "t.csv"), of_file.predict_proba(table)
        )

    @pytest.mark.parametrize("word", sorted(MISSING))
    def test_in_numbers_and_dates_they_are_always_known(self, word):
        table = pd.DataFrame({
            "n": [f"{i},5" for i in range(40)] + [word], "d": [f"1.{i % 12 + 1}.2024" for i in range(40)] + [word],
            "y": ["a", "b"] * 20 + ["a"],
        })  # fmt: skip
        report = cp.Model.fit(table, "y", **FIT).report
        assert report.missing == {"n": 1, "d": 1}
        assert not [note for note in report.notes if "taken as missing" in note]


class TestWishes:
    TABLE = pl.DataFrame({
        "n": [f"{i}" for i in range(1, 41)], "d": [f"{i % 12 + 1:02}/{i % 11 + 1:02}/2024" for i in range(40)],
        "c": [i % 4 for i in range(40)], "y": ["a", "b"] * 20,
    })  # fmt: skip

    @pytest.mark.parametrize(
        ("column", "how", "became"),
        [
            ("n", "number", "number"),
            ("n", "number, comma", "number"),
            ("n", "category", "40 categories"),
            ("d", "date", "date"),
            ("d", "date, day first", "date"),
            ("d", "date, %d/%m/%Y", "date"),
            ("d", "category", "categories"),
            ("c", "category", "4 categories"),
            ("c", "number", "number"),
        ],
    )
    def test_what_is_asked_for_is_done(self, column, how, became):
        report = cp.Model.fit(self.TABLE, "y", columns={column: how}, **FIT).report
        assert became.split()[-1] in report.inputs[column]

    def test_day_first(self):
        models = [
            cp.Model.fit(self.TABLE, "y", columns=columns, drop=["n", "c"], **FIT)
            for columns in ({}, {"d": "date, day first"}, {"d": "date, %d/%m/%Y"})
        ]
        month, day, also_day = (model.encode(self.TABLE) for model in models)
        np.testing.assert_array_equal(day, also_day)
        assert not np.array_equal(month, day)
        as_dates = self.TABLE.with_columns(pl.col("d").str.to_date("%d/%m/%Y"))
        np.testing.assert_array_equal(models[1].encode(as_dates), day)

    def test_text_is_left_out(self):
        report = cp.Model.fit(self.TABLE, "y", columns={"d": "text"}, **FIT).report
        assert report.dropped["d"] == "is text, as asked for"

    @pytest.mark.parametrize(
        "how", ["numbers", "number, dot", "date, %Q", "", 3, None, "category, x"]
    )
    def test_what_is_not_known(self, how):
        with pytest.raises(
            cp.ArgumentError, match=r"columns\['n'\] is .*known are 'number'"
        ) as caught:
            cp.Model.fit(self.TABLE, "y", columns={"n": how}, **FIT)
        assert "\n" not in str(caught.value)

    def test_columns_that_are_not_there(self):
        with pytest.raises(cp.ArgumentError, match="columns names 'N'.*did you mean 'n'"):
            cp.Model.fit(self.TABLE, "y", columns={"N": "number"}, **FIT)
        with pytest.raises(cp.ArgumentError, match="give a mapping"):
            cp.Model.fit(self.TABLE, "y", columns=["n"], **FIT)
        assert wish("n", "number, comma").decimal == ","


def test_the_command_line_says_it_all(german, tmp_path, monkeypatch):
    _, path = german
    monkeypatch.chdir(tmp_path)
    model = "m.safetensors"
    invoke("train", str(path), "--target", "preis", "--epochs", "2", "--out", model,
           "--column", "km=number, comma", "--missing-words", "-", "--unreadable", "0.1")  # fmt: skip
    as_file(tmp_path / "new.csv", km=["150.000", "soon"], rabatt=["-", "7,5"])
    done = invoke("predict", model, "new.csv")
    assert (
        "Note: 'km': 1 of 2 cells taken as missing, being no number with a decimal comma"
        in done.stderr
    )
    assert done.stderr.count("Note: ") == 1
    assert len(done.stdout.splitlines()) == 3


@settings(max_examples=30)
@given(st.integers(0, 2**32))
def test_clean_files_are_read_as_0_1_0_read_them(seed):
    """Plain numbers, booleans and text without anything odd: types are the same."""
    rng = np.random.default_rng(seed)
    n = 30
    text = pl.DataFrame({
        "whole": rng.integers(-50, 5000, n).astype(str), "real": rng.normal(size=n).round(2).astype(str),
        "word": rng.choice(["a", "b b", "c"], n), "on": rng.choice(["true", "False"], n),
        "code": np.char.zfill(rng.integers(0, 99, n).astype(str), 3), "gone": [""] * n,
    })  # fmt: skip
    old = read_columns(typed(text, (), may_have_commas=False))
    new = decide(read_columns(text), typed=False, decimal=".", missing=MISSING, wishes={})
    for name, column in old.items():
        if name == "gone":
            assert new[name].column.missing.all()
            continue
        assert new[name].column.kind == column.kind, name
        if column.kind == "number":
            np.testing.assert_array_equal(new[name].column.values, column.values)
        elif column.kind == "text":
            assert new[name].column.texts().tolist() == column.texts().tolist()


def rows_of_the_table_in_the_docs():
    """Each example of the page's table, and the first word of what it says of it."""
    page = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")
    lines = page[page.index("| cells of a column | become |") :].split("\n\n")[0].splitlines()[2:]
    for line in lines:
        cells, become = (part.strip() for part in line.strip("|").split("|"))
        if not cells.startswith(("up to", "more", "empty")):  # with tests of their own, above
            for example in re.findall(r"`([^`]+)`", cells):
                yield example, re.split(r"[ ,;:]", become)[0]


@pytest.mark.parametrize(("example", "become"), [*rows_of_the_table_in_the_docs()])
def test_the_table_in_the_docs(example, become):
    kinds = {
        "numbers": "number",
        "what": "number",
        "text": "text",
        "true": "boolean",
        "dates": "date",
    }
    table = pl.DataFrame({"a": [example] * 30, "b": ["0,5", "x"] * 15})
    one = decide(read_columns(table), typed=False, decimal=".", missing=MISSING, wishes={})["a"]
    if become == "missing":
        assert one.column.missing.all()
    else:
        assert one.kind == kinds[become]
        assert not one.column.missing.any()


def test_the_docs_have_every_kind():
    assert {become for _, become in rows_of_the_table_in_the_docs()} == {
        "numbers", "what", "text", "true", "dates", "missing"
    }  # fmt: skip
    assert len(list(rows_of_the_table_in_the_docs())) > 25
