"""A picture, measured: its texts, what stands on what; and a strict grammar of Graphviz's language."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations

import numpy as np

SVG = "{http://www.w3.org/2000/svg}"


def texts_of(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(svg.encode()).iter(f"{SVG}text")]


class Box(tuple):
    __slots__ = ()

    def meets(self, other: tuple) -> bool:
        return (
            self[0] < other[2] and other[0] < self[2] and self[1] < other[3] and other[1] < self[3]
        )

    def holds(self, other: tuple) -> bool:
        return (
            self[0] <= other[0]
            and self[1] <= other[1]
            and self[2] >= other[2]
            and self[3] >= other[3]
        )


def measure(
    svg: str,
) -> tuple[list[tuple[str, Box]], list[Box], list[np.ndarray], tuple[float, float]]:
    """Boxes of texts (0.6 of the size for each letter) and of shapes, points on lines, the size."""
    root = ET.fromstring(svg.encode())
    size = float(root.get("font-size"))
    texts, shapes, points = [], [], []
    for text in root.iter(f"{SVG}text"):
        content = "".join(text.itertext())
        width = 0.6 * size * len(content)
        x = float(text.get("x")) - (width / 2 if text.get("text-anchor") == "middle" else 0)
        y = float(text.get("y"))
        texts.append((content, Box((x, y - 0.78 * size, x + width, y + 0.22 * size))))
    for rect in list(root.iter(f"{SVG}rect"))[1:]:
        x, y, w, h = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
        shapes.append(Box((x, y, x + w, y + h)))
    for circle in root.iter(f"{SVG}circle"):
        x, y, r = (float(circle.get(key)) for key in ("cx", "cy", "r"))
        shapes.append(Box((x - r, y - r, x + r, y + r)))
    for path in root.iter(f"{SVG}path"):
        points.append(np.concatenate(list(along(path.get("d")))))
    return texts, shapes, points, (float(root.get("width")), float(root.get("height")))


def along(path: str):
    """Points along the lines and curves of a path."""
    at = None
    for letter, numbers in re.findall(r"([MLC])([^MLC]*)", path):
        corners = np.array([pair.split(",") for pair in numbers.split()], dtype=float)
        t = np.linspace(0, 1, 60)[:, None]
        if letter == "L":
            yield at + t * (corners[0] - at)
        if letter == "C":
            p, q, r = corners
            yield (1 - t) ** 3 * at + 3 * t * (1 - t) ** 2 * p + 3 * t**2 * (1 - t) * q + t**3 * r
        at = corners[-1]


def overlaps(svg: str) -> list[str]:
    """What stands on what, or outside."""
    texts, shapes, lines, (width, height) = measure(svg)
    found = [
        f"{a!r} on {b!r}" for (a, box), (b, other) in combinations(texts, 2) if box.meets(other)
    ]
    found += [f"{a!r} across a shape" for a, box in texts for shape in shapes if box.meets(shape) and not shape.holds(box)]  # fmt: skip
    found += [f"shape {a} across {b}" for a, b in combinations(shapes, 2) if a.meets(b) and min(a[2] - a[0], b[2] - b[0]) > 6]  # fmt: skip
    page = Box((0, 0, width, height))
    found += [f"{a!r} outside" for a, box in texts if not page.holds(box)]
    for points in lines:
        low, high = points.min(axis=0), points.max(axis=0)
        for a, box in texts:
            if box.meets((*low, *high + 0.01)):
                inside = (points > box[:2]).all(axis=1) & (points < box[2:]).all(axis=1)
                found += [f"a line through {a!r}"] if inside.any() else []
    return found


def assert_no_overlap(svg: str) -> None:
    found = overlaps(svg)
    assert not found, found[:5]


def assert_dot(dot: str) -> None:
    """A strict grammar of what is written: one digraph of attributed nodes and edges."""
    quoted, html = r'"(?:[^"\\]|\\"|\\)*?"', r"<(?:[^<>]|<[^<>]*>)*>"
    value = rf"(?:[A-Za-z0-9_.]+|{quoted}|{html})"
    attributes = rf"\[{value}={value}(?:, {value}={value})*\]"
    statement = rf"  (?:graph|node|edge|{quoted}|{quoted} -> {quoted})(?: {attributes})?;"
    first, *lines, last, end = dot.split("\n")
    assert (first, last, end) == ("digraph computation_graph {", "}", "")
    for line in lines:
        assert re.fullmatch(statement, line), line
        for label in re.findall(r"label=<(.*)>\]", line):
            ET.fromstring(f"<label>{label}</label>".encode())  # Graphviz reads labels as XML
    declared = set(re.findall(rf"^  ({quoted}) \[", dot, re.M))
    used = {end for pair in re.findall(rf"^  ({quoted}) -> ({quoted})", dot, re.M) for end in pair}
    assert used <= declared
