"""Intervals and quantiles of a regression: what its errors on validation rows say of other rows.

Split conformal calibration: of m rows that the network did not learn from, the errors are as
large as those of any other row of the same kind. An interval whose ends are moved outwards by the
ceil((m + 1) level)-th smallest of them holds such a row with a probability of `level` or more
(Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World, 2005). Where the network gives
quantiles, the two ends are quantiles of their own, and the error of a row is how far it lies
outside (Romano, Patterson, Candes, Conformalized Quantile Regression, NeurIPS 2019).

The validation rows did choose the epoch that is kept, so that errors are a little smaller on
them. That costs about a row: the next larger error is taken. See docs/decisions/0014.

Everything here is in the network's unit: whoever wants the target's maps the ends, as an
increasing function keeps what lies between them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import listed, number
from clearprop.errors import ArgumentError, NonFiniteError, shown
from clearprop.losses import BuiltInLoss, Loss
from clearprop.network import Network
from clearprop.tables.shares import exact_interval
from clearprop.tables.target import Target

Array = NDArray[Any]

MOST_ROWS = 5_000
"""Rows whose errors are kept: with as many, coverage is known to 0.4%."""

CHOSEN_BY = 1
"""Rows that are asked for beyond conformal calibration, as one number, the epoch, was chosen."""

REPORTED = 0.9
"""The level of the intervals that a report tells of."""


def quantiles_of(loss: Loss) -> tuple[float, ...]:
    """Return the quantile that each output gives, ascending; none if they give no quantiles."""
    if isinstance(loss, BuiltInLoss) and loss.name == "quantile":
        q = loss.settings["q"]
        return q if isinstance(q, tuple) else ()
    return ()


def check_quantiles(quantiles: object) -> tuple[float, ...]:
    """Return the quantiles that a model is to learn.

    Raises
    ------
    ArgumentError
        If they are not ascending numbers in (0, 1), or 0.5 is not among them.
    """
    given = listed(quantiles)
    found = tuple(
        number(f"quantiles[{j}]", one, low=0, high=1, open="low high")
        for j, one in enumerate(given)
    )
    if list(found) != sorted(set(found)):
        raise ArgumentError(f"quantiles is {shown(found)}; give each once, in ascending order")
    if 0.5 not in found:
        raise ArgumentError(
            f"quantiles is {shown(found)}; 0.5 is to be among them, as predict gives the median"
        )
    return found


def ordered(network: Network, outputs: Array) -> Array:
    """Return a network's outputs, shape (n, q), with quantiles in ascending order.

    Sorted, they do not cross, and their pinball loss is not larger (Chernozhukov, Fernandez-Val,
    Galichon, Econometrica 78 (2010)).
    """
    return np.sort(outputs, axis=1) if quantiles_of(network.loss) else outputs


def is_rate(loss: Loss | None) -> bool:
    """Whether a loss takes a positive rate, and numbers of 0 or more."""
    return loss is not None and loss.targets == "nonnegative"


def center(network: Network) -> int:
    """Return which output `predict` gives: the median, or the one there is."""
    quantiles = quantiles_of(network.loss)
    return quantiles.index(0.5) if quantiles else 0


@dataclass(frozen=True)
class Calibration:
    """How far off a regression is on rows that it did not learn from.

    Attributes
    ----------
    errors : ndarray of float64, shape (m, q)
        Of each row, the target less each output, in the network's unit.
    """

    errors: Array

    def moved(self, outputs: Array, quantiles: tuple[float, ...], level: float) -> Array:
        """Return the ends of the intervals of rows.

        Parameters
        ----------
        outputs : ndarray, shape (n, q)
            As `ordered` gives them.
        quantiles : tuple of float
            Of the outputs; none if they are no quantiles.
        level : float
            How probable it is to be that an interval holds its row.

        Returns
        -------
        ndarray, shape (n, 2)

        Raises
        ------
        ArgumentError
            If there are too few rows for the level.
        """
        first, last = ends(quantiles, level)
        offset = smallest(self._outside(first, last), level)
        low, high = outputs[:, first] - offset, outputs[:, last] + offset
        middle = (low + high) / 2  # where they passed each other
        return np.stack([np.minimum(low, middle), np.maximum(high, middle)], axis=1)

    def _outside(self, first: int, last: int) -> Array:
        """Return how far each row lies outside two outputs; less than 0 between them."""
        return np.maximum(-self.errors[:, first], self.errors[:, last])


def interval_ends(
    network: Network, calibration: Calibration, outputs: Array, level: float
) -> Array:
    """Return the ends of the intervals of rows, shape (n, 2), of a network's outputs (n, q).

    A rate's are 0 or more, as its target is: no row is held less often by that.

    Raises
    ------
    ArgumentError
        If there are too few rows for the level.
    """
    found = calibration.moved(ordered(network, outputs), quantiles_of(network.loss), level)
    return np.maximum(found, 0.0) if is_rate(network.loss) else found


def calibrating(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows that are calibrated by: `MOST_ROWS` of them at most, evenly spaced."""
    m = min(len(rows), MOST_ROWS)
    return rows[(np.arange(m) * (len(rows) / max(m, 1))).astype(np.int64)]


def calibrated(network: Network, X: Array, y: Array) -> Calibration | None:
    """Return what rows say that the network did not learn from; None without any.

    Parameters
    ----------
    network : Network
    X, y : ndarray, shape (m, n_0), (m,)
        Encoded rows, and what the network is to give.
    """
    if not len(X):
        return None
    outputs = network.predict(X).astype(np.float64)
    errors = y.astype(np.float64)[:, None] - ordered(network, outputs)
    at = center(network)
    return Calibration(errors[np.argsort(errors[:, at], kind="stable")])


def ends(quantiles: tuple[float, ...], level: float) -> tuple[int, int]:
    """Return the outputs that an interval starts from: the quantiles nearest to its ends."""
    if not quantiles:
        return 0, 0
    q, tail = np.array(quantiles), (1 - level) / 2
    return int(np.abs(q - tail).argmin()), int(np.abs(q - (1 - tail)).argmin())


def rows_needed(level: float) -> int:
    """Return the fewest rows that can calibrate intervals of a level."""
    return math.ceil(round((level + CHOSEN_BY) / (1 - level), 6))


def smallest(scores: Array, level: float) -> float:
    """Return the (ceil((m + 1) level) + 1)-th smallest of m scores.

    Raises
    ------
    ArgumentError
        If there are fewer scores.
    """
    m = len(scores)
    if m < rows_needed(level):
        raise ArgumentError(
            f"intervals of level {level} take {rows_needed(level):,} validation rows or more, "
            f"but the model has {m:,} of them, which suffice for "
            f"{_below((m - CHOSEN_BY) / (m + 1))}: ask for less, or train with more rows"
        )
    rank = math.ceil(round((m + 1) * level, 6)) + CHOSEN_BY  # 0.9 times 10 is 9: level is rounded
    return float(np.sort(scores)[min(rank, m) - 1])


def _below(level: float) -> str:
    """Return a level with three digits, not above it."""
    return f"{math.floor(1000 * level) / 1000:g}"


def numbers_in_units(target: Target, numbers: Array) -> Array:
    """Return numbers in the network's unit in the target's own, by an increasing function.

    Raises
    ------
    NonFiniteError
        If they are too large.
    """
    found = target.decode(numbers)
    if not np.isfinite(found).all():
        raise NonFiniteError("the predictions are too large for float64: train the model again")
    return found


def intervals_held(
    network: Network, target: Target, calibration: Calibration, outputs: Array, y: Array
) -> dict[str, float]:
    """Return how many of the test rows the intervals hold, for the report.

    Parameters
    ----------
    network, target
    calibration : Calibration
    outputs, y : ndarray, shape (n, q), (n,)
        For the test rows, and their target in the network's unit.

    Returns
    -------
    dict of str to float
        "level", the "rows" that it was calibrated by, the share of test rows "held", the ends of
        its 95% interval, "low" and "high" (Clopper, Pearson, Biometrika 26 (1934)), and
        "mean_width" in the target's unit. Empty if there are too few rows to calibrate by.
    """
    m = len(calibration.errors)
    if m < rows_needed(REPORTED):
        return {}
    found = interval_ends(network, calibration, outputs, REPORTED)
    inside = int(((found[:, 0] <= y) & (y <= found[:, 1])).sum())
    low, high = exact_interval(inside, len(y))
    width = np.diff(numbers_in_units(target, found), axis=1).mean()
    return {
        "level": REPORTED,
        "rows": m,
        "held": inside / len(y),
        "low": low,
        "high": high,
        "mean_width": float(width),
    }


def quantiles_held(network: Network, outputs: Array, y: Array) -> dict[str, Any]:
    """Return how the quantiles of the test rows did, for the report; empty if there are none.

    Parameters
    ----------
    network : Network
    outputs, y : ndarray, shape (n, q), (n,)

    Returns
    -------
    dict
        "below": by quantile, the share of rows whose target is not above it. "crossed": the share
        of rows whose quantiles were in another order before they were sorted.
    """
    quantiles = quantiles_of(network.loss)
    if not quantiles:
        return {}
    below = (y[:, None] <= np.sort(outputs, axis=1)).mean(axis=0).tolist()
    return {
        "below": {f"{q}": share for q, share in zip(quantiles, below, strict=True)},
        "crossed": float((np.diff(outputs, axis=1) < 0).any(axis=1).mean()),
    }
