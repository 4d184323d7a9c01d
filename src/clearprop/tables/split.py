"""Split: which rows a model learns from, which it is watched on, which it is tested on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearprop.numerics.random import Purpose, random_order

Rows = NDArray[np.int64]


def put_aside(
    rows: Rows, labels: NDArray[np.int64] | None, share: float, seed: int, purpose: Purpose
) -> tuple[Rows, Rows]:
    """Return the rows that stay and those put aside, both ascending.

    Parameters
    ----------
    rows : ndarray of int, shape (n,)
    labels : ndarray of int, shape (n,), or None
        The class of each row: each class gives its share, to within one row. A class of fewer
        than three rows gives none, so that it can be learned at all.
    share : float
        Of the rows, to put aside; at least one, if the share is not 0.
    seed : int
    purpose : Purpose
        Of the random stream.
    """
    if share == 0:
        return rows, rows[:0]
    drawn = random_order(seed, len(rows), purpose)
    if labels is None:
        aside = drawn[: max(1, round(share * len(rows)))]
    else:
        sizes = np.bincount(labels)
        drawn = drawn[sizes[labels[drawn]] >= 3]
        drawn = drawn[np.argsort(labels[drawn], kind="stable")]
        n = max(1, round(share * len(drawn))) if len(drawn) else 0
        # Evenly spaced along the rows sorted by class: in proportion, and just n of them.
        aside = drawn[((np.arange(n) + 0.5) * (len(drawn) / max(n, 1))).astype(int)]
        taken = np.bincount(labels[aside], minlength=len(sizes))
        for label in np.flatnonzero((taken == sizes) & (sizes > 0)):  # leave one to learn from
            aside = aside[aside != aside[labels[aside] == label][0]]
    chosen = np.zeros(len(rows), dtype=bool)
    chosen[aside] = True
    return rows[~chosen], rows[chosen]


@dataclass(frozen=True)
class Split:
    """The rows of a table by their part, each ascending."""

    training: Rows
    validation: Rows
    test: Rows


def split_rows(
    n: int, labels: NDArray[np.int64] | None, validation: float, test: float, seed: int
) -> Split:
    """Return the parts of rows 0..n-1; the shares are of all rows."""
    learned, tested = put_aside(np.arange(n), labels, test, seed, Purpose.TEST)
    left = None if labels is None else labels[learned]
    learned, watched = put_aside(learned, left, validation / (1 - test), seed, Purpose.VALIDATION)
    return Split(learned, watched, tested)
