"""Preparation: a raw table becomes inputs and targets, split into three parts of its rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import (
    ArgumentError,
    ColumnError,
    ShapeError,
    TargetError,
)
from clearprop.losses import Loss
from clearprop.tables import dates, leakage, wild_values
from clearprop.tables.columns import Column, check_finite
from clearprop.tables.detection import Detected, detect_inputs
from clearprop.tables.dividing import divide
from clearprop.tables.encoding import Encoding, Input
from clearprop.tables.fitted_encoding import MIN_ROWS, fit_encoding, most_categories
from clearprop.tables.intervals import is_rate
from clearprop.tables.settings import TableSettings
from clearprop.tables.split import Split
from clearprop.tables.target import TRANSFORMS, Target, detect_target
from clearprop.tables.text import cut, shortened
from clearprop.tables.weights import WeightColumn, check_some, weight_column
from clearprop.tables.whole_table import read_whole
from clearprop.tables.words import present

Array = NDArray[Any]
Columns = dict[str, Column]

LEAST_ROWS = 10
"""With fewer rows nothing can be learned, watched and tested."""

LEAST_UNTESTED = 5
"""With fewer rows nothing can be learned and watched, where nothing is tested."""


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
    y : ndarray, shape (n,)
        All rows' targets, encoded. Their inputs, `inputs` encodes as they are needed.
    weights : ndarray, shape (n,), or None
        How much each row counts; None: all the same.
    weighing : WeightColumn or None
        Where weights come from.
    rows : ndarray of int, shape (n,)
        The number of each row in the table that it is from.
    is_drawn : bool
        Whether the test rows are drawn from each class.
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
    y: Array
    rows: NDArray[np.int64]
    weights: Array | None = None
    weighing: WeightColumn | None = None
    is_drawn: bool = True

    def inputs(self, rows: NDArray[np.int64]) -> Array:
        """Return the network's inputs for these rows: float32, shape (n, n_features)."""
        return self.encoding.by_row(self.columns)(rows)


def prepare(table: object, target: str, settings: TableSettings) -> Prepared:
    """Return a table made ready; see `Model.fit` for the settings and the errors."""
    read = read_whole(table, target, settings)
    raw, whole, words, target = read.raw, read.whole, read.words, read.target
    roles, goal = read.roles, whole[target].column
    check_finite(goal)
    words_there = _said(words, {target: raw[target]}) - {""} if goal.kind == "text" else set()
    rows = rows_with_target(goal, settings.drop_missing_target, words_there)
    goal, left_out = goal.take(rows), len(goal.values) - len(rows)
    least = LEAST_ROWS if settings.test else LEAST_UNTESTED
    if len(rows) < least:
        some = f"{len(rows)} row{'s' if len(rows) != 1 else ''}"
        raise ShapeError(f"the table has {some} with a target; a model takes {least} or more")
    aim, reason = detect_target(goal, settings.task, whole[target].reading)
    aim = as_asked(aim, settings)
    check_range(aim, goal, rows, settings.loss)
    split, notes = divide(settings, roles, aim, goal, raw, whole, words, rows)
    weighing = weight_column(roles, whole)
    weights = None if weighing is None else weighing.of(raw[weighing.name], words, rows)
    of_training = check_some("to learn from", weights, split.training)
    learned_rows = rows[split.training]
    aim = aim.fitted(
        goal.take(split.training), of_training, is_rate=is_rate(settings.loss), rows=learned_rows
    )
    inputs = {name: one for name, one in whole.items() if name != target}
    detected = detect_inputs(inputs, learned_rows, **read.named)
    for column in detected.columns.values():
        check_finite(column)  # here, where rows have the table's numbers
    detected.notes[:0] = read.said
    say_roles(roles, detected, settings)
    detected.notes.extend([*whole[target].notes, *notes, *read.of_index])
    if not detected.inputs:
        reasons = [f"{name} ({why})" for name, why in detected.dropped.items()]
        why = f": {shortened(reasons)}" if reasons else ""
        raise ColumnError(f"no column is left to learn {target!r} from{why}")
    used = detected.columns
    if left_out:
        used = {name: column.take(rows) for name, column in used.items()}
    learned = {name: column.take(split.training) for name, column in used.items()}
    most = settings.max_categories or most_categories(detected.inputs, used)
    ready = [_within(one, used) for one in detected.inputs]
    y = aim.encode(goal)
    detected.notes.extend(_wild(ready, used, goal, y, bool(aim.classes), rows))
    detected.notes.extend(stand_ins_told(used.values(), words, raw))
    encoding = fit_encoding(ready, learned, words, most, learned_rows)
    detected.notes.extend(_folded(encoding, learned, most))
    detected.notes.extend(leakage.told(learned, target, y[split.training], len(aim.classes)))
    return Prepared(
        used, goal, left_out, settings.test, aim, reason, detected, encoding, split, y,
        rows, weights, weighing, is_drawn=not {"split_group", "split_time"} & set(roles),
    )  # fmt: skip


def as_asked(target: Target, settings: TableSettings) -> Target:
    """Return the target with its transform, or raise for a loss or transform that do not fit."""
    loss, transform = settings.loss, settings.target_transform
    if target.classes:
        if transform:
            raise ArgumentError(
                f"target_transform is of numbers, but {target.column!r} is predicted as a class"
            )
        if loss is not None and loss.name != "cross_entropy":
            raise ArgumentError(
                f"classes are learned with the loss cross_entropy, not {loss.name}; for "
                f"{target.column!r} as a number say task='regression'"
            )
        return target
    if loss is not None and loss.targets not in ("real", "nonnegative", "shared"):
        raise ArgumentError(f"a number is not learned with the loss {loss.name}")
    if is_rate(loss) and transform:
        raise ArgumentError(
            "the loss poisson has a logarithm of its own: leave target_transform out"
        )
    return replace(target, transform=transform)


def check_range(target: Target, goal: Column, rows: NDArray[np.int64], loss: Loss | None) -> None:
    """Raise `TargetError` for a number that the loss or the transform does not take."""
    if target.classes:
        return
    if is_rate(loss):
        target.check_range(goal, rows, "0 or more", "the loss poisson")
    if target.transform:
        takes = TRANSFORMS[target.transform][2]
        target.check_range(goal, rows, takes, target.transform)


def say_roles(roles: Mapping[str, str], detected: Detected, settings: TableSettings) -> None:
    """Say why the columns that are more than inputs are none, and what was made of the target."""
    group, weight = roles.get("split_group"), roles.get("weight")
    if group in detected.dropped:
        detected.dropped[group] = f"divides the rows (split_group); keep=[{group!r}] uses it too"
    if weight is not None:
        detected.dropped[weight] = "weighs the rows (weight)"
        detected.notes.append(
            f"rows count by {weight!r} in training, in stopping and in the baselines; the scores "
            "count every test row once"
        )
    if settings.target_transform:
        detected.notes.append(
            f"the target is learned as its {settings.target_transform}, and predicted in its own "
            "unit: nearer to the median of what may be than to the mean"
        )


def _folded(encoding: Encoding, learned: Columns, most: int) -> list[str]:
    """Say which values share an input, and how many rows have them."""
    notes = []
    for one in encoding.inputs:
        if one.kind == "category" and one.rare:
            places = one.places_of(learned[one.column])
            share = float((places == len(one.categories)).mean())
            why = f"those in fewer than {MIN_ROWS} rows to learn from"
            if len(one.categories) + 1 >= most:
                why = f"all but the most frequent {len(one.categories):,} (max_categories)"
            notes.append(
                f"{one.column!r}: {one.rare:,} of {len(one.categories) + one.rare:,} values share "
                f"an input, {why}, such as {cut(one.rare_words[0])!r}; {share:.1%} of the rows"
            )
    return notes


def _within(one: Input, used: Columns) -> Input:
    """Return an input with the range that wild values of any row are taken into."""
    column = used[one.column]
    has_one = one.kind == "number" or dates.YEARS in one.parts
    numbers = wild_values.numbers_of(column) if has_one else None
    return one if numbers is None else replace(one, within=wild_values.find_range(numbers))


def _wild(
    inputs: Sequence[Input],
    used: Columns,
    goal: Column,
    y: Array,
    is_label: bool,
    rows: NDArray[np.int64],
) -> list[str]:
    """Say which values are far from all others."""
    notes = [wild_values.told(used[one.column], one.within, rows) for one in inputs if one.within]
    is_number = goal.kind == "number" and not is_label
    of_target = wild_values.told_of_target(goal, y, rows) if is_number else ""
    return notes + [of_target] * bool(of_target)


def stand_ins_told(columns: Collection[Column], words: Collection[str], raw: Columns) -> list[str]:
    """Say which numbers of columns look as if they stood for a missing value."""
    return wild_values.told_of_stand_ins(columns, _said(words, raw))


def _said(words: Collection[str], raw: Columns) -> set[str]:
    """Return the words for a missing value that a table's text has."""
    there: set[str] = set()
    for column in raw.values():
        if column.kind == "text":
            there.update(present(column.words, words))
    return there


def rows_with_target(goal: Column, drop: bool, words: Collection[str] = ()) -> NDArray[np.int64]:
    """Return the rows whose target is there.

    `words` are those that it had and that stand for a missing value, which may be classes.

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
            f"with drop_missing_target (--drop-missing-target){_as_class(words)}"
        )
    return np.flatnonzero(~missing)


def _as_class(words: Collection[str]) -> str:
    """Say how what is read as a missing value is read as a class."""
    if not words:
        return ""
    found = ", ".join(repr(word) for word in sorted(words))
    return f"; to keep {found} as a class, say missing_words=[] (--missing-words '')"
