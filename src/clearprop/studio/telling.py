"""Telling: lines on standard error that say how far the writing of a replay is."""

from __future__ import annotations

import sys
import time

from clearprop.training.watching.progress import PATIENCE


class Telling:
    """Says how far something is, by a line every two seconds.

    Parameters
    ----------
    wanted : bool or None
        True: from the beginning. False: never. None: once it takes two seconds.
    """

    def __init__(self, wanted: bool | None) -> None:
        self._wanted = wanted
        self._next = time.monotonic() + (0.0 if wanted else PATIENCE)

    def __call__(self, done: float, words: str) -> None:
        """Say that a share is done, and what is done now, if it is time to."""
        now = time.monotonic()
        if self._wanted is False or now < self._next or sys.stderr is None:
            return  # a program without a console has no standard error
        self._next = now + PATIENCE
        sys.stderr.write(f"Replay: {100 * done:.0f}%, {words}\n")
        sys.stderr.flush()
