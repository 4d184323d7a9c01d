"""What a computation graph is made of: nodes that compute, and edges that carry what they gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Extent:
    """An array in three numbers, where it has too many to be drawn.

    Attributes
    ----------
    low, high : float
        The smallest and the largest; NaN if one is.
    norm : float
        The Euclidean norm.
    """

    low: float
    high: float
    norm: float

    @classmethod
    def of(cls, array: Array) -> Extent:
        """Return the extent of an array of any shape."""
        largest = float(np.abs(array).max())
        scale = largest if 0 < largest < np.inf else 1.0  # squares must not leave the range
        norm = scale * float(np.linalg.norm(array.ravel() / scale))
        return cls(float(array.min()), float(array.max()), norm)


Value = float | Extent | None


@dataclass(frozen=True)
class Node:
    """One operation or quantity.

    Attributes
    ----------
    name : str
        What it gives, in the notation: "x[0]", "W1[0,1]", "b1[0]", "z1[0]", "a1[0]", "L"; of an
        array "W1". A product is named by its factors, "W1[0,1]*x[1]", a target "y[0]".
    kind : str
        "input", "weight", "bias", "product", "sum", "activation", "softmax" (of a whole layer),
        "affine" (z of a whole layer), "target" or "loss".
    label : str
        The name that is drawn: the reader's own, if there is one.
    formula : str
        How it is computed from the nodes before it; empty where nothing is.
    value : float, Extent or None
        What it gives; None without a sample.
    gradient : float, Extent or None
        dL/d(value); None for a target, too.
    gradient_label : str
        The name of the gradient: "delta1[0]" for z1[0], "dW1[0,1]" for W1[0,1].
    shape : tuple of int
        Of what it gives; empty for a number.
    function : str
        Which nonlinearity or loss it is; empty for all else.
    """

    name: str
    kind: str
    label: str
    formula: str = ""
    value: Value = None
    gradient: Value = None
    gradient_label: str = ""
    shape: tuple[int, ...] = ()
    function: str = ""


@dataclass(frozen=True)
class Edge:
    """What goes from one node to another, and what comes back.

    Attributes
    ----------
    source, target : str
        The names of the nodes.
    value : float, Extent or None
        What goes forward; None without a sample.
    gradient : float, Extent or None
        What comes back along this edge: dL/d(value) by this way alone. Where a value goes to
        several nodes, its gradient is the sum over the edges.
    """

    source: str
    target: str
    value: Value = None
    gradient: Value = None


def short(value: Value) -> str:
    """Return what is drawn of a value: four significant digits.

    Examples
    --------
    >>> short(-0.123456), short(float("inf")), short(Extent(-1.0, 2.0, 3.14159))
    ('-0.1235', 'inf', '-1 to 2, norm 3.142')
    """
    return _written(value, lambda number: f"{number + 0.0:.4g}")  # -0 becomes 0


def exact(value: Value) -> str:
    """Return all digits of a value."""
    return _written(value, repr)


def _written(value: Value, write: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Extent):
        return f"{write(value.low)} to {write(value.high)}, norm {write(value.norm)}"
    return str(write(value))


def describe_node(node: Node) -> str:
    """Return what a node computes, gives and gets back, with all digits."""
    shape = f" {node.shape}" if node.shape else ""
    lines = [" = ".join(filter(None, [node.label + shape, node.formula, exact(node.value)]))]
    if node.gradient is not None:
        lines.append(f"{node.gradient_label} = {exact(node.gradient)}")
    return "\n".join(lines)


def describe_edge(edge: Edge, source: Node, target: Node) -> str:
    """Return what an edge carries both ways, with all digits."""
    lines = [f"from {source.label} to {target.label}"]
    if edge.value is not None:
        lines.append(f"forward: {exact(edge.value)}")
    if edge.gradient is not None:
        lines.append(f"backward: {exact(edge.gradient)}")
    return "\n".join(lines)
