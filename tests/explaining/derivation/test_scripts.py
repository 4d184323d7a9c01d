"""Layers in parentheses, and neurons and samples counted from 1: in what is shown alone."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import clearprop as cp
from command_line import invoke
from the_note import NAMES, note_network

BOTH = {"superscripts": "parentheses", "one_based": True}


def batch(of: str | None, **options):
    rng = np.random.default_rng(0)
    network = cp.Network([3, 4, 3], "tanh", "softmax", dtype="float64", seed=1)
    X, y = rng.normal(size=(9, 3)), rng.integers(0, 3, 9)
    return cp.explain(network, X, y, of, l2=0.01, optimizer="adam", **options)


class TestText:
    def test_as_the_third_note_writes(self):
        derivation = cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[1,0]", names=NAMES, **BOTH)
        text = str(derivation)
        assert "z_2^(1) = w2 · x_1 + w4 · x_2 = 0.2 · 0.5 + 0.4 · 1 = 0.5\n" in text
        assert "a_2^(1) = sigmoid(z_2^(1)) = sigmoid(0.5) = 0.622459" in text
        assert "∂L/∂w2 = ∂L/∂a_1^(2) · ∂a_1^(2)/∂z_1^(2) · ∂z_1^(2)/∂a_2^(1) · " in text
        assert re.search(r"δ_2\^\(1\) += ∂L/∂a_2\^\(1\) · sigmoid'\(z_2\^\(1\)\)", text)
        assert "a_1^(2) is a2[0] in code, which counts neurons and samples from 0." in text

    @pytest.mark.parametrize("of", [None, "W1[2,1]", "delta1", "dx[1]", "L"])
    @pytest.mark.parametrize(
        "options", [BOTH, {"one_based": True}, {"superscripts": "parentheses"}]
    )
    def test_no_name_of_the_grammar_is_left(self, of, options):
        text = str(batch(of, **options)).replace(" is a2[0] in code", "")
        assert not re.search(r"\b(d?[Wbaz]\d|delta\d|y\[|x\[)", text)

    def test_samples_are_counted_too(self):
        zero, one = batch("W1[0,0]"), batch("W1[0,0]", **BOTH)
        row = int(re.search(r"Sample (\d+) is followed", str(zero))[1])
        assert f"Sample {row + 1} is followed, which pushes hardest; @{row + 1} marks" in str(one)
        assert f", for sample {row + 1}\n" in str(one)
        assert f"a_1^(2)@{row + 1} = exp(" in re.sub(" +", " ", str(one))

    def test_a_power_has_parentheses(self):
        assert re.search(r"1 - \(a_1\^\(1\)@\d+\)²", str(batch("W1[0,0]", **BOTH)))
        assert "· (∂L/∂W_{1,1}^(1))²" in str(batch("W1[0,0]", **BOTH))


class TestNumbers:
    """What is computed, and what programs read, is as without the options."""

    @pytest.mark.parametrize("of", [None, "W1[2,1]", "delta2[1]"])
    def test_equations_are_the_same(self, of):
        plain, scripts = batch(of), batch(of, **BOTH)
        assert scripts.keys() == plain.keys()
        for one, other in zip(plain, scripts, strict=True):
            assert (one.name, one.symbols, one.numbers) == (
                other.name,
                other.symbols,
                other.numbers,
            )
            assert one.value == other.value
            assert one.depends_on == other.depends_on

    def test_equations_are_asked_by_the_grammar_or_as_printed(self):
        derivation = cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[1,0]", **BOTH)
        assert derivation["z1[1]"] is derivation["z_2^(1)"]
        assert derivation["delta1[1]"] is derivation["δ_2^(1)"]
        assert derivation["dW1[1,0]"] is derivation["∂L/∂W_{2,1}^(1)"]


class TestMathematics:
    def test_latex(self):
        latex = cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[1,0]", **BOTH).to_latex()
        assert r"z^{(1)}_{2} &= W^{(1)}_{2,1} \cdot x_{1} + W^{(1)}_{2,2} \cdot x_{2}" in latex
        assert r"\frac{\partial L}{\partial W^{(1)}_{2,1}}" in latex
        assert r"\texttt{dW1{[}1,0{]}}" in latex  # the code name stays
        assert r"raising $W^{(1)}_{2,1}$ by a small h" in latex
        assert not re.search(r"\^\{\d\}_", latex)
        assert r"\textbf{dL/d$W^{(1)}_{2,1}$ of a 2-2-1 network" in latex
        plain = cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[1,0]", one_based=True).to_latex()
        assert r"z^{1}_{2} &= W^{1}_{2,1} \cdot x_{1}" in plain
        assert r"raising $W^{1}_{2,1}$ by a small h" in plain

    def test_a_square_is_told_from_a_layer(self):
        latex = batch("W1[0,0]", **BOTH).to_latex()
        assert re.search(r"\\left\( a\^\{\(1\),@\d\}_\{1\} \\right\)\^\{2\}", latex)

    def test_mathml_and_html(self):
        derivation = cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[1,0]", **BOTH)
        expected = (
            'data-name="W1[1,0]"><msubsup><mi>W</mi><mtext>2,1</mtext><mtext>(1)</mtext></msubsup>'
        )
        assert expected in derivation.to_mathml()
        assert expected in derivation.to_html()
        ET.fromstring(derivation.to_mathml())
        assert "raising <i>W</i><sub>2,1</sub><sup>(1)</sup> by a small h" in derivation.to_html()

    def test_latex_is_read_by_a_strict_parser(self):
        from matplotlib.mathtext import MathTextParser

        parser = MathTextParser("path")
        seen: set[str] = set()
        for inside in re.findall(r"\$([^$]+)\$", batch("delta1[0]", **BOTH).to_latex()):
            shape = re.sub(r"\d+", "1", inside).replace(r"\displaystyle", "")
            if shape not in seen and "cases" not in shape:
                parser.parse(f"${shape}$")
            seen.add(shape)
        assert len(seen) >= 3

    def test_a_cost_of_ones_own_name_is_moved_by_it(self):
        for form in ("latex", "mathml"):
            written = getattr(
                cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[0,0]", names={"L": "E"}),
                f"to_{form}",
            )()
            assert (
                r"\frac{E(W^{1}_{0,0} + h)" if form == "latex" else "<mi>E</mi><mo>(</mo>"
            ) in written


def test_an_input_of_ones_own_name_counts_as_shown():
    names = {"x[0]": "x1", "x[1]": "x2"}
    latex = cp.explain(note_network(), [0.5, 1.0], 1.0, "z1[0]", names=names, **BOTH).to_latex()
    assert r"W^{(1)}_{1,1} \cdot x_{1} + W^{(1)}_{1,2} \cdot x_{2}" in latex
    swapped = cp.explain(note_network(), [0.5, 1.0], 1.0, "z1[0]", names={"x[0]": "x2"}, **BOTH)
    assert r"\mathrm{x2} + W^{(1)}_{1,2} \cdot x_{2}" in swapped.to_latex()


def test_on_the_command_line():
    said = invoke("explain", "--of", "w1", "--superscripts", "parentheses", "--one-based").stdout
    assert "∂L/∂w1 = ∂L/∂a_1^(2) · ∂a_1^(2)/∂z_1^(2)" in said


@pytest.mark.parametrize(
    "option", [{"superscripts": "(2)"}, {"superscripts": 2}, {"one_based": 1.5}]
)
def test_bad_options(option):
    with pytest.raises(cp.ArgumentError, match=next(iter(option))):
        cp.explain(note_network(), [0.5, 1.0], 1.0, "L", **option)
