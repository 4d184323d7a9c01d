"""The layers of a network, and what its outputs mean, as ONNX operators.

Every operator written here has a kernel for its type in ONNX Runtime, which lacks some in float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.export.activations import exported
from clearprop.export.layers import Layer
from clearprop.export.onnx_graph import Graph

Array = NDArray[Any]


def add_layers(graph: Graph, layers: Sequence[Layer], x: str, dtype: np.dtype[Any]) -> str:
    """Add a network's layers; return the name of a^L.

    Parameters
    ----------
    graph : Graph
    layers : sequence of Layer
    x : str
        The name of the inputs (n, n_0), of type `dtype`.
    dtype : float32 or float64
        In which all is computed.
    """
    a = x
    for number, (W, b, activation) in enumerate(layers, 1):
        names = [graph.constant(W.astype(dtype), f"W{number}")]
        if b is not None:
            names.append(graph.constant(b.astype(dtype), f"b{number}"))
        z = graph.node("Gemm", a, *names, transB=1)
        a = z if activation == "identity" else exported(activation).onnx(graph, z, dtype)
    return a


def add_two_classes(graph: Graph, a: str, dtype: np.dtype[Any]) -> str:
    """Add the probabilities of two classes, (n, 2), for that of the second, (n, 1)."""
    first = graph.node("Sub", graph.constant(np.array(1.0, dtype)), a)
    return graph.node("Concat", first, a, axis=1)


def add_shares(graph: Graph, z: str, dtype: np.dtype[Any]) -> str:
    """Add the sigmoids of z (n, K), divided by their sum in each row.

    They are a softmax of log sigmoid(z) = -softplus(-z), which stays exact where the operator
    Sigmoid gives zeros alone: in ONNX Runtime, from z = -18 on in float32.
    """
    softplus = exported("softplus").onnx(graph, graph.node("Neg", z), dtype)
    return graph.node("Softmax", graph.node("Neg", softplus), axis=1)


def add_label(graph: Graph, probabilities: str, classes: Array) -> str:
    """Add the most probable class of each row, (n,), the first of equals; return its name."""
    place = graph.node("ArgMax", probabilities, axis=1, keepdims=0)
    if classes.dtype == np.int64 and np.array_equal(classes, np.arange(len(classes))):
        return place
    return graph.node("Gather", graph.constant(classes, "classes"), place)
