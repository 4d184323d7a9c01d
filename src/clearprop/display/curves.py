"""Curves over epochs as an inline SVG, for notebooks: no library, no script, no ids.

Words and axes take the color of the text around them, and the two colors of the curves stand out
from white and from black; so the picture can be read in a notebook's light and dark theme.
"""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

WIDTH, HEIGHT = 380, 240
RIGHT, TOP, BOTTOM = 28, 30, 42
"""Margins around the axes; the one on the left is as wide as its numbers need."""

LETTERS, NAME = 26, 15
"""Letters of a line of the name beside the axes, and from line to line."""

_STYLES = tuple(
    f"fill:none;stroke:{color};stroke-dasharray:{dashes};stroke-linecap:round;stroke-linejoin:round"
    for color, dashes in (("#1A86C8", "none"), ("#D55E00", "5 4"))
)
"""Of the first and the second curve, which is dashed as well as of another color."""

_MARK = "stroke-opacity:0.6;stroke-dasharray:2 3"
_FONT = "font-family:system-ui,sans-serif;font-size:12px"


def curves_svg(name: str, curves: Mapping[str, Sequence[float]], marked: int | None = None) -> str:
    """Return a drawing of a figure's values over the epochs.

    Parameters
    ----------
    name : str
        The figure's; "loss" or a metric.
    curves : mapping of str to sequence of float
        One or two curves, by what they are of; those without values are left out. Values that
        are not finite leave gaps.
    marked : int, optional
        The best epoch (from 1), which gets a line.
    """
    values = {of: np.asarray(given, np.float64) for of, given in curves.items() if len(given)}
    what = f"{name} (mean per sample)" if name == "loss" else name.replace("_", " ")
    names = textwrap.wrap(what, LETTERS)
    axes = _Axes(list(values.values()), NAME * (len(names) - 1))
    pieces = [*axes.frame(names), *axes.legend(list(values), marked is not None)]
    if marked is not None:
        x = axes.across(float(marked))
        pieces.append(_line(x, TOP, x, HEIGHT - BOTTOM, _MARK))
    for (of, heights), style in zip(values.items(), _STYLES, strict=False):
        pieces.append(
            f'<path d="{axes.path(heights)}" style="{style};{axes.pen}">'
            f"<title>{html.escape(of)}</title></path>"
        )
    title = html.escape(f"{what} over {axes.epochs:,} epoch{'' if axes.epochs == 1 else 's'}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}" '
        f'style="{_FONT};fill:currentColor;max-width:100%;margin:4px 12px 4px 0">'
        f"{''.join(pieces)}</svg>"
    )


class _Axes:
    """The square that curves lie in: from epochs and values to places in the drawing."""

    def __init__(self, curves: Sequence[Array], room: float = 0.0) -> None:
        self.epochs = max(map(len, curves))
        finite = np.concatenate([curve[np.isfinite(curve)] for curve in curves])
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        self._ticks, decimals = _ticks(low, high)
        self._labels = [_number(value, decimals) for value in self._ticks]
        self._left = 30 + room + 7 * max(map(len, self._labels))
        self._low, self._high = min(self._ticks[0], low), max(self._ticks[-1], high)
        self._first, self._last = (1.0, float(self.epochs)) if self.epochs > 1 else (0.0, 2.0)

    @property
    def pen(self) -> str:
        """How curves are drawn; a single epoch is a dot."""
        return f"stroke-width:{1.8 if self.epochs > 1 else 6}"

    def across(self, epoch: Array | float) -> Array:
        """Return x of epochs."""
        share = (np.asarray(epoch) - self._first) / (self._last - self._first)
        return self._left + (WIDTH - self._left - RIGHT) * share

    def down(self, value: Array | float) -> Array:
        """Return y of values."""
        span = self._high / 2 - self._low / 2  # halves, as the whole may overflow
        share = (self._high / 2 - np.asarray(value) / 2) / span
        return TOP + (HEIGHT - TOP - BOTTOM) * share

    def frame(self, names: Sequence[str]) -> list[str]:
        """Return the axes with their numbers, and the lines of their name."""
        left, right, floor = self._left, WIDTH - RIGHT, HEIGHT - BOTTOM
        pieces = []
        for value, label in zip(self._ticks, self._labels, strict=True):
            y = self.down(value)
            pieces.append(_line(left, y, right, y, "stroke-opacity:0.2"))
            pieces.append(_text(left - 7, y + 4, label, "end"))
        for epoch in _whole_ticks(self.epochs):
            x = self.across(float(epoch))
            pieces.append(_line(x, floor, x, floor + 4, "stroke-opacity:0.6"))
            pieces.append(_text(x, floor + 17, f"{epoch:,}", "middle"))
        middle = (TOP + floor) / 2
        return [
            *pieces,
            _line(left, floor, right, floor, "stroke-opacity:0.6"),
            _line(left, TOP, left, floor, "stroke-opacity:0.6"),
            _text((left + right) / 2, HEIGHT - 8, "epoch", "middle"),
            *(
                _text(x, middle, name, "middle", f' transform="rotate(-90 {x:g} {middle:g})"')
                for x, name in zip(range(13, 1000, NAME), names, strict=False)
            ),
        ]

    def legend(self, names: Sequence[str], marked: bool) -> list[str]:
        """Return what the lines mean, in a row above the axes."""
        pieces, x = [], self._left
        for name, style in zip(names, _STYLES, strict=False):
            pieces += [
                _line(x, 14, x + 22, 14, f"{style};stroke-width:1.8"),
                _text(x + 28, 18, name, "start"),
            ]
            x += 44 + 7 * len(name)
        if marked:
            pieces += [
                _line(x + 4, 7, x + 4, 21, _MARK),
                _text(x + 12, 18, "best epoch", "start"),
            ]
        return pieces

    def path(self, values: Array) -> str:
        """Return a line through values, interrupted where one is not finite."""
        x, y = _thinned(self.across(np.arange(1.0, len(values) + 1)), self.down(values))
        pieces, pen = [], "M"
        for at, height in zip(x.tolist(), y.tolist(), strict=True):
            if not math.isfinite(height):
                pen = "M"
                continue
            dot = "h0" if pen == "M" else ""  # so that a value between two gaps is seen
            pieces.append(f"{pen}{at:.1f} {height:.1f}{dot}")
            pen = "L"
        return "".join(pieces)


def _ticks(low: float, high: float) -> tuple[list[float], int]:
    """Return three to six round numbers that enclose an interval, and their decimals."""
    size = max(abs(low), abs(high))
    if high - low <= max(1e-9 * size, 1e-250):
        pad = size / 2 if size > 1e-200 else 1.0
        low, high = low - pad, high + pad
    raw = high / 4 - low / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= 0.999 * raw)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    ticks = [i * step for i in range(first, last + 1)]
    return [tick for tick in ticks if math.isfinite(tick)], decimals


def _whole_ticks(epochs: int) -> list[int]:
    """Return up to six round epochs."""
    raw = epochs / 5
    power = 10 ** max(0, math.floor(math.log10(raw)))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw)
    return [1, *range(step if step > 1 else 2, epochs + 1, step)]


def _number(value: float, decimals: int) -> str:
    if decimals > 4 or abs(value) >= 1e6:
        return f"{value:.3g}".replace("-", "−")
    return f"{value:,.{decimals}f}".replace("-", "−")


def _thinned(x: Array, y: Array) -> tuple[Array, Array]:
    """Return the lowest and the highest point of each half pixel: a spike is never lost."""
    if len(y) <= 4 * WIDTH:
        return x, y
    keep: list[int] = []
    for part in np.array_split(np.arange(len(y)), 2 * WIDTH):
        heights = np.where(np.isfinite(y[part]), y[part], np.nan)
        if np.isnan(heights).all():
            keep.append(int(part[0]))  # a gap
        else:
            keep += sorted({int(part[np.nanargmin(heights)]), int(part[np.nanargmax(heights)])})
    return x[keep], y[keep]


def _line(x1: object, y1: object, x2: object, y2: object, style: str) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'style="stroke:currentColor;{style}"/>'
    )


def _text(x: object, y: object, words: str, anchor: str, more: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" style="text-anchor:{anchor}"{more}>'
        f"{html.escape(words)}</text>"
    )
