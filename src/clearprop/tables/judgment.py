"""Judgment: a trained network's scores beside the baselines', and the report of it all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.network import Network
from clearprop.tables.baselines import LEFT_OUT, NAIVE, are_there, baselines, sample
from clearprop.tables.comparison import compare_classes, compare_numbers
from clearprop.tables.encoding import Input
from clearprop.tables.preparation import Prepared
from clearprop.tables.report import OURS, Report
from clearprop.tables.scores import scores_of
from clearprop.tables.text import shortened
from clearprop.tables.verdict import few, rows_in_words, verdict
from clearprop.training.watching.history import History

Array = NDArray[Any]


def judge(
    ready: Prepared, outputs: Array, compare: bool, seed: int, progress: bool | None = False
) -> tuple[dict[str, dict[str, float | None]], str]:
    """Return the figures of each model on the test rows, and what they say.

    Parameters
    ----------
    ready : Prepared
    outputs : ndarray, shape (m, K) or (m,)
        The network's, for the test rows.
    compare : bool
        Whether there are baselines to fit; where scikit-learn is not installed, what they are
        left out for is said instead.
    seed : int
    progress : bool or None
        Whether to say which baseline is learning; None: of one that takes two seconds.
    """
    target, split = ready.target, ready.split
    predicted, said = {OURS: outputs}, []
    is_compared = compare and are_there()
    if is_compared:
        learned = np.sort(np.concatenate([split.training, split.validation]))
        n, n_classes = len(learned), len(target.classes)
        learned = learned[sample(ready.y[learned], n_classes, seed)]
        if len(learned) < n:
            said.append(f"The baselines learned from a sample of {len(learned):,} of {n:,} rows.")
        of_rows, tested = (
            {name: one.take(rows) for name, one in ready.columns.items()}
            for rows in (learned, split.test)
        )
        y = ready.y[learned]
        weights = None if ready.weights is None else ready.weights[learned]
        found = baselines(ready.encoding, of_rows, tested, y, n_classes, seed, progress, weights)
        for name, theirs in found.items():
            predicted[name] = theirs if target.classes else target.decode(theirs)
        if target.transform:  # of the numbers, not of their logarithms
            mean = np.average(target.decode(y), weights=weights)
            predicted["mean"] = np.full(len(split.test), mean)
        if "gradient boosting" not in predicted:
            said.append("Gradient boosting is left out, as it would take many minutes here.")
    goal = ready.goal.take(split.test)
    scores = {
        name: {
            key: value if np.isfinite(value) else None
            for key, value in scores_of(target, goal, values).figures.items()
        }
        for name, values in predicted.items()
    }
    if is_compared:
        return scores, " ".join([_shown(ready, predicted), *said])
    return scores, LEFT_OUT if compare else ""


def _shown(ready: Prepared, predicted: Mapping[str, Array]) -> str:
    """Return what the test rows show of the network and each baseline, in words."""
    target, rows = ready.target, ready.split.test
    goal = ready.goal.take(rows)
    theirs = {name: values for name, values in predicted.items() if name != OURS}
    if target.classes:
        labels = target.labels(goal)
        of_each = np.bincount(labels, minlength=len(target.classes)).tolist()
        counts = dict(zip(map(str, target.classes), of_each, strict=True))
        if too_few := few(len(rows), counts):
            return too_few
        leads = {n: compare_classes(labels, predicted[OURS], p) for n, p in theirs.items()}
        over_naive = leads["most frequent class"]
        naive = "the most frequent class"
    else:
        true, counts = target.numbers(goal), {}
        if too_few := few(len(rows), counts):
            return too_few
        if (true == true[0]).all():
            return "The target is the same in all test rows: nothing can be compared."
        leads = {n: compare_numbers(true, predicted[OURS], p) for n, p in theirs.items()}
        over_naive = {"R2": leads["mean"]["R2"], "MAE": leads["median"]["MAE"]}
        naive = "the mean or the median"
    others = {name: one for name, one in leads.items() if name not in NAIVE}
    return verdict(naive, over_naive, others, rows_in_words(len(rows), counts))


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
    if tiny and scores and ready.is_drawn:
        notes.append(f"classes with fewer than three rows are not tested: {shortened(tiny)}")
    if not scores and ready.test and ready.is_drawn:
        notes.append("no class has three rows or more, so that none can be tested on")
    missing = {name: int(column.missing.sum()) for name, column in ready.columns.items()}
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
        inputs={one.column: became(one) for one in ready.encoding.inputs},
        dropped=detected.dropped,
        missing={name: count for name, count in missing.items() if count},
        notes=notes,
        training=training_told(history, seconds),
        network=network_told(network),
        scores=scores,
        verdict=said,
    )


def training_told(history: History, seconds: float) -> dict[str, Any]:
    """Return what a report says of training."""
    return {
        "epochs": len(history.epochs),
        "best_epoch": history.best_epoch,
        "stopped": history.stopped,
        "seconds": round(seconds, 3),
    }


def network_told(network: Network) -> str:
    """Return a network's layers and size, in words."""
    sizes = "-".join(map(str, network.sizes))
    names = " and ".join(dict.fromkeys(f.name for f in network.activations))
    return f"{sizes}, {names}, {network.n_parameters:,} parameters"


def became(one: Input) -> str:
    """Return what a column became, in words."""
    if one.kind in ("number", "boolean"):
        return one.kind
    if one.kind == "date":
        return f"date, {len(one.parts)} number{'s' if len(one.parts) > 1 else ''}"
    rare = f", {one.rare:,} of them rare" if one.rare else ""
    return f"{len(one.categories) + one.rare:,} categories{rare}"
