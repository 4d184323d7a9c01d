"""What a derivative is numerically: differences over a ladder of steps, and their limit at h = 0.

Along one parameter, for a step h, the slopes on either side and the central one are

    r(h) = (L(theta + h) - L(theta)) / h  = L'+ + c1 h + c2 h^2 + ... + noise / h
    l(h) = (L(theta) - L(theta - h)) / h  = L'- - c1 h + c2 h^2 - ... + noise / h
    D(h) = (r(h) + l(h)) / 2              = L'  + c2 h^2 + c4 h^4 + ... + noise / h

Large steps leave truncation, small ones noise. Extrapolation to h = 0 takes terms away from the
left (Richardson, 1911; Ridders, Advances in Engineering Software 4 (1982)): even ones of D, all of
r and l, whose series hold at a kink as well. A value's doubt is its noise, and how far it lies from
the value of the next coarser step, or of any finer one beyond the noise of that. Of all values the
one is taken whose doubt is least; no gradient under test has a say in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot, inf, isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.checking.trend import RATIO, Slope, Trend

FIRST = 0.2371
"""The first step as a share of the parameter's size: no fraction that is some function's period."""

RUNGS = 6
"""Steps that are taken in any case."""

FINER, LARGER = 26, 8
"""Steps that may be taken in all, and larger ones beyond them."""

EXTRAPOLATIONS = 2

CLEAR = 3.0
"""How many times their doubts two sides differ by where a kink is sure."""

ROUGH = 3.0
"""How many changes of a slope it may be off by where a function is not seen to be smooth."""

Line = Callable[[float], tuple[float, float]]
"""The distance gone along a line, as near to the one asked for as numbers allow, and the cost
there: NaN, or infinite, where there is none."""


class Noise(NamedTuple):
    """How far costs may be off: by `level`, or by their last rounding where they are large.

    Where a cost ripples, slopes over steps longer than `resolved` are of what it does on the whole,
    and that at h = 0 may be off from it by `ripple`. Slopes from `unresolved` on may be of ripples
    that are finer than numbers tell apart.
    """

    level: float = 0.0
    eps: float = float(np.finfo(np.float64).eps)
    ripple: float = 0.0
    resolved: float = inf
    unresolved: float = inf

    def of(self, cost: float) -> float:
        """How far one cost may be off; subnormal ones are as far apart as the smallest normal."""
        if cost == 0.0:
            return self.level
        narrow = self.eps > np.finfo(np.float64).eps
        normal = float(np.finfo(np.float32 if narrow else np.float64).tiny)
        return max(self.level, self.eps * max(abs(cost), normal))


class Limit(NamedTuple):
    """What slopes tend to as h falls: the value, how far it may be off, and what of it is noise."""

    value: float
    doubt: float
    noise: float
    coarsest: int  # the place of the largest step that the value and its doubt are made of
    ripple: float = 0.0  # what of the doubt is of ripples

    @property
    def limited_by(self) -> str:
        """Which is most of the doubt: "truncation", "round-off" or "ripples"."""
        if self.ripple >= 0.5 * self.doubt > 0:
            return "ripples"
        return "round-off" if self.noise >= 0.5 * self.doubt else "truncation"


class Rung(NamedTuple):
    """One step: its length to the right and to the left, and the costs there (NaN: none)."""

    ahead: float
    cost_ahead: float
    behind: float
    cost_behind: float


@dataclass(frozen=True)
class Ladder:
    """Differences along a line, from the largest step to the smallest.

    Attributes
    ----------
    middle : float
        The cost at h = 0.
    rungs : tuple of Rung
    noise : Noise
        Of costs.
    central, left, right : Limit or None
        Of central differences, and of those on either side, where there are such.
    straight : bool
        Whether noise is all that is seen of how the slopes change with the step.
    """

    middle: float
    rungs: tuple[Rung, ...]
    noise: Noise
    central: Limit | None
    left: Limit | None
    right: Limit | None
    straight: bool

    @property
    def steps(self) -> NDArray[np.float64]:
        """The steps whose two sides are finite."""
        return np.array([rung.ahead for rung in self.rungs if _both(rung)])

    @property
    def differences(self) -> NDArray[np.float64]:
        """The central differences of these."""
        return np.array([_central(rung) for rung in self.rungs if _both(rung)])

    @property
    def has_costs(self) -> bool:
        """Whether there is a cost anywhere beside h = 0."""
        return any(isfinite(cost) for cost in self.costs)

    @property
    def lacks_costs(self) -> bool:
        """Whether there is none for some steps."""
        return not all(isfinite(cost) for cost in self.costs)

    @property
    def costs(self) -> list[float]:
        """Those of all steps."""
        return [cost for rung in self.rungs for cost in (rung.cost_ahead, rung.cost_behind)]

    @property
    def flat(self) -> bool:
        """Whether no cost differs from that at h = 0."""
        return set(self.costs) == {self.middle}

    def slope_at(self, place: int) -> float:
        """The steeper of the two sides over the step at a place."""
        ahead, cost_ahead, behind, cost_behind = self.rungs[place]
        slopes = abs(cost_ahead - self.middle) / ahead, abs(cost_behind - self.middle) / behind
        return max((slope for slope in slopes if isfinite(slope)), default=0.0)

    @property
    def sides(self) -> tuple[Limit, Limit] | None:
        """The derivatives to the left and to the right."""
        return (self.left, self.right) if self.left and self.right else None

    @property
    def gap(self) -> float:
        """How far the two sides differ, where this is more than their doubts."""
        if self.left is None or self.right is None:
            return 0.0
        gap = abs(self.right.value - self.left.value)
        return gap if gap > self.left.doubt + self.right.doubt else 0.0

    @property
    def kink(self) -> bool:
        """Whether the two sides differ by far more than their doubts."""
        if self.left is None or self.right is None:
            return False
        return self.gap > CLEAR * (self.left.doubt + self.right.doubt)

    @property
    def best(self) -> Limit | None:
        """The value that may be off least; at the edge of a domain, that of the side within."""
        if self.left is None or self.right is None:
            return self.left or self.right
        sides = Limit(
            (self.left.value + self.right.value) / 2,
            (self.left.doubt + self.right.doubt) / 2,
            (self.left.noise + self.right.noise) / 2,
            min(self.left.coarsest, self.right.coarsest),
            (self.left.ripple + self.right.ripple) / 2,
        )
        if self.central is None:
            return sides
        return min(self.central, sides, key=lambda limit: limit.doubt)


def ladder(
    line: Line,
    size: float,
    noise: Noise,
    enough: Callable[[float], float],
    smooth: bool = True,
    larger: int = LARGER,
) -> Ladder:
    """Return differences along a line.

    Steps begin at a share of `size` and grow smaller, as long as smaller ones can tell more. Where
    noise is all that is seen of how the slopes change, some `larger` ones are taken as well, until
    the doubt is `enough` for the value. `smooth` says that the function is seen to be so elsewhere.
    """
    _, middle = line(0.0)
    first = FIRST * size
    rungs = [rung for k in range(RUNGS) if (rung := _rung(line, first * RATIO**-k))]
    ends = len(rungs) < RUNGS
    found = _ladder(middle, rungs, noise, smooth)
    while not ends and len(rungs) < FINER and _finer_tells_more(found, enough):
        finer = _rung(line, first * RATIO ** -len(rungs))
        ends = finer is None
        rungs += [finer] if finer else []
        found = _ladder(middle, rungs, noise, smooth)
    for k in range(1, larger + 1):
        best = found.best
        straight = best is not None and best.coarsest == 0 and found.straight
        rung = _rung(line, first * RATIO**k) if straight else None
        if rung is None or best is None or best.doubt <= enough(best.value):
            break
        rungs.insert(0, rung)
        found = _ladder(middle, rungs, noise, smooth)
    return found


def is_smooth(line: Line, noise: Noise) -> bool:
    """Whether slopes along a line change as a smooth function's, on the sides that have costs."""
    _, middle = line(0.0)
    rungs = [rung for k in range(RUNGS) if (rung := _rung(line, FIRST * RATIO**-k))]
    _, left, right = _slopes(middle, rungs, noise)
    sides = [Trend(side, False) for side in (left, right) if len(side) >= RUNGS - 2]
    return bool(sides) and all(side.falls for side in sides)


def _finer_tells_more(found: Ladder, enough: Callable[[float], float]) -> bool:
    """Whether the noise of the finest step is below what is in doubt."""
    best = found.best
    if best is None:
        return True
    last = found.rungs[-1]
    rounding = found.noise.of(found.middle) / min(last.ahead, last.behind)
    if found.kink:
        return 30 * rounding < found.gap
    if len(found.rungs) > 2 * RUNGS and best.doubt <= enough(best.value):
        return False
    return rounding < 2 * best.doubt


def _rung(line: Line, step: float) -> Rung | None:
    """Return a step, or None where numbers do not allow it."""
    if step == 0.0:  # of a parameter beside which there is no smaller number
        return None
    ahead, cost_ahead = line(step)
    behind, cost_behind = line(-step)
    if abs(ahead - step) > step / 8 or abs(behind + step) > step / 8:
        return None
    return Rung(ahead, cost_ahead, -behind, cost_behind)


def _both(rung: Rung) -> bool:
    return isfinite(rung.cost_ahead) and isfinite(rung.cost_behind)


def _central(rung: Rung) -> float:
    return (rung.cost_ahead - rung.cost_behind) / (rung.ahead + rung.behind)


def _ladder(middle: float, rungs: Sequence[Rung], noise: Noise, smooth: bool) -> Ladder:
    central, left, right = _slopes(middle, rungs, noise)
    to_left, to_right = Trend(left, smooth), Trend(right, smooth)
    return Ladder(
        middle, tuple(rungs), noise, _limit(central, 2, (to_left, to_right), noise),
        _limit(left, 1, (to_left,), noise), _limit(right, 1, (to_right,), noise),
        to_left.straight and to_right.straight,
    )  # fmt: skip


def _slopes(
    middle: float, rungs: Sequence[Rung], noise: Noise
) -> tuple[list[Slope], list[Slope], list[Slope]]:
    """Return the slopes over the steps: central ones, to the left, to the right."""
    here = noise.of(middle)
    central, left, right = [], [], []
    for place, (ahead, cost_ahead, behind, cost_behind) in enumerate(rungs):
        if isfinite(cost_ahead):
            off = hypot(here, noise.of(cost_ahead)) / ahead
            right.append(Slope(place, ahead, (cost_ahead - middle) / ahead, off))
        if isfinite(cost_behind):
            off = hypot(here, noise.of(cost_behind)) / behind
            left.append(Slope(place, behind, (middle - cost_behind) / behind, off))
        if isfinite(cost_ahead) and isfinite(cost_behind):
            both = ahead + behind
            off = hypot(noise.of(cost_ahead), noise.of(cost_behind)) / both
            central.append(Slope(place, both / 2, (cost_ahead - cost_behind) / both, off))
    return central, left, right


def _limit(
    seen: Sequence[Slope], power: int, trends: Sequence[Trend], noise_of_costs: Noise
) -> Limit | None:
    """Return the limit of slopes whose error is a series in h^power; None of fewer than two."""
    steps = [slope.step for slope in seen]
    values, noises = [slope.value for slope in seen], [slope.noise for slope in seen]
    best: Limit | None = None
    for used in range(EXTRAPOLATIONS + 1):
        if used:
            values, noises = _extrapolated(steps, values, noises, used, power)
        for at in range(1, len(values)):
            finest = seen[at + used].place
            rough = 0.0
            if not all(trend.smooth(finest) for trend in trends):
                if used:
                    continue
                rough = ROUGH * max(trend.roughness(finest) for trend in trends)
            apart = abs(values[at] - values[at - 1])
            for value, noise in zip(values[at + 1 :], noises[at + 1 :], strict=True):
                apart = max(apart, abs(value - values[at]) - noise)
            ripple = noise_of_costs.ripple if steps[at] > noise_of_costs.resolved else 0.0
            doubt = max(apart, rough) + noises[at] + ripple
            if isfinite(doubt) and (best is None or doubt < best.doubt):
                best = Limit(values[at], doubt, noises[at], seen[at - 1].place, ripple)
    return best


def _extrapolated(
    steps: Sequence[float],
    values: Sequence[float],
    noises: Sequence[float],
    used: int,
    power: int,
) -> tuple[list[float], list[float]]:
    """Return the next column of Neville's table, for h = 0, and the noise in it."""
    further, noisier = [], []
    for at in range(len(values) - 1):
        share = 1 / ((steps[at] / steps[at + used]) ** power - 1)
        further.append(values[at + 1] + share * (values[at + 1] - values[at]))
        noisier.append(hypot((1 + share) * noises[at + 1], share * noises[at]))
    return further, noisier
