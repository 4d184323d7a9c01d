"""Element names: which of a network's numbers a few letters may mean."""

from __future__ import annotations

from itertools import islice, product
from typing import Any

from clearprop import notation
from clearprop.explaining.names import element_name, element_of, read_names
from clearprop.network import Network
from clearprop.studio.question import Question
from clearprop.studio.runs import Run

WHOLE_PASS = "pass"
"""What is asked for in place of an element."""

FEW, FOUND = 3, 24
"""Weights of a feature, and elements in all, that are offered."""


def elements(run: Run, question: Question) -> dict[str, Any]:
    """Return elements that a few letters may mean: by their names, a reader's, or a feature's."""
    problem, network = run.problem, run.problem.network
    text = question.text("q").strip()
    found: dict[str, str] = {}
    given = read_names(problem.names, network)
    exact = element_of(text, given)
    if notation.exists(exact, network.sizes, network.has_biases):
        found[element_name(*notation.parse(exact))] = ""
    for element, own in given.items():
        if own.lower().startswith(text.lower()):
            found[element] = own
    for i, feature in enumerate(problem.features):
        if text.lower() in feature.lower():
            found[f"dx[{i}]"] = feature
            found |= {f"W1[{j},{i}]": feature for j in range(min(network.sizes[1], FEW))}
    for name in _begun(text, network):
        found.setdefault(name, given.get(name, ""))
    kept = list(found.items())[:FOUND]
    return {"elements": [{"of": name, "own": own} for name, own in kept], "q": text}


def _begun(text: str, network: Network) -> list[str]:
    """Return names of elements that begin so, the first few of each array."""
    letters = text.lower().replace(" ", "")
    found = []
    if "loss".startswith(letters) or "cost".startswith(letters):
        found.append("L")
    if WHOLE_PASS.startswith(letters):
        found.append(WHOLE_PASS)
    sizes = network.sizes
    for layer in range(len(sizes)):
        symbols = ("W", *(["b"] if network.has_biases else []), "z", "a", "delta", "da")
        for symbol in symbols if layer else ("a", "da"):
            shape = (sizes[layer], sizes[layer - 1]) if symbol == "W" else (sizes[layer],)
            array = element_name(symbol, layer, ())
            if letters.startswith(array.lower() + "["):
                inside = [part for part in letters[len(array) + 1 :].rstrip("]").split(",") if part]
                found += _with_index(array, shape, inside)
            elif array.lower().startswith(letters):
                found += [f"{array}[{','.join('0' * len(shape))}]", array]
    return found


def _with_index(array: str, shape: tuple[int, ...], begun: list[str]) -> list[str]:
    """Return elements of an array whose indices begin with these."""
    if len(begun) > len(shape):
        return []
    axes = [list(map(str, range(n))) for n in shape]
    for axis, part in enumerate(begun):
        is_last = axis + 1 == len(begun)
        fits = str.startswith if is_last else str.__eq__
        axes[axis] = [at for at in axes[axis] if fits(at, part)]
    return [f"{array}[{','.join(place)}]" for place in islice(product(*axes), FOUND)]
