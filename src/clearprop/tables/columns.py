"""Columns: a pandas, polars or pyarrow table as NumPy arrays of four kinds.

number   float64, NaN where missing
boolean  places in the words "false" and "true", -1 where missing
text     places in the different texts, without blanks around them; -1 where empty. Where most are
         plain numbers, these may stand there more than once (`Words`), until `as_words`
date     datetime64[us] without a time zone (UTC where there was one), NaT where missing; times of
         day are on the first of January 1900

Anything else (lists, structs, bytes, complex numbers) is of the kind "other", whose only word says
what. What a text means, `cells` decides: these are the columns as the table has them.
"""

from __future__ import annotations

import datetime
import decimal
import numbers
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ColumnError, NonFiniteDataError, ShapeError, TypeOfDataError
from clearprop.tables.moments import NO_DAY, far_away, moment_of, moments_of, seconds_in, seconds_of
from clearprop.tables.numerals import is_plain
from clearprop.tables.partitions import check_in_memory
from clearprop.tables.plain_table import PlainColumn, PlainTable
from clearprop.tables.values import EXACT, as_text, is_missing
from clearprop.tables.words import MANY, Words, mostly_plain

Array = NDArray[Any]

_BLANKS = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
"""What `str.strip` takes off."""


@dataclass(frozen=True)
class Column:
    """One column of a table: its name, its kind, and its values, shape (n,).

    Attributes
    ----------
    name, kind : str
    values : ndarray, shape (n,)
    words : sequence of str
        Of text, booleans and what is other: what `values` are the places in.
    """

    name: str
    kind: str
    values: Array
    words: Sequence[str] = ()

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Where no value is, shape (n,)."""
        if self.kind == "number":
            return np.isnan(self.values)
        if self.kind == "date":
            return np.isnat(self.values)
        return np.asarray(self.values < 0, dtype=bool)

    def take(self, rows: Array | slice) -> Column:
        """Return these rows of the column."""
        return Column(self.name, self.kind, self.values[rows], self.words)

    def texts(self) -> Array:
        """Return the values in words, None where missing: an array of objects, shape (n,)."""
        return _objects([*self.words, None])[self.values]

    def counts(self) -> NDArray[np.int64]:
        """Return how often each word stands there."""
        return np.bincount(self.values + 1, minlength=len(self.words) + 1)[1:]


def read_columns(table: object, only: Collection[str] | None = None) -> dict[str, Column]:
    """Return the columns of a table by name, in their order.

    Parameters
    ----------
    table : pandas, polars or pyarrow table
    only : collection of str, optional
        The columns wanted; whatever is wrong with others does no harm.

    Raises
    ------
    TypeOfDataError
        If it is not a table.
    ColumnError
        If two columns have one name, or one has none.
    ShapeError
        If it has no rows.
    """
    columns: dict[str, Column] = {}
    series = list(_frame(table).iter_columns())
    for place, one in enumerate(series, 1):
        name = str(one.name).strip()
        if only is not None and name not in only:
            continue
        check_named(name, place)
        if name in columns:
            raise ColumnError(f"two columns of the table are called {name!r}: rename one")
        columns[name] = _column(name, one)
    if not series or not len(series[0]):
        raise ShapeError(f"the table has no {'rows' if series else 'columns'}")
    return columns


def check_named(name: str, place: int) -> None:
    """Raise `ColumnError` if a column, counted from 1, has no name."""
    if not name.strip():
        raise ColumnError(f"column {place} of the table has no name: give it one")


def columns_of_row(cells: Iterable[tuple[Any, Any]]) -> dict[str, Column]:
    """Return one row, given as pairs of a column's name and its value.

    Raises
    ------
    ColumnError
        If two names are the same, but for blanks around them.
    TypeOfDataError, NonFiniteDataError
        If a value is no Unicode text, or a whole number beyond float64.
    """
    columns: dict[str, Column] = {}
    for given, value in cells:
        name = str(given).strip()
        if name in columns:
            raise ColumnError(f"two columns of the row are called {name!r}: rename one")
        is_name = isinstance(value, numbers.Integral) and EXACT <= abs(int(value)) < 1e300
        columns[name] = _of_objects(name, [str(value) if is_name else value])
    return columns


def names_of(table: object) -> list[str]:
    """Return the names of a table's columns, in their order."""
    return [str(name).strip() for name in _frame(table).columns]


def _frame(table: object) -> Any:
    if isinstance(table, PlainTable):
        return table
    import narwhals as nw  # here, because `import clearprop` should not wait for it

    try:
        if hasattr(table, "iloc") and hasattr(table, "columns"):
            _check_twice(table.columns)
        return nw.from_native(table, eager_only=True)
    except nw.exceptions.DuplicateError:
        raise ColumnError("two columns of the table have one name: rename one") from None
    except TypeError:
        check_in_memory(table)
        one = "; a row as a table is series.to_frame().T" if hasattr(table, "iloc") else ""
        raise TypeOfDataError(
            f"the table is a {type(table).__name__}; give a pandas, polars or pyarrow table, or "
            f"the path of a file{one}"
        ) from None


def _check_twice(columns: Any) -> None:
    """Raise `ColumnError` if two columns have one name (pandas allows it, narwhals does not)."""
    names = [name for name in columns if isinstance(name, str)]
    name, times = Counter(names).most_common(1)[0] if names else ("", 0)
    if times > 1:
        raise ColumnError(f"{times} columns of the table are called {name!r}: rename them")


def _column(name: str, series: Any) -> Column:
    if isinstance(series, PlainColumn):
        return _of_strings(name, series.texts)
    import narwhals as nw

    kind = series.dtype
    if kind.is_numeric():
        numbers = _floats(series)
        if kind.is_integer() and (np.abs(numbers) >= EXACT).any():
            return _of_objects(name, [None if is_missing(v) else str(v) for v in series.to_list()])
        return Column(name, "number", numbers)
    if isinstance(kind, nw.Datetime | nw.Date):
        if isinstance(kind, nw.Datetime) and kind.time_zone is not None:
            series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return Column(name, "date", moments_of(name, series))
    if kind == nw.Duration:
        return Column(name, "number", seconds_of(series.to_numpy()))
    if kind in (nw.Categorical, nw.Enum):
        return _of_objects(name, _words_of_categories(name, series))
    if kind == nw.String and series.implementation.is_polars():
        return _of_polars(name, series.to_native())
    if kind == nw.Boolean and series.implementation.is_polars():
        return _of_booleans(name, series.to_native())
    if kind in (nw.Boolean, nw.String, nw.Object, nw.Time, nw.Unknown):
        return _of_objects(name, _listed(name, series))
    return _other(name, str(kind), len(series))


def _floats(series: Any) -> Array:
    """Return numbers as float64; infinite where Arrow refuses, as whole numbers are not exact."""
    import narwhals as nw

    try:
        return np.asarray(series.cast(nw.Float64).to_numpy(), dtype=np.float64)
    except ValueError:
        if not series.dtype.is_integer():
            raise
        return np.full(len(series), np.inf)


def _words_of_categories(name: str, series: Any) -> list[str | None]:
    """Return categories as text, each the same whatever stands in other rows.

    pandas makes (0.0, 1.0] of the interval (0, 1] where a value of the column is missing.
    """
    native = series.to_native()
    if hasattr(native, "cat") and hasattr(native.cat, "codes"):
        words = [*map(as_text, native.cat.categories), None]
        return [words[code] for code in native.cat.codes.tolist()]
    return [None if is_missing(v) else as_text(v) for v in _listed(name, series)]


def _listed(name: str, series: Any) -> list[Any]:
    """Return the values of a column as Python's objects."""
    try:
        return list(series.to_list())
    except OverflowError:  # date64 of Arrow, which narwhals takes for no date
        raise far_away(name) from None


def _of_objects(name: str, values: list[Any]) -> Column:
    """Return a column of the kind that its values, which may be any Python objects, have."""
    kinds = set(map(type, values))
    if not kinds <= {str, type(None)}:
        values = [None if is_missing(v) else v for v in values]
        kinds = set(map(type, values))
    kinds.discard(type(None))
    if kinds <= {str}:
        return _of_strings(name, values)
    if all(issubclass(k, bool | np.bool_) for k in kinds):
        places = np.array([-1 if v is None else int(v) for v in values], dtype=np.int32)
        return Column(name, "boolean", places, ("false", "true"))
    if all(issubclass(k, datetime.timedelta | np.timedelta64) for k in kinds):  # a NumPy integer
        return Column(name, "number", np.array([seconds_in(v) for v in values], dtype=np.float64))
    if np.timedelta64 in kinds:
        return _other(name, "timedelta64", len(values))
    if all(issubclass(k, numbers.Real | decimal.Decimal) for k in kinds):
        whole = all(issubclass(k, numbers.Integral) for k in kinds)
        if whole and any(v is not None and abs(v) >= EXACT for v in values):
            return _text(name, _as_texts(name, values))
        try:
            floats = [np.nan if v is None else float(v) for v in values]
        except OverflowError:  # a Python integer of more than 308 digits
            raise _beyond(name) from None
        return Column(name, "number", np.array(floats))
    if all(issubclass(k, datetime.date | np.datetime64) for k in kinds):
        plain = [np.datetime64("NaT", "us") if v is None else moment_of(name, v) for v in values]
        return Column(name, "date", np.array(plain, dtype="datetime64[us]"))
    if all(issubclass(k, datetime.time) for k in kinds):  # as text such as 9:12 is read
        days = [
            None if v is None else datetime.datetime.combine(NO_DAY, v.replace(tzinfo=None))
            for v in values
        ]
        return Column(name, "date", np.array(days, dtype="datetime64[us]"))
    if all(issubclass(k, str | numbers.Real | decimal.Decimal) for k in kinds):
        return _text(name, _as_texts(name, values))
    if {k.__name__ for k in kinds} == {"Interval"}:  # pandas's, as in a row of bins
        return _text(name, [None if v is None else as_text(v) for v in values])
    odd = next(type(v) for v in values if not isinstance(v, str | numbers.Real | None))
    return _other(name, odd.__name__, len(values))


def _of_strings(name: str, values: Sequence[str | None]) -> Column:
    """Return a column of text, by polars where it is there and takes them."""
    if len(values) >= MANY:
        with suppress(ImportError, UnicodeEncodeError):
            import polars

            return _of_polars(name, polars.Series(values, dtype=polars.String))
    return _text(name, [v and v.strip() for v in values])


def _as_texts(name: str, values: Sequence[Any]) -> list[str | None]:
    """Return numbers and texts as words."""
    try:
        return [None if v is None else as_text(v) for v in values]
    except ValueError:  # a Python integer of more than 4,300 digits
        raise _beyond(name) from None


def _beyond(name: str) -> NonFiniteDataError:
    return NonFiniteDataError(f"column {name!r} holds numbers beyond float64")


def _text(name: str, values: Sequence[str | None]) -> Column:
    """Return a column of text; what is empty is missing."""
    place: dict[str | None, int] = {None: -1, "": -1}
    words: list[str] = []
    places = np.empty(len(values), dtype=np.int32)
    for row, value in enumerate(values):
        at = place.get(value)
        if at is None:
            at = place[value] = len(words)
            words.append(str(value))
        places[row] = at
    _check_unicode(name, words)
    return Column(name, "text", places, words)


def _of_polars(name: str, series: Any) -> Column:
    """Return a column of text: as `_text` does, but quickly."""
    texts, found = series, mostly_plain(series)
    if found is None or np.isnan(found[0]).any():
        texts = series.str.strip_chars(_BLANKS)
        texts = texts.replace("", None)
        found = mostly_plain(texts)
    if found is None:
        return Column(name, "text", *_factorized(texts))
    numbers, mark = found
    plain = ~np.isnan(numbers)
    n = int(plain.sum())
    if n == len(plain):
        return Column(name, "text", np.arange(n, dtype=np.int32), Words(texts, mark, numbers, []))
    places, others = _factorized(texts.filter(~plain))
    values = np.empty(len(plain), dtype=np.int32)
    values[plain] = np.arange(n)
    values[~plain] = np.where(places < 0, -1, places + n)
    return Column(name, "text", values, Words(texts.filter(plain), mark, numbers[plain], others))


def _of_booleans(name: str, series: Any) -> Column:
    """Return a column of true and false: as `_of_objects` does, but quickly."""
    import polars

    if series.null_count() == len(series):
        return _of_objects(name, [None] * len(series))
    places = series.cast(polars.Int32).fill_null(-1).to_numpy()
    return Column(name, "boolean", places, ("false", "true"))


def categories_of(name: str, series: Any) -> Column:
    """Return a polars column of text as words, each once: as `_of_polars` and `as_words` do.

    What is known to be no numbers is not tried for them, and blanks are taken off each word once.
    """
    places, found = _factorized(series)
    words = [word.strip(_BLANKS) for word in found]
    if words == found and "" not in words:
        return Column(name, "text", places, words)
    different = [word for word in dict.fromkeys(words) if word]
    at = {word: place for place, word in enumerate(different)}
    moved = np.array([*(at.get(word, -1) for word in words), -1], dtype=np.int32)
    return Column(name, "text", moved[places], different)


def _factorized(texts: Any) -> tuple[Array, list[str]]:
    """Return the place of each text among the different ones, -1 for null, and these."""
    import polars

    words = texts.unique(maintain_order=True).drop_nulls()
    places = texts.cast(polars.Enum(words)).to_physical().cast(polars.Int32).fill_null(-1)
    return places.to_numpy(), words.to_list()


def _other(name: str, what: str, n: int) -> Column:
    return Column(name, "other", np.zeros(n, dtype=np.int32), (what,))


def _check_unicode(name: str, texts: Sequence[str | None]) -> None:
    """Raise `TypeOfDataError` if a text has no bytes in UTF-8, so that no file can hold it."""
    for text in texts:
        if text is not None and not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                raise TypeOfDataError(
                    f"column {name!r} holds {text!r}, which is no Unicode text (half of a pair of "
                    "surrogates): mend the value"
                ) from None


def check_finite(column: Column, first: int = 0) -> None:
    """Raise `NonFiniteDataError` if a column of numbers holds infinity.

    `first` is the number of its first row in the whole table.
    """
    if column.kind != "number":
        return
    infinite = np.flatnonzero(np.isinf(column.values))
    if infinite.size:
        raise NonFiniteDataError(
            f"column {column.name!r}, row {first + infinite[0]} (from 0) is "
            f"{column.values[infinite[0]]}; "
            "infinity is refused: leave the cell empty if the value is not known"
        )


def as_words(column: Column) -> Column:
    """Return a column as text, each word once; a whole number is "3", not "3.0"."""
    if isinstance(column.words, Words):
        return _each_once(column)
    if column.kind not in ("number", "date"):
        return column
    different, places = np.unique(column.values[~column.missing], return_inverse=True)
    values = np.full(len(column.values), -1, dtype=np.int32)
    values[~column.missing] = places
    whole = column.kind == "number"
    words = [as_text(v) for v in different.tolist()] if whole else [str(v) for v in different]
    return Column(column.name, "text", values, words)


def _each_once(column: Column) -> Column:
    import polars

    words = polars.Series([*column.words, None], dtype=polars.String)
    places = np.where(column.values < 0, len(column.words), column.values)
    return Column(column.name, column.kind, *_factorized(words.gather(places)))


def joined(first: Column, second: Column) -> Column:
    """Return the rows of one column and then those of another, which has the same kind of values.

    What is text in either is text in words of both.
    """
    if not (first.words or second.words):
        return Column(first.name, first.kind, np.concatenate([first.values, second.values]))
    first, second = as_words(first), as_words(second)
    place = {word: i for i, word in enumerate(first.words)}
    for word in second.words:
        place.setdefault(word, len(place))
    places = np.array([*(place[word] for word in second.words), -1], dtype=first.values.dtype)
    values = np.concatenate([first.values, places[second.values]])
    return Column(first.name, first.kind, values, tuple(place))


def in_words_of(known: Collection[str], words: Sequence[str]) -> list[str]:
    """Return words as they are known: "3.0" is "3" where that is known and "3.0" not."""
    found = set(known)
    called = list(words)
    for place, word in enumerate(words):
        if word not in found and is_plain(word):
            with suppress(OverflowError):
                number = as_text(float(word))
                called[place] = number if number in found else word
    return called


def _objects(values: list[Any]) -> Array:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
