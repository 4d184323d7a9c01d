"""What can be said of numbers that no slip gives: the only place that is wrong, or their shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.checking.answers import Answer

Array = NDArray[Any]

_ROUNDED = 1e-3
"""Errors below this look like rounding."""


def only_wrong(answer: Answer, expected: Array) -> str | None:
    """Say what is wrong: not finite, of another shape, in one place, or by a factor.

    `expected` is what would be right after the caller's own earlier numbers.
    """
    value = answer.value
    if not answer.shape_fits:
        if not answer.finite and value.shape == (1,):
            return "its rows are of different lengths"
        return f"has shape {value.shape}; it must have shape {answer.expected.shape}"
    wild = np.argwhere(~np.isfinite(value))
    if len(wild):
        first = tuple(int(i) for i in wild[0])
        more = f", and {len(wild) - 1:,} more" if len(wild) > 1 else ""
        return f"not finite: {value[first]} at {answer.element(first)}{more}"
    if not value.any():
        return "all of it is 0"
    return _place(answer, expected) or _off(value, expected) or _factor(answer, expected)


def _place(answer: Answer, expected: Array) -> str | None:
    value = answer.value
    if answer.turned or value.size < 2:
        return None
    found = np.unravel_index(int(np.abs(value - expected).argmax()), value.shape)
    place = tuple(int(i) for i in found)
    for axis in (None, 0, 1):
        if axis is not None and (value.ndim < 2 or value.shape[axis] < 2):
            continue
        where: tuple[Any, ...] = place
        if axis is not None:
            where = tuple(place[i] if i == axis else slice(None) for i in (0, 1))
        mended = value.copy()
        mended[where] = expected[where]
        if _near(mended, expected, answer.tolerance):
            if axis is None:
                others = value.size - 1
                verb = "is" if others == 1 else "are"
                return f"only {answer.element(place)} differs; the other {others:,} {verb} right"
            kind = ("row", "column")[axis]
            return f"only {kind} {place[axis]} differs; the others are right"
    return None


def _off(value: Array, expected: Array) -> str | None:
    """Say how little it is off, if that is little."""
    size = float(np.linalg.norm(expected))
    error = float(np.linalg.norm(value - expected)) / size if size else 1.0
    if error > _ROUNDED:
        return None
    power = 10.0 ** np.ceil(np.log10(error))
    return f"off by {error:.0e} of it, as by rounding; tolerance={power:.0e} takes it"


def _factor(answer: Answer, expected: Array) -> str | None:
    """Say by which factor it is wrong, if that is all."""
    if answer.value.size < 3 or not expected.any():
        return None
    factor = float((answer.value * expected).sum() / (expected**2).sum())
    if not _near(answer.value, factor * expected, answer.tolerance):
        return None
    return f"{factor:.6g} times what is right"


def _near(value: Array, expected: Array, tolerance: float) -> bool:
    return bool(np.linalg.norm(value - expected) <= tolerance * np.linalg.norm(expected))
