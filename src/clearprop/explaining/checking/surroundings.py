"""The cost around a point: along one parameter, or along all of them at once."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.checking.differences import LARGER, Ladder, Line, Noise, is_smooth, ladder
from clearprop.explaining.checking.evaluation import Evaluation
from clearprop.explaining.checking.noise import (
    DEVIATIONS,
    DOUBLE,
    PLACES,
    SINGLE,
    bits_of_inputs,
    bits_of_values,
    noise_along,
    rounded,
    scatter,
)
from clearprop.explaining.checking.ripples import UNSEEN, ripples_along, step_between
from clearprop.explaining.checking.verdict import TOLERANCES

Array = NDArray[Any]

GENERIC = 2
"""Directions that noise and smoothness are measured along, on both sides."""

SHIFTED = 0.6180
"""The share of its steps that a second look takes."""

NOISY = 1e3
"""How many times the rounding of a cost noise is that may be none of rounding."""

ROUNDINGS = 16.0
"""How many times the rounding of a cost the scatter of costs is that may be one of ripples."""

NEAR = 64.0
"""How many roundings of a cost a slope has to be worth where it would be seen."""

MIXED = 1e4
"""The ratio of large numbers to small ones from which on an array is not of one size."""


class Surroundings:
    """A cost around a point.

    Parameters
    ----------
    evaluation : Evaluation
    at : ndarray, shape (n,)
    shapes : mapping of str to tuple of int
        The arrays that the vector is made of, in order.
    bits : sequence of int
        Of the numbers of each, as f gets them.
    seed : int

    Attributes
    ----------
    at : ndarray, shape (n,)
        The point, in the numbers that f computes in.
    sizes : ndarray, shape (n,)
        Of the parameters: what steps along them begin with.
    middle : float
        The cost at the point.
    two_values : tuple of float or None
        Two costs at the point that differ, if they do.
    """

    def __init__(
        self,
        evaluation: Evaluation,
        at: Array,
        shapes: Mapping[str, tuple[int, ...]],
        bits: Sequence[int],
        seed: int,
    ) -> None:
        self._evaluation, self._given_at = evaluation, at
        self.shapes = shapes
        self.starts = np.cumsum([0, *(prod(shape) for shape in shapes.values())])
        self.middle = evaluation.here(at)
        self.two_values: tuple[float, float] | None = None
        self.at, self.sizes = at, sizes_of(at, self.starts)
        self._bits, self._seed = list(bits), seed
        self._noise, self._slope, self._smooth = Noise(), 0.0, False
        self._is_measured = False
        self.is_steady()

    def is_steady(self) -> bool:
        """Whether the cost at the point is what it was; if not, `two_values` has the two."""
        self._compare(self.middle, self._evaluation.here(self._given_at))
        return self.two_values is None

    def _compare(self, one: float, other: float) -> None:
        eps = 2.0 ** (1 - bits_of_values((one, other)))
        if abs(one - other) > 16 * eps * max(abs(one), abs(other)):
            self.two_values = (one, other)

    def measure(self) -> None:
        """Measure the type that the cost computes in, its noise, and whether it is smooth."""
        if self._is_measured:
            return
        self._is_measured = True
        if all(bits == DOUBLE for bits in self._bits):
            bits = bits_of_inputs(self._evaluation.near, self._given_at, self._seed)
            self._bits = [bits] * len(self._bits)
        self.at = self._rounded(self._given_at)
        rng = np.random.default_rng(self._seed)
        lines = [self._line_along(self.generic(rng)) for _ in range(GENERIC)]
        self._noise, slope = noise_along(lines, min(self._bits), self.middle)
        self._slope = slope / np.sqrt(len(self.at))
        self._noise = self._noise._replace(eps=self._eps_of_values(lines[0]))
        if self._noise.level > NOISY * self._noise.eps * abs(self.middle):
            for line in lines:
                for place in PLACES:
                    self._compare(line(place / NOISY)[1], line(place / NOISY)[1])
        self._look_near_by(rng, slope)
        self._smooth = all(is_smooth(line, self._noise) for line in lines)

    def _eps_of_values(self, line: Line) -> float:
        """Return the rounding of costs; that of float64 for those that are few for another reason.

        Whole numbers, as of `np.round`, fit in few bits; rounded ones lie next to each other.
        """
        bits = int(1 - np.log2(self._noise.eps))
        if bits >= SINGLE or min(self._bits) < DOUBLE:
            return self._noise.eps
        far = (place / 16 for place in PLACES.tolist())
        high = next((place for place in far if line(place)[1] != self.middle), None)
        double = float(np.finfo(np.float64).eps)
        if high is None:
            return double
        low = 0.0
        for _ in range(DOUBLE):
            middle = (low + high) / 2
            low, high = (middle, high) if line(middle)[1] == self.middle else (low, middle)
        step = abs(line(high)[1] - self.middle)
        return self._noise.eps if step <= 4 * self._noise.eps * abs(self.middle) else double

    def is_slope_between_steps(self, given: float, place: int, name: str, seen: Ladder) -> bool:
        """Whether a derivative is that of costs beside the point, which have steps further away.

        Steps where the parameter is rounded to float32 are of a computation in that.
        """
        if self.bits < DOUBLE or seen.best is None:
            return False
        far = seen.best.value
        largest = max(abs(cost) for cost in (self.middle, *seen.costs) if np.isfinite(cost))
        off = self._noise.eps * largest
        line, here = self._line_at(place, name), float(self.at[place])
        size = float(self.sizes[place])
        h = max(NEAR * off / abs(far), 2.0**-46 * size) if far else np.inf
        if h > 2.0**-20 * size:
            return False
        doubt = 4 * off / h
        for step in (h, h / 2):
            (ahead, cost_ahead), (behind, cost_behind) = line(step), line(-step)
            near = (cost_ahead - cost_behind) / (ahead - behind)
            if not abs(given - near) <= doubt < abs(far - near) / 2:
                return False
        low, high = step_between(line, h, seen.rungs[0].ahead, near)
        return rounded(here + low, SINGLE) == rounded(here + high, SINGLE)

    def _look_near_by(self, rng: np.random.Generator, slope: float) -> None:
        """See whether what scatters the costs from afar is ripples, and how far they are followed.

        Where all is continuous, what is left of noise is that of costs near by.
        """
        eps = max(self._noise.eps, 2.0 ** (1 - min(self._bits)))
        rounding = eps * max(abs(self.middle), slope)  # of the cost, and of the parameters
        wide = self._noise.level / DEVIATIONS
        if wide <= ROUNDINGS * rounding or self.two_values is not None:
            return
        bits = min(self._bits)
        lines = [self._line_along(rounded(self.generic(rng), 3)) for _ in range(GENERIC)]
        found = [ripples_along(line, bits, wide, rounding) for line in lines]
        seen = [each for each in found if each is not None]
        if not seen:
            return
        if all(each.resolved == 0.0 for each in seen):
            if wide > NOISY * rounding:
                self._noise = self._noise._replace(unresolved=wide / UNSEEN[bits])
            return
        ripple, resolved = max(each.slope for each in seen), min(each.resolved for each in seen)
        self._noise = self._noise._replace(ripple=ripple, resolved=resolved)
        noises = [each.noise for each in seen if each.noise is not None]
        if len(noises) == GENERIC:
            self._noise = self._noise._replace(level=DEVIATIONS * max(noises))

    @property
    def trouble(self) -> str:
        """What kept the cost from having a value, at the last such point."""
        return self._evaluation.trouble

    @property
    def raised(self) -> bool:
        """Whether that was an exception."""
        return self._evaluation.raised

    @property
    def bits(self) -> int:
        """The fewest bits of the numbers that f gets, or gives, as measured."""
        return min(*self._bits, int(1 - np.log2(self._noise.eps)))

    def generic(self, rng: np.random.Generator) -> Array:
        """Return a direction that moves every parameter by about its size."""
        n = len(self.at)
        return self.sizes * rng.uniform(0.5, 1.5, n) * rng.choice([-1.0, 1.0], n)

    def moved(self, rng: np.random.Generator) -> Surroundings:
        """Return the surroundings of a point near by."""
        other = object.__new__(Surroundings)
        other.__dict__.update(self.__dict__)
        other.at = self._rounded(self.at + 2.0**-10 * self.generic(rng))
        other._given_at, other.middle = other.at, self._evaluation.near(other.at)
        return other

    def name(self, place: int) -> str:
        """Return the name of a parameter: "W1[0,2]", or "c" of a single number."""
        number = self._array_of(place)
        name, shape = list(self.shapes.items())[number]
        index = np.unravel_index(place - self.starts[number], shape)
        return f"{name}[{','.join(map(str, index))}]" if shape else name

    def ladder(self, where: int | Array, name: str) -> Ladder:
        """Return differences along a parameter, by its place, or along a direction."""
        self.measure()
        size = self._size(where)
        found = self._differences(self._line(where, name), size, size, self._noise)
        self.is_steady()
        return found

    def _differences(self, line: Line, size: float, first: float, noise: Noise) -> Ladder:
        larger = LARGER if self.bits == DOUBLE else 1
        noise = noise._replace(
            ripple=noise.ripple / size,
            resolved=noise.resolved * size,
            unresolved=noise.unresolved / size,
        )
        return ladder(line, first, noise, self._enough(size), self._smooth, larger)

    def second_ladder(self, where: int | Array, name: str, first: Ladder) -> Ladder:
        """Return differences of other steps, with noise measured where the first ones went.

        The first ones are taken anew; where their costs are other ones, `two_values` says so. A
        parameter that is far smaller than its array has steps of its own size.
        """
        size, line = self._size(where), self._line(where, name)
        own = abs(float(self.at[where])) if isinstance(where, int) else 0.0
        if 0.0 < own * MIXED < size:  # steps of the other numbers' size may be far too large for it
            size = own
        for ahead, cost, _, _ in first.rungs:
            self._compare(cost, line(ahead)[1])
        level = self._noise.level
        best = first.best
        if best is not None:
            step = first.rungs[min(best.coarsest + 1, len(first.rungs) - 1)].ahead
            for far in (step, -step):
                level = max(level, DEVIATIONS * self._scatter(line, far, where))
        noise = self._noise._replace(level=level)
        return self._differences(line, size, SHIFTED * size, noise)

    def _scatter(self, line: Line, far: float, where: int | Array) -> float:
        share = 2.0**-10
        if isinstance(where, int):
            grain = 2.0 ** -self._bits[self._array_of(where)] * abs(float(self.at[where]))
            share = min(max(share, 8 * grain / abs(far)), 0.05)
        found = scatter([line(far * (1 + share * place))[1] for place in PLACES])
        return found if np.isfinite(found) else 0.0

    def slope(self, along: Array, step: float) -> float:
        """Return a central difference extrapolated once, from two steps."""
        line, found = self._line_along(along), []
        for h in (step, step / 2):
            (ahead, cost_ahead), (behind, cost_behind) = line(h), line(-h)
            found.append((cost_ahead - cost_behind) / (ahead - behind))
        return (4 * found[1] - found[0]) / 3

    def _size(self, where: int | Array) -> float:
        return float(self.sizes[where]) if isinstance(where, int) else 1.0

    def _enough(self, size: float) -> Any:
        """Return the doubt that is small for a value: for its size, or that of a usual slope."""
        t = TOLERANCES[self.bits]

        def enough(value: float) -> float:
            usual = t.floor * self._slope / max(size, float(np.median(self.sizes)))
            return 1e-3 * t.coarse * max(abs(value), usual)

        return enough

    def _line(self, where: int | Array, name: str) -> Line:
        return (
            self._line_at(where, name) if isinstance(where, int) else self._line_along(where, name)
        )

    def _line_at(self, place: int, name: str) -> Line:
        here, bits = float(self.at[place]), self._bits[self._array_of(place)]

        def line(h: float) -> tuple[float, float]:
            there = float(rounded(here + h, bits))
            if there == here:
                return 0.0, self.middle
            vector = self.at.copy()
            vector[place] = there
            cost = self._evaluation.near(vector, lambda: f"{name} = {there!r}")
            return there - here, cost

        return line

    def _line_along(self, along: Array, name: str = "") -> Line:
        def line(h: float) -> tuple[float, float]:
            if h == 0.0:
                return 0.0, self.middle
            where = (lambda: f"{h:.3g} along {name}") if name else None
            return h, self._evaluation.near(self._rounded(self.at + h * along), where)

        return line

    def _array_of(self, place: int) -> int:
        return int(np.searchsorted(self.starts, place, side="right")) - 1

    def _rounded(self, vector: Array) -> Array:
        if min(self._bits) == DOUBLE:
            return vector
        pieces = np.split(vector, self.starts[1:-1])
        return np.concatenate(
            [rounded(piece, bits) for piece, bits in zip(pieces, self._bits, strict=True)]
        )


SMALLEST = 1e-280
"""The least size of a parameter: steps in proportion to it are still numbers."""


def sizes_of(at: Array, starts: Array) -> Array:
    """Return the size of every parameter: its own, or that of its array where this is larger.

    In arrays of numbers of many sizes each has its own; zeros have that of the others, arrays of
    zeros that of the other arrays, or 1.
    """
    sizes = np.abs(at)
    pieces = [sizes[start:stop] for start, stop in itertools.pairwise(starts)]
    typical = [float(np.median(piece[piece > 0])) for piece in pieces if piece.any()]
    other = float(np.median(typical)) if typical else 1.0
    for piece in pieces:
        nonzero = piece[piece > 0]
        if not nonzero.size:
            piece[:] = other
            continue
        low, high = np.percentile(nonzero, (10, 90), method="nearest")
        median = float(np.median(nonzero))
        piece[:] = np.where(piece > 0, piece, median)
        if high <= MIXED * low:
            np.maximum(piece, median, out=piece)
    return np.maximum(sizes, SMALLEST)
