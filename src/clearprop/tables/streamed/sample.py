"""Sample: rows of a stream, each as likely as any other, in bounded memory.

Every row has a random word, and those with the smallest words are the sample (bottom-k sampling):
it is the same in whatever blocks the rows come. While there are not more rows, it is all of them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.numerics.random import Purpose
from clearprop.tables.streamed.draws import words_of_rows

SURE = 0.99
"""How sure it is that no quantile of a sample is farther off than `rank_error` says."""


class Sample:
    """At most `size` rows of all that were shown.

    Parameters
    ----------
    size : int
    seed : int
    """

    def __init__(self, size: int, seed: int) -> None:
        self._size, self._seed = size, seed
        self._frames: list[Any] = []
        self._rows: list[NDArray[np.int64]] = []
        self._words: list[NDArray[np.uint64]] = []
        self._below = np.uint64(2**32)
        self._held = 0

    def add(self, frame: Any, first: int) -> None:
        """Show the rows of a polars frame, of which the first has this number."""
        words = words_of_rows(self._seed, Purpose.SAMPLE, first, len(frame))
        taken = np.flatnonzero(words < self._below)
        if not len(taken):
            return
        self._frames.append(frame if len(taken) == len(frame) else frame[taken])
        self._rows.append(taken + first)
        self._words.append(words[taken])
        self._held += len(taken)
        if self._held > 2 * self._size:
            self._reduce()

    def frame(self) -> tuple[Any, NDArray[np.int64]]:
        """Return the rows that are the sample, in their order, and their numbers."""
        if self._held > self._size:
            self._reduce()
        import polars

        return polars.concat(self._frames, rechunk=True), np.concatenate(self._rows)

    def _reduce(self) -> None:
        """Keep the rows with the smallest words; of equal words those that came first."""
        import polars

        words, rows = np.concatenate(self._words), np.concatenate(self._rows)
        kept = np.sort(np.argsort(words, kind="stable")[: self._size])
        self._frames = [polars.concat(self._frames)[kept]]
        self._rows, self._words = [rows[kept]], [words[kept]]
        self._below, self._held = self._words[0].max() + np.uint64(1), self._size


def rank_error(n: int) -> float:
    """Return how far the rank of any quantile of n sampled rows may be off, as a share.

    By the inequality of Dvoretzky, Kiefer and Wolfowitz, with Massart's constant (Annals of
    Probability 18, 1990), for all quantiles together.

    Examples
    --------
    >>> round(rank_error(200_000), 4)
    0.0036
    """
    return math.sqrt(math.log(2 / (1 - SURE)) / (2 * n))
