"""What every plot begins and ends with."""

from __future__ import annotations

from typing import Any

from clearprop.errors import missing_extra


def axes_for(ax: Any, size: tuple[float, float], feature: str) -> tuple[Any, Any]:
    """Return a figure and its axes: those given, or new ones of a size in inches.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed; `feature` is what needs it.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        missing_extra("matplotlib", feature, "plots")
    if ax is not None:
        return ax.figure, ax
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots()


def tidy(axis: Any) -> None:
    """Draw a light grid, and no frame above and to the right."""
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
