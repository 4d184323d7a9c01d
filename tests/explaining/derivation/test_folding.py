"""Wide networks are folded: what a step uses is shown before it, and what is not shown is counted."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

import clearprop as cp
from derivation_rows import verify

NETWORKS = {
    "classes": ([20, 30, 10], ["relu", "softmax"], {}),
    "deep": ([20, 30, 25, 10], ["tanh", "relu", "softmax"], {}),
    "two softmax": ([20, 30, 10], ["softmax", "softmax"], {"loss": "squared_error"}),
    "numbers": ([8, 9, 8], ["sigmoid", "identity"], {}),
    "quantiles": ([8, 9, 8], ["elu", "identity"], {"loss": "absolute_error"}),
}
ELEMENTS = [
    "W1[3,7]", "b1[2]", "W2[3,7]", "z2[3]", "a2[3]", "delta1[3]", "delta2[1]", "da1[2]", "dx[4]",
    "L", "delta2", "delta1", "da1", "W1", "W2", None,
]  # fmt: skip


def case(name: str, n: int = 1):
    sizes, activations, settings = NETWORKS[name]
    network = cp.Network(sizes, activations, dtype="float64", seed=1, **settings)
    rng = np.random.default_rng(2)
    X = rng.normal(size=(n, sizes[0]))
    y = rng.integers(0, 10, n) if network.loss.targets == "labels" else rng.random((n, sizes[-1]))
    return network, X, y


def used_and_derived(derivation, row: str = "") -> tuple[set[str], set[str]]:
    """Read all formulas of a derivation: the numbers of a pass that they use, and those derived."""
    used: set[str] = set()
    for equation in derivation:
        told = equation.to_dict()
        for formula in (told["symbols"], *told.get("also", ())):
            plain = re.sub(r"∂\S+/∂\S+", "", formula)
            used |= set(re.findall(r"\b(?:z|a|da|delta|dW|db)\d+\[[\d,]+\](?:@\d+)?", plain))
    used = {name for name in used if "@" not in name or name.endswith(row or "@")}
    return used, {equation.name for equation in derivation}


@pytest.mark.parametrize("n", [1, 30])
@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_used_is_shown_or_counted(name, n):
    network, X, y = case(name, n)
    counts = 0
    for of in ELEMENTS:
        derivation = cp.explain(network, X, y, of, sample=3 if n > 1 else None)
        used, derived = used_and_derived(derivation, "@3" if n > 1 else "")
        missing = Counter(re.sub(r"\[.*", "", name) for name in used - derived)
        said = [words for words in derivation.words if "not derived here" in words]
        counted = re.findall(r"([\d,]+) of (\w+)", "".join(said))
        assert {array: int(count) for count, array in counted} == missing, of
        counts += len(missing)
        if of is None or "[" in of:  # only the sums behind numbers are left out
            assert not any(re.match(r"(a|delta|dW|db)\d", array) for array in missing), of
            assert f"da{len(network.sizes) - 1}" not in missing, of
        for form in (derivation.to_latex(), derivation.to_mathml(), derivation.to_html()):
            assert ("not derived here" in form) == bool(missing)
    assert counts


@pytest.mark.parametrize("name", ["classes", "deep", "two softmax"])
def test_jacobians_entries_are_shown_before_they_are_used(name):
    network, X, y = case(name)
    entries = 0
    for of in ELEMENTS:
        derivation = cp.explain(network, X, y, of)
        # An array's columns stand below its elements.
        shown = set() if of is not None and "[" in of else {e.name for e in derivation}
        for equation in derivation:
            told = equation.to_dict()
            forms = [*told.get("also", ()), told["symbols"]]
            if re.match(r"delta", equation.name):
                layer = int(equation.name[5])
                if network.activations[layer - 1].row_wise:
                    named = {e for form in forms for e in re.findall(r"∂a\d+\S*/∂z\S*", form)}
                    assert named <= shown, (of, equation.name, named - shown)
                    entries += len(named)
            shown.add(equation.name)
    assert entries


def test_the_entry_that_delta_uses_is_shown():
    rng = np.random.default_rng(0)
    network = cp.Network([20, 30, 10], ["relu", "softmax"], seed=1)
    derivation = cp.explain(network, rng.random(20), 1, of="W2[3,7]")
    assert derivation["∂a2[1]/∂z2[3]"].symbols == "-a2[1] · a2[3]"
    for text in (" ".join(str(derivation).split()), derivation.to_mathml(), derivation.to_html(),
                 derivation.to_latex()):  # fmt: skip
        assert "7 of 10 entries are shown" in text
        assert "9 other outputs have terms of 0" in text
    words = " ".join(str(derivation).split())
    assert "9 of the 10 ∂L/∂a[k] are 0" in words
    column = next(part for part in derivation.parts if part.title.startswith("Softmax"))
    bound = float(re.search(r"at most (\S+) in size", " ".join(column.words))[1])
    shown = {e.name for e in derivation}
    a = [e.value for e in cp.explain(network, np.random.default_rng(0).random(20), 1, "a2",
                                     largest=10) if e.name.startswith("a2[")]  # fmt: skip
    left = [a[k] * a[3] for k in range(10) if f"∂a2[{k}]/∂z2[3]" not in shown]
    assert len(left) == 3
    assert max(left) <= bound


def test_a_softmax_behind_dropout():
    """Its Jacobian is that of the values before the mask, times the mask's factors."""
    network = cp.Network([4, 9, 8, 3], ["tanh", "softmax", "softmax"], dtype="float64", seed=3)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(4, 4)), [0, 1, 2, 1]
    for largest in (2, 6, 9):
        for step in cp.steps(network, X, y, dropout=0.4, batch_size=2, seed=1):
            if step.record.masks[1].all():
                continue
            for of in ("W1[0,0]", "delta2[3]", "delta2", "W2[1,1]"):
                derivation = cp.explain(step=step, of=of, largest=largest)
                assert any(e.name.startswith("∂a2") for e in derivation)
                ours = r"(z|a|da|delta|dW|db|∂|L|path)"
                rows = [e for e in derivation if re.match(ours, e.name)]
                assert verify(rows, step.record) > 10
            break
