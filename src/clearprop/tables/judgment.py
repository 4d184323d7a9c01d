"""Judgment: a trained network's scores beside the baselines', and the report of it all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.network import Network
from clearprop.tables.baselines import baselines
from clearprop.tables.encoding import Input
from clearprop.tables.preparation import Prepared
from clearprop.tables.report import OURS, Report, verdict
from clearprop.tables.scores import scores_of
from clearprop.tables.text import shortened
from clearprop.training.watching.history import History

Array = NDArray[Any]


def judge(
    ready: Prepared, outputs: Array, compare: bool, seed: int
) -> tuple[dict[str, dict[str, float | None]], str]:
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
    scores = {
        name: {
            key: value if np.isfinite(value) else None
            for key, value in scores_of(target, goal, values).figures.items()
        }
        for name, values in predicted.items()
    }
    if not compare:
        return scores, ""
    merits = {name: _merit(ready, values) for name, values in predicted.items()}
    ours = merits.pop(OURS)
    leads = {name: _lead(ours, theirs) for name, theirs in merits.items()}
    said = verdict(scores, leads, len(split.test))
    if "gradient boosting" not in scores:
        said += " Gradient boosting is left out, as it would take minutes here."
    return scores, said


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
    seconds: float,
    scores: dict[str, dict[str, float | None]],
    said: str,
) -> Report:
    """Return the report of a model."""
    target, split, detected = ready.target, ready.split, ready.detected
    labels = target.labels(ready.goal) if target.classes else np.empty(0, dtype=np.int64)
    counts = np.bincount(labels, minlength=len(target.classes)).tolist()
    notes = list(detected.notes)
    tiny = [str(c) for c, rows in zip(target.classes, counts, strict=True) if rows < 3]
    if tiny and scores:
        notes.append(f"classes with fewer than three rows are not tested: {shortened(tiny)}")
    if not scores and ready.test:
        notes.append("no class has three rows or more, so that none can be tested on")
    missing = {name: int(column.missing.sum()) for name, column in ready.columns.items()}
    sizes = "-".join(map(str, network.sizes))
    names = " and ".join(dict.fromkeys(f.name for f in network.activations))
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
        notes=notes,
        training={
            "epochs": len(history.epochs),
            "best_epoch": history.best_epoch,
            "stopped": history.stopped,
            "seconds": round(seconds, 3),
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
    rare = f", {one.rare:,} of them rare" if one.rare else ""
    return f"{len(one.categories) + one.rare:,} categories{rare}"
