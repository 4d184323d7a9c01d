"""Cells: how the text of a column's cells is read, the same in every table.

What a cell means, training decides once (`conventions`); a model keeps it, and reads a row alone,
in its file, in another order and from another kind of file alike. A cell that cannot be read so
is a missing value, and is told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import TypeOfDataError
from clearprop.tables import dates
from clearprop.tables.columns import Column, as_words, in_words_of
from clearprop.tables.moments import seconds_of_day
from clearprop.tables.numerals import MISSING, POINT, is_plain
from clearprop.tables.text import cut
from clearprop.tables.words import among, numbers_of

BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "y", "t"), "true"),
    **dict.fromkeys(("false", "0", "no", "n", "f"), "false"),
}
"""What a column of true and false may hold at prediction, in any case."""

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

EXAMPLES = 3
"""Cells that a note shows."""


@dataclass(frozen=True)
class Reading:
    """How text becomes numbers or dates.

    Attributes
    ----------
    decimal : {".", ","}
        The mark before decimals; the other one may stand between thousands.
    unit : str or None
        The currency, percent sign or unit that a number may have; None: any, as in 0.1.0.
    date_format : str or None
        One of `dates.FORMATS`.
    """

    decimal: str = POINT
    unit: str | None = ""
    date_format: str | None = None


AS_IT_IS = Reading()
"""With a decimal point, without a unit."""


@dataclass(frozen=True)
class Unreadable:
    """Cells of a column that cannot be read as training decided.

    Attributes
    ----------
    column, expected : str
        The name, and what the cells should be.
    rows : ndarray of int
    texts : sequence of str
        Those of the first rows.
    n : int
        Rows of the table.
    more : int
        Cells beside those in `rows`.
    """

    column: str
    expected: str
    rows: NDArray[np.int64]
    texts: Sequence[str]
    n: int
    more: int = 0

    def joined(self, other: Unreadable) -> Unreadable:
        """Return these cells, and those of rows behind them, of which the first are named."""
        rows = np.concatenate([self.rows[:EXAMPLES], other.rows[:EXAMPLES]])[:EXAMPLES]
        texts = [*self.texts, *other.texts][:EXAMPLES]
        count = len(self.rows) + self.more + len(other.rows) + other.more
        return replace(self, rows=rows, texts=texts, n=self.n + other.n, more=count - len(rows))

    def __str__(self) -> str:
        shown = ", ".join(
            f"{cut(text)!r} in row {row}" for text, row in zip(self.texts, self.rows, strict=False)
        )
        cells = "cells" if self.n > 1 else "cell"
        return (
            f"{self.column!r}: {len(self.rows) + self.more:,} of {self.n:,} {cells} taken as "
            f"missing, being no {self.expected}: {shown} (from 0)"
        )


def read(
    column: Column, kind: str, reading: Reading, missing: Collection[str]
) -> tuple[Column, Unreadable | None]:
    """Return a column as it was in training, and its cells that cannot be read so.

    Parameters
    ----------
    column : Column
        As a table has it.
    kind : {"number", "category", "boolean", "date"}
    reading : Reading
    missing : collection of str
        Words for a missing value; in numbers and dates those of `numerals.MISSING` are, too.

    Raises
    ------
    TypeOfDataError
        If the table has another type there, such as dates for numbers.
    """
    if kind == "number":
        return _numbers(column, reading, {*missing, *MISSING})
    if kind == "date":
        return _dates(column, reading, {*missing, *MISSING})
    if column.kind == "other":
        raise TypeOfDataError(
            f"column {column.name!r} holds {column.words[0]}, but held categories in training"
        )
    words = without(as_words(column), missing)
    if kind == "boolean" and reading.unit is not None:  # in 0.1.0 what is neither was new
        return _booleans(words)
    return words, None


def without(column: Column, missing: Collection[str]) -> Column:
    """Return a column of text in which some words are missing values."""
    taken = np.append(among(column.words, missing), True)
    if not taken[:-1].any():
        return column
    values = np.where(taken[column.values], -1, column.values).astype(np.int32)
    return Column(column.name, column.kind, values, column.words)


def without_numbers(column: Column, missing: Collection[str]) -> Column:
    """Return a column of numbers in which those that are words for it are missing: -999."""
    named = numbers_missing(missing)
    if column.kind != "number" or not named:
        return column
    values = np.where(np.isin(column.values, named), np.nan, column.values)
    return Column(column.name, "number", values)


def numbers_missing(missing: Collection[str]) -> list[float]:
    """Return the words for a missing value that are numbers."""
    return sorted(float(word) for word in missing if is_plain(word))


def words_as_known(column: Column, kind: str, categories: Sequence[str]) -> list[str]:
    """Return the words of a category or boolean column as training called them.

    Raises
    ------
    TypeOfDataError
        If they were numbers, and training had codes such as 007.
    """
    if kind == "boolean":
        return [BOOLEANS.get(word.lower(), word) for word in column.words]
    return _dates_as_known(categories, in_words_of(categories, column.words))


def _dates_as_known(known: Sequence[str], words: list[str]) -> list[str]:
    """Return words, of which ISO dates are written as they are known: files differ in that."""
    strange = [word for word in set(words).difference(known) if _ISO_DATE.match(word)]
    dated = [word for word in known if _ISO_DATE.match(word)] if strange else []
    if not dated:
        return words
    called = dict(zip(dates.parse(dated, dates.FORMATS[0]).tolist(), dated, strict=True))
    called.pop(None, None)  # such as 2024-02-30
    moments = dict(zip(strange, dates.parse(strange, dates.FORMATS[0]).tolist(), strict=True))
    return [called.get(moments[word], word) if word in moments else word for word in words]


def check_codes(column: Column, categories: Sequence[str]) -> None:
    """Raise `TypeOfDataError` for a column of numbers where training had codes such as 007."""
    padded = [word for word in categories if re.fullmatch(r"0[0-9]+", word)]
    if padded and column.kind == "number" and not column.missing.all():
        raise TypeOfDataError(
            f"column {column.name!r} holds numbers, but codes such as {padded[0]!r} in "
            "training: read it as text"
        )


def _booleans(column: Column) -> tuple[Column, Unreadable | None]:
    """Return a column of words as true and false."""
    called = [BOOLEANS.get(word.lower()) for word in column.words]
    places = np.array([*(-1 if word is None else word == "true" for word in called), -1])
    read = Column(column.name, "boolean", places.astype(np.int32)[column.values], ("false", "true"))
    failed = np.array([word is None for word in called], dtype=bool)
    return read, _unreadable(column, failed, (), "true or false")


def _numbers(
    column: Column, reading: Reading, missing: Collection[str]
) -> tuple[Column, Unreadable | None]:
    name = column.name
    if column.kind == "number":
        return without_numbers(column, missing), None
    if column.kind == "boolean":
        values = np.where(column.values < 0, np.nan, column.values.astype(np.float64))
        return Column(name, "number", values), None
    if column.kind == "date" and (seconds := seconds_of_day(column.values)) is not None:
        return Column(name, "number", seconds), None  # as of times of day in 0.1.0
    if column.kind != "text":
        raise _other_type(column, "numbers")
    numbers = numbers_of(column.words, reading.decimal, reading.unit)
    numbers[among(column.words, missing)] = np.nan  # such as -999
    read = Column(name, "number", np.append(numbers, np.nan)[column.values])
    expected = "number"
    if reading.decimal != POINT:
        expected += " with a decimal comma"
    if reading.unit:
        expected += f" in {reading.unit!r}"
    read = without_numbers(read, missing)
    return read, _unreadable(column, np.isnan(numbers), missing, expected)


def _dates(
    column: Column, reading: Reading, missing: Collection[str]
) -> tuple[Column, Unreadable | None]:
    if column.kind == "date":
        return column, None
    if column.kind != "text":
        if column.missing.all():
            nothing = np.full(len(column.values), np.datetime64("NaT", "us"))
            return Column(column.name, "date", nothing), None
        raise _other_type(column, "dates")
    column = as_words(column)
    form = reading.date_format or dates.FORMATS[0]
    moments = dates.parse([None if word in missing else word for word in column.words], form)
    values = np.append(moments, np.datetime64("NaT", "us"))[column.values]
    expected = f"date such as {dates.example(form)}"
    unreadable = _unreadable(column, np.isnat(moments), missing, expected)
    return Column(column.name, "date", values), unreadable


def _unreadable(
    column: Column, failed: NDArray[np.bool_], missing: Collection[str], expected: str
) -> Unreadable | None:
    """Return the cells whose words were not read, and are no words for a missing value."""
    failed = failed.copy()
    for place in np.flatnonzero(failed):
        failed[place] = column.words[int(place)] not in missing
    if not failed.any():
        return None
    rows = np.flatnonzero(np.append(failed, False)[column.values])
    if not len(rows):
        return None
    texts = [column.words[column.values[row]] for row in rows[:EXAMPLES]]
    return Unreadable(column.name, expected, rows, texts, len(column.values))


def _other_type(column: Column, what: str) -> TypeOfDataError:
    held = {"number": "numbers", "date": "dates", "boolean": "true and false"}
    holds = held[column.kind] if column.kind in held else column.words[0]
    return TypeOfDataError(f"column {column.name!r} holds {holds}, but held {what} in training")
