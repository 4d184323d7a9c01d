"""Columns that random tables (test_random_frames.py) found to end in a raw error, or wrong values."""

from __future__ import annotations

import datetime as dt
import decimal
import io

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import clearprop as cp
from clearprop.tables.cells import words_as_known
from clearprop.tables.columns import read_columns
from random_values import Odd

LARGE = [2**60, 2**60 + 1, 3, None]
AWAY = 2**62


def column_of(values):
    """Return the column of a table that holds these values, of any library."""
    if isinstance(values, pl.Series):
        return read_columns(pl.DataFrame({"a": values}))["a"]
    if isinstance(values, pa.Array):
        return read_columns(pa.table({"a": values}))["a"]
    return read_columns(pd.DataFrame({"a": values}))["a"]


def arrow_in_pandas(values):
    return pd.Series(pd.arrays.ArrowExtensionArray(values))


@pytest.mark.parametrize(
    "values",
    [
        pa.array(LARGE), pa.array(LARGE, pa.uint64()), arrow_in_pandas(pa.array(LARGE)),
        pl.Series(LARGE), pl.Series(LARGE, dtype=pl.Int128), pd.array(LARGE, dtype="Int64"),
        pd.Series(LARGE, dtype=object), pd.Series([*LARGE[:3], np.nan], dtype=object),
    ],
    ids=lambda v: f"{type(v).__module__}.{v.dtype if hasattr(v, 'dtype') else v.type}",
)  # fmt: skip
def test_whole_numbers_that_float64_cannot_tell_apart_stay_names(values):
    expected = ["1152921504606846976", "1152921504606846977", "3", None]
    assert column_of(values).texts().tolist() == expected


def test_numbers_beyond_text_are_refused():
    for values in ([10**5000, 1], [10**5000, "red"], [10**400, 1.5]):
        with pytest.raises(cp.NonFiniteDataError, match="'a' holds numbers beyond float64"):
            column_of(pd.Series(values, dtype=object))


@pytest.mark.parametrize(
    "values",
    [
        pl.Series([2**31 - 1, 0], dtype=pl.Int32).cast(pl.Date),
        pl.Series([AWAY, 0]).cast(pl.Datetime("ms", "UTC")),
        pa.array([2**31 - 1, 0], pa.date32()), pa.array([86_400_000 * 2**36, 0], pa.date64()),
        pa.array([AWAY, 0], pa.timestamp("s", "UTC")), arrow_in_pandas(pa.array([AWAY], pa.timestamp("ms"))),
        arrow_in_pandas(pa.array([2**31 - 1, 0], pa.date32())), np.array([AWAY, 0], "datetime64[s]"),
        pd.Series([np.datetime64(2**40, "Y")], dtype=object),
        np.array([2 - 2**63, 0], "datetime64[us]"), np.array([2**63 - 2], "datetime64[us]"),
    ],
    ids=lambda v: f"{type(v).__module__}.{v.dtype if hasattr(v, 'dtype') else v.type}",
)  # fmt: skip
def test_dates_that_are_too_far_away_are_refused(values):
    with pytest.raises(cp.NonFiniteDataError, match="'a' holds dates too far away"):
        column_of(values)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_fractions_below_a_microsecond_are_cut_off(unit):
    one = np.datetime64("2024-02-29T12:30:00", unit) + np.timedelta64(1, unit)
    expected = one.astype("datetime64[us]")
    several = [pa.array([one]), np.array([one]), arrow_in_pandas(pa.array([one]))]
    if unit != "s":
        several.append(pl.Series(np.array([one])))
    for values in several:
        assert column_of(values).values.tolist() == [expected.tolist()]


def test_long_durations_do_not_overflow():
    seconds = 10**15
    expected = [1e15, np.nan]
    for values in (
        pa.array([seconds, None], pa.duration("s")),
        pl.Series([seconds * 1000, None]).cast(pl.Duration("ms")),
        np.array([seconds, "NaT"], "timedelta64[s]"),
        arrow_in_pandas(pa.array([seconds, None], pa.duration("s"))),
        pd.Series([np.timedelta64(seconds, "s"), None], dtype=object),
    ):
        np.testing.assert_array_equal(column_of(values).values, expected)


def test_durations_of_numpy_among_objects():
    spans = [np.timedelta64(90, "s"), dt.timedelta(minutes=2), np.timedelta64("NaT", "s"), None]
    column = column_of(pd.Series(spans, dtype=object))
    assert column.kind == "number"
    np.testing.assert_array_equal(column.values, [90, 120, np.nan, np.nan])
    for other in ("red", 5, b"red"):
        mixed = column_of(pd.Series([np.timedelta64(90, "s"), other], dtype=object))
        assert (mixed.kind, mixed.words) == ("other", ("timedelta64",))


def test_decimals_that_signal_are_missing():
    column = column_of(pd.Series([decimal.Decimal("sNaN"), decimal.Decimal("1.5")], dtype=object))
    np.testing.assert_array_equal(column.values, [np.nan, 1.5])


def test_objects_that_cannot_be_compared():
    column = column_of(pd.Series([Odd(), "red"], dtype=object))
    assert (column.kind, column.words) == ("other", ("Odd",))


@pytest.mark.parametrize("values", [[1.5, 2.5, np.nan], [True, False, None], [7, 8, None]], ids=str)
def test_words_for_missing_among_numbers_and_booleans_in_a_file(values, tmp_path):
    """Whether they are names is clear: training had none."""
    column = pd.Series(values * 8, dtype=None if values[0] == 1.5 else object)
    table = pd.DataFrame({"a": column, "y": np.linspace(0, 1, 24)})
    model = cp.Model.fit(table, "y", hidden=[2], epochs=1, compare=False, progress=False,
                         categorical=[] if values[0] is True else ["a"])  # fmt: skip
    table[["a"]].to_csv(tmp_path / "a.csv", na_rep="NA", index=False)
    np.testing.assert_array_equal(model.encode(tmp_path / "a.csv"), model.encode(table))


def test_words_for_missing_stay_names_among_words(tmp_path):
    table = pd.DataFrame({"a": ["NA", "1", "2"] * 8, "y": np.linspace(0, 1, 24)})
    model = cp.Model.fit(table, "y", hidden=[2], epochs=1, compare=False, progress=False)
    table[["a"]].to_csv(tmp_path / "a.csv", index=False)
    np.testing.assert_array_equal(model.encode(tmp_path / "a.csv"), model.encode(table))
    assert model.features == ["a = 1", "a = 2", "a = NA"]


def test_the_fewest_rows():
    settings = {"hidden": [2], "epochs": 1, "compare": False, "progress": False}
    table = pd.DataFrame({"a": [1.0, 2, 4, 3, 5, 8, 7, 6, 9, 11], "y": np.linspace(0, 1, 10)})
    assert cp.Model.fit(table, "y", **settings).report.rows["training"] == 7
    assert cp.Model.fit(table[:5], "y", test=0, **settings).report.rows["training"] == 4
    for few, share, least in ((9, 0.2, 10), (4, 0, 5)):
        with pytest.raises(cp.ShapeError, match=f"{few} rows with a target; a model takes {least}"):
            cp.Model.fit(table[:few], "y", test=share, **settings)


@pytest.mark.parametrize("hour", ["", "T12:30:00"])
def test_dates_as_categories_are_known_however_a_file_writes_them(hour, tmp_path):
    days = np.array([f"2024-01-{day:02}{hour}" for day in range(1, 5)] * 6, "datetime64[us]")
    table = pd.DataFrame({"a": days, "y": np.linspace(0, 1, 24)})
    text = table.assign(a=np.datetime_as_string(days, "D" if not hour else "s"))
    texts = pd.read_csv(io.StringIO(text.to_csv(index=False)))
    forms = [table, pl.from_pandas(table), text, texts]
    for name, form in (("a.csv", text), ("b.csv", text.assign(a=text["a"].str.replace("T", " ")))):
        form.to_csv(tmp_path / name, index=False)
        forms.append(tmp_path / name)
    for trained in (table, text, tmp_path / "a.csv"):
        model = cp.Model.fit(trained, "y", hidden=[2], epochs=1, compare=False, progress=False,
                             columns={"a": "category"})  # fmt: skip
        assert len(model.features) == 4
        for form in forms:
            np.testing.assert_array_equal(model.encode(form), model.encode(trained))


def test_what_is_no_date_is_not_taken_for_one():
    column = column_of(["2024-02-30", "2024-01-01", "2024-02-31"])
    known = ["2024-02-30", "2024-01-01T00:00:00.000000"]
    assert words_as_known(column, "category", known) == [*known, "2024-02-31"]
