"""Cadence: how often a run is written."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from clearprop.checks.settings import LARGEST, count, number
from clearprop.errors import ArgumentError, shown

DEFAULT = "60 seconds"

_TEXT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:(epoch|step|second)s?)?\s*", re.ASCII)


@dataclass
class Cadence:
    """How often a run is written: every so many epochs, steps (batches) or seconds.

    Examples
    --------
    >>> steps = read_cadence("500 steps")
    >>> steps.ahead(batches=1300, epoch_batches=100)
    200
    >>> steps.due(batches=1500, epoch_batches=100)
    True
    """

    every: float
    unit: str
    _last: float = field(default_factory=time.monotonic)

    def begin(self) -> None:
        """Note that the run has just been written, or that it was tried."""
        self._last = time.monotonic()

    def ahead(self, batches: int, epoch_batches: int) -> int:
        """Return how many batches may be run until it is time, as far as batches tell."""
        if self.unit == "second":
            return sys.maxsize
        every = self._batches(epoch_batches)
        return every - batches % every

    def due(self, batches: int, epoch_batches: int) -> bool:
        """Whether it is time after so many batches."""
        if self.unit == "second":
            return time.monotonic() - self._last >= self.every
        return batches % self._batches(epoch_batches) == 0

    def _batches(self, epoch_batches: int) -> int:
        return int(self.every) * (epoch_batches if self.unit == "epoch" else 1)


def read_cadence(spec: Any) -> Cadence:
    """Return what `checkpoint_every` means: a number of epochs, or a text such as "500 steps".

    Raises
    ------
    ArgumentError
        If it is neither, or not above 0.
    """
    name = "checkpoint_every"
    if not isinstance(spec, str):
        return Cadence(count(name, spec, 1, "a number of epochs, or a text"), "epoch")
    found = _TEXT.fullmatch(spec)
    if found is None:
        raise ArgumentError(
            f"{name} is {shown(spec)}; give a number of epochs, or such as '10 epochs', "
            "'500 steps' or '60 seconds'"
        )
    amount, unit = found.group(1), found.group(2) or "epoch"
    what = f"{name}, in {unit}s,"
    if unit == "second":
        return Cadence(number(what, float(amount), low=0, open="low"), unit)
    if "." in amount:
        raise ArgumentError(f"{name} is {shown(spec)}; {unit}s are whole numbers")
    # of more than 18 digits no text becomes a number
    return Cadence(count(what, int(amount) if len(amount) < 19 else LARGEST + 1, 1), unit)
