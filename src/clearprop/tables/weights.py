"""Weights: how much each row of a table counts, by a column of its own and by its class."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError, ColumnError, SampleWeightError, nearest, shown
from clearprop.tables.cells import Reading, read
from clearprop.tables.columns import Column
from clearprop.tables.conventions import Read
from clearprop.tables.settings import BALANCED
from clearprop.tables.split import Split
from clearprop.tables.target import Target
from clearprop.tables.text import shortened

Array = NDArray[Any]


@dataclass(frozen=True)
class WeightColumn:
    """The column of rows' weights, and how its text becomes numbers."""

    name: str
    reading: Reading

    def check_name(self, names: Collection[str]) -> None:
        """Raise `ColumnError` if a table lacks the column."""
        if self.name not in names:
            raise ColumnError(f"the table lacks the weights, column {self.name!r}")

    def of(self, column: Column, missing: Collection[str], rows: NDArray[np.int64]) -> Array:
        """Return the weights that these rows of a table have, shape (n,).

        Raises
        ------
        SampleWeightError
            If one is missing, negative or infinite, or no number.
        TypeOfDataError
            If they are dates, or the like.
        """
        values = read(column, "number", self.reading, missing)[0].values[rows]
        wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
        if len(wrong):
            row = int(rows[wrong[0]])
            is_there = not column.missing[row]
            found = f"{values[wrong[0]]:g}"
            if column.words:
                found = str(column.take(np.array([row])).texts()[0])
            raise SampleWeightError(
                f"weight {self.name!r} is {found if is_there else 'missing'} in row {row} (from "
                "0); weights are finite numbers, 0 or more"
            )
        return values


def weight_column(roles: Mapping[str, str], whole: Mapping[str, Read]) -> WeightColumn | None:
    """Return the column of weights, if there is one; raise `ColumnError` if it has no numbers."""
    if "weight" not in roles:
        return None
    one = whole[roles["weight"]]
    if one.kind not in ("number", "boolean"):
        what = one.column.words[0] if one.kind == "other" else one.kind
        raise ColumnError(f"weight {roles['weight']!r} holds {what}, not numbers")
    return WeightColumn(roles["weight"], one.reading)


def check_some(use: str, weights: Array | None, rows: NDArray[np.int64]) -> Array | None:
    """Return the weights of a part's rows, or raise `SampleWeightError` if none of them counts."""
    if weights is None:
        return None
    found = weights[rows]
    if len(found) and not found.any():
        raise SampleWeightError(f"all rows {use} have weight 0")
    return found


def weighed(
    given: str | Mapping[Any, float] | None,
    target: Target,
    y: Array,
    split: Split,
    weights: Array | None,
) -> Array | None:
    """Return how much each row counts, by its own weight and its class: (n,), or None for all 1.

    Parameters
    ----------
    given : "balanced", mapping of class to number, or None
    target : Target
    y : ndarray, shape (n,)
        Labels, or numbers.
    split : Split
    weights : ndarray, shape (n,), or None
        Of the weight column.

    Raises
    ------
    ArgumentError
        If the target is a number, or a name is no class.
    SampleWeightError
        If no row to learn from, or to stop by, counts.
    """
    if given is not None:
        by_class = class_weights(given, target, y, split.training, weights)[y]
        weights = by_class if weights is None else weights * by_class
    check_some("to learn from", weights, split.training)
    check_some("to stop by", weights, split.validation)
    return weights


def class_weights(
    given: str | Mapping[Any, float],
    target: Target,
    labels: NDArray[np.int64],
    training: NDArray[np.int64],
    weights: Array | None,
) -> Array:
    """Return how much the rows of each class count, shape (K,).

    "balanced" gives each class the same sum over the rows to learn from.

    Parameters
    ----------
    given : "balanced" or mapping of class to number
        A class that is not named counts 1.
    target : Target
    labels : ndarray of int, shape (n,)
    training : ndarray of int
        The rows to learn from.
    weights : ndarray, shape (n,), or None
        Of the weight column.

    Raises
    ------
    ArgumentError
        If the target is a number, or a name is no class.
    """
    if not target.classes:
        raise ArgumentError(
            f"class_weight weighs classes, but {target.column!r} is predicted as a number"
        )
    K = len(target.classes)
    if given == BALANCED:
        counted = None if weights is None else weights[training]
        sums = np.bincount(labels[training], weights=counted, minlength=K).astype(np.float64)
        return np.divide(sums.sum(), K * sums, out=np.zeros(K), where=sums > 0)
    assert isinstance(given, Mapping)
    place = {name: i for i, name in enumerate(target.names)}
    found = np.ones(K)
    for name, weight in given.items():
        key = target.name_of(name)
        if key not in place:
            near = nearest(key, place)
            hint = f" (did you mean {near!r}?)" if near else ""
            raise ArgumentError(
                f"class_weight names {shown(name)}{hint}; the classes are "
                f"{shortened(target.classes)}"
            )
        found[place[key]] = weight
    return found
