"""Judgment: a trained network's scores beside the baselines', and the report of it all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.history import History
from clearprop.network import Network
from clearprop.tables.baselines import baselines
from clearprop.tables.encoding import Input
from clearprop.tables.preparation import Prepared
from clearprop.tables.report import OURS, Report, verdict
from clearprop.tables.scores import scores_of

Array = NDArray[Any]


def judge(
    ready: Prepared, outputs: Array, compare: bool, seed: int
) -> tuple[dict[str, dict[str, float]], str]:
    """Return the figures of each model on the test rows, and what they say.

    Parameters
    ----------
    ready : Prepared
    outputs : ndarray, shape (m, K) or (m,)
        The network's, for the test rows.
    compare : bool
        Whether there are baselines to fit.
    seed : int
    """
    target, split = ready.target, ready.split
    goal = ready.goal.take(split.test)
    predicted = {OURS: outputs}
    if compare:
        learned = np.sort(np.concatenate([split.training, split.validation]))
        X, y = ready.X[learned], ready.y[learned]
        found = baselines(X, y, ready.X[split.test], len(target.classes), seed)
        for name, theirs in found.items():
            predicted[name] = theirs if target.classes else theirs * target.scale + target.mean
    scores = {name: scores_of(target, goal, values).figures for name, values in predicted.items()}
    merits = {name: _merit(ready, values) for name, values in predicted.items()}
    leads = {name: _lead(merits[OURS], theirs) for name, theirs in merits.items() if name != OURS}
    return scores, verdict(scores, leads) if compare else ""


def _merit(ready: Prepared, outputs: Array) -> Array:
    """Return how good each test row's prediction is; the mean is what models are compared by."""
    y = ready.y[ready.split.test]
    if ready.target.classes:
        return (outputs.argmax(axis=1) == y).astype(np.float64)
    return -(((outputs - ready.target.mean) / ready.target.scale - y) ** 2)


def _lead(ours: Array, theirs: Array) -> tuple[float, float]:
    """Return the mean of ours minus theirs, and its standard error."""
    difference = ours - theirs
    error = difference.std(ddof=1) / np.sqrt(len(difference)) if len(difference) > 1 else np.inf
    return float(difference.mean()), float(error)


def make_report(
    ready: Prepared,
    network: Network,
    history: History,
    scores: dict[str, dict[str, float]],
    said: str,
) -> Report:
    """Return the report of a model."""
    target, split, detected = ready.target, ready.split, ready.detected
    labels = target.labels(ready.goal) if target.classes else np.empty(0, dtype=np.int64)
    counts = np.bincount(labels, minlength=len(target.classes)).tolist()
    missing = {name: int(column.missing.sum()) for name, column in ready.columns.items()}
    sizes = "-".join(map(str, network.sizes))
    names = f"{network.activations[0].name} and {network.activations[-1].name}"
    return Report(
        target=target.column,
        task=target.task,
        reason=ready.reason,
        classes={str(c): count for c, count in zip(target.classes, counts, strict=True)},
        rows={
            "training": len(split.training),
            "validation": len(split.validation),
            "test": len(split.test),
            "without target": ready.left_out,
        },
        inputs={one.column: _became(one) for one in ready.encoding.inputs},
        dropped=detected.dropped,
        missing={name: count for name, count in missing.items() if count},
        notes=detected.notes,
        training={
            "epochs": len(history.epochs),
            "best_epoch": history.best_epoch,
            "stopped": history.stopped,
            "seconds": round(history.epochs[-1].seconds, 3) if history.epochs else 0.0,
        },
        network=f"{sizes}, {names}, {network.n_parameters:,} parameters",
        scores=scores,
        verdict=said,
    )


def _became(one: Input) -> str:
    """Return what a column became, in words."""
    if one.kind in ("number", "boolean"):
        return one.kind
    if one.kind == "date":
        return f"date, {len(one.parts)} number{'s' if len(one.parts) > 1 else ''}"
    n = len(one.categories) + len(one.rare)
    rare = f", {len(one.rare)} of them rare" if one.rare else ""
    return f"{n} categories{rare}"
