"""What ails the inputs: columns that do not vary, that repeat others, or are of another scale."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.diagnosis.finding import FEW, Finding
from clearprop.explaining.names import counted

Array = NDArray[Any]

LARGE = 10.0
"""Root mean square of a column. Weights are drawn so that z is about as large as the inputs are
(Glorot, Bengio 2010; He et al. 2015), and tanh is flat from |z| = 3 on."""

SMALL = 0.01
"""Standard deviation that no column exceeds where all are too small."""

SCALES = 100.0
"""How many times wider one input's spread may be than another's."""

TINY = 1e-4
"""How much of another column's spread a column at least varies by, from its least value to its
largest: a pixel that is seldom set has a small spread, yet values as large as others'."""

FAR = 20.0
"""How far a value may lie from the median, in widths of the middle 96%: of 1,000 lognormal values
the largest lies at 3 of them."""

SPARSE = 0.1
"""Share of zeros in the other columns from which a column of zeros is held for the edge of a
picture, or for a word or a category that these rows do not have."""

REMEDY = "bring every column to mean 0 and standard deviation 1"


def input_findings(X: Array) -> Iterator[Finding]:
    """Yield what is wrong with inputs, float64 of shape (n, n_0)."""
    low, high = X.min(axis=0), X.max(axis=0)
    if (low == high).all():
        if len(X) > 1 and not X.any():
            yield Finding(
                "constant inputs", None, f"all inputs of all {len(X):,} rows are 0",
                "look at how X is made; numbers below 1e-45 are 0 in float32: scale them before",
            )  # fmt: skip
        elif len(X) > 1:
            yield Finding(
                "constant inputs", None, f"all {len(X):,} rows have the same inputs",
                "nothing can be told apart: look at how X is made",
            )  # fmt: skip
        return
    limits = _limits(X)
    outlier = _outlier(X, *limits)
    if outlier is not None:
        yield outlier
    scale = _scale(np.clip(X, *limits))
    if scale is not None:
        yield scale
    if len(X) >= FEW:
        yield from _constant(X, low == high)
        yield from _duplicates(X)


def describe(X: Array, j: int) -> str:
    """Return where a column lies, and how wide it is."""
    return f"x[{j}] lies around {X[:, j].mean():.3g} (standard deviation {X[:, j].std():.2g})"


def _limits(X: Array) -> tuple[Array, Array]:
    """Return the values of each column beyond which outliers lie; infinite where none are told."""
    ends = np.full(X.shape[1], np.inf)
    if len(X) < 5 * FEW:
        return -ends, ends
    least, low, middle, high, most = np.quantile(X, [0.02, 0.25, 0.5, 0.75, 0.98], axis=0)
    wide = np.where(high > low, FAR * (most - least), np.inf)
    return middle - wide, middle + wide


def _outlier(X: Array, low: Array, high: Array) -> Finding | None:
    wild = (low > X) | (high < X)
    if not wild.any():
        return None
    j = int(wild.sum(axis=0).argmax())
    i = int(np.abs(X[:, j] - np.median(X[:, j])).argmax())
    least, most = np.quantile(X[:, j], [0.02, 0.98])
    others = int(wild.any(axis=0).sum()) - 1
    return Finding(
        "outliers", None,
        f"x[{j}] is {X[i, j]:.3g} in row {i}, while 96% of its values lie between {least:.3g} and "
        f"{most:.3g}; {counted(int(wild[:, j].sum()), 'value')} of it so far off"
        + (f", and {counted(others, 'other column')} likewise" if others else ""),
        "correct or drop these rows, or clip the column, before the columns are scaled",
    )  # fmt: skip


def _scale(X: Array) -> Finding | None:
    """Return a finding where z, and so slopes or steps, would be far from what weights are for."""
    spreads, sizes = _spreads(X)
    moving = spreads > 0
    if not moving.any():
        return None
    j = int(np.where(moving, sizes, 0).argmax())
    many = int((moving & (sizes > LARGE)).sum())
    widest = int(spreads.argmax())
    reach = np.ptp(X, axis=0)
    told = moving & (reach > _rounding(X) * np.abs(X).max(axis=0))
    tiny = told & (reach < TINY * spreads[widest])
    compared = [spreads[k] for k in np.flatnonzero(told) if not _two_valued(X[:, k])]
    narrowest = min(compared, default=spreads[widest])
    if sizes[j] > LARGE and abs(X[:, j].mean()) > spreads[j]:
        evidence = describe(X, j)
    elif sizes[j] > LARGE:
        evidence = f"x[{j}] has a standard deviation of {spreads[j]:.3g}"
    elif spreads[widest] > SCALES * narrowest and spreads[widest] > 1:
        evidence = (
            f"the standard deviations of inputs lie between {narrowest:.2g} and "
            f"{spreads[widest]:.2g}"
        )
    elif sizes.max() < SMALL and len(X) >= FEW:
        evidence = f"no column has a standard deviation above {spreads[widest]:.2g}"
    elif tiny.any() and len(X) >= FEW:
        evidence = (
            f"the standard deviations of inputs lie between {spreads[tiny].min():.2g} and "
            f"{spreads[widest]:.2g}"
        )
    else:
        return None
    if many > 1:
        evidence += f", and {counted(many - 1, 'other column')} are as large"
        evidence = evidence.replace("column are", "column is")
    return Finding("unscaled inputs", None, evidence, REMEDY)


def _spreads(X: Array) -> tuple[Array, Array]:
    """Return the standard deviation and the root mean square of each column, however small."""
    powers = np.frexp(np.abs(X).max(axis=0))[1]
    X = np.ldexp(X, -powers)
    return np.ldexp(X.std(axis=0), powers), np.ldexp(np.sqrt((X**2).mean(axis=0)), powers)


def _rounding(X: Array) -> Array:
    """Return up to what share of its largest value a column may vary by rounding alone."""
    with np.errstate(over="ignore"):
        is_narrow = (X.astype(np.float32) == X).all(axis=0)
    return np.where(is_narrow, 1e-6, 1e-9)


def _two_valued(x: Array) -> bool:
    return bool(((x == x.min()) | (x == x.max())).all())


def _constant(X: Array, still: NDArray[np.bool_]) -> Iterator[Finding]:
    columns = np.flatnonzero(still)
    if not columns.size:
        return
    if (X[:, ~still] == 0).mean() >= SPARSE:
        columns = columns[X[0, columns] != 0]
    if columns.size:
        j = int(columns[0])
        more = f", and {counted(len(columns) - 1, 'other column')} likewise" * (len(columns) > 1)
        yield Finding(
            "constant input", None, f"x[{j}] is {X[0, j]:.6g} on all {len(X):,} rows{more}",
            "leave the column out: it can only act as a bias",
        )  # fmt: skip


def _duplicates(X: Array) -> Iterator[Finding]:
    """Yield columns that are others but for scale and place.

    Columns alike have the same sums with any weights of the rows. Those that vary in less than a
    twentieth of the rows may be alike by chance, as the edges of pictures are.
    """
    centered = X - X.mean(axis=0)
    norms = np.linalg.norm(centered, axis=0)
    often = (np.median(X, axis=0) != X).sum(axis=0) >= max(FEW, 0.05 * len(X))
    columns = np.flatnonzero((norms > 1e-9 * np.abs(X).max(axis=0)) & often)
    unit = centered[:, columns] / norms[columns]
    sums = np.abs(np.cos(np.arange(1.0, len(X) + 1.0)) @ unit)
    order = np.argsort(sums, kind="stable")
    pairs = []
    for first, second in pairwise(order):
        sign = unit[:, first] @ unit[:, second]
        if abs(sign) < 1 - 1e-9:
            continue
        i, j = sorted((int(columns[first]), int(columns[second])))
        if sign < 0 and _two_valued(X[:, i]):  # yes and no, a column each
            continue
        pairs.append((i, j))
    if pairs:
        i, j = min(pairs)
        same = "is" if np.array_equal(X[:, i], X[:, j]) else "is, but for scale and place,"
        more = f", and {counted(len(pairs) - 1, 'other pair')} likewise" * (len(pairs) > 1)
        yield Finding(
            "duplicate inputs", None, f"x[{j}] {same} x[{i}] on all {len(X):,} rows{more}",
            "leave one out: together they count twice",
        )  # fmt: skip
