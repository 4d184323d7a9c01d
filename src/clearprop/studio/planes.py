"""Which plane of the inputs is drawn: the one that is asked for, or that of the two that tell most.

By itself it is the two inputs that each, alone, say most of the target in the rows to learn from:
of classes by the share of an input's variance that lies between them (eta squared), of numbers by
the square of its correlation with them. It is the data's, and so the same at every step.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.studio.calls import class_names, class_of
from clearprop.studio.problems import Problem
from clearprop.studio.projection import View, view_of
from clearprop.studio.question import Question

Array = NDArray[Any]

ROWS = 1000
"""Rows that are looked at, at even distances, at most."""


def plane_of(problem: Problem, question: Question, points: int) -> tuple[View, str]:
    """Return the plane that a question asks for, and what says so: "0,1", "pca", "" for a line.

    Asked with `over` and `about`; see `view_of`.

    Raises
    ------
    ArgumentError
        As `view_of` does.
    """
    over, about, n = question.text("over"), question.whole("about", -1), problem.X.shape[1]
    if over or n < 3:
        view = view_of(problem, over, about, points)
        return view, over or ("0,1" if n > 1 else "")
    told, of_classes = told_alone(problem)
    first, second = (int(i) for i in np.argsort(-told, kind="stable")[:2])
    view = view_of(problem, f"{first},{second}", about, points)
    what = (
        "of whose variance lies between the classes"
        if of_classes
        else ("of whose variance goes with the target")
    )
    why = (
        f"by itself, the two inputs that alone say most of {problem.target}: {told[first]:.0%} and "
        f"{told[second]:.0%} {what}"
    )
    return replace(view, words=f"{view.words}; {why}"), f"{first},{second}"


def told_alone(problem: Problem) -> tuple[Array, bool]:
    """Return what share of each input's variance the target explains, and if it is of classes."""
    rows = np.linspace(0, len(problem.X) - 1, min(len(problem.X), ROWS)).astype(np.int64)
    X, y = problem.X[rows].astype(np.float64), problem.y[rows]
    X = X - X.mean(axis=0)
    whole = (X**2).sum(axis=0)
    of_classes = bool(class_names(problem))
    if of_classes:
        labels = class_of(problem, y)
        known, places = np.unique(labels, return_inverse=True)
        sums = np.zeros((len(known), X.shape[1]))
        np.add.at(sums, places, X)
        explained = (sums**2 / np.bincount(places)[:, None]).sum(axis=0)
    else:
        Y = y.reshape(len(y), -1).astype(np.float64)
        Y = Y - Y.mean(axis=0)
        size = np.sqrt((Y**2).sum(axis=0))
        along = np.divide(X.T @ Y, size, out=np.zeros((X.shape[1], Y.shape[1])), where=size > 0)
        explained = (along**2).max(axis=1)  # by the output that it goes with most
    share = np.divide(explained, whole, out=np.zeros(len(whole)), where=whole > 0)
    return np.minimum(share, 1.0), of_classes
