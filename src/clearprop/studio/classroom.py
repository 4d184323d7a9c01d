"""Classroom: numbers to be predicted before they are shown, worksheets, and verdicts on answers.

Nothing is kept of who answers what: the student's own browser has it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from clearprop.backprop import backprop, forward_and_backward
from clearprop.errors import ArgumentError, ElementError, shown
from clearprop.explaining.checking.comparison import compare_gradients
from clearprop.explaining.derivation.as_html import body_of
from clearprop.explaining.worksheet import Worksheet, worksheet
from clearprop.network import Network
from clearprop.notation import find
from clearprop.record import Record
from clearprop.studio.knowable import Known
from clearprop.studio.operations import operations
from clearprop.studio.question import Question
from clearprop.studio.runs import Run
from clearprop.studio.snapshot import shown_of

TOLERANCE = 1e-3
"""By how much an answer may be off, relative to what is right: three digits are enough."""

MOST_PARAMETERS = 200
LEVELS = (1, 2, 3)


def record_of(run: Run, question: Question) -> Record:
    """Return the pass of the sample that is looked at, alone: its gradients are of its own loss."""
    step = run.at(run.reach(question.whole("n", 0)))
    at = min(max(question.whole("sample", 0), 0), len(step.rows) - 1)
    record, one = step.record, slice(at, at + 1)
    return forward_and_backward(
        record.network, record.a[0][one], record.y[one], np.ones(1), 0.0,
        tuple(mask[one] for mask in record.masks),
    )  # fmt: skip


def predict(run: Run, question: Question) -> dict[str, Any]:
    """Return what can be predicted of a step, in the order in which it is computed.

    Returns
    -------
    dict
        questions: for each number its name, its value, the operation that makes it (phase,
        layer, words, formula), and the place of that operation; given: name and value of numbers
        on the way that cannot be worked out, as a wide layer is not given whole.
    """
    network, record = run.problem.network, record_of(run, question)
    step = run.at(run.reach(question.whole("n", 0)))
    sample = min(max(question.whole("sample", 0), 0), len(step.rows) - 1)
    known = Known(network, shown_of(step.record, sample, {}))
    found, given = [], []
    for place, operation in enumerate(operations(network)):
        if operation.phase == "update":
            continue
        for array in operation.makes:
            asked, told = known.learn(array)
            found += [
                {
                    "name": name, "value": _value(record, name),
                    "phase": operation.phase, "layer": operation.layer,
                    "words": operation.words, "formula": operation.formula, "place": place,
                }
                for name in asked
            ]  # fmt: skip
            given += [{"name": name, "value": _value(record, name)} for name in told]
    return {"questions": found, "given": given, "tolerance": TOLERANCE}


def _value(record: Record, name: str) -> float:
    return float(np.ravel(record[name])[0])


def grade(run: Run, question: Question) -> dict[str, Any]:
    """Return what is said of an answer to "what is `of`?".

    Pairs of the question: n, sample, of, answer; level, of the hint that is wanted, 0 for none;
    given, numbers that the student has computed before: "z1[0]=0.35;a1[0]=0.58".
    """
    return graded(record_of(run, question), question)


def sheet(run: Run, question: Question) -> dict[str, Any]:
    """Return the worksheet of a student, whose numbers are drawn by the student's own seed."""
    made = _sheet_of(run, question)
    return {
        "html": body_of(made.sheet),
        "gaps": [{"gap": k, "name": name} for k, name in enumerate(made.answers, 1)],
        "tolerance": TOLERANCE,
    }


def grade_sheet(run: Run, question: Question) -> dict[str, Any]:
    """Return what is said of an answer to a gap of a worksheet; as for `grade`."""
    made = _sheet_of(run, question)
    of = question.text("of")
    if of not in made.answers:
        raise ElementError(f"the sheet has no gap {shown(of)}")
    y = run.problem.y[:1]
    record = _single(made.network, made.x, y)
    return graded(record, question, made.answers[of])


def graded(record: Record, question: Question, expected: float | None = None) -> dict[str, Any]:
    """Return the verdict on an answer, the slip that it comes of, and a hint of a level.

    Returns
    -------
    dict
        right; said, the verdict in words; slip, or None where none is known; hint, or None.
    """
    of, level = question.text("of"), question.whole("level", 0)
    answer = question.real("answer")
    if level not in (0, *LEVELS):
        raise ArgumentError(f"level is {level}; hints have levels 1, 2 and 3, and 0 is none")
    if of == "L" or (expected is not None and not _is_compared(of, record.network)):
        right = _is_near(answer, float(record.loss) if expected is None else expected)
        said = "right" if right else "wrong"
        return {"right": right, "said": said, "slip": None, "hint": None, "levels": 0}
    given = {**_numbers(question.text("given")), of: answer}
    comparison = compare_gradients(record, given, TOLERANCE)
    found = next(one for one in comparison.quantities if _is_of(one.name, of))
    hint = comparison.hint(level) if level and not found.right else None
    return {
        "right": found.right,
        "said": found.said,
        "slip": found.slip,
        "hint": hint,
        "levels": len(LEVELS),
    }


def _is_of(name: str, of: str) -> bool:
    """Whether a quantity, whose gradients are called by the parameter, is the one asked for."""
    return name in (of, of.removeprefix("d"))


def _is_compared(of: str, network: Network) -> bool:
    """Whether a name of a derivation is that of a number which `compare_gradients` knows."""
    try:
        symbol = find(of, network.sizes, network.has_biases)[0]
    except ElementError:
        return False
    return symbol not in ("W", "b", "L")


def _is_near(answer: float, right: float) -> bool:
    return abs(answer - right) <= TOLERANCE * max(abs(right), 1e-9)


def _numbers(text: str) -> dict[str, float]:
    """Return what stands in "z1[0]=0.35;a1[0]=0.58"."""
    found = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        if part:
            found[name] = Question({"given": value}).real("given")
    return found


def _sheet_of(run: Run, question: Question) -> Worksheet:
    network = run.problem.network
    if network.n_parameters > MOST_PARAMETERS:
        raise ArgumentError(
            f"a worksheet has at most {MOST_PARAMETERS} parameters, and this network has "
            f"{network.n_parameters:,}: take fewer neurons"
        )
    return worksheet(
        network, run.problem.X[0], run.problem.y[0], question.text("of_sheet") or None,
        blanks=question.real("blanks", 0.5), seed=question.whole("student", 1),
        names=run.problem.names,
    )  # fmt: skip


def _single(network: Network, x: Any, y: Any) -> Record:
    return backprop(network.astype(np.float64), np.atleast_2d(x), y)
