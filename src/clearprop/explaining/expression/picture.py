"""The picture of an expression's graph: from left to right, each node a box with its numbers.

A node stands one column to the right of the last that it takes. Edges bend only in the gutters
between columns: one that passes a column has a lane of its own there, and the last stretch before
a box is straight, with what comes back along it written below. So nothing meets anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from clearprop.explaining.graph.parts import Edge, Node, describe_edge, describe_node, short
from clearprop.explaining.graph.picture import (
    GRADIENT,
    INK,
    MARGIN,
    VALUE,
    Picture,
    Point,
    Text,
    below,
    curve,
    fitted,
    heading,
    line,
    text_width,
)

STEP, PAD = 16.0, 8.0
"""The height of a line of text, and the space beside it."""

PORT = 26.0
"""The distance of two edges that arrive at a box."""

LANE = 12.0
"""The height of the lane of an edge that passes by."""

GAP = 22.0
"""Between boxes and lanes of a column."""

SWEEPS = 8
"""How often columns are put in order by their neighbors."""

LONGEST = 30
"""Letters of a formula in a box."""


@dataclass
class _Item:
    """A node in its column, or the lane of an edge there."""

    node: Node | None
    column: int
    height: float
    before: list[_Item] = field(default_factory=list)
    after: list[_Item] = field(default_factory=list)
    order: float = 0.0
    y: float = 0.0


class ExpressionPicture:
    """Draws the nodes and edges of an expression."""

    def __init__(self, nodes: Sequence[Node], edges: Sequence[Edge], title: str) -> None:
        self.nodes = {node.name: node for node in nodes}
        self.edges, self.title = edges, title
        self.picture = Picture()
        columns = self._columns_of(nodes)
        self.items = {n.name: _Item(n, columns[n.name], _height(n, edges)) for n in nodes}
        self.ways = [self._way(edge) for edge in edges]
        passing = [item for way in self.ways for item in way[1:-1]]
        n = 1 + max(columns.values())
        self.columns = [
            [item for item in (*self.items.values(), *passing) if item.column == i]
            for i in range(n)
        ]

    def _columns_of(self, nodes: Sequence[Node]) -> dict[str, int]:
        """Return each node's column; one that takes none stands just before its first use."""
        takes: dict[str, list[str]] = {node.name: [] for node in nodes}
        for edge in self.edges:
            takes[edge.target].append(edge.source)
        columns: dict[str, int] = {}
        for node in nodes:  # which come after what they take
            columns[node.name] = 1 + max((columns[s] for s in takes[node.name]), default=-1)
        for node in nodes:
            if not takes[node.name]:
                users = [columns[e.target] for e in self.edges if e.source == node.name]
                columns[node.name] = min(users, default=1) - 1
        return columns

    def _way(self, edge: Edge) -> list[_Item]:
        """Return what an edge leads through: its source, the lanes between, its target."""
        source, target = self.items[edge.source], self.items[edge.target]
        lanes = [_Item(None, column, LANE) for column in range(source.column + 1, target.column)]
        way = [source, *lanes, target]
        for left, right in pairwise(way):
            left.after.append(right)
            right.before.append(left)
        return way

    def svg(self) -> str:
        """Return the picture."""
        self._order()
        end = heading(self.picture, self.title)
        wide, top = self._legend(end)
        heights = [sum(i.height + GAP for i in column) - GAP for column in self.columns]
        middle = top + max(heights) / 2
        for column, height in zip(self.columns, heights, strict=True):
            y = middle - height / 2
            for item in column:
                item.y = y + item.height / 2
                y += item.height + GAP
        right = self._draw()
        return self.picture.svg(max(wide, right) + MARGIN, top + max(heights) + MARGIN, self.title)

    def _order(self) -> None:
        """Put the columns in order, so that few edges cross: each item near its neighbors."""
        for column in self.columns:
            for k, item in enumerate(column):
                item.order = float(k)
        for sweep in range(SWEEPS):
            forward = sweep % 2 == 0
            for column in self.columns if forward else self.columns[::-1]:
                wanted = {
                    id(item): _mean(item.before if forward else item.after, item.order)
                    for item in column
                }
                column.sort(key=lambda item: wanted[id(item)])
                for k, item in enumerate(column):
                    item.order = k - (len(column) - 1) / 2

    def _legend(self, end: Point) -> Point:
        """Draw how boxes and edges are labeled; return the right lower end."""
        out = next(reversed(self.nodes))
        parts = [
            ("value, forward →", VALUE), (f"  gradient of {out}, backward ←", GRADIENT),
            ("  below an edge: what comes back along it", GRADIENT),
        ]  # fmt: skip
        text = Text(MARGIN, end.y + STEP, parts)
        self.picture.text(text)
        return Point(max(end.x, MARGIN + text.width), end.y + 2.5 * STEP)

    def _draw(self) -> float:
        """Draw all from left to right; return the right edge."""
        left = MARGIN
        at: dict[int, tuple[float, float, float]] = {}
        for i, column in enumerate(self.columns):
            nodes = [item.node for item in column if item.node is not None]
            names = {node.name for node in nodes}
            arriving = [edge for edge in self.edges if edge.target in names]
            stub = max((text_width(short(e.gradient)) + 2 * PAD for e in arriving), default=0.0)
            width = max(text_width(text) for node in nodes for text, _ in _lines(node)) + 2 * PAD
            at[i] = left, left + stub, left + stub + width
            for item in column:
                if item.node is not None:
                    self._box(item, item.node, left + stub, width)
            left += stub + width + self._gutter(i)
        for edge, way in zip(self.edges, self.ways, strict=True):
            self._edge(edge, way, at)
        return at[len(self.columns) - 1][2]

    def _gutter(self, i: int) -> float:
        """Return the width in which the edges to the next column bend."""
        steep = [abs(a.y - item.y) for item in self.columns[i] for a in item.after]
        return min(max(36.0, 0.3 * max(steep, default=0.0)), 120.0)

    def _box(self, item: _Item, node: Node, x: float, width: float) -> None:
        lines = _lines(node)
        first = item.y - len(lines) * STEP / 2 + 12
        texts = [
            Text(x + width / 2, first + k * STEP, [part], "middle") for k, part in enumerate(lines)
        ]
        corner = Point(x, item.y - item.height / 2)
        tinted = node.kind != "operation"
        self.picture.box(corner, width, item.height, texts, describe_node(node), tinted=tinted)

    def _edge(
        self, edge: Edge, way: list[_Item], at: dict[int, tuple[float, float, float]]
    ) -> None:
        """Draw an edge along its way, with what comes back below its last stretch."""
        source, target = way[0], way[-1]
        path = line(Point(at[source.column][2], source.y))
        before = Point(at[source.column][2], source.y)
        for lane in way[1:-1]:
            start, end = Point(at[lane.column][0], lane.y), Point(at[lane.column][2], lane.y)
            path += curve(before, start) + line(start, end).replace("M", " L", 1)
            before = end
        y = target.y + self._port(edge)
        start, tip = Point(at[target.column][0], y), Point(at[target.column][1], y)
        path += curve(before, start) + line(start, tip).replace("M", " L", 1)
        text = short(edge.gradient)
        texts = [below(Point(start.x + 2, start.y), text)] if text else []
        title = describe_edge(edge, self.nodes[edge.source], self.nodes[edge.target])
        self.picture.edge(path, title, tip, texts)

    def _port(self, edge: Edge) -> float:
        """Return how far below the middle of its box an edge arrives."""
        ways = [w for e, w in zip(self.edges, self.ways, strict=True) if e.target == edge.target]
        own = next(w for e, w in zip(self.edges, self.ways, strict=True) if e is edge)
        order = sorted(ways, key=lambda way: way[-2].y)  # as they come, so that they do not cross
        place = next(k for k, way in enumerate(order) if way is own)
        return (place - (len(ways) - 1) / 2) * PORT


def _lines(node: Node) -> list[tuple[str, str]]:
    """Return what stands in a node's box, each with its color."""
    formula = f" = {node.formula}" if node.formula else ""
    lines = [(fitted(node.label + formula, LONGEST), INK), (short(node.value), VALUE)]
    return lines if node.gradient is None else [*lines, (short(node.gradient), GRADIENT)]


def _height(node: Node, edges: Sequence[Edge]) -> float:
    arriving = sum(edge.target == node.name for edge in edges)
    return max(len(_lines(node)) * STEP + 8, arriving * PORT + 4)


def _mean(items: list[_Item], otherwise: float) -> float:
    return sum(item.order for item in items) / len(items) if items else otherwise
