"""Examines a gradient: every parameter, or directions and some parameters, against the cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import NonFiniteError
from clearprop.explaining.checking.differences import Ladder, ladder, noise_along
from clearprop.explaining.checking.gradient_report import (
    TOLERANCES,
    CheckedDerivative,
    GradientCheck,
)

Array = NDArray[Any]
Cost = Callable[[Array], Any]

FULL = 1500
"""Parameters up to which every one is checked by itself."""

SOME = 24
"""Parameters of a larger network that are checked by themselves: half of them the steepest."""

DIRECTIONS = 3
"""Random directions of each array of a larger network."""

SINGLE = 1e-4
"""Accepted errors of a gradient that was given in float32, or in less."""

COARSE = 1e-6
"""Doubt, relative as errors are, from which on the cost is too coarse to call a gradient right."""


class Examination:
    """A gradient at a point, and the cost around it.

    Parameters
    ----------
    cost : callable
        Of a parameter vector (n,); where `analytic`, of complex ones too.
    given, at : ndarray, shape (n,)
        The gradient, and the point.
    shapes : mapping of str to tuple of int
        The arrays that the vector is made of, in order.
    analytic : bool
        Whether the complex step may be taken.
    seed : int
    single : bool
        Whether the gradient was given in float32, or in less.
    """

    def __init__(
        self,
        cost: Cost,
        given: Array,
        at: Array,
        shapes: Mapping[str, tuple[int, ...]],
        analytic: bool,
        seed: int,
        single: bool = False,
    ) -> None:
        self._cost, self._given, self._at = cost, given, at
        self._shapes = shapes
        self._starts = np.cumsum([0, *(prod(shape) for shape in shapes.values())])
        self._places: dict[str, int] = {}  # of the names that were asked for
        self._rng = np.random.default_rng(seed)
        self._method = "complex step" if analytic else "central differences"
        self._directions: dict[str, Array] = {}
        middle = cost(at)
        if not np.isfinite(middle):
            raise NonFiniteError(f"the cost is {middle} here: there is no gradient to check")
        self._steepest = float(np.abs(given[np.isfinite(given)]).max(initial=0.0))
        self._accepted = SINGLE if single else TOLERANCES[self._method]
        self._noise = 0.0
        if not analytic:
            generic = np.random.default_rng(seed).normal(size=len(at)) / np.sqrt(len(at))
            self._noise = noise_along(self._line(generic * np.maximum(1.0, np.abs(at))))

    def result(self) -> GradientCheck:
        """Check every parameter, or directions and some parameters."""
        if len(self._at) <= FULL:
            found = [self._parameter(place) for place in range(len(self._at))]
        else:
            found = self._by_directions()
        return GradientCheck(tuple(found), self._method, len(self._at), self._ladder_of)

    def _by_directions(self) -> list[CheckedDerivative]:
        found = []
        for name, start, stop in zip(self._shapes, self._starts, self._starts[1:], strict=False):
            places = np.arange(start, stop)
            for turn in range(DIRECTIONS):
                along = np.zeros_like(self._at)
                along[places] = self._rng.normal(size=len(places)) / np.sqrt(len(places))
                label = f"{name}, direction {turn + 1}"
                self._directions[label] = along
                checked = self._along(label, along)
                found.append(checked)
                if not checked.passed:
                    found.append(self._parameter(self._followed(along, places)))
        steep = np.argsort(-np.abs(self._given), kind="stable")[: SOME // 2]
        others = self._rng.choice(len(self._at), SOME // 2, replace=False)
        chosen = dict.fromkeys([*steep.tolist(), *others.tolist()])
        have = {derivative.name for derivative in found}
        return found + [self._parameter(i) for i in chosen if self._name(i) not in have]

    def _followed(self, along: Array, places: Array) -> int:
        """Return the parameter at fault on a direction: of each half, the one that is off more."""
        while len(places) > 1:
            halves = np.array_split(places, 2)
            off = []
            for half in halves:
                part = np.zeros_like(along)
                part[half] = along[half]
                off.append(abs(self._numerical(part) - float(self._given @ part)))
            places = halves[int(np.argmax(off))]
        return int(places[0])

    def _line(self, along: Array) -> Callable[[float], float]:
        return lambda h: float(np.real(self._cost(self._at + h * along)))

    def _numerical(self, along: Array) -> float:
        if self._method == "complex step":
            return float(np.imag(self._cost(self._at + 1e-30j * along)) / 1e-30)
        return self._rungs(along).best[0]

    def _rungs(self, along: Array, size: float = 1.0) -> Ladder:
        return ladder(self._line(along), size, self._noise)

    def _ladder_of(self, name: str) -> Ladder:
        if name in self._directions:
            return self._rungs(self._directions[name])
        place = self._places[name]
        return self._rungs(self._unit(place), abs(float(self._at[place])))

    def _unit(self, place: int) -> Array:
        along = np.zeros_like(self._at)
        along[place] = 1.0
        return along

    def _name(self, place: int) -> str:
        number = int(np.searchsorted(self._starts, place, side="right")) - 1
        name, shape = list(self._shapes.items())[number]
        index = np.unravel_index(place - self._starts[number], shape)
        full = f"{name}[{','.join(map(str, index))}]" if shape else name
        self._places[full] = place
        return full

    def _parameter(self, place: int) -> CheckedDerivative:
        size = abs(float(self._at[place]))
        return self._along(self._name(place), self._unit(place), size)

    def _along(self, name: str, along: Array, size: float = 1.0) -> CheckedDerivative:
        given = float((self._given[along != 0] * along[along != 0]).sum())
        if self._method == "complex step":
            numerical = self._numerical(along)
            doubt = abs(numerical) * 4 * float(np.finfo(np.float64).eps)
            error = self._error(given, numerical)
            verdict = "right" if error <= self._accepted else "fault"
            return CheckedDerivative(name, given, numerical, error, verdict, doubt)
        rungs = self._rungs(along, size)
        numerical, doubt, _ = rungs.best
        error = self._error(given, numerical)
        verdict = self._judge(rungs, given)
        return CheckedDerivative(name, given, numerical, error, verdict, doubt)

    def _judge(self, rungs: Ladder, given: float) -> str:
        """Hold a derivative to the best that differences say, within their doubt."""
        best, doubt, limit = rungs.best
        off, scale = abs(given - best), self._scale(given, best)
        if not (np.isfinite(off) and np.isfinite(scale)):
            return "fault"
        allowed = self._accepted * scale
        if off <= allowed or (off <= allowed + doubt and doubt <= COARSE * scale):
            return "right"
        sides = rungs.sides()
        if sides is not None:
            slack = 10 * doubt + 1e-4 * abs(sides[1] - sides[0])
            return "kink" if min(sides) - slack <= given <= max(sides) + slack else "fault"
        return limit if off <= doubt else "fault"

    def _scale(self, given: float, numerical: float) -> float:
        return max(abs(given), abs(numerical), 1e-3 * self._steepest)

    def _error(self, given: float, numerical: float) -> float:
        if not (np.isfinite(given) and np.isfinite(numerical)):
            return float("inf")
        scale = self._scale(given, numerical)
        return abs(given - numerical) / scale if scale else 0.0
