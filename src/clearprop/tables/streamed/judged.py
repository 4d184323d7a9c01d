"""Judged: a trained network on a stream's test rows, and beside baselines on a sample of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.network import Network
from clearprop.streams.block import TableBlock
from clearprop.tables import leakage
from clearprop.tables.intervals import Calibration, intervals_held, quantiles_held
from clearprop.tables.judgment import judge
from clearprop.tables.outputs import in_units, raw_outputs
from clearprop.tables.preparation import Prepared
from clearprop.tables.report import OURS
from clearprop.tables.shares import exact_interval
from clearprop.tables.split import Split
from clearprop.tables.streamed.decided import Decided
from clearprop.tables.streamed.draws import TEST, TRAINING, VALIDATION
from clearprop.tables.streamed.fitted import Fitted
from clearprop.tables.streamed.scores import ClassTally, NumberTally
from clearprop.tables.streamed.training_rows import EncodedRows

Array = NDArray[Any]
Scores = dict[str, dict[str, float | None]]


@dataclass(frozen=True)
class Judged:
    """What the test rows of a stream say of a network.

    Attributes
    ----------
    figures : dict of str to float
        As `Scores` have them, of all test rows; empty without any.
    said : str
        How exact they are.
    intervals, quantiles : dict
        As a report has them.
    """

    figures: dict[str, float]
    said: str
    intervals: dict[str, Any]
    quantiles: dict[str, Any]


def judge_stream(
    blocks: Iterable[TableBlock],
    rows: EncodedRows,
    network: Network,
    calibration: Calibration | None,
) -> Judged:
    """Return what the test rows of a stream say, by one pass over it."""
    target = rows.target
    tally: ClassTally | NumberTally = (
        ClassTally(list(map(str, target.classes))) if target.classes else NumberTally()
    )
    intervals: list[tuple[int, dict[str, Any]]] = []
    quantiles: list[tuple[int, dict[str, Any]]] = []
    for block in blocks:
        read = rows.read(block, TEST)
        if read is None:
            continue
        outputs = raw_outputs(network, rows.encoding, read.columns)
        predicted = in_units(network, target, outputs)
        if isinstance(tally, ClassTally):
            tally.add(target.labels(read.goal), predicted)
            continue
        y = target.encode(read.goal)
        tally.add(target.numbers(read.goal), predicted)
        quantiles.append((len(y), quantiles_held(network, outputs, y)))
        if calibration is not None:
            intervals.append((len(y), intervals_held(network, target, calibration, outputs, y)))
    if not tally.n:
        return Judged({}, "", {}, {})
    return Judged(tally.figures, tally.said(), _intervals(intervals), _quantiles(quantiles))


def _intervals(found: list[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    """Return what `intervals_held` would say of all blocks together."""
    if not found or not found[0][1]:
        return {}
    n = sum(rows for rows, _ in found)
    inside = sum(round(rows * one["held"]) for rows, one in found)
    low, high = exact_interval(inside, n)
    width = sum(rows * one["mean_width"] for rows, one in found) / n
    return {
        **found[0][1], "held": inside / n, "low": low, "high": high, "mean_width": width,
    }  # fmt: skip


def _quantiles(found: list[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    """Return what `quantiles_held` would say of all blocks together."""
    if not found[0][1] if found else True:
        return {}
    n = sum(rows for rows, _ in found)
    below = {
        name: sum(rows * one["below"][name] for rows, one in found) / n
        for name in found[0][1]["below"]
    }
    return {"below": below, "crossed": sum(rows * one["crossed"] for rows, one in found) / n}


def sampled(decided: Decided, fitted: Fitted, rows: EncodedRows) -> Prepared:
    """Return the sample as a prepared table: what baselines and the search for leakage take."""
    frame_columns = {
        one.column: decided.detected.columns[one.column] for one in fitted.encoding.inputs
    }
    goal = decided.read.whole[decided.read.target].column
    present = np.flatnonzero(~goal.missing)
    columns = {name: one.take(present) for name, one in frame_columns.items()}
    goal = goal.take(present)
    part = decided.parts.of_rows(decided.rows[present])
    split = Split(*(np.flatnonzero(part == which) for which in (TRAINING, VALIDATION, TEST)))
    y = rows.target.encode(goal)
    weights = None
    if decided.weighing is not None:
        raw = decided.read.raw[decided.weighing.name]
        weights = decided.weighing.of(raw, decided.read.words, present)
    if rows.by_class is not None:
        by_class = rows.by_class[y]
        weights = by_class if weights is None else weights * by_class
    return Prepared(
        columns, goal, 0, decided.parts.test, rows.target, fitted.reason, decided.detected,
        fitted.encoding, split, y, decided.rows[present], weights, decided.weighing,
    )  # fmt: skip


def leaks(ready: Prepared) -> list[str]:
    """Say which columns alone predict the target, in the sample."""
    learned = {name: one.take(ready.split.training) for name, one in ready.columns.items()}
    target = ready.target
    y = ready.y[ready.split.training]
    return leakage.told(learned, target.column, y, len(target.classes))


def beside_baselines(
    ready: Prepared, network: Network, judged: Judged, seed: int, progress: bool | None
) -> tuple[Scores, str]:
    """Return the figures of the network on all test rows and of baselines on the sample's.

    Parameters
    ----------
    ready : Prepared
        The sample.
    """
    if why := _incomparable(ready):
        return own_scores(judged), why
    tested = {name: one.take(ready.split.test) for name, one in ready.columns.items()}
    outputs = in_units(network, ready.target, raw_outputs(network, ready.encoding, tested))
    scores, verdict = judge(ready, outputs, True, seed, progress)
    if len(scores) == 1:  # without scikit-learn
        return own_scores(judged), verdict
    said = (
        f"Baselines learned from the sample of {len(ready.rows):,} rows; what is of its "
        f"{len(ready.split.test):,} test rows alone is marked with *, as this comparison is."
    )
    marked = {f"{name}*": figures for name, figures in scores.items()}
    return own_scores(judged) | marked, f"{verdict} {said}"


def _incomparable(ready: Prepared) -> str:
    """Return why a sample cannot compare, or ""."""
    split, K = ready.split, len(ready.target.classes)
    learned = np.concatenate([split.training, split.validation])
    lacks = K and len(np.unique(ready.y[learned])) < K
    if len(split.test) and not lacks:
        return ""
    lack = "rows of every class to learn from" if len(split.test) else "test rows"
    return f"Baselines are left out: the sample of {len(ready.rows):,} rows lacks {lack}."


def own_scores(judged: Judged) -> Scores:
    """Return the network's figures as a report has them."""
    if not judged.figures:
        return {}
    return {OURS: {name: v if np.isfinite(v) else None for name, v in judged.figures.items()}}
