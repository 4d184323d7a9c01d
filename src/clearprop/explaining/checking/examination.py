"""Examines a gradient: every parameter, or directions and some parameters, against the cost."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import FunctionError
from clearprop.explaining.checking.differences import Ladder
from clearprop.explaining.checking.gradient_report import CheckedDerivative, GradientCheck
from clearprop.explaining.checking.noise import TYPES
from clearprop.explaining.checking.reasons import reason
from clearprop.explaining.checking.surroundings import Surroundings
from clearprop.explaining.checking.verdict import (
    EXACT,
    TOLERANCES,
    Scale,
    judged,
    judged_exactly,
)

Array = NDArray[Any]

FULL = 1500
"""Parameters up to which every one is checked by itself."""

SOME = 24
"""Parameters of a larger gradient that are checked by themselves: half of them the steepest."""

DIRECTIONS = 3
"""Random directions of each array of a larger gradient."""

FOLLOWED = 3
"""Wrong parameters that are looked for on a direction that is off."""

SUSPECT = 1e-3
"""The share of the accepted error from which on a direction is followed: in a direction, the error
of one parameter is small beside what all the others give."""

REPEATS, SPREADS = 2, 4.0
"""Gradients near by that tell how far rounding has a gradient off, and how many times what they
are apart it may be."""


class Examination:
    """A gradient at a point, and the cost around it.

    Parameters
    ----------
    around : Surroundings
    given : ndarray, shape (n,)
        The gradient.
    bits : int
        Of its numbers.
    gradient_at : callable or None
        The gradient at any point, (n,) to (n,), where it can be asked for.
    complex_cost : callable or None
        The cost of a complex vector, where every function in it is analytic.
    seed : int
    rounding : array of shape (n,) or float
        What rounding may put the gradient off by at least, where that is known: a + b - a of few
        digits can be the same at all points near by.
    """

    def __init__(
        self,
        around: Surroundings,
        given: Array,
        bits: int,
        gradient_at: Callable[[Array], Array] | None,
        complex_cost: Callable[[Array], Any] | None,
        seed: int,
        rounding: Array | float = 0.0,
    ) -> None:
        self._around, self._given, self._gradient_at = around, given, gradient_at
        self._complex_cost, self._rounding = complex_cost, rounding
        self._bits = self._gradient_bits = bits
        self._rng = np.random.default_rng(seed)
        self._where: dict[str, int | Array] = {}
        self._steepest = self._steepest_of_arrays()
        self._spread, self._gradient_repeats = np.zeros(len(given)), True

    @property
    def method(self) -> str:
        """What derivatives are held to."""
        return "complex step" if self._complex_cost is not None else "central differences"

    def result(self) -> GradientCheck:
        """Check every parameter, or directions and some parameters."""
        n = len(self._given)
        places = list(range(n)) if n <= FULL else self._some()
        if self._around.two_values is None:
            if self._complex_cost is None:
                self._around.measure()
                self._bits = min(self._bits, self._around.bits)
            self._spread = self._spread_of_gradient()
            directions = [] if n <= FULL else self._by_directions()
            have = {derivative.name for derivative in directions}
            found = directions + [
                self._parameter(i) for i in places if self._around.name(i) not in have
            ]
            found = self._away_from_kinks(found)
            self._around.is_steady()
        if self._around.two_values is not None:
            found = [self._unknown(place) for place in places]
        return GradientCheck(
            tuple(found), self.method, n, TYPES[self._bits], self._ladder_of, self._note()
        )

    def _note(self) -> str:
        if self._around.two_values is not None:
            one, other = self._around.two_values
            return f"two values at one point: dropout, noise or state? ({one:.9g} and {other:.9g})"
        if not self._gradient_repeats:
            return "two gradients at one point: dropout, noise or state?"
        return ""

    def _steepest_of_arrays(self) -> Array:
        """Return the steepest of each parameter's array, in the units of the parameter."""
        sizes, steep = self._around.sizes, np.abs(np.nan_to_num(self._given, posinf=0, neginf=0))
        found = np.zeros(len(steep))
        for start, stop in itertools.pairwise(self._around.starts):
            if stop > start:
                part, size = steep[start:stop], sizes[start:stop]
                found[start:stop] = np.minimum(part.max(), (part * size).max() / size)
        return found

    def _spread_of_gradient(self) -> Array:
        """Return how far a gradient is off by rounding: what changes with the last bits of a point.

        It is 0 for a gradient that was given as it is.
        """
        if self._gradient_at is None:
            return np.zeros(len(self._given))
        at, n = self._around.at, len(self._given)
        with np.errstate(all="ignore"):
            spread = np.nan_to_num(np.abs(self._gradient_at(at) - self._given))
            allowed = TOLERANCES[self._bits].accepted * self._steepest
            self._gradient_repeats = bool((spread <= allowed).all())
            unit = 2.0 ** -min(self._gradient_bits, self._bits)
            for _ in range(REPEATS):
                turn = self._rng.uniform(0.5, 1, n) * self._rng.choice([-1, 1], n)
                try:
                    other = self._gradient_at(at * (1 + unit * turn))
                except FunctionError:  # at the edge of a domain
                    continue
                spread = np.fmax(spread, np.abs(other - self._given))
        return np.maximum(SPREADS * spread, self._rounding)

    def _some(self) -> list[int]:
        steep = np.argsort(-np.abs(self._given), kind="stable")[: SOME // 2]
        others = self._rng.choice(len(self._given), SOME // 2, replace=False)
        return list(dict.fromkeys([*steep.tolist(), *others.tolist()]))

    def _by_directions(self) -> list[CheckedDerivative]:
        """Check random directions of each array, and follow those that are wrong."""
        found: dict[str, CheckedDerivative] = {}
        around = self._around
        for name, (start, stop) in zip(
            around.shapes, itertools.pairwise(around.starts), strict=True
        ):
            for turn in range(DIRECTIONS if stop > start else 0):
                along = np.zeros(len(self._given))
                along[start:stop] = around.generic(self._rng)[start:stop]
                label = f"{name}, direction {turn + 1}"
                places = np.arange(start, stop)
                for _ in range(FOLLOWED):
                    parameter = self._wrong_on(label, along, places)
                    if parameter is None or parameter.name in found:
                        break
                    found[parameter.name] = parameter
                found[label] = self._checked(label, along)
        for label, checked in found.items():  # without what was found wrong on later ones
            if ", direction" in label and checked.verdict == "fault":
                found[label] = self._checked(label, self._where[label])
        return list(found.values())

    def _wrong_on(self, label: str, along: Array, places: Array) -> CheckedDerivative | None:
        """Return a wrong parameter of a direction that is off, and go on without it."""
        suspect = self._checked(label, along, SUSPECT)
        if suspect.verdict in ("right", "kink", "edge"):
            return None
        if abs(suspect.given - suspect.numerical) <= suspect.doubt:
            return None
        if not np.isfinite(self._given[places]).all():
            place = int(places[~np.isfinite(self._given[places])][0])
        else:
            place = self._followed(label, along, places)
        parameter = self._parameter(place)
        if parameter.verdict != "fault":
            return None
        self._given = self._given.copy()
        self._given[place] = parameter.numerical
        return parameter

    def _followed(self, label: str, along: Array, places: Array) -> int:
        """Return the parameter at fault on a direction: of each half, the one that is off more."""
        seen = self._ladder_of(label) if self._complex_cost is None else None
        numerical = self._exactly(along)
        if seen is not None and seen.best is not None:
            step = seen.rungs[min(seen.best.coarsest + 2, len(seen.rungs) - 1)].ahead
            numerical = seen.best.value
        off = self._dot(along) - numerical
        while len(places) > 1:
            half = places[: len(places) // 2]
            part = np.zeros_like(along)
            part[half] = along[half]
            value = self._exactly(part) if seen is None else self._around.slope(part, step)
            here = self._dot(part) - value
            if abs(here) >= abs(off - here):
                places, off = half, here
            else:
                places, off = places[len(places) // 2 :], off - here
        return int(places[0])

    def _dot(self, along: Array) -> float:
        moving = along != 0
        return float((self._given[moving] * along[moving]).sum())

    def _exactly(self, along: Array) -> float:
        """Return the derivative by a complex step; NaN where there is none."""
        if self._complex_cost is None:
            return float("nan")
        step = 1e-30
        return float(np.imag(self._complex_cost(self._around.at + 1j * step * along)) / step)

    def _ladder_of(self, name: str) -> Ladder:
        return self._around.ladder(self._where[name], name)

    def _parameter(self, place: int) -> CheckedDerivative:
        return self._checked(self._around.name(place), place)

    def _scale(self, where: int | Array, strictness: float) -> tuple[float, Scale]:
        """Return the derivative that was given, and what it is measured by."""
        t = TOLERANCES[self._bits] if self._complex_cost is None else EXACT
        t = t._replace(accepted=t.accepted * strictness)
        if isinstance(where, int):
            given, steepest = float(self._given[where]), float(self._steepest[where])
            return given, Scale(steepest, float(self._spread[where]), t)
        with np.errstate(invalid="ignore"):
            steepest = float(np.linalg.norm(np.nan_to_num(self._given) * where))
        return self._dot(where), Scale(steepest, float(np.linalg.norm(self._spread * where)), t)

    def _largest(self, where: int | Array) -> float:
        """Return the steepest of all arrays, in the units of a parameter or a direction."""
        worth = np.abs(np.nan_to_num(self._given, posinf=0, neginf=0)) * self._around.sizes
        if isinstance(where, int):
            return float(worth.max() / self._around.sizes[where])
        return float(np.linalg.norm(worth))

    def _checked(self, name: str, where: int | Array, strictness: float = 1.0) -> CheckedDerivative:
        self._where[name] = where
        given, scale = self._scale(where, strictness)
        if self._complex_cost is not None:
            along = where
            if isinstance(along, int):
                along = (np.arange(len(self._given)) == along).astype(np.float64)
            numerical = self._exactly(along)
            if np.isfinite(numerical):
                doubt = abs(numerical) * 4 * float(np.finfo(np.float64).eps)
                verdict = judged_exactly(given, numerical, scale, self._largest(where))
                return self._said(name, given, numerical, doubt, verdict, scale, None)
        seen = self._around.ladder(where, name)
        verdict = judged(given, seen, scale)
        if verdict == "fault" and np.isfinite(given):
            second = self._around.second_ladder(where, name, seen)
            verdict = judged(given, second, scale)
            seen = seen if verdict == "fault" else second
            if verdict == "fault" and isinstance(where, int):
                between = self._around.is_slope_between_steps(given, where, name, seen)
                verdict = "steps" if between else verdict
        value, doubt = (seen.best.value, seen.best.doubt) if seen.best else (np.nan, np.inf)
        if self._around.raised and not seen.has_costs:
            raise FunctionError(f"{self._around.trouble}, and nowhere nearer does it give a value")
        return self._said(name, given, value, doubt, verdict, scale, seen)

    def _said(
        self, name: str, given: float, numerical: float, doubt: float, verdict: str,
        scale: Scale, seen: Ladder | None,
    ) -> CheckedDerivative:  # fmt: skip
        why = reason(verdict, given, seen, self._bits, self._around.trouble)
        error = scale.error(given, numerical)
        return CheckedDerivative(name, given, numerical, error, verdict, doubt, why)

    def _unknown(self, place: int) -> CheckedDerivative:
        name, given = self._around.name(place), float(self._given[place])
        self._where[name] = place
        why = reason("state", given, None, self._bits, "")
        return CheckedDerivative(name, given, np.nan, np.nan, "state", np.inf, why)

    def _away_from_kinks(self, found: list[CheckedDerivative]) -> list[CheckedDerivative]:
        """Where the point is a kink, call wrong only what is wrong near by as well.

        Rules for a kink give gradients that are none, as of relu(x) - relu(-x) at 0.
        """
        wrong = [d for d in found if d.verdict == "fault" and np.isfinite(d.given)]
        if not wrong or self._gradient_at is None or all(d.verdict != "kink" for d in found):
            return found
        here = self._around, self._given
        self._around = self._around.moved(self._rng)
        try:
            self._given = self._gradient_at(self._around.at)
            near_by = [self._checked(d.name, self._where[d.name]) for d in wrong]
            by_rule = {d.name for d in near_by if d.verdict != "fault"}
        except FunctionError:  # outside the domain
            by_rule = set()
        self._around, self._given = here
        why = reason("kink", 0.0, None, self._bits, "")
        return [replace(d, verdict="kink", reason=why) if d.name in by_rule else d for d in found]
