"""Checks of settings: what a setting may be, or one line that says what came.

Any value whatever may come: each check returns a plain Python value, or raises `ArgumentError`.
"""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from clearprop.errors import ArgumentError, shown

LARGEST = 2**63 - 1
"""The largest whole number that compiled code knows."""

EngineName: TypeAlias = Literal["compiled", "reference"]

ENGINES: tuple[EngineName, ...] = get_args(EngineName)
"""What can compute: compiled kernels, or NumPy as the specification has it."""


def number(name: str, value: Any, *, low: float, high: float = math.inf, open: str = "") -> float:
    """Return a finite number from `low` to `high`, or raise `ArgumentError`.

    `open` names the ends that are excluded: "low", "high" or "low high".
    """
    what = "a number"
    if _is(value, int | float | np.integer | np.floating):
        found = _as_float(value)
        above = found > low if "low" in open else found >= low
        below = found < high if "high" in open else found <= high
        if math.isfinite(found) and above and below:
            return found
        what = what if math.isfinite(found) else "a finite number"
    limits = _range(low, high, open)
    raise ArgumentError(f"{name} is {shown(value)}; it must be {what} {limits}")


def count(
    name: str, value: Any, least: int, what: str = "a whole number", most: int = LARGEST
) -> int:
    """Return a whole number from `least` to `most`, or raise `ArgumentError`."""
    whole = _is(value, int | np.integer)
    if whole and least <= value <= most:
        return int(value)
    too_large = whole and value > most
    limits = f"{least} to {most:,}" if too_large or most < LARGEST else f"{least} or more"
    raise ArgumentError(f"{name} is {shown(value)}; it must be {what}, {limits}")


def flag(name: str, value: Any) -> bool:
    """Return a truth value, Python's, NumPy's, or 0 or 1, or raise `ArgumentError`."""
    if isinstance(value, bool | np.bool_) or (_is(value, int | np.integer) and value in (0, 1)):
        return bool(value)
    raise ArgumentError(f"{name} is {shown(value)}; it must be True or False")


def choice(name: str, value: Any, known: Sequence[str], *, or_none: bool = False) -> Any:
    """Return one of the texts in `known`, or None where that is one too; or raise."""
    if or_none and value is None:
        return None
    if isinstance(value, str) and value in known:
        return str(value)
    words = [*map(repr, known), *(["None"] if or_none else [])]
    listed = f"{', '.join(words[:-1])} or {words[-1]}"
    raise ArgumentError(f"{name} is {shown(value)}; it must be {listed}")


def check_engine(engine: Any) -> None:
    """Raise `ArgumentError` unless `engine` names one."""
    choice("engine", engine, ENGINES)


def check_path(path: Any, name: str = "path") -> str:
    """Return the text of a path, or raise `ArgumentError`: a number could be an open file's."""
    text = path
    if isinstance(path, os.PathLike):
        text = os.fspath(path)
    if isinstance(text, str):
        return text
    raise ArgumentError(f"{name} is {shown(path)}; it must be a text, or a pathlib.Path")


def takes(function: Any, n: int) -> bool:
    """Whether this is a function of n arguments, as far as it tells; a class is none."""
    if not callable(function) or isinstance(function, type):
        return False
    try:
        inspect.signature(function).bind(*range(n))
    except TypeError:
        return False
    except ValueError:  # a built-in function, which does not tell
        pass
    return True


def listed(values: Any) -> list[Any]:
    """Return what was given as a list: one by one, or a single one by itself."""
    if isinstance(values, Iterable) and not isinstance(values, str | bytes):
        try:
            return list(values)
        except TypeError:  # an array without axes
            pass
    return [values]


def plain(settings: Any) -> None:
    """Let a frozen dataclass hold Python's numbers in place of NumPy's, which widen arrays."""
    for name, value in vars(settings).items():
        if isinstance(value, np.bool_):
            object.__setattr__(settings, name, bool(value))
        elif isinstance(value, np.integer):
            object.__setattr__(settings, name, int(value))
        elif isinstance(value, np.floating):
            object.__setattr__(settings, name, float(value))


def _is(value: Any, kinds: Any) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)


def _as_float(value: Any) -> float:
    try:
        with np.errstate(all="ignore"):
            return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _range(low: float, high: float, open: str) -> str:
    if high == math.inf:
        return f"above {low:g}" if "low" in open else f"of {low:g} or more"
    left = "(" if "low" in open else "["
    right = ")" if "high" in open else "]"
    return f"in {left}{low:g}, {high:g}{right}"
