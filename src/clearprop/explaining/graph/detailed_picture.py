"""The detailed picture: layers from left to right, each neuron a block of rows.

A row holds one multiplier: the edge from the neuron below comes in from the left, the weight stands
above, the product leaves to the right. A block's rows meet in its sum, which its nonlinearity
follows. The width of a column is that of its widest text, so that no text meets another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from clearprop.explaining.graph.parts import (
    Edge,
    Node,
    describe_edge,
    describe_node,
)
from clearprop.explaining.graph.picture import (
    GRADIENT,
    INK,
    MARGIN,
    SIZE,
    VALUE,
    Picture,
    Point,
    Text,
    above,
    below,
    curve,
    fitted,
    heading,
    line,
    text_width,
    wrapped,
)
from clearprop.explaining.graph.row_texts import edge_texts, named, node_texts, parameter_parts

ROW, BIAS_ROW, GAP = 62.0, 30.0, 26.0
"""The height of a multiplier's row, of a bias's, and the space between two neurons."""

LEAST = 110.0
"""The height that an output takes beside its target."""

INPUT = 52.0
"""The least distance of two inputs."""

TIMES, PLUS, DOT = 9.0, 12.0, 2.5
"""The radius of a multiplier, of a sum, and of where a line forks."""

PILL = 20.0
"""The height of a parameter's box."""

UP = 39.0
"""From a multiplier up to the upper edge of its weight's box."""

STEP = 15.0
"""From line to line of a text."""

PAD = 7.0
"""The space between a text and what stands beside it."""

UNDER = 36.0
"""From an output down to its target."""

BASE = 0.35 * SIZE
"""From the middle of a letter down to its baseline."""


class _Block(NamedTuple):
    """Where one neuron stands: its middle, and the middle of each row (the bias's last)."""

    middle: float
    rows: tuple[float, ...]


class _Columns(NamedTuple):
    """From left to right, where the parts of a layer stand.

    `start` is where edges are straight and have texts, `times` the middle of the multipliers,
    `half` half the width of a parameter's box, `products` the end of the products' texts, `plus`
    the middle of the sums, `f` the left edge of the nonlinearities, `f_end` their right edge,
    `end` where the outputs fork.
    """

    start: float
    times: float
    half: float
    products: float
    plus: float
    f: float
    f_end: float
    end: float


class DetailedPicture:
    """Draws the nodes and edges of `detailed_graph`."""

    def __init__(
        self, sizes: tuple[int, ...], nodes: Iterable[Node], edges: Iterable[Edge], title: str,
        lit: Collection[str] = (),
    ) -> None:  # fmt: skip
        self.sizes = sizes
        self.nodes: Mapping[str, Node] = {node.name: node for node in nodes}
        self.edges = {(edge.source, edge.target): edge for edge in edges}
        self.title, self.lit = title, lit
        self.has_biases = "b1[0]" in self.nodes
        self.with_numbers = self.nodes["L"].value is not None
        self._ink = VALUE if self.with_numbers else INK
        self.picture = Picture()

    def svg(self) -> str:
        """Return the picture."""
        wide, top = self._legend()
        layers = range(1, len(self.sizes))
        heights = [self.sizes[0] * self._apart(), *map(self._height, layers)]
        # All layers are centered at the middle between their first and last neuron.
        centers = [heights[0] / 2, *(_center(self._blocks(layer, 0.0)) for layer in layers)]
        middle = top + 14 + max(centers)
        ends = self._inputs(middle, max(heights[0], heights[1] - 2 * ROW))
        for layer in layers:
            ends = self._layer(ends, layer, self._blocks(layer, middle - centers[layer]))
        right = self._loss(ends)
        down = max(h - center for h, center in zip(heights, centers, strict=True))
        return self.picture.svg(max(wide, right) + MARGIN, middle + down + MARGIN, self.title)

    def _legend(self) -> Point:
        """Draw the title and how edges and parameters are labeled; return their right lower end."""
        end = heading(self.picture, self.title)
        if not self.with_numbers:
            return end
        start = Point(MARGIN, end.y + 30)
        texts = ("value, forward →", "← gradient of L, backward")
        tip = Point(start.x + _room(*texts), start.y)
        title = "How edges are labeled"
        self.picture.edge(line(start, tip), title, tip, self._beside(start, *texts))
        parts = [("parameter =", INK), ("value", VALUE), (" gradient", GRADIENT)]
        text = Text(tip.x + 20 + PAD, start.y + BASE, parts)
        width = text.width + 2 * PAD
        corner = Point(tip.x + 20, start.y - PILL / 2)
        self.picture.box(corner, width, PILL, [text], "How parameters are labeled")
        return Point(max(end.x, corner.x + width), start.y + 24)

    def _apart(self) -> float:
        """Return the least distance of two inputs."""
        lines = max(len(wrapped(self.nodes[f"x[{i}]"].label)) for i in range(self.sizes[0]))
        return max(INPUT, PILL + lines * STEP)

    def _rows_height(self, layer: int) -> float:
        return self.sizes[layer - 1] * ROW + (BIAS_ROW if self.has_biases else 0)

    def _block_height(self, layer: int) -> float:
        least = LEAST if layer == len(self.sizes) - 1 else 0
        return max(self._rows_height(layer), least)

    def _height(self, layer: int) -> float:
        return self.sizes[layer] * (self._block_height(layer) + GAP) - GAP

    def _blocks(self, layer: int, top: float) -> list[_Block]:
        """Return where the neurons of a layer stand, the first block's upper edge being `top`."""
        n_in, height = self.sizes[layer - 1], self._block_height(layer)
        blocks = []
        for j in range(self.sizes[layer]):
            first = top + j * (height + GAP) + (height - self._rows_height(layer)) / 2
            rows = [first + i * ROW + UP for i in range(n_in)]
            if self.has_biases:
                rows.append(first + n_in * ROW + PILL / 2)
            blocks.append(_Block((rows[0] + rows[-1]) / 2, tuple(rows)))
        return blocks

    def _inputs(self, middle: float, span: float) -> list[Point]:
        """Draw the inputs; return where the line of each one forks."""
        n = self.sizes[0]
        inputs = [self.nodes[f"x[{i}]"] for i in range(n)]
        labels = [wrapped(node.label) for node in inputs]
        box = max(text_width(part) for label in labels for part in label) + 2 * PAD
        fork = MARGIN + box + max(_room(*node_texts(node)) for node in inputs)
        ends = []
        for i, (node, label) in enumerate(zip(inputs, labels, strict=True)):
            y = middle + (i - (n - 1) / 2) * max(self._apart(), span / n)
            height = PILL + (len(label) - 1) * STEP
            first = y + BASE - (len(label) - 1) * STEP / 2
            texts = [
                Text(MARGIN + box / 2, first + k * STEP, [(part, INK)], "middle")
                for k, part in enumerate(label)
            ]
            corner = Point(MARGIN, y - height / 2)
            words, lit = describe_node(node), node.name in self.lit
            self.picture.box(corner, box, height, texts, words, tinted=True, lit=lit)
            ends.append(self._output(node, Point(MARGIN + box, y), fork))
        return ends

    def _layer(self, ends: list[Point], layer: int, blocks: list[_Block]) -> list[Point]:
        """Draw a layer to the right of `ends`; return where the line of each output forks."""
        at = self._columns(ends, layer, blocks)
        for j, block in enumerate(blocks):
            for i, y in enumerate(block.rows[: len(ends)]):
                self._multiplier(layer, j, i, at, ends[i], y, block)
            if self.has_biases:
                bias, z = self.nodes[f"b{layer}[{j}]"], f"z{layer}[{j}]"
                y = block.rows[-1]
                start, bend = Point(at.times + at.half, y), Point(at.products, y)
                port = Point(at.plus - PLUS, block.middle)
                self._edge(bias.name, z, line(start, bend) + curve(bend, port))
                self._parameter(bias, at, y)
        return self._nonlinearities(layer, at, blocks)

    def _columns(self, ends: list[Point], layer: int, blocks: list[_Block]) -> _Columns:
        """Return where the parts of a layer stand, so that every text has its room."""
        into, out, zs, boxes = [0.0], [0.0], [0.0], [0.0]
        for j in range(self.sizes[layer]):
            z = self.nodes[f"z{layer}[{j}]"]
            zs.append(_room(*node_texts(z)))
            for i in range(len(ends)):
                weight, _, arriving, leaving = self._around(layer, j, i)
                into.append(_room(*edge_texts(arriving, self.nodes[arriving.source].label)))
                out.append(_room(*edge_texts(leaving)))
                boxes.append(_parameter_width(weight))
            if self.has_biases:
                boxes.append(_parameter_width(self.nodes[f"b{layer}[{j}]"]))
        outputs = [self.nodes[f"a{layer}[{j}]"] for j in range(self.sizes[layer])]
        half = max(boxes) / 2
        f_name = fitted(self._function(layer))
        start = ends[0].x + _gutter(ends, [y for block in blocks for y in block.rows])
        times = start + max(max(into) + TIMES, half + PAD)
        products = times + max(max(out) + TIMES, half + PAD)
        fan = blocks[0].rows[-1] - blocks[0].rows[0]
        plus = products + min(max(30.0, 0.25 * fan), 90.0) + PLUS
        f = plus + PLUS + max(zs)
        f_end = f + text_width(f_name) + 2 * PAD
        end = f_end + max(_room(*node_texts(node)) for node in outputs)
        return _Columns(start, times, half, products, plus, f, f_end, end)

    def _around(self, layer: int, j: int, i: int) -> tuple[Node, Node, Edge, Edge]:
        """Return a weight, its multiplier, what arrives there from below and what leaves."""
        below_name = f"a{layer - 1}[{i}]" if layer > 1 else f"x[{i}]"
        weight = self.nodes[f"W{layer}[{j},{i}]"]
        product = self.nodes[f"{weight.name}*{below_name}"]
        arriving = self.edges[below_name, product.name]
        return weight, product, arriving, self.edges[product.name, f"z{layer}[{j}]"]

    def _multiplier(
        self, layer: int, j: int, i: int, at: _Columns, end: Point, y: float, block: _Block
    ) -> None:
        """Draw a row: the multiplier, its weight, and the lines that lead to and from it."""
        weight, product, arriving, leaving = self._around(layer, j, i)
        start, port = Point(at.start, y), Point(at.times - TIMES, y)
        path = line(end) + curve(end, start) + line(start, port)
        texts = edge_texts(arriving, self.nodes[arriving.source].label)
        self._edge(arriving.source, product.name, path, port, self._beside(start, *texts))
        start, bend = Point(at.times + TIMES, y), Point(at.products, y)
        path = line(start, bend) + curve(bend, Point(at.plus - PLUS, block.middle))
        texts = edge_texts(leaving)
        self._edge(product.name, leaving.target, path, texts=self._beside(start, *texts))
        stem = line(Point(at.times, y - UP + PILL), Point(at.times, y - TIMES))
        self._edge(weight.name, product.name, stem)
        self._parameter(weight, at, y - UP + PILL / 2)
        self.picture.circle(
            Point(at.times, y), TIMES, "×", describe_node(product), lit=product.name in self.lit
        )

    def _parameter(self, node: Node, at: _Columns, y: float) -> None:
        """Draw a weight's or bias's box: its name, value and gradient."""
        parts = parameter_parts(node)
        text = Text(at.times, y + BASE, parts, "middle")
        corner = Point(at.times - at.half, y - PILL / 2)
        lit = node.name in self.lit
        self.picture.box(corner, 2 * at.half, PILL, [text], describe_node(node), lit=lit)

    def _nonlinearities(self, layer: int, at: _Columns, blocks: list[_Block]) -> list[Point]:
        """Draw the sums of a layer and what follows them; return where its outputs fork."""
        ends = []
        name, joint = self._function(layer), self.nodes.get(f"a{layer}")
        for j, block in enumerate(blocks):
            z, a = self.nodes[f"z{layer}[{j}]"], self.nodes[f"a{layer}[{j}]"]
            start, port = Point(at.plus + PLUS, block.middle), Point(at.f, block.middle)
            texts = self._beside(start, *node_texts(z))
            self._edge(z.name, joint.name if joint else a.name, line(start, port), port, texts)
            center = Point(at.plus, block.middle)
            self._arrow(Point(at.plus - PLUS, block.middle), z)
            self.picture.circle(center, PLUS, "Σ", describe_node(z), lit=z.name in self.lit)
            if joint is None:
                self._function_box(name, at, block.middle, block.middle, a)
            ends.append(self._output(a, Point(at.f_end, block.middle), at.end))
        if joint is not None:
            self._function_box(name, at, blocks[0].middle, blocks[-1].middle, joint)
        return ends

    def _function(self, layer: int) -> str:
        """Return the name of a layer's activation function."""
        return self.nodes[f"a{layer}[0]"].function

    def _function_box(self, name: str, at: _Columns, first: float, last: float, node: Node) -> None:
        """Draw one neuron's nonlinearity, or the one of a whole layer."""
        corner, width = Point(at.f, first - PLUS), at.f_end - at.f
        # The box of a large layer says its name at both ends, as the middle may be out of sight.
        middles = [(first + last) / 2] if last - first < 600 else [first, last]
        labels = [
            Text(corner.x + width / 2, middle + BASE, [(fitted(name), INK)], "middle")
            for middle in middles
        ]
        height = last - first + 2 * PLUS
        words, lit = describe_node(node), node.name in self.lit
        self.picture.box(corner, width, height, labels, words, tinted=True, lit=lit)

    def _output(self, node: Node, start: Point, fork: float) -> Point:
        """Draw the line from a node to where it forks, with its value and whole gradient."""
        end = Point(fork, start.y)
        texts = self._beside(start, *node_texts(node))
        words, lit = describe_node(node), node.name in self.lit
        self.picture.edge(line(start, end), words, texts=texts, lit=lit)
        self.picture.circle(end, DOT, "", words, lit=lit)
        return end

    def _loss(self, ends: list[Point]) -> float:
        """Draw the targets and the loss; return the right edge."""
        loss, last = self.nodes["L"], len(self.sizes) - 1
        lines = [(part, INK) for part in wrapped(loss.function, 24)]
        lines.append((named(loss.label, loss.value), self._ink))
        if loss.gradient is not None:
            lines.append((named(loss.gradient_label, loss.gradient), GRADIENT))
        width = max(text_width(text) for text, _ in lines) + 2 * PAD
        step, height = 16.0, 16.0 * len(lines) + 10
        targets = [Point(end.x, end.y + UNDER) for end in ends]
        middle = (ends[0].y + targets[-1].y) / 2
        x = ends[0].x + _gutter(ends, [middle])
        for k, (end, place) in enumerate(zip(ends, targets, strict=True)):
            y, port = self.nodes[f"y[{k}]"], Point(x, middle)
            self._edge(f"a{last}[{k}]", "L", line(end) + curve(end, port), port)
            self._edge(y.name, "L", line(place) + curve(place, port), port)
            parts = parameter_parts(y)
            wide = text_width(" ".join(text for text, _ in parts)) + 2 * PAD
            text = Text(place.x - wide / 2, place.y + BASE, parts, "middle")
            corner = Point(place.x - wide, place.y - PILL / 2)
            self.picture.box(corner, wide, PILL, [text], describe_node(y), tinted=True)
        texts = [
            Text(x + width / 2, middle - height / 2 + 17 + i * step, [part], "middle")
            for i, part in enumerate(lines)
        ]
        corner = Point(x, middle - height / 2)
        words, lit = describe_node(loss), "L" in self.lit
        self.picture.box(corner, width, height, texts, words, tinted=True, lit=lit)
        return x + width

    def _edge(
        self, source: str, target: str, path: str, tip: Point | None = None, texts: Any = ()
    ) -> None:
        title = describe_edge(self.edges[source, target], self.nodes[source], self.nodes[target])
        lit = source in self.lit and target in self.lit
        self.picture.edge(path, title, tip, texts, lit=lit)

    def _beside(self, start: Point, upper: str, lower: str) -> list[Text]:
        """Return the texts above and below a line that goes right from `start`."""
        at = Point(start.x + PAD, start.y)
        texts = [above(at, upper, self._ink), below(at, lower)]
        return [text for text in texts if text.parts[0][0]]

    def _arrow(self, tip: Point, node: Node) -> None:
        """Draw one arrowhead where all rows of a neuron meet."""
        stub, lit = line(Point(tip.x - 2, tip.y), tip), node.name in self.lit
        self.picture.edge(stub, describe_node(node), tip, lit=lit)


def _center(blocks: list[_Block]) -> float:
    return (blocks[0].middle + blocks[-1].middle) / 2


def _room(*texts: str) -> float:
    """The length of a line that has these texts beside it, and an arrowhead."""
    return max(map(text_width, texts)) + 2.5 * PAD


def _parameter_width(node: Node) -> float:
    return text_width(" ".join(text for text, _ in parameter_parts(node))) + 2 * PAD


def _gutter(ends: list[Point], rows: list[float]) -> float:
    """The width in which lines bend from where they fork to the rows they lead to."""
    farthest = max(abs(end.y - y) for end in ends for y in rows)
    return min(max(40.0, 0.3 * farthest), 240.0)
