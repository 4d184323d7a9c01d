"""Who owns which shards, and the branches of the tree of sums that each rank adds up alone.

Shards are added in pairs, pairs in pairs, and so on; what remains at the end is added from the
last on. So the tree's branches are blocks of 2^j shards that begin at a multiple of 2^j, the last
of them cut short. Whoever owns a whole block sends one vector; others send one for each of the
largest blocks that they own whole, and the bits of the total are those of one process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Block = tuple[int, int]
"""The first shard of a block, and how many it has."""


@dataclass(frozen=True)
class Part:
    """What one rank holds of the rows of a run.

    Attributes
    ----------
    n : int
        Rows of all ranks.
    shards : int
        The stripes that these are dealt to: stripe s has rows s, s + shards, ...
    first, own : int
        The stripes that this rank owns: `own` of them, from `first` on.
    weights : ndarray of float64, shape (n,), optional
        Of the rows of all ranks.
    """

    n: int
    shards: int
    first: int
    own: int
    weights: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, rank: int, ranks: int, n: int, shards: int) -> Part:
        """Return a rank's part: shards are shared out in order, as evenly as can be.

        Examples
        --------
        >>> Part.of(1, 3, n=10, shards=4)
        Part(n=10, shards=4, first=1, own=1, weights=None)
        """
        first, stop = rank * shards // ranks, (rank + 1) * shards // ranks
        return cls(n, shards, first, stop - first)

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """The numbers of its rows among those of all ranks, ascending."""
        starts = np.arange(0, self.n, self.shards)[:, None]
        rows = (starts + np.arange(self.first, self.first + self.own)).ravel()
        return rows[rows < self.n]

    @property
    def blocks(self) -> list[Block]:
        """The branches of the tree of sums that it owns whole."""
        return blocks(self.first, self.first + self.own, self.shards)

    def most_rows(self, batch: int) -> int:
        """Return how many rows of a batch it may have."""
        whole, rest = divmod(batch, self.shards)
        return max(1, whole * self.own + min(rest, self.own))


def blocks(first: int, stop: int, shards: int) -> list[Block]:
    """Return the largest branches of the tree of sums that shards first to stop - 1 make up.

    Examples
    --------
    >>> blocks(0, 8, 16), blocks(3, 8, 8), blocks(4, 7, 7)
    ([(0, 8)], [(3, 1), (4, 4)], [(4, 3)])
    """
    found = []
    at = first
    while at < stop:
        size = 1
        while at % (2 * size) == 0 and at + size < shards and min(at + 2 * size, shards) <= stop:
            size *= 2
        count = min(size, shards - at)
        found.append((at, count))
        at += count
    return found


def additions(of: Sequence[Block], shards: int) -> list[tuple[int, int]]:
    """Return in which order blocks are added: pairs of their places, the second to the first.

    Parameters
    ----------
    of : sequence of Block
        All shards, in order, as branches of the tree; the first ends as the total.

    Examples
    --------
    >>> additions([(0, 2), (2, 1), (3, 1), (4, 3)], shards=7)
    [(1, 2), (0, 1), (0, 3)]
    """
    places = {block: place for place, block in enumerate(of)}
    made: list[tuple[int, int]] = []

    def total(first: int, size: int) -> int:
        here = places.get((first, min(size, shards - first)))
        if here is not None:
            return here
        left = total(first, size // 2)
        if first + size // 2 < shards:
            made.append((left, total(first + size // 2, size // 2)))
        return left

    size = 1
    while size < shards:
        size *= 2
    total(0, size)
    return made
