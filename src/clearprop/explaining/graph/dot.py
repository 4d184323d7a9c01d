"""A computation graph in DOT, the language of Graphviz: https://graphviz.org/doc/info/lang.html."""

from __future__ import annotations

import html
from collections.abc import Iterable

from clearprop.errors import printable
from clearprop.explaining.graph.parts import Edge, Node, Value, short
from clearprop.explaining.graph.picture import GRADIENT, INK, VALUE

SHAPES = {"product": "circle", "sum": "circle", "activation": "box", "softmax": "box",
          "affine": "box", "loss": "box", "operation": "box"}  # fmt: skip
"""The shape of what computes; anything else is written without a frame."""


def dot_text(nodes: Iterable[Node], edges: Iterable[Edge], title: str) -> str:
    """Return the graph from left to right, values and gradients on its edges."""
    lines = [
        "digraph computation_graph {",
        f"  graph [rankdir=LR, labelloc=t, label=<{_escaped(title)}>];",
        '  node [fontname="Courier", fontsize=11];',
        '  edge [fontname="Courier", fontsize=10];',
    ]
    for node in nodes:
        shape = SHAPES.get(node.kind, "plaintext")
        lines.append(f"  {_quoted(node.name)} [shape={shape}, label=<{_node_label(node)}>];")
    for edge in edges:
        label = _lines((edge.value, VALUE), (edge.gradient, GRADIENT))
        attributes = f" [label=<{label}>]" if label else ""
        lines.append(f"  {_quoted(edge.source)} -> {_quoted(edge.target)}{attributes};")
    return "\n".join([*lines, "}\n"])


def _node_label(node: Node) -> str:
    """Return a node's name, formula and numbers; a product's are on its edges."""
    if node.kind == "product":
        return "×"
    formula = "Σ" if node.kind == "sum" else node.formula
    shape = f" {node.shape}" if node.shape else ""
    name = node.label + shape + (f" = {formula}" if formula else "")
    label = f'<font color="{INK}">{_escaped(name)}</font>'
    numbers = _lines((node.value, VALUE), (node.gradient, GRADIENT))
    return f"{label}<br/>{numbers}" if numbers else label


def _lines(*numbers: tuple[Value, str]) -> str:
    return "<br/>".join(
        f'<font color="{color}">{_escaped(short(number))}</font>'
        for number, color in numbers
        if number is not None
    )


def _quoted(name: str) -> str:
    """Return a name as a DOT string, in which nothing but the quote is special."""
    return '"' + printable(name).replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    return html.escape(printable(text).replace("\n", " "))
