"""A pass over a stream: its loss and metrics, block by block, in memory that a block bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.cost import losses_of
from clearprop.errors import ArgumentError
from clearprop.interruption import Interrupt
from clearprop.network import Network
from clearprop.streams.reader import Reader
from clearprop.training.streamed_rows import StreamedRows
from clearprop.training.watching.metrics import METRICS, Metric

Array = NDArray[Any]

_SMALLEST = -1074
"""The power of two that the smallest number above 0 is."""


def look_through(
    rows: StreamedRows, network: Network, metrics: Sequence[Metric], engine: str
) -> tuple[float, dict[str, float]]:
    """Return the mean loss of a stream, without penalty, and its metrics by name.

    Parameters
    ----------
    rows : StreamedRows
    network : Network
    metrics : sequence of Metric
        Built-in ones; see `check_metrics`.
    engine : {"compiled", "reference"}

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C has come: a pass may take as long as an epoch.
    """
    # Of costs and of weights, in units of the largest so far: those near 1e-308 have few digits.
    totals, units = np.zeros(2), _SMALLEST
    sums = {metric.name: _Sum(metric) for metric in metrics}
    with (
        Interrupt() as stop,
        Reader(rows.blocks()) as reader,
        np.errstate(over="ignore", invalid="ignore"),
    ):
        while (taken := reader.take(lambda: stop.requested)) is not None:
            stop.obey()
            data = taken[1]
            losses, output = losses_of(network, data, engine)
            weights = np.ones(len(losses)) if data.weights is None else data.weights
            largest = float(weights.max(initial=0.0))
            if largest > 0 and (exponent := int(np.frexp(largest)[1])) > units:
                totals, units = np.ldexp(totals, units - exponent), exponent
            shares = np.ldexp(weights, -units)
            totals += (shares * losses.astype(np.float64)).sum(), shares.sum()
            for one in sums.values():
                one.add(data.y, output, network)
        stop.obey()
    cost, total = totals
    loss = float(cost / total) if total else float("nan")
    return loss, {name: one.value() for name, one in sums.items()}


def check_metrics(metrics: Sequence[Metric]) -> None:
    """Raise `ArgumentError` for a metric that takes all rows at once."""
    for metric in metrics:
        if metric not in METRICS.values():
            raise ArgumentError(
                f"metric {metric.name!r} is a function of all rows, of which a stream has a window "
                f"in memory: use one of {', '.join(METRICS)}, or a window that holds all rows"
            )


class _Sum:
    """What a built-in metric needs of all blocks."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self._rows, self._sum = 0, 0.0
        # Of r2: of each output, squares of residuals, the mean of y, and squares about it.
        self._residual: Any = 0.0
        self._mean: Any = 0.0
        self._spread: Any = 0.0

    def add(self, y: Array, output: Array, network: Network) -> None:
        """Take a block in."""
        value = self._metric(y, output, network.loss)
        n, before = len(output), self._rows
        self._rows += n
        if self._metric.name == "root_mean_squared_error":
            value **= 2
        if self._metric.name != "r2":
            self._sum += n * value
            return
        y = y.astype(np.float64)
        mean = y.mean(axis=0)
        away = mean - self._mean
        self._residual = self._residual + ((y - output) ** 2).sum(axis=0)
        self._spread = self._spread + ((y - mean) ** 2).sum(axis=0)
        self._spread = self._spread + away**2 * (before * n / self._rows)
        self._mean = self._mean + away * (n / self._rows)

    def value(self) -> float:
        """Return the metric of all blocks."""
        if self._metric.name == "root_mean_squared_error":
            return float(np.sqrt(self._sum / self._rows))
        if self._metric.name != "r2":
            return self._sum / self._rows
        spread, residual = np.atleast_1d(self._spread), np.atleast_1d(self._residual)
        constant = np.where(residual == 0, 1.0, 0.0)  # as of data in memory
        share = residual / np.where(spread > 0, spread, 1)
        return float(np.where(spread > 0, 1 - share, constant).mean())
