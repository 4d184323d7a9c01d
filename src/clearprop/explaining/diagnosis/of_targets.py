"""What ails the targets: their range and scale, and how often classes occur."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.diagnosis.finding import FEW, Finding
from clearprop.explaining.names import counted
from clearprop.record import Record

Array = NDArray[Any]

TARGET_SCALES = 30.0
"""How many times further than 1 targets that are numbers may spread, or lie from 0."""

OUT_OF_REACH = 0.05
"""Share of an output's targets beyond what its activation gives."""

USUAL = 0.95
"""Share of the cost that rows of one class may have."""

ROWS_A_CLASS = 10
"""Rows for each class from which one that does not occur is no chance."""


def target_findings(record: Record) -> list[Finding]:
    """Return what is wrong with targets; of constant ones, only that."""
    y = record.y.astype(np.float64)
    if len(y) >= FEW and (np.ptp(y, axis=0) == 0).all():
        scale = [] if record.network.loss.targets == "labels" else [*_scale(record, y)]
        return [_constant(record, y), *scale]
    if record.network.loss.targets in ("labels", "unit"):
        return [*_classes(record, y)]
    beyond = [*_out_of_reach(record, y)]
    return beyond or [*_scale(record, y), *_classes_as_numbers(record, y)]


def _constant(record: Record, y: Array) -> Finding:
    if record.network.loss.targets == "labels" and y[0].max() == 1:
        value = f"label {y[0].argmax()}"
    else:
        value = f"target {y[0, 0]:.6g}" if y.shape[1] == 1 else "the same targets"
    return Finding(
        "constant targets", None, f"all {len(y):,} rows have {value}",
        "an output bias alone learns that: look at how y is made, or at how rows are chosen",
    )  # fmt: skip


def _scale(record: Record, y: Array) -> Iterator[Finding]:
    if record.network.loss.targets not in ("real", "shared"):
        return
    spreads, means = y.std(axis=0), y.mean(axis=0)
    off = np.maximum(spreads, np.abs(means) / np.maximum(spreads, 1.0))
    j = int(off.argmax())
    if off[j] > TARGET_SCALES:
        yield Finding(
            "unscaled targets", None,
            f"y[{j}] has mean {means[j]:.3g} and standard deviation {spreads[j]:.2g}",
            "bring targets to mean 0 and standard deviation 1, and predictions back",
        )  # fmt: skip


def _out_of_reach(record: Record, y: Array) -> Iterator[Finding]:
    """Yield targets that the output's activation cannot give, however it is trained."""
    f = record.network.activations[-1]
    low, high = getattr(f, "outputs", (-np.inf, np.inf))
    below, above = (y < low).mean(axis=0), (y > high).mean(axis=0)
    j = int((below + above).argmax())
    if below[j] + above[j] < OUT_OF_REACH:
        return
    reach = f"below {low:g}" if not above[j] else f"above {high:g}"
    if below[j] and above[j]:
        reach = f"outside {low:g} to {high:g}"
    yield Finding(
        "targets out of reach", len(record.delta),
        f"{below[j] + above[j]:.0%} of the targets y[{j}] lie {reach}, which {f.name} never gives "
        f"(they go from {y[:, j].min():.3g} to {y[:, j].max():.3g})",
        'use output="identity", or bring the targets into the range of the output',
    )  # fmt: skip


def _classes_as_numbers(record: Record, y: Array) -> Iterator[Finding]:
    """Yield classes that a network with an unbounded output learns as if they were numbers."""
    f = record.network.activations[-1]
    low, high = getattr(f, "outputs", (0.0, 0.0))
    if len(y) < FEW or (np.isfinite(low) and np.isfinite(high)):
        return
    if record.network.loss.name == "poisson":
        return
    values = np.unique(y)
    if y.shape[1] == 1 and len(values) == 2:
        evidence = f"y has two values alone, {values[0]:.6g} and {values[1]:.6g}"
        remedy = "use one output with sigmoid and binary_cross_entropy, and targets 0 and 1"
    elif y.shape[1] > 1 and set(values) == {0.0, 1.0} and (y.sum(axis=1) == 1).all():
        evidence = "every row of y has one 1, and 0 elsewhere"
        remedy = "use softmax and cross_entropy"
    else:
        return
    yield Finding(
        "classes as numbers", len(record.delta),
        f"{evidence}, but {f.name} gives any number, and {record.network.loss.name} holds the "
        "distance from it against a row that is surely right",
        remedy,
    )  # fmt: skip


def _classes(record: Record, y: Array) -> Iterator[Finding]:
    """Yield a class that never occurs, and one that hardly any row is not of."""
    n, k = y.shape
    if not np.isin(y, (0.0, 1.0)).all() or (record.network.loss.targets == "unit" and k > 1):
        return  # shares of classes, or several questions a row, of which yes may be rare
    if k == 1:
        y = np.hstack([1 - y, y])
    counts, shares = y.sum(axis=0), record.omega @ y
    absent = np.flatnonzero(counts == 0)
    if absent.size and n >= ROWS_A_CLASS * k:
        names = ", ".join(map(str, absent[:5])) + (", ..." if absent.size > 5 else "")
        yield Finding(
            "absent class", len(record.delta),
            f"none of {n:,} rows is of class {names}, which the network has "
            f"{counted(int(absent.size), 'output')} for",
            "give it an output a class that occurs, or look at how the rows were chosen",
        )  # fmt: skip
    usual = int(shares.argmax())
    if shares[usual] > USUAL and n >= 2 * FEW:
        how = "" if np.ptp(record.omega) == 0 else ", as they are weighted"
        yield Finding(
            "imbalanced classes", len(record.delta),
            f"{shares[usual]:.1%} of the rows are of class {usual}{how}: who always answers that "
            "is right as often",
            "weigh the rows so that classes count alike (sample_weight), and judge by more than "
            "accuracy",
        )  # fmt: skip
