"""What a run keeps: where it stood at some of its steps, and its latest steps, within a bound."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress

from clearprop.studio.room import LEAST, PART_BYTES
from clearprop.training.standing import Standing
from clearprop.training.steps import Step

MOST_STANDINGS = 512


class Kept:
    """Standings at steps a power of 2 apart, and the steps that were asked for last.

    Whoever changes it holds the run's lock; whoever reads it need not.

    Parameters
    ----------
    standing_size, step_size : int
        Bytes of one of each.
    first : Standing
        Before step 0, which is always kept.

    Attributes
    ----------
    standings : dict of int to Standing
        By the step that they are before. Another dict takes its place where some are dropped.
    every : int
        How many steps they are apart.
    """

    def __init__(self, standing_size: int, step_size: int, first: Standing) -> None:
        self._sizes = standing_size, step_size
        self._most_standings = max(LEAST, min(MOST_STANDINGS, PART_BYTES // standing_size))
        self._most_steps = max(LEAST, PART_BYTES // step_size)
        self.standings = {0: first}
        self.every = 1
        self._steps: OrderedDict[int, Step] = OrderedDict()

    @property
    def nbytes(self) -> int:
        """What is kept takes."""
        of_standing, of_step = self._sizes
        return of_standing * len(self.standings) + of_step * len(self._steps)

    def take(self, other: Kept, n: int) -> None:
        """Keep the standings of another run up to step `n` too."""
        self.every, theirs = other.every, dict(other.standings)
        self.standings |= {at: one for at, one in theirs.items() if at <= n}

    def is_due(self, n: int) -> bool:
        """Whether the standing before step `n` is to be kept."""
        return n % self.every == 0

    def keep(self, n: int, standing: Standing) -> None:
        """Keep where the run stands before step `n`; half of all once they are too many."""
        self.standings[n] = standing
        while len(self.standings) > self._most_standings:
            self.every *= 2
            self.standings = {at: one for at, one in self.standings.items() if at % self.every == 0}

    def keep_step(self, n: int, step: Step) -> None:
        """Keep a step; that which was asked for longest ago goes."""
        self._steps[n] = step
        while len(self._steps) > self._most_steps:
            self._steps.popitem(last=False)

    def step(self, n: int) -> Step | None:
        """Return a step, if it is kept."""
        found = self._steps.get(n)
        if found is not None:
            with suppress(KeyError):  # which another thread drops meanwhile
                self._steps.move_to_end(n)
        return found
