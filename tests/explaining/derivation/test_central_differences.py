"""The digits that are printed of a central difference: only those that the costs leave."""

from __future__ import annotations

import re
from dataclasses import replace

import mpmath
import numpy as np
import pytest

import clearprop as cp
from clearprop.explaining.derivation.expressions import Negative, Sum, Symbol
from clearprop.explaining.derivation.tree import Equation, Part


def printed(derivation) -> tuple[str, str]:
    """Return the two lines of numbers of the difference: the formula, and the value."""
    after = str(derivation).partition("difference = ")[2].splitlines()
    numbers, value = (line.strip().removeprefix("= ") for line in after[1:3])
    return numbers, value


@pytest.mark.parametrize("seed", range(60))
def test_the_formula_gives_the_printed_digits(seed):
    """Also where slopes are tiny beside the cost: from 1 down to 1e-11 of it."""
    rng = np.random.default_rng(seed)
    network = cp.Network([2, 3, 2], "silu", "identity", dtype="float64", seed=seed)
    network["W2[0,1]"] = network["W2[1,1]"] = 10.0 ** -(seed % 12)
    derivation = cp.explain(network, rng.normal(size=2), rng.normal(size=2) + 3, "W1[1,0]")
    numbers, value = printed(derivation)
    read = re.fullmatch(r"\((\S+) - (\S+)\) / \(2 · (\S+)\)", numbers)
    up, down, h = map(mpmath.mpf, read.groups())
    found = float((up - down) / (2 * h))
    shown = value.split(" ")[0]
    digits = len(re.sub(r"e.*|\D", "", shown).lstrip("0"))
    assert found == pytest.approx(float(shown), rel=1.01 * 10.0 ** (1 - digits), abs=0)
    if "no digit is certain" in value:
        return
    # And of the gradient no printed digit but the last is wrong.
    assert float(shown) == pytest.approx(derivation.value, rel=2 * 10.0 ** (1 - digits), abs=0)


def test_lost_digits_are_said():
    network = cp.Network.from_weights(
        [[[1.0]], [[1e-6]]], activations=["tanh", "identity"], loss="squared_error"
    )
    derivation = cp.explain(network, [0.5], [30.0], "W1[0,0]")
    assert derivation["difference"].known < 4
    assert "its other digits are lost, as the costs nearly cancel" in str(derivation)
    assert "digits are lost" in derivation.to_latex()
    assert "digits are lost" in derivation.to_html()
    said = set()
    for network["W2[0,0]"] in np.logspace(-10, -12, 9):
        derivation = cp.explain(network, [0.5], [30.0], "W1[0,0]")
        if derivation["difference"].value:
            said.add("no digit is certain" in str(derivation))
    assert True in said


def test_terms_that_cancel_to_their_rounding_are_said():
    network = cp.Network([3, 2, 1], dtype="float64", seed=1)
    whole = cp.explain(network, [1.0, 1.0, 1.0], [1.0], "z1[0]")
    form = Sum((Symbol("x[0]", 0.1), Negative(Symbol("x[1]", 0.1))))
    for value, said in ((1e-17, True), (0.0, False)):
        equation = Equation(Symbol("z1[0]", value), value, (form,))
        tree = replace(whole, parts=(Part("Forward", (), (equation,)),))
        assert equation.is_rounding == said
        for written in (tree.to_text(), tree.to_latex(), tree.to_mathml(), tree.to_html()):
            assert ("terms that cancel: their rounding" in written) == said
