"""The hill of the notes: the cost over two parameters, or over the plane that a run crossed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop.backprop import backprop
from clearprop.checks.data import Data, check_inputs, check_sample_weight, check_targets
from clearprop.checks.settings import count, number
from clearprop.display.plotting import axes_for, new_figure
from clearprop.errors import (
    ArgumentError,
    ShapeError,
    printable,
    shown,
)
from clearprop.explaining.names import element_of, own_name, read_names
from clearprop.explaining.plots.hill import draw_contours, draw_hill, size_of
from clearprop.explaining.plots.plane import Plane, cost_at, main_directions, through_two
from clearprop.explaining.titles import what_of
from clearprop.losses import Loss, LossName
from clearprop.network import Network, check_network
from clearprop.optimizers import Optimizer, OptimizerName
from clearprop.training.steps import steps

Array = NDArray[Any]


POINTS = 1000
"""Of an axis at most: the cost is computed at the square of them."""

REACH = 1e100
"""How far a surface may reach: squares of its numbers are finite."""


@dataclass(frozen=True, repr=False)
class LossSurface:
    """The cost on a grid of a plane through the parameters.

    Attributes
    ----------
    names : tuple of str
        What the axes are: "W1[0,0]", or "direction 1".
    first, second : ndarray, shape (points,)
        The values on the axes: of the parameters, or distances from the network along directions.
    losses : ndarray, shape (points, points)
        ``losses[j, i]`` is the cost at ``first[i]``, ``second[j]``.
    here : tuple of float
        Where the network is.
    paths : mapping of str to ndarray, shape (steps, 2)
        Where each run went, on these axes; the only one of `path` is called "descent".
    others : int
        Parameters that are none of the two on the axes, and that the surface leaves as they are
        in the network; 0 for directions.
    gradient : tuple of float
        The slopes of the cost along the axes, where the network is.
    step : tuple of float, or None
        How far the optimizer's first step goes along the axes.
    what : str
        Network, loss and data, in words.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network.from_weights([[[1.0, 2.0]]], activations="identity")
    >>> surface = cp.loss_surface(
    ...     network, [[1, 0], [0, 1]], [1.0, 2.0], "W1[0,0]", "W1[0,1]", points=21
    ... )
    >>> surface
    Loss surface over W1[0,0] and W1[0,1]: from 0 to 2; here, at (1, 2), 0
    """

    names: tuple[str, str]
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    losses: NDArray[np.float64]
    here: tuple[float, float]
    loss: float
    paths: Mapping[str, NDArray[np.float64]]
    others: int
    gradient: tuple[float, float]
    step: tuple[float, float] | None
    what: str

    @property
    def path(self) -> NDArray[np.float64] | None:
        """The path of the run, shape (steps, 2); of several, the last. None without one."""
        return list(self.paths.values())[-1] if self.paths else None

    def __repr__(self) -> str:
        finite = self.losses[np.isfinite(self.losses)]
        if not finite.size:
            return f"Loss surface over {self.names[0]} and {self.names[1]}: nowhere finite"
        here = f"here, at ({self.here[0]:.4g}, {self.here[1]:.4g}), {self.loss:.4g}"
        return (
            f"Loss surface over {self.names[0]} and {self.names[1]}: from {finite.min():.4g} to "
            f"{finite.max():.4g}; {here}"
        )

    def plot(self, ax: Any = None) -> Any:
        """Draw lines of equal cost, where the network is, its gradient, and the runs' paths.

        Both axes have one scale, so that the gradient stands upright on the lines of equal cost.
        It points uphill; an arrow that would be too short or too long is drawn at another length,
        which the legend tells. A path lies on the surface where it ends only: on its way, other
        parameters were not what they are now.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            None: a new figure.

        Returns
        -------
        matplotlib Figure

        Raises
        ------
        MissingExtraError
            If matplotlib (the extra `plots`) is not installed.
        """
        figure, axis = axes_for(ax, size_of(self), "plot()")
        draw_contours(self, figure, axis, own_figure=ax is None)
        return figure

    def plot_3d(self, ax: Any = None) -> Any:
        """Draw the hill in three dimensions, with the runs' paths laid upon it.

        Parameters
        ----------
        ax : matplotlib Axes3D, optional
            Axes with ``projection="3d"``. None: a new figure.

        Returns
        -------
        matplotlib Figure

        Raises
        ------
        ArgumentError
            If the axes are not three-dimensional.
        MissingExtraError
            If matplotlib (the extra `plots`) is not installed.

        Examples
        --------
        >>> import clearprop as cp
        >>> network = cp.Network.from_weights([[[1.0, 2.0]]], activations="identity")
        >>> surface = cp.loss_surface(network, [[1, 0]], [1.0], "W1[0,0]", "W1[0,1]", points=5)
        >>> surface.plot_3d().axes[0].get_zlabel()
        'cost (mean per sample)'
        """
        if ax is None:
            figure = new_figure((6.2, 5.4), "plot_3d()")
            axis = figure.add_subplot(projection="3d")
        else:
            figure, axis = axes_for(ax, (6.2, 5.4), "plot_3d()")
            if not hasattr(axis, "plot_surface"):
                raise ArgumentError('ax is flat; make it with projection="3d"')
        draw_hill(self, figure, axis)
        return figure


def loss_surface(
    network: Network,
    X: object,
    y: object,
    first: str | None = None,
    second: str | None = None,
    *,
    path: Sequence[ArrayLike] | Array | Mapping[str, Sequence[ArrayLike] | Array] | None = None,
    optimizer: OptimizerName | Optimizer | None = None,
    span: float | None = None,
    points: int = 41,
    loss: LossName | Loss | None = None,
    sample_weight: object = None,
    l2: float = 0.0,
    names: Mapping[str, str] | None = None,
) -> LossSurface:
    """Compute the cost over two parameters, or over the two directions that a run moved along most.

    Parameters
    ----------
    network : Network
        Left as it is; the middle of the surface, unless there is a path.
    X, y, loss, sample_weight, l2
        As for `backprop`.
    first, second : str, optional
        Two parameters, such as ``"W1[0,0]"``. None: the principal directions of `path`.
    path : array-like, shape (steps, n_parameters), or mapping of str to such, optional
        The parameters that a run went through: ``network.parameters.copy()`` in a callback, or
        ``step.record.network.parameters`` of each of `steps`. Several runs to compare, by name.
    optimizer : str or Optimizer, optional
        Shows its first step from the network, on all rows.
    span : float, optional
        How far the axes reach on either side. None: 2, or what the paths need.
    points : int
        Grid points of an axis, from 2 to 1,000.
    names : mapping of str to str, optional
        Names of the reader's own for elements, ``{"W1[0,0]": "w1"}``: `first` and `second` may be
        such, and the axes are called so.

    Returns
    -------
    LossSurface

    Raises
    ------
    DataError, ArgumentError, PairingError
        If something that was passed in does not fit.
    ElementError
        If a name is no single parameter of the network.

    Examples
    --------
    >>> import clearprop as cp
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> network = cp.Network([2, 3, 1], activations="tanh", dtype="float64", seed=1)
    >>> run = [step.record.network.parameters for step in cp.steps(network, X, y, epochs=30)]
    >>> surface = cp.loss_surface(network, X, y, path=run, points=9)
    >>> surface.names, surface.path.shape, surface.losses.shape
    (('direction 1', 'direction 2'), (30, 2), (9, 9))
    """
    work = check_network(network).astype(np.float64, loss=loss)
    X = check_inputs(X, work.sizes[0], work.dtype)
    y = check_targets(y, len(X), work.sizes[-1], work.loss.targets, work.dtype)
    data = Data(X, y, check_sample_weight(sample_weight, len(X)))
    l2 = number("l2", l2, low=0)
    points = count("points", points, 2, most=POINTS)
    here = work.parameters.copy()
    runs = _runs(path, len(here))
    given = read_names(names, work)
    if (first is None) != (second is None):
        raise ArgumentError("give two parameters, or none and a path")
    if first is not None and second is not None:
        plane = through_two(work, (first, second), given)
        elements = element_of(first, given), element_of(second, given)
        called = own_name(elements[0], given), own_name(elements[1], given)
        if (plane.axes[0] == plane.axes[1]).all():
            raise ArgumentError(f"{shown(first)} and {shown(second)} are one parameter: give two")
    elif runs:
        called = "direction 1", "direction 2"
        run = np.concatenate(list(runs.values()))
        moved = run - run[-1]
        if len(run) < 3 or not np.abs(moved).max() > 0:
            raise ArgumentError("a path needs three points or more that differ")
        plane = Plane(here, main_directions(moved))
    else:
        raise ArgumentError("give two parameters such as 'W1[0,0]' and 'W1[0,1]', or a path")
    at = plane.place(here)
    tracks = {name: plane.place(run) for name, run in runs.items()}
    grids = _grids(at, tracks, span, points)
    losses = plane.costs(work, data, l2, *grids)
    others = 0 if first is None else len(here) - 2
    step = None
    if optimizer is not None:
        start = work.copy()
        start.parameters[:] = here
        step = _pair(plane.axes @ _first_step(start, data, optimizer, l2))
    work.parameters[:] = here
    slopes = backprop(work, data.X, data.y, sample_weight=sample_weight, l2=l2).gradient
    return LossSurface(
        called, *grids, losses, _pair(at), cost_at(work, data, l2, here), tracks, others,
        _pair(plane.axes @ slopes), step, what_of(work, len(X)),
    )  # fmt: skip


def _pair(numbers: Array) -> tuple[float, float]:
    return float(numbers[0]), float(numbers[1])


def _first_step(
    network: Network, data: Data, optimizer: OptimizerName | Optimizer, l2: float
) -> NDArray[np.float64]:
    """Return the first update of an optimizer on all rows."""
    run = steps(
        network, data.X, data.y, optimizer=optimizer, sample_weight=data.weights, l2=l2,
        batch_size=None, shuffle=False, epochs=1,
    )  # fmt: skip
    return next(run).update


def _runs(path: object, n: int) -> dict[str, Array]:
    """Return the given runs by their names."""
    if path is None:
        return {}
    if not isinstance(path, Mapping):
        return {"descent": _run(path, n)}
    if not path or not all(isinstance(name, str) for name in path):
        raise ArgumentError('path must name its runs by text: {"sgd": ..., "adam": ...}')
    return {printable(name): _run(run, n) for name, run in path.items()}


def _run(path: object, n: int) -> Array:
    try:
        run = check_inputs(path, n, np.dtype(np.float64), "path")
    except ShapeError:
        raise ShapeError(f"path must have shape (steps, {n}), a row of parameters each") from None
    if np.abs(run).max() > REACH:
        raise ArgumentError(f"path holds numbers beyond {REACH:g}: no surface reaches so far")
    return run


def _grids(
    at: Array, tracks: Mapping[str, Array], span: float | None, points: int
) -> tuple[Array, Array]:
    """Return the values of both axes: no axis is longer than twice the other."""
    if span is not None:
        reach = number("span", span, low=0, high=REACH, open="low")
        middles, halves = at, np.array([reach, reach])
    elif not tracks:
        middles, halves = at, np.array([2.0, 2.0])
    else:
        places = np.concatenate([at[None], *tracks.values()])
        low, high = places.min(axis=0), places.max(axis=0)
        middles, halves = (low + high) / 2, 0.75 * (high - low)
        halves = np.maximum(halves, 0.5 * halves.max() or 1.0)
    first, second = (
        np.linspace(middle - half, middle + half, points)
        for middle, half in zip(middles, halves, strict=True)
    )
    return first, second
