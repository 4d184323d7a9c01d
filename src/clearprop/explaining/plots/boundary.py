"""What a network says over a plane of its inputs, and what each hidden neuron says there."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import check_inputs, check_targets
from clearprop.checks.settings import count, flag
from clearprop.display.plotting import new_figure
from clearprop.errors import ArgumentError, shown
from clearprop.explaining.plane import Plane, values_of
from clearprop.explaining.titles import set_title, what_of
from clearprop.network import Network, check_network

Array = NDArray[Any]

MAPS = 24
"""Hidden neurons that one figure has room for."""

COLUMNS = 6

DRAWN = 1000
"""Samples that are drawn as points."""

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E6C229", "#56B4E9", "#8C564B", "#7F7F7F",
          "#6A3D9A", "#000000")  # fmt: skip
MARKERS = "osD^vPX<>*"


def plot_boundary(
    network: Network,
    X: object,
    y: object,
    *,
    inputs: tuple[int, int] = (0, 1),
    hidden: bool = True,
) -> Any:
    """Draw what a network gives over two of its inputs, with the data, and a map of each neuron.

    Of several outputs the map shows which is the largest, of a single one its values, and the line
    where a sigmoid is 0.5. Below, each hidden neuron's activation; a line is drawn where its z is
    0. A network of more than 24 hidden neurons shows those with the largest weights ahead of them.

    Parameters
    ----------
    network : Network
        Of two inputs or more.
    X : array-like, shape (n, n_0)
    y : array-like
        As for `backprop`.
    inputs : tuple of int
        Which inputs are the axes; the others are held at their means over X.
    hidden : bool
        Whether the hidden neurons are drawn.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    DataError
        If X or y does not fit the network.
    ArgumentError
        If the network has one input, or `inputs` are no two of its inputs.
    MissingExtraError
        If matplotlib (the extra `plots`) is not installed.

    Examples
    --------
    >>> import clearprop as cp
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> network = cp.Network([2, 3, 1], activations="tanh", output="sigmoid", seed=1)
    >>> figure = cp.plot_boundary(network, X, y)
    >>> [axis.get_title() for axis in figure.axes if axis.get_title()]
    ['a1[0] (tanh)', 'a1[1] (tanh)', 'a1[2] (tanh)']
    """
    work = check_network(network).astype(np.float64)
    X = check_inputs(X, work.sizes[0], work.dtype)
    y = check_targets(y, len(X), work.sizes[-1], work.loss.targets, work.dtype)
    plane = Plane.through(X, _pair_of_inputs(inputs, work.sizes[0]))
    neurons = _hidden(work) if flag("hidden", hidden) else []
    rows = ceil(len(neurons) / COLUMNS)
    columns = min(COLUMNS, len(neurons))
    height = 1.75 * rows + (0.5 if rows else 0.0)
    size = max(6.2, 1.65 * columns), 4.6 + height
    figure = new_figure(size, "plot_boundary")
    parts = figure.subfigures(2, 1, height_ratios=[4.6, height]) if rows else [figure]
    axis = parts[0].subplots()
    values = values_of(work, plane.rows)
    draw_output(axis, work, plane, values[1][-1], X, y, figure=parts[0])
    set_title(axis, what_of(work, len(X)), plane.words)
    if rows:
        _draw_hidden(parts[1], neurons, work, plane, values, X)
    return figure


def finish(axis: Any, plane: Plane, labels: bool = True) -> None:
    """Set the limits and names of the axes."""
    axis.set_xlim(plane.first[0], plane.first[-1])
    axis.set_ylim(plane.second[0], plane.second[-1])
    if labels:
        axis.set_xlabel(f"x[{plane.inputs[0]}]")
        axis.set_ylabel(f"x[{plane.inputs[1]}]")
    else:
        axis.set_xticks([])
        axis.set_yticks([])


def draw_output(
    axis: Any, network: Network, plane: Plane, a: Array, X: Array, y: Array, *, figure: Any = None
) -> None:
    """Draw the map of a network's output and the samples; with a figure, a bar or legend beside."""
    if network.sizes[-1] > 1:
        _draw_classes(axis, plane, a, X, y, figure is not None)
    else:
        _draw_number(axis, network, plane, a[:, 0], X, y.reshape(-1), figure)
    finish(axis, plane)


def _draw_classes(axis: Any, plane: Plane, a: Array, X: Array, y: Array, legend: bool) -> None:
    """Draw which output is the largest, and each sample in the color of its own class."""
    from matplotlib.colors import to_rgb

    called = plane.map(a.argmax(axis=1))
    labels = y if y.ndim == 1 else y.argmax(axis=1)
    pale = np.array([0.65 + 0.35 * np.array(to_rgb(color)) for color in COLORS])
    ranked = np.sort(a, axis=1)
    extent = (plane.first[0], plane.first[-1], plane.second[0], plane.second[-1])
    axis.imshow(pale[called % len(COLORS)], origin="lower", extent=extent, aspect="auto")
    for k in np.unique(np.concatenate([called.ravel(), labels])):
        # By how much output k is larger than the largest of the others.
        other = np.where(a.argmax(axis=1) == k, ranked[:, -2], ranked[:, -1])
        ahead = plane.map(a[:, k] - other)
        if ahead.min() < 0 < ahead.max():
            at = plane.first, plane.second, ahead
            axis.contour(*at, levels=[0], colors="0.3", linewidths=0.8)
        own = X[labels == k][:DRAWN][:, plane.inputs]
        color, marker = COLORS[k % len(COLORS)], MARKERS[k % len(MARKERS)]
        axis.plot(*own.T, color=color, marker=marker, ls="", mec="white", ms=6, label=f"y = {k}")
    if legend and len(np.unique(labels)) <= 12:
        axis.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize="small")


def _draw_number(
    axis: Any, network: Network, plane: Plane, a: Array, X: Array, y: Array, figure: Any
) -> None:
    """Draw the values of a single output, and each sample in the color of its target."""
    from matplotlib.colors import LinearSegmentedColormap

    is_probability = network.activations[-1].name == "sigmoid"
    known = np.concatenate([a[np.isfinite(a)], y])
    low, high = (0.0, 1.0) if is_probability else (float(known.min()), float(known.max()))
    high = high if high > low else low + 1.0
    two = LinearSegmentedColormap.from_list("two", [COLORS[1], "white", COLORS[0]])
    beyond = "neither" if is_probability else "both"
    colors = {"cmap": two if is_probability else "cividis", "vmin": low, "vmax": high}
    at = plane.first, plane.second, plane.map(a)
    filled = axis.contourf(*at, levels=np.linspace(low, high, 21), extend=beyond, **colors)
    if is_probability and a.min() < 0.5 < a.max():
        line = axis.contour(*at, levels=[0.5], colors="black", linewidths=1.4)
        axis.clabel(line, fmt="0.5", fontsize=8)
    places = X[:DRAWN][:, plane.inputs].T
    axis.scatter(*places, c=y[:DRAWN], s=36, ec="black", lw=0.8, zorder=3, **colors)
    if figure is not None:
        last = len(network.sizes) - 1
        figure.colorbar(filled, ax=axis, label=f"a{last}[0]; of a sample y", format="%.3g")


def _hidden(network: Network) -> list[tuple[int, int]]:
    """Return the layer and place of the hidden neurons that are drawn."""
    found = [(k, j) for k in range(1, len(network.sizes) - 1) for j in range(network.sizes[k])]
    if len(found) <= MAPS:
        return found
    ahead = np.concatenate([np.abs(W).max(axis=0) for W in network.weights[1:]])
    kept = np.sort(np.argsort(-ahead, kind="stable")[:MAPS])
    return [found[place] for place in kept]


def _draw_hidden(
    part: Any, neurons: Sequence[tuple[int, int]], network: Network, plane: Plane, values: Any,
    X: Array,
) -> None:  # fmt: skip
    """Draw a map for each hidden neuron."""
    rows = ceil(len(neurons) / COLUMNS)
    columns = min(COLUMNS, len(neurons))
    axes = part.subplots(rows, columns, squeeze=False).ravel()
    total = sum(network.sizes[1:-1])
    which = f"{len(neurons)} of {total:,} hidden neurons: those with the largest weights ahead"
    words = "each hidden neuron" if len(neurons) == total else which
    part.suptitle(f"{words}; dark: small, light: large; white line: z = 0", fontsize="small")
    for axis, (layer, j) in zip(axes, neurons, strict=False):
        z, a = (plane.map(values[k][layer - 1 + k][:, j]) for k in (0, 1))
        axis.imshow(
            a, origin="lower", cmap="viridis", aspect="auto",
            extent=(plane.first[0], plane.first[-1], plane.second[0], plane.second[-1]),
        )  # fmt: skip
        if z.min() < 0 < z.max():
            axis.contour(plane.first, plane.second, z, levels=[0], colors="white", linewidths=1.4)
        places = X[:DRAWN][:, plane.inputs].T
        axis.plot(*places, color="white", marker=".", ms=3, ls="", mec="black", mew=0.4)
        name = network.activations[layer - 1].name
        axis.set_title(f"a{layer}[{j}] ({name})", fontsize="small", parse_math=False)
        finish(axis, plane, labels=False)
    for spare in axes[len(neurons) :]:
        spare.remove()


def _pair_of_inputs(inputs: object, n: int) -> tuple[int, int]:
    if n < 2:
        raise ArgumentError("the network has one input; a map needs two")
    if not isinstance(inputs, Sequence) or isinstance(inputs, str) or len(inputs) != 2:
        raise ArgumentError(f"inputs is {shown(inputs)}; it must be two inputs such as (0, 1)")
    first, second = (count("inputs", i, 0, most=n - 1) for i in inputs)
    if first == second:
        raise ArgumentError(f"inputs is {shown(inputs)}; it must be two that differ")
    return first, second
