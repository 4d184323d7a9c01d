"""Derivations: what `cp.explain` says of a number at a step, its way through a small drawing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from clearprop import notation
from clearprop.checks.settings import choice, count
from clearprop.explaining.derivation.as_parts import parts_of
from clearprop.explaining.derivation.derivation import Derivation
from clearprop.explaining.derivation.explanation import explain, record_of_step
from clearprop.explaining.derivation.glyphs import LONGEST
from clearprop.explaining.derivation.linked_mathml import LinkedMathML
from clearprop.explaining.names import element_name, find_element, own_name, read_names
from clearprop.network import Network
from clearprop.studio.drawings import drawing, things_in
from clearprop.studio.element_names import WHOLE_PASS
from clearprop.studio.guessing import refuse_while_open
from clearprop.studio.problem import Problem
from clearprop.studio.question import Question
from clearprop.studio.runs import Run
from clearprop.studio.ways import Way
from clearprop.training.steps import Step

MOST = 60
MOST_OF_ARRAY, MOST_OF_PASS = 24, 6
"""Terms, paths and neurons that are shown at most, so that a page holds them."""

FORMS: dict[str, Callable[[Derivation], str]] = {
    "latex": Derivation.to_latex,
    "text": Derivation.to_text,
}


def place_of(run: Run, question: Question) -> tuple[int, Step, int]:
    """Return a step, or the one that is reached within a second, and the row that is followed."""
    n = run.reach(question.whole("n", 0))
    made = run.at(n)
    return n, made, min(max(question.whole("sample", 0), 0), len(made.rows) - 1)


def names_of(problem: Problem) -> dict[str, str]:
    """Return what formulas call elements by: names that were given, and features for inputs.

    Left out are features that are too long for a formula, and those that are called x1, x2, ...,
    as x with an index is another input there.
    """
    features = {
        f"x[{i}]": feature.replace(" = ", ":")  # "island = Dream": it is no equation here
        for i, feature in enumerate(problem.features)
        if 0 < len(feature.strip()) <= LONGEST
        and feature.isprintable()
        and not re.fullmatch(r"x\d+", feature)
    }
    return features | problem.names


def asked_for(question: Question, network: Network, names: dict[str, str]) -> str | None:
    """Return the element that is asked for; None: the whole pass."""
    of = question.text("of") or "W1[0,0]"
    if of == WHOLE_PASS:
        return None
    return element_name(*find_element(of, network, read_names(names, network)))


def derivation(run: Run, question: Question) -> dict[str, Any]:
    """Return the derivation of an element at a step, and the drawing that its way is lit in."""
    refuse_while_open(run.setup, question, "a derivation, with its rate and penalty,")
    n, made, sample = place_of(run, question)
    network = made.record.network
    known = names_of(run.problem)
    names = {} if question.text("names") == "code" else known
    of = asked_for(question, network, run.problem.names)
    told = explain(
        step=made, of=of, sample=sample, names=names,
        largest=min(count("largest", question.whole("largest", 6), 1), _most(of)),
        superscripts=question.text("superscripts", "plain"),
        one_based=question.whole("one_based", 0) == 1,
    )  # fmt: skip
    form = question.text("form")
    if form:
        return {"n": n, "text": FORMS[choice("form", form, list(FORMS))](told)}
    way = None if of is None else Way.of(of, network)
    is_lit = (lambda thing: False) if way is None else way.holds
    spoken = things_in({name for step in told for name in (step.name, *step.depends_on)})
    found = parts_of(told, LinkedMathML(is_lit))
    labels = run.problem.names | {
        f"x[{i}]": run.problem.names.get(f"x[{i}]", feature)
        for i, feature in enumerate(run.problem.features)
    }
    return found | {
        "n": n,
        "sample": sample,
        "asked": of or WHOLE_PASS,
        "related": _related(of, network),
        "lit": "" if way is None else _said(way, names),
        "drawing": drawing(record_of_step(made), sample, way, spoken, labels),
        "equations": sum(1 for _ in told),
        "named": next(iter(known.values()), ""),
        "legend": _legend(run.problem, spoken, names),
    }


def _legend(problem: Problem, spoken: set[str], names: dict[str, str]) -> list[list[str]]:
    """Return the inputs that formulas speak of by their places, each with its feature."""
    found = {f"x[{i}]": feature for i, feature in enumerate(problem.features)}
    return [
        [name, feature] for name, feature in found.items()
        if name in spoken and name not in names and not re.fullmatch(r"x\d+", feature)
    ]  # fmt: skip


def _most(of: str | None) -> int:
    if of is None:
        return MOST_OF_PASS
    return MOST if of == "L" or notation.parse(of).indices else MOST_OF_ARRAY


def _said(way: Way, names: dict[str, str]) -> str:
    """Say what is lit."""
    if way.symbol == "L":
        return "Lit: all ways from the input to the cost."
    symbol = {"delta": "z", "da": "a"}.get(way.symbol, way.symbol)
    place = own_name(element_name(symbol, way.layer, way.index), names)
    if way.leads_to_the_cost:
        return f"Lit: all ways from {place} to the cost."
    return f"Lit: what {place} rests on." if way.layer else ""


def _related(of: str | None, network: Network) -> list[str]:
    """Return the elements of the same neuron, or for a weight and a bias, of its array."""
    if of is None or of == "L":
        return []
    symbol, layer, index = notation.parse(of)
    if symbol in ("z", "a", "da", "delta"):
        symbols = ("z", "a", "da", "delta") if layer else ("a", "da")
        return [element_name(one, layer, index) for one in symbols]
    array = element_name(symbol.removeprefix("d"), layer, index)
    whole = element_name(symbol.removeprefix("d"), layer, ())
    return list(dict.fromkeys([array, whole]))
