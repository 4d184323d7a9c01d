"""What is printed and drawn of expressions: read back, measured, and well formed."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import clearprop as cp
from clearprop.activations import ACTIVATIONS
from clearprop.explaining.expression import picture
from clearprop.explaining.graph.parts import exact, short
from graph_pictures import SVG, assert_dot, assert_no_overlap, overlaps, texts_of
from random_expressions import random_case

CASES = range(60)


def made(seed, depth=4):
    text, given = random_case(seed, depth)
    try:
        return cp.expression(text, **given)
    except cp.NonFiniteError:
        return None


def at_number(f):
    return lambda z: float(f(np.array(float(z))))


def scope():
    own = {name: at_number(f.f) for name, f in ACTIVATIONS.items() if not f.row_wise}
    own |= {name: getattr(math, name) for name in ("exp", "log", "sin", "cos", "tanh", "sqrt")}
    cdf, bell = (lambda z: math.erfc(-z / math.sqrt(2)) / 2), (lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi))  # fmt: skip
    return own | {"max": max, "min": min, "abs": abs, "Phi": cdf, "phi": bell}


def value_of(text, numbers):
    """Read a printed formula as anybody would: its names, and partial derivatives, are looked up."""
    given = {}

    def partial(match):
        given[f"d{len(given)}"] = numbers[match[0]]
        return f"d{len(given) - 1}"

    code = re.sub(r"∂\w+/∂\w+", partial, text)
    code = re.sub(r"\|([^|]*)\|", r"abs(\1)", code)
    code = code.replace("·", "*").replace("²", "**2").replace("^", "**").replace("√", "sqrt")
    return eval(code, {"__builtins__": {}}, scope() | numbers | given)


def test_printed_equations_give_their_values():
    read = 0
    for seed in CASES:
        e = made(seed)
        if e is None:
            continue
        names = [None, *e.gradient]
        for of in names:
            derivation = e.explain(of)
            numbers = {n.name: n.value for n in e.nodes if n.kind != "number"}
            numbers |= {f"∂f/∂{n.name}": n.gradient for n in e.nodes if n.gradient is not None}
            for equation in derivation:
                if equation.name == "difference" or "[" in equation.symbols or not equation.forms:
                    continue
                found = value_of(equation.symbols, numbers)
                size = 1e-9 * sum(abs(t.value) for t in equation.terms)
                assert found == pytest.approx(equation.value, rel=1e-8, abs=1e-12 + size), equation
                read += 1
    assert read > 1000


def test_every_step_and_gradient_is_told_once():
    for seed in CASES:
        e = made(seed)
        if e is None:
            continue
        names = e.explain().keys()
        assert len(names) == len(list(e.explain()))
        wanted = {n.name for n in e.nodes if n.kind == "operation"}
        wanted |= {f"∂f/∂{n.name}" for n in e.nodes[:-1] if n.gradient is not None}
        assert set(names) == wanted


def test_gradients_come_after_all_that_they_are_made_of():
    for seed in CASES:
        e = made(seed)
        if e is None:
            continue
        text = str(e.explain())
        order = {name: i for i, name in enumerate(e.explain().keys())}
        for equation in e.explain():
            for used in re.findall(r"∂f/∂\w+", equation.symbols):
                assert order[used] < order[equation.name], text


def test_paths_add_up_to_the_gradient():
    e = cp.expression("(a + a*b) * (a*b + sin(a)) * (a + 2) * (a*b + a) * (a + 3)", a=0.7, b=-1.2)
    derivation = e.explain("a")
    first = next(equation for equation in derivation if equation.name == "∂f/∂a")
    assert "8 paths lead from a to f" in str(derivation)
    assert "[2 other paths]" in first.symbols
    assert first.is_by_rows
    assert sum(term.value for term in first.terms) == pytest.approx(e.gradient["a"])


def test_the_central_difference_says_where_there_is_none():
    assert "no central difference" in str(cp.expression("log(a)", a=1e-9).explain("a"))
    assert "is another number: a kink" in str(cp.expression("abs(a)", a=1e-7).explain("a"))
    assert "last digits are lost" in str(cp.expression("1e9 + a", a=1).explain("a"))
    assert "The slope is 0" in str(cp.expression("cos(a)", a=0).explain("a"))


def test_as_latex():
    e = cp.expression("alpha**3 / max(w_1, 2) + sqrt(x) - y**-1", alpha=2, w_1=3, x=4, y=5)
    latex = e.explain().to_latex()
    assert r"v_{1} &= \alpha^{3} = 2^{3} = 8" in latex
    assert r"\operatorname{max}\left( w_{1}, 2 \right)" in latex
    assert r"\sqrt{x}" in latex
    assert r"y^{-1} = 5^{-1} = 0.2" in latex
    assert r"\frac{\partial f}{\partial \alpha}" in latex
    for group in ("{}", "()"):
        assert latex.count(group[0]) == latex.count(group[1])
    assert r"\left( -0.5 \right)^{2}" in cp.expression("a**2", a=-0.5).explain().to_latex()


def test_as_html_and_mathml():
    for seed in CASES:
        e = made(seed)
        if e is None:
            continue
        root = ET.fromstring(e.explain().to_mathml())
        scripts = [s for s in root.iter() if s.tag.endswith(("msup", "msub", "mfrac"))]
        assert all(len(script) == 2 for script in scripts)
        page = e.explain().to_html()
        assert "<script" not in page
        ET.fromstring(page.partition("\n")[2].replace('<meta charset="utf-8">', "").replace(
            '<meta name="viewport" content="width=device-width, initial-scale=1">', ""))  # fmt: skip
        shown = e._repr_html_()
        assert shown.count("<svg") == 1
        assert "<math" in shown


@pytest.mark.parametrize("depth", [2, 4, 5])
def test_nothing_overlaps(depth):
    drawn = 0
    for seed in range(25):
        e = made(seed, depth)
        if e is None:
            continue
        assert_no_overlap(e.svg())
        assert_dot(e.dot())
        drawn += 1
    assert drawn > 15


@pytest.mark.parametrize(("constant", "value"), [("LANE", -40.0), ("GAP", -20.0), ("PORT", 6.0), ("PAD", -12.0)])  # fmt: skip
def test_a_planted_overlap_is_caught(monkeypatch, constant, value):
    monkeypatch.setattr(picture, constant, value)
    e = cp.expression("exp(a*b)*a + log(a)/b*a + a*(b - sin(a*b))", a=1.5, b=0.5)
    assert overlaps(e.svg())


def test_every_number_is_drawn_and_told_in_full():
    e = cp.expression("exp(a*b)*a + log(a)/b*a", a=1.5, b=0.5)
    svg = e.svg()
    words = set(" ".join(texts_of(svg)).split())
    root = ET.fromstring(svg.encode())
    titles = "\n".join(title.text for title in root.iter(f"{SVG}title"))
    for part in (*e.nodes, *e.edges):
        for number in (part.value, part.gradient):
            if number is not None:
                assert exact(number) in titles, part
                assert short(number) in words
    assert root.get("aria-label") == "f = exp(a * b) * a + log(a) / b * a = 4.3919"


def test_numbers_of_the_text_stand_in_the_formulas_alone():
    e = cp.expression("1/3 + a**2 + b*2 + b/2", a=1.5, b=0.5)
    svg = e.svg()
    assert {"v1 = 1 / 3", "v2 = a²", "0.3333"} <= set(texts_of(svg))
    assert svg.count("<rect") == 1 + sum(node.kind != "number" for node in e.nodes)  # the ground
    assert_no_overlap(svg)


def test_a_long_expression_is_cut_above_its_picture():
    e = cp.expression(" + ".join(["a*b"] * 60), a=1, b=2)
    assert max(map(len, texts_of(e.svg()))) < 110
    assert e.text in repr(e)


def test_long_names_are_cut_and_do_not_overlap():
    long = {"a_name_that_is_much_too_long_for_a_box": 1.0, "b": 2.0}
    svg = cp.expression(" * ".join(long), **long).svg()
    assert_no_overlap(svg)
    assert "a_name_that_is_much_too_long_…" in texts_of(svg)
