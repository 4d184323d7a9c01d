"""Answers: what the server says to each question of the page, a function of run and question each.

Every question is asked with the setup in its address, so that the same address has the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from clearprop.errors import ArgumentError, shown
from clearprop.studio import classroom
from clearprop.studio.choices import choices, sets
from clearprop.studio.curves import curves, rate_search
from clearprop.studio.decisions import decisions
from clearprop.studio.derivations import derivation
from clearprop.studio.derivative_checks import batch_check, derivative_check
from clearprop.studio.element_names import elements
from clearprop.studio.elements import element
from clearprop.studio.guessing import is_open, refuse_while_open
from clearprop.studio.health import diagnosis, health
from clearprop.studio.hill import hill
from clearprop.studio.lab import lab
from clearprop.studio.operations import as_dicts
from clearprop.studio.problem import Problem
from clearprop.studio.program import program
from clearprop.studio.pushes import pushes
from clearprop.studio.question import Question
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from clearprop.studio.snapshot import snapshot
from clearprop.studio.treatments import treatment
from clearprop.studio.verdicts import points, row, verdicts

NOT_TOLD = "optimizer not told"

MOST_ALSO = 64
"""Neurons of a wide layer that are shown on demand: their weights are given one by one."""

Answer = Callable[[Run, Question], dict[str, Any]]


def brief(optimizer: Any) -> str:
    """Return an optimizer as it is written, without settings that are as they are by themselves.

    Examples
    --------
    >>> import clearprop as cp
    >>> brief(cp.SGD(0.5, momentum=0.9)), brief(cp.Adam())
    ('SGD(learning_rate=0.5, momentum=0.9)', 'Adam(learning_rate=0.001)')
    """
    if not is_dataclass(optimizer):  # a class of the user's own
        return type(optimizer).__name__
    own = [
        f"{field.name}={value!r}"
        for field in fields(optimizer)
        for value in [getattr(optimizer, field.name)]
        if field.name == "learning_rate" or value != field.default
    ]
    return f"{type(optimizer).__name__}({', '.join(own)})"


def about(run: Run, question: Question) -> dict[str, Any]:
    """Return what does not change while the run goes on."""
    problem, network = run.problem, run.problem.network
    return {
        "title": problem.title,
        "setup": run.setup.pairs(),
        "sizes": list(network.sizes),
        "activations": [one.name for one in network.activations],
        "loss": network.loss.name,
        "optimizer": NOT_TOLD if is_open(run.setup, question) else brief(run.rule_at(0)),
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
    found = snapshot(made, sample, _also(question.text("also")))
    failed = None if run.failed is None else str(run.failed)
    ended = run.failed is not None and n == len(run.losses) - 1
    return found | {
        "n": n,
        # Of a run under way all that is kept is there, and L of each would take a pass.
        "reached": len(run.losses) if isinstance(run, Run) else run.total,
        "failed": failed,
        "ended": ended or n == run.total - 1,
    }


def _also(text: str) -> dict[int, list[int]]:
    """Return the neurons in "1:0,39;2:5" by layer."""
    parts = [part.partition(":") for part in text.split(";")]
    try:
        found = {
            int(layer): [int(i) for i in which.split(",")] for layer, _, which in parts if which
        }
    except ValueError:
        raise ArgumentError(f"also is {shown(text)}; write it as 1:0,39;2:5") from None
    if most := [layer for layer, which in found.items() if len(which) > MOST_ALSO]:
        raise ArgumentError(
            f"also names {len(found[most[0]]):,} neurons of layer {most[0]}; {MOST_ALSO} of a "
            "layer are shown beside its largest"
        )
    return found


def one(run: Run, question: Question) -> dict[str, Any]:
    """Return every number of one element at step n, or at the one that is reached."""
    n = run.reach(question.whole("n", 0))
    sample = min(max(question.whole("sample", 0), 0), len(run.at(n).rows) - 1)
    return {"n": n, "sample": sample} | element(
        run, n, sample, question.text("of"), is_told=not is_open(run.setup, question)
    )


def python(run: Run, question: Question) -> dict[str, Any]:
    """Return a program that makes the numbers of the run up to step n."""
    refuse_while_open(run.setup, question, "its program")
    n = min(max(question.whole("n", 0), 0), run.total - 1)
    return {"n": n, "code": program(run, n)}


ANSWERS: dict[str, Answer] = {
    "about": about,
    "step": step,
    "element": one,
    "curves": curves,
    "derivation": derivation,
    "derivative_check": derivative_check,
    "batch_check": batch_check,
    "elements": elements,
    "rate_search": rate_search,
    "decisions": decisions,
    "points": points,
    "verdicts": verdicts,
    "row": row,
    "pushes": pushes,
    "predict": classroom.predict,
    "grade": classroom.grade,
    "sheet": classroom.sheet,
    "grade_sheet": classroom.grade_sheet,
    "hill": hill,
    "health": health,
    "diagnosis": diagnosis,
    "treatment": treatment,
    "lab": lab,
    "python": python,
}
"""By the last part of the address, /api/about and so on."""

BEFORE: dict[str, Callable[[Setup, Mapping[str, Problem]], dict[str, Any]]] = {
    "choices": choices,
    "sets": lambda setup, own: {"sets": sets()},
}
"""Those that are of a setup, of which a run may not be possible, and of problems handed in."""
