"""Checks of settings: a number in its range, or one line that says what came."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from clearprop.errors import ArgumentError


def number(name: str, value: Any, *, low: float, high: float = math.inf, open: str = "") -> float:
    """Return a finite number from `low` to `high`, or raise `ArgumentError`.

    `open` names the ends that are excluded: "low", "high" or "low high".
    """
    if _is(value, int | float | np.integer | np.floating) and math.isfinite(value):
        above = value > low if "low" in open else value >= low
        below = value < high if "high" in open else value <= high
        if above and below:
            return float(value)
    raise ArgumentError(f"{name} is {_shown(value)}; it must be a number {_range(low, high, open)}")


def count(name: str, value: Any, least: int, what: str = "a whole number") -> int:
    """Return a whole number from `least` up, or raise `ArgumentError`."""
    if _is(value, int | np.integer) and value >= least:
        return int(value)
    raise ArgumentError(f"{name} is {_shown(value)}; it must be {what}, {least} or more")


def _is(value: Any, kinds: Any) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _range(low: float, high: float, open: str) -> str:
    if high == math.inf:
        return f"above {low:g}" if "low" in open else f"of {low:g} or more"
    left = "(" if "low" in open else "["
    right = ")" if "high" in open else "]"
    return f"in {left}{low:g}, {high:g}{right}"


ENGINES = ("compiled", "reference")
"""What can compute: compiled kernels, or NumPy as the specification has it."""


def check_engine(engine: object) -> None:
    """Raise `ArgumentError` unless `engine` names one."""
    if engine not in ENGINES:
        raise ArgumentError(f"engine is {engine!r}; there are 'compiled' and 'reference'")
