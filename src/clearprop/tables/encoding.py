"""Encoding: how the columns of a table become the inputs of a network.

Fitted once, on the training rows, by scikit-learn's SimpleImputer, OneHotEncoder and
StandardScaler; kept as plain names and arrays; applied by NumPy alone. So a model predicts
without scikit-learn, and its file holds nothing but JSON and numbers.

A number, or a part of a date, becomes (value - mean) / scale, with the median for a missing
value; a category becomes inputs of which one is 1 and the others are 0; each column that had
missing values in training gets one more input, 1 where the value is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import (
    ColumnError,
    NonFiniteDataError,
    TypeOfDataError,
    missing_extra,
    nearest,
)
from clearprop.tables import dates
from clearprop.tables.columns import Column, as_categories, check_finite, in_words_of
from clearprop.tables.numerals import number_of
from clearprop.tables.text import cut, shortened

Array = NDArray[Any]

MAX_CATEGORIES = 100
"""The inputs a category column has at most; rarer values share one, called "other"."""

MIN_ROWS = 3
"""A value in fewer training rows than this is rare."""

KINDS_OF_CATEGORY = ("category", "boolean")

BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "y", "t"), "true"),
    **dict.fromkeys(("false", "0", "no", "n", "f"), "false"),
}
"""What a column of true and false may hold at prediction, in any case."""

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
    missing : bool
        Whether missing values have an input.
    parts : tuple of str
        Of a date: the `dates.PARTS` it becomes.
    date_format : str or None
        Of a date that was text: one of `dates.FORMATS`.
    """

    column: str
    kind: str
    categories: tuple[str, ...] = ()
    rare: int = 0
    missing: bool = False
    parts: tuple[str, ...] = ()
    date_format: str | None = None

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

    def read_values(self, column: Column) -> Array:
        """Return the numbers of a column before standardizing: float64, (n_values, n)."""
        if self.kind == "number":
            return _as_numbers(column)[None]
        if self.kind == "date":
            moments = _as_dates(column, self.date_format)
            return np.stack([dates.part(name, moments) for name in self.parts])
        return np.empty((0, len(column.values)))

    def read_categories(self, column: Column) -> list[str | None]:
        """Return the values of a category or boolean column as training called them."""
        if column.kind == "other":
            raise TypeOfDataError(
                f"column {column.name!r} holds {column.values[0]}, but held categories in training"
            )
        padded = [word for word in self.categories if re.fullmatch(r"0[0-9]+", word)]
        if padded and column.kind == "number" and not column.missing.all():
            raise TypeOfDataError(
                f"column {column.name!r} holds numbers, but codes such as {padded[0]!r} in "
                "training: read it as text"
            )
        values: list[str | None] = as_categories(column).tolist()
        if self.kind == "boolean":
            return [v and BOOLEANS.get(v.lower(), v) for v in values]
        return in_words_of(self.categories, values)

    def read_flags(self, column: Column) -> Array:
        """Return the 0-or-1 inputs of a column: float64, (n_flags, n)."""
        flags = np.zeros((len(self.flags), len(column.values)))
        if self.kind in KINDS_OF_CATEGORY:
            place = {category: i for i, category in enumerate(self.categories)}
            unseen = len(self.categories) if self.rare else -1
            places = np.array(
                [-1 if v is None else place.get(v, unseen) for v in self.read_categories(column)]
            )
            rows = np.flatnonzero(places >= 0)
            flags[places[rows], rows] = 1
        if self.missing:
            flags[-1] = column.missing
        return flags


@dataclass(frozen=True)
class Unusual:
    """How many values of a column are missing, out of training's range, or rare or new there."""

    missing: int
    out_of_range: int
    rare_or_new: int

    def __bool__(self) -> bool:
        return bool(self.missing or self.out_of_range or self.rare_or_new)


@dataclass(frozen=True)
class Encoding:
    """How a table's columns become a network's inputs, fitted.

    Attributes
    ----------
    inputs : tuple of Input
    statistics : dict of str to ndarray, float64, shape (n_values,)
        "median", "mean", "scale", "low" and "high" of each number and part of a date.
    """

    inputs: tuple[Input, ...]
    statistics: Mapping[str, Array]

    @property
    def features(self) -> list[str]:
        """The name of each input of the network."""
        return [name for one in self.inputs for name in (*one.values, *one.flags)]

    def encode(self, columns: Mapping[str, Column]) -> Array:
        """Return the network's inputs: float64, shape (n, n_features), within +-1e6.

        Raises
        ------
        ColumnError
            If a column is missing.
        TypeOfDataError
            If a column holds text where training had numbers, and the like.
        NonFiniteDataError
            If a number is infinite.
        """
        self.check_names(columns)
        n = len(next(iter(columns.values())).values)
        X = np.empty((len(self.features), n))
        at = value = 0
        for one in self.inputs:
            column = columns[one.column]
            for numbers in one.read_values(column):
                median, mean, scale = (
                    self.statistics[name][value] for name in ("median", "mean", "scale")
                )
                with np.errstate(over="ignore"):  # infinity is clipped
                    X[at] = (np.where(np.isnan(numbers), median, numbers) - mean) / scale
                np.clip(X[at], -FARTHEST, FARTHEST, out=X[at])
                at, value = at + 1, value + 1
            flags = one.read_flags(column)
            X[at : at + len(flags)] = flags
            at += len(flags)
        return np.ascontiguousarray(X.T)

    def unusual(self, columns: Mapping[str, Column]) -> dict[str, Unusual]:
        """Return, by column, how many values are not like those of training."""
        self.check_names(columns)
        found = {}
        at = 0
        for one in self.inputs:
            column = columns[one.column]
            outside = unseen = 0
            values = one.read_values(column)
            if one.kind in KINDS_OF_CATEGORY:
                known = {None, *one.categories}
                unseen = sum(value not in known for value in one.read_categories(column))
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


def fit_encoding(inputs: Sequence[Input], columns: Mapping[str, Column]) -> Encoding:
    """Return the encoding for the training rows of a table.

    Parameters
    ----------
    inputs : sequence of Input
        What `detect_inputs` decided; categories and missing values are found here.
    columns : mapping of str to Column
        The training rows.

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
    for one in inputs:
        column = columns[one.column]
        categories: list[str] = []
        rare: set[str] = set()
        present = []
        if one.kind in KINDS_OF_CATEGORY:
            present = [value for value in one.read_categories(column) if value is not None]
        if present:
            encoder = OneHotEncoder(min_frequency=MIN_ROWS, max_categories=MAX_CATEGORIES)
            encoder.fit(np.array(present, dtype=object)[:, None])
            infrequent = encoder.infrequent_categories_[0]
            rare = set() if infrequent is None else set(infrequent)
            categories = [c for c in encoder.categories_[0] if c not in rare]
        fitted.append(
            Input(
                one.column,
                one.kind,
                tuple(categories),
                len(rare),
                bool(column.missing.any()),
                one.parts,
                one.date_format,
            )
        )
    names = [name for one in fitted for name in one.values]
    if not names:
        return Encoding(tuple(fitted), {name: np.empty(0) for name in STATISTICS})
    values = np.concatenate([one.read_values(columns[one.column]) for one in fitted]).T
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
    return Encoding(tuple(fitted), dict(zip(STATISTICS, found, strict=True)))


def _as_numbers(column: Column) -> Array:
    """Return a column as float64, NaN where missing, or say which row is no number."""
    if column.kind == "number":
        check_finite(column)
        return column.values
    if column.kind == "boolean":
        return np.array([np.nan if v is None else float(v == "true") for v in column.values])
    if column.kind == "text":
        numbers = np.full(len(column.values), np.nan)
        for row, text in enumerate(column.values):
            if text is not None:
                number = number_of(text)
                if number is None:
                    raise _not_as_in_training(column, row, "numbers")
                numbers[row] = number
        return _as_numbers(Column(column.name, "number", numbers))
    raise _not_as_in_training(column, 0, "numbers")


def _as_dates(column: Column, form: str | None) -> Array:
    if column.kind == "date":
        return column.values
    if column.kind != "text":
        if column.missing.all():
            return np.full(len(column.values), np.datetime64("NaT", "us"), dtype="datetime64[us]")
        raise _not_as_in_training(column, 0, "dates")
    form = form or dates.find_format(column.values) or dates.FORMATS[0]
    moments, wrong = dates.parse(column.values, form)
    if wrong.size:
        raise _not_as_in_training(column, int(wrong[0]), f"dates (read as {form})")
    return moments


def _not_as_in_training(column: Column, row: int, what: str) -> TypeOfDataError:
    if column.kind == "other":
        return TypeOfDataError(
            f"column {column.name!r} holds {column.values[0]}, but held {what} in training"
        )
    value = column.values[row]
    shown = cut(repr(value) if isinstance(value, str) else str(value), 40)
    return TypeOfDataError(
        f"column {column.name!r}, row {row} (from 0) is {shown}, but held {what} in training: "
        "mend the value, or leave it empty"
    )
