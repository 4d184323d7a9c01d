"""How a surface of the cost is drawn: lines of equal cost, arrows, paths; or a hill."""

from __future__ import annotations

from math import floor, hypot, log10
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import NonFiniteError
from clearprop.explaining.names import counted
from clearprop.explaining.plots.plane import heights
from clearprop.explaining.titles import set_title

if TYPE_CHECKING:
    from clearprop.explaining.plots.loss_surface import LossSurface

Array = NDArray[Any]

RUNS = ("white", "#F0A3C0", "#8FD3FF", "#FFB000", "#9BE564", "#D6A6FF")
"""Colors of runs, which stand out from the colors of the surface."""

HERE, GRADIENT, STEP = "#D55E00", "#E8112D", "#00C2A8"

COST = "cost (mean per sample)"


def size_of(surface: LossSurface) -> tuple[float, float]:
    """Return a figure's width and height in inches for axes of one scale."""
    tall = float(np.ptp(surface.second) / np.ptp(surface.first))
    return 6.0, 4.1 * tall + 1.9


def draw_contours(surface: LossSurface, figure: Any, axis: Any, own_figure: bool) -> None:
    """Draw lines of equal cost, where the network is, its gradient, and the runs."""
    finite = _finite(surface)
    low, high = float(np.nanmin(finite)), float(np.nanmax(finite))
    if high > low:
        shares = np.linspace(0, 1, 25) ** 2  # dense in the valley
        levels = low + (high - low) * shares
        at = surface.first, surface.second
        filled = axis.contourf(*at, finite, levels=levels, cmap="cividis")
        figure.colorbar(filled, ax=axis, label=COST, format="%.3g")
        colors = ["white" if share < 0.35 else "0.1" for share in shares[2::3]]
        lines = axis.contour(*at, finite, levels=levels[2::3], colors=colors, linewidths=0.6)
        axis.clabel(lines, fmt="%.3g", fontsize=8)
    _draw_runs(surface, axis)
    axis.plot(*surface.here, color=HERE, marker="o", ms=6, ls="", mec="white", label="here")
    room = min(np.ptp(surface.first), np.ptp(surface.second))
    _draw_arrow(axis, surface.here, surface.gradient, room, GRADIENT, "gradient, uphill")
    if surface.step is not None:
        _draw_arrow(axis, surface.here, surface.step, room, STEP, "the optimizer's step")
    axis.set_xlabel(surface.names[0], parse_math=False)
    axis.set_ylabel(surface.names[1], parse_math=False)
    axis.set_xlim(surface.first[0], surface.first[-1])
    axis.set_ylim(surface.second[0], surface.second[-1])
    axis.set_aspect("equal")
    _set_title(surface, axis, low, high)
    # Below the axes, where it covers nothing.
    place: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.15)}
    if own_figure:
        place = {"loc": "outside lower center"}
    legend = (figure if own_figure else axis).legend(
        handles=axis.get_legend_handles_labels()[0], ncols=2, facecolor="0.35",
        labelcolor="white", fontsize="small", **place,
    )  # fmt: skip
    legend.get_frame().set_linewidth(0)


def draw_hill(surface: LossSurface, figure: Any, axis: Any) -> None:
    """Draw the surface in three dimensions, and the runs upon it."""
    finite = _finite(surface)
    low, high = float(np.nanmin(finite)), float(np.nanmax(finite))
    across, along = np.meshgrid(surface.first, surface.second)
    axis.plot_surface(
        across, along, finite, cmap="cividis", alpha=0.85, lw=0.2, ec="0.4", rcount=40, ccount=40
    )
    lift = 0.01 * (high - low)
    for (name, path), color in zip(surface.paths.items(), _colors("black"), strict=False):
        above = heights(surface.first, surface.second, finite, path) + lift
        axis.plot(*path.T, above, color=color, lw=2, zorder=5, label=name)
    place = (*surface.here, surface.loss + lift)
    axis.plot(
        *([number] for number in place), color=HERE, marker="o", ls="", zorder=6, label="here"
    )
    axis.set_xlabel(surface.names[0], parse_math=False)
    axis.set_ylabel(surface.names[1], parse_math=False)
    axis.set_zlabel(COST)
    axis.set_box_aspect(None, zoom=0.82)  # the label of the cost stands outside of the axes
    _set_title(surface, axis, low, high)
    axis.legend(loc="upper right", fontsize="small", frameon=False)


def _finite(surface: LossSurface) -> Array:
    finite = np.where(np.isfinite(surface.losses), surface.losses, np.nan)
    if np.isnan(finite).all():
        raise NonFiniteError("the cost is finite nowhere on the surface: give a smaller span")
    return finite


def _colors(first: str) -> list[str]:
    """Return as many colors as there may be runs, the first one given."""
    return [first, *RUNS[1:]] * 20


def _draw_runs(surface: LossSurface, axis: Any) -> None:
    if not surface.paths:
        return
    for (name, path), color in zip(surface.paths.items(), _colors(RUNS[0]), strict=False):
        axis.plot(*path.T, color=color, lw=1.5, marker=".", ms=4, label=name)
    ends = np.array([(path[0], path[-1]) for path in surface.paths.values()])
    for which, marker, size, label in ((0, "s", 6, "start"), (1, "D", 9, "end")):
        axis.plot(*ends[:, which].T, color="white", marker=marker, ms=size, ls="", mec="black",
                  label=label)  # fmt: skip


def _draw_arrow(
    axis: Any, start: tuple[float, float], vector: tuple[float, float], room: float, color: str,
    label: str,
) -> None:  # fmt: skip
    """Draw a vector; one that is too short or too long to be seen is drawn at another length."""
    length = hypot(*vector)
    if not np.isfinite(length) or length < 1e-290:
        axis.plot([], [], color=color, label=f"{label}: {length:.3g}")
        return
    scale = 1.0 if 0.08 * room <= length <= 0.4 * room else _round(0.25 * room / length)
    end = (start[0] + scale * vector[0], start[1] + scale * vector[1])
    style = {"arrowstyle": "-|>", "color": color, "lw": 2.2, "shrinkA": 0, "shrinkB": 0}
    axis.annotate("", xy=end, xytext=start, arrowprops=style, annotation_clip=False)
    times = f"{scale:,.0f}" if scale >= 1 else f"{scale:.3g}"
    drawn = "" if scale == 1.0 else f", drawn × {times}"
    axis.plot([], [], color=color, lw=2.2, label=f"{label} ({length:.3g}{drawn})")


def _round(number: float) -> float:
    """Return the nearest smaller one of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** floor(log10(number))
    return next(m for m in (5, 2, 1) if m * power <= 1.0001 * number) * power


def _set_title(surface: LossSurface, axis: Any, low: float, high: float) -> None:
    """Say what the surface is of, and what holds for the parameters that are not on the axes."""
    lines = [surface.what]
    if high == low:
        lines.append(f"the cost is {low:.4g} everywhere here")
    if surface.others:
        stay = "it is" if surface.others == 1 else "they are"
        lines.append(f"the other {counted(surface.others, 'parameter')} as {stay} here")
        if surface.paths:
            lines.append("(along a path they differed)")
    elif surface.paths and surface.names[0].startswith("direction"):
        runs = "the paths" if len(surface.paths) > 1 else "the path"
        lines.append(f"{runs}, projected onto the two main directions")
    set_title(axis, *lines)
