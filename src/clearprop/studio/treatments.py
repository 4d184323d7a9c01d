"""A treatment: a run with a remedy beside the one without, for as many steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from clearprop.checks.settings import count
from clearprop.cost import evaluate
from clearprop.errors import ArgumentError
from clearprop.studio.calls import metrics_of
from clearprop.studio.changes import SETTINGS
from clearprop.studio.guessing import refuse_while_open
from clearprop.studio.question import Question
from clearprop.studio.runs import Run
from clearprop.studio.thinning import thinned
from clearprop.training.job import check_data

LEAST_STEPS = 200
SECONDS = 15.0
"""For each run, to go on."""

HELD = "the loss of the rows put aside"

POINTS = 64
BETTER = 0.98
"""A cost below this share of the other is better: less is no difference to speak of."""


def treatment(run: Run, question: Question) -> dict[str, Any]:
    """Return the costs of both runs, from their beginning, and which is better in the end.

    The cost is the mean loss of all rows to learn from, without penalty. What is tried against
    overfitting, more rows or a larger penalty, is judged by the rows put aside ("held"). Where the
    two have different losses, the shares of right answers are compared. Asked with `since`, the
    remedy holds from that step on; else from the beginning.
    """
    refuse_while_open(run.setup, question, "a remedy")
    [changes] = question.variants()[:1] or [{}]
    since = count("since", question.whole("since", 0), 0)
    other = run.beside(_from(run, changes, since))
    least = since + LEAST_STEPS
    n = min(max(question.whole("n", 0) + 1, least), run.total - 1, other.total - 1)
    for one in (run, other):
        reached = one.reach(n, SECONDS)
        n = n if one.failed else min(n, reached)
    two = [_course(one, n) for one in (run, other)]
    return {
        "n": question.whole("n", 0),
        "since": since,
        "may_turn": not {*changes} - {*SETTINGS},
        "steps": n,
        "numbers": thinned(n, POINTS),
        "without": two[0],
        "with": two[1],
        "same_loss": run.problem.network.loss.name == other.problem.network.loss.name,
        "verdict": _verdict(run, other, two, _by_held(run, other)),
        "setup": other.setup.pairs(),
    }


def _from(run: Run, changes: dict[str, str], since: int) -> dict[str, str]:
    """Return the changes of a setup after which it has these from a step on."""
    edits = []
    for one in filter(None, run.setup.edit.split(";")):
        step, _, rest = one.partition(":")  # what it tries is the same from there on
        if rest.partition("=")[0] not in changes or int(step) < since:
            edits.append(one)
    if not since:
        return {**changes, "edit": ";".join(edits)}
    if others := [name for name in changes if name not in SETTINGS]:
        raise ArgumentError(f"{others[0]} holds for a whole run: leave since out")
    edits += [f"{since}:{name}={value}" for name, value in changes.items()]
    return {"edit": ";".join(edits)}


def _course(run: Run, n: int) -> dict[str, Any]:
    """Return the costs of a run at its thinned steps; None beyond where it ended."""
    costs: list[float | None] = []
    right = None
    for at in thinned(n, POINTS):
        if run.failed is not None and at >= len(run.losses):
            costs.append(None)
            continue
        data = run.data_at(at)
        found, outputs = evaluate(run.network_at(at), data)
        costs.append(found if np.isfinite(found) else None)
        right = _right(run, outputs, data.y)
    failed = run.failed is not None and n >= len(run.losses)
    held, problem = None, run.problem
    if not failed and len(problem.X_held):
        network = run.network_at(n)
        loss = evaluate(network, check_data(network, problem.X_held, problem.y_held))[0]
        held = loss if np.isfinite(loss) else None
    return {
        "costs": costs,
        "held": held,
        "right": None if failed else right,
        "failed": str(run.failed) if failed else None,
    }


def _right(run: Run, outputs: Any, y: Any) -> float | None:
    """Return the share of right answers; None where there are no classes."""
    return metrics_of(run.problem, y, outputs).get("accuracy")


def _by_held(run: Run, other: Run) -> bool:
    """Whether what is tried makes the rows to learn from cost more, if it does what it should."""
    held = len(run.problem.X_held) and len(other.problem.X_held)
    penalty, before = (one.setup.at(one.total).l2 for one in (other, run))
    more = len(other.problem.X) > len(run.problem.X) or penalty > before
    return bool(held and more)


def _verdict(run: Run, other: Run, two: list[dict[str, Any]], by_held: bool) -> dict[str, Any]:
    """Return which is better, "with", "without" or "neither", and by which figure."""
    without, remedied = two
    if without["failed"] or remedied["failed"]:
        both = without["failed"] and remedied["failed"]
        return {"by": "going on", "better": "neither" if both else
                "with" if without["failed"] else "without"}  # fmt: skip
    if run.problem.network.loss.name == other.problem.network.loss.name:
        a, b = without["costs"][-1], remedied["costs"][-1]
        by = "cost"
        if by_held:
            a, b, by = without["held"], remedied["held"], HELD
    else:
        a, b = (None if one["right"] is None else 1 - one["right"] for one in two)
        by = "wrong answers"
    if a is None or b is None:
        better = "neither" if a is b else "with" if a is None else "without"
    else:
        better = "with" if b < BETTER * a else "without" if a < BETTER * b else "neither"
    return {"by": by, "better": better}
