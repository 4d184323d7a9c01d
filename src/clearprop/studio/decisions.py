"""Decisions: what a network says over a plane of its inputs, and what each neuron says there.

A map travels as bytes, 0 for its lowest value and 255 for its highest, from the top row down.
"""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import BuiltInActivation
from clearprop.checks.settings import count
from clearprop.errors import ArgumentError, shown
from clearprop.forward import forward
from clearprop.network import Network
from clearprop.studio.calls import class_names, level_of
from clearprop.studio.isolines import isolines
from clearprop.studio.planes import plane_of
from clearprop.studio.problem import Problem
from clearprop.studio.projection import View
from clearprop.studio.question import Question
from clearprop.studio.runs import SLICE, Run
from clearprop.studio.scales import nice

Array = NDArray[Any]

POINTS = (60, 40, 25, 15)
"""Of each axis of a map, where nothing else is asked for: as many as can be had in time."""

MOST_POINTS = 200

BLOCK = 2_000_000
"""Activations that are held together on the way to a map."""

WORK = 1e10
"""Multiplications of a map: its points times the parameters."""

NUMBERS = 2e7
"""Inputs of a map's points, together."""

NEURONS = 16
"""Maps of a layer at most; a wider one shows its first neurons, and the one that is asked for."""


def decisions(run: Run, question: Question) -> dict[str, Any]:
    """Return the maps of step n: of each neuron, and of what the network decides.

    Asked with `n`, `over` and `about` (see `plane_of`), `points`, and `of`, a neuron "a1[2]" that
    is among those of a wide layer.

    Raises
    ------
    ArgumentError
        If there is no such plane or neuron, or a map of that many points takes too long.
    """
    n = run.reach(question.whole("n", 0), SLICE)
    network, problem = run.network_at(n), run.problem
    points, of = _points(network, question), question.text("of")
    view, over = plane_of(problem, question, points)
    which = [_shown(k, size, of) for k, size in enumerate(network.sizes[1:], 1)]
    a, output = _values(network, view.rows, which)
    return {
        "n": n,
        "kind": view.kind,
        "over": over,
        "names": view.names,
        "words": "; ".join(filter(None, [view.words, _edges(run.problem, view, over)])),
        "shares": view.shares,
        "first": [float(view.first[0]), float(view.first[-1])],
        "second": [float(view.second[0]), float(view.second[-1])] if view.second.size else [],
        "size": list(view.shape),
        "layers": [_layer(network, view, k, values, which[k]) for k, values in enumerate(a)],
        "output": _output(run, view, output),
    }


def _edges(problem: Problem, view: View, over: str) -> str:
    """Say what the ends of axes were before they were scaled."""
    if view.kind == "pca":
        return ""
    found = []
    for i, axis in zip(map(int, (over or "0").split(",")), (view.first, view.second), strict=False):
        low, high = (problem.unscaled(i, float(end), 3) for end in (axis[0], axis[-1]))
        if low:
            found.append(f"{problem.features[i]} from {low.split()[0]} to {high}")
    return f"at the edges, {' and '.join(found)}" if found else ""


def _points(network: Network, question: Question) -> int:
    """Return how many points an axis has.

    Raises
    ------
    ArgumentError
        If that many, which are asked for, take too long.
    """

    def fits(points: int) -> bool:
        work, numbers = network.n_parameters * points**2, network.sizes[0] * points**2
        return work <= WORK and numbers <= NUMBERS

    if not question.text("points"):
        return next((points for points in POINTS if fits(points)), POINTS[-1])
    asked = count("points", question.whole("points", 0), 2, most=MOST_POINTS)
    if not fits(asked):
        raise ArgumentError(
            f"a map of {asked} x {asked} points takes too long with {network.n_parameters:,} "
            "parameters: ask for fewer points, or leave them out"
        )
    return asked


def _values(network: Network, rows: Array, which: list[list[int]]) -> tuple[list[Array], Array]:
    """Return a of the neurons that are shown, by layer, and of all outputs; block by block."""
    found = [np.empty((len(rows), len(own)), network.dtype) for own in which]
    output = np.empty((len(rows), network.sizes[-1]), network.dtype)
    size = max(1, BLOCK // sum(network.sizes))
    for start in range(0, len(rows), size):
        block = slice(start, start + size)
        X = rows[block].astype(network.dtype)
        a = forward(network.weights, network.biases, network.activations, X)[1]
        for values, own, some in zip(found, a[1:], which, strict=True):
            values[block] = own[:, some]
        output[block] = a[-1]
    return found, output


def _shown(layer: int, n: int, of: str) -> list[int]:
    """Return which neurons of a layer have a map."""
    found = list(range(min(n, NEURONS)))
    prefix = f"a{layer}["
    if of.startswith(prefix):
        try:
            j = int(of[len(prefix) : -1])
        except ValueError:
            raise ArgumentError(f"of is {shown(of)}; name a neuron such as a1[0]") from None
        if j not in found:
            found.append(count("of", j, 0, "a neuron of its layer", n - 1))
    return found


def _layer(network: Network, view: View, k: int, values: Array, which: list[int]) -> dict[str, Any]:
    """Return the maps of a layer, whose colors are those of numbers below and above 0."""
    own, n = network.activations[k], network.sizes[k + 1]
    finite = np.abs(values[np.isfinite(values)])
    most = nice(float(finite.max())) if finite.size else 1.0
    if isinstance(own, BuiltInActivation) and all(map(math.isfinite, own.outputs)):
        most = max(map(abs, own.outputs))
    scale = {"center": 0.0, "most": most}
    maps = [
        {"name": f"a{k + 1}[{j}]"} | scale | packed(view, values[:, at])
        for at, j in enumerate(which)
    ]
    return {"activation": own.name, "of": n, "most": most, "maps": maps}


def packed(view: View, values: Array) -> dict[str, Any]:
    """Return a map of values as bytes, with what 0 and 255 stand for."""
    grid = values.astype(np.float64).reshape(view.shape)[::-1]
    sound = np.isfinite(grid)
    low, high = (float(grid[sound].min()), float(grid[sound].max())) if sound.any() else (0.0, 0.0)
    share = (np.where(sound, grid, high) - low) / ((high - low) or 1.0)
    levels = np.rint(255 * share).astype(np.uint8)
    return {"low": low, "high": high, "values": base64.b64encode(levels.tobytes()).decode()}


def _output(run: Run, view: View, a: Array) -> dict[str, Any]:
    """Return the map of what is decided: a single output's values, or which one is the largest."""
    classes = class_names(run.problem)
    if a.shape[1] > 1 and classes:
        return _largest(view, a, classes)
    values = a[:, 0]
    targets = run.problem.y.reshape(len(run.problem.y), -1)[:, 0].astype(np.float64)
    if classes:
        center = level_of(run.problem)
        most = float(np.abs(targets - center).max()) or 0.5
        lines = _lines(view, values, center)
    else:
        center = float(targets.mean())
        center = center if abs(center) > 1e-6 * float(targets.std()) else 0.0  # but for rounding
        most, lines = nice(float(np.abs(targets - center).max())), []
    return {
        "classes": classes, "center": center, "most": most, "lines": lines,
        "name": f"a{len(run.problem.network.sizes) - 1}[0]",
    } | packed(view, values)  # fmt: skip


def _largest(view: View, a: Array, classes: list[str]) -> dict[str, Any]:
    """Return which output is the largest, by how much, and where two are equal.

    Of more than 256 classes, "largest" holds the low byte of each one's number.
    """
    ranked = np.sort(a, axis=1)
    ahead = ranked[:, -1] - ranked[:, -2]
    largest = a.argmax(axis=1)
    lines = []
    for k in np.unique(largest):
        other = np.where(largest == k, ranked[:, -2], ranked[:, -1])
        lines += _lines(view, a[:, k] - other, 0.0)
    return {
        "classes": classes, "lines": lines, "name": "the largest output",
        "largest": _low_bytes(view, largest),
        "largest_high": _low_bytes(view, largest >> 8) if len(classes) > 256 else "",
    } | packed(view, ahead)  # fmt: skip


def _low_bytes(view: View, numbers: Array) -> str:
    """Return the lowest byte of each number of a map."""
    grid = (numbers & 255).astype(np.uint8).reshape(view.shape)[::-1]
    return base64.b64encode(grid.tobytes()).decode()


def _lines(view: View, values: Array, level: float) -> list[list[tuple[float, float]]]:
    if view.kind == "line":
        return []
    return isolines(view.first, view.second, values.reshape(view.shape).astype(float), level)
