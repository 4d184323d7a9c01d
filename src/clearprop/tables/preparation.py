"""Preparation: a raw table becomes inputs and targets, split into three parts of its rows."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import listed
from clearprop.errors import ArgumentError, ColumnError, ShapeError, TargetError, nearest, shown
from clearprop.tables.columns import Column, check_finite, read_columns
from clearprop.tables.detection import Detected, detect_inputs
from clearprop.tables.encoding import Encoding, fit_encoding
from clearprop.tables.split import Split, split_rows
from clearprop.tables.table_files import read_table
from clearprop.tables.target import Target, detect_target, find_target
from clearprop.tables.text import shortened

Array = NDArray[Any]
Columns = dict[str, Column]

LEAST_ROWS = 10
"""With fewer rows nothing can be learned, watched and tested."""


@dataclass(frozen=True)
class Prepared:
    """A table made ready for a network.

    Attributes
    ----------
    columns : dict of str to Column
        Those used, with all rows that have a target.
    goal : Column
        The target's values.
    left_out : int
        Rows without a target.
    test : float
        The share of rows that was to be put aside to test on.
    target : Target
    reason : str
        Why the task is what it is.
    detected : Detected
    encoding : Encoding
    split : Split
    X, y : ndarray, shape (n, n_features), (n,)
        All rows, encoded.
    """

    columns: Columns
    goal: Column
    left_out: int
    test: float
    target: Target
    reason: str
    detected: Detected
    encoding: Encoding
    split: Split
    X: Array
    y: Array


def prepare(
    table: object,
    target: str,
    *,
    task: str | None,
    drop: Collection[str] | None,
    keep: Collection[str] | None,
    categorical: Collection[str] | None,
    drop_missing_target: bool,
    validation: float,
    test: float,
    seed: int,
) -> Prepared:
    """Return a table made ready; see `Model.fit` for the arguments and the errors."""
    if isinstance(table, str | os.PathLike):
        table = read_table(table)
    target = _name("target", target)
    columns = read_columns(table)
    goal = find_target(columns, target)
    asked = {"drop": drop, "keep": keep, "categorical": categorical}
    named = {name: _check_names(name, value, columns, target) for name, value in asked.items()}
    twice = set(named["drop"]) & {*named["keep"], *named["categorical"]}
    if twice:
        raise ArgumentError(f"column {min(twice)!r} is to be dropped, and to be used: choose one")
    check_finite(goal)
    rows = rows_with_target(goal, drop_missing_target)
    goal, left_out = goal.take(rows), len(goal.values) - len(rows)
    if len(rows) < LEAST_ROWS:
        raise ShapeError(
            f"the table has {len(rows)} rows with a target; a model takes {LEAST_ROWS} or more"
        )
    aim, reason = detect_target(goal, task)
    labels = aim.labels(goal) if aim.classes else None
    split = split_rows(len(rows), labels, validation, test, seed)
    aim = aim.fitted(goal.take(split.training))
    inputs = {name: column for name, column in columns.items() if name != target}
    index = [name for name in getattr(getattr(table, "index", None), "names", ()) if name]
    detected = detect_inputs(inputs, rows[split.training], **named)
    for column in detected.columns.values():
        check_finite(column)  # here, where rows have the table's numbers
    if index:
        detected.notes.append(
            f"the index {shortened(index)} is no column: table.reset_index() makes it one"
        )
    if not detected.inputs:
        reasons = [f"{name} ({why})" for name, why in detected.dropped.items()]
        why = f": {shortened(reasons)}" if reasons else ""
        raise ColumnError(f"no column is left to learn {target!r} from{why}")
    used = {name: column.take(rows) for name, column in detected.columns.items()}
    learned = {name: column.take(split.training) for name, column in used.items()}
    encoding = fit_encoding(detected.inputs, learned)
    X, y = encoding.encode(used), aim.encode(goal)
    return Prepared(used, goal, left_out, test, aim, reason, detected, encoding, split, X, y)


def _name(argument: str, name: object) -> str:
    """Return a column's name as text: a table may call its columns by numbers."""
    try:
        return str(name).strip()
    except Exception:  # an object may do anything
        raise ArgumentError(f"{argument} is {shown(name)}; give names of columns") from None


def rows_with_target(goal: Column, drop: bool) -> NDArray[np.int64]:
    """Return the rows whose target is there.

    Raises
    ------
    TargetError
        If some are not, and `drop` does not allow to leave them out.
    """
    missing = goal.missing
    count = int(missing.sum())
    if count == len(missing):
        raise TargetError(f"target {goal.name!r} has no values")
    if count and not drop:
        raise TargetError(
            f"target {goal.name!r} is missing in {count} of {len(missing)} rows: leave them out "
            "with drop_missing_target (--drop-missing-target)"
        )
    return np.flatnonzero(~missing)


def _check_names(
    argument: str, names: Collection[str] | None, columns: Columns, target: str
) -> Collection[str]:
    names = [] if names is None else [_name(argument, name) for name in listed(names)]
    for name in names:
        if name == target:
            raise ArgumentError(f"{argument} names the target, {target!r}")
        if name not in columns:
            near = nearest(name, columns)
            hint = f" (did you mean {near!r}?)" if near else ""
            raise ArgumentError(
                f"{argument} names {shown(name)}, which the table does not have{hint}"
            )
    return names
