"""The detailed graph: a multiplier for each weight, a sum and a nonlinearity for each neuron.

Every number is the record's own, or a product of two of them: W a forward, W delta backward.
"""

from __future__ import annotations

import numpy as np

from clearprop.explaining.graph.labels import Labels
from clearprop.explaining.graph.parts import Edge, Node
from clearprop.network import Network
from clearprop.record import Record


class _Numbers:
    """Single numbers of a record of one sample; None for each without a record."""

    def __init__(self, record: Record | None) -> None:
        self.record = record

    def __getitem__(self, name: str) -> float | None:
        return None if self.record is None else float(np.ravel(self.record[name])[0])

    def target(self, k: int) -> float | None:
        return None if self.record is None else float(self.record.y[0, k])


def detailed_graph(
    network: Network, record: Record | None, labels: Labels
) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """Return the nodes and edges of every single number, in the order of the forward pass."""
    nodes: list[Node] = []
    edges: list[Edge] = []
    numbers, last = _Numbers(record), len(network.sizes) - 1

    def element(name: str, kind: str, formula: str, gradient: str, function: str = "") -> None:
        value, back, back_label = numbers[name], numbers[gradient], labels.of_gradient(name)
        nodes.append(
            Node(name, kind, labels.of(name), formula, value, back, back_label, (), function)
        )

    for i in range(network.sizes[0]):
        element(f"x[{i}]", "input", "", f"dx[{i}]")
    for layer in range(1, last + 1):
        f, n = network.activations[layer - 1].name, network.sizes[layer]
        row_wise = network.activations[layer - 1].row_wise
        for j in range(n):
            _neuron(network, numbers, labels, layer, j, nodes, edges)
        if row_wise:
            formula = f"{f}({labels.of(f'z{layer}')})"
            array = f"a{layer}"
            nodes.append(Node(array, "softmax", labels.of(array), formula, shape=(n,), function=f))
        for j in range(n):
            z, a, delta, da = (f"{symbol}{layer}[{j}]" for symbol in ("z", "a", "delta", "da"))
            if row_wise:
                element(a, "activation", f"{f}({labels.of(f'z{layer}')})[{j}]", da, f)
                edges.append(Edge(z, f"a{layer}", numbers[z], numbers[delta]))
                edges.append(Edge(f"a{layer}", a, numbers[a], numbers[da]))
            else:
                element(a, "activation", f"{f}({labels.of(z)})", da, f)
                edges.append(Edge(z, a, numbers[z], numbers[delta]))
    for k in range(network.sizes[-1]):
        nodes.append(Node(f"y[{k}]", "target", labels.of_target(k), "", numbers.target(k)))
        a, da = f"a{last}[{k}]", f"da{last}[{k}]"
        edges.append(Edge(a, "L", numbers[a], numbers[da]))
        edges.append(Edge(f"y[{k}]", "L", numbers.target(k)))
    one = None if record is None else 1.0
    loss, label = str(network.loss), labels.of("L")
    formula, one_label = f"{loss}({labels.of(f'a{last}')}, y)", f"d{label}/d{label}"
    nodes.append(Node("L", "loss", label, formula, numbers["L"], one, one_label, (), loss))
    return tuple(nodes), tuple(edges)


def _neuron(
    network: Network,
    numbers: _Numbers,
    labels: Labels,
    layer: int,
    j: int,
    nodes: list[Node],
    edges: list[Edge],
) -> None:
    """Add what leads to z_j of a layer: weights, multipliers, bias and sum."""
    z, terms = f"z{layer}[{j}]", []
    delta, delta_label = numbers[f"delta{layer}[{j}]"], labels.of_gradient(z)
    for i in range(network.sizes[layer - 1]):
        W, a = f"W{layer}[{j},{i}]", f"a{layer - 1}[{i}]" if layer > 1 else f"x[{i}]"
        product, dW = f"{W}*{a}", numbers[f"dW{layer}[{j},{i}]"]
        label = f"{labels.of(W)}*{labels.of(a)}"
        forward, back = _product(numbers[W], numbers[a]), _product(numbers[W], delta)
        nodes.append(Node(W, "weight", labels.of(W), "", numbers[W], dW, labels.of_gradient(W)))
        nodes.append(Node(product, "product", label, "", forward, delta, delta_label))
        edges.append(Edge(a, product, numbers[a], back))
        edges.append(Edge(W, product, numbers[W], dW))
        edges.append(Edge(product, z, forward, delta))
        terms.append(label)
    if network.has_biases:
        b, db = f"b{layer}[{j}]", numbers[f"db{layer}[{j}]"]
        nodes.append(Node(b, "bias", labels.of(b), "", numbers[b], db, labels.of_gradient(b)))
        edges.append(Edge(b, z, numbers[b], db))
        terms.append(labels.of(b))
    nodes.append(Node(z, "sum", labels.of(z), " + ".join(terms), numbers[z], delta, delta_label))


def _product(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a * b
