"""The ground under a run: which plane through the parameters is looked at, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import count
from clearprop.errors import ArgumentError, ElementError
from clearprop.explaining.names import element_of, own_name, read_names
from clearprop.explaining.plots.plane import Plane, main_directions, through_two
from clearprop.network import Network
from clearprop.studio.question import Question
from clearprop.studio.runs import Run

Array = NDArray[Any]

KINDS = ("weights", "path", "random")
LEAST = {"weights": 2.0, "path": 0.25, "random": 2.0}
"""How far the axes reach on either side, at least, by the kind of plane."""


@dataclass(frozen=True, eq=False)
class Ground:
    """A plane, what its axes are called, and how the others are.

    Attributes
    ----------
    plane : Plane
    kind : {"weights", "path", "random"}
    names : tuple of str
        Of the axes.
    elements : tuple of str
        The two weights' names in the network; none for directions.
    words : str
        What holds for whatever is not on the axes.
    """

    plane: Plane
    kind: str
    names: tuple[str, str]
    elements: tuple[str, ...]
    words: str


def ground(run: Run, network: Network, n: int, paths: Array, question: Question) -> Ground:
    """Return the ground that a question asks for, through a network at step n.

    Raises
    ------
    ArgumentError, ElementError
        If there is no such plane.
    """
    kind = question.choice("plane", KINDS)
    others = network.n_parameters - 2
    if kind == "weights":
        given = names_of(run)
        asked = question.text("first"), question.text("second")
        default = _steepest(run)
        first = asked[0] or next(name for name in default if name != element_of(asked[1], given))
        second = asked[1] or next(name for name in default if name != element_of(first, given))
        plane = through_two(network, (first, second), given)
        if (plane.axes[0] == plane.axes[1]).all():
            raise ArgumentError(f"both axes are {first}: choose two weights")
        elements = element_of(first, given), element_of(second, given)
        called = own_name(elements[0], given), own_name(elements[1], given)
        words = f"The other {others:,} parameters are as they are at step {n:,}"
        if others == 1:
            words = f"The other parameter is as it is at step {n:,}"
        if len(paths) > 1 and others:
            words += "; along the path they were not"
        return Ground(plane, kind, called, elements, f"{words}." if others else "")
    if kind == "random":
        axes = _random_directions(network, count("draw", question.whole("draw", 0), 0))
        words = (
            f"Two directions drawn at random through where the run is at step {n:,}, in each layer "
            "as long as its weights; the path is projected onto them."
        )
    else:
        if len(paths) < 3 or not np.abs(paths - paths[-1]).max() > 0:
            raise ArgumentError("a path has two main directions from its third step on: go on")
        axes = main_directions(paths - network.parameters)
        words = (
            "The two directions along which the path went farthest, seen from where the run is at "
            f"step {n:,}; the path is projected onto them."
        )
    return Ground(
        Plane(network.parameters.copy(), axes), kind, ("direction 1", "direction 2"), (), words
    )


def names_of(run: Run) -> dict[str, str]:
    """Return the reader's names of elements, if they fit the network."""
    try:
        return read_names(run.problem.names, run.problem.network)
    except ElementError:  # of a network of another shape
        return {}


def grid(places: Array, kind: str, zoom: int, points: int) -> tuple[Array, Array]:
    """Return the values on both axes: a square around the places, of a round size.

    While a run goes on, the square stays where it is as long as the run stays within.
    """
    low, high = places.min(axis=0), places.max(axis=0)
    half = _round_up(max(0.6 * float((high - low).max()), LEAST[kind]))
    middle = np.round((low + high) / 2 / (half / 4)) * (half / 4)
    if zoom:
        half, middle = half * 2.0**-zoom, places[0]
    first, second = (np.linspace(m - half, m + half, points) for m in middle)
    return first, second


def _round_up(half: float) -> float:
    """Return the next of ..., 1, 1.5, 2, 3, 4, 6, 8, ... ."""
    power = 2.0 ** np.floor(np.log2(half))
    return next(float(m * power) for m in (1.0, 1.5, 2.0) if m * power >= half)


def _steepest(run: Run) -> list[str]:
    """Return three weights on which the cost depends most before the first step."""
    record = run.at(0).record
    network = record.network
    found = []
    for place in np.argsort(-np.abs(record.gradient), kind="stable"):
        name = _name_at(network, int(place))
        if name[0] == "W" or network.n_parameters < 8:
            found.append(name)
        if len(found) == 3:
            break
    return found


def _name_at(network: Network, place: int) -> str:
    """Return the name of a parameter by its place in the flat vector."""
    numbers = network.unflatten(np.arange(network.n_parameters))
    for name, part in numbers.items():
        if part.flat[0] <= place <= part.flat[-1]:
            at = np.argwhere(part == place)
            return f"{name}[{','.join(map(str, at[0]))}]"
    raise AssertionError(place)


def _random_directions(network: Network, seed: int) -> Array:
    """Return two directions; each layer's part of them is as long as its weights."""
    random = np.random.default_rng(seed)
    drawn = random.normal(size=(2, network.n_parameters))
    for axis in drawn:
        whole = network.parameters
        parts = network.unflatten(axis)
        for name, part in parts.items():
            size = float(np.linalg.norm(network.unflatten(whole)[name]))
            part *= size / float(np.linalg.norm(part))
    if not drawn.any():
        drawn = random.normal(size=drawn.shape)  # all weights are 0
    first = drawn[0] / np.linalg.norm(drawn[0])
    second = drawn[1] - (drawn[1] @ first) * first
    return np.stack([first, second / np.linalg.norm(second)])
