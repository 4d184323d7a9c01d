"""Metrics: what people read beside the loss. A small table, and any function of (y, output).

scikit-learn's metrics of numbers or probabilities fit as they are: ``metrics=[log_loss]``; those
of labels want a line: ``def f1(y, a): return f1_score(y, a.argmax(axis=1), average="macro")``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import listed, takes
from clearprop.errors import ArgumentError, TargetError, shown, unknown
from clearprop.losses import Loss

Array = NDArray[Any]


@dataclass(frozen=True)
class Metric:
    """A named figure of merit. `better` is "max", "min", or "" where nobody said."""

    name: str
    function: Callable[[Array, Array, Loss], float]
    better: str = ""

    def __call__(self, y: Array, output: Array, loss: Loss) -> float:
        """Return the figure for checked targets and the network's output (n, n_L)."""
        value = self.function(y, output, loss)
        try:
            array = np.asarray(value)
        except ValueError:  # lists of different lengths
            array = np.empty(0)
        if array.ndim != 0 or array.dtype.kind not in "iuf":
            raise ArgumentError(
                f"metric {self.name!r} returned a {type(value).__name__}; it must be one number"
            )
        return float(value)


def accuracy(y: Array, output: Array, loss: Loss) -> float:
    """Return the share of samples that are classified right.

    One output: above 1/2 means 1. Several after binary_cross_entropy: all labels of a
    sample have to be right. Several otherwise: the largest output is the class.
    """
    if output.shape[1] == 1:
        target = y.reshape(-1)
        if not np.isin(target, (0, 1)).all():
            raise TargetError("accuracy over one output takes targets 0 and 1")
        return float(((output[:, 0] > 0.5) == (target > 0.5)).mean())
    if loss.targets == "unit":
        return float(((output > 0.5) == (y > 0.5)).all(axis=1).mean())
    labels = y if y.ndim == 1 else y.argmax(axis=1)
    return float((output.argmax(axis=1) == labels).mean())


def _r2(y: Array, output: Array, loss: Loss) -> float:
    y = _as_rows(y, output)
    residual = ((y - output) ** 2).sum(axis=0)
    spread = ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    constant = np.where(residual == 0, 1.0, 0.0)  # scikit-learn's convention
    return float(
        np.where(spread > 0, 1 - residual / np.where(spread > 0, spread, 1), constant).mean()
    )


def _mean_absolute_error(y: Array, output: Array, loss: Loss) -> float:
    return float(np.abs(_as_rows(y, output) - output).mean())


def _root_mean_squared_error(y: Array, output: Array, loss: Loss) -> float:
    return float(np.sqrt(((_as_rows(y, output) - output) ** 2).mean()))


def _as_rows(y: Array, output: Array) -> Array:
    if y.shape != output.shape:
        raise ArgumentError("this metric takes numeric targets, not class labels: use 'accuracy'")
    return y.astype(np.float64)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("accuracy", accuracy, "max"),
        Metric("r2", _r2, "max"),
        Metric("mean_absolute_error", _mean_absolute_error, "min"),
        Metric("root_mean_squared_error", _root_mean_squared_error, "min"),
    )
}
"""The built-in metrics by name."""

_OF_ROWS = ("epoch", "loss", "updates", "seconds")
"""What each epoch's row has beside metrics."""

MetricSpec = str | Callable[[Array, Array], float]


def resolve_metrics(specs: Iterable[MetricSpec] | MetricSpec | None) -> list[Metric]:
    """Return the metrics that names and functions stand for, in their order."""
    if specs is None:
        return []
    metrics = [_resolve(spec) for spec in ([specs] if callable(specs) else listed(specs))]
    names = [metric.name for metric in metrics]
    for name in names:
        if name in _OF_ROWS or name.startswith("validation_"):
            raise ArgumentError(f"a metric is called {name!r}, which a run uses itself: rename it")
    if len(set(names)) < len(names):
        raise ArgumentError(f"two metrics have the same name in {names}: make them with def")
    return metrics


def _resolve(spec: Any) -> Metric:
    if not takes(spec, 2):
        if not isinstance(spec, str):
            raise ArgumentError(
                f"a metric is {shown(spec)}; give a name or a function of (y, output)"
            )
        if spec not in METRICS:
            unknown("metric", spec, METRICS)
        return METRICS[spec]
    function = spec

    def call(y: Array, output: Array, loss: Loss) -> float:
        y = (
            y.copy()
        )  # labels are places at which compiled code writes, and the rest is the caller's
        if output.shape[1] == 1:
            return function(y.reshape(-1), output[:, 0])
        return function(y, output)

    return Metric(getattr(spec, "__name__", type(spec).__name__), call)
