"""A learning rate found empirically: it grows from step to step until the cost does.

The range test of Smith, "Cyclical learning rates for training neural networks", 2017. The cost is
that of the same rows after every update: costs of batches differ more by their rows than by what
a small rate does.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import count, number
from clearprop.display.plotting import axes_for, tidy
from clearprop.errors import ArgumentError, DivergenceError
from clearprop.explaining.rate_trial import RateTrial, cost_on, held_rows, try_rate
from clearprop.explaining.titles import set_title, what_of
from clearprop.losses import Loss, LossName
from clearprop.network import Network, check_network
from clearprop.optimizers import LBFGS, Optimizer, OptimizerName
from clearprop.optimizers import optimizer as resolve_optimizer
from clearprop.schedules import Rate
from clearprop.training.job import check_data
from clearprop.training.steps import unexplained_steps as updates

HELD = 2000
"""Rows, at most, whose cost is computed after each update."""

WIDTH = 3.0
"""Steps on either side over which costs are smoothed: the standard deviation of the weights."""

SHARE = 0.8
"""The rate is suggested at which the cost has made so much of its fall. Measured in
tests/explaining/test_learning_rate.py: where it falls fastest, rates are still three times too
small; where it is lowest, they are about to be too large."""

STEPS = 1_000_000
"""Updates of a sweep at most."""

EDGE = 3
"""Steps at either end of the sweep whose rates are never suggested."""

LOWERED = 3.0
"""What a suggestion is divided by where training at it is judged too large."""

DIVERGED = 4.0
"""The sweep ends where the cost rises from its lowest by so many times what it fell."""


@dataclass(frozen=True, repr=False)
class LearningRateSearch:
    """What `find_learning_rate` saw.

    Attributes
    ----------
    rates, losses, smoothed : ndarray, shape (steps,)
        The learning rate of each update, the cost after it (of the same rows every time: all, or
        2,000 of them), and the mean of the costs around it, without what is out of hand.
    suggested : float or None
        A learning rate to train with; None where no rate lowered the cost, or only those at an
        end of the sweep did.
    reason : str
    diverged : bool
        Whether the cost grew out of hand before the largest rate.
    what : str
        Network, loss and data, in words.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([1, 1], output="identity", dtype="float64", seed=0)
    >>> search = cp.find_learning_rate(
    ...     network, [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0], optimizer="sgd", batch_size=None
    ... )
    >>> 0.01 < search.suggested < 1.0, search.diverged
    (True, True)
    """

    rates: NDArray[np.float64]
    losses: NDArray[np.float64]
    smoothed: NDArray[np.float64]
    suggested: float | None
    reason: str
    diverged: bool
    what: str = ""

    def __repr__(self) -> str:
        found = "none" if self.suggested is None else f"{self.suggested:.2g}"
        return f"Learning rate: {found} ({self.reason}; {len(self.rates)} steps)"

    def plot(self, ax: Any = None) -> Any:
        """Draw the cost against the learning rate, with the suggestion.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            None: a new figure.

        Returns
        -------
        matplotlib Figure

        Raises
        ------
        MissingExtraError
            If matplotlib (the extra `plots`) is not installed.
        """
        figure, axis = axes_for(ax, (5.4, 3.6), "plot()")
        axis.semilogx(self.rates, self.losses, color="0.75", lw=1, label="after each update")
        axis.semilogx(self.rates, self.smoothed, color="#0072B2", label="smoothed")
        if self.suggested is not None:
            label = f"suggested: {self.suggested:.2g}"
            axis.axvline(self.suggested, color="#D55E00", ls="--", lw=1.2, label=label)
        # A sweep ends in costs that would hide all others.
        first, middle = float(self.smoothed[0]), float(np.median(self.smoothed))
        top = max(first + abs(first), middle + 0.2 * abs(middle))  # costs may be negative
        axis.set_ylim(min(0.0, float(self.smoothed.min())), top)
        axis.set_xlabel("learning rate")
        axis.set_ylabel("cost (mean per sample)")
        set_title(axis, self.what)
        tidy(axis)
        axis.legend(frameon=False, loc="upper left")
        return figure


def find_learning_rate(
    network: Network,
    X: object,
    y: object,
    *,
    loss: LossName | Loss | None = None,
    optimizer: OptimizerName | Optimizer = "adam",
    batch_size: int | None = 32,
    smallest: float = 1e-6,
    largest: float = 10.0,
    steps: int = 120,
    sample_weight: object = None,
    l2: float = 0.0,
    seed: int = 0,
) -> LearningRateSearch:
    """Try learning rates from small to large, an update each, and suggest one.

    The cost of the same rows is looked at after each update. The suggestion is the rate at which
    it has made four fifths of its fall: larger ones soon raise it, much smaller ones take long. It
    is tried in training, as `diagnose` tries a rate, and lowered where that calls it too large.

    Parameters
    ----------
    network : Network
        Left as it is; a copy goes through the updates.
    X, y, loss, optimizer, batch_size, sample_weight, l2, seed
        As for `train`; the optimizer's own learning rate does not count.
    smallest, largest : float
        The rates that the sweep begins and ends with; each is the same multiple of the last.
    steps : int
        Updates, from 20 to 1,000,000.

    Returns
    -------
    LearningRateSearch

    Raises
    ------
    DataError, ArgumentError, UnknownNameError, PairingError
        If something that was passed in does not fit, or the optimizer has no learning rate.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([1, 1], output="identity", dtype="float64", seed=0)
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> rate = cp.find_learning_rate(network, X, y, optimizer="sgd", batch_size=None).suggested
    >>> cp.train(network, X, y, optimizer=cp.SGD(rate), batch_size=None, epochs=500).loss[-1] < 0.01
    True
    """
    rule: Any = resolve_optimizer(optimizer)
    smallest = number("smallest", smallest, low=0, open="low")
    largest = number("largest", largest, low=smallest, open="low")
    steps = count("steps", steps, 20, most=STEPS)
    given = check_network(network)
    work = given.astype(given.dtype, loss=loss)
    data = check_data(work, X, y, sample_weight)
    l2 = number("l2", l2, low=0)
    n = len(data.X)
    batches = -(-n // min(n, n if batch_size is None else count("batch_size", batch_size, 1)))
    factor = (largest / smallest) ** (1 / (steps - 1))
    sweep = _with_rate(rule, lambda t, total: smallest * factor**t)
    run = updates(
        work, X, y, optimizer=sweep, batch_size=batch_size, epochs=-(-steps // batches),
        sample_weight=sample_weight, l2=l2, seed=seed,
    )  # fmt: skip
    held = held_rows(data, seed, HELD)
    start = lowest = cost_on(work, held, l2)
    losses: list[float] = []
    diverged = False
    try:
        for _ in run:
            cost = cost_on(work, held, l2)
            if not np.isfinite(cost):
                diverged = True
                break
            losses.append(cost)
            lowest = min(lowest, cost)
            diverged = cost > _ceiling(start, lowest, DIVERGED) + 1e-12
            if diverged or len(losses) == steps:
                break
    except DivergenceError:
        diverged = True
    if not losses or not np.isfinite(start):
        raise ArgumentError("not one update could be made: the cost is not finite here")
    rates = smallest * factor ** np.arange(len(losses))
    found = _judged(rates, np.array(losses), start, diverged, len(losses) == steps)
    found = replace(found, what=what_of(work, len(data.X)))
    fresh = given.astype(given.dtype, loss=loss)
    return _tried(found, lambda rate: try_rate(
        fresh, data, _with_rate(rule, rate), batch_size=batch_size, l2=l2, seed=seed
    ))  # fmt: skip


def _tried(search: LearningRateSearch, attempt: Callable[[float], RateTrial]) -> LearningRateSearch:
    """Return the search, its suggestion lowered until training at it is not judged too large.

    In a sweep each rate makes one update: one that does no harm in that may do so in thirty.
    """
    if search.suggested is None:
        return search
    rate = search.suggested
    while attempt(rate).verdict == "too large":
        rate /= LOWERED
        if rate < search.rates[0]:
            reason = "every rate tried raised the cost in training: begin with other weights"
            return replace(search, suggested=None, reason=reason)
    if rate == search.suggested:
        return search
    reason = f"{search.reason}; lowered from {search.suggested:.2g}, which trained worse"
    return replace(search, suggested=rate, reason=reason)


def _with_rate(rule: Any, rate: Rate) -> Any:
    """Return the optimizer with this learning rate, if it has one that may change."""
    if not isinstance(rule, LBFGS) and hasattr(rule, "learning_rate"):
        with suppress(ArgumentError, TypeError):  # RProp's is the size of the first steps alone
            return replace(rule, learning_rate=rate)
    raise ArgumentError(f"{type(rule).__name__} finds its steps itself: it has no learning rate")


def _ceiling(start: float, lowest: float, times: float) -> float:
    """Return what a cost may rise to: above the lowest by so many times what it fell."""
    return lowest + times * max(start - lowest, 0.25 * abs(start))


def _smoothed(losses: NDArray[np.float64], start: float) -> NDArray[np.float64]:
    """Return the mean of the costs around each; before the first update they were `start`."""
    wide = int(3 * WIDTH)
    kernel = np.exp(-0.5 * (np.arange(-wide, wide + 1) / WIDTH) ** 2)
    costs = np.concatenate([np.full(wide, start), losses])
    sums, weights = (np.convolve(v, kernel)[2 * wide :] for v in (costs, np.ones_like(costs)))
    return np.asarray(sums[: len(losses)] / weights[: len(losses)])


def _judged(
    rates: NDArray[np.float64],
    losses: NDArray[np.float64],
    start: float,
    diverged: bool,
    whole: bool,
) -> LearningRateSearch:
    """Return the search with its suggestion; `whole` where the largest rate was reached."""
    near = np.minimum(losses, _ceiling(start, float(losses.min()), 1.5))
    smoothed = _smoothed(near, start)
    end = int(smoothed.argmin())
    fallen = start - float(smoothed[end])
    noise = float(np.abs(near - smoothed)[: end + 1].mean())
    suggested = None
    if fallen <= max(1e-6 * abs(start), 4 * noise):
        reason = "no rate lowered the cost"
        reason += ": smaller ones may" if diverged else ": larger ones, or other inputs, may"
        return LearningRateSearch(rates, losses, smoothed, suggested, reason, diverged)
    level = start - SHARE * fallen
    at = int(np.argmax(smoothed <= level))
    if at < EDGE or (near[:EDGE] <= level).any():  # which smoothing hides
        reason = f"the cost falls from the smallest rate on: begin below {rates[0]:.2g}"
    elif whole and at >= len(rates) - EDGE:
        reason = f"the cost still falls at the largest rate: end above {rates[-1]:.2g}"
    else:
        suggested = float(rates[at])
        reason = f"by there the cost has made {SHARE:.0%} of its fall; lowest at {rates[end]:.2g}"
        if diverged:
            reason += f"; from {rates[-1]:.2g} on it diverges"
    return LearningRateSearch(rates, losses, smoothed, suggested, reason, diverged)
