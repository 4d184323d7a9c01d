"""Names of one's own, in every form that a derivation is written in."""

from __future__ import annotations

import re

import pytest

import clearprop as cp
from the_note import NAMES, note_network


class TestNames:
    def test_they_are_used_everywhere(self):
        names = {**NAMES, "a2[0]": "ŷ", "z2[0]": "z3", "y[0]": "target", "x[0]": "x_1"}
        derivation = cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[0,0]", names=names)
        text = str(derivation)
        assert "(ŷ - target) · sigmoid'(z3) · w5 · sigmoid'(z1[0]) · x_1" in text
        assert "W1[0,0]" not in text
        assert "∂L/∂ŷ · ∂ŷ/∂z3 · ∂z3/∂a1[0]" in text
        assert r"\frac{\partial L}{\partial w_{1}}" in derivation.to_latex()
        assert (
            'data-name="W1[0,0]"><msub><mi>w</mi><mtext>1</mtext></msub>' in derivation.to_mathml()
        )
        assert derivation["dW1[0,0]"].symbols == "delta1[0] · x[0]"  # code names for programs

    def test_the_cost_and_whole_arrays(self):
        names = {"L": "E", "delta2": "dz2", "a2[0]": "a3", "W1[0,0]": "w1"}
        text = str(cp.explain(note_network(), [0.5, 1.0], 1.0, "w1", names=names))
        assert text.startswith("dE/dw1 of")
        assert "∂E/∂w1 = ∂E/∂a3 · ∂a3/∂z2[0] · " in text
        assert "dz2[0]          = (a3 - y[0]) · sigmoid'(z2[0])" in text
        assert "(E(w1 + h) - E(w1 - h)) / (2 · h)" in text
        assert "L" not in text.replace("ReLU", "")
        whole = cp.explain(note_network(), [0.5, 1.0], 1.0, names={"delta2": "dz2"})
        assert "dz2 = da2 * sigmoid'(z2), shape (1, 1)" in str(whole)
        assert (
            r"\frac{\partial E}{\partial w_{1}}"
            in cp.explain(note_network(), [0.5, 1.0], 1.0, "w1", names=names).to_latex()
        )

    def test_an_input_without_a_name_is_not_taken_for_one_with(self):
        names = {"x[0]": "x1"}
        latex = cp.explain(note_network(), [0.5, 1.0], 1.0, "z1[0]", names=names).to_latex()
        assert r"\mathrm{x1}" in latex
        assert "x_{1}" in latex  # x[1], which has no name of its own
        both = {"x[0]": "x1", "x[1]": "x2"}
        latex = cp.explain(note_network(), [0.5, 1.0], 1.0, "z1[0]", names=both).to_latex()
        assert r"W^{1}_{0,0} \cdot x_{1} + W^{1}_{0,1} \cdot x_{2}" in latex

    def test_scripts_and_hats(self):
        names = {"z1[0]": "z_1^(2)", "a2[0]": "ŷ", "W2[0,0]": "w_5"}
        latex = cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[0,0]", names=names).to_latex()
        for written in ("z^{(2)}_{1}", r"\hat{y}", "w_{5}"):
            assert written in latex

    @pytest.mark.parametrize(
        ("names", "error", "words"),
        [
            ({"W3[0,0]": "w"}, cp.ElementError, "W1 to W2"),
            ({"nonsense": "w"}, cp.ElementError, "names no element"),
            ({"W1[0,0]": "W1[0,1]"}, cp.ArgumentError, "the name of another"),
            ({"x[0]": "y[0]"}, cp.ArgumentError, "the name of another"),
            ({"y[1]": "t"}, cp.ElementError, "the targets are y[0] to y[0]"),
            ({"W1[0,0]": " "}, cp.ArgumentError, "a text of one line"),
            ({"W1[0,0]": 3}, cp.ArgumentError, "a text of one line"),
            ({"W1[0,0]": "a\nb"}, cp.ArgumentError, "a text of one line"),
            ({"W1[0,0]": "q\x00"}, cp.ArgumentError, "a text of one line"),
            ({"x[0]": "a", "a0[0]": "b"}, cp.ArgumentError, "x[0] twice"),
            ({"W1[0,0]": 25 * "w"}, cp.ArgumentError, "24 at most"),
            (["w1"], cp.ArgumentError, "give a mapping"),
            ({"W1[0,0]": "w", "W1[0,1]": "w"}, cp.ArgumentError, "the same name"),
        ],
    )
    def test_bad_ones(self, names, error, words):
        with pytest.raises(error, match=re.escape(words)):
            cp.explain(note_network(), [0.5, 1.0], 1.0, "L", names=names)
