"""Sets of data that are drawn, or written down: small enough that every number can be followed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class DrawnSet:
    """Points of a plane in two classes.

    Attributes
    ----------
    title : str
    rows : int
        By itself.
    hidden : tuple of int
        Hidden layers that learn it.
    draw : callable
        Of rows, noise and a generator: X of shape (rows, 2), and y of shape (rows,) in {0, 1}.
    """

    title: str
    rows: int
    hidden: tuple[int, ...]
    draw: Callable[[int, float, np.random.Generator], tuple[Array, Array]]


def _xor(rows: int, noise: float, random: np.random.Generator) -> tuple[Array, Array]:
    X = random.uniform(-1, 1, (rows, 2))
    X += 0.05 * np.sign(X)  # a gap along the axes
    y = (X[:, 0] * X[:, 1] < 0).astype(np.int64)
    return X + noise * random.normal(size=X.shape), y


def _circles(rows: int, noise: float, random: np.random.Generator) -> tuple[Array, Array]:
    y = np.arange(rows) % 2
    angle = random.uniform(0, 2 * np.pi, rows)
    radius = np.where(y == 1, 0.4 * np.sqrt(random.random(rows)), 0.7 + 0.3 * random.random(rows))
    X = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return X + noise * random.normal(size=X.shape), y


def _spirals(rows: int, noise: float, random: np.random.Generator) -> tuple[Array, Array]:
    y = np.arange(rows) % 2
    along = np.sqrt(random.random(rows))
    angle = 1.75 * 2 * np.pi * along + np.pi * y
    X = along[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return X + 0.3 * noise * random.normal(size=X.shape), y


def _moons(rows: int, noise: float, random: np.random.Generator) -> tuple[Array, Array]:
    y = np.arange(rows) % 2
    angle = np.pi * random.random(rows)
    above = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    below = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    X = np.where(y[:, None] == 0, above, below) - [0.5, 0.25]
    return X / 1.5 + noise * random.normal(size=X.shape), y


DRAWN = {
    "xor": DrawnSet("Exclusive or", 200, (4,), _xor),
    "circles": DrawnSet("A circle within a ring", 200, (4, 2), _circles),
    "spirals": DrawnSet("Two spirals", 300, (8, 8), _spirals),
    "moons": DrawnSet("Two half moons", 200, (6,), _moons),
}
