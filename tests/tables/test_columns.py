"""Tables of three libraries become the same columns; dates; what columns are taken for."""

from __future__ import annotations

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import clearprop as cp
from clearprop.tables import dates
from clearprop.tables.columns import as_words, read_columns
from clearprop.tables.conventions import decide
from clearprop.tables.detection import detect_inputs
from clearprop.tables.text_tables import typed

DAY = dt.datetime(2024, 2, 29, 12, 30)
VALUES = {
    "int": [1, None, 3],
    "float": [1.5, None, -2.0],
    "bool": [True, None, False],
    "text": ["a", None, " b "],
    "date": [DAY, None, DAY + dt.timedelta(days=1)],
    "span": [dt.timedelta(seconds=90), None, dt.timedelta(days=1)],
    "gone": [None, None, None],
}
EXPECTED = {
    "int": ("number", [1.0, np.nan, 3.0]),
    "float": ("number", [1.5, np.nan, -2.0]),
    "bool": ("boolean", ["true", None, "false"]),
    "text": ("text", ["a", None, "b"]),
    "date": ("date", [np.datetime64(DAY, "us"), np.datetime64("NaT", "us"), np.datetime64("2024-03-01T12:30", "us")]),
    "span": ("number", [90.0, np.nan, 86400.0]),
    "gone": ("text", [None, None, None]),
}  # fmt: skip
TABLES = {
    "polars": pl.DataFrame(VALUES),
    "pyarrow": pa.table(VALUES),
    "pandas": pd.DataFrame(VALUES),
    "pandas of pyarrow": pa.table(VALUES).to_pandas(types_mapper=pd.ArrowDtype),
    "pandas of nullable": pd.DataFrame(VALUES).convert_dtypes(),
    "pandas of objects": pd.DataFrame({k: pd.Series(v, dtype=object) for k, v in VALUES.items()}),
}


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("library", TABLES)
def test_columns_are_the_same_from_every_library(library, name):
    column = read_columns(TABLES[library])[name]
    kind, values = EXPECTED[name]
    if name == "gone":
        assert column.missing.all()
        return
    assert column.kind == kind
    found = column.texts() if kind in ("text", "boolean") else column.values
    np.testing.assert_array_equal(found, np.array(values, dtype=found.dtype))
    assert column.missing.tolist() == [False, True, False]


def test_zones_become_utc_and_categories_text():
    zone = dt.timezone(dt.timedelta(hours=2))
    when = dt.datetime(2024, 1, 1, 1, tzinfo=zone)
    for table in (
        pl.DataFrame({"t": [when]}),
        pa.table({"t": [when]}),
        pd.DataFrame({"t": [when]}),
    ):
        assert read_columns(table)["t"].values[0] == np.datetime64("2023-12-31T23:00")
    table = pd.DataFrame({"c": pd.Categorical(["x", None, "y"]), "n": pd.Categorical([1, 2, 1])})
    columns = read_columns(table)
    assert columns["c"].texts().tolist() == ["x", None, "y"]
    assert as_words(columns["n"]).texts().tolist() == ["1", "2", "1"]


def test_categories_of_numbers_are_categories():
    codes = pd.Categorical([1, 5, None])
    for table in (
        pd.DataFrame({"c": codes}),
        pa.table({"c": pa.array(["1", "5", None]).dictionary_encode()}),
    ):
        column = read_columns(table)["c"]
        assert (column.kind, column.texts().tolist()) == ("text", ["1", "5", None])


def test_whole_numbers_that_float64_cannot_tell_apart_stay_text():
    big = [2**53, 2**53 + 1, None]
    for table in (pl.DataFrame({"c": big}), pd.DataFrame({"c": pd.array(big, dtype="Int64")})):
        assert read_columns(table)["c"].texts().tolist() == [str(2**53), str(2**53 + 1), None]
    mixed = pd.DataFrame({"c": [2**60 + 1, 2**60 + 3, "x"]})
    assert len(read_columns(mixed)["c"].words) == 3


@pytest.mark.parametrize("digits", [17, 18, 19, 20, 25])
def test_a_file_as_0_1_0_read_it_has_whole_numbers_of_18_digits_at_most(digits):
    """More do not all fit into 64 bits: they are numbers with decimals, as they were there."""
    texts = ["9" * digits, "-" + "9" * digits, "7", None]
    found = typed(pl.DataFrame({"c": texts}), (), False)["c"]
    assert found.dtype == (pl.Int64 if digits < 19 else pl.Float64)
    expected = [int(text) if digits < 19 else float(text) for text in texts[:3]]
    assert found.to_list() == [*expected, None]
    small = typed(pl.DataFrame({"c": ["1" * digits, "2"]}), (), False)["c"]  # 1111... fits at 19
    assert small.dtype == (pl.Int64 if digits < 19 else pl.Float64)


@pytest.mark.parametrize("digits", [15, 17, 18, 19])
def test_whole_numbers_of_many_digits_are_told_apart_in_every_table(digits):
    """Names of 16 digits or more stay text; float64 would make one of two that differ by 1."""
    known = [10 ** (digits - 1) + k for k in range(3)]
    kind = "number" if digits < 16 else "text"
    for table in (
        pl.DataFrame({"c": known}), pd.DataFrame({"c": known}), pa.table({"c": known}),
    ):  # fmt: skip
        column = read_columns(table)["c"]
        assert column.kind == kind
        assert len(np.unique(column.values)) == 3


def test_words_in_data_frames_are_words():
    for table in (pl.DataFrame, pd.DataFrame, pa.table):
        column = read_columns(table({"c": ["NA", "?", "None", "", " \x1f", "a"]}))["c"]
        assert column.texts().tolist() == ["NA", "?", "None", None, None, "a"]


def test_what_is_not_asked_for_does_no_harm():
    table = pd.DataFrame({"a": [1, 2], "huge": [10**400, 1.5]}, dtype=object)
    assert list(read_columns(table, ["a"])) == ["a"]
    with pytest.raises(cp.NonFiniteDataError, match="'huge' holds numbers beyond float64"):
        read_columns(table)


def test_python_objects():
    table = pd.DataFrame(
        {
            "decimal": [decimal.Decimal("1.5"), None],
            "mixed": [1, "x"],
            "time": [dt.time(1, 0, 30), None],
            "date": [dt.date(2024, 1, 2), None],
            "list": [[1], None],
            7: [1, 2],
        },
        dtype=object,
    )
    columns = read_columns(table)
    kinds = {name: column.kind for name, column in columns.items()}
    assert kinds == {"decimal": "number", "mixed": "text", "time": "date", "date": "date", "list": "other", "7": "number"}  # fmt: skip
    assert columns["time"].values[0] == np.datetime64("1900-01-01T01:00:30")
    assert columns["mixed"].texts().tolist() == ["1", "x"]
    assert read_columns(pl.DataFrame({"l": [[1]]}))["l"].kind == "other"


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        (
            pd.DataFrame([[1, 2, 3]], columns=["b", "a", "a"]),
            cp.ColumnError,
            "2 columns of the table are called 'a'",
        ),
        (pd.DataFrame([[1, 2]], columns=["a", " a"]), cp.ColumnError, "two columns.*'a'"),
        (pl.DataFrame({"": [1]}), cp.ColumnError, "column 1 of the table has no name"),
        (pl.DataFrame({"a": []}), cp.ShapeError, "no rows"),
        (pl.DataFrame(), cp.ShapeError, "no columns"),
        ([[1, 2]], cp.TypeOfDataError, "is a list; give a pandas, polars or pyarrow table"),
        (np.eye(2), cp.TypeOfDataError, "ndarray"),
        (
            pl.LazyFrame({"a": [1]}),
            cp.TypeOfDataError,
            r"LazyFrame.*table\.collect\(\).*cp\.stream\(",
        ),
        (
            cp.stream(np.eye(2), [0, 1]),
            cp.TypeOfDataError,
            "is a stream, which fit, predict",
        ),
    ],
)
def test_what_is_no_table(table, error, message):
    with pytest.raises(error, match=message) as caught:
        read_columns(table)
    assert "\n" not in str(caught.value)


class TestDates:
    @pytest.mark.parametrize(
        ("text", "form"),
        [
            ("2024-02-29", "ISO 8601"),
            ("2024-02-29T12:30:00Z", "ISO 8601"),
            ("2024/02/29 12:30", "%Y/%m/%d %H:%M"),
            ("29.02.2024", "%d.%m.%Y"),
            ("02/29/2024", "%m/%d/%Y"),
            ("29/02/2024", "%d/%m/%Y"),
            ("Feb 29 2024", "%b %d %Y"),
            ("29-Feb-2024", "%d-%b-%Y"),
            ("29.02.24", "%d.%m.%y"),
        ],
    )
    def test_formats(self, text, form):
        assert dates.find_format([text], [1], 0) == (form, 0)
        parsed = dates.parse([text, None, "no date"], form)
        assert parsed[0].astype("datetime64[D]") == np.datetime64("2024-02-29")
        assert np.isnat(parsed[1:]).all()

    @pytest.mark.parametrize("texts", [["20240131"], ["x"], ["2024-01-01", "x"], []])
    def test_no_dates(self, texts):
        assert dates.find_format(texts, [1] * len(texts), 0)[0] is None

    def test_the_format_that_reads_most(self):
        texts = ["01/02/2024", "01/30/2024", "30/01/2024", "x"]
        assert dates.find_format(texts, [1, 1, 5, 1], 3) == ("%d/%m/%Y", 2)
        assert dates.find_format(texts, [1, 5, 1, 1], 3) == ("%m/%d/%Y", 2)
        assert dates.find_format(texts, [1, 5, 1, 1], 1)[0] is None

    def test_zones_are_counted_with(self):
        parsed = dates.parse(["2024-01-01T00:30:00+02:00"], "ISO 8601")
        assert parsed[0] == np.datetime64("2023-12-31T22:30")
        assert dates.find_format(["0001-01-01T00:00:00+05:00"], [1], 0)[0] is None

    def test_month_before_day_where_both_would_do(self):
        assert dates.find_format(["01/02/2024"], [1], 0)[0] == "%m/%d/%Y"
        assert dates.is_ambiguous(["01/02/2024"], "%m/%d/%Y")
        assert not dates.is_ambiguous(["01/02/2024", "01/13/2024"], "%m/%d/%Y")
        assert not dates.is_ambiguous(["2024-01-02"], "ISO 8601")

    def test_numbers_of_meaning(self):
        when = np.array(
            ["2000-01-01", "2024-01-01", "2024-07-01T18:00", "NaT"], dtype="datetime64[us]"
        )
        years = dates.parts(["years since 2000"], when)[0]
        np.testing.assert_allclose(years[:2], [0, 24], atol=1e-2)
        assert np.isnan(years[3])
        np.testing.assert_allclose(
            dates.parts(["cosine of the year"], when)[0][:3], [1, 1, -1], atol=1e-4
        )
        np.testing.assert_allclose(
            dates.parts(["sine of the day"], when)[0][:3], [0, 0, -1], atol=1e-12
        )
        monday = np.array(["2024-01-01", "2024-01-08", "1999-12-27"], dtype="datetime64[us]")
        np.testing.assert_allclose(dates.parts(["cosine of the week"], monday)[0], 1, atol=1e-12)

    def test_only_what_varies_is_kept(self):
        def parts(*texts):
            return {
                name.split()[-1]
                for name in dates.parts_that_vary(np.array(texts, "datetime64[us]"))
            }

        assert parts("1970-01-01", "1971-01-01", "NaT") == {"2000"}
        assert parts("1970-01-01", "1970-02-01") == {"2000", "year"}
        assert parts("1970-01-01", "1970-01-09") == {"2000", "week"}
        assert parts("1970-01-01T05", "1970-01-01T06") == {"day"}
        assert parts("1970-01-01", "1970-01-01", "NaT") == {"2000"}


def detect(drop=(), keep=(), categorical=(), **columns):
    n = max(len(v) for v in columns.values())
    table = pl.DataFrame({k: list(v) for k, v in columns.items()}, strict=False)
    assert table.height == n
    named = {"drop": drop, "keep": keep, "categorical": categorical}
    return detect_inputs(read_all(table), np.arange(n), **named)


def read_all(table, **options):
    options = {"typed": True, "decimal": ".", "missing": (), "wishes": {}} | options
    return decide(read_columns(table), **options)


class TestDetection:
    def test_kinds(self):
        found = detect(
            n=range(0, 60, 2),
            c=["a", "b", "c"] * 10,
            b=[True, False, None] * 10,
            d=[f"2024-01-{i:02}" for i in range(1, 31)],
        )
        assert [(one.column, one.kind) for one in found.inputs] == [
            ("n", "number"), ("c", "category"), ("b", "boolean"), ("d", "date")
        ]  # fmt: skip
        assert found.inputs[3].reading.date_format == "ISO 8601"
        assert not found.dropped

    def test_what_is_dropped_and_why(self):
        n = 40
        found = detect(
            drop=["asked"],
            always=["x"] * n,
            always_5=[5] * n,
            empty=[None] * n,
            row=range(n),
            from_1=range(1, n + 1),
            user_id=[(i * 7919) % 1000 for i in range(n)],
            PassengerId=[(i * 7919) % 1000 for i in range(n)],
            name=[f"person {i}" for i in range(n)],
            asked=[i % 3 for i in range(n)],
            lists=[[i] for i in range(n)],
            stays=[1.5, 2.5] * (n // 2),
        )
        assert [one.column for one in found.inputs] == ["stays"]
        reasons = found.dropped
        assert reasons["always"] == (
            "is always x; keep=['always'] (--keep always) keeps it all the same"
        )
        assert reasons["always_5"].startswith("is always 5;")
        assert reasons["empty"].startswith("has no values;")
        assert reasons["row"] == (
            "looks like a row number: 0 to 39, in order; keep=['row'] (--keep row) keeps it"
        )
        assert reasons["from_1"].startswith("looks like a row number: 1 to 40, in order;")
        assert "its name says so" in reasons["user_id"]
        assert "its name says so" in reasons["PassengerId"]
        assert reasons["name"] == (
            "looks like an identifier: 40 different values in 40 rows, such as 'person 0', "
            "'person 1', 'person 2'; keep=['name'] (--keep name) keeps it"
        )
        assert reasons["asked"] == "as asked for"
        assert "List" in reasons["lists"]

    def test_what_stays(self):
        n = 40
        found = detect(
            year=range(1950, 1950 + n),
            height=[i * 0.5 for i in range(n)],
            price=[(i * 7919) % 1000 for i in range(n)],
            city=[f"city {i % 15}" for i in range(n)],
            constant_or_missing=[1, None] * (n // 2),
        )
        assert not found.dropped
        assert len(found.inputs) == 5

    def test_keep_and_categorical(self):
        n = 40
        columns = {"row": range(n), "code": [10 * (i % 4) for i in range(n)]}
        found = detect(keep=["row"], categorical=["code"], **columns)
        assert [(one.column, one.kind) for one in found.inputs] == [
            ("row", "number"),
            ("code", "category"),
        ]

    def test_a_column_has_to_vary_among_the_rows_to_learn_from(self):
        columns = read_all(pl.DataFrame({"x": [0.0] * 30 + [1e6], "z": [0.5, 1.5] * 15 + [0.0]}))
        found = detect_inputs(columns, np.arange(30), drop=(), keep=(), categorical=())
        assert found.dropped["x"].startswith("is always 0 in the rows to learn from; keep=['x']")

    def test_half_of_the_values_different_is_no_identifier(self):
        n = 60
        assert not detect(c=[f"v{i % 30}" for i in range(n)], z=[0.5, 1] * 30).dropped
        assert "c" in detect(c=[f"v{i % 31}" for i in range(n)], z=[0.5, 1] * 30).dropped

    def test_numbers_with_signs(self):
        money = [f"${i},{100 + i}.50" for i in range(1, 31)]
        found = detect(
            money=money,
            share=[f"{7 * i % 30}%" for i in range(30)],
            code=[f"{i:03}" for i in range(15)] * 2,
        )
        assert [one.kind for one in found.inputs] == ["number", "number", "category"]
        assert found.columns["money"].values[0] == 1101.5
        assert found.columns["share"].values[3] == 21
        assert "'money' is read as numbers in '$'" in found.notes[0]

    def test_a_stray_word_among_numbers_is_told(self):
        found = detect(x=[*map(str, range(50, 90)), *["n.a."] * 4], z=[0.5, 1.0] * 22)
        assert "4 of its 44 values are no numbers, such as 'n.a.' in row 40" in found.notes[0]
        assert "x" in found.dropped

    def test_dates_that_could_be_read_two_ways_are_told(self):
        found = detect(d=[f"{m:02}/{d:02}/2024" for m in range(1, 12) for d in (1, 5, 9)])
        assert found.inputs[0].kind == "date"
        assert "could be day/month/year" in found.notes[0]
