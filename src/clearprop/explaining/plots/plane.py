"""A plane through the parameters of a network, and the cost upon it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data
from clearprop.cost import evaluate, penalty
from clearprop.errors import ElementError, shown
from clearprop.explaining.names import find_element
from clearprop.network import Network

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Plane:
    """The parameters ``origin + a axes[0] + b axes[1]``, for all a and b.

    Attributes
    ----------
    origin : ndarray, shape (n_parameters,)
    axes : ndarray, shape (2, n_parameters)
        Of length 1, and upright on each other.
    """

    origin: Array
    axes: Array

    def place(self, parameters: Array) -> Array:
        """Return the nearest (a, b), shape (2,); for many rows of parameters, (rows, 2)."""
        return np.asarray((parameters - self.origin) @ self.axes.T)

    def at(self, a: float, b: float) -> Array:
        """Return the parameters at a place of the plane."""
        return np.asarray(self.origin + a * self.axes[0] + b * self.axes[1])

    def costs(self, work: Network, data: Data, l2: float, first: Array, second: Array) -> Array:
        """Return the cost at each (first[i], second[j]), as [j, i]; `work` is left elsewhere."""
        return np.array(
            [[cost_at(work, data, l2, self.at(a, b)) for a in first] for b in second], np.float64
        )


def through_two(network: Network, names: tuple[str, str], given: Mapping[str, str]) -> Plane:
    """Return the plane of two parameters, on which the others are as they are.

    Raises
    ------
    ElementError
        If a name is no single parameter of the network.
    """
    axes = np.stack([_unit(network, name, given) for name in names])
    return Plane(network.parameters * (1 - axes.sum(axis=0)), axes)


def main_directions(moved: Array) -> Array:
    """Return the two directions along which rows of parameters differ most, shape (2, n)."""
    axes = np.linalg.svd(moved, full_matrices=False)[2][:2]
    signs = np.where(axes[:, np.abs(axes).argmax(axis=1)].diagonal() < 0, -1, 1)
    return np.asarray(axes * signs[:, None])


def cost_at(work: Network, data: Data, l2: float, parameters: Array) -> float:
    """Return the cost with these parameters, which `work` is given."""
    work.parameters[:] = parameters
    with np.errstate(all="ignore"):
        mean = evaluate(work, data)[0]
        return float(mean + penalty(work.weights, l2, work.dtype))


def heights(first: Array, second: Array, costs: Array, path: Array) -> Array:
    """Return the cost on the surface below the points of a path, between those of the grid."""
    n = len(first)
    at = [
        (path[:, k] - grid[0]) / (grid[-1] - grid[0]) * (n - 1)
        for k, grid in enumerate((first, second))
    ]
    left, low = (np.clip(places.astype(int), 0, n - 2) for places in at)
    u, v = np.clip(at[0] - left, 0, 1), np.clip(at[1] - low, 0, 1)
    below = (1 - u) * costs[low, left] + u * costs[low, left + 1]
    above = (1 - u) * costs[low + 1, left] + u * costs[low + 1, left + 1]
    return np.asarray((1 - v) * below + v * above)


def _unit(network: Network, name: str, given: Mapping[str, str]) -> Array:
    """A 1 at one parameter's place."""
    element = find_element(name, network, given, ("W", "b"))
    if element.symbol not in ("W", "b") or not element.indices:
        raise ElementError(f"{shown(name)} is not one parameter; name it like W1[0,1] or b2[0]")
    vector = np.zeros(network.n_parameters)
    network.unflatten(vector)[f"{element.symbol}{element.layer}"][element.indices] = 1.0
    return vector
