"""An SVG drawing in which the width of every text is known, so that nothing has to overlap.

Letters are of a fixed width, 0.6 of their size. Colors stand in the tags and nothing has an id, as
a notebook puts many drawings into one page. The one style sheet changes these colors where the page
is dark; programs that know no style sheets show the light ones.
"""

from __future__ import annotations

import html
import textwrap
import unicodedata
from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

from clearprop.errors import printable

VALUE, GRADIENT, INK = "#0072B2", "#D55E00", "#222222"
LINE, TINT, GROUND, LIT = "#777777", "#F1F1F1", "#FFFFFF", "#8A2BE2"

_IN_THE_DARK = {
    VALUE: "#6CBFF2", GRADIENT: "#FFA060", INK: "#EEEEEE", LINE: "#9A9A9A", TINT: "#3A3A3A",
    GROUND: "#1E1E1E", LIT: "#D6A6FF",
}  # fmt: skip

CLASS = "clearprop-graph"
"""Of every drawing: the style sheet is for these alone."""

SIZE = 12.0
"""The size of letters."""

LIFT, DROP = 5.0, 13.0
"""From a line up to the baseline of the text above it, and down to the one below."""

MARGIN = 20.0

_WIDE = ' stroke-width="2.5"'

_RULES = "".join(
    f'.{CLASS} [{part}="{light}"]{{{part}:{dark}}}'
    for light, dark in _IN_THE_DARK.items()
    for part in ("fill", "stroke")
)
_DARK = f"@media (prefers-color-scheme:dark){{{_RULES}}}"

_FONT = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', 'Courier New', monospace"


def text_width(text: str, size: float = SIZE) -> float:
    """Return how wide a text is drawn; East Asian letters are twice as wide."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return 0.6 * size * (len(text) + wide)


def fitted(text: str, most: int = 40) -> str:
    """Return a text of `most` letters at the most, its end left out where it is long."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def wrapped(text: str, most: int = 20) -> list[str]:
    """Return the lines of a text that are of `most` letters at the most."""
    return textwrap.wrap(printable(text), most) or [text]


class Text(NamedTuple):
    """A line of text: where its baseline begins (or is centered), and colored parts."""

    x: float
    y: float
    parts: Sequence[tuple[str, str]]
    anchor: str = "start"
    bold: bool = False

    @property
    def width(self) -> float:
        """How wide it is drawn, one space between the parts."""
        return text_width(" ".join(text for text, _ in self.parts))


class Point(NamedTuple):
    """A place in the drawing."""

    x: float
    y: float


class Picture:
    """Collects what is drawn: edges below, nodes above them."""

    def __init__(self) -> None:
        self._edges: list[str] = []
        self._lit_edges: list[str] = []
        self._nodes: list[str] = []

    def edge(
        self, path: str, title: str, tip: Point | None = None, texts: Sequence[Text] = (),
        down: bool = False, lit: bool = False,
    ) -> None:  # fmt: skip
        """Draw a line with texts beside it, and an arrowhead at its tip, to the right or down."""
        color, thick = (LIT, "3") if lit else (LINE, "1.2")
        shapes = [f'<path d="{path}" fill="none" stroke="{color}" stroke-width="{thick}"/>']
        if tip is not None:
            x, y = tip
            corners = [(x, y), (x - 4, y - 7), (x + 4, y - 7)] if down else [
                (x, y), (x - 7, y - 4), (x - 7, y + 4)
            ]  # fmt: skip
            points = " ".join(f"{_short(px)},{_short(py)}" for px, py in corners)
            shapes.append(f'<polygon points="{points}" fill="{color}"/>')
        # What is lit lies above what is not.
        where = self._lit_edges if lit else self._edges
        where.append(_group(title, [*shapes, *map(_text, texts)]))

    def circle(
        self, center: Point, radius: float, letter: str, title: str, *, lit: bool = False
    ) -> None:
        """Draw a circle with a letter in it; a dot without."""
        x, y = center
        color = LIT if lit else INK if letter else LINE
        shapes = [
            f'<circle cx="{_short(x)}" cy="{_short(y)}" r="{_short(radius)}" '
            f'fill="{GROUND if letter else color}" stroke="{color}"{_WIDE if lit else ""}/>'
        ]
        if letter:
            shapes.append(_text(Text(x, y + 0.35 * SIZE, [(letter, INK)], "middle")))
        self._nodes.append(_group(title, shapes))

    def box(
        self, corner: Point, width: float, height: float, lines: Sequence[Text], title: str,
        *, tinted: bool = False, lit: bool = False,
    ) -> None:  # fmt: skip
        """Draw a box and the lines in it."""
        x, y = corner
        color = LIT if lit else INK if tinted else LINE
        shape = (
            f'<rect x="{_short(x)}" y="{_short(y)}" width="{_short(width)}" '
            f'height="{_short(height)}" rx="5" fill="{TINT if tinted else GROUND}" '
            f'stroke="{color}"{_WIDE if lit else ""}/>'
        )
        self._nodes.append(_group(title, [shape, *map(_text, lines)]))

    def text(self, text: Text) -> None:
        """Draw a text by itself."""
        self._nodes.append(_text(text))

    def svg(self, width: float, height: float, title: str) -> str:
        """Return the drawing, on a ground of its own, at most as wide as where it is put."""
        w, h = ceil(width), ceil(height)
        label = _escaped(title)
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" '
                f'viewBox="0 0 {w} {h}" role="img" aria-label="{label}" '
                f'font-family="{_FONT}" font-size="{SIZE:g}" class="{CLASS}" '
                'style="max-width:100%;height:auto">',
                f"<title>{label}</title>",
                f"<style>{_DARK}</style>",
                f'<rect width="{w}" height="{h}" fill="{GROUND}"/>',
                *self._edges,
                *self._lit_edges,
                *self._nodes,
                "</svg>\n",
            ]
        )


def above(start: Point, text: str, color: str = VALUE) -> Text:
    """Return a value's text above a line that goes right from `start`."""
    return Text(start.x, start.y - LIFT, [(text, color)])


def below(start: Point, text: str) -> Text:
    """Return a gradient's text below a line that goes right from `start`."""
    return Text(start.x, start.y + DROP, [(text, GRADIENT)])


def line(*points: Point) -> str:
    """Return the path through points."""
    return "M" + " L".join(f"{_short(x)},{_short(y)}" for x, y in points)


def curve(start: Point, end: Point) -> str:
    """Return the continuation of a path to `end`, leaving and arriving to the right."""
    middle = (start.x + end.x) / 2
    places = ((middle, start.y), (middle, end.y), end)
    return " C" + " ".join(f"{_short(x)},{_short(y)}" for x, y in places)


def heading(picture: Picture, title: str) -> Point:
    """Draw a title, and return its lower right corner."""
    text = Text(MARGIN, MARGIN + SIZE, [(printable(title), INK)], bold=True)
    picture.text(text)
    return Point(MARGIN + text.width, MARGIN + 1.4 * SIZE)


def _group(title: str, shapes: Sequence[str]) -> str:
    return f"<g><title>{_escaped(title)}</title>{''.join(shapes)}</g>"


def _text(text: Text) -> str:
    parts = [
        f'<tspan fill="{color}">{_escaped(part)}</tspan>' for part, color in text.parts if part
    ]
    bold = ' font-weight="bold"' if text.bold else ""
    anchor = "" if text.anchor == "start" else f' text-anchor="{text.anchor}"'
    return (
        f'<text x="{_short(text.x)}" y="{_short(text.y)}"{anchor}{bold} xml:space="preserve">'
        f"{' '.join(parts)}</text>"
    )


def _escaped(text: str) -> str:
    return html.escape(printable(text))


def _short(number: float) -> str:
    return f"{round(number, 1):g}"
