"""The computation graph: walked anew without clearprop, moved at every node and edge, and measured."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import clearprop as cp
from clearprop.cli.graph import graph as command
from clearprop.cli.samples import note_network, rows_of, sample_of
from clearprop.explaining.graph import detailed_picture
from clearprop.explaining.graph.computation_graph import ComputationGraph, computation_graph
from clearprop.explaining.graph.parts import Extent, exact, short

EXAMPLES = Path(__file__).parents[3] / "examples"
NOTE = {"W1[0,0]": "w1", "W1[1,0]": "w2", "W1[0,1]": "w3", "W1[1,1]": "w4", "W2[0,0]": "w5", "W2[0,1]": "w6"}  # fmt: skip


def network(sizes, seed=3, biases=True, **settings):
    biases = cp.normal(0.5) if biases else False
    return cp.Network(sizes, biases=biases, dtype="float64", seed=seed, **settings)


def the_notes():
    weights = [[[0.1, 0.3], [0.2, 0.4]], [[0.5, 0.6]]]
    return cp.Network.from_weights(weights, activations="sigmoid", loss="squared_error")


CASES = {
    "the note's": (the_notes(), [0.5, 1.0], [1.0]),
    "biases": (network([2, 2, 2], activations="tanh", output="identity"), [0.5, -1.0], [1.0, 0.0]),
    "softmax": (network([3, 4, 3], output="softmax"), [0.5, -1.0, 2.0], 2),
    "shares": (network([2, 3], output="softmax"), [0.5, -1.0], [0.2, 0.3, 0.5]),
    "softmax, squared": (
        network([2, 3, 2], output="softmax", loss="squared_error", activations="tanh"),
        [0.5, -1.0],
        [1.0, 0.0],
    ),
    "relu, no biases": (network([3, 5, 1], biases=False), [[1.0, -2.0, 3.0]], 1.0),
    "sigmoid": (network([2, 3, 2, 1], activations="tanh", output="sigmoid"), [0.5, 1.0], [[1.0]]),
    "one weight": (network([1, 1], biases=False), 2.0, 1.0),
    "8-8-8": (network([8, 8, 8], output="softmax"), np.cos(np.arange(8)), 2),
}  # fmt: skip


def graph_of(name: str, **settings) -> ComputationGraph:
    return computation_graph(*CASES[name], **settings)


# What follows knows nothing of clearprop: each kind of node by its own definition.

FUNCTIONS = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: max(z, 0.0),
    "identity": lambda z: z,
}
LOSSES = {
    "squared_error": lambda a, y: 0.5 * ((a - y) ** 2).sum(),
    "cross_entropy": lambda a, y: -(y * np.log(a)).sum(),
    "binary_cross_entropy": lambda a, y: -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum(),
}


def walk(graph: ComputationGraph, moved: object = None, h: float = 0.0) -> dict[str, float]:
    """Every node's value, computed in order from those before it; one node or edge moved by h."""
    into: dict[str, list] = {node.name: [] for node in graph.nodes}
    for edge in graph.edges:
        into[edge.target].append(edge)
    values: dict[str, float] = {}
    for node in graph.nodes:
        arriving = [
            np.asarray(values[edge.source], dtype=float) + (h if edge is moved else 0.0)
            for edge in into[node.name]
        ]
        if node.kind in ("input", "weight", "bias", "target"):
            value = node.value
        elif node.kind == "product":
            value = arriving[0] * arriving[1]
        elif node.kind == "sum":
            value = sum(arriving)
        elif node.kind == "softmax":
            value = np.exp(arriving) / np.exp(arriving).sum()
        elif node.kind == "activation" and into[node.name][0].source.startswith("a"):
            value = arriving[0].ravel()[int(node.name[3:-1])]  # a part of the layer's softmax
        elif node.kind == "activation":
            value = FUNCTIONS[node.function](arriving[0])
        else:
            sources = [edge.source[0] for edge in into[node.name]]
            a, y = (np.array([v for v, s in zip(arriving, sources, strict=True) if s == letter]) for letter in "ay")  # fmt: skip
            value = LOSSES[node.function](a, y)
        values[node.name] = value + (h if node is moved else 0.0)
    return values


def slope(graph: ComputationGraph, moved: object, h: float = 1e-5) -> float:
    return float((walk(graph, moved, h)["L"] - walk(graph, moved, -h)["L"]) / (2 * h))


@pytest.mark.parametrize("name", CASES)
def test_values_are_those_of_a_walk_through_the_graph(name):
    graph = graph_of(name)
    assert graph.detailed
    values = walk(graph)
    for node in graph.nodes:
        if node.kind != "softmax":
            assert node.value == pytest.approx(float(values[node.name]), rel=1e-12, abs=1e-15)
    for edge in graph.edges:
        # The softmax of a layer gives each of its parts to that part's own node.
        giver = graph[edge.target] if graph[edge.source].kind == "softmax" else graph[edge.source]
        assert edge.value == giver.value


@pytest.mark.parametrize("name", [name for name in CASES if name != "8-8-8"])
def test_gradients_are_the_slopes_at_every_node_and_edge(name):
    graph = graph_of(name)
    for part in (*graph.nodes, *graph.edges):
        if part.gradient is None:
            named = getattr(part, "name", getattr(part, "source", ""))
            assert named.startswith("y") or part.kind == "softmax"
        else:
            assert part.gradient == pytest.approx(slope(graph, part), rel=1e-6, abs=1e-8), part


def test_a_planted_gradient_is_caught():
    graph = graph_of("the note's")
    node = graph["W1[0,0]"]
    assert node.gradient * 2.001 != pytest.approx(slope(graph, node), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", CASES)
def test_a_gradient_is_the_sum_of_what_comes_back(name):
    graph = graph_of(name)
    for node in graph.nodes:
        back = [edge.gradient for edge in graph.edges if edge.source == node.name]
        if node.kind in ("target", "softmax", "loss"):
            continue
        assert sum(back) == pytest.approx(node.gradient, rel=1e-12, abs=1e-15), node


@pytest.mark.skipif(not find_spec("torch"), reason="needs PyTorch")
def test_gradients_are_those_of_pytorch():
    torch = pytest.importorskip("torch")
    network, x, y = CASES["softmax"]
    graph = computation_graph(network, x, y)
    found: dict[str, object] = {"x": torch.tensor([x], dtype=torch.float64)}
    found["x"].requires_grad_()
    a = found["x"]
    for k in (1, 2):
        for symbol in "Wb":
            found[f"{symbol}{k}"] = torch.tensor(network[f"{symbol}{k}"]).requires_grad_()
        found[f"z{k}"] = a @ found[f"W{k}"].T + found[f"b{k}"]
        found[f"a{k}"] = a = torch.relu(found[f"z{k}"]) if k == 1 else found["z2"].softmax(1)
    for tensor in found.values():
        tensor.retain_grad()
    (-found["a2"][0, y].log()).backward()
    for node in graph.nodes:
        array, _, index = node.name.partition("[")
        if array in found and index and node.kind != "product":
            place = tuple(int(i) for i in index[:-1].split(","))
            place = place if array[0] in "Wb" else (0, *place)
            assert node.value == pytest.approx(float(found[array].detach()[place]), rel=1e-12)
            assert node.gradient == pytest.approx(
                float(found[array].grad[place]), rel=1e-9, abs=1e-15
            )


def test_the_notes_network_has_the_figures_nodes():
    graph = graph_of("the note's")
    counts = {kind: sum(node.kind == kind for node in graph.nodes) for kind in ("product", "sum", "activation")}  # fmt: skip
    assert counts == {"product": 6, "sum": 3, "activation": 3}
    assert (len(graph.nodes), len(graph.edges)) == (22, 23)
    assert graph["W1[0,1]*x[1]"].value == pytest.approx(0.3)
    assert graph["a0[1]"] is graph["x[1]"]
    assert repr(graph).startswith("Computation graph of 2-2-1, loss squared_error: L = 0.0575342")


def test_folded_numbers_are_those_of_the_record():
    X, y = np.cos(np.arange(20.0)), 3
    network_ = network([20, 12, 5], output="softmax")
    graph = computation_graph(network_, X, y)
    record = cp.backprop(network_, X[None], [y])
    assert not graph.detailed
    gradients = {"x": "dx", "W1": "dW1", "b1": "db1", "z1": "delta1", "a1": "da1", "W2": "dW2", "b2": "db2", "z2": "delta2", "a2": "da2"}  # fmt: skip
    for name, gradient in gradients.items():
        for extent, array in ((graph[name].value, record[name]), (graph[name].gradient, record[gradient])):  # fmt: skip
            expected = (array.min(), array.max(), np.sqrt((array**2).sum()))
            assert (extent.low, extent.high, extent.norm) == pytest.approx(expected, rel=1e-12)
    assert graph["L"].value == float(record.loss)
    assert graph["W2"].shape == (5, 12)
    assert [node.name for node in graph.nodes] == ["x", "W1", "b1", "z1", "a1", "W2", "b2", "z2", "a2", "y", "L"]  # fmt: skip
    values = [edge.value for edge in graph.edges if edge.source == "z1"]
    assert values == [graph["z1"].value]


def test_extents_of_numbers_whose_squares_are_none():
    assert Extent.of(np.array([3e200, 4e200])).norm == pytest.approx(5e200, rel=1e-15)
    assert Extent.of(np.zeros(3)) == Extent(0.0, 0.0, 0.0)
    with np.errstate(all="ignore"):
        assert np.isnan(Extent.of(np.array([1.0, np.nan])).norm)
        assert Extent.of(np.array([1.0, np.inf])).norm == np.inf


class TestView:
    def test_default_goes_by_size(self):
        assert computation_graph(network([8, 8, 8])).detailed
        assert not computation_graph(network([9, 2])).detailed
        assert not computation_graph(network([8, 8, 8, 8])).detailed
        assert computation_graph(network([8, 8, 8, 8]), detailed=True).detailed
        assert not computation_graph(network([2, 2]), detailed=False).detailed

    def test_what_is_too_wide_is_refused(self):
        with pytest.raises(
            cp.ArgumentError, match="up to 8 neurons a layer, but this network has 9"
        ):
            computation_graph(network([9, 2]), detailed=True)

    def test_structure_without_numbers(self):
        for detailed in (True, False):
            graph = computation_graph(network([2, 3, 2]), detailed=detailed)
            assert graph.record is None
            assert {node.value for node in graph.nodes} == {None}
            assert {edge.gradient for edge in graph.edges} == {None}
            assert "no numbers" in repr(graph)
            assert "value, forward" not in graph.svg()
            assert "=" not in "".join(texts_of(graph.svg()))

    def test_nodes_by_name(self):
        detailed, folded = graph_of("biases"), graph_of("biases", detailed=False)
        assert folded["W1"].shape == (2, 2)
        assert detailed["L"].gradient == 1.0
        for graph, name in ((detailed, "W1"), (folded, "W1[0,0]"), (detailed, "W3[0,0]"), (detailed, "delta1[0]"), (detailed, "nonsense")):  # fmt: skip
            with pytest.raises(cp.ElementError):
                graph[name]
        with pytest.raises(cp.ElementError, match=r"'W1' is no node of the detailed graph"):
            detailed["W1"]


class TestBadInput:
    def test_a_batch(self):
        with pytest.raises(cp.ShapeError, match="x has 2 rows, but a graph shows one sample"):
            computation_graph(the_notes(), [[0.5, 1.0], [1.0, 2.0]], [1.0, 1.0])

    def test_half_a_sample(self):
        with pytest.raises(cp.ArgumentError, match="x is given without y"):
            computation_graph(the_notes(), [0.5, 1.0])
        with pytest.raises(cp.ArgumentError, match="y is given without x"):
            computation_graph(the_notes(), y=[1.0])

    @pytest.mark.parametrize(
        ("x", "y", "error"),
        [
            ([0.5], [1.0], cp.ShapeError),
            ([0.5, 1.0, 2.0], [1.0], cp.ShapeError),
            (0.5, [1.0], cp.ShapeError),
            ([[[0.5, 1.0]]], [1.0], cp.ShapeError),
            ([[0.5], [1.0, 2.0]], [1.0], cp.ShapeError),
            ([np.nan, 1.0], [1.0], cp.DataError),
            (["a", "b"], [1.0], cp.DataError),
            ([0.5, 1.0], [1.0, 2.0], cp.ShapeError),
            ([0.5, 1.0], "one", cp.DataError),
            ([0.5, 1.0], [np.inf], cp.DataError),
        ],
    )
    def test_what_does_not_fit(self, x, y, error):
        with pytest.raises(error) as caught:
            computation_graph(the_notes(), x, y)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("y", [3, -1, 0.5, [3], [0.5, 0.2, 0.1], [0, 1], [[0, 1]]])
    def test_wrong_labels(self, y):
        with pytest.raises(cp.DataError):
            computation_graph(network([2, 3], output="softmax"), [0.5, 1.0], y)

    def test_no_network(self):
        with pytest.raises(cp.ArgumentError, match=r"give a cp\.Network"):
            computation_graph("network")

    def test_a_loss_that_cannot_follow(self):
        with pytest.raises(cp.PairingError):
            computation_graph(network([2, 3]), loss="cross_entropy")


def test_forms_of_one_sample_mean_the_same():
    softmax = network([2, 3], output="softmax")
    graphs = [
        computation_graph(softmax, x, y)
        for x in ([0.5, 1.0], np.array([[0.5, 1.0]]), (0.5, 1))
        for y in (2, [2], np.int64(2), [0, 0, 1], [[0.0, 0.0, 1.0]])
    ]
    assert {graph.svg() for graph in graphs} == {graphs[0].svg()}
    polars = pytest.importorskip("polars")
    table = polars.DataFrame({"a": [0.5], "b": [1.0]})
    assert computation_graph(softmax, table, 2).svg() == graphs[0].svg()


def test_numbers_are_those_of_double_precision_and_the_network_stays():
    single = network([2, 3, 1]).astype("float32")
    before = single.parameters.copy()
    graph = computation_graph(single, [0.1, 0.2], [1.0], loss="huber")
    assert graph.record.network.dtype == np.float64
    assert graph.network.loss.name == "huber"
    assert single.loss.name == "squared_error"
    assert np.array_equal(single.parameters, before)


class TestNames:
    def test_own_names_everywhere(self):
        graph = graph_of("the note's", names=NOTE | {"x[0]": "x1", "a1[0]": "h", "y[0]": "goal", "z1[0]": "net"})  # fmt: skip
        drawn = texts_of(graph.svg())
        for text in ("w1 = 0.1  -0.00461", "x1 = 0.5", "dx1 = -0.003066", "h = 0.5866", "dh = -0.03802", "goal = 1", "net = 0.35", "delta1[0] = -0.009219", "w6 = 0.6  -0.04733"):  # fmt: skip
            assert text in drawn
        assert graph["W1[0,0]"].label == "w1"
        assert graph["z1[0]"].formula == "w1*x1 + w3*x[1]"
        assert "h = sigmoid(net)" in graph.dot()

    def test_a_gradients_own_name(self):
        graph = graph_of("the note's", names={"delta1[0]": "error", "dW1[0,0]": "slope", "a0[1]": "x2"})  # fmt: skip
        assert graph["z1[0]"].gradient_label == "error"
        assert graph["W1[0,0]"].gradient_label == "slope"
        assert graph["x[1]"].label == "x2"

    def test_arrays_in_the_folded_view(self):
        graph = graph_of("biases", detailed=False, names={"W1": "first weights", "L": "cost"})
        assert "dfirst weights: " in graph.svg()
        assert "first weights x + b1" in texts_of(graph.svg())
        assert f"cost = {short(graph['L'].value)}" in texts_of(graph.svg())

    @pytest.mark.parametrize("key", ["W1[5,0]", "W3", "b1[0]", "nonsense", "", "y[1]"])
    def test_of_no_element(self, key):
        with pytest.raises(cp.ElementError):
            computation_graph(the_notes(), names={key: "n"})

    def test_that_are_none(self):
        for names in ({"W1": ""}, {"W1": 3}, ["w1"]):
            with pytest.raises(cp.ArgumentError):
                computation_graph(the_notes(), names=names)

    def test_of_any_characters(self):
        odd = 'a<b>&"c"\\N]'
        graph = graph_of("the note's", names={"W1[0,0]": odd, "x[0]": odd, "z2[0]": odd})
        root = ET.fromstring(graph.svg().encode())
        assert "<b>&" in "".join(root.itertext())
        assert_dot(graph.dot())
        assert_no_overlap(graph.svg())


# The picture, measured.

SVG = "{http://www.w3.org/2000/svg}"


def texts_of(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(svg.encode()).iter(f"{SVG}text")]


class Box(tuple):
    __slots__ = ()

    def meets(self, other: tuple) -> bool:
        return (
            self[0] < other[2] and other[0] < self[2] and self[1] < other[3] and other[1] < self[3]
        )

    def holds(self, other: tuple) -> bool:
        return (
            self[0] <= other[0]
            and self[1] <= other[1]
            and self[2] >= other[2]
            and self[3] >= other[3]
        )


def measure(
    svg: str,
) -> tuple[list[tuple[str, Box]], list[Box], list[np.ndarray], tuple[float, float]]:
    """Boxes of texts (0.6 of the size for each letter) and of shapes, points on lines, the size."""
    root = ET.fromstring(svg.encode())
    size = float(root.get("font-size"))
    texts, shapes, points = [], [], []
    for text in root.iter(f"{SVG}text"):
        content = "".join(text.itertext())
        width = 0.6 * size * len(content)
        x = float(text.get("x")) - (width / 2 if text.get("text-anchor") == "middle" else 0)
        y = float(text.get("y"))
        texts.append((content, Box((x, y - 0.78 * size, x + width, y + 0.22 * size))))
    for rect in list(root.iter(f"{SVG}rect"))[1:]:
        x, y, w, h = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
        shapes.append(Box((x, y, x + w, y + h)))
    for circle in root.iter(f"{SVG}circle"):
        x, y, r = (float(circle.get(key)) for key in ("cx", "cy", "r"))
        shapes.append(Box((x - r, y - r, x + r, y + r)))
    for path in root.iter(f"{SVG}path"):
        points.append(np.concatenate(list(along(path.get("d")))))
    return texts, shapes, points, (float(root.get("width")), float(root.get("height")))


def along(path: str):
    """Points along the lines and curves of a path."""
    at = None
    for letter, numbers in re.findall(r"([MLC])([^MLC]*)", path):
        corners = np.array([pair.split(",") for pair in numbers.split()], dtype=float)
        t = np.linspace(0, 1, 60)[:, None]
        if letter == "L":
            yield at + t * (corners[0] - at)
        if letter == "C":
            p, q, r = corners
            yield (1 - t) ** 3 * at + 3 * t * (1 - t) ** 2 * p + 3 * t**2 * (1 - t) * q + t**3 * r
        at = corners[-1]


def overlaps(svg: str) -> list[str]:
    """What stands on what, or outside."""
    texts, shapes, lines, (width, height) = measure(svg)
    found = [
        f"{a!r} on {b!r}" for (a, box), (b, other) in combinations(texts, 2) if box.meets(other)
    ]
    found += [f"{a!r} across a shape" for a, box in texts for shape in shapes if box.meets(shape) and not shape.holds(box)]  # fmt: skip
    found += [f"shape {a} across {b}" for a, b in combinations(shapes, 2) if a.meets(b) and min(a[2] - a[0], b[2] - b[0]) > 6]  # fmt: skip
    page = Box((0, 0, width, height))
    found += [f"{a!r} outside" for a, box in texts if not page.holds(box)]
    for points in lines:
        low, high = points.min(axis=0), points.max(axis=0)
        for a, box in texts:
            if box.meets((*low, *high + 0.01)):
                inside = (points > box[:2]).all(axis=1) & (points < box[2:]).all(axis=1)
                found += [f"a line through {a!r}"] if inside.any() else []
    return found


def assert_no_overlap(svg: str) -> None:
    found = overlaps(svg)
    assert not found, found[:5]


def assert_dot(dot: str) -> None:
    """A strict grammar of what is written: one digraph of attributed nodes and edges."""
    quoted, html = r'"(?:[^"\\]|\\"|\\)*?"', r"<(?:[^<>]|<[^<>]*>)*>"
    value = rf"(?:[A-Za-z0-9_.]+|{quoted}|{html})"
    attributes = rf"\[{value}={value}(?:, {value}={value})*\]"
    statement = rf"  (?:graph|node|edge|{quoted}|{quoted} -> {quoted})(?: {attributes})?;"
    first, *lines, last, end = dot.split("\n")
    assert (first, last, end) == ("digraph computation_graph {", "}", "")
    for line in lines:
        assert re.fullmatch(statement, line), line
        for label in re.findall(r"label=<(.*)>\]", line):
            ET.fromstring(f"<label>{label}</label>".encode())  # Graphviz reads labels as XML
    declared = set(re.findall(rf"^  ({quoted}) \[", dot, re.M))
    used = {end for pair in re.findall(rf"^  ({quoted}) -> ({quoted})", dot, re.M) for end in pair}
    assert used <= declared


PICTURES = {name: CASES[name] for name in CASES} | {
    "extremes": (network([2, 2, 1], biases=False), [1e-9, -1e150], -1.23456e150),
    "folded": (network([20, 12, 12, 3], output="softmax"), np.cos(np.arange(20.0)), 1),
    "deep": (network([2, 2, 2, 2, 2, 2], activations="tanh"), [0.1, 0.2], [0.3, 0.4]),
}


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


def test_long_names_are_cut_and_do_not_overlap():
    long = {f"x[{i}]": f"the name of column {i} is long" for i in range(3)}
    svg = graph_of("softmax", names=long | {"W1[0,0]": "a weight of a long name"}).svg()
    assert_no_overlap(svg)
    assert "the name of c… = 0.5" in texts_of(svg)
    assert "the name of column 1 is long = -1.0" in svg


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
        assert not re.search(r"\bid=|href|<style|<script|url\(", svg)
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


# The command.


def invoke(*arguments: object):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a model, its network alone, and a table with a row that has no target."""
    polars = pytest.importorskip("polars")
    folder = tmp_path_factory.mktemp("graph")
    table = polars.read_csv(EXAMPLES / "penguins.csv", null_values=["", "NA"])
    table = table.select("species", "bill_length_mm", "bill_depth_mm").drop_nulls()
    model = cp.Model.fit(table, "species", hidden=[4], epochs=3, compare=False)
    model.save(folder / "model.safetensors")
    model.network.save(folder / "network.safetensors")
    table = table.head(20).with_row_index()
    missing = polars.when(polars.col("index") != 3).then(polars.col("species")).alias("species")
    table.with_columns(missing).drop("index").write_csv(folder / "table.csv")
    return folder


class TestCommand:
    def test_without_arguments_it_draws_the_notes_network(self):
        done = invoke()
        assert done.exit_code == 0
        assert "w1 = 0.1  -0.00461" in texts_of(done.stdout)
        sample = note_network()
        assert sample.names == NOTE
        assert cp.backprop(*sample[:3])["L"] == pytest.approx(0.0575342, rel=1e-6)
        dot = invoke("--format", "dot")
        assert_dot(dot.stdout)

    def test_a_row_of_a_table(self, folder):
        model, table = folder / "model.safetensors", folder / "table.csv"
        done = invoke(model, table, "--row", 5)
        assert done.exit_code == 0
        loaded = cp.Model.load(model)
        X = loaded.encode(table)[5]
        drawn = texts_of(done.stdout)
        assert f"bill_length_mm = {short(float(X[0]))}" in drawn
        assert "y[0] = 1" in drawn
        assert "L = " + short(float(cp.backprop(loaded.network.astype("float64"), X[None], [0])["L"])) in drawn  # fmt: skip
        assert "Σ" not in invoke(model, table, "--folded").stdout

    def test_a_model_alone_gives_the_structure(self, folder):
        for name in ("model.safetensors", "network.safetensors"):
            done = invoke(folder / name)
            assert done.exit_code == 0
            assert "value, forward" not in done.stdout
            assert "W1[3,1]" in texts_of(done.stdout)

    def test_out(self, folder, tmp_path):
        for name, start in (("g.svg", "<svg"), ("g.dot", "digraph"), ("g.gv", "digraph")):
            done = invoke("--out", tmp_path / name)
            assert done.exit_code == 0
            assert (tmp_path / name).read_text("utf-8").startswith(start)
            assert done.stdout.endswith(f"in {tmp_path / name}\n")
        assert isinstance(invoke("--out", tmp_path / "g.svg").exception, cp.FileWriteError)
        assert invoke("--out", tmp_path / "g.svg", "--force").exit_code == 0
        assert invoke("--out", tmp_path / "g.png").exit_code == 2
        assert invoke("--out", tmp_path / "g.txt", "--format", "dot").exit_code == 0
        model = folder / "model.safetensors"
        before = model.read_bytes()
        refused = invoke(model, "--out", model, "--format", "svg", "--force")
        assert isinstance(refused.exception, cp.ArgumentError)
        assert model.read_bytes() == before

    def test_what_is_refused(self, folder):
        model, table = folder / "model.safetensors", folder / "table.csv"
        for arguments, error, message in (
            ((model, table, "--row", 20), cp.ArgumentError, "has 20 rows, counted from 0 to 19"),
            ((model, table, "--row", 3), cp.TargetError, "has no 'species' in row 3"),
            ((folder / "network.safetensors", table), cp.ModelFileError, "holds a network alone"),
            ((model, folder / "none.csv"), cp.ClearpropError, "there is no file"),
            ((folder / "none.safetensors",), cp.FileMissingError, "none.safetensors"),
            ((table,), cp.ModelFileError, ""),
        ):
            refused = invoke(*arguments)
            assert isinstance(refused.exception, error), arguments
            assert message in str(refused.exception)
            assert "\n" not in str(refused.exception)
        assert invoke(model, "--row", 1).exit_code == 2
        assert invoke(model, table, "--row", -1).exit_code == 2
        assert invoke(model, table, "--format", "png").exit_code == 2

    def test_rows_for_other_commands(self, folder):
        model, table = folder / "model.safetensors", folder / "table.csv"
        with pytest.raises(cp.TargetError, match="missing in 1 of 20 rows"):
            rows_of(model, table)
        network_, X, y = rows_of(model, table, drop_missing_target=True)
        assert (X.shape, y.tolist()) == ((19, 2), [0] * 19)
        sample = sample_of(model, table, 4)
        np.testing.assert_array_equal(sample.X[0], X[3])
        assert sample.features == ("bill_length_mm", "bill_depth_mm")
        assert network_.sizes == sample.network.sizes == (2, 4, 3)

    def test_help_shows_an_example(self):
        assert "Example: clearprop graph" in invoke("--help").stdout
