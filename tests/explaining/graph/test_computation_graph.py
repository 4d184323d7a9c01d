"""The computation graph: walked anew without clearprop, and moved at every node and edge."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from importlib.util import find_spec

import numpy as np
import pytest

import clearprop as cp
from clearprop.explaining.graph.computation_graph import ComputationGraph, computation_graph
from clearprop.explaining.graph.parts import Extent, short
from graph_cases import CASES, graph_of, network
from graph_pictures import assert_dot, assert_no_overlap, texts_of
from the_note import NAMES, note_network

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
        assert computation_graph(network([4, 5, 3])).detailed
        assert computation_graph(network([5, 8])).detailed
        assert not computation_graph(network([6, 7])).detailed
        assert not computation_graph(network([9, 2])).detailed
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
            computation_graph(note_network(), [[0.5, 1.0], [1.0, 2.0]], [1.0, 1.0])

    def test_half_a_sample(self):
        with pytest.raises(cp.ArgumentError, match="x is given without y"):
            computation_graph(note_network(), [0.5, 1.0])
        with pytest.raises(cp.ArgumentError, match="y is given without x"):
            computation_graph(note_network(), y=[1.0])

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
            computation_graph(note_network(), x, y)
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
        graph = graph_of("the note's", names=NAMES | {"x[0]": "x1", "a1[0]": "h", "y[0]": "goal", "z1[0]": "net"})  # fmt: skip
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
            computation_graph(note_network(), names={key: "n"})

    def test_that_are_none(self):
        for names in ({"W1": ""}, {"W1": 3}, ["w1"]):
            with pytest.raises(cp.ArgumentError):
                computation_graph(note_network(), names=names)

    def test_of_any_characters(self):
        odd = 'a<b>&"c"\\N]'
        graph = graph_of("the note's", names={"W1[0,0]": odd, "x[0]": odd, "z2[0]": odd})
        root = ET.fromstring(graph.svg().encode())
        assert "<b>&" in "".join(root.itertext())
        assert_dot(graph.dot())
        assert_no_overlap(graph.svg())
