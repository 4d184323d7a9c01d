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
    if ax is None:
        figure = new_figure(size, feature)
        return figure, figure.subplots()
    check_matplotlib(feature)
    return check_axes(ax).figure, ax


def new_figure(size: tuple[float, float], feature: str) -> Any:
    """Return a figure of a size in inches, which a notebook shows.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed; `feature` is what needs it.
    """
    check_matplotlib(feature)
    from clearprop.display.figure import ShownFigure

    return ShownFigure(figsize=size, layout="constrained")


def check_matplotlib(feature: str) -> None:
    """Raise `MissingExtraError` if matplotlib is not installed; `feature` is what needs it."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        missing_extra("matplotlib", feature, "plots")


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
