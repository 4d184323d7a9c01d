"""Rows, networks and sources that the tests of streams share."""

from __future__ import annotations

import numpy as np

import clearprop as cp
from clearprop.streams.block import Block

N, BATCH = 203, 8


def rows(n=N, seed=0):
    """Inputs, labels and weights, some of them 0."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5)).astype(np.float32)
    return X, rng.integers(0, 3, n), rng.random(n) * (rng.random(n) > 0.2)


def net(dtype="float32", **settings):
    return cp.Network([5, 9, 6, 3], output="softmax", dtype=dtype, seed=1, **settings)


def batches_of(*parts, size=17):
    """Return a function that returns an iterator over parts of the rows."""

    def batches():
        for first in range(0, len(parts[0]), size):
            yield tuple(part[first : first + size] for part in parts)

    return batches


class Blocks:
    """A source of given blocks' lengths, which notes what is read of it, and may fail."""

    once, names = False, None

    def __init__(self, parts, lengths, fails_at=None):
        self.starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
        self.rows = int(sum(lengths))
        self._parts, self._lengths, self._fails_at = parts, lengths, fails_at
        self.read, self.open = [], 0

    def blocks(self, numbers=None):
        self.open += 1
        try:
            for number in range(len(self.starts)) if numbers is None else numbers:
                if number == self._fails_at:
                    raise cp.TableFileError(f"shop.parquet, row group {number}: it is cut short")
                first = int(self.starts[number])
                own = slice(first, first + self._lengths[number])
                self.read.append(number)
                yield Block(first, f"block {number}", *(part[own] for part in self._parts))
        finally:
            self.open -= 1

    def identity(self):
        return {"blocks": list(map(int, self._lengths))}
