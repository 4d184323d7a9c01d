"""Horizontal bars with a name each: what they share."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from clearprop.display.plotting import axes_for, tidy
from clearprop.errors import printable

UP, DOWN, DIM = "#1A86C8", "#D55E00", "#8C8C8C"
"""Colors that stand out from white and from black."""

_LINE = 32
"""Characters of a name on one line."""

_LONGEST = 160


def bars_with_names(
    ax: Any, names: Sequence[str], feature: str, *, beside: float = 4.4
) -> tuple[Any, Any]:
    """Return a figure and axes for bars at 0, 1, ... from above, each beside its name.

    Long names take several lines; `beside` is the width of what stands beside them, in inches.
    """
    labels = [_wrapped(name) for name in names]
    lines = sum(1 + label.count("\n") for label in labels)
    longest = max(len(line) for label in labels for line in label.split("\n"))
    size = beside + 0.085 * longest, 1.3 + 0.12 * len(labels) + 0.17 * lines
    figure, ax = axes_for(ax, size, feature)
    ax.set_yticks(range(len(labels)), labels, parse_math=False)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    tidy(ax)
    ax.grid(axis="y", visible=False)
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)
    return figure, ax


def _wrapped(name: str) -> str:
    name = printable(name).replace("\n", " ")
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - 3]}..."
    return "\n".join(textwrap.wrap(name, _LINE)) or name
