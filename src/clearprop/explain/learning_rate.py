"""A learning rate found empirically: it grows from step to step until the cost does.

The range test of Smith, "Cyclical learning rates for training neural networks", 2017.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks import count, number
from clearprop.data import check_inputs
from clearprop.errors import ArgumentError, DivergenceError
from clearprop.losses import Loss
from clearprop.network import Network, check_network
from clearprop.optimizers import LBFGS, Optimizer, RProp
from clearprop.optimizers import optimizer as resolve_optimizer
from clearprop.plotting import axes_for, tidy
from clearprop.steps import steps as updates

SMOOTHING = 0.9
"""How much of the running mean of costs is kept at each step."""

DELAY = round(SMOOTHING / (1 - SMOOTHING))
"""Steps by which the running mean is behind."""

DIVERGED = 4.0
"""The sweep ends where the smoothed cost is so many times the lowest."""


@dataclass(frozen=True, repr=False)
class LearningRateSearch:
    """What `find_learning_rate` saw.

    Attributes
    ----------
    rates, losses, smoothed : ndarray, shape (steps,)
        The learning rate of each update, the batch's cost before it, and the running mean of
        these.
    suggested : float or None
        A learning rate to train with; None where no rate lowered the cost.
    reason : str
    diverged : bool
        Whether the cost grew out of hand before the largest rate.

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
        axis.semilogx(self.rates, self.losses, color="0.75", lw=1, label="each batch")
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
        tidy(axis)
        axis.legend(frameon=False, loc="upper left")
        return figure


def find_learning_rate(
    network: Network,
    X: object,
    y: object,
    *,
    loss: str | Loss | None = None,
    optimizer: str | Optimizer = "adam",
    batch_size: int | None = 32,
    smallest: float = 1e-6,
    largest: float = 10.0,
    steps: int = 120,
    sample_weight: object = None,
    l2: float = 0.0,
    seed: int = 0,
) -> LearningRateSearch:
    """Try learning rates from small to large, an update each, and suggest one.

    The suggestion is the rate at which the smoothed cost falls fastest, its delay taken off.

    Parameters
    ----------
    network : Network
        Left as it is; a copy goes through the updates.
    X, y, loss, optimizer, batch_size, sample_weight, l2, seed
        As for `train`; the optimizer's own learning rate does not count.
    smallest, largest : float
        The rates that the sweep begins and ends with; each is the same multiple of the last.
    steps : int
        Updates, 20 or more.

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
    if isinstance(rule, LBFGS | RProp) or not hasattr(rule, "learning_rate"):
        raise ArgumentError(
            f"{type(rule).__name__} finds its steps itself: it has no learning rate"
        )
    smallest = number("smallest", smallest, low=0, open="low")
    largest = number("largest", largest, low=smallest, open="low")
    steps = count("steps", steps, 20)
    work = check_network(network).copy()
    n = len(check_inputs(X, work.sizes[0], work.dtype))
    batches = -(-n // min(n, n if batch_size is None else count("batch_size", batch_size, 1)))
    factor = (largest / smallest) ** (1 / (steps - 1))
    rule = replace(rule, learning_rate=lambda t, total: smallest * factor**t)
    losses: list[float] = []
    smoothed: list[float] = []
    mean, diverged = 0.0, False
    run = updates(
        work, X, y, loss=loss, optimizer=rule, batch_size=batch_size,
        epochs=-(-steps // batches), sample_weight=sample_weight, l2=l2, seed=seed,
    )  # fmt: skip
    try:
        for step in run:
            losses.append(float(step.record.loss))
            mean = SMOOTHING * mean + (1 - SMOOTHING) * losses[-1]
            smoothed.append(mean / (1 - SMOOTHING ** len(losses)))
            lowest = min(smoothed)
            diverged = smoothed[-1] > DIVERGED * lowest + 1e-12 and len(losses) > 10
            if diverged or len(losses) == steps:
                break
    except DivergenceError:
        diverged = True
    if not losses:
        raise ArgumentError("not one update could be made: the cost is not finite here")
    rates = smallest * factor ** np.arange(len(losses))
    return _judged(rates, np.array(losses), np.array(smoothed), diverged)


def _judged(
    rates: NDArray[np.float64],
    losses: NDArray[np.float64],
    smoothed: NDArray[np.float64],
    diverged: bool,
) -> LearningRateSearch:
    """Return the search with its suggestion: where the smoothed cost falls fastest."""
    end = int(smoothed.argmin())
    fallen = float(smoothed[0] - smoothed[end])
    noise = float(np.std(np.diff(losses[: end + 1]))) / math.sqrt(end + 1) if end > 2 else math.inf
    if fallen <= max(1e-9 * abs(float(smoothed[0])), noise):
        reason = "no rate lowered the cost"
        reason += ": smaller ones may" if diverged else ": larger ones, or other inputs, may"
        return LearningRateSearch(rates, losses, smoothed, None, reason, diverged)
    slopes = np.gradient(smoothed[: end + 1])  # over the logarithm of the rate, which is even
    at = max(int(slopes.argmin()) - DELAY, 0)
    suggested = float(rates[at])
    reason = f"the cost falls fastest there, and is lowest at {rates[end]:.2g}"
    if diverged:
        reason += f"; from {rates[-1]:.2g} on it diverges"
    return LearningRateSearch(rates, losses, smoothed, suggested, reason, diverged)
