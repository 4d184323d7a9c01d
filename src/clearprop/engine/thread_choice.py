"""How many threads to go on with, by what was measured: cores are shared, and programs come and go.

The number changes no bit of a run, so it may change between any two calls. Two neighbors, such as
four threads and two, take turns of some milliseconds, and the faster goes on. Now and then, more
rarely the more it costs, and soon where calls have become slow, the neighbors are tried again.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

TURN = 0.007
"""Seconds that a turn should take: longer than those that a system gives to programs."""

COMPARED = 0.02
"""Seconds after which two numbers are compared."""

CLEAR = 1.5
"""From which factor on one turn of each is enough."""

BETTER = 0.95
"""What another number's time has to be, as a share, to be taken instead."""

REST = 0.25
"""Seconds between comparisons, at the least."""

SHARE, SHARE_CHANGED = 0.02, 0.1
"""The share of all time that comparisons may cost; the same, where calls have become slow."""

CHANGED = 1.4
"""From which factor on they have."""


class ThreadChoice:
    """Chooses among several numbers of threads.

    Parameters
    ----------
    numbers : sequence of int
        Each has the ones before and after it as neighbors; the first is begun with.

    Examples
    --------
    >>> choice = ThreadChoice([2, 1])
    >>> for call in range(8):  # two threads take 5 ms for a batch, one takes 3
    ...     each = 0.005 if choice.threads == 2 else 0.003
    ...     choice.note(choice.threads, 2, 2 * each, now=call / 100)
    >>> choice.threads
    1
    """

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = numbers
        self._at = 0
        self._rivals = [1] if len(numbers) > 1 else []  # places of numbers to be tried
        self._tally = _Tally()
        self._usual = math.inf  # seconds of a batch, when last compared
        self._spent = 0.0
        self._rest_until = self._rest_if_changed = math.inf
        self._noting = threading.Lock()

    @property
    def threads(self) -> int:
        """What the next call should use."""
        at, rivals = self._at, self._rivals[:1]
        return self._numbers[min([at, *rivals], key=lambda place: self._tally.seconds(place))]

    @property
    def seconds_a_call(self) -> float:
        """What the next call should take at the most."""
        return TURN if self._rivals else math.inf

    def note(self, threads: int, units: float, seconds: float, *, now: float) -> None:
        """Note how long a call by so many threads took for so many units of work.

        Parameters
        ----------
        threads : int
        units : float
            Such as batches.
        seconds, now : float
            What the call took, and what time it is.
        """
        # Runs in several Python threads may share a choice. Nobody waits for this lock, so a
        # process that was forked while it was held only measures no more.
        if len(self._numbers) == 1 or not self._noting.acquire(blocking=False):
            return
        try:
            self._tally.add(self._numbers.index(threads), units, seconds)
            if self._rivals:
                self._compare(now)
            elif self._tally.seconds(self._at) >= TURN:
                self._look_again(now)
        finally:
            self._noting.release()

    def _look_again(self, now: float) -> None:
        """Try the neighbors, if it is time for that or something has changed."""
        changed = self._tally.each(self._at) > CHANGED * self._usual
        self._tally = _Tally()
        if now >= (self._rest_if_changed if changed else self._rest_until):
            neighbors = (self._at + 1, self._at - 1)
            self._rivals = [at for at in neighbors if 0 <= at < len(self._numbers)]

    def _compare(self, now: float) -> None:
        """Let the faster of two go on, once enough is known of both."""
        tally, at, rival = self._tally, self._at, self._rivals[0]
        known = min(tally.seconds(at), tally.seconds(rival))
        if known < TURN:
            return
        each, other = tally.each(at), tally.each(rival)
        if known < COMPARED and max(each, other) < CLEAR * min(each, other):
            return
        self._tally, self._usual = _Tally(), min(each, other)
        if other < BETTER * each:
            further = 2 * rival - at
            self._at = rival
            self._rivals = [further] if 0 <= further < len(self._numbers) else []
        else:
            self._usual = each
            self._spent += max(0.0, tally.seconds(rival) - tally.units(rival) * each)
            self._rivals = self._rivals[1:]
        if not self._rivals:
            self._rest_until = now + max(REST, self._spent / SHARE)
            self._rest_if_changed = now + max(REST, self._spent / SHARE_CHANGED)
            self._spent = 0.0


class _Tally:
    """Work done and seconds taken, by the place of a number of threads."""

    def __init__(self) -> None:
        self._units: dict[int, float] = {}
        self._seconds: dict[int, float] = {}

    def add(self, place: int, units: float, seconds: float) -> None:
        self._units[place] = self.units(place) + units
        self._seconds[place] = self.seconds(place) + seconds

    def units(self, place: int) -> float:
        return self._units.get(place, 0.0)

    def seconds(self, place: int) -> float:
        return self._seconds.get(place, 0.0)

    def each(self, place: int) -> float:
        return self.seconds(place) / self.units(place)


@lru_cache(maxsize=64)
def shared_choice(numbers: tuple[int, ...], *work: Any) -> ThreadChoice:
    """Return the choice for a kind of work, which runs of this process share.

    So many short runs are chosen for like a long one.

    Parameters
    ----------
    numbers : tuple of int
    *work : hashable
        What the time depends on, such as the layers' sizes and the batch size.
    """
    return ThreadChoice(numbers)
