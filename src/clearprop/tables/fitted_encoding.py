"""Fitting an encoding: which categories have an input, and the statistics of numbers.

As scikit-learn's SimpleImputer, OneHotEncoder and StandardScaler find them, in the training rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.tables.cells import words_as_known
from clearprop.tables.columns import Column
from clearprop.tables.encoding import KINDS_OF_CATEGORY, STATISTICS, Encoding, Input
from clearprop.tables.too_large import LARGEST, too_large

Array = NDArray[Any]

LEAST_CATEGORIES = 100
"""Values of a column that have an input of their own, however many rows there are."""

DENSE = 1 << 29
"""Bytes of a network's inputs up to which more of them have one."""

CELLS = 1 << 22
"""Numbers whose mean and scale are found at a time."""

MIN_ROWS = 3
"""A value in fewer training rows than this is rare."""


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
    return room_for(sizes, len(inputs), len(columns[inputs[0].column].values))


def room_for(sizes: Sequence[int], n_inputs: int, rows: int) -> int:
    """Return how many values of a column get an input of their own.

    Parameters
    ----------
    sizes : sequence of int
        The different values of each column of categories, ascending.
    n_inputs : int
        The columns.
    rows : int
        Those whose inputs are in memory together.
    """
    room = DENSE // (4 * rows) - n_inputs
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
    rows: NDArray[np.int64] | None = None,
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
    rows : ndarray of int, shape (n,), optional
        The number of each row in the table, for messages.

    Raises
    ------
    NonFiniteDataError
        If numbers are infinite, or too large to be standardized.
    """
    fitted = []
    for one in inputs:
        column = columns[one.column]
        frequent: list[str] = []
        rare: list[str] = []
        if one.kind in KINDS_OF_CATEGORY:
            frequent, rare = _categories(one, column, most)
        fitted.append(
            replace(
                one,
                categories=tuple(frequent),
                rare=len(rare),
                rare_words=tuple(rare),
                missing=bool(column.missing.any()),
                typical=typical_value(one.kind, column),
            )
        )
    statistics = _statistics(fitted, columns, rows)
    return Encoding(tuple(fitted), statistics, tuple(sorted(missing_words)))


def typical_value(kind: str, column: Column) -> str | None:
    """Return the most frequent category, the first by name of equals, or the middle date."""
    if kind == "date":
        dates_there = np.sort(column.values[~column.missing])
        return str(dates_there[(len(dates_there) - 1) // 2]) if len(dates_there) else None
    if kind not in KINDS_OF_CATEGORY:
        return None
    counts = _counts(kind, column)
    return min((word for word in +counts), key=lambda w: (-counts[w], w), default=None)


def _counts(kind: str, column: Column) -> Counter[str]:
    """Return how often each value is there."""
    counts: Counter[str] = Counter()
    words = words_as_known(column, kind, ())
    for word, count in zip(words, column.counts().tolist(), strict=True):
        counts[word] += count
    return counts


def _categories(one: Input, column: Column, most: int) -> tuple[list[str], list[str]]:
    """Return the values that have an input of their own, and the rare ones, both sorted.

    As scikit-learn's OneHotEncoder does with min_frequency=MIN_ROWS and max_categories=most, which
    would look at each row's text.
    """
    counts = _counts(one.kind, column)
    present = sorted(word for word, count in counts.items() if count)
    frequent = {word for word in present if counts[word] >= MIN_ROWS}
    if len(frequent) >= most:
        frequent = set(sorted(present, key=counts.__getitem__)[len(present) - most + 1 :])
    return [w for w in present if w in frequent], [w for w in present if w not in frequent]


def _statistics(
    inputs: Sequence[Input], columns: Mapping[str, Column], rows: NDArray[np.int64] | None
) -> dict[str, Array]:
    """Return the `STATISTICS` of numbers and parts of dates, some columns at a time."""
    found: list[list[Array]] = []
    names: list[str] = []
    values: list[Array] = []
    for one in inputs:
        names.extend(one.values)
        values.extend(one.values_within(columns[one.column]))
        if values and len(values) * len(values[0]) > CELLS:
            found.append(_statistics_of(names, values, rows))
            names, values = [], []
    if values:
        found.append(_statistics_of(names, values, rows))
    of_each = [np.concatenate(one) for one in zip(*found, strict=True)]
    statistics = dict(zip(STATISTICS, of_each or [np.empty(0)] * len(STATISTICS), strict=True))
    at = 0
    for one in inputs:  # what is out of range, wild values decide as well
        if one.within is not None:
            whole = one.values_of(columns[one.column])[0]
            statistics["low"][at], statistics["high"][at] = np.nanmin(whole), np.nanmax(whole)
        at += len(one.values)
    return statistics


def _statistics_of(
    names: Sequence[str], columns: Sequence[Array], rows: NDArray[np.int64] | None
) -> list[Array]:
    """Return the `STATISTICS` of some columns, each of shape (k,)."""
    values = np.stack(columns).T
    low, high = (
        np.where(np.isnan(edge), 0.0, edge)
        for edge in (np.fmin.reduce(values), np.fmax.reduce(values))
    )
    beyond = np.flatnonzero(np.maximum(-low, high) > LARGEST)
    if beyond.size:
        raise too_large(f"column {names[beyond[0]]!r}", columns[beyond[0]], rows)
    median = np.zeros(len(columns))
    for numbers, place in zip(values.T, range(len(columns)), strict=True):
        missing = np.isnan(numbers)
        if not missing.all():
            median[place] = np.median(numbers[~missing])
        numbers[missing] = median[place]
    return [median, *_mean_and_scale(values), low, high]


def _mean_and_scale(values: Array) -> tuple[Array, Array]:
    """Return each column's mean and standard deviation, bit by bit as StandardScaler finds them.

    The variance is that of two passes, with what the mean is off by (Chan, Golub, LeVeque, The
    American Statistician 37, 1983). A column that is the same but for rounding has the scale 1.
    """
    n = len(values)
    mean = values.sum(axis=0) / n
    errors = values - mean
    off = errors.sum(axis=0)
    errors **= 2
    variance = (errors.sum(axis=0) - off**2 / n) / n
    eps = np.finfo(np.float64).eps
    is_constant = variance <= n * eps * variance + (n * mean * eps) ** 2
    return mean, np.where(is_constant, 1.0, np.sqrt(variance))
