"""Calls: which class a network's output means, and which class a target is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import as_rows
from clearprop.errors import ClearpropError
from clearprop.studio.problems import Problem
from clearprop.training.watching.metrics import METRICS

Array = NDArray[Any]


def class_names(problem: Problem) -> list[str]:
    """Return the classes; empty for a problem of numbers.

    Labels and the targets 0 and 1 of binary_cross_entropy are classes, whoever named none.
    """
    loss, outputs = problem.network.loss, problem.network.sizes[-1]
    if problem.classes:
        return list(problem.classes)
    if loss.targets == "labels":
        return [str(k) for k in range(outputs)]
    if outputs == 1 and loss.name == "binary_cross_entropy" and np.isin(problem.y, (0, 1)).all():
        return ["0", "1"]
    return []


def level_of(problem: Problem) -> float:
    """Return the value of a single output above which it means the second class."""
    return float(problem.y.min() + problem.y.max()) / 2 if np.ptp(problem.y) > 0 else 0.5


def called(problem: Problem, output: Array) -> NDArray[np.int64]:
    """Return the class that each row of outputs (n, n_L) means, (n,)."""
    if output.shape[1] == 1:
        return (output[:, 0] > level_of(problem)).astype(np.int64)
    return output.argmax(axis=1)


def class_of(problem: Problem, y: Array) -> NDArray[np.int64]:
    """Return the class of each target, (n,)."""
    if y.ndim == 2 and y.shape[1] > 1:
        return y.argmax(axis=1)
    if problem.network.sizes[-1] > 1:
        return y.reshape(-1).astype(np.int64)
    return (y.reshape(-1) > level_of(problem)).astype(np.int64)


def metrics_of(problem: Problem, y: Array, output: Array) -> dict[str, float]:
    """Return the share of rows that are called right, or r2 where there are no classes."""
    if class_names(problem):
        right = called(problem, output) == class_of(problem, y)
        return {"accuracy": float(right.mean())}
    rows = as_rows(y, output.shape[1], output.dtype)
    try:
        return {"r2": METRICS["r2"](rows, output, problem.network.loss)}
    except ClearpropError:
        return {}
