"""Split: which rows a model learns from, which it is watched on, which it is tested on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ColumnError
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
    """The rows of a table by their part, each ascending.

    Attributes
    ----------
    training, validation, test : ndarray of int
        To learn from, to stop by, and to test on.
    """

    training: Rows
    validation: Rows
    test: Rows

    def of(self, rows: Rows) -> Split:
        """Return the parts of some rows of a table, by their numbers there."""
        return Split(rows[self.training], rows[self.validation], rows[self.test])


def split_rows(
    n: int, labels: NDArray[np.int64] | None, validation: float, test: float, seed: int
) -> Split:
    """Return the parts of rows 0..n-1; the shares are of all rows."""
    learned, tested = put_aside(np.arange(n), labels, test, seed, Purpose.TEST)
    left = None if labels is None else labels[learned]
    learned, watched = put_aside(learned, left, validation / (1 - test), seed, Purpose.VALIDATION)
    return Split(learned, watched, tested)


def split_by_group(
    groups: NDArray[np.int64],
    labels: NDArray[np.int64] | None,
    validation: float,
    test: float,
    seed: int,
) -> Split:
    """Return parts of which each has all rows of its groups.

    Each part takes its share of the rows, and of each class, as nearly as whole groups allow; no
    class loses all of its rows to learn from.

    Parameters
    ----------
    groups : ndarray of int, shape (n,)
        The group of each row.
    labels : ndarray of int, shape (n,), or None
        The class of each row.
    validation, test : float
        The shares, of all rows.
    seed : int

    Raises
    ------
    ColumnError
        If there are fewer groups than parts, or every group has all rows of a class.
    """
    parts = 1 + (validation > 0) + (test > 0)
    there = len(np.unique(groups))
    if there < parts:
        raise ColumnError(
            f"holds {there} group{'' if there == 1 else 's'}, but rows to learn from, to stop by "
            f"and to test on take {parts}: validation=0 or test=0 takes fewer"
        )
    rows = np.arange(len(groups))
    learned, tested = _groups_aside(
        rows, groups, labels, test, seed, Purpose.TEST, leave=parts - (test > 0)
    )
    learned, watched = _groups_aside(
        learned, groups, labels, validation / (1 - test), seed, Purpose.VALIDATION, leave=1
    )
    return Split(learned, watched, tested)


def _groups_aside(
    rows: Rows,
    groups: NDArray[np.int64],
    labels: NDArray[np.int64] | None,
    share: float,
    seed: int,
    purpose: Purpose,
    leave: int,
) -> tuple[Rows, Rows]:
    """Return the rows that stay and those put aside; at least `leave` groups stay.

    Groups come in a random order. What each class still has to give grows by the group's share,
    and the group is taken if that brings the classes nearer to nothing owed: the errors stay
    within about one group, as in error diffusion.
    """
    if share == 0:
        return rows, rows[:0]
    names, place = np.unique(groups[rows], return_inverse=True)
    kinds = np.zeros(len(rows), dtype=np.int64) if labels is None else labels[rows]
    total = np.bincount(kinds).tolist()
    found, counted = np.unique(place * len(total) + kinds, return_counts=True)
    owners, of_kind = np.divmod(found, len(total))
    starts = np.searchsorted(owners, np.arange(len(names) + 1)).tolist()
    kind, count = of_kind.tolist(), counted.tolist()
    owed, left = [0.0] * len(total), list(total)
    taken = np.zeros(len(names), dtype=bool)
    spare, smallest, fewest = len(names) - leave, -1, len(rows) + 1
    for group in random_order(seed, len(names), purpose).tolist():
        part = [(kind[at], count[at]) for at in range(starts[group], starts[group + 1])]
        for c, n in part:
            owed[c] += share * n
        if any(n == left[c] for c, n in part):  # nothing would be left to learn the class from
            continue
        size = sum(n for _, n in part)
        if size < fewest:
            smallest, fewest = group, size
        # By how much sum_c owed_c^2 / total_c falls.
        if spare and sum((2 * owed[c] - n) * n / total[c] for c, n in part) > 0:
            taken[group], spare = True, spare - 1
            for c, n in part:
                owed[c] -= n
                left[c] -= n
    if not taken.any():
        if smallest < 0:
            raise ColumnError("divides the rows so that every group has all rows of a class")
        taken[smallest] = True
    aside = taken[place]
    return rows[~aside], rows[aside]


def split_by_time(times: NDArray[Any], validation: float, test: float) -> Split:
    """Return parts in the order of time: to learn from, to stop by, and the last to test on.

    Rows of one time are in one part; the shares are met as nearly as that allows.

    Parameters
    ----------
    times : ndarray of numbers or datetime64, shape (n,)
    validation, test : float
        The shares, of all rows.

    Raises
    ------
    ColumnError
        If there are fewer different times than parts.
    """
    different, place, counts = np.unique(times, return_inverse=True, return_counts=True)
    parts = 1 + (validation > 0) + (test > 0)
    if len(different) < parts:
        raise ColumnError(
            f"holds {len(different)} time{'' if len(different) == 1 else 's'}, but rows to learn "
            f"from, to stop by and to test on take {parts}: validation=0 or test=0 takes fewer"
        )
    ends = np.cumsum(counts)

    def nearest(rows: float, least: int, most: int) -> int:
        """Return how many of the times have about so many rows."""
        return least + int(np.argmin(np.abs(ends[least - 1 : most] - rows)))

    n, tested = len(times), len(different)
    if test:
        tested = nearest(n - test * n, parts - 1, len(different) - 1)
    watched = tested
    if validation:
        watched = nearest(float(ends[tested - 1]) - validation * n, 1, tested - 1)
    return Split(
        np.flatnonzero(place < watched),
        np.flatnonzero((place >= watched) & (place < tested)),
        np.flatnonzero(place >= tested),
    )
