"""Words for a verdict: why a derivative is wrong, or what would determine it."""

from __future__ import annotations

from math import isfinite

from clearprop.explaining.checking.differences import Ladder
from clearprop.explaining.checking.noise import DOUBLE


def reason(verdict: str, given: float, seen: Ladder | None, bits: int, trouble: str) -> str:
    """Return a clause for a verdict, empty for a right derivative.

    `bits` are those of the numbers that the cost or the gradient is computed in, `trouble` what
    kept the cost from having a value.
    """
    exactly = "one computed more exactly would tell, or one without steps"
    finer = "float64 would tell" if bits < DOUBLE else exactly
    if verdict == "fault":
        return "the gradient is wrong" if isfinite(given) else f"the gradient is {given}"
    if verdict == "kink" and seen is not None and seen.kink and seen.sides is not None:
        left, right = (side.value for side in seen.sides)
        return (
            f"the cost has a kink here, with slopes of {left:.6g} and {right:.6g} on its sides; "
            "a smooth point near by would tell"
        )
    if seen is not None and seen.lacks_costs and verdict in ("truncation", "round-off", "edge"):
        return f"{trouble}; a point further inside the domain would tell"
    if verdict == "round-off" and seen is not None:
        return f"the cost itself is off by about {seen.noise.of(seen.middle):.0e}; {finer}"
    return {
        "kink": "the cost has kinks here, and near by the gradient is not wrong; a smooth point "
        "would tell",
        "truncation": "the cost bends too much within the steps; "
        f"{'float64, which takes shorter ones, ' if bits < DOUBLE else ''}a smooth point, or a "
        "smaller region (fewer rows), would tell",
        "steps": "the cost has steps, and this is its slope between them; one without steps would "
        "tell",
        "ripples": "the cost ripples over distances far below the size of this parameter, with "
        "another slope at every place; a cost without ripples would tell",
        "gradient": f"the gradient may be off by as much through its own rounding; "
        f"{finer if bits < DOUBLE else 'one computed more exactly would tell'}",
        "state": "the cost has no one value here; without dropout, noise or state it would tell",
    }.get(verdict, "")
