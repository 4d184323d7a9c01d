"""Ripples: what a function does on scales far below the size of its parameters.

From afar, ripples scatter values as noise does: so do the steps of a staircase, as of a part that
is computed in float32, and so does rounding itself. From near by they are told apart. Between steps
the slope is one and the same; ripples have slopes of their own at every place. A step is a step
however near one looks; ripples become smooth, and then differences over such distances are of the
function itself, without any noise but that of rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from clearprop.explaining.checking.differences import Line
from clearprop.explaining.checking.noise import DOUBLE, PLACES, SINGLE, scatter

FINEST = {DOUBLE: 2.0**-48, SINGLE: 2.0**-21}
"""The spacing of values to begin with, as a share of the parameters' sizes: some numbers."""

UNSEEN = {DOUBLE: 2.0**-40, SINGLE: 2.0**-17}
"""A slope that gives the noise over such a share may be one of ripples finer than the numbers."""

RATIO = 4.0
"""Of spacings, from one to the next."""

WIDEST = 2.0**-6

WHOLE = 0.3
"""The share of the scatter of values far apart from which on values are as far apart."""

RESOLVED = 0.03
"""The share of the whole scatter up to which values are spaced finely enough to follow ripples."""

SLOPES, SPAN = 32, 2.0**-12
"""Short slopes over such a distance, beyond which steps are taken in any case..."""

TURN = (5**0.5 - 1) / 2
"""... at places that are no multiples of a distance, which may be some function's period."""

USUAL = 0.75
"""The share of them that is looked at: a step may lie within some."""

SIGNIFICANT = 4.0
"""How many times the rounding of one they are apart by where they differ."""

LASTING = 0.25
"""The share of itself that a step keeps in `HALVINGS`; a slope keeps a 256th."""

HALVINGS = 8
STEP = 8.0
"""How many times the rounding of a cost a step is high."""


class Ripples(NamedTuple):
    """What is seen of a function from near by, along a line.

    Attributes
    ----------
    slope : float
        By how much its slopes differ from place to place; 0 if they do not.
    resolved : float
        The distance up to which values follow its ripples; 0 if they scatter at any.
    noise : float or None
        The scatter of values within that distance; None where the function has steps.
    """

    slope: float
    resolved: float
    noise: float | None


def ripples_along(line: Line, bits: int, wide: float, rounding: float) -> Ripples | None:
    """Return what a function that scatters from afar is from near by; None if that is not seen.

    Parameters
    ----------
    line : callable
        In a direction whose numbers have few digits, so that places near by are exact.
    bits : int
        Of the numbers that f computes in.
    wide : float
        The scatter of values far apart.
    rounding : float
        Of a cost.
    """
    if bits not in FINEST:
        return None
    spacing = FINEST[bits]
    spacings: list[float] = []
    scatters: list[float] = []
    costs: list[list[float]] = []
    while spacing <= WIDEST and (not scatters or scatters[-1] < WHOLE * wide):
        costs.append([line(spacing * place)[1] for place in PLACES])
        spacings.append(spacing)
        scatters.append(scatter(costs[-1]))
        spacing *= RATIO
    if not np.isfinite(scatters).all():
        return None
    followed = [i for i, found in enumerate(scatters) if found < RESOLVED * wide]
    if scatters[-1] < WHOLE * wide:
        return None
    if not followed:
        return Ripples(0.0, 0.0, None)
    off = np.maximum(scatters, rounding) / spacings  # how far slopes over such distances may be
    valleys = [i for i in followed if off[i] == off[max(i - 1, 0) : i + 2].min()] or followed[-1:]
    rounding = max(rounding, *scatters[: valleys[0] + 1])
    near = costs[valleys[0]]
    usual = (near[-1] - near[0]) / (spacings[valleys[0]] * float(np.ptp(PLACES)))
    steps = any(
        _has_step(line, spacing, found, usual, rounding, FINEST[bits] / RATIO)
        for spacing, found, scattered in zip(spacings, costs, scatters, strict=True)
        if scattered > rounding
    )
    across, slope = (line(SPAN)[1] - line(0.0)[1]) / SPAN, 0.0
    for i in valleys:
        length = max(spacings[i] / (RATIO**3 if steps else RATIO), FINEST[bits] / RATIO)
        usual, apart = _slopes(line, length * PLACES[-1])
        if apart * length * PLACES[-1] > SIGNIFICANT * max(rounding, scatters[i]):
            between = min(abs(usual - across), 2 * apart) if steps else 0.0
            slope = max(slope, 2 * (apart + between))
    return Ripples(slope, PLACES[-1] * spacings[followed[-1]], None if steps else rounding)


def _slopes(line: Line, length: float) -> tuple[float, float]:
    """Return the usual slope over a length, and how far slopes are from a cubic of the place."""
    places = np.rint(np.arange(1, SLOPES + 1) * TURN % 1.0 * SPAN / length) * length
    slopes = np.array([(line(at + length)[1] - line(at)[1]) / length for at in places.tolist()])
    if not np.isfinite(slopes).all():
        return 0.0, 0.0
    powers, kept = np.vander(places / SPAN, 4), np.arange(SLOPES)
    for _ in range(2):  # the second time without those that lie across a step
        fitted = powers @ np.linalg.lstsq(powers[kept], slopes[kept], rcond=None)[0]
        kept = np.argsort(np.abs(slopes - fitted))[: int(USUAL * SLOPES)]
    return float(np.median(slopes)), float(np.abs(slopes - fitted)[kept[-1]])


def _has_step(
    line: Line,
    spacing: float,
    costs: Sequence[float],
    usual: float,
    rounding: float,
    shortest: float,
) -> bool:
    """Whether values at such places have a step, beside the usual slope, and not only a bend."""
    at = int(np.argmax(np.abs(np.diff(costs) - usual * spacing)))
    low, high = spacing * PLACES[at], spacing * PLACES[at + 1]
    cost_low, cost_high = costs[at], costs[at + 1]
    heights = [abs(cost_high - cost_low - usual * (high - low))]
    while high - low > shortest:
        middle = (low + high) / 2
        cost = line(middle)[1]
        below = abs(cost - cost_low - usual * (middle - low))
        above = abs(cost_high - cost - usual * (high - middle))
        if below > above:
            high, cost_high = middle, cost
        else:
            low, cost_low = middle, cost
        heights.append(max(below, above))
    before = heights[max(-1 - HALVINGS, -len(heights))]
    return not heights[-1] <= max(STEP * rounding, LASTING * before)  # NaN: where there is no cost


def step_between(line: Line, low: float, high: float, usual: float) -> tuple[float, float]:
    """Return two places next to each other, between which costs change most beside a slope."""
    cost_low, cost_high = line(low)[1], line(high)[1]
    for _ in range(DOUBLE):
        middle = (low + high) / 2
        cost = line(middle)[1]
        below = abs(cost - cost_low - usual * (middle - low))
        above = abs(cost_high - cost - usual * (high - middle))
        if below > above:
            high, cost_high = middle, cost
        else:
            low, cost_low = middle, cost
    return low, high
