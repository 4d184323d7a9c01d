"""Verdicts: what the network says of the data's rows, right or wrong, and where they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data
from clearprop.checks.settings import choice
from clearprop.errors import ArgumentError, shown
from clearprop.studio.calls import called, class_names, class_of, metrics_of
from clearprop.studio.planes import plane_of
from clearprop.studio.question import Question
from clearprop.studio.runs import SLICE, Run
from clearprop.training.job import check_data

Array = NDArray[Any]

DRAWN = 1000
"""Rows of each part that are drawn as points, at most."""

PARTS = ("learned", "held")


def points(run: Run, question: Question) -> dict[str, Any]:
    """Return where the rows are on a plane of the inputs, and what their targets are.

    Asked with `over` and `about` (see `plane_of`), and with `n` where cells of the data are set.
    """
    problem = run.problem
    view, over = plane_of(problem, question, 2)
    found: dict[str, Any] = {"classes": class_names(problem), "over": over}
    for part in PARTS:
        X, y = _rows(run, part, question.whole("n", 0))
        places = view.places(X[:DRAWN].astype(np.float64))
        found[part] = {
            "rows": len(X),
            "places": np.round(places, 9).tolist(),
            "targets": _targets(run, y[:DRAWN]),
        }
    return found


def verdicts(run: Run, question: Question) -> dict[str, Any]:
    """Return what the network of step n says of the rows that are drawn, and of all of a part.

    Asked with `n`, and `part`, "learned" or "held", whose confusion or residuals are wanted.
    """
    n = run.reach(question.whole("n", 0), SLICE)
    network, names = run.network_at(n), class_names(run.problem)
    asked = choice("part", question.text("part", "learned"), PARTS)
    found: dict[str, Any] = {"n": n, "classes": names, "part": asked}
    for part in PARTS:
        X, y = _rows(run, part, n)
        if part == asked:
            output = network.predict(X) if len(X) else np.zeros((0, network.sizes[-1]))
            if network.sizes[-1] == 1:
                output = output.reshape(len(X), 1)
            found |= _fit(run, y, output)
        else:
            X, y = X[:DRAWN], y[:DRAWN]
            output = network.predict(X) if len(X) else np.zeros((0, network.sizes[-1]))
            output = output.reshape(len(X), network.sizes[-1])
        found[part] = _said(run, y[:DRAWN], output[:DRAWN])
    return found


def row(run: Run, question: Question) -> dict[str, Any]:
    """Return a row: its values, target and output at step n, and the next batch that holds it.

    Asked with `n`, and `row`, "17" of those to learn from, "h17" of those put aside.

    Raises
    ------
    ArgumentError
        If there is no such row.
    """
    n = run.reach(question.whole("n", 0), SLICE)
    name = question.text("row")
    part = "held" if name.startswith("h") else "learned"
    X, y = _rows(run, part, n)
    try:
        i = int(name.removeprefix("h"))
        if not 0 <= i < len(X):
            raise ValueError
    except ValueError:
        raise ArgumentError(
            f"row is {shown(name)}; there are {len(run.problem.X):,} to learn from, and "
            f"h0, h1, ... of {len(run.problem.X_held):,} put aside"
        ) from None
    network, problem = run.network_at(n), run.problem
    output = np.atleast_1d(network.predict(X[i : i + 1])[0])
    names, at = class_names(problem), None if part == "held" else run.find(i, n)
    found: dict[str, Any] = {
        "n": n, "row": name, "part": part, "index": i,
        "features": [
            _with(name, problem.unscaled_of(X[i], k))
            for k, name in enumerate(problem.features)
        ],
        "values": X[i].astype(float).tolist(),
        "target": _with(problem.target, problem.unscaled(None, float(y[i].flat[0]))),
        "y": _targets(run, y[i : i + 1])[0],
        "classes": names,
        "output": output.astype(float).tolist(),
        "unscaled": problem.unscaled(None, float(output[0]), 4),
        "next": None if at is None else {"n": at[0], "sample": at[1]},
    }  # fmt: skip
    if names:
        found["called"] = int(called(problem, output[None])[0])
    return found


def _with(name: str, unscaled: str) -> str:
    return f"{name} ({unscaled})" if unscaled else name


def _rows(run: Run, part: str, n: int) -> tuple[Array, Array]:
    if part == "held":
        X, y = run.problem.X_held, run.problem.y_held
        data = check_data(run.problem.network, X, y) if len(X) else Data(X, y)
    else:
        data = run.data_at(n)
    return data.X, data.y


def _targets(run: Run, y: Array) -> list[Any]:
    """Return the class of each target, or its number; of several numbers, the first."""
    if class_names(run.problem):
        return list(class_of(run.problem, y).tolist()) if len(y) else []
    return list(y.reshape(len(y), -1)[:, 0].astype(float).tolist()) if len(y) else []


def _said(run: Run, y: Array, output: Array) -> dict[str, Any]:
    """Return what is said of each row; of classes, which ones are called wrong."""
    if not len(y):
        return {"said": [], "wrong": []}
    if not class_names(run.problem):
        return {"said": output[:, 0].astype(float).tolist(), "wrong": []}
    said, right = called(run.problem, output), class_of(run.problem, y)
    return {"said": said.tolist(), "wrong": np.flatnonzero(said != right).tolist()}


def _fit(run: Run, y: Array, output: Array) -> dict[str, Any]:
    """Return the counts of each class by what it is called, or how far numbers are off."""
    names = class_names(run.problem)
    if not len(y):
        return {"rows": 0}
    metrics = metrics_of(run.problem, y, output)
    if not names:
        target = y.reshape(len(y), -1)[:, 0].astype(float)
        residuals = output[:, 0].astype(float) - target
        with np.errstate(over="ignore"):
            root = float(np.sqrt((residuals**2).mean()))
        return {
            "rows": len(y), "metrics": metrics,
            "targets": target[:DRAWN].tolist(),
            "residuals": residuals[:DRAWN].tolist(),
            "root_mean_square": root,
        }  # fmt: skip
    k = len(names)
    counts = np.zeros((k, k), np.int64)
    np.add.at(counts, (class_of(run.problem, y), called(run.problem, output)), 1)
    of = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, of, out=np.zeros((k, k)), where=of > 0)
    return {
        "rows": len(y), "metrics": metrics, "confusion": counts.tolist(),
        "confusion_shares": shares.tolist(),
    }  # fmt: skip
