"""Known runs: those that were asked for last, within a bound, each begun by one who asks for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import Any

from clearprop.errors import ArgumentError
from clearprop.studio.problems import Problem
from clearprop.studio.room import MOST_BYTES
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup

LIVE = "live"
RUNS = 12
"""Runs that are kept; those asked for longest ago are made again."""


class _Place:
    """Where a run is, or is being begun."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.run: Run | None = None


class Runs:
    """The runs that were asked for last, by their setups: `RUNS` at most, within `MOST_BYTES`.

    The run asked for longest ago goes first, once another question comes; the one that is asked for
    stays. While a run is begun, or goes on, nobody waits but who asks for it.

    Attributes
    ----------
    own : dict of str to Problem
        Problems that were handed in, by name.
    live : LiveRun or None
        A run that somebody else makes, called "live".
    """

    def __init__(self) -> None:
        self.live: Any = None
        self.own: dict[str, Problem] = {}
        self._places: OrderedDict[Setup, _Place] = OrderedDict()
        self._lock = threading.Lock()  # of the table alone: nothing is computed within

    def of(self, setup: Setup) -> Run:
        """Return the run of a setup, begun if it is not known."""
        if setup.data == LIVE:
            return self._live(setup)
        with self._lock:
            place = self._places.setdefault(setup, _Place())
            self._places.move_to_end(setup)
            self._drop()
        run = place.run
        if run is None:
            with place.lock:
                run = place.run or self._begin(setup, place)
        return run

    def _live(self, setup: Setup) -> Run:
        if self.live is None:
            raise ArgumentError(
                "no run of another program is watched here: give cp.studio.Live() to cp.train"
            )
        if others := [name for name in setup.pairs() if name != "data"]:
            raise ArgumentError(
                f"another program makes this run, and its setup: leave {others[0]} out"
            )
        live: Run = self.live
        return live

    @property
    def problems(self) -> dict[str, Problem]:
        """Problems that may be chosen for their names, that of the live run among them."""
        if self.live is None or self.live.standing is None:
            return self.own
        return {**self.own, LIVE: self.live.problem}

    def _begin(self, setup: Setup, place: _Place) -> Run:
        with self._lock:
            like = self._like(setup)
        try:
            run = Run(setup, like, self.own)
        except BaseException:
            with self._lock:
                self._places.pop(setup, None)
            raise
        run.runs = self
        place.run = run
        return run

    def _drop(self) -> None:
        """Let those go that are too many, or too much, but the one that is asked for."""
        sizes = [0 if place.run is None else place.run.nbytes for place in self._places.values()]
        while len(sizes) > 1 and (len(sizes) > RUNS or sum(sizes) > MOST_BYTES):
            self._places.popitem(last=False)
            sizes.pop(0)

    def _like(self, setup: Setup) -> Run | None:
        """Return a run that differs from this setup in edits alone, the latest such."""
        for known, place in reversed(self._places.items()):
            if place.run is not None and replace(known, edit="") == replace(setup, edit=""):
                return place.run
        return None
