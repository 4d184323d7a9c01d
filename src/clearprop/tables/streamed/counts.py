"""Counts: how often each text stands in a column, exactly while there are not too many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_WORDS = 100_000
"""Different texts of a column that are counted exactly."""


class Counts:
    """How often each text was there.

    Of more than `most` different texts, those that are seldom are dropped, as Misra and Gries do
    it (Science of Computer Programming 2, 1982): what all counts lose is `error`, and no count is
    farther off than that.

    Parameters
    ----------
    most : int

    Attributes
    ----------
    of : dict of str to int
        The counts.
    n : int
        All texts that were there.
    error : int
        By how much a count may be too small; 0: all are exact.

    Examples
    --------
    >>> counts = Counts(most=2)
    >>> counts.add(["a", "b", "c"], [9, 1, 2])
    >>> counts.of, counts.error
    ({'a': 8, 'c': 1}, 1)
    """

    def __init__(self, most: int) -> None:
        self.of: dict[str, int] = {}
        self.n = self.error = 0
        self.most = most

    def add(self, words: Sequence[str], counts: Sequence[int] | NDArray[np.int64]) -> None:
        """Count texts, which may be there more than once."""
        numbers: Any = counts.tolist() if isinstance(counts, np.ndarray) else counts
        found = self.of
        for word, count in zip(words, numbers, strict=True):
            if count:
                found[word] = found.get(word, 0) + count
                self.n += count
        if len(found) > self.most:
            self._drop()

    def _drop(self) -> None:
        """Take off as much of each count as leaves at most so many texts."""
        sizes = np.sort(np.fromiter(self.of.values(), dtype=np.int64))
        taken = int(sizes[len(sizes) - self.most - 1])
        self.error += taken
        self.of = {word: count - taken for word, count in self.of.items() if count > taken}
