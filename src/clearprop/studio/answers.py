"""Answers: what the server says to each question of the page, a function of run and question each.

Every question is asked with the setup in its address, so that the same address has the same answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clearprop.studio import classroom
from clearprop.studio.elements import element
from clearprop.studio.health import diagnosis, health
from clearprop.studio.hill import hill
from clearprop.studio.lab import lab
from clearprop.studio.operations import as_dicts
from clearprop.studio.question import Question
from clearprop.studio.runs import Run
from clearprop.studio.snapshot import snapshot
from clearprop.studio.treatments import treatment

Answer = Callable[[Run, Question], dict[str, Any]]


def about(run: Run, question: Question) -> dict[str, Any]:
    """Return what does not change while the run goes on."""
    problem, network = run.problem, run.problem.network
    return {
        "title": problem.title,
        "setup": run.setup.pairs(),
        "sizes": list(network.sizes),
        "activations": [one.name for one in network.activations],
        "loss": network.loss.name,
        "optimizer": "optimizer not told" if run.setup.illness else repr(run.optimizer),
        "features": problem.features,
        "classes": problem.classes,
        "target": problem.target,
        "names": problem.names,
        "notes": problem.notes,
        "rows": len(problem.X),
        "held_rows": len(problem.X_held),
        "batch": run.batch,
        "steps_of_epoch": run.steps_of_epoch,
        "total": run.total,
        "has_biases": network.has_biases,
        "n_parameters": network.n_parameters,
        "has_labels": problem.has_labels,
        "operations": as_dicts(network),
    }


def step(run: Run, question: Question) -> dict[str, Any]:
    """Return the numbers of step n, or of the one that is reached within a second."""
    n = run.reach(question.whole("n", 0))
    made = run.at(n)
    sample = min(question.whole("sample", 0), len(made.rows) - 1)
    also = {
        int(layer): [int(i) for i in which.split(",")]
        for layer, _, which in (part.partition(":") for part in question.text("also").split(";"))
        if which
    }
    found = snapshot(made, sample, also)
    failed = None if run.failed is None else str(run.failed)
    ended = run.failed is not None and n == len(run.losses) - 1
    return found | {
        "n": n,
        "reached": len(run.losses),
        "failed": failed,
        "ended": ended or n == run.total - 1,
    }


def one(run: Run, question: Question) -> dict[str, Any]:
    """Return every number of one element at step n, or at the one that is reached."""
    n = run.reach(question.whole("n", 0))
    sample = min(max(question.whole("sample", 0), 0), len(run.at(n).rows) - 1)
    return {"n": n, "sample": sample} | element(run, n, sample, question.text("of"))


def curves(run: Run, question: Question) -> dict[str, Any]:
    """Return L of each step so far, and the costs of all rows after each epoch."""
    upto = question.whole("upto", len(run.losses))
    return {
        "losses": run.losses[:upto],
        "epochs": [
            {"n": one.n, "loss": one.loss, "validation_loss": one.validation_loss}
            for one in run.epochs
            if one.n <= upto
        ],
    }


ANSWERS: dict[str, Answer] = {
    "about": about,
    "step": step,
    "element": one,
    "curves": curves,
    "predict": classroom.predict,
    "grade": classroom.grade,
    "sheet": classroom.sheet,
    "grade_sheet": classroom.grade_sheet,
    "hill": hill,
    "health": health,
    "diagnosis": diagnosis,
    "treatment": treatment,
    "lab": lab,
}
"""By the last part of the address, /api/about and so on."""
