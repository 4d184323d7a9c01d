"""The weights of a network as a picture: Hinton diagrams, and images where neurons are many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import count
from clearprop.display.plotting import check_axes, check_matplotlib, new_figure
from clearprop.errors import ArgumentError, shown
from clearprop.explaining.titles import set_heading, what_of
from clearprop.network import Network, check_network

Array = NDArray[np.float64]

SQUARES = 64
"""Neurons on a side, up to which a layer is drawn in squares."""

NUMBERS = 8
"""Neurons on a side, up to which a layer shows its numbers."""

INSIDE = 0.6
"""The side of a square, as a share of its cell, that holds its number."""

PANELS = 24
"""Layers that one figure has room for."""

POSITIVE, NEGATIVE = "#0072B2", "#D55E00"

FILLED = 0.92
"""The side of the largest square, as a share of its cell."""

TAIL = 0.005
"""The share of an image's weights that may lie beyond the ends of its colors."""

LABEL, WIDEST = 0.35, 13.0
"""Inches that a tick's number takes, and that a figure is wide at most."""


def plot_weights(
    network: Network,
    layer: int | None = None,
    *,
    image_shape: tuple[int, int] | None = None,
    ax: Any = None,
) -> Any:
    r"""Draw weights as squares: the area says how large a weight is, the color its sign.

    A row for each neuron of layer l, a column for each of layer l-1, and the biases apart, to the
    right, on the same scale; the largest |w| may be one of them. Layers of up to 8 neurons on a
    side show their numbers. Layers with more than 64 neurons
    on a side are drawn as an image, with a color bar; single weights far larger than others lie
    beyond its ends. Weights that are NaN or infinite are marked in black.

    Parameters
    ----------
    network : Network
    layer : int, optional
        From 1 to L. None: a panel for each layer of weights.
    image_shape : tuple of int, optional
        Height and width of the images that the network reads, such as (28, 28): the weights of
        layer 1 are drawn as such an image for each neuron, without its bias.
    ax : matplotlib Axes, optional
        Where to draw one layer. None: a new figure.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ArgumentError
        If there is no such layer, the axes are to hold more than one, the network has more than
        24 layers and none was named, the inputs are no such images, or the weights are complex.
    MissingExtraError
        If matplotlib (the extra `plots`) is not installed.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network.from_weights([[[0.1, -0.3], [0.2, 0.4]], [[0.5, 0.6]]])
    >>> figure = cp.plot_weights(network)
    >>> [axis.get_title() for axis in figure.axes]
    ['W1 (2, 2)\nlargest |w| = 0.4', 'W2 (1, 2)\nlargest |w| = 0.6']
    """
    check_matplotlib("plot_weights")
    panels = _panels(check_network(network), layer, image_shape)
    if ax is not None:
        check_axes(ax)
        if len(panels) > 1:
            raise ArgumentError(f"ax holds one layer: give layer=, from 1 to {len(panels)}")
        figure, axes, legend = ax.figure, [ax], ax.legend
        place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)}
    else:
        figure, axes = _figure(panels)
        set_heading(figure, what_of(network))
        legend, place = figure.legend, {"loc": "outside lower center", "ncols": 5}
    for axis, panel in zip(axes, panels, strict=True):
        panel.draw(figure, axis)
    handles = _handles(panels)
    if handles:
        legend(handles=handles, frameon=False, handletextpad=0.3, **place)
    return figure


def _panels(
    network: Network, layer: int | None, image_shape: tuple[int, int] | None
) -> list[_Panel]:
    last = len(network.sizes) - 1
    if np.iscomplexobj(network.parameters):
        raise ArgumentError("the weights are complex: plot network.astype('float64')")
    if layer is None:
        layers = list(range(1, last + 1))
    elif count("layer", layer, 1) > last:
        raise ArgumentError(f"layer is {layer}; the network has layers 1 to {last}")
    else:
        layers = [layer]
    if len(layers) > PANELS:
        raise ArgumentError(f"{last} layers are too many for a figure: give layer=, from 1 on")
    if image_shape is not None:
        if not isinstance(image_shape, Sequence) or len(image_shape) != 2:
            raise ArgumentError(f"image_shape is {shown(image_shape)}; it must be (height, width)")
        height, width = (count("image_shape", side, 1) for side in image_shape)
        if 1 not in layers or height * width != network.sizes[0]:
            raise ArgumentError(
                f"image_shape is {(height, width)}, for layer 1 with {height * width:,} inputs; "
                f"here is layer {layers[0]} with {network.sizes[layers[0] - 1]:,}"
            )
    found = []
    for at in layers:
        W = network.weights[at - 1].astype(np.float64)
        b = network.biases[at - 1].astype(np.float64) if network.has_biases else None
        if image_shape is not None and at == 1:
            found.append(_Panel(at, W, None, (height, width)))
        else:
            found.append(_Panel(at, W, b, None))
    return found


@dataclass(frozen=True)
class _Panel:
    """One layer: its weights (n_out, n_in), and its biases (n_out,) or None."""

    layer: int
    W: Array
    b: Array | None
    image_shape: tuple[int, int] | None

    @property
    def numbers(self) -> Array:
        """The weights, and the biases, which are weights from a neuron that always gives 1."""
        return self.W if self.b is None else np.column_stack([self.W, self.b])

    @property
    def largest(self) -> float:
        finite = np.abs(self.numbers[np.isfinite(self.numbers)])
        return float(finite.max(initial=0.0))

    @property
    def in_squares(self) -> bool:
        return self.image_shape is None and max(self.W.shape) <= SQUARES

    @property
    def limit(self) -> float:
        """Where the colors of an image end: single large weights, or biases, would hide all."""
        finite = np.abs(self.W[np.isfinite(self.W)])
        largest = float(finite.max(initial=0.0))
        limit = float(np.quantile(finite, 1 - TAIL)) if finite.size else 0.0
        return (limit if largest > 1.5 * limit else largest) or self.largest or 1.0

    @property
    def cell(self) -> float:
        """Inches of a square's cell."""
        return float(np.clip(4.4 / max(self.W.shape), 0.09, 0.52))

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches of what is drawn."""
        n_out, n_in = self.W.shape
        if self.in_squares:
            return max(2.6, (n_in + 1) * self.cell + LABEL), max(1.35, n_out * self.cell)
        if self.image_shape is not None:
            return 5.4, 4.6
        return float(np.clip(0.026 * n_in, 2.6, 8.0)), float(np.clip(0.03 * n_out, 1.35, 4.0))

    def draw(self, figure: Any, axis: Any) -> None:
        if self.image_shape is not None:
            self._draw_neurons(figure, axis, *self.image_shape)
        else:
            self._draw_matrix(figure, axis)
        title = f"W{self.layer} {self.W.shape}\nlargest |w| = {self.largest:.3g}"
        axis.set_title(title, fontsize="medium")
        axis.spines[:].set_visible(False)
        axis.tick_params(length=2)

    def _draw_matrix(self, figure: Any, axis: Any) -> None:
        from matplotlib.patches import Rectangle

        n_out, n_in = self.W.shape
        blocks = [(self.W, -0.5, n_in - 0.5)]
        ticks = _ticks(n_in)
        places: list[float] = [*ticks]
        labels = [str(tick) for tick in ticks]
        if self.b is not None:
            if self.in_squares:
                left, width = n_in - 0.5 + max(0.5, LABEL / self.cell - 1), 1
            else:
                left, width = n_in - 0.5 + max(0.5, n_in / 80), max(1.0, n_in / 40)
                places = [tick for tick in ticks if tick < 0.9 * n_in]  # room for the b
            blocks.append((self.b[:, None], left, left + width))
            labels = [*labels[: len(places)], f"b{self.layer}"]
            places.append(left + width / 2)
        image = None
        for numbers, left, right in blocks:
            color = "0.93" if self.in_squares else "none"
            axis.add_patch(
                Rectangle((left, -0.5), right - left, n_out, fc=color, ec="0.8", lw=0.8, zorder=0.5)
            )
            if self.in_squares:
                self._draw_squares(axis, numbers, left + 0.5)
            else:
                image = self._draw_image(axis, numbers, (left, right, n_out - 0.5, -0.5))
        axis.set_xlim(-0.5 - 0.01 * n_in, blocks[-1][2] + 0.01 * n_in)
        axis.set_ylim(n_out - 0.5 + 0.01 * n_out, -0.5 - 0.01 * n_out)
        axis.set_aspect("equal" if self.in_squares else "auto")
        if image is not None:
            self._add_bar(figure, axis, image)
        axis.set_xticks(places, labels)
        axis.set_yticks(_ticks(n_out))
        axis.set_xlabel(f"neuron of layer {self.layer - 1}")
        axis.set_ylabel(f"neuron of layer {self.layer}")

    def _draw_squares(self, axis: Any, numbers: Array, left: float) -> None:
        """Draw a matrix whose first column has its middle at `left`."""
        from matplotlib.collections import PolyCollection

        with np.errstate(invalid="ignore"):
            sides = FILLED * np.sqrt(np.abs(numbers) / (self.largest or 1.0))
        for of_sign, color in ((numbers > 0, POSITIVE), (numbers < 0, NEGATIVE)):
            j, i = np.nonzero(of_sign & np.isfinite(numbers))
            middles = np.column_stack([i + left, j])[:, None, :]
            corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
            squares = middles + sides[j, i][:, None, None] * corners
            axis.add_collection(PolyCollection(squares, fc=color, lw=0), autolim=False)
        if max(self.W.shape) <= NUMBERS:
            _write_numbers(axis, numbers, sides, left)
        j, i = np.nonzero(~np.isfinite(numbers))
        if len(j):
            axis.plot(i + left, j, color="black", marker="x", ls="")

    def _draw_image(
        self, axis: Any, numbers: Array, extent: tuple[float, float, float, float]
    ) -> Any:
        from matplotlib.colors import LinearSegmentedColormap

        colors = ["#7A2F00", NEGATIVE, "white", POSITIVE, "#003A5C"]
        signs = LinearSegmentedColormap.from_list("signs", colors).with_extremes(bad="black")
        few = numbers.shape[0] <= 400 and numbers.shape[1] <= 800  # pixels suffice for all
        return axis.imshow(
            numbers, cmap=signs, vmin=-self.limit, vmax=self.limit, extent=extent, aspect="auto",
            interpolation="nearest" if few else "auto",
        )  # fmt: skip

    def _add_bar(self, figure: Any, axis: Any, image: Any) -> None:
        beyond = "both" if self.largest > self.limit else "neither"
        figure.colorbar(image, ax=axis, label="weight", aspect=25, extend=beyond)

    def _draw_neurons(self, figure: Any, axis: Any, height: int, width: int) -> None:
        """Draw the weights into each neuron as an image of the inputs, all in one."""
        n = len(self.W)
        columns = min(n, ceil(sqrt(n * height / width)))
        rows = ceil(n / columns)
        tiles = np.zeros((rows * columns, height + 1, width + 1))
        tiles[:n, :height, :width] = self.W.reshape(n, height, width)
        grid = tiles.reshape(rows, columns, height + 1, width + 1).swapaxes(1, 2)
        mosaic = grid.reshape(rows * (height + 1), columns * (width + 1))
        bottom, right = mosaic.shape
        image = self._draw_image(axis, mosaic, (0, right, bottom, 0))
        axis.hlines(np.arange(1, rows) * (height + 1) - 0.5, 0, right, color="0.7", lw=0.5)
        axis.vlines(np.arange(1, columns) * (width + 1) - 0.5, 0, bottom, color="0.7", lw=0.5)
        axis.set_aspect("equal")
        self._add_bar(figure, axis, image)
        axis.set_xticks([])
        places = _ticks(rows)
        axis.set_yticks(
            [row * (height + 1) + height / 2 for row in places],
            [str(row * columns) for row in places],
        )
        axis.set_xlabel(f"{columns} neurons a row, each an image of {height} × {width} inputs")
        axis.set_ylabel(f"neuron of layer {self.layer}, first of the row")


def _write_numbers(axis: Any, numbers: Array, sides: Array, left: float) -> None:
    """Write each number in its square, or at the foot of its cell where the square is small."""
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=1.5, foreground="0.95")]
    for (j, i), number in np.ndenumerate(numbers):
        if not np.isfinite(number):
            continue
        plain = 0.005 <= abs(number) < 100 or number == 0
        text = f"{number:.2f}" if plain else f"{number:.0e}"
        place: dict[str, Any] = {"ha": "center", "fontsize": 7.5}
        if sides[j, i] > INSIDE:
            axis.text(i + left, j, text, va="center", color="white", **place)
        else:
            foot = j + 0.47
            axis.text(i + left, foot, text, va="bottom", path_effects=halo, color="black", **place)


def _ticks(n: int) -> list[int]:
    """Return whole numbers below n: all, if there are few."""
    from matplotlib.ticker import MaxNLocator

    if n <= 12:
        return list(range(n))
    places = MaxNLocator(6, integer=True).tick_values(0, n - 1)
    return [int(place) for place in places if 0 <= place < n]


def _figure(panels: Sequence[_Panel]) -> tuple[Any, list[Any]]:
    """Return a figure with axes for the panels: as many in a row as fit, up to three."""
    squares = any(panel.in_squares for panel in panels)
    beside = 0.9 if all(panel.in_squares for panel in panels) else 1.7  # labels and a color bar
    for columns in (3, 2, 1):
        rows = ceil(len(panels) / columns)
        columns = ceil(len(panels) / rows)
        sizes = [panel.size for panel in panels]
        widths = [max(w for w, _ in sizes[k::columns]) for k in range(columns)]
        heights = [max(h for _, h in sizes[k * columns : (k + 1) * columns]) for k in range(rows)]
        width = sum(widths) + beside * columns
        if width <= WIDEST:
            break
    width = max(width, 6.0 if squares else 0.0)  # for the legend
    height = sum(heights) + 1.2 * rows + (0.4 if squares else 0.0)
    figure = new_figure((width, height + 0.3), "plot_weights")
    axes = figure.subplots(
        rows, columns, squeeze=False, width_ratios=widths, height_ratios=heights
    ).ravel()
    for spare in axes[len(panels) :]:
        spare.remove()
    return figure, list(axes[: len(panels)])


def _handles(panels: Sequence[_Panel]) -> list[Any]:
    """Return what a legend has to say beside the color bars of images."""
    from matplotlib.lines import Line2D

    def square(color: str, size: float, label: str, marker: str = "s") -> Any:
        return Line2D([], [], color=color, marker=marker, ls="", ms=size, label=label)

    handles = []
    if any(panel.in_squares for panel in panels):
        handles = [
            square(POSITIVE, 10, "positive"),
            square(NEGATIVE, 10, "negative"),
            square("0.5", 10, "largest |w| of the layer"),
            square("0.5", 5, "a quarter of it"),
        ]
    for marker, wanted in (("x", True), ("s", False)):
        if any(p.in_squares is wanted and not np.isfinite(p.numbers).all() for p in panels):
            handles.append(square("black", 7, "not finite", marker))
    return handles
