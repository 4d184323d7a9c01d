"""Draws: which part a row of a stream is in, and which rows are a sample, by its number alone.

Nothing is kept of a row: its number, the seed and the purpose give its random word, the same in
every pass and from whichever row a pass begins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearprop.numerics.random import Purpose, philox

TRAINING, VALIDATION, TEST = range(3)

_ALL = 2**32


def words_of_rows(seed: int, purpose: Purpose, first: int, n: int) -> NDArray[np.uint64]:
    """Return the 32-bit word of each of the rows `first` to `first` + n - 1."""
    fours = np.arange(first // 4, (first + n + 3) // 4, dtype=np.uint64)
    low, high = fours & np.uint64(_ALL - 1), fours >> np.uint64(32)
    drawn = philox(seed, (low, high, 0, int(purpose))).reshape(-1)
    return drawn[first % 4 :][:n]


def words_of(seed: int, purpose: Purpose, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the 32-bit word of each of some rows, as `words_of_rows` gives it."""
    fours, place = np.divmod(rows.astype(np.uint64), np.uint64(4))
    low, high = fours & np.uint64(_ALL - 1), fours >> np.uint64(32)
    drawn = philox(seed, (low, high, 0, int(purpose)))
    return drawn[np.arange(len(rows)), place.astype(np.int64)]


@dataclass(frozen=True)
class Parts:
    """Which rows of a stream are learned from, stopped by and tested on.

    Attributes
    ----------
    seed : int
    validation, test : float
        The chance of each row to be put aside so.

    Examples
    --------
    >>> parts = Parts(seed=0, validation=0.1, test=0.2)
    >>> parts.of(0, 10)
    array([0, 0, 0, 0, 0, 0, 1, 0, 2, 0], dtype=int8)
    >>> parts.of(5, 3)
    array([0, 1, 0], dtype=int8)
    """

    seed: int
    validation: float
    test: float

    def of(self, first: int, n: int) -> NDArray[np.int8]:
        """Return the part of each of the rows `first` to `first` + n - 1: 0, 1 or 2."""
        return self._parts(words_of_rows(self.seed, Purpose.PARTS, first, n))

    def of_rows(self, rows: NDArray[np.int64]) -> NDArray[np.int8]:
        """Return the part of each of some rows, by their numbers."""
        return self._parts(words_of(self.seed, Purpose.PARTS, rows))

    def _parts(self, drawn: NDArray[np.uint64]) -> NDArray[np.int8]:
        tested = np.uint64(round(self.test * _ALL))
        watched = np.uint64(round((self.test + self.validation) * _ALL))
        part = np.where(drawn < tested, TEST, np.where(drawn < watched, VALIDATION, TRAINING))
        return part.astype(np.int8)
