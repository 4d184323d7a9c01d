"""Curves: what a run's cost, metrics and learning rate did, thinned to what a plot can show."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import count
from clearprop.errors import ArgumentError, shown
from clearprop.explaining.learning_rate import find_learning_rate
from clearprop.schedules import rate_at
from clearprop.studio.guessing import is_open, refuse_while_open
from clearprop.studio.question import Question
from clearprop.studio.runs import SLICE, EpochEnd, Run

Array = NDArray[Any]

BUCKETS = 500
"""Parts that a run of many steps is cut into; each shows its smallest and its largest cost."""


def curves(run: Run, question: Question) -> dict[str, Any]:
    """Return L of each step so far, the costs of all rows after each epoch, and the rates.

    Asked with `n`, the last step that is wanted; none: as far as the run has come. With `goal`, a
    cost: after how many updates all rows had it. With `buckets`, as many parts at most.
    """
    asked = question.whole("n", len(run.losses) - 1)
    n = run.reach(asked, SLICE) if asked >= 0 else -1
    buckets = count("buckets", question.whole("buckets", BUCKETS), 1, most=100_000)
    losses = np.array(run.losses[: n + 1])
    kept = thinned(losses, buckets)
    epochs = [one for one in run.epochs if one.n <= n + 1]
    ends = thinned(np.array([one.loss for one in epochs]), buckets)
    return {
        "n": n,
        "total": run.total,
        "failed": None if run.failed is None else str(run.failed),
        "places": kept.tolist(),
        "losses": losses[kept].tolist(),
        "epochs": [_epoch(epochs[k]) for k in ends],
        **_rates(run, -1 if is_open(run.setup, question) else n, buckets),
        "summary": _summary(epochs, losses, question.text("goal")),
    }


def thinned(values: Array, buckets: int) -> NDArray[np.int64]:
    """Return which values to draw: the first, the last, and each bucket's least and largest.

    Examples
    --------
    >>> import numpy as np
    >>> thinned(np.array([5.0, 1.0, 3.0, 2.0, 9.0, 4.0]), 2).tolist()
    [0, 1, 3, 4, 5]
    """
    n = len(values)
    if n <= 2 * buckets:
        return np.arange(n)
    edges = np.linspace(0, n, buckets + 1).astype(np.int64)
    found = [0, n - 1]
    for start, end in pairwise(edges.tolist()):
        part = values[start:end]
        found += [start + int(part.argmin()), start + int(part.argmax())]
    return np.unique(found)


def _epoch(one: EpochEnd) -> dict[str, Any]:
    return {
        "n": one.n,
        "loss": one.loss,
        "validation_loss": one.validation_loss,
        "metrics": one.metrics,
        "validation_metrics": one.validation_metrics,
    }


def _rates(run: Run, n: int, buckets: int) -> dict[str, Any]:
    """Return the learning rate of steps up to n, at steps an equal way apart."""
    is_own = isinstance(run, Run)  # the steps of one that another program makes are no updates
    if not hasattr(run.rule_at(0), "learning_rate") or n < 0 or not is_own:
        return {"rate_places": [], "rates": []}
    turns = [0, *(at for at in run.setup.turns() if 0 < at <= n)]
    even = np.linspace(0, n, min(n + 1, buckets)).astype(np.int64)
    places = np.unique([*even, *turns, *(at - 1 for at in turns[1:])]).tolist()
    rules: list[Any] = [run.rule_at(at) for at in turns]
    rates = [rate_at(rules[bisect_right(turns, t) - 1].learning_rate, t, run.total) for t in places]
    return {"rate_places": places, "rates": rates}


def _summary(epochs: list[EpochEnd], losses: Array, goal: str) -> dict[str, Any]:
    """Return the last and the best of the epochs, and when a goal was reached."""
    found: dict[str, Any] = {
        "first_step": float(losses[0]) if len(losses) else None,
        "last_step": float(losses[-1]) if len(losses) else None,
        "last": _epoch(epochs[-1]) if epochs else None,
        "best": None,
        "reached": None,
    }
    if epochs:
        of = [one.loss if one.validation_loss is None else one.validation_loss for one in epochs]
        found["best"] = _epoch(epochs[int(np.argmin(of))])
    if goal:
        try:
            cost = float(goal)
        except ValueError:
            raise ArgumentError(f"goal is {shown(goal)}; it must be a number") from None
        found["reached"] = next((one.n for one in epochs if one.loss <= cost), None)
    return found


def rate_search(run: Run, question: Question) -> dict[str, Any]:
    """Return what `cp.find_learning_rate` finds for the network as the run begins with it."""
    if not isinstance(run, Run):
        raise ArgumentError("another program makes this run: call cp.find_learning_rate there")
    refuse_while_open(run.setup, question, "which rates learn")
    setup, problem = run.setup.at(0), run.problem
    search = find_learning_rate(
        problem.network, problem.X, problem.y, optimizer=run.rule_at(0), batch_size=run.batch,
        l2=setup.l2, seed=setup.seed,
    )  # fmt: skip
    # A sweep ends in costs that would hide all others.
    first, middle = float(search.smoothed[0]), float(np.median(search.smoothed))
    return {
        "rates": search.rates.tolist(),
        "losses": search.losses.tolist(),
        "smoothed": search.smoothed.tolist(),
        "suggested": search.suggested,
        "reason": search.reason,
        "diverged": search.diverged,
        "top": max(first + abs(first), middle + 0.2 * abs(middle)),
    }
