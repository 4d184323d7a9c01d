"""Horizontal bars with a name each: what they share."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.display.plotting import axes_for, tidy
from clearprop.errors import printable

UP, DOWN, DIM = "#1A86C8", "#D55E00", "#8C8C8C"
"""Colors that stand out from white and from black."""

THICK = 0.19
"""Of a bar, in inches, which are the unit of the axis."""

_LINE, _GAP = 0.165, 0.13
_WIDTH = 4.6

_LONGEST = 200
"""Characters of a name."""


def bars_with_names(
    ax: Any, names: Sequence[str], title: str, feature: str
) -> tuple[Any, Any, NDArray[np.float64]]:
    """Return a figure, axes, and the places of bars from above, each beside its name.

    Names and title take as many lines as they need. A name is text, whatever its signs mean to
    matplotlib, which reads mathematics between two dollars.
    """
    labels = [_wrapped(name, 40) for name in names]
    heights = np.array([_GAP + _LINE * (1 + label.count("\n")) for label in labels])
    longest = max(len(line) for label in labels for line in label.split("\n"))
    size = _WIDTH + 0.085 * longest, 1.1 + float(heights.sum())
    figure, ax = axes_for(ax, size, feature)
    places = np.cumsum(heights) - heights / 2
    ax.set_yticks(places, labels, parse_math=False)
    ax.set_ylim(heights.sum() + 0.05, -0.05)
    tidy(ax)
    ax.grid(axis="y", visible=False)
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)
    ax.set_title(_wrapped(title, 58), fontsize="medium", loc="left", parse_math=False)
    return figure, ax, places


def _wrapped(text: str, width: int) -> str:
    text = printable(text).replace("\n", " ")
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - 3]}..."
    return "\n".join(textwrap.wrap(text, width)) or text
