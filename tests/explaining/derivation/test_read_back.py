"""What a derivation writes, read back: LaTeX and MathML are computed like the text, and the marks and
counts are held to what they speak of."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter

import numpy as np
import pytest

import clearprop as cp
from clearprop.explaining.derivation.expressions import Rest, parts, symbols_in
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.latex import LATEX
from clearprop.explaining.derivation.mathml import MATHML
from derivation_cases import (
    moved_costs,
    optimizer_numbers,
    random_case,
)
from derivation_rows import Book
from evaluator import Evaluator, close

RULE = cp.AdamW(0.01, decay=0.1)


WRITTEN = {"η": "eta", "μ": "mu", "ε": "epsilon", "ω": "omega", "λ": "l2", "α": "alpha"}


BACK = {r"\eta": "eta", r"\varepsilon": "epsilon", r"\omega": "omega", r"\lambda": "l2",
        r"\mathrm{decay}": "decay", r"\mathrm{update}": "update", r"\mathrm{threshold}": "threshold", r"\hat{m}": "m_hat",
        r"\hat{v}": "v_hat", r"m^{\mathrm{before}}": "m_before",
        r"v^{\mathrm{before}}": "v_before"}  # fmt: skip


def derivations():
    """Derivations of random networks, each with what its rows speak of."""
    for seed in range(40):
        network, X, y, weights, l2, _ = random_case(seed)
        record = cp.backprop(network, X, y, sample_weight=weights, l2=l2)
        derivation = cp.explain(
            network, X, y, "W1[0,0]", sample_weight=weights, l2=l2, optimizer=RULE, largest=4
        )
        known = optimizer_numbers(RULE, "W1[0,0]")
        known |= {
            k: float(v) for k, v in moved_costs(derivation, network, X, y, weights, l2).items()
        }
        yield derivation, Book(record, known)


def symbol_back(latex_symbol: str) -> str:
    """The code name of a symbol in LaTeX: W^{2}_{1,3} is W2[1,3]."""
    if latex_symbol in BACK:
        return BACK[latex_symbol]
    power = re.fullmatch(r"\\beta\^\{(\d+)\}_\{(\d)\}", latex_symbol)
    if power:
        return f"beta{power[2]}^{power[1]}"
    match = re.fullmatch(r"(\\?[A-Za-z]+)(?:\^\{([^}]*)\})?(?:_\{([^}]*)\})?", latex_symbol)
    assert match, latex_symbol
    base, above, below = match[1].lstrip("\\"), match[2] or "", match[3] or ""
    layer, row = re.fullmatch(r"(\d*),?(?:\((\d+)\))?", above).groups()
    if base in ("L", "omega"):
        return base + (f"@{below}" if below else "")
    if base == "beta":
        return f"beta{below}"
    inside = f"[{below}]" if below else ""
    return f"{base}{layer}{inside}" + (f"@{row}" if row else "")


def partial_back(top: str, bottom: str) -> str:
    """The code name of a partial derivative: of the cost by a weight, it is the gradient."""
    if top[0] == "L" and bottom[0] in "Wb":
        return f"d{bottom}{top[1:]}"
    return f"∂{top}/∂{bottom}"


SYMBOL = r"(?:\\hat\{[mv]\}|\\mathrm\{(?:decay|update|threshold)\}|\\?[A-Za-z]+)(?:\^\{(?:[\d,()]+|\\mathrm\{before\})\})?(?:_\{[\d,]+\})?"


def text_of_latex(source: str) -> str:
    """LaTeX in the evaluator's language."""
    source = re.sub(r"\\text\{\{?\[\}?(.*?)\{?\]\}?\}", r"[\1]", source)
    source = re.sub(
        r"L\((W\^\{\d\}_\{\d,\d\}) ([+-]) h\)",
        lambda m: f"⟨L({symbol_back(m[1])} {m[2]} h)⟩", source,
    )  # fmt: skip
    for log, name in ((r"\\log ", "logsumexp"), ("", "sumexp")):
        source = re.sub(
            rf"{log}\\sum_\{{k\}} \\exp z\^\{{(\d+)(?:,\((\d+)\))?\}}_\{{k\}}",
            lambda m, name=name: f"⟨{name}(z{m[1]})" + (f"@{m[2]}" if m[2] else "") + "⟩", source,
        )  # fmt: skip
    source = re.sub(
        rf"\\frac\{{\\partial ({SYMBOL})\}}\{{\\partial ({SYMBOL})\}}",
        lambda m: f"⟨{partial_back(symbol_back(m[1]), symbol_back(m[2]))}⟩", source,
    )  # fmt: skip
    source = re.sub(
        r"\\(?:operatorname\{([^}]*)\}|mathrm\{(relu)\}|(sigma|exp|log|tanh|Phi|varphi))('?)\\left\(",
        lambda m: f"⟨{(m[1] or m[2] or {'sigma': 'sigmoid', 'varphi': 'phi'}.get(m[3], m[3])).replace(chr(92), '')}{m[4]}⟩(",
        source,
    )  # fmt: skip
    source = source.replace(r"\sum W^{2}", "⟨sum of W²⟩")
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[1])
        return f"\x00{len(kept) - 1}\x01"

    source = re.sub("⟨(.*?)⟩", keep, source)
    source = re.sub(r" \\cdot 10\^\{(-?\d+)\}", r"e\1", source)
    source = re.sub(
        rf"(?<![\\\w]){SYMBOL}",
        lambda m: symbol_back(m[0]) if not re.fullmatch(r"\\(left|right|cdot|frac|sqrt|infty|text)|e", m[0]) else m[0],
        source,
    )  # fmt: skip
    source = source.replace(r"\left(", "(").replace(r"\right)", ")").replace(r"\cdot", "·")
    source = source.replace(r"\left|", "|").replace(r"\right|", "|")
    source = source.replace("^{2}", "²")
    while r"\frac{" in source or r"\sqrt{" in source:
        start = max(source.find(r"\frac{"), source.find(r"\sqrt{"))
        one, end = _group(source, start + 5)
        if source.startswith(r"\sqrt", start):
            source = f"{source[:start]}√({one}){source[end:]}"
        else:
            two, end = _group(source, end)
            source = f"{source[:start]}(({one}) / ({two})){source[end:]}"
    return re.sub("\x00(\\d+)\x01", lambda m: kept[int(m[1])], source)


def _group(source: str, at: int) -> tuple[str, int]:
    assert source[at] == "{", source[at:]
    depth, end = 1, at + 1
    while depth:
        depth += {"{": 1, "}": -1}.get(source[end], 0)
        end += 1
    return source[at + 1 : end - 1], end


def text_of_mathml(element: ET.Element) -> str:
    """MathML in the evaluator's language; symbols by the code names that they carry."""
    if code := element.get("data-name"):
        return code
    children = [text_of_mathml(child) for child in element]
    text = (element.text or "").replace("−", "-")
    match element.tag:
        case "mn" | "mo" | "mi" | "mtext":
            return {"σ": "sigmoid", "Φ": "Phi", "φ": "phi", "′": "'"}.get(text, f"{text}")
        case "mspace":
            return ""
        case "mfrac":
            partial = [child[1].get("data-name") for child in element if child[0].text == "∂"] if all(
                len(child) == 2 for child in element
            ) else []  # fmt: skip
            if len(partial) == 2:
                return f"∂{partial[0]}/∂{partial[1]}"
            return f"(({children[0]}) / ({children[1]}))"
        case "msup":
            if children[0] == "10":
                return f"1e{children[1]}"
            return f"{children[0]}'" if children[1] == "'" else f"({children[0]})²"
        case "msqrt":
            return f"√({''.join(children)})"
    joined = ""
    for child in children:
        joined += f" {child} " if child in ("+", "-", "·", "=") else child
    return joined


@pytest.mark.parametrize("form", ["latex", "latex numbers", "mathml", "mathml numbers"])
def test_formulas_read_back_give_the_values(form):
    read = 0
    for derivation, book in derivations():
        for equation in derivation:
            if not equation.forms or not np.isfinite(equation.value):
                continue
            last = equation.forms[-1]
            for rest in (part for part in parts(last) if isinstance(part, Rest)):
                book.known[f"[{rest.count:,} other {rest.kind}{'s' if rest.count > 1 else ''}]"] = (
                    rest.value
                )
            if form == "latex":
                text = text_of_latex(LATEX.symbols(last, Names()))
            elif form == "latex numbers":
                text = text_of_latex(LATEX.numbers(last, equation.digits))
            else:
                source = (
                    MATHML.symbols(last, Names())
                    if form == "mathml"
                    else MATHML.numbers(last, equation.digits)
                )
                text = text_of_mathml(ET.fromstring(f"<mrow>{source}</mrow>"))
            found = Evaluator(text, book.value, book.apply).result()
            digits = 10.0 ** (2 - equation.digits) if form.endswith("numbers") else 1e-10
            assert close(found, equation.value, digits), (
                equation.name,
                text,
                found,
                equation.value,
            )
            name = equation.name
            if name.startswith("new ") or not re.match(r"(d?[Wbaxz]|delta|L\b|∂)", name):
                book.known[name] = equation.value
            read += 1
    assert read > 500


class TestMarks:
    def derivation(self):
        rng = np.random.default_rng(5)
        network = cp.Network([4, 9, 3], "tanh", "softmax", dtype="float64", seed=2)
        return cp.explain(network, rng.normal(size=(12, 4)), rng.integers(0, 3, 12), "W1[3,1]")

    def test_the_largest_term_is_marked(self):
        derivation, marked = self.derivation(), 0
        lines = str(derivation).splitlines()
        mathml = derivation.to_mathml()
        for equation in derivation:
            if not equation.is_by_rows:
                continue
            sizes = [abs(t.value) for t in equation.terms if not isinstance(t, Rest)]
            largest = int(np.argmax(sizes))
            assert [t["largest"] for t in equation.to_dict()["terms"]] == [
                i == largest for i in range(len(equation.terms))
            ]
            start = next(i for i, line in enumerate(lines) if f"{equation.name} " in line + " " and "the sum of" in line)  # fmt: skip
            rows, at = [], start + 1
            while len(rows) < len(equation.terms):
                if re.match(r"\s+[+-] ", lines[at]):
                    rows.append(lines[at])
                else:  # numbers on a line of their own
                    rows[-1] += lines[at]
                at += 1
            if "◂" in lines[at] and "= " in lines[at] and not re.match(r"\s+= ", lines[at]):
                rows[-1] += lines[at]
            assert ["◂ largest" in row for row in rows].index(True) == largest
            marked += 1
        assert marked >= 3
        found: dict[str, list[list[bool]]] = {}
        for row in re.findall(r"<mtr.*?</mtr>", mathml):
            if name := re.search(r'<mtext class="code">(.*?)</mtext>', row):
                found.setdefault(name[1], []).append([])
                last = found[name[1]][-1]
            elif 'columnspan="3"' in row:  # a title
                continue
            last.append('class="largest"' in row)
            assert ('class="largest"' in row) == (">largest</mtext>" in row)
        for equation in derivation:
            if equation.is_by_rows:
                rows = next(
                    rows for rows in found[equation.name] if len(rows) == len(equation.terms) + 2
                )
                assert rows.index(True) == 1 + equation.largest  # below "the sum of ... terms"
                assert sum(rows) == 1

    def test_uses_are_counted_in_a_pass_that_is_written_out(self):
        for sizes, output, biases in (
            ([3, 4, 2, 3], "softmax", True),
            ([2, 2, 1], "sigmoid", False),
        ):
            network = cp.Network(
                sizes, "tanh", output, biases=biases, dtype="float64", seed=1,
                loss=None if output == "softmax" else "squared_error",
            )  # fmt: skip
            derivation = cp.explain(network, np.ones(sizes[0]), 1)
            uses = {e.name: e.uses for e in derivation if e.uses}
            counted: Counter[str] = Counter()
            for equation in derivation:
                if re.match(r"z|d[Wb]|da|tanh'", equation.name) and equation.forms:
                    counted.update({symbol.code for symbol in symbols_in(equation.forms[-1])})
            last = len(sizes) - 1
            assert set(uses) == {
                f"{kind}{layer}[{j}]" for layer in range(1, last + 1) for j in range(sizes[layer])
                for kind in (("delta", "a") if layer < last else ("delta",))
            }  # fmt: skip
            assert {name: counted[name] for name in uses} == uses

    def test_the_saving_is_that_of_the_chain_rules_cost(self):
        network = cp.Network([3, 4, 2], output="softmax", dtype="float64", seed=0)
        cost = cp.chain_rule_cost(network)
        (words,) = cp.explain(network, [1.0, 2.0, 3.0], 1).parts[2].words
        assert (
            f"take {cost.written_out:,} multiplications a sample; with the deltas kept, {cost.with_deltas:,}"
            in words
        )

    def test_the_others_are_at_most_what_is_said(self):
        rng = np.random.default_rng(0)
        network = cp.Network([30, 20, 10], "relu", "softmax", dtype="float64", seed=1)
        x = rng.normal(size=30)
        record = cp.backprop(network, [x], [3])
        (part,) = [
            p for p in cp.explain(network, x, 3).parts[2].parts if p.title.startswith("delta1")
        ]
        (words,) = part.words
        sixth = np.sort(np.abs(record["delta1"][0]))[::-1][6]
        said = float(re.fullmatch(
            r"The 6 largest of 20 neurons; the others are at most ([\d.]+) in size\.", words
        )[1])  # fmt: skip
        assert sixth <= said < 1.01 * sixth

    def test_the_costliest_sample_and_the_hardest(self):
        rng = np.random.default_rng(2)
        network = cp.Network([3, 4, 1], "tanh", "identity", dtype="float64", seed=0)
        X, y, w = rng.normal(size=(9, 3)), rng.normal(size=9), rng.random(9) ** 4
        record = cp.backprop(network, X, y, sample_weight=w)
        assert (
            f"Sample {(record.omega * record.losses).argmax()} is followed, which has the largest share of the cost"
            in str(cp.explain(network, X, y, "z1[0]", sample_weight=w))
        )
        shares = np.abs(record.omega * record["delta1[1]"] * X[:, 2])
        assert f"Sample {shares.argmax()} is followed, which pushes hardest" in str(
            cp.explain(network, X, y, "W1[1,2]", sample_weight=w)
        )
        assert shares.argmax() != np.abs(record["delta1[1]"] * X[:, 2]).argmax()

    def test_shapes_and_rules_of_arrays(self):
        network = cp.Network([3, 4, 5, 2], "tanh", "identity", dtype="float64", seed=0)
        titles = [p.title for p in cp.explain(network, np.ones(3), [1.0, 2.0]).parts[2].parts]
        assert titles == [
            "da3 = the slope of squared_error, shape (1, 2)",
            "delta3 = da3 * identity'(z3), shape (1, 2)",
            "dW3 = delta3ᵀ a2, shape (2, 5)", "db3 = delta3, shape (2,)",
            "da2 = delta3 W3, shape (1, 5)", "delta2 = da2 * tanh'(z2), shape (1, 5)",
            "dW2 = delta2ᵀ a1, shape (5, 4)", "db2 = delta2, shape (5,)",
            "da1 = delta2 W2, shape (1, 4)", "delta1 = da1 * tanh'(z1), shape (1, 4)",
            "dW1 = delta1ᵀ x, shape (4, 3)", "db1 = delta1, shape (4,)",
        ]  # fmt: skip
