"""How slopes change from step to step: whether a function is seen to be smooth, or how rough."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import hypot
from typing import NamedTuple

RATIO = 4.0
"""Of steps, from one to the next."""

SHARP = 0.05
"""How near to `RATIO` one ratio of changes is, far above the noise, that is enough by itself."""

LEAST, SLOWEST, FASTEST = 2.5, 3.0, 5.3
"""What changes of a smooth function's slopes fall by from step to step, where the series has them
fall by `RATIO`: at least the first if it is known to be smooth, between the others if it is not."""


class Slope(NamedTuple):
    """The slope over one step, and how far noise may have it off."""

    place: int
    step: float
    value: float
    noise: float


class Trend:
    """How the slopes of one side change from step to step.

    Where a function is smooth, changes fall as the steps do, by `RATIO`. Where kinks lie close
    together they fall as the square root, and by chance: what lies below the noise is then no
    smaller than that.
    """

    def __init__(self, slopes: Sequence[Slope], smooth: bool) -> None:
        self._at = {slope.place: index for index, slope in enumerate(slopes)}
        self._smooth = smooth
        self._changes, self._noises = [0.0], [0.0]
        for one, other in itertools.pairwise(slopes):
            self._changes.append(abs(other.value - one.value))
            self._noises.append(hypot(other.noise, one.noise))

    @property
    def falls(self) -> bool:
        """Whether all changes do so; two at least are to be seen, if any is."""
        places = range(1, len(self._changes))
        told = [i for i in places[1:] if self._changes[i - 1] > 3 * self._noises[i]]
        return all(self._falls(i, LEAST) for i in told) if len(told) > 1 else self.straight

    @property
    def straight(self) -> bool:
        """Whether no change is larger than the noise."""
        pairs = zip(self._changes, self._noises, strict=True)
        return all(change <= noise for change, noise in pairs)

    def _falls(self, i: int, by: float) -> bool:
        return self._changes[i] <= self._changes[i - 1] / by + self._noises[i]

    def smooth(self, place: int) -> bool:
        """Whether the function is seen to be smooth over the steps down to this one."""
        i, end = self._at[place], len(self._changes)
        if self._smooth:
            return all(self._falls(j, LEAST) for j in (i, i + 1) if 2 <= j < end)
        if i >= 2 and self._sharply(i):
            return True
        if i < 3 or not all(self._changes[j] > 3 * self._noises[j] for j in (i - 2, i - 1)):
            return False
        slowly = all(
            self._changes[j] >= self._changes[j - 1] / FASTEST - self._noises[j] for j in (i - 1, i)
        )
        return slowly and all(self._falls(j, SLOWEST) for j in (i - 1, i, i + 1) if j < end)

    def _sharply(self, i: int) -> bool:
        """Whether two changes far above the noise have the very ratio of the series."""
        one, other = self._changes[i - 1], self._changes[i]
        return other > 30 * self._noises[i] and abs(one / other / RATIO - 1) < SHARP

    def roughness(self, place: int) -> float:
        """How far the slope at 0 may be from that over this step."""
        i, end = self._at[place], len(self._changes)
        seen = [self._changes[i], self._changes[i - 1] / 2]
        if i + 1 < end:
            seen.append(2 * (self._changes[i + 1] - self._noises[i + 1]))
        return max(seen)
