"""Leakage: columns that alone tell nearly all of the target, as what follows from it does.

Each row is predicted from the other rows by one column: a number by its two neighbors among the
column's other values; a category, or a number in many rows, by the rows of the same one. A number
in few rows does not predict itself, so that rows that stand in a table twice tell nothing. Of a
date only counts whether it is there: from one day to the next hardly anything changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.tables.columns import Column
from clearprop.tables.text import setting

Array = NDArray[Any]

R2 = 0.99
"""A number is told nearly wholly from here on, if the absolute error is small as well."""

ABSOLUTE = 0.2
"""The mean absolute error at most, of the one of the median, where the target is not extreme: a few
wild values alone may make R2."""

_MIDDLE = 0.025, 0.975
"""The quantiles of the target between which it is not."""

SKILL = 0.98
"""The share of the errors of always answering the most frequent class that must be gone."""

LEAST = 20
"""Errors of that answer without which nothing is said."""

_OFTEN = 50
"""A number in one of so many rows, and in five or more, is looked at as a category is."""

_LISTED = 5


def told(columns: Mapping[str, Column], target: str, y: Array, n_classes: int) -> list[str]:
    """Say which columns alone predict the target.

    Parameters
    ----------
    columns : mapping of str to Column
        Rows to learn from, as they are read.
    target : str
    y : ndarray, shape (n,)
        Labels 0, 1, ... or, with ``n_classes`` 0, numbers.
    n_classes : int
    """
    most = 50_000 if n_classes <= 20 else 5_000
    rows = int(np.clip(10**7 // len(columns), 1000, most))
    some = np.unique(np.linspace(0, len(y) - 1, min(rows, len(y))).astype(np.int64))
    y = y[some]
    notes = []
    for name, column in columns.items() if len(columns) > 1 else ():
        share = _told(column.take(some), y, n_classes)
        if share:
            notes.append(
                f"{name!r} alone predicts {target!r} ({share}): is it known when you predict? "
                f"{setting('drop', name)} leaves it out"
            )
    more = len(notes) - _LISTED
    return notes[:_LISTED] + ([f"{more:,} more columns alone predict it"] if more > 0 else [])


def _told(column: Column, y: Array, n_classes: int) -> str:
    """Return how much of the target a column tells, if it is nearly all, or ""."""
    predicted, scored = _predictions(column, y, n_classes)
    y, predicted = y[scored], predicted[scored]
    if not len(y):
        return ""
    if n_classes:
        usual = np.bincount(y).max()
        errors, without = int(np.count_nonzero(predicted != y)), int(len(y) - usual)
        if without < LEAST or errors > (1 - SKILL) * without:
            return ""
        return f"{1 - errors / len(y):.2%} of rows left out are right, {usual / len(y):.2%} else"
    with np.errstate(over="ignore", invalid="ignore"):
        left, all_of_it = ((y - predicted) ** 2).sum(), ((y - y.mean()) ** 2).sum()
        low, high = np.quantile(y, _MIDDLE)
        middle = (low <= y) & (y <= high)
        from_median = np.abs(y[middle] - np.median(y)).sum()
        absolute = np.abs(y - predicted)[middle].sum() <= ABSOLUTE * from_median
        told = len(y) >= LEAST and absolute and left <= (1 - R2) * all_of_it < np.inf
    return f"R2 {1 - left / all_of_it:.4f} on rows left out" if told and all_of_it > 0 else ""


def _predictions(column: Column, y: Array, n_classes: int) -> tuple[Array, NDArray[np.bool_]]:
    """Return what one column predicts for each row of the others, and which rows count."""
    values, missing = column.values, column.missing
    is_number = column.kind == "number"
    if is_number:
        different, places = np.unique(values[~missing], return_inverse=True)
        codes = np.full(len(values), len(different), dtype=np.int64)
        codes[~missing] = places
    elif column.kind == "date":
        codes = missing.astype(np.int64)
    else:
        codes = np.where(missing, len(column.words), values).astype(np.int64)
    predicted = _by_category(codes, y, n_classes)
    scored = np.ones(len(y), dtype=bool)
    if is_number and len(different) > 2:
        seldom = np.bincount(places)[places] < max(5, len(y) / _OFTEN)
        rows = np.flatnonzero(~missing)[seldom]
        predicted[rows] = _by_neighbors(different, places, y[~missing], n_classes)[places][seldom]
        if not n_classes:  # no number is beyond these
            scored[rows] = (places > 0)[seldom] & (places < len(different) - 1)[seldom]
    return predicted, scored


def _by_category(codes: Array, y: Array, n_classes: int) -> Array:
    """Return what the other rows of the same category say, or, of one alone, all rows."""
    counts = np.bincount(codes)[codes]
    if n_classes:
        votes = _votes(codes, y, n_classes)[codes]
        votes[np.arange(len(y)), y] -= 1
        return np.where(counts > 1, votes.argmax(axis=1), np.bincount(y).argmax())
    others = np.bincount(codes, y)[codes] - y
    return np.where(counts > 1, others / np.maximum(counts - 1, 1), y.mean())


def _by_neighbors(different: Array, places: Array, y: Array, n_classes: int) -> Array:
    """Return what the values beside each value say: the nearer one's class, or between numbers."""
    left, here, right = different[:-2], different[1:-1], different[2:]
    if n_classes:
        usual = _votes(places, y, n_classes).argmax(axis=1)
        inner = np.where(here - left <= right - here, usual[:-2], usual[2:])
        return np.concatenate([usual[:1], inner, usual[-1:]])
    means = np.bincount(places, y) / np.bincount(places)
    with np.errstate(over="ignore", invalid="ignore"):
        inner = means[:-2] + (here - left) / (right - left) * (means[2:] - means[:-2])
    return np.concatenate([means[:1], inner, means[-1:]])


def _votes(places: Array, y: Array, n_classes: int) -> Array:
    """Return the rows of each class at each place, shape (n_places, n_classes)."""
    n_places = int(places.max()) + 1
    found = np.bincount(places * n_classes + y, minlength=n_places * n_classes)
    return found.reshape(n_places, n_classes)
