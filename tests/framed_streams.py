"""A stream of a table in memory, in blocks of any sizes."""

import numpy as np
import polars as pl

from clearprop.streams.block import TableBlock
from clearprop.streams.stream import Stream


class FrameSource:
    """The rows of a polars frame as files would give them, and how often they were gone through."""

    def __init__(self, frame, size, *, seeks=True, once=False, separator="", typed=True):
        self.frame, self.once, self.size = frame, once, size
        self.rows = len(frame)
        self.starts = np.arange(0, len(frame), size) if seeks else None
        self.names = frame.columns
        self.separator, self.typed, self.notes = separator, typed, ()
        self.passes = 0

    def blocks(self, numbers=None):
        every = range(-(-len(self.frame) // self.size))
        self.passes += numbers is None
        for k in every if numbers is None else numbers:
            first = int(k) * self.size
            yield TableBlock(first, f"table, part {k}", self.frame[first : first + self.size])

    def identity(self):
        return {"rows": self.rows, "sum": int(self.frame.hash_rows().sum() % 2**40)}


def framed(frame, window, size=100, **settings):
    return Stream(FrameSource(frame, size, **settings), window)


def mixed(n, seed=0):
    """A table of numbers, categories, dates, true and false, with missing values."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=n), rng.exponential(size=n)
    kind = rng.integers(0, 12, n)
    score = x - z + kind / 6 + rng.normal(size=n) * 0.4
    days = np.datetime64("2021-03-01") + rng.integers(0, 700, n).astype("timedelta64[D]")

    def gaps(values, share):
        holes = rng.random(n) < share
        return [None if hole else v for hole, v in zip(holes, values.tolist(), strict=True)]

    return pl.DataFrame(
        {
            "x": gaps(x, 0.1),
            "z": z,
            "kind": gaps(np.array([f"kind {k}" for k in kind]), 0.05),
            "rare": [f"r{int(k)}" for k in rng.zipf(1.6, n).clip(max=10**6)],
            "is_big": gaps(z > 1, 0.02),
            "day": gaps(days.astype("datetime64[us]"), 0.03),
            "score": score,
            "grade": np.select([score < -0.5, score < 1], ["low", "mid"], "high"),
        }
    )
