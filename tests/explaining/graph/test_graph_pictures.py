"""Pictures of the computation graph, measured: nothing overlaps, and every number is drawn."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import clearprop as cp
from clearprop.explaining.graph import detailed_picture
from clearprop.explaining.graph.computation_graph import computation_graph
from clearprop.explaining.graph.parts import exact, short
from clearprop.explaining.graph.picture import LIT
from graph_cases import PICTURES, graph_of, network
from graph_pictures import SVG, assert_dot, assert_no_overlap, overlaps, texts_of


@pytest.mark.parametrize("with_numbers", [True, False])
@pytest.mark.parametrize("detailed", [None, False])
@pytest.mark.parametrize("name", PICTURES)
def test_nothing_overlaps(name, detailed, with_numbers):
    model, x, y = PICTURES[name]
    graph = computation_graph(model, *((x, y) if with_numbers else ()), detailed=detailed)
    assert_no_overlap(graph.svg())
    assert_dot(graph.dot())


@pytest.mark.parametrize(("constant", "value"), [("ROW", 30.0), ("GAP", -20.0), ("UP", 20.0), ("PAD", -30.0), ("UNDER", 10.0)])  # fmt: skip
def test_a_planted_overlap_is_caught(monkeypatch, constant, value):
    monkeypatch.setattr(detailed_picture, constant, value)
    assert overlaps(graph_of("softmax").svg())


def test_long_names_are_wrapped_and_do_not_overlap():
    long = {f"x[{i}]": f"the name of column {i} is long" for i in range(3)}
    svg = graph_of("softmax", names=long | {"W1[0,0]": "a weight of a long name"}).svg()
    assert_no_overlap(svg)
    texts = texts_of(svg)
    assert {"the name of column 1", "is long"} <= set(texts)
    assert not any("…" in text for text in texts)
    assert "the name of column 1 is long = -1.0" in svg


def test_long_names_of_what_has_no_box_stand_beside_its_line():
    name = "what the first of the neurons adds up"
    svg = graph_of("softmax", names={"z1[0]": name, "L": name}).svg()
    assert_no_overlap(svg)
    assert sum(text.startswith(f"{name} = ") for text in texts_of(svg)) == 2


def test_long_names_of_arrays_are_wrapped_and_do_not_overlap():
    long = {name: f"{name}, and how it was called by those who measured it" for name in ("x", "W1", "b1", "z1", "a1", "L")}  # fmt: skip
    svg = graph_of("softmax", names=long, detailed=False).svg()
    assert_no_overlap(svg)
    said = " ".join(texts_of(svg))
    assert not any("…" in text for text in texts_of(svg))
    for name in long.values():
        assert name in said or name.replace(",", "") in said.replace(",", "")


@pytest.mark.parametrize("name", PICTURES)
def test_every_number_is_drawn_and_told_in_full(name):
    graph = computation_graph(*PICTURES[name])
    svg = graph.svg()
    root = ET.fromstring(svg.encode())
    words = set(" ".join(texts_of(svg)).split())
    titles = "\n".join(title.text for title in root.iter(f"{SVG}title"))
    for part in (*graph.nodes, *graph.edges):
        for number in (part.value, part.gradient):
            if number is not None:
                assert set(short(number).split()) <= words, part
                assert exact(number) in titles, part


def test_the_picture_is_self_contained_and_accessible():
    for detailed in (True, False):
        svg = graph_of("softmax", detailed=detailed).svg()
        root = ET.fromstring(svg.encode())
        assert root.get("role") == "img"
        assert root.get("aria-label").startswith("Computation graph of 3-4-3")
        assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
        background = root.find(f"{SVG}rect")
        assert background.get("fill") == "#FFFFFF"
        assert not re.search(r"\bid=|href|<script|url\(", svg)
        assert {"#0072B2", "#D55E00"} <= set(re.findall(r"#[0-9A-F]{6}", svg))
    graph = graph_of("softmax")
    assert graph._repr_svg_() == graph.svg()


@pytest.mark.parametrize("detailed", [True, False])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e308])
def test_what_is_not_finite_shows(bad, detailed):
    model = network([2, 3, 2], output="softmax")
    model["W1[1,0]"] = bad
    graph = computation_graph(model, [2.5, 1.0], 0, detailed=detailed)
    svg = graph.svg()
    assert short(bad) in " ".join(texts_of(svg)).split()
    assert re.search(r"\bnan\b", svg)
    assert_no_overlap(svg)
    assert_dot(graph.dot())


def test_a_probability_of_zero_has_an_infinite_gradient():
    model = cp.Network.from_weights([[[800.0], [0.0]]], activations="softmax")
    graph = computation_graph(model, [1.0], 1)
    assert graph["a1[1]"].value == 0.0
    assert graph["a1[1]"].gradient == -np.inf
    assert graph["L"].value == pytest.approx(800.0)
    assert "da1[1] = -inf" in texts_of(graph.svg())


def test_functions_of_the_users_own():
    cube = cp.Activation("cube<&>(z)", lambda z: z**3, lambda z: 3 * z**2)
    graph = computation_graph(network([2, 2, 1], activations=cube, output="identity"), [0.5, 1.0], 1.0)  # fmt: skip
    assert "cube<&>(z)" in texts_of(graph.svg())
    assert_dot(graph.dot())


def lit(svg: str) -> list[str]:
    """What is lit, by the first line of what the mouse shows."""
    root = ET.fromstring(svg.encode())
    return [
        group[0].text.split("\n")[0].split(" = ")[0]
        for group in root.iter(f"{SVG}g")
        if any(shape.get("stroke") == LIT for shape in group)
    ]


def test_the_way_of_a_weight_is_lit():
    graph = graph_of("the note's", of="W1[0,1]")
    assert graph.path == (
        "W1[0,1]", "W1[0,1]*x[1]", "z1[0]", "a1[0]", "W2[0,0]*a1[0]", "z2[0]", "a2[0]", "L",
    )  # fmt: skip
    assert not lit(graph_of("the note's").svg())
    found = lit(graph.svg())
    assert {"W1[0,1]", "z1[0]", "a1[0]", "z2[0]", "a2[0]", "L"} <= set(found)
    assert {"from W1[0,1] to W1[0,1]*x[1]", "from z1[0] to a1[0]", "from a2[0] to L"} <= set(found)
    assert not {"z1[1]", "a1[1]", "x[1]", "W2[0,0]", "y[0]", "from y[0] to L"} & set(found)
    assert "lit: from W1[0,1] to the cost" in graph.svg()
    assert_no_overlap(graph.svg())


def test_the_way_is_that_on_which_a_change_of_the_weight_moves_values():
    model, x, y = PICTURES["softmax"]
    before = computation_graph(model, x, y, of="W1[1,0]")
    moved = model.copy()
    moved["W1[1,0]"] += 1e-3
    after = computation_graph(moved, x, y)
    changed = {
        node.name for node in before.nodes
        if node.value is not None and node.value != after[node.name].value
    }  # fmt: skip
    named = {name for name in before.path if before[name].value is not None}
    assert changed == named


def test_a_folded_graph_lights_the_way_of_the_array():
    graph = computation_graph(network([20, 12, 12, 3]), of="W2[3,1]", names={"W2[3,1]": "w"})
    assert graph.path == ("W2", "z2", "a2", "z3", "a3", "L")
    again = computation_graph(network([20, 12, 12, 3]), of="w", names={"W2[3,1]": "w"})
    assert again.path == graph.path
    with pytest.raises(cp.ElementError):
        computation_graph(network([2, 2]), of="W3[0,0]")
    with pytest.raises(cp.ArgumentError, match="of is 3"):
        computation_graph(network([2, 2]), of=3)


def test_colors_change_where_the_page_is_dark_and_nowhere_else():
    svg = graph_of("softmax").svg()
    (sheet,) = re.findall(r"<style>(.*?)</style>", svg)
    inner = re.fullmatch(r"@media \(prefers-color-scheme:dark\)\{(.*)\}", sheet)[1]
    rules = re.findall(r"([^{}]+)\{([^{}]+)\}", inner)
    assert all(selector.startswith(".clearprop-graph ") for selector, _ in rules)
    known = {color for _, color in re.findall(r'(fill|stroke)="(#[0-9A-F]{6})"', inner)}
    outside = svg.replace(sheet, "")
    assert set(re.findall(r'(?:fill|stroke)="(#[0-9A-F]{6})"', outside)) <= known
