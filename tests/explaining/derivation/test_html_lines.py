"""Lines of equations in HTML: where they may break, and that nothing of them is lost."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import clearprop as cp
from clearprop.explaining.derivation.html_lines import equation_html
from the_note import NAMES, note_network


def pieces(content: str) -> list[list[str]]:
    """The texts of the pieces of each span of a line."""
    root = ET.fromstring(equation_html("name", "<mi>x</mi>", [(content, False)]))
    line = root.find(".//div[@class='line']")
    return [
        ["".join(piece.itertext()) for piece in span] or ["".join(span.itertext())] for span in line
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<mo>=</mo><mn>1</mn><mo>+</mo><mn>2</mn><mo>=</mo><mn>3</mn>", [["=1", "+2"], ["=3"]]),
        ("<mo>=</mo><mrow><mo>−</mo><mn>1</mn></mrow><mo>−</mo><mn>2</mn>", [["=−1", "−2"]]),
        ("<mo>=</mo><mo>−</mo><mn>1</mn>", [["=−1"]]),
        ("<mo>=</mo><mrow><mi>a</mi><mo>·</mo><mi>b</mi></mrow>", [["=a", "·b"]]),
        ("<mo>=</mo><mrow><mi>f</mi><mo>(</mo><mi>a</mi><mo>+</mo><mi>b</mi><mo>)</mo></mrow>", [["=f(a+b)"]]),
        ("<mrow><mn>2</mn><mo>·</mo><msup><mn>10</mn><mn>9</mn></msup></mrow>", [["2·109"]]),
        ('<mspace width="1em"/><mo>+</mo><mn>1</mn><mspace width="1em"/><mtext class="note">largest</mtext>', [["+1"], ["largest"]]),
    ],
)  # fmt: skip
def test_a_line_breaks_before_operators_but_not_after_signs(content, expected):
    assert pieces(content) == expected


def test_a_wide_fraction_can_be_broken():
    long = "a name of twenty-four ch"
    fraction = f"<mfrac><mrow><mi>{long}</mi><mo>−</mo><mi>{long}</mi></mrow><mrow><mn>2</mn></mrow></mfrac>"
    assert pieces(f"<mo>=</mo>{fraction}") == [[f"=({long}", f"−{long})/(2)"]]
    short = fraction.replace(long, "a")
    assert pieces(f"<mo>=</mo>{short}") == [["=a−a2"]]


def text(markup: str) -> str:
    return re.sub(r"\s", "", re.sub(r"<[^>]*>", "", markup))


@pytest.mark.parametrize("of", ["W1[0,0]", "z1[0]", "delta1[0]", None])
def test_nothing_is_lost_or_added_by_breaking(of):
    rng = np.random.default_rng(0)
    cases = [
        (note_network(), [0.5, 1.0], 1.0, NAMES),
        (cp.Network([4, 9, 3], "tanh", "softmax", seed=2), rng.normal(size=(5, 4)), [0, 1, 2, 0, 1], None),
    ]  # fmt: skip
    for network, X, y, names in cases:
        derivation = cp.explain(network, X, y, of, names=names)
        rows = re.findall(r"<mtr(?: class=\"first\")?>.*?</mtr>", derivation.to_mathml())
        written = "".join(text(row) for row in rows if "columnspan" not in row)
        shown = "".join(
            text(found)
            for found in re.findall(
                r'<div class="equation">.*?</div></div></div>', derivation.to_html()
            )
        )
        assert len(written) > 20
        assert shown == written


def test_only_the_gradient_of_one_parameter_lights_a_way():
    network = note_network()
    for of in (None, "L", "z1[0]", "delta1[0]", "dW1"):
        page = cp.explain(network, [0.5, 1.0], 1.0, of).to_html()
        assert 'class="lit"' not in page
        assert "to the cost is lit" not in page
    page = cp.explain(network, [0.5, 1.0], 1.0, "W1[0,1]", names=NAMES).to_html()
    assert "The way from w3 to the cost is lit." in page
    assert set(re.findall(r'class="lit" data-name="([^"]*)"', page)) >= {"W1[0,1]", "z1[0]", "L"}


def test_a_layer_of_softmax_is_lit_whole():
    network = cp.Network([2, 3, 3], ["softmax", "identity"], loss="squared_error", seed=1)
    page = cp.explain(network, [0.5, 1.0], [1.0, 0.0, 0.0], "W1[0,1]").to_html()
    lit = set(re.findall(r'class="lit" data-name="([^"]*)"', page))
    assert {"a1[0]", "a1[1]", "a1[2]", "z1[0]"} <= lit
    assert "z1[1]" not in lit
