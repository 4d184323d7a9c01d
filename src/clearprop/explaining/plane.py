"""A plane of a network's inputs, as a grid of rows, and what a network says there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.forward import forward
from clearprop.network import Network

Array = NDArray[Any]

ROOM = 0.15
"""What a plane shows beyond the data, as a share of their range."""


@dataclass(frozen=True)
class Plane:
    """A plane of the inputs: the values on its axes, and its points as rows of inputs.

    Attributes
    ----------
    inputs : tuple of int
        Which inputs the axes are.
    first, second : ndarray, shape (points,)
        Values on the axes.
    rows : ndarray, shape (points * points, n_0)
        The first axis runs fastest.
    words : str
        What the other inputs are.
    """

    inputs: tuple[int, int]
    first: Array
    second: Array
    rows: Array
    words: str

    @classmethod
    def through(
        cls, X: Array, inputs: tuple[int, int], *, points: int = 81, about: Array | None = None
    ) -> Plane:
        """Return the plane of two inputs about the data.

        The other inputs are at their means, or as in the row `about`.
        """
        first, second = (axis_of(X[:, i], points) for i in inputs)
        base = X.mean(axis=0) if about is None else about
        rows = np.repeat(base[None], points**2, axis=0)
        across, along = np.meshgrid(first, second)
        rows[:, inputs[0]], rows[:, inputs[1]] = across.ravel(), along.ravel()
        others = X.shape[1] - 2
        words = f"the other {others:,} inputs at their means" if others else ""
        if others == 1:
            words = "the other input at its mean"
        return cls(inputs, first, second, rows, words)

    def map(self, values: Array) -> Array:
        """Return values of the rows as a map, shape (points, points)."""
        return values.reshape(self.second.size, self.first.size)


def axis_of(values: Array, points: int) -> Array:
    """Return so many values over the range of those given, with some room on both sides."""
    low, high = float(values.min()), float(values.max())
    room = ROOM * (high - low) or 1.0
    return np.linspace(low - room, high + room, points)


def values_of(network: Network, rows: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Return every z and every a of a network for rows of inputs."""
    return forward(network.weights, network.biases, network.activations, rows)
