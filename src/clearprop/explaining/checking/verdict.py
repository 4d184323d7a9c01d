"""Verdicts on one derivative: what is right, what is wrong, and what cannot be told.

A derivative is right where it agrees with the differences within their doubt, and the doubt is
small; wrong where it lies outside of it, and outside of what a kink would allow that is hidden in
the doubt of the two sides; all else is not determined.
"""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

from clearprop.explaining.checking.differences import Ladder
from clearprop.explaining.checking.noise import BRAIN, DOUBLE, HALF, SINGLE


class Tolerance(NamedTuple):
    """What a gradient may be off by, in the type that it or the cost is computed in.

    Attributes
    ----------
    accepted : float
        A difference that is none, relative to the derivative.
    coarse : float
        The largest doubt with which a derivative is called right, relative to the derivative...
    floor : float
        ... or to this share of the steepest of its array.
    rounding : float
        The gradient's own rounding, relative to the steepest of its array.
    """

    accepted: float
    coarse: float
    floor: float
    rounding: float


TOLERANCES = {
    DOUBLE: Tolerance(1e-9, 1e-6, 1e-2, 2.0**-47),
    SINGLE: Tolerance(1e-5, 1e-2, 0.1, 2.0**-18),
    HALF: Tolerance(4e-3, 3e-2, 0.3, 2.0**-8),
    BRAIN: Tolerance(3e-2, 1e-1, 0.5, 2.0**-5),
}
"""By the bits of the numbers."""

EXACT = Tolerance(1e-10, 1e-6, 1e-2, 2.0**-44)
"""Beside a complex step."""


DOUBTS = 2.0
"""How many times its doubt a side's slope may be off by before a gradient beyond it is wrong."""


class Scale(NamedTuple):
    """What a derivative is measured by.

    Attributes
    ----------
    steepest : float
        Of its array, in the units of this parameter.
    spread : float
        How far the given derivative is off by the rounding of its own computation.
    tolerance : Tolerance
    """

    steepest: float
    spread: float
    tolerance: Tolerance

    def allowed(self, given: float, numerical: float) -> float:
        """How far apart they may lie if numerical has no doubt."""
        t = self.tolerance
        size = max(abs(given), abs(numerical))
        return t.accepted * size + t.rounding * self.steepest + self.spread

    def fine(self, doubt: float, size: float) -> bool:
        """Whether a derivative of this size can be called right with such a doubt."""
        t = self.tolerance
        return doubt + self.spread <= t.coarse * max(size, t.floor * self.steepest)

    def error(self, given: float, numerical: float) -> float:
        """The distance, relative to the larger of them or a share of the steepest."""
        if not (isfinite(given) and isfinite(numerical)):
            return float("inf")
        size = max(abs(given), abs(numerical), self.tolerance.floor * self.steepest)
        return abs(given - numerical) / size if size else 0.0


def judged(given: float, seen: Ladder, scale: Scale) -> str:
    """Return "right", "fault", or why neither can be said.

    That is "kink", "truncation", "round-off" or "ripples"; "gradient", where its own rounding is
    what is in doubt; and "edge", where there are no values to go by.
    """
    best = seen.best
    if not isfinite(given):
        return "fault"
    if best is None:
        return "edge"
    off, allowed = abs(given - best.value), scale.allowed(given, best.value)
    within = False  # what a kink allows, which may be hidden in the doubt of the sides
    if seen.sides is not None:
        left, right = seen.sides
        lowest = min(side.value - DOUBTS * side.doubt for side in (left, right))
        highest = max(side.value + DOUBTS * side.doubt for side in (left, right))
        within = lowest - allowed <= given <= highest + allowed
        slack = allowed - scale.spread  # which is all of a kink in x that is not at 0
        if seen.kink and seen.gap > slack:
            return "kink" if lowest - slack <= given <= highest + slack else "fault"
    agrees = off <= allowed + best.doubt
    if not agrees and not within:
        return "fault" if off < seen.noise.unresolved else "round-off"
    nearby = scale.tolerance.floor * seen.slope_at(best.coarsest)
    fine = scale.fine(max(best.doubt, seen.gap / 2), max(abs(given), abs(best.value), nearby))
    if agrees and (fine or (seen.flat and given == 0.0)):
        return "right"
    return "gradient" if scale.spread > best.doubt else best.limited_by


def judged_exactly(given: float, numerical: float, scale: Scale, largest: float) -> str:
    """Return "right", "fault" or "gradient", beside a derivative that has no doubt.

    `largest` is the steepest of all arrays, in the units of this parameter. What is off by the
    rounding of that is no fault: where tanh is saturated, 1 - a^2 is that of a, which is near 1.
    """
    if not isfinite(given):
        return "fault"
    off = abs(given - numerical)
    if off > scale.allowed(given, numerical):
        return "gradient" if off <= scale.tolerance.rounding * largest else "fault"
    fine = scale.fine(0.0, max(abs(given), abs(numerical)))
    return "right" if fine else "gradient"
