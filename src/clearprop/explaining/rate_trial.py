"""Is a learning rate right? It is tried, beside smaller or larger ones: the one judgment of that.

`diagnose` says what a trial says, and `find_learning_rate` suggests nothing that a trial calls too
large, so the two agree. The constants were chosen on iris, wine, digits and made-up tables, with
four optimizers: at 10 times the best rate costs begin to rise, and at a 1,000th of it a trial
makes about a hundredth of the fall; tests/explaining/test_rate_trial.py holds both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import numpy as np

from clearprop.checks.data import Data, as_rows, mean_weights
from clearprop.cost import evaluate, penalty
from clearprop.errors import DivergenceError
from clearprop.explaining.constant_outputs import constant_cost
from clearprop.network import Network
from clearprop.numerics.random import Purpose, random_order
from clearprop.training.causes import with_rate
from clearprop.training.steps import unexplained_steps

Verdict = Literal["fits", "too large", "too small"]

UPDATES = 30
"""Updates of a trial: enough for a momentum of 0.9 to show. With a larger one it takes three times
as long as the velocity takes to grow, 1 / (1 - mu), and `MOST` updates at most."""

MOST = 300

ROWS = 1000
"""Rows of a trial at most."""

SMALLER = 0.1, 0.01
"""Shares of the rate that are tried beside one that may be too large."""

LARGER = 1e3, 1e6, 1e9
"""Multiples of the rate that are tried beside one that may be too small."""

FALL = 0.01
"""A fall of the cost that counts, as a share of what there is to gain."""

BEATEN = 0.6
"""Share of the fall at a smaller rate that one which is not too large makes at least."""

RISE = 0.25
"""A rise of the cost that counts, as a share of what there is to gain."""


@dataclass(frozen=True)
class RateTrial:
    """What became of the cost at a learning rate, and at another beside it.

    Attributes
    ----------
    verdict : str
        "fits", "too large" or "too small".
    start, cost : float
        The cost before and after the updates (the mean of the last third); infinite where it
        diverged.
    peak : float
        The highest cost on the way.
    updates : int
    times, other : float
        How many times the rate the other one is, and the cost after it. 1 and `cost` where no
        other was needed, or none could be made.
    """

    verdict: Verdict
    start: float
    cost: float
    peak: float
    updates: int
    times: float
    other: float


@dataclass(frozen=True)
class _Course:
    """Cost after the updates, and the highest on the way."""

    cost: float
    peak: float


def try_rate(
    network: Network, data: Data, rule: Any, *, batch_size: int | None, l2: float, seed: int
) -> RateTrial:
    """Train copies for a few updates with an optimizer, and with its rate changed, and compare.

    Parameters
    ----------
    network : Network
        Left as it is; copies are in double precision.
    data : Data
        A sample of `ROWS` rows is taken.
    rule : Optimizer
    batch_size, l2, seed
        As for `train`.
    """
    data = held_rows(data, seed, ROWS)
    double = network.astype(np.float64)
    start = cost_on(double, data, l2)
    gain = _to_gain(double, data, start)
    updates = _updates(rule)

    def course(factor: float) -> _Course | None:
        changed = rule if factor == 1 else with_rate(rule, factor)
        if changed is None:
            return None
        run = unexplained_steps(
            work := double.copy(), data.X, data.y, optimizer=changed, batch_size=batch_size,
            epochs=updates, sample_weight=data.weights, l2=l2, seed=seed,
        )  # fmt: skip
        return _followed(cost_on(work, data, l2) for _ in islice(run, updates))

    here = course(1)
    assert here is not None
    verdict, times, other = _compared(course, here, start, gain)
    return RateTrial(verdict, start, here.cost, here.peak, updates, times, other)


def _updates(rule: Any) -> int:
    momentum = getattr(rule, "momentum", 0.0)
    if not isinstance(momentum, int | float) or not 0 <= momentum < 1:
        return UPDATES
    return min(max(UPDATES, round(3 / (1 - momentum))), MOST)


def _followed(costs: Iterator[float]) -> _Course:
    """Return the course of the costs after each update; infinite where it diverges."""
    seen = []
    with np.errstate(all="ignore"):
        try:
            for cost in costs:
                if not np.isfinite(cost):
                    return _Course(np.inf, np.inf)
                seen.append(cost)
        except DivergenceError:
            return _Course(np.inf, np.inf)
    return _Course(float(np.mean(seen[-(len(seen) // 3) :])), max(seen))


def _compared(
    course: Callable[[float], _Course | None], here: _Course, start: float, gain: float
) -> tuple[Verdict, float, float]:
    """Return the verdict, the other rate as a multiple, and the cost after that."""
    fall = start - here.cost
    fits: tuple[Verdict, float, float] = "fits", 1.0, here.cost
    if fall >= BEATEN * abs(start) and here.peak <= start + RISE * gain:
        return fits
    tried = [(c.cost, factor) for factor in SMALLER if (c := course(factor)) is not None]
    best, times = min(tried, default=(np.inf, 1.0))
    beaten = start - best > 2 * FALL * gain and fall < BEATEN * (start - best)
    spiked = here.peak > start + 2 * RISE * gain and best < here.cost
    if beaten or spiked or fall < -RISE * gain:
        return "too large", times, best
    for factor in LARGER if fall <= FALL * gain else ():
        other = course(factor)
        if other is not None and start - other.cost > FALL * gain:
            if start - other.cost > 100 * fall:
                return "too small", factor, other.cost
            return fits
    return fits


def _to_gain(network: Network, data: Data, start: float) -> float:
    """Return what there is to gain: the cost of constant outputs, or where it began.

    A trained network may have little left to gain, and small rises of its cost are no fault.
    """
    y = as_rows(data.y, network.sizes[-1], network.dtype)
    omega = mean_weights(data.weights, len(y), network.dtype)
    constant = constant_cost(network.loss, y, omega)
    return max(abs(start), abs(constant)) if np.isfinite(constant) else abs(start)


def held_rows(data: Data, seed: int, most: int) -> Data:
    """Return the rows whose cost is looked at: all, or a sample of those that have a weight."""
    rows = np.arange(len(data.X)) if data.weights is None else np.flatnonzero(data.weights)
    if len(rows) <= most:
        return data
    return data.take(np.sort(rows[random_order(seed, len(rows), Purpose.VALIDATION)[:most]]))


def cost_on(network: Network, data: Data, l2: float) -> float:
    """Return the cost with penalty, by the reference."""
    with np.errstate(all="ignore"):
        mean = evaluate(network, data, "reference")[0]
        return mean + float(penalty(network.weights, l2))
