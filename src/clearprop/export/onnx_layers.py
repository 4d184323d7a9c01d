"""The layers of a network, and what its outputs mean, as ONNX operators.

Every operator written here has a kernel for its type in ONNX Runtime, which lacks some in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.export.layers import Layer
from clearprop.export.onnx_graph import Graph

Array = NDArray[Any]

_OPERATORS: dict[str, tuple[str, dict[str, Any]]] = {
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.01}),
    "elu": ("Elu", {"alpha": 1.0}),
    "softplus": ("Softplus", {}),
    "exp": ("Exp", {}),
    "softmax": ("Softmax", {"axis": 1}),
}
"""The activations that are one operator."""


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
        a = _activation(graph, activation, z, dtype)
    return a


def _activation(graph: Graph, name: str, z: str, dtype: np.dtype[Any]) -> str:
    if name == "identity":
        return z
    if dtype == np.float64 and name in _IN_FLOAT64:
        return _IN_FLOAT64[name](graph, z)
    if name == "silu":
        return graph.node("Mul", z, graph.node("Sigmoid", z))
    if name == "gelu":
        return _gelu(graph, z, dtype)
    operator, attributes = _OPERATORS[name]
    return graph.node(operator, z, **attributes)


def _number(graph: Graph, value: float, dtype: Any = np.float64) -> str:
    return graph.constant(np.array(value, dtype))


def _gelu(graph: Graph, z: str, dtype: np.dtype[Any]) -> str:
    """Z (1 + erf(z / sqrt 2)) / 2; the operator Gelu is of a newer opset."""
    inner = graph.node("Mul", z, _number(graph, math.sqrt(0.5), dtype))
    if dtype == np.float64:  # ONNX Runtime has erf in float32 alone
        inner = graph.node("Cast", inner, to=_FLOAT)
        erf = graph.node("Cast", graph.node("Erf", inner), to=_DOUBLE)
    else:
        erf = graph.node("Erf", inner)
    twice = graph.node("Mul", z, graph.node("Add", erf, _number(graph, 1.0, dtype)))
    return graph.node("Mul", twice, _number(graph, 0.5, dtype))


def _leaky_relu(graph: Graph, z: str) -> str:
    return graph.node("Max", z, graph.node("Mul", z, _number(graph, 0.01)))


def _elu(graph: Graph, z: str) -> str:
    """max(z, 0) + (exp(min(z, 0)) - 1)."""
    zero = _number(graph, 0.0)
    below = graph.node("Sub", graph.node("Exp", graph.node("Min", z, zero)), _number(graph, 1.0))
    return graph.node("Add", graph.node("Max", z, zero), below)


def _softplus(graph: Graph, z: str) -> str:
    """max(z, 0) + log(1 + exp(-|z|))."""
    e = graph.node("Exp", graph.node("Neg", graph.node("Abs", z)))
    tail = graph.node("Log", graph.node("Add", e, _number(graph, 1.0)))
    return graph.node("Add", graph.node("Max", z, _number(graph, 0.0)), tail)


_IN_FLOAT64: dict[str, Callable[[Graph, str], str]] = {
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "softplus": _softplus,
}
"""Activations whose operator ONNX Runtime has in float32 alone, by operators it has."""

_FLOAT, _DOUBLE = 1, 11
"""TensorProto.FLOAT and .DOUBLE, as the standard numbers them."""


def add_two_classes(graph: Graph, a: str, dtype: np.dtype[Any]) -> str:
    """Add the probabilities of two classes, (n, 2), for that of the second, (n, 1)."""
    first = graph.node("Sub", _number(graph, 1.0, dtype), a)
    return graph.node("Concat", first, a, axis=1)


def add_shares(graph: Graph, z: str, dtype: np.dtype[Any]) -> str:
    """Add the sigmoids of z (n, K), divided by their sum in each row.

    They are a softmax of log sigmoid(z) = -softplus(-z), which stays exact where the operator
    Sigmoid gives zeros alone: in ONNX Runtime, from z = -18 on in float32.
    """
    softplus = _activation(graph, "softplus", graph.node("Neg", z), dtype)
    return graph.node("Softmax", graph.node("Neg", softplus), axis=1)


def add_label(graph: Graph, probabilities: str, classes: Array) -> str:
    """Add the most probable class of each row, (n,), the first of equals; return its name."""
    place = graph.node("ArgMax", probabilities, axis=1, keepdims=0)
    if classes.dtype == np.int64 and np.array_equal(classes, np.arange(len(classes))):
        return place
    return graph.node("Gather", graph.constant(classes, "classes"), place)
