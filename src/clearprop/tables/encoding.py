"""Encoding: how the columns of a table become the inputs of a network.

Fitted once, on the training rows, as scikit-learn's SimpleImputer, OneHotEncoder and
StandardScaler do it; kept as plain names and arrays; applied by NumPy alone. So a model predicts
without scikit-learn, and its file holds nothing but JSON and numbers.

A number, or a part of a date, becomes (value - mean) / scale, with the median for a missing
value; a category becomes inputs of which one is 1 and the others are 0; each column that had
missing values in training gets one more input, 1 where the value is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from clearprop.errors import ColumnError, nearest
from clearprop.tables import dates
from clearprop.tables.cells import (
    AS_IT_IS,
    Reading,
    Unreadable,
    check_codes,
    read,
    words_as_known,
)
from clearprop.tables.columns import Column, check_finite
from clearprop.tables.numerals import MISSING, is_plain
from clearprop.tables.text import shortened

Array = NDArray[Any]

BLOCK = 4096
"""Rows that are encoded at a time."""

KINDS_OF_CATEGORY = ("category", "boolean")

FARTHEST = 1e6
"""Standardized values end here, so that none is too large for a network in float32."""

MUCH = 0.2
"""The share of a column's values that makes their oddness worth a line nobody asked for."""

STATISTICS = ("median", "mean", "scale", "low", "high")
"""What is kept of each number and part of a date, over the training rows."""


@dataclass(frozen=True)
class Input:
    """How one column of a table becomes inputs of the network.

    Attributes
    ----------
    column : str
    kind : {"number", "category", "boolean", "date"}
    categories : tuple of str
        Of a category or boolean: the values that have an input of their own.
    rare : int
        How many other values there were, which share an input with any that are new.
    rare_words : tuple of str
        These, unless the model is of 0.1.0.
    missing : bool
        Whether missing values have an input.
    parts : tuple of str
        Of a date: the `dates.PARTS` it becomes.
    reading : Reading
        How its text becomes numbers or dates.
    typical : str or None
        Of a category or boolean the most frequent value, of a date the middle one, in ISO 8601;
        None where none was there, and of files that do not say.
    within : tuple of float or None
        Of a number, or of the years of a date: the range that values beyond are taken into, if
        some are so far from the others that mean and scale would be theirs alone.
    """

    column: str
    kind: str
    categories: tuple[str, ...] = ()
    rare: int = 0
    rare_words: tuple[str, ...] = ()
    missing: bool = False
    parts: tuple[str, ...] = ()
    reading: Reading = AS_IT_IS
    typical: str | None = None
    within: tuple[float, float] | None = None

    @property
    def values(self) -> tuple[str, ...]:
        """The names of the inputs that are standardized numbers."""
        if self.kind == "number":
            return (self.column,)
        return tuple(f"{self.column}: {part}" for part in self.parts)

    @property
    def flags(self) -> tuple[str, ...]:
        """The names of the inputs that are 0 or 1."""
        names = [f"{self.column} = {category}" for category in self.categories]
        names += [f"{self.column} is rare or new"] if self.rare else []
        names += [f"{self.column} is missing"] if self.missing else []
        return tuple(names)

    @property
    def has_no_words(self) -> bool:
        """Whether the column was numbers, or true and false, so that NA is no name in it."""
        return self.kind != "category" or all(map(is_plain, (*self.categories, *self.rare_words)))

    @property
    def is_truth(self) -> bool:
        """Whether it is true, false or missing, and never new, as in models of 0.1.0."""
        return self.kind == "boolean" and self.reading.unit is not None

    def values_of(self, column: Column) -> Array:
        """Return the numbers of a column before standardizing: float64, (n_values, n)."""
        if self.kind == "number":
            return column.values[None]
        if self.kind == "date":
            return dates.parts(self.parts, column.values)
        return np.empty((0, len(column.values)))

    def values_within(self, column: Column) -> Array:
        """Return these numbers with wild ones taken into the range: float64, (n_values, n)."""
        values = self.values_of(column)
        if self.within is None:
            return values
        return np.concatenate([np.clip(values[:1], *self.within), values[1:]])

    def places_of_words(self, column: Column) -> NDArray[np.int64]:
        """Return the place of each word of a column among the categories, and -1 behind them.

        The number of categories where it is rare or new.
        """
        place = {category: i for i, category in enumerate(self.categories)}
        words = words_as_known(column, self.kind, self.categories)
        return np.array([*(place.get(word, len(place)) for word in words), -1], dtype=np.int64)

    def places_of(self, column: Column) -> NDArray[np.int64]:
        """Return the place of each value among the categories, shape (n,).

        -1 where it is missing; the number of categories where it is rare or new.
        """
        return self.places_of_words(column)[column.values]

    def count_new(self, column: Column) -> int:
        """Return how many values training did not have."""
        known = {*self.categories, *self.rare_words}
        words = words_as_known(column, self.kind, [*self.categories, *self.rare_words])
        counts = column.counts()
        return sum(int(n) for word, n in zip(words, counts, strict=True) if word not in known)


@dataclass(frozen=True)
class Unusual:
    """How many values of a column are missing, out of training's range, or not known there."""

    missing: int
    out_of_range: int
    new: int

    def __bool__(self) -> bool:
        return bool(self.missing or self.out_of_range or self.new)

    def __add__(self, other: Unusual) -> Unusual:
        return Unusual(
            self.missing + other.missing,
            self.out_of_range + other.out_of_range,
            self.new + other.new,
        )


@dataclass(frozen=True)
class Encoding:
    """How a table's columns become a network's inputs, fitted.

    Attributes
    ----------
    inputs : tuple of Input
    statistics : dict of str to ndarray, float64, shape (n_values,)
        "median", "mean", "scale", "low" and "high" of each number and part of a date.
    missing_words : tuple of str or None
        What stands for a missing value, beside empty cells. None: the model is of 0.1.0, where
        each table decided how its cells are read.
    """

    inputs: tuple[Input, ...]
    statistics: Mapping[str, Array]
    missing_words: tuple[str, ...] | None = None

    @property
    def features(self) -> list[str]:
        """The name of each input of the network."""
        return [name for one in self.inputs for name in (*one.values, *one.flags)]

    @property
    def words_for_missing(self) -> Collection[str]:
        """What stands for a missing value in a column of categories, beside empty cells."""
        return MISSING if self.missing_words is None else self.missing_words

    def missing_in(self, one: Input) -> Collection[str]:
        """Return what stands for a missing value in a column, beside empty cells."""
        words = self.words_for_missing
        categorical = one.kind in KINDS_OF_CATEGORY
        return {*words, *MISSING} if categorical and one.has_no_words else words

    def read(
        self, columns: Mapping[str, Column], first: int = 0
    ) -> tuple[dict[str, Column], list[Unreadable]]:
        """Return the columns of a table as training read them, and the cells that are not so.

        Parameters
        ----------
        columns : mapping of str to Column
        first : int
            The number of their first row in the whole table, which messages count by.

        Raises
        ------
        ColumnError
            If a column is missing.
        TypeOfDataError
            If a column holds dates where training had numbers, and the like.
        NonFiniteDataError
            If a number is infinite.
        """
        self.check_names(columns)
        found, unreadable = {}, []
        for one in self.inputs:
            column = columns[one.column]
            if one.kind in KINDS_OF_CATEGORY:
                check_codes(column, one.categories)
            words = self.missing_in(one)
            found[one.column], failed = read(column, one.kind, one.reading, words)
            check_finite(found[one.column], first)
            if failed is not None:
                unreadable.append(replace(failed, rows=failed.rows + first))
        return found, unreadable

    def encode(self, columns: Mapping[str, Column], dtype: DTypeLike = np.float32) -> Array:
        """Return the network's inputs for columns as `read` gives them.

        They are of `dtype`, shape (n, n_features), within +-1e6. Each is computed in float64, a
        block of rows at a time, so that no matrix in float64 is ever there.
        """
        return self.by_row(columns, dtype)(np.arange(_n_rows(columns)))

    def by_row(
        self, columns: Mapping[str, Column], dtype: DTypeLike = np.float32
    ) -> Callable[[NDArray[np.int64]], Array]:
        """Return a function that encodes rows of columns by their numbers, as `encode` does all."""
        n_features, words = len(self.features), self._places(columns)

        def encoded(rows: NDArray[np.int64]) -> Array:
            X = np.zeros((len(rows), n_features), dtype)
            for part in _parts(len(X)):
                self._fill(X[part], columns, rows[part], words)
            return X

        return encoded

    def blocks(self, columns: Mapping[str, Column], dtype: DTypeLike) -> Iterator[Array]:
        """Yield the inputs of some rows after the others, which `encode` returns together."""
        n_features, words = len(self.features), self._places(columns)
        for rows in _parts(_n_rows(columns)):
            X = np.zeros((rows.stop - rows.start, n_features), dtype)
            self._fill(X, columns, rows, words)
            yield X

    def _places(self, columns: Mapping[str, Column]) -> dict[str, NDArray[np.int64]]:
        """Return the place of each word of the categories' columns among the categories."""
        return {
            one.column: one.places_of_words(columns[one.column])
            for one in self.inputs
            if one.kind in KINDS_OF_CATEGORY
        }

    def _fill(
        self,
        X: Array,
        columns: Mapping[str, Column],
        rows: slice | NDArray[np.int64],
        words: Mapping[str, NDArray[np.int64]],
    ) -> None:
        """Write the inputs of some rows into `X`, which is 0."""
        at = value = 0
        for one in self.inputs:
            column = columns[one.column].take(rows)
            for numbers in one.values_within(column):
                median, mean, scale = (
                    self.statistics[name][value] for name in ("median", "mean", "scale")
                )
                with np.errstate(over="ignore"):  # infinity is clipped
                    numbers = (np.where(np.isnan(numbers), median, numbers) - mean) / scale
                X[:, at] = np.clip(numbers, -FARTHEST, FARTHEST)
                at, value = at + 1, value + 1
            if one.kind in KINDS_OF_CATEGORY:
                places = words[one.column][column.values]
                n = len(one.categories) + (one.rare > 0)
                known = np.flatnonzero((places >= 0) & (places < n))
                X[known, at + places[known]] = 1
            at += len(one.flags)
            if one.missing:
                X[:, at - 1] = column.missing

    def unusual(self, columns: Mapping[str, Column]) -> dict[str, Unusual]:
        """Return, by column as `read` gives them, how many values are unlike those of training."""
        found = {}
        at = 0
        for one in self.inputs:
            column = columns[one.column]
            outside = unseen = 0
            if one.kind in KINDS_OF_CATEGORY:
                unseen = one.count_new(column)
            elif one.values:  # of a date its first part tells
                values = replace(one, parts=one.parts[:1]).values_of(column)
                low, high = self.statistics["low"][at], self.statistics["high"][at]
                outside = int(((values[0] < low) | (values[0] > high)).sum())
            at += len(one.values)
            found[one.column] = Unusual(int(column.missing.sum()), outside, unseen)
        return found

    @property
    def places(self) -> list[slice]:
        """The places of each column's inputs among `features`."""
        sizes = [len(one.values) + len(one.flags) for one in self.inputs]
        ends = np.cumsum(sizes).tolist()
        return [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]

    def check_names(self, columns: Iterable[str]) -> None:
        """Raise `ColumnError` if a column that the network needs is not there."""
        there = set(columns)
        used = [one.column for one in self.inputs]
        lacking = [name for name in used if name not in there]
        if lacking:
            near = nearest(lacking[0], there - set(used))
            hint = f" (there is {near!r}: rename it)" if near else ""
            plural = "s" if len(lacking) > 1 else ""
            raise ColumnError(
                f"the table lacks the column{plural} {shortened(map(repr, lacking))}, which the "
                f"model was trained with{hint}"
            )

    def header(self) -> list[dict[str, Any]]:
        """Return the inputs as JSON holds them; without a range, as files had them before."""
        return [
            {
                name: value
                for name, value in asdict(one).items()
                if (name, value) != ("within", None)
            }
            for one in self.inputs
        ]


def much_unlike(found: Mapping[str, Unusual], with_gaps: Collection[str], n: int) -> list[str]:
    """Return the columns of which much is unlike training, which nobody may have meant.

    Parameters
    ----------
    found : mapping of str to Unusual
        As `Encoding.unusual` gives it.
    with_gaps : collection of str
        The columns that had missing values in training.
    n : int
        How many rows there are.
    """
    return [
        name
        for name, c in found.items()
        if max(0 if name in with_gaps else c.missing, c.out_of_range, c.new) > MUCH * n
    ]


def _parts(n: int) -> Iterator[slice]:
    """Yield the rows of each block of n."""
    for start in range(0, n, BLOCK):
        yield slice(start, min(start + BLOCK, n))


def _n_rows(columns: Mapping[str, Column]) -> int:
    return len(next(iter(columns.values())).values)
