"""What inputs and targets tell of each other: a column that is the target, or nothing at all.

Whether X tells anything of y is tested by permutations: three figures of how they go together
are compared with those of the same rows with y in random orders. The figures see what is linear
or even in one column (Spearman), what depends on several (distance covariance, after Szekely,
Rizzo, Bakirov 2007), and what is local (whether the nearest rows have like targets, or unlike).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.diagnosis.finding import FEW, Finding
from clearprop.numerics.random import Purpose, random_order
from clearprop.record import Record

Array = NDArray[Any]

TOLD = 0.99
"""Share of a column's variance that the target accounts for where the column is the target."""

LEAST = 100
"""Rows below which a test of whether X tells of y says little."""

MOST = 300, 3000
"""Rows of that test: for what compares all pairs of rows, and for what does not."""

ORDERS = 99
"""Random orders of y that it is compared with."""

BY_CHANCE = 0.02
"""Share of the orders that have to do as well, in every figure, for X to tell nothing of y."""

NEAREST = 5


def relation_findings(record: Record, X: Array) -> Iterator[Finding]:
    """Yield what is wrong with inputs, float64 (n, n_0), and targets together."""
    y = record.y.astype(np.float64)
    if len(y) < FEW or (np.ptp(y, axis=0) == 0).all():
        return
    labels = bool(np.isin(y, (0.0, 1.0)).all())
    if labels and y.shape[1] > 1:
        labels = bool((y.sum(axis=1) == 1).all())
    others = len(y)  # than those of the most frequent class
    if labels:
        shares = np.hstack([y, 1 - y]) if y.shape[1] == 1 else y
        others -= int(shares.sum(axis=0).max())
    column = _leaking(X, y, labels=labels)
    if column is not None:
        yield Finding(
            "leakage", None,
            f"x[{column[0]}] is the target, or follows from it: y[{column[1]}] accounts for "
            f"{column[2]:.1%} of it",
            "leave the column out, if it is not known when you predict",
        )  # fmt: skip
    elif len(y) >= LEAST and others >= FEW and _tells_nothing(X, y):
        yield Finding(
            "unrelated targets", None,
            "nothing in X tells of y: in random orders y goes with X as well (rank correlations, "
            f"distances and nearest rows of up to {min(len(y), MOST[1]):,} rows)",
            "look whether rows of X and y still belong together, as after shuffling one of them",
        )  # fmt: skip


def _leaking(X: Array, y: Array, *, labels: bool) -> tuple[int, int, float] | None:
    """Return the column that is the target, which target, and how much that accounts for.

    Of one column alone, or one for each target, a network may well be asked to give them back.
    """
    if X.shape[1] == 1:
        return None
    if labels:
        groups = y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0].astype(int)
        counts = np.maximum(np.bincount(groups), 1)
        means = np.stack([X[groups == g].sum(axis=0) / c for g, c in enumerate(counts)])
        total = ((X - X.mean(axis=0)) ** 2).sum(axis=0)
        left = ((X - means[groups]) ** 2).sum(axis=0)
        shares = np.where(total > 0, 1 - left / np.where(total > 0, total, 1), 0)[:, None]
    else:
        shares = (_unit(_ranks(X)).T @ _unit(_ranks(y))) ** 2
    leaks = shares >= TOLD
    if not leaks.any() or (not labels and y.shape[1] > 1 and leaks.any(axis=0).all()):
        return None
    i, k = np.unravel_index(int(shares.argmax()), shares.shape)
    return int(i), int(k), float(shares[i, k])


def _tells_nothing(X: Array, y: Array) -> bool:
    some = _spread_over(len(y), MOST[1])
    columns = _ranks(X[some])
    columns = _unit(np.hstack([columns, np.abs(columns - columns.mean(axis=0))]))
    targets = _unit(_ranks(y[some]))
    if _as_good(lambda rows: float(np.abs(columns.T @ targets[rows]).max()), len(some)) < BY_CHANCE:
        return False
    some = _spread_over(len(y), MOST[0])
    near = _distances(_unit(X[some]))
    apart = _centered(_distances(_unit(_ranks(y[some]))))
    pairs = _centered(near)
    nearest = np.zeros_like(near)
    np.fill_diagonal(near, np.inf)
    first = np.argsort(near, axis=1, kind="stable")[:, :NEAREST]
    np.put_along_axis(nearest, first, 1.0, axis=1)
    return all(
        _as_good(lambda rows, f=figure: f(apart[np.ix_(rows, rows)]), len(some)) >= BY_CHANCE
        for figure in (
            lambda B: float((pairs * B).sum()),
            lambda B: abs(float((nearest * B).sum())),
        )
    )


def _as_good(figure: Any, n: int) -> float:
    """Return the share of random orders whose figure is as large as that of the given order."""
    given = figure(np.arange(n))
    orders = (random_order(0, n, Purpose.CHECK, epoch=i) for i in range(ORDERS))
    return sum(figure(order) >= given for order in orders) / ORDERS


def _spread_over(n: int, most: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.int64))


def _ranks(columns: Array) -> Array:
    """Return the ranks of each column's values; equal ones have the mean of theirs."""
    ranks = np.empty(columns.shape)
    for j, column in enumerate(columns.T):
        _, places, counts = np.unique(column, return_inverse=True, return_counts=True)
        ranks[:, j] = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return ranks


def _unit(columns: Array) -> Array:
    """Return columns with mean 0 and norm 1; constant ones are 0."""
    centered = columns - columns.mean(axis=0)
    norms = np.linalg.norm(centered, axis=0)
    return np.asarray(
        centered / np.where(norms > 1e-12 * np.abs(columns).max(axis=0), norms, np.inf)
    )


def _distances(rows: Array) -> Array:
    squares = (rows**2).sum(axis=1)
    return np.sqrt(np.maximum(squares[:, None] + squares - 2 * rows @ rows.T, 0))


def _centered(matrix: Array) -> Array:
    return np.asarray(
        matrix - matrix.mean(axis=0) - matrix.mean(axis=1, keepdims=True) + matrix.mean()
    )
