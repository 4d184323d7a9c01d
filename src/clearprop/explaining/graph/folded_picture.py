"""The folded picture: layers from top to bottom, parameters on the left, numbers by the edges."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from clearprop.explaining.graph.parts import Edge, Node, describe_edge, describe_node, short
from clearprop.explaining.graph.picture import (
    GRADIENT,
    INK,
    MARGIN,
    SIZE,
    VALUE,
    Picture,
    Point,
    Text,
    curve,
    heading,
    line,
    text_width,
    wrapped,
)

STEP = 15.0
"""From line to line of a text."""

PAD = 9.0

EDGE = 62.0
"""The length of an edge that leads down."""

GUTTER = 44.0
"""Between the parameters and the layers."""

OPERATION = 30.0
"""The height of a box in the middle column."""


class FoldedPicture:
    """Draws the nodes and edges of `folded_graph`."""

    def __init__(
        self, n_layers: int, nodes: Iterable[Node], edges: Iterable[Edge], title: str,
        lit: Collection[str] = (),
    ) -> None:  # fmt: skip
        self.n_layers = n_layers
        self.nodes: Mapping[str, Node] = {node.name: node for node in nodes}
        self.edges = {(edge.source, edge.target): edge for edge in edges}
        self.title, self.lit = title, lit
        self.picture = Picture()
        sides = [n for n in self.nodes.values() if n.kind in ("weight", "bias", "target")]
        self.side = max(_width(_lines(node)) for node in sides) + 2 * PAD
        main = [n for n in self.nodes.values() if n.kind not in ("weight", "bias", "target")]
        self.main = max(_width(_words(node)) for node in main) + 2 * PAD
        self.left = MARGIN + self.side + GUTTER

    def svg(self) -> str:
        """Return the picture."""
        wide, y = heading(self.picture, self.title)
        if self.nodes["L"].value is not None:
            explained = [("value, forward ↓", VALUE), (" gradient of L, backward ↑", GRADIENT)]
            text = Text(MARGIN, y + STEP + 4, explained)
            self.picture.text(text)
            wide, y = max(wide, MARGIN + text.width), text.y
        y = self._operation("x", y + 20)
        below, right = "x", 0.0
        for k in range(1, self.n_layers + 1):
            for name, sides in ((f"z{k}", [f"W{k}", f"b{k}"]), (f"a{k}", [])):
                y, end = self._step(below, name, [s for s in sides if s in self.nodes], y)
                below, right = name, max(right, end)
        y, end = self._step(below, "L", ["y"], y)
        return self.picture.svg(max(wide, right, end) + MARGIN, y + MARGIN, self.title)

    def _step(self, below: str, name: str, sides: list[str], y: float) -> tuple[float, float]:
        """Draw an edge down from y, an operation and what comes to it from the left.

        Return how far down and to the right they go.
        """
        boxes = [self._side_height(side) for side in sides]
        stack = sum(boxes) + 8 * max(len(boxes) - 1, 0)
        height = max(OPERATION, self._operation_height(name))
        lines = _lines(self.nodes[below])
        # A stack of parameters begins beside the edge, whose texts are to the right of it.
        top = y + max(EDGE, STEP * len(lines) + 17, (stack - height) / 2 + 10)
        center = self.left + self.main / 2
        start, end = Point(center, y), Point(center, top)
        first = (y + top) / 2 - STEP * (len(lines) - 1) / 2 + 0.35 * SIZE - 2
        texts = [Text(center + PAD, first + i * STEP, [part]) for i, part in enumerate(lines)]
        self._edge(below, name, line(start, end), end, texts, down=True)
        bottom = self._operation(name, top)
        at = (top + bottom) / 2 - stack / 2
        for side, box in zip(sides, boxes, strict=True):
            out = Point(MARGIN + self.side, at + box / 2)
            port = Point(self.left, (top + bottom) / 2)
            self._edge(side, name, line(out) + curve(out, port), port)
            self._box(self.nodes[side], Point(MARGIN, at), self.side, box, _lines(self.nodes[side]))
            at += box + 8
        return bottom, center + PAD + _width(lines)

    def _edge(
        self, source: str, target: str, path: str, tip: Point,
        texts: list[Text] | None = None, down: bool = False,
    ) -> None:  # fmt: skip
        edge = self.edges[source, target]
        title = describe_edge(edge, self.nodes[source], self.nodes[target])
        lit = source in self.lit and target in self.lit
        self.picture.edge(path, title, tip, texts or (), down, lit)

    def _side_height(self, name: str) -> float:
        return STEP * len(_lines(self.nodes[name])) + 9

    def _operation_height(self, name: str) -> float:
        return max(OPERATION, STEP * len(_words(self.nodes[name])) + 12)

    def _operation(self, name: str, top: float) -> float:
        """Draw a box of the middle column; return its lower edge."""
        node, height = self.nodes[name], self._operation_height(name)
        self._box(node, Point(self.left, top), self.main, height, _words(node), tinted=True)
        return top + height

    def _box(
        self, node: Node, corner: Point, width: float, height: float,
        lines: list[tuple[str, str]], *, tinted: bool = False,
    ) -> None:  # fmt: skip
        first = corner.y + height / 2 - STEP * (len(lines) - 1) / 2 + 0.35 * SIZE
        texts = [
            Text(corner.x + width / 2, first + i * STEP, [part], "middle")
            for i, part in enumerate(lines)
        ]
        words, lit = describe_node(node), node.name in self.lit
        self.picture.box(corner, width, height, texts, words, tinted=tinted, lit=lit)


def _lines(node: Node) -> list[tuple[str, str]]:
    """An array's name and shape, its value and its gradient, a line each."""
    lines = [(part, INK) for part in wrapped(f"{node.label} {node.shape}", 34)]
    if node.value is not None:
        lines.append((short(node.value), VALUE))
    if node.gradient is not None:
        told = f"{node.gradient_label}: {short(node.gradient)}"
        lines += [(part, GRADIENT) for part in wrapped(told, 44)]
    return lines


def _words(node: Node) -> list[tuple[str, str]]:
    """What a box of the middle column says."""
    if node.kind == "input":
        return [(part, INK) for part in wrapped(node.label, 24)]
    if node.kind == "affine":
        return [(part, INK) for part in wrapped(node.formula, 40)]
    lines = [(part, INK) for part in wrapped(node.function, 24)]
    if node.kind == "activation":
        return lines
    if node.value is not None:
        cost = f"{node.label} = {short(node.value)}"
        one = f"{node.gradient_label} = {short(node.gradient)}"
        lines += [(part, VALUE) for part in wrapped(cost, 40)]
        lines += [(part, GRADIENT) for part in wrapped(one, 40)]
    return lines


def _width(lines: list[tuple[str, str]]) -> float:
    return max(text_width(text) for text, _ in lines)
