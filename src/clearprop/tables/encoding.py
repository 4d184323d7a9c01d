"""Encoding: how the columns of a table become the inputs of a network.

Fitted once, on the training rows, by scikit-learn's SimpleImputer, OneHotEncoder and
StandardScaler; kept as plain names and arrays; applied by NumPy alone. So a model predicts
without scikit-learn, and its file holds nothing but JSON and numbers.

A number, or a part of a date, becomes (value - mean) / scale, with the median for a missing
value; a category becomes inputs of which one is 1 and the others are 0; each column that had
missing values in training gets one more input, 1 where the value is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ColumnError, NonFiniteDataError, missing_extra, nearest
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

LEAST_CATEGORIES = 100
"""Values of a column that have an input of their own, however many rows there are."""

DENSE = 1 << 29
"""Bytes of a network's inputs up to which more of them have one."""

MIN_ROWS = 3
"""A value in fewer training rows than this is rare."""

KINDS_OF_CATEGORY = ("category", "boolean")

FARTHEST = 1e6
"""Standardized values end here, so that none is too large for a network in float32."""

LARGEST = 1e150
"""Numbers beyond this have no variance in float64."""

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
    """

    column: str
    kind: str
    categories: tuple[str, ...] = ()
    rare: int = 0
    rare_words: tuple[str, ...] = ()
    missing: bool = False
    parts: tuple[str, ...] = ()
    reading: Reading = AS_IT_IS

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

    def values_of(self, column: Column) -> Array:
        """Return the numbers of a column before standardizing: float64, (n_values, n)."""
        if self.kind == "number":
            return column.values[None]
        if self.kind == "date":
            return np.stack([dates.part(name, column.values) for name in self.parts])
        return np.empty((0, len(column.values)))

    def places_of(self, column: Column) -> NDArray[np.int64]:
        """Return the place of each value among the categories, shape (n,).

        -1 where it is missing; the number of categories where it is rare or new.
        """
        place = {category: i for i, category in enumerate(self.categories)}
        words = words_as_known(column, self.kind, self.categories)
        places = [place.get(word, len(place)) for word in words]
        return np.array([*places, -1], dtype=np.int64)[column.values]

    def count_new(self, column: Column) -> int:
        """Return how many values training did not have."""
        known = {*self.categories, *self.rare_words}
        words = words_as_known(column, self.kind, [*self.categories, *self.rare_words])
        counts = column.counts()
        return sum(int(n) for word, n in zip(words, counts, strict=True) if word not in known)

    def flags_of(self, column: Column) -> Array:
        """Return the 0-or-1 inputs of a column: float64, (n_flags, n)."""
        flags = np.zeros((len(self.flags), len(column.values)))
        if self.kind in KINDS_OF_CATEGORY:
            places = self.places_of(column)
            rows = np.flatnonzero((places >= 0) & (places < len(self.categories) + (self.rare > 0)))
            flags[places[rows], rows] = 1
        if self.missing:
            flags[-1] = column.missing
        return flags


@dataclass(frozen=True)
class Unusual:
    """How many values of a column are missing, out of training's range, or not known there."""

    missing: int
    out_of_range: int
    new: int

    def __bool__(self) -> bool:
        return bool(self.missing or self.out_of_range or self.new)


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

    def read(self, columns: Mapping[str, Column]) -> tuple[dict[str, Column], list[Unreadable]]:
        """Return the columns of a table as training read them, and the cells that are not so.

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
            column, words = columns[one.column], self.words_for_missing
            if one.kind in KINDS_OF_CATEGORY:
                check_codes(column, one.categories)
                if one.has_no_words:
                    words = {*words, *MISSING}
            found[one.column], failed = read(column, one.kind, one.reading, words)
            check_finite(found[one.column])
            if failed is not None:
                unreadable.append(failed)
        return found, unreadable

    def encode(self, columns: Mapping[str, Column]) -> Array:
        """Return the network's inputs for columns as `read` gives them.

        They are float64, shape (n, n_features), within +-1e6.
        """
        n = len(next(iter(columns.values())).values)
        X = np.empty((len(self.features), n))
        at = value = 0
        for one in self.inputs:
            column = columns[one.column]
            for numbers in one.values_of(column):
                median, mean, scale = (
                    self.statistics[name][value] for name in ("median", "mean", "scale")
                )
                with np.errstate(over="ignore"):  # infinity is clipped
                    X[at] = (np.where(np.isnan(numbers), median, numbers) - mean) / scale
                np.clip(X[at], -FARTHEST, FARTHEST, out=X[at])
                at, value = at + 1, value + 1
            flags = one.flags_of(column)
            X[at : at + len(flags)] = flags
            at += len(flags)
        return np.ascontiguousarray(X.T)

    def unusual(self, columns: Mapping[str, Column]) -> dict[str, Unusual]:
        """Return, by column as `read` gives them, how many values are unlike those of training."""
        found = {}
        at = 0
        for one in self.inputs:
            column = columns[one.column]
            outside = unseen = 0
            values = one.values_of(column)
            if one.kind in KINDS_OF_CATEGORY:
                unseen = one.count_new(column)
            elif len(values):
                low, high = self.statistics["low"][at], self.statistics["high"][at]
                outside = int(((values[0] < low) | (values[0] > high)).sum())
            at += len(values)
            found[one.column] = Unusual(int(column.missing.sum()), outside, unseen)
        return found

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
        """Return the inputs as JSON holds them."""
        return [asdict(one) for one in self.inputs]


def most_categories(inputs: Sequence[Input], columns: Mapping[str, Column]) -> int:
    """Return how many values of a column get an input of their own: all, where there is room.

    Parameters
    ----------
    inputs : sequence of Input
    columns : mapping of str to Column
        All rows, as they are read.
    """
    sizes = sorted(
        int(np.count_nonzero(columns[one.column].counts()))
        for one in inputs
        if one.kind == "category"
    )
    room = DENSE // (4 * len(columns[inputs[0].column].values)) - len(inputs)
    for place, size in enumerate(sizes):  # what small ones leave, the larger ones share
        each = room // (len(sizes) - place)
        if size > each:
            return max(LEAST_CATEGORIES, each)
        room -= size
    return max([LEAST_CATEGORIES, *(size + 1 for size in sizes)])  # and one that others share


def fit_encoding(
    inputs: Sequence[Input],
    columns: Mapping[str, Column],
    missing_words: Collection[str],
    most: int,
) -> Encoding:
    """Return the encoding for the training rows of a table.

    Parameters
    ----------
    inputs : sequence of Input
        What `detect_inputs` decided; categories and missing values are found here.
    columns : mapping of str to Column
        The training rows, as they are read.
    missing_words : collection of str
        What stands for a missing value, beside empty cells.
    most : int
        Values of a column that have an input of their own.

    Raises
    ------
    NonFiniteDataError
        If numbers are infinite, or too large to be standardized.
    MissingExtraError
        If scikit-learn (the extra `tables`) is not installed.
    """
    try:
        from sklearn.impute import SimpleImputer
        from sklearn.preprocessing import OneHotEncoder, StandardScaler
    except ImportError:
        missing_extra("scikit-learn", "cp.Model.fit", "tables")
    fitted = []
    words = tuple(sorted(missing_words))
    for one in inputs:
        column = columns[one.column]
        categories: list[str] = []
        rare: set[str] = set()
        present: Any = []
        if one.kind in KINDS_OF_CATEGORY:
            names_of = np.array(words_as_known(column, one.kind, ()), dtype=object)
            present = names_of[column.values[~column.missing]] if len(names_of) else []
        if len(present):
            encoder = OneHotEncoder(min_frequency=MIN_ROWS, max_categories=most)
            encoder.fit(np.asarray(present)[:, None])
            infrequent = encoder.infrequent_categories_[0]
            rare = set() if infrequent is None else set(infrequent)
            categories = [c for c in encoder.categories_[0] if c not in rare]
        fitted.append(
            Input(
                one.column,
                one.kind,
                tuple(categories),
                len(rare),
                tuple(sorted(rare)),
                bool(column.missing.any()),
                one.parts,
                one.reading,
            )
        )
    names = [name for one in fitted for name in one.values]
    if not names:
        return Encoding(tuple(fitted), {name: np.empty(0) for name in STATISTICS}, words)
    values = np.concatenate([one.values_of(columns[one.column]) for one in fitted]).T
    too_large = np.flatnonzero((np.abs(values) > LARGEST).any(axis=0))
    if too_large.size:
        raise NonFiniteDataError(
            f"column {names[too_large[0]]!r} holds numbers beyond {LARGEST:g}, too large to be "
            "standardized"
        )
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    scaler = StandardScaler().fit(imputer.fit_transform(values))
    ranges = np.fmin.reduce(values), np.fmax.reduce(values)
    low, high = (np.where(np.isnan(edge), 0.0, edge) for edge in ranges)
    found = (imputer.statistics_, scaler.mean_, scaler.scale_, low, high)
    return Encoding(tuple(fitted), dict(zip(STATISTICS, found, strict=True)), words)
