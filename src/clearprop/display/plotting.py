"""What every plot begins and ends with."""

from __future__ import annotations

from typing import Any

from clearprop.errors import ArgumentError, missing_extra, shown


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
        return check_axes(ax).figure, ax
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots()


def check_axes(ax: Any) -> Any:
    """Return `ax` if it is matplotlib's, or raise `ArgumentError`."""
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes):
        raise ArgumentError(f"ax is {shown(ax)}; it must be matplotlib Axes")
    return ax


def tidy(axis: Any) -> None:
    """Draw a light grid, and no frame above and to the right."""
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
