"""The plane that maps are drawn over: two inputs, or the two directions of most variance (PCA)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import count
from clearprop.errors import ArgumentError, shown
from clearprop.explaining.plane import Plane, axis_of
from clearprop.studio.problems import Problem

Array = NDArray[Any]


@dataclass(frozen=True)
class View:
    """A plane of the inputs as the page draws it; of a single input, its axis.

    Attributes
    ----------
    kind : {"features", "pca", "line"}
    names : list of str
        Of the axes: two, or one.
    words : str
        What the plane leaves out.
    shares : list of float
        Of the variance, what each direction explains; empty but for PCA.
    first, second : ndarray
        Values on the axes; `second` is empty for a line.
    rows : ndarray
        The grid as rows of inputs, the first axis fastest.
    center : ndarray, shape (n_0,)
        What directions begin at.
    directions : ndarray, shape (2, n_0)
        Of a line, (1, n_0).
    """

    kind: str
    names: list[str]
    words: str
    shares: list[float]
    first: Array
    second: Array
    rows: Array
    center: Array
    directions: Array

    def places(self, X: Array) -> Array:
        """Return where rows of inputs are on the axes, (n, 2); of a line (n, 1)."""
        return np.asarray((X - self.center) @ self.directions.T)

    @property
    def shape(self) -> tuple[int, int]:
        """Of a map, its rows by columns."""
        return max(self.second.size, 1), self.first.size


def view_of(problem: Problem, over: str, about: int, points: int) -> View:
    """Return the plane that an address asks for.

    Parameters
    ----------
    problem : Problem
    over : str
        "pca", or two inputs, "0,1"; "": the first two.
    about : int
        The row to learn from whose values the other inputs have; -1: their means.
    points : int
        Of each axis.

    Raises
    ------
    ArgumentError
        If `over` is none of these, or there is no such row.
    """
    X = problem.X.astype(np.float64)
    n = X.shape[1]
    if n == 1:
        return _line(problem, X, points)
    if over == "pca":
        return _principal(X, points)
    inputs = _pair(over, n)
    row = None if about < 0 else X[count("about", about, 0, "a row", len(X) - 1)]
    plane = Plane.through(X, inputs, points=points, about=row)
    words = plane.words if row is None else plane.words.replace("their means", f"row {about}'s")
    if row is not None and n == 3:
        words = f"the other input at row {about}'s"
    names = [problem.features[i] for i in inputs]
    return View(
        "features", names, words, [], plane.first, plane.second, plane.rows,
        np.zeros(n), np.eye(n)[list(inputs)],
    )  # fmt: skip


def _pair(over: str, n: int) -> tuple[int, int]:
    try:
        first, second = (int(part) for part in (over or "0,1").split(","))
    except ValueError:
        raise ArgumentError(f"over is {shown(over)}; give two inputs such as 0,1, or pca") from None
    for each in (first, second):
        count("over", each, 0, "an input", n - 1)
    if first == second:
        raise ArgumentError(f"over is {shown(over)}; it must be two inputs that differ")
    return first, second


def _line(problem: Problem, X: Array, points: int) -> View:
    first = axis_of(X[:, 0], 4 * points)
    empty = np.zeros(0)
    one = np.ones((1, 1))
    return View(
        "line", [problem.features[0]], "", [], first, empty, first[:, None], np.zeros(1), one
    )


def principal_directions(X: Array) -> tuple[Array, Array]:
    """Return the two directions of most variance, (2, n_0), and the share that each explains.

    Each points to where its largest part is positive. They are those of the covariance, whose
    decomposition takes no longer for more rows.
    """
    centered = X - X.mean(axis=0)
    covariance = centered.T @ centered
    _, variances, directions = np.linalg.svd(covariance, hermitian=True)
    found = directions[:2]
    largest = np.abs(found).argmax(axis=1)
    found = found * np.sign(found[[0, 1], largest])[:, None]
    total = float(variances.sum())
    return found, variances[:2] / total if total > 0 else np.zeros(2)


def _principal(X: Array, points: int) -> View:
    directions, shares = principal_directions(X)
    center = X.mean(axis=0)
    places = (X - center) @ directions.T
    first, second = (axis_of(places[:, k], points) for k in (0, 1))
    across, along = np.meshgrid(first, second)
    rows = center + across.reshape(-1, 1) * directions[0] + along.reshape(-1, 1) * directions[1]
    words = (
        f"a projection: PCA's first two directions hold {100 * shares.sum():.3g}% of the variance; "
        "points off the plane are drawn as if they lay in it"
    )
    names = [f"PC{k + 1} ({100 * share:.3g}%)" for k, share in enumerate(shares)]
    return View("pca", names, words, shares.tolist(), first, second, rows, center, directions)
