"""What a reader sees, measured in a headless Chromium: nothing is cut, and everything can be read."""

from __future__ import annotations

import re

import numpy as np
import pytest

import clearprop as cp
from browser import page_of
from the_note import NAMES, note_network

LONG = {"W1[0,1]": "the weight of the second column", "x[0]": "the name of a column that is rather long"}  # fmt: skip


def networks():
    digits = np.random.default_rng(0).random(784)
    flowers = cp.Network([4, 5, 3], "tanh", "softmax", dtype="float64", seed=1)
    return {
        "2-2-1": (note_network(), [0.5, 1.0], 1.0, NAMES),
        "4-5-3": (flowers, [5.1, 3.5, 1.4, 0.2], 1, LONG),
        "784-100-10": (cp.Network([784, 100, 10], "relu", "softmax", seed=1), digits, 3, None),
    }


SIZES = list(networks())


PAGE = '<!DOCTYPE html><html style="color-scheme:light dark"><body>{}</body></html>'

OUTSIDE = """() => {
    const wide = document.documentElement.clientWidth, found = [];
    for (const e of document.querySelectorAll("h1,h2,h3,p,code,math,mn,mi,mo,mtext,.note,.line")) {
        const box = e.getBoundingClientRect();
        if (box.right > wide + 0.5 || box.left < -0.5) found.push([e.textContent, box.right]);
    }
    if (document.documentElement.scrollWidth > wide) found.push(["the page", wide]);
    for (const e of document.querySelectorAll("*"))
        if (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== "visible")
            found.push([e.tagName, e.scrollWidth]);
    return found;
}"""

OVERLAPPING = """() => {
    const lines = [...document.querySelectorAll(".line > span")], found = [];
    const boxes = lines.map(e => e.getBoundingClientRect());
    for (let i = 1; i < boxes.length; i++) {
        const a = boxes[i - 1], b = boxes[i];
        if (b.top < a.bottom - 2 && b.left < a.right - 2 && a.left < b.right - 2)
            found.push([lines[i - 1].textContent, lines[i].textContent]);
    }
    return found;
}"""


def derivation(size, of):
    network, x, y, names = networks()[size]
    short = names and {element: name[:24] for element, name in names.items()}  # what it takes
    return cp.explain(network, x, y, of, names=short)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1000])
@pytest.mark.parametrize("of", ["W1[0,1]", None])
@pytest.mark.parametrize("size", SIZES)
def test_nothing_of_a_derivation_is_cut(running, size, of, width, scheme):
    with page_of(running, derivation(size, of).to_html(), width, scheme) as page:
        assert page.evaluate(OUTSIDE) == []
        assert page.evaluate(OVERLAPPING) == []


@pytest.mark.parametrize(("hidden", "output", "loss"), [
    ("gelu", "sigmoid", "binary_cross_entropy"), ("elu", "exp", "poisson"),
    ("softplus", "identity", "huber"), ("leaky_relu", "identity", "quantile"),
])  # fmt: skip
def test_no_definition_is_cut(running, hidden, output, loss):
    """That of binary cross-entropy, in one piece, was wider than a phone."""
    network = cp.Network([2, 2, 1], hidden, output, loss=loss, seed=0)
    content = cp.explain(network, [0.5, 1.0], 1.0, "W1[0,1]").to_html()
    with page_of(running, content, 400) as page:
        assert page.evaluate(OUTSIDE) == []


def test_what_is_cut_is_caught(running):
    """The formulas in one piece, as MathML has them, are wider than a narrow page."""
    content = PAGE.format(derivation("2-2-1", "W1[0,1]").to_mathml())
    with page_of(running, content, 400) as page:
        assert page.evaluate(OUTSIDE)


def luminance(color):
    parts = np.array([float(part) for part in re.findall(r"[\d.]+", color)][:3]) / 255
    return (np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) * [0.2126, 0.7152, 0.0722]).sum()  # fmt: skip


def contrast(a, b):
    a, b = sorted((luminance(a), luminance(b)))
    return (b + 0.05) / (a + 0.05)


COLOR = "(e) => getComputedStyle(e).color"


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(255,255,255)"), ("dark", "rgb(18,18,18)")])  # fmt: skip
def test_words_of_a_derivation_stand_out_from_the_ground(running, scheme, ground):
    with page_of(running, derivation("2-2-1", "W1[0,1]").to_html(), 1000, scheme) as page:
        for part, least in (("h1", 7), ("p", 7), ("math", 7), (".note", 4)):
            color = page.eval_on_selector(part, COLOR)
            assert contrast(color, ground) > least, (part, color)


def test_the_way_of_a_weight_is_lit(running):
    with page_of(running, derivation("2-2-1", "W1[0,1]").to_html(), 1000) as page:
        lit = {e.get_attribute("data-name") for e in page.query_selector_all(".lit")}
        assert {"z1[0]", "a1[0]", "z2[0]", "a2[0]", "delta2[0]", "W1[0,1]", "dW1[0,1]", "L"} <= lit
        assert not lit & {"z1[1]", "a1[1]", "W1[0,0]", "W2[0,0]", "x[1]", "y[0]"}
        ground = "(e) => getComputedStyle(e).backgroundColor"
        assert page.eval_on_selector(".lit", ground) != page.eval_on_selector("math", ground)


CROSSING = """() => {
    const svg = document.querySelector("svg"), found = [];
    const all = svg.getBoundingClientRect();
    const inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 &&
        a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
    for (const text of svg.querySelectorAll("text")) {
        const box = text.getBoundingClientRect();
        if (!inside(box, all)) found.push(["outside", text.textContent]);
        const rect = text.parentNode.querySelector(":scope > rect");
        if (rect && !inside(box, rect.getBoundingClientRect()))
            found.push(["over its box", text.textContent]);
    }
    return found;
}"""


def graph(size, **settings):
    network, x, y, names = networks()[size]
    return cp.computation_graph(network, x, y, names=names, **settings)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_a_graph_fits_its_page_and_its_texts_their_boxes(running, size, scheme):
    content = PAGE.format(graph(size, of="W1[0,1]").svg())
    for width in (400, 1000):
        with page_of(running, content, width, scheme) as page:
            assert page.evaluate(CROSSING) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            box = page.eval_on_selector("svg", "e => [e.clientWidth, e.clientHeight]")
            natural = page.eval_on_selector("svg", "e => [e.viewBox.baseVal.width, e.viewBox.baseVal.height]")  # fmt: skip
            assert box[0] / box[1] == pytest.approx(natural[0] / natural[1], rel=0.02)


def test_a_text_too_long_for_its_box_is_caught(running):
    svg = graph("2-2-1").svg().replace(">sigmoid<", ">sigmoid of a very long name<", 1)
    with page_of(running, PAGE.format(svg), 1000) as page:
        assert page.evaluate(CROSSING)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_text_of_a_graph_stands_out_from_its_ground(running, size, scheme):
    fill = "es => es.map(e => getComputedStyle(e).fill)"
    with page_of(running, PAGE.format(graph(size).svg()), 1000, scheme) as page:
        grounds = {*page.eval_on_selector_all("svg rect", fill)}
        colors = {*page.eval_on_selector_all("svg tspan", fill)}
        assert len(grounds) == 2
        for ground in grounds:
            assert (luminance(ground) < 0.2) == (scheme == "dark")
            for color in colors:
                assert contrast(color, ground) > 3.3, (color, ground)
