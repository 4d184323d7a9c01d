"""How large the error and the gradient are in every layer, or in every layer over a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import listed
from clearprop.display.plotting import axes_for, tidy
from clearprop.errors import ArgumentError
from clearprop.explaining.titles import set_heading, what_of
from clearprop.network import Network
from clearprop.record import Record
from clearprop.training.steps import Step

Array = NDArray[Any]

NAMED = 10
"""Layers whose activations are named on the axis, or lines in the legend."""

DELTA, GRADIENT = "#D55E00", "#0072B2"


def plot_gradient_flow(record: Record | Step | Iterable[Record | Step], *, ax: Any = None) -> Any:
    r"""Draw the sizes of delta^l and dW^l in each layer, on a logarithmic axis.

    Of delta^l the root mean square over samples and neurons, of dW^l (with the penalty, if there is
    one) that over its elements, and the range of their sizes without the smallest and largest
    twentieth. Where deltas vanish or explode, they fall or rise from the last layer to the first.
    What is 0 has no place on a logarithmic axis: a 0 stands at the foot; NaN and infinity stand at
    the top.

    Parameters
    ----------
    record : Record or Step, or iterable of them
        Of one pass; or of a run, such as `steps` gives: dW^l is then drawn over the updates, a
        line for each layer.
    ax : matplotlib Axes, optional
        None: a new figure.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ArgumentError
        If it is no record, or the run is empty or has networks of different depths.
    MissingExtraError
        If matplotlib (the extra `plots`) is not installed.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([2, 8, 8, 1], activations="sigmoid", seed=0)
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> figure = cp.plot_gradient_flow(cp.backprop(network, X, y))
    >>> [text.get_text() for text in figure.axes[0].get_xticklabels()]
    ['1\nsigmoid', '2\nsigmoid', '3\nsigmoid']
    >>> run = cp.plot_gradient_flow(cp.steps(network, X, y, epochs=50))
    >>> run.axes[0].get_xlabel()
    'update'
    """
    one = isinstance(record, Record | Step)
    layers = len(_record(record).delta) if one else 0
    width = float(np.clip(1.6 + 0.75 * layers, 5.8, 9.5)) if layers <= NAMED else 6.4
    figure, axis = axes_for(ax, (width, 3.8), "plot_gradient_flow")
    if one:
        network, rows = _draw_layers(axis, _record(record))
    else:
        network, rows = _draw_run(axis, record)
    if ax is None:
        set_heading(figure, what_of(network, rows))
    tidy(axis)
    axis.grid(axis="x", visible=False)
    return figure


def _record(given: object) -> Record:
    if isinstance(given, Step):
        return given.record
    if isinstance(given, Record):
        return given
    raise ArgumentError(
        f"{type(given).__name__} is no record: give what cp.backprop or cp.steps returned"
    )


def _size(array: Array) -> float:
    """Return the root mean square; scaled, as squares of small numbers would be 0."""
    sizes = np.abs(array).astype(np.float64)
    largest = float(sizes.max())
    if largest == 0.0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(((sizes / largest) ** 2).mean()))


def _draw_layers(axis: Any, record: Record) -> tuple[Network, int | None]:
    """Draw one pass; return its network and how many samples it is of."""
    numbers = np.arange(1, len(record.delta) + 1)
    deltas = np.array([_size(delta) for delta in record.delta])
    gradients = np.array([_size(dW) for dW in record.dW])
    with np.errstate(invalid="ignore"):
        ranges = np.array([np.quantile(np.abs(dW), (0.05, 0.95)) for dW in record.dW])
    ranges = ranges.astype(np.float64)
    foot, top = _limits(axis, np.concatenate([deltas, gradients]), ranges)
    ranges[~np.isfinite(gradients)] = np.nan  # its quantiles are none
    axis.vlines(
        numbers + 0.12, np.maximum(ranges[:, 0], foot), np.maximum(ranges[:, 1], foot),
        color=GRADIENT, alpha=0.3, lw=6, label="|dW|, from the 5th to the 95th percentile",
    )  # fmt: skip
    for sizes, shift, color, marker, style, label in (
        (gradients, 0.12, GRADIENT, "o", "-", "dW = dL/dW, root mean square of its elements"),
        (deltas, -0.12, DELTA, "s", "--", "delta = dL/dz, root mean square over samples and units"),
    ):
        places = numbers + shift
        drawn = np.where(np.isfinite(sizes) & (sizes > 0), sizes, np.nan)
        axis.plot(places, drawn, color=color, marker=marker, ls=style, lw=1.2, label=label)
        _mark(axis, places, sizes, color, foot, top)
    names = [f.name for f in record.network.activations]
    if len(names) <= NAMED:
        labels = [f"{n}\n{name}" for n, name in zip(numbers, names, strict=True)]
        axis.set_xticks(numbers, labels, parse_math=False)
        axis.set_xlabel("layer, and its activation")
    else:
        used = ", ".join(dict.fromkeys(names))
        axis.set_xlabel(f"layer (activations: {used})", parse_math=False)
        _whole_numbers(axis)
    axis.set_xlim(0.5, len(names) + 0.5)
    axis.set_ylabel("cost per unit of z, or of weight")
    axis.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), fontsize="small")
    return record.network, len(record.losses)


def _draw_run(axis: Any, run: object) -> tuple[Network, int | None]:
    """Draw a run; return its network, and the samples of each update if all have as many."""
    if not isinstance(run, Iterable):
        raise ArgumentError(
            f"{type(run).__name__} is no record: give what cp.backprop or cp.steps returned"
        )
    numbers, rows, samples = [], [], set()
    for given in listed(run):
        record = _record(given)
        samples.add(len(record.losses))
        rows.append([_size(dW) for dW in record.dW])
        numbers.append(given.number if isinstance(given, Step) else len(rows))
    if not rows or len({len(row) for row in rows}) > 1:
        raise ArgumentError(
            "the run has networks of different depths" if rows else "the run has no updates to plot"
        )
    from matplotlib import colormaps

    sizes = np.array(rows)
    layers = sizes.shape[1]
    foot, top = _limits(axis, sizes, sizes)
    named = set(np.linspace(1, layers, min(layers, NAMED)).round().astype(int).tolist())
    for layer, line in enumerate(sizes.T, 1):
        color = colormaps["viridis"]((layer - 1) / max(layers - 1, 1) * 0.9)
        drawn = np.where(np.isfinite(line), np.maximum(line, foot), np.nan)
        label = f"dW{layer}" if layer in named else None
        marker = "" if len(rows) > 1 else "o"
        axis.plot(numbers, drawn, color=color, lw=1.2, label=label, marker=marker, clip_on=False)
        _mark(axis, np.array(numbers), np.where(line == 0, 1, line), color, foot, top)
    if (sizes == 0).any():
        axis.annotate(
            "0", (0, foot), xycoords=("axes fraction", "data"), xytext=(-4, 0),
            textcoords="offset points", ha="right", va="center",
        )  # fmt: skip
    _whole_numbers(axis)
    room = 0.02 * (max(numbers) - min(numbers)) or 0.5
    axis.set_xlim(min(numbers) - room, max(numbers) + room)
    axis.set_xlabel("update")
    axis.set_ylabel("root mean square of dW\n(cost per unit of weight)")
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1), title="layer")
    return record.network, samples.pop() if len(samples) == 1 else None


def _limits(axis: Any, sizes: Array, ranges: Array) -> tuple[float, float]:
    """Make the axis logarithmic, and return its ends, with room for marks below and above.

    Ranges that go further down than a thirtieth of the smallest size are cut off.
    """
    placed = sizes[np.isfinite(sizes) & (sizes > 0)]
    low, high = (float(placed.min()), float(placed.max())) if placed.size else (0.1, 1.0)
    wide = np.maximum(ranges[np.isfinite(ranges)], low / 30)
    low, high = float(wide.min(initial=low)), float(wide.max(initial=high))
    room = 1.5 * (high / low) ** 0.08
    foot = max(low / room ** (3 if (sizes == 0).any() else 1), np.finfo(np.float64).tiny)
    top = min(high * room ** (1 if np.isfinite(sizes).all() else 2), 1e300)
    axis.set_yscale("log")
    axis.set_ylim(foot, top)
    return foot, top


def _mark(axis: Any, places: Array, sizes: Array, color: Any, foot: float, top: float) -> None:
    """Write 0 at the foot, and NaN and infinity at the top."""
    for wanted, where, above in ((sizes == 0, foot, True), (~np.isfinite(sizes), top, False)):
        for place, size in zip(places[wanted], sizes[wanted], strict=True):
            axis.annotate(
                f"{size:.0f}", (place, where), xytext=(0, 3 if above else -3),
                textcoords="offset points", ha="center", va="bottom" if above else "top",
                color=color, weight="bold",
            )  # fmt: skip


def _whole_numbers(axis: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
