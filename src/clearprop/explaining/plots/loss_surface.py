"""The hill of the notes: the cost over two parameters, or over the plane that a run crossed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop.checks.data import Data, check_inputs, check_sample_weight, check_targets
from clearprop.checks.settings import count, number
from clearprop.cost import evaluate, penalty
from clearprop.display.plotting import axes_for
from clearprop.errors import ArgumentError, ElementError, NonFiniteError, ShapeError, shown
from clearprop.explaining.names import counted, element_of, find_element, own_name, read_names
from clearprop.losses import Loss
from clearprop.network import Network, check_network

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
    path : ndarray, shape (steps, 2), or None
        Where a run went, on these axes.
    others : int
        Parameters that are none of the two on the axes, and that the surface leaves as they are
        in the network; 0 for directions.

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
    path: NDArray[np.float64] | None
    others: int = 0

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
        """Draw lines of equal cost, where the network is, and the run's path.

        A path lies on the surface where it ends only: on its way, other parameters were not what
        they are now.

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
        figure, axis = axes_for(ax, (5.4, 4.2), "plot()")
        finite = np.where(np.isfinite(self.losses), self.losses, np.nan)
        if np.isnan(finite).all():
            raise NonFiniteError("the cost is finite nowhere on the surface: give a smaller span")
        low, high = float(np.nanmin(finite)), float(np.nanmax(finite))
        levels = low + (high - low) * np.linspace(0, 1, 25) ** 2  # dense in the valley
        if high > low:
            filled = axis.contourf(self.first, self.second, finite, levels=levels, cmap="cividis")
            figure.colorbar(filled, ax=axis, label="cost (mean per sample)", format="%.3g")
        title = self._title()
        if high == low:
            title = f"the cost is {low:.4g} everywhere here\n{title}".rstrip()
        axis.set_title(title, fontsize="small", loc="left")
        if self.path is not None:
            axis.plot(*self.path.T, color="white", lw=1.5, marker=".", ms=4, label="descent")
            axis.plot(*self.path[0], color="white", marker="s", ls="", mec="black", label="start")
            axis.plot(*self.path[-1], color="white", marker="D", ms=9, ls="", mec="black",
                      label="end")  # fmt: skip
        axis.plot(*self.here, color="#D55E00", marker="o", ms=5, ls="", mec="white", label="here")
        axis.set_xlabel(self.names[0])
        axis.set_ylabel(self.names[1])
        axis.set_xlim(self.first[0], self.first[-1])
        axis.set_ylim(self.second[0], self.second[-1])
        legend = axis.legend(
            loc="upper center",
            bbox_to_anchor=(0.5, -0.15),
            ncols=4,
            facecolor="0.35",
            labelcolor="white",
            fontsize="small",
        )  # below the axes, where it covers nothing
        legend.get_frame().set_linewidth(0)
        return figure

    def _title(self) -> str:
        """Say what holds for the parameters that are not on the axes."""
        if self.others:
            stay = "it is" if self.others == 1 else "they are"
            title = f"the other {counted(self.others, 'parameter')} as {stay} here"
            return title if self.path is None else f"{title}\n(along the path they differed)"
        return "" if self.path is None else "the path, projected onto its two main directions"


def loss_surface(
    network: Network,
    X: object,
    y: object,
    first: str | None = None,
    second: str | None = None,
    *,
    path: Sequence[ArrayLike] | Array | None = None,
    span: float | None = None,
    points: int = 41,
    loss: str | Loss | None = None,
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
    path : array-like, shape (steps, n_parameters), optional
        The parameters that a run went through: ``network.parameters.copy()`` in a callback, or
        ``step.record.network.parameters`` of each of `steps`.
    span : float, optional
        How far the axes reach on either side. None: 2, or what the path needs.
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
    run = None if path is None else _run(path, len(here))
    given = read_names(names, work)
    if (first is None) != (second is None):
        raise ArgumentError("give two parameters, or none and a path")
    if first is not None and second is not None:
        axes = np.stack([_unit(work, name, given) for name in (first, second)])
        elements = element_of(first, given), element_of(second, given)
        called = own_name(elements[0], given), own_name(elements[1], given)
        if (axes[0] == axes[1]).all():
            raise ArgumentError(f"{shown(first)} and {shown(second)} are one parameter: give two")
        origin = here * (1 - axes.sum(axis=0))
    elif run is not None:
        called = "direction 1", "direction 2"
        moved = run - run[-1]
        if len(run) < 3 or not np.abs(moved).max() > 0:
            raise ArgumentError("a path needs three points or more that differ")
        axes = np.linalg.svd(moved, full_matrices=False)[2][:2]
        axes = axes * np.where(axes[:, np.abs(axes).argmax(axis=1)].diagonal() < 0, -1, 1)[:, None]
        origin = here
    else:
        raise ArgumentError("give two parameters such as 'W1[0,0]' and 'W1[0,1]', or a path")
    at = axes @ (here - origin)
    track = None if run is None else (run - origin) @ axes.T
    grids = [_grid(at[k], None if track is None else track[:, k], span, points) for k in (0, 1)]

    def cost(parameters: Array) -> float:
        work.parameters[:] = parameters
        with np.errstate(all="ignore"):
            mean = evaluate(work, data)[0]
            return float(mean + penalty(work.weights, l2, work.dtype))

    losses = np.array(
        [[cost(origin + a * axes[0] + b * axes[1]) for a in grids[0]] for b in grids[1]]
    )
    others = 0 if first is None else len(here) - 2
    return LossSurface(
        called, grids[0], grids[1], losses, (float(at[0]), float(at[1])), cost(here), track, others
    )


def _unit(network: Network, name: str, given: Mapping[str, str]) -> Array:
    """A 1 at one parameter's place."""
    element = find_element(name, network, given, ("W", "b"))
    if element.symbol not in ("W", "b") or not element.indices:
        raise ElementError(f"{shown(name)} is not one parameter; name it like W1[0,1] or b2[0]")
    vector = np.zeros(network.n_parameters)
    network.unflatten(vector)[f"{element.symbol}{element.layer}"][element.indices] = 1.0
    return vector


def _run(path: Sequence[ArrayLike] | Array, n: int) -> Array:
    try:
        run = check_inputs(path, n, np.dtype(np.float64), "path")
    except ShapeError:
        raise ShapeError(f"path must have shape (steps, {n}), a row of parameters each") from None
    if np.abs(run).max() > REACH:
        raise ArgumentError(f"path holds numbers beyond {REACH:g}: no surface reaches so far")
    return run


def _grid(at: float, track: Array | None, span: float | None, points: int) -> Array:
    """Return the values of an axis."""
    if span is not None:
        reach = number("span", span, low=0, high=REACH, open="low")
        return np.linspace(at - reach, at + reach, points)
    if track is None:
        return np.linspace(at - 2, at + 2, points)
    low, high = min(track.min(), at), max(track.max(), at)
    room = 0.25 * (high - low) or 1.0
    return np.linspace(low - room, high + room, points)
