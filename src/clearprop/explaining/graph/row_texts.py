"""What is written beside the lines and in the boxes of the detailed picture."""

from __future__ import annotations

from clearprop.explaining.graph.parts import Edge, Node, Value, short
from clearprop.explaining.graph.picture import GRADIENT, INK, VALUE, fitted

LONG = 24
"""Letters of a name, up to which it is written beside lines; a longer one stands in its box."""


def named(label: str, value: Value) -> str:
    """Return a name and what it is."""
    return fitted(label) if value is None else f"{fitted(label)} = {short(value)}"


def beside(label: str, value: Value) -> str:
    """Return what stands beside a line; a long name is left to where the line comes from."""
    if len(label) > LONG:
        return "" if value is None else short(value)
    return named(label, value)


def node_texts(node: Node) -> tuple[str, str]:
    """Return what stands above and below the line that leaves a node."""
    write = beside if node.kind == "input" else named
    upper = write(node.label, node.value)
    return upper, "" if node.gradient is None else write(node.gradient_label, node.gradient)


def edge_texts(edge: Edge, label: str = "") -> tuple[str, str]:
    """Return what stands above and below a line between two nodes."""
    upper = beside(label, edge.value) if label else short(edge.value)
    return upper, short(edge.gradient)


def parameter_parts(node: Node) -> list[tuple[str, str]]:
    """Return what stands in the box of a parameter or target: "w1 =", its value, its gradient."""
    if node.value is None:
        return [(fitted(node.label), INK)]
    parts = [(f"{fitted(node.label)} =", INK), (short(node.value), VALUE)]
    return parts if node.gradient is None else [*parts, (f" {short(node.gradient)}", GRADIENT)]
