"""The hill: the cost over a plane through the parameters, and which steps lead where upon it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.backprop import backprop
from clearprop.checks.data import Data
from clearprop.checks.settings import count, number
from clearprop.errors import ArgumentError
from clearprop.explaining.plots.plane import cost_at, heights
from clearprop.network import Network
from clearprop.schedules import rate_at
from clearprop.studio.courses import course
from clearprop.studio.ground import Ground, grid, ground
from clearprop.studio.guessing import is_open
from clearprop.studio.isolines import isolines
from clearprop.studio.question import Question
from clearprop.studio.runs import Run
from clearprop.training.steps import Step

Array = NDArray[Any]

POINTS = (31, 25, 19, 13, 9)
"""Grid points of an axis: as many as can be had in time."""

WORK = 4e8
"""Multiplications that the grid may take: parameters times rows times points squared."""

ROWS = 1000
"""Rows that the cost is the mean of, at most."""

LEVELS = 14
RATES = [m * 10.0**k for k in range(-4, 4) for m in (1, 2, 5)]
"""Rates of the slider."""

LONGEST = 60.0
"""How many times a step may be as long as the hill is wide, or its end is not told."""


@np.errstate(all="ignore")
def hill(run: Run, question: Question) -> dict[str, Any]:
    """Return the cost on a plane, where the run stood on it, and where steps lead."""
    n = run.reach(question.whole("n", 0))
    step = run.at(n)
    network = step.record.network.astype(np.float64)
    data, rows = _rows(run, n, step, question)
    l2 = run.setup.at(n).l2
    numbers, path = course(run, n)
    here = network.parameters.copy()
    record = backprop(network, data.X, data.y, sample_weight=data.weights, l2=l2)
    update = step.update.astype(np.float64)
    beside = [_beside(run, n, changes) for changes in question.variants()]
    paths = [("this run", numbers, path, here), *beside]
    passed = np.concatenate([one[2] for one in paths])
    base = ground(run, network, n, passed, question)
    places = base.plane.place(np.concatenate([[here, here + update], passed]))
    zoom = count("zoom", question.whole("zoom", 0) + 20, 0, most=40) - 20
    first, second = grid(places, base.kind, zoom, _points(network, len(data.X)))
    work = network.copy()
    costs = base.plane.costs(work, data, l2, first, second)

    def to(change: Array) -> dict[str, Any]:
        """Return where a change of all parameters leads, on the plane and truly."""
        along = base.plane.axes @ change
        end = base.plane.place(here) + along
        return {
            "change": along.tolist(),
            "to": end.tolist(),
            "length": float(np.linalg.norm(change)),
            "on_plane": cost_at(work, data, l2, base.plane.at(*end)),
            "whole": cost_at(work, data, l2, here + change),
        }

    downhill = -record.gradient
    if step.constraints is not None:
        downhill = -step.constraints.gradient(record.gradient)
    is_told = not is_open(run.setup, question)
    own = _own_rate(run, step) if is_told else None
    rate = number("eta", question.real("eta", own or 0.1), low=0, high=1e6, open="low")
    rates = sorted({*RATES, *([own] if own else []), rate})
    slopes = base.plane.axes @ record.gradient
    return _surface(base, first, second, costs) | {
        "n": n,
        "rows": rows,
        "all_rows": len(run.problem.X),
        "dropout": run.setup.at(n).dropout,
        "constrained": step.constraints is not None,
        "here": {"at": base.plane.place(here).tolist(), "cost": cost_at(work, data, l2, here)},
        "gradient": {"at": slopes.tolist(), "length": float(np.linalg.norm(record.gradient)),
                     "on_plane": float(np.linalg.norm(slopes))},
        "step": to(update) | {"rule": repr(run.rule_at(n)) if is_told else "not told"},
        "plain": to(rate * downhill) | {"rate": rate, "own": own},
        "rates": rates,
        "by_rate": [cost_at(work, data, l2, here + r * downhill) for r in rates],
        "paths": [
            _path(base, first, second, costs, name, numbers, path)
            | {"n": int(numbers[-1]), "cost": cost_at(work, data, l2, end)}
            for name, numbers, path, end in paths
        ],
        "elements": _elements(network),
        "suggested": _suggested(run, own) if isinstance(run, Run) and is_told else [],
    }  # fmt: skip


def _rows(run: Run, n: int, step: Step, question: Question) -> tuple[Data, int]:
    """Return the rows that the cost is of, all or the batch's, and how many they are."""
    data = run.data_at(n)
    if question.choice("on", ("all", "batch")) == "batch":
        data = data.take(step.rows)
    elif len(data.X) > ROWS:
        data = data.take(np.linspace(0, len(data.X) - 1, ROWS).astype(np.int64))
    y = data.y if data.y.dtype.kind == "i" else data.y.astype(np.float64)
    return Data(data.X.astype(np.float64), y, data.weights), len(data.X)


def _points(network: Network, rows: int) -> int:
    """Return how many grid points an axis has."""
    work = network.n_parameters * rows
    return next((points for points in POINTS if work * points**2 < WORK), POINTS[-1])


def _own_rate(run: Run, step: Step) -> float | None:
    """Return the optimizer's rate at a step; None for one without."""
    rate: Any = getattr(run.rule_at(step.number - 1), "learning_rate", None)
    if not isinstance(run, Run):  # whose steps are epochs: a schedule counts updates
        return rate if isinstance(rate, float) else None
    return None if rate is None else rate_at(rate, step.clock.t, step.clock.total)


def _beside(run: Run, n: int, changes: dict[str, str]) -> tuple[str, list[int], Array, Array]:
    """Return another run's name, steps, path and end.

    Raises
    ------
    ArgumentError
        If its parameters are not as many.
    """
    other = run.beside(changes)
    name = ", ".join(f"{key} {value}" for key, value in changes.items())
    if other.problem.network.sizes != run.problem.network.sizes:
        raise ArgumentError(f"{name} has another network: its parameters are none of this hill's")
    numbers, path = course(other, other.reach(n))
    return name, numbers, path, path[-1]


def _suggested(run: Run, own: float | None) -> list[dict[str, str]]:
    """Return runs that are worth a look beside this one: in words, and as `vs` has them."""
    found = [{"words": f"another seed, {run.setup.seed + 1}", "vs": f"seed:{run.setup.seed + 1}"}]
    if own:
        found += [
            {"words": f"rate {rate:g}", "vs": f"rate:{rate:g}"} for rate in (own * 10, own / 10)
        ]
    found += [
        {"words": "Adam, rate 0.01", "vs": "optimizer:adam,rate:0.01"},
        {"words": "momentum 0.9", "vs": f"optimizer:sgd,rate:{own or 0.1:g},momentum:0.9"},
        {"words": "all rows a step", "vs": "batch:0"},
    ]
    return found


def _surface(base: Ground, first: Array, second: Array, costs: Array) -> dict[str, Any]:
    """Return the grid, and lines of equal cost, closer together in the valley."""
    sound = costs[np.isfinite(costs)]
    low, high = (float(sound.min()), float(sound.max())) if sound.size else (None, None)
    levels: list[dict[str, Any]] = []
    if low is not None and high is not None and high > low:
        for share in np.linspace(0, 1, LEVELS + 2)[1:-1] ** 2:
            level = float(f"{low + (high - low) * share:.3g}")
            if low < level < high and level not in [one["cost"] for one in levels]:
                lines = isolines(first, second, costs, level)
                levels.append({"cost": level, "lines": [_short(line) for line in lines]})
    return {
        "plane": base.kind, "names": base.names, "chosen": base.elements, "words": base.words,
        "first": first.tolist(), "second": second.tolist(),
        "costs": costs.tolist(),
        "low": low, "high": high, "levels": levels,
    }  # fmt: skip


def _path(
    base: Ground, first: Array, second: Array, costs: Array, name: str, numbers: list[int],
    path: Array,
) -> dict[str, Any]:  # fmt: skip
    """Return where a run went on the plane, with the surface's height there; None outside."""
    places = base.plane.place(path)
    reach = float(first[-1] - first[0])
    inside = (np.abs(places - [first.mean(), second.mean()]) <= reach / 2 * (1 + 1e-9)).all(axis=1)
    with np.errstate(all="ignore"):
        below = heights(first, second, costs, np.clip(places, -LONGEST * reach, LONGEST * reach))
    return {
        "name": name,
        "numbers": numbers,
        "points": _short(places.tolist()),
        "heights": [
            height if within else None
            for height, within in zip(below.tolist(), inside, strict=True)
        ],
    }


def _elements(network: Network) -> list[str]:
    """Return the names of all parameters, if they are few enough to choose from."""
    if network.n_parameters > 400:
        return []
    return [
        f"{name}[{','.join(map(str, at))}]"
        for name, part in network.unflatten(network.parameters).items()
        for at in np.ndindex(part.shape)
    ]


def _short(points: Any) -> list[list[float]]:
    """Return points with as many digits as a drawing shows."""
    return [[float(f"{a:.6g}"), float(f"{b:.6g}")] for a, b in points]
