"""The forms that a derivation is written in: text, LaTeX, MathML, HTML, a dictionary."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import clearprop as cp
from the_note import NAMES, note_network


def without_text(latex: str) -> str:
    r"""Put a letter in place of each \text{...}, which matplotlib reads by rules of its own."""
    while (start := latex.find(r"\text{")) >= 0:
        depth, end = 1, start + len(r"\text{")
        while depth:
            escaped = latex[end] == "\\"
            depth += 0 if escaped else {"{": 1, "}": -1}.get(latex[end], 0)
            end += 2 if escaped else 1
        latex = f"{latex[:start]}t{latex[end:]}"
    return latex


class TestForms:
    """The forms that a derivation is written in."""

    def derivations(self):
        rng = np.random.default_rng(0)
        n3 = cp.Network([3, 4, 3], "tanh", "softmax", dtype="float64", seed=1)
        wide = cp.Network([30, 20, 10], "relu", "softmax", seed=1)
        gelu = cp.Network([2, 3, 3, 2], ["gelu", "silu", "softmax"], loss="squared_error", seed=2)
        rates = cp.Network([2, 3, 1], "elu", "exp", loss="poisson", seed=2)
        odd = {"W1[0,0]": "50%_of & {x}#$^~\\", "b1[0]": "größe", "x[0]": "θ_2"}
        names = {"names": odd}
        yield cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[0,0]", names=NAMES)
        yield cp.explain(n3, [0.1, 0.2, 0.3], 1, optimizer="adam")
        yield cp.explain(n3, rng.normal(size=(9, 3)), rng.integers(0, 3, 9), "W1[0,0]",
                         l2=0.01, optimizer=cp.AdamW(0.1), **names)  # fmt: skip
        yield cp.explain(wide, rng.normal(size=30), 3, "W1[3,4]", optimizer="rprop")
        yield cp.explain(wide, rng.normal(size=(50, 30)), [0] * 50)
        yield cp.explain(gelu, [0.5, -1.0], [1.0, 0.0], "W1[0,0]", optimizer="rmsprop", **names)
        yield cp.explain(rates, [0.5, -1.0], [3.0], "b1[0]", **names)
        yield cp.explain(rates, [0.5, -1.0], [3.0], "x[0]")

    def test_text(self):
        for derivation in self.derivations():
            lines = str(derivation).splitlines()
            assert max(map(len, lines)) <= 100
            assert not any(line != line.rstrip() for line in lines)
            assert repr(derivation) == str(derivation)
            assert max(map(len, derivation.to_text(72).splitlines())) <= 84

    def test_latex_is_read_by_a_strict_parser(self):
        """Every line of an align is parsed by matplotlib, which knows no leniency.

        Once for all lines that differ in their numbers alone: it is slow, and a number is a number.
        """
        from matplotlib.mathtext import MathTextParser

        parser = MathTextParser("path")
        lines, parsed = 0, set()
        for derivation in self.derivations():
            latex = derivation.to_latex()
            assert latex.count(r"\begin{align*}") == latex.count(r"\end{align*}") > 0
            assert latex.count("{") - latex.count(r"\{") == latex.count("}") - latex.count(r"\}")
            for block in re.findall(r"\\begin{align\*}\n(.*?)\n\\end{align\*}", latex, re.DOTALL):
                for line in block.split(" \\\\\n"):
                    assert line.count("&") - line.count(r"\&") == 1
                    bare = re.sub(r" \\tag\*{\\texttt{.*}}$", "", line).replace(" &", " ", 1)
                    bare = bare.removeprefix("&")
                    lines += 1
                    shape = re.sub(r"\d+(?:\.\d+)?", "1", without_text(bare))
                    if shape not in parsed:
                        parser.parse(f"${shape}$")
                        parsed.add(shape)
            outside = re.sub(r"\\begin{align\*}.*?\\end{align\*}", "", latex, flags=re.DOTALL)
            assert outside.replace("\\usepackage", "").isascii() or "größe" in outside
        assert lines > 300
        assert len(parsed) > 200

    def test_mathml_is_valid(self):
        counts = {"mfrac": 2, "msub": 2, "msup": 2, "msubsup": 3, "mover": 2, "munder": 2}
        known = {
            "math", "mtable", "mtr", "mtd", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msqrt",
            *counts,
        }  # fmt: skip
        leaves = {"mi", "mn", "mo", "mtext", "mspace"}
        for derivation in self.derivations():
            root = ET.fromstring(derivation.to_mathml())
            assert root.tag == "{http://www.w3.org/1998/Math/MathML}math"
            for element in root.iter():
                tag = element.tag.partition("}")[2]
                assert tag in known, tag
                if tag in counts:
                    assert len(element) == counts[tag], tag
                if tag in leaves:
                    assert len(element) == 0
                else:
                    assert not (element.text or "").strip(), (tag, element.text)
                assert not (element.tail or "").strip()
                if tag == "mtr":
                    assert all(child.tag.endswith("mtd") for child in element)
            codes = {e.get("data-name") for e in root.iter() if e.get("data-name")}
            asked = {s for e in derivation for s in e.depends_on}
            assert asked <= codes | {"∂"} or all(code in codes for code in asked)

    def test_html_is_one_file_without_script(self):
        for derivation in self.derivations():
            page = derivation.to_html()
            ET.fromstring(page.partition("\n")[2].replace("<meta charset=\"utf-8\">", "").replace(
                '<meta name="viewport" content="width=device-width, initial-scale=1">', ""))  # fmt: skip
            assert "<script" not in page
            assert "src=" not in page
            assert not re.search(r"https?://", page)
            assert derivation._repr_html_() in page

    def test_dictionary(self):
        derivation = cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[0,0]")
        found = json.loads(json.dumps(derivation.to_dict()))
        assert found["of"] == "dW1[0,0]"
        forward = found["parts"][0]["equations"][0]
        assert forward == {
            "name": "z1[0]",
            "symbols": "W1[0,0] · x[0] + W1[0,1] · x[1]",
            "numbers": "0.1 · 0.5 + 0.3 · 1",
            "value": 0.35,
            "depends_on": ["W1[0,0]", "x[0]", "W1[0,1]", "x[1]"],
        }

    def test_asking_a_derivation(self):
        derivation = cp.explain(note_network(), [0.5, 1.0], 1.0, "delta1[0]")
        assert derivation["delta1[0]"].depends_on == ("da1[0]", "z1[0]")
        with pytest.raises(cp.ElementError, match="there are: z1"):
            derivation["delta7[0]"]
        with pytest.raises(cp.ElementError, match="a whole pass was explained"):
            _ = cp.explain(note_network(), [0.5, 1.0], 1.0).value

    @pytest.mark.parametrize("width", [0, -1, "a", 3.5])
    def test_widths(self, width):
        with pytest.raises(cp.ArgumentError, match="width"):
            cp.explain(note_network(), [0.5, 1.0], 1.0).to_text(width)
