"""Health: figures of each layer at a step and over the run, and what `cp.diagnose` finds."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from clearprop.backprop import backprop
from clearprop.checks.data import Data
from clearprop.errors import ArgumentError
from clearprop.explaining.diagnosis.diagnosis import Diagnosis, diagnose
from clearprop.explaining.diagnosis.layer_figures import layer_figures
from clearprop.explaining.learning_rate import find_learning_rate
from clearprop.studio.guessing import is_open
from clearprop.studio.question import Question
from clearprop.studio.remedies import remedies
from clearprop.studio.runs import Run
from clearprop.studio.thinning import thinned

Array = NDArray[Any]

ROWS = 1000
"""Rows that are looked at, at most."""

WORK = 2e7
"""Parameters times rows, at most."""


KEPT = 16
_KNOWN: WeakKeyDictionary[Run, dict[int, Diagnosis]] = WeakKeyDictionary()


@np.errstate(all="ignore")
def health(run: Run, question: Question) -> dict[str, Any]:
    """Return the figures of each layer at step n, and its gradients and updates over the run."""
    n = run.reach(question.whole("n", 0))
    step = run.at(n)
    network = step.record.network
    data = sampled(run, n)
    record = backprop(network, data.X, data.y, sample_weight=data.weights, l2=run.setup.at(n).l2)
    update = network.unflatten(step.update)
    layers = [layer_figures(record, at, update[f"W{at}"]) for at in range(1, len(network.sizes))]
    return {
        "n": n,
        "rows": len(data.X),
        "all_rows": len(run.problem.X),
        "layers": [
            {
                "layer": one.layer, "units": one.units, "activation": one.activation,
                "dead": list(one.dead), "saturated": one.saturated, "spread": one.spread,
                "delta": one.delta, "gradient": one.gradient, "weights": one.weights,
                "update": one.update,
            }
            for one in layers
        ],
        "over_time": _over_time(run, n),
    }  # fmt: skip


def _over_time(run: Run, n: int) -> dict[str, Any]:
    """Return each layer's norms of the batches' gradients, and shares of its updates."""
    numbers = thinned(n)
    figures = [run.figures_at(at) for at in numbers]
    by_layer = [list(one) for one in zip(*(one.gradients for one in figures), strict=True)]
    shares = [list(one) for one in zip(*(one.updates for one in figures), strict=True)]
    return {"numbers": numbers, "gradients": by_layer, "updates": shares}


def diagnosis(run: Run, question: Question) -> dict[str, Any]:
    """Return what is found to be wrong, each with what may be tried against it.

    Of an illness that was planted in secret nothing is said before there is a guess.
    """
    n = run.reach(question.whole("n", 0))
    if is_open(run.setup, question):
        return {"n": n, "waits": True, "rows": 0, "findings": []}
    data = sampled(run, n)
    found = diagnosed(run, n)
    return {
        "n": n,
        "waits": False,
        "rows": found.rows,
        "findings": [
            {
                "kind": one.kind, "layer": one.layer, "evidence": one.evidence,
                "remedy": one.remedy,
                "remedies": remedies(
                    run.setup.at(n), run.problem, one, _rate(run, n, data, one.kind)
                ),
            }
            for one in found.findings
        ],
    }  # fmt: skip


def diagnosed(run: Run, n: int) -> Diagnosis:
    """Return the diagnosis of the network at step n, as it is trained; the latest are kept."""
    # Of a run that another program makes, step n is another epoch once fewer are kept.
    known = _KNOWN.setdefault(run, {}) if isinstance(run, Run) else {}
    if (found := known.get(n)) is not None:
        return found
    problem, data = run.problem, sampled(run, n)
    held = (problem.X_held, problem.y_held) if len(problem.X_held) else None
    found = diagnose(
        run.network_at(n), data.X, data.y, optimizer=run.rule_at(n), batch_size=run.batch,
        validation=held, sample_weight=data.weights, l2=run.setup.at(n).l2,
    )  # fmt: skip
    if len(known) >= KEPT:
        known.clear()
    known[n] = found
    return found


def sampled(run: Run, n: int) -> Data:
    """Return the rows that are looked at, at even distances among those to learn from."""
    data = run.data_at(n)
    most = max(min(ROWS, int(WORK / run.problem.network.n_parameters)), 20)
    if len(data.X) <= most:
        return data
    return data.take(np.linspace(0, len(data.X) - 1, most).astype(np.int64))


def _rate(run: Run, n: int, data: Data, kind: str) -> float | None:
    """Return the rate that is suggested, where the rate is what is wrong."""
    if not kind.startswith("learning rate"):
        return None
    with suppress(ArgumentError):  # RProp has none
        return find_learning_rate(
            run.network_at(n), data.X, data.y, optimizer=run.rule_at(n), batch_size=run.batch,
            sample_weight=data.weights, l2=run.setup.at(n).l2,
        ).suggested  # fmt: skip
    return None
