"""Choices: what may be chosen for a run, of which something is said also where no run can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import ACTIVATIONS
from clearprop.checks.data import check_targets
from clearprop.errors import ClearpropError
from clearprop.initializers import INITIALIZERS
from clearprop.losses import LOSSES
from clearprop.network import Network
from clearprop.optimizers import Optimizer
from clearprop.schedules import rate_at
from clearprop.studio.advice import advised, told
from clearprop.studio.problem import Own, Problem, outputs_of, targets_of
from clearprop.studio.problems import problem_of
from clearprop.studio.setup import OPTIMIZERS, Setup
from clearprop.studio.table_problems import TABLES, columns_of, kinds_of, report_of, target_of

Array = NDArray[Any]
Offer = dict[str, str]

LIVE = "live"
"""The data of a run that another program makes."""

LOPSIDED = 4
"""How many times the rows of the rarest class the most frequent may have, without a word."""

OUTPUTS = ("sigmoid", "softmax", "identity", "tanh", "relu", "softplus", "exp")
LOSSES_OFFERED = [name for name in LOSSES if name != "quantile"]  # it takes a level
OWN: dict[str, Any] = {
    "hidden": "", "activation": "", "output": "", "loss": "", "initializer": "", "optimizer": "",
    "rate": 0.0, "momentum": 0.0, "frozen": "", "shared": "", "edit": "",
}  # fmt: skip


def choices(setup: Setup, own: Mapping[str, Problem] | None = None) -> dict[str, Any]:
    """Return what a setup is, in full, and what may stand in place of each of its parts.

    Returns
    -------
    dict
        network: hidden, activation, output, loss, initializer, optimizer, rate, momentum, batch
        as they are; outputs and losses: those there are, each with "why" it is not offered, ""
        where it is; table: columns with what each became, "as" what it is read by hand, and what
        is "advised"; or None; classes: rows of each;
        notes; error: why no run can be made of the setup, or None.
    """
    error, problem = None, None
    try:
        problem = problem_of(setup, own)
    except ClearpropError as refused:
        error = str(refused)
        try:  # what the data says by itself
            problem = problem_of(replace(setup, **OWN), own)
        except ClearpropError:
            problem = None
    found: dict[str, Any] = {
        "error": error,
        "activations": list(ACTIVATIONS),
        "initializers": list(INITIALIZERS),
        "optimizers": {
            name: _at_first(kind(), "learning_rate") for name, kind in OPTIMIZERS.items()
        },
        "table": _table(setup),
        "network": None,
    }
    if problem is not None:
        found |= _of_problem(setup, problem)
        for column in (found["table"] or {}).get("columns", ()):
            found["notes"] = [told(column["name"], note) for note in found["notes"]]
    if setup.illness and found["network"] is not None:  # which may be what is planted
        found["network"] |= {"optimizer": "", "rate": 0.0, "momentum": 0.0}
    if setup.data == LIVE:
        found["network"] = None  # nothing of it may be chosen here
    return found


def _of_problem(setup: Setup, problem: Problem) -> dict[str, Any]:
    network = problem.network
    rule = _rule(setup, problem)
    sizes = setup.sizes()
    hidden = list(network.sizes[1:-1]) if sizes is None else sizes
    names = setup.activation.split(",") if setup.activation else []
    own = [one.name for one in network.activations[:-1]]
    kinds = (names * len(hidden) if len(names) == 1 else names) or own or ["tanh"]
    counts = _classes(problem)
    return {
        "title": problem.title,
        "rows": len(problem.X),
        "held_rows": len(problem.X_held),
        "features": problem.features,
        "classes": counts,
        "notes": [*_lopsided(counts), *problem.notes],
        "network": {
            "inputs": network.sizes[0],
            "hidden": hidden,
            "outputs": network.sizes[-1],
            "activation": kinds,
            "output": setup.output or network.activations[-1].name,
            "loss": setup.loss or network.loss.name,
            "initializer": setup.initializer,
            "optimizer": next(
                (name for name, kind in OPTIMIZERS.items() if type(rule) is kind), ""
            ),
            "rate": _at_first(rule, "learning_rate"),
            "momentum": _at_first(rule, "momentum"),
            "batch": problem.batch if setup.batch < 0 else setup.batch,
        },
        "outputs": _offered("output", OUTPUTS, setup, problem),
        "losses": _offered("loss", LOSSES_OFFERED, setup, problem),
    }


def _rule(setup: Setup, problem: Problem) -> Optimizer:
    try:
        return setup.rule(problem.optimizer)
    except ClearpropError:
        return problem.optimizer


def _at_first(rule: Any, name: str) -> float:
    """Return a rate of an optimizer at the first update; 0 of one that has none."""
    rate = getattr(rule, name, 0.0)
    return rate_at(rate, 0, 1) if callable(rate) or isinstance(rate, int | float) else 0.0


def _offered(part: str, names: Iterable[str], setup: Setup, problem: Problem) -> list[Offer]:
    """Return the names of a part, with the reason of each that does not fit the others."""
    network = problem.network
    if setup.data.startswith("model:") or setup.weights:
        own = network.loss.name if part == "loss" else network.activations[-1].name
        return [{"name": own, "why": ""}]
    found = []
    for name in names:
        output = name if part == "output" else setup.output or network.activations[-1].name
        try:
            _check_fit(problem, output, name if part == "loss" else None)
        except ClearpropError as error:
            found.append({"name": name, "why": str(error)})
        else:
            found.append({"name": name, "why": ""})
    return found


def _check_fit(problem: Problem, output: Any, loss: Any) -> None:
    """Raise a `ClearpropError` if an output, a loss and the problem's targets do not fit."""
    own = Own((), "", output)
    n, y = problem.network.sizes[-1], problem.y
    if problem.classes:
        n = outputs_of(Setup(), own, len(problem.classes))
    small = Network([1, n], output, loss=loss)
    if problem.classes:
        y, _ = targets_of(small, _labels(problem.y))
    check_targets(y, len(y), n, small.loss.targets, small.dtype)


def _labels(y: Array) -> NDArray[np.int64]:
    """Return the class of each row."""
    labels = y if y.ndim == 1 else y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0]
    return labels.astype(np.int64)


def _classes(problem: Problem) -> dict[str, int]:
    """Return how many rows each class has, those put aside among them."""
    names = problem.classes
    if not names:
        return {}
    y = np.concatenate([problem.y, problem.y_held])
    counts = np.bincount(_labels(y), minlength=len(names))
    return dict(zip(names, counts.tolist(), strict=True))


def _lopsided(counts: dict[str, int]) -> list[str]:
    """Say that a class is rare."""
    if not counts or min(counts.values()) * LOPSIDED >= max(counts.values()):
        return []
    rare, often = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    total = sum(counts.values())
    return [
        f"the classes are lopsided: {often!r} has {counts[often] / total:.0%} of the rows, and "
        f"{rare!r} {counts[rare] / total:.1%}; a network that always says {often!r} is right as "
        "often"
    ]


def _table(setup: Setup) -> dict[str, Any] | None:
    """Return a table's columns, with what became of each, or what is known of them."""
    kind = setup.data.partition(":")[0]
    if kind not in ("table", "inline") and setup.data not in TABLES:
        return None
    try:
        names = columns_of(setup.data)
        target = target_of(setup)
    except ClearpropError:
        return None
    found: dict[str, Any] = {"target": target, "columns": names, "reason": "", "task": ""}
    used: dict[str, str] = {}
    dropped: dict[str, str] = {}
    notes: list[str] = []
    wanted: dict[str, str] = {}
    try:
        wanted = kinds_of(setup.columns, names)
        report = report_of(setup)
        used, dropped, notes = report.inputs, report.dropped, report.notes
        found |= {
            "task": report.task, "reason": report.reason, "missing": report.missing,
            "left_out": report.rows["without target"],
        }  # fmt: skip
    except ClearpropError:  # the setup's error says it
        pass
    found["columns"] = [
        {"name": name, "what": used.get(name, ""), "used": name in (wanted or used),
         "as": wanted.get(name, ""), "advised": advised(name, [dropped.get(name, ""), *notes]),
         "why": "" if wanted and name not in used else told(name, dropped.get(name, ""))}
        for name in names if name != target
    ]  # fmt: skip
    found["all"] = names
    return found


@cache
def sets() -> list[dict[str, Any]]:
    """Return what each set of data that comes along looks like: a few points, or the network."""
    return [_look(name) for name in ("circles", "xor", "moons", "spirals")] + [
        _look("penguins", axes=("bill_length_mm", "flipper_length_mm")),
        {"name": "digits", "title": "Scanned digits", "pixels": _digit()},
        {"name": "note", "title": "The notes' 2-2-1", "sizes": [2, 2, 1]},
        {"name": "mazur", "title": "Mazur's 2-2-2", "sizes": [2, 2, 2]},
    ]


def _look(name: str, axes: tuple[str, str] | None = None) -> dict[str, Any]:
    """Return a set's points, in the square from 0 to 1, with their classes."""
    problem = problem_of(Setup(data=name, share=0.0, rows=0 if axes else 120, noise=0.05))
    at = [0, 1] if axes is None else [problem.features.index(axis) for axis in axes]
    some = slice(None, None, max(1, len(problem.X) // 120))
    points, labels = problem.X[some][:, at].astype(np.float64), problem.y[some]
    low, high = points.min(axis=0), points.max(axis=0)
    points = (points - low) / (high - low)
    return {
        "name": name, "title": problem.title, "points": points.round(3).tolist(),
        "labels": labels.astype(int).tolist(), "axes": list(axes or ("x1", "x2")),
    }  # fmt: skip


def _digit() -> list[list[float]]:
    pixels = problem_of(Setup(data="digits")).X[0].reshape(8, 8)
    found: list[list[float]] = pixels.round(2).tolist()
    return found
