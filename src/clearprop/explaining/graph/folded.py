"""The folded graph: each layer's numbers together, x -> W1 x + b1 -> f -> ... -> L."""

from __future__ import annotations

import numpy as np

from clearprop.explaining.graph.labels import Labels
from clearprop.explaining.graph.parts import Edge, Extent, Node
from clearprop.network import Network
from clearprop.record import Record


def folded_graph(
    network: Network, record: Record | None, labels: Labels
) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """Return the nodes and edges of whole arrays, in the order of the forward pass."""
    nodes: list[Node] = []
    edges: list[Edge] = []
    last = len(network.sizes) - 1

    def extent(name: str) -> Extent | None:
        return None if record is None else Extent.of(np.asarray(record[name]))

    def array(
        name: str, kind: str, formula: str, gradient: str, *shape: int, function: str = ""
    ) -> None:
        value, back, back_label = extent(name), extent(gradient), labels.of_gradient(name)
        nodes.append(
            Node(name, kind, labels.of(name), formula, value, back, back_label, shape, function)
        )

    def edge(source: str, target: str, gradient: str) -> None:
        edges.append(Edge(source, target, extent(source), extent(gradient)))

    with np.errstate(all="ignore"):
        array("x", "input", "", "dx", network.sizes[0])
        for k in range(1, last + 1):
            n_in, n_out = network.sizes[k - 1], network.sizes[k]
            W, b, z, a = f"W{k}", f"b{k}", f"z{k}", f"a{k}"
            below, below_gradient = (f"a{k - 1}", f"da{k - 1}") if k > 1 else ("x", "dx")
            formula = f"{labels.of(W)} {labels.of(below)}"
            array(W, "weight", "", f"dW{k}", n_out, n_in)
            edge(below, z, below_gradient)
            edge(W, z, f"dW{k}")
            if network.has_biases:
                array(b, "bias", "", f"db{k}", n_out)
                edge(b, z, f"db{k}")
                formula += f" + {labels.of(b)}"
            array(z, "affine", formula, f"delta{k}", n_out)
            f = network.activations[k - 1].name
            array(a, "activation", f"{f}({labels.of(z)})", f"da{k}", n_out, function=f)
            edge(z, a, f"delta{k}")
        y = None if record is None else Extent.of(record.y)
        nodes.append(Node("y", "target", "y", "", y, shape=(network.sizes[-1],)))
        edge(f"a{last}", "L", f"da{last}")
        edges.append(Edge("y", "L", y))
    cost = None if record is None else float(record.loss)
    one, label = None if record is None else 1.0, labels.of("L")
    loss, one_label = str(network.loss), f"d{label}/d{label}"
    formula = f"{loss}({labels.of(f'a{last}')}, y)"
    nodes.append(Node("L", "loss", label, formula, cost, one, one_label, (), loss))
    return tuple(nodes), tuple(edges)
