"""Preparation: a raw table becomes inputs and targets, split into three parts of its rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import listed
from clearprop.errors import (
    ArgumentError,
    ColumnError,
    ShapeError,
    TargetError,
    nearest,
    shown,
)
from clearprop.losses import Loss
from clearprop.tables import dates, leakage, wild_values
from clearprop.tables.columns import Column, check_finite, read_columns
from clearprop.tables.conventions import decide, wish
from clearprop.tables.detection import Detected, detect_inputs
from clearprop.tables.dividing import divide
from clearprop.tables.encoding import Encoding, Input
from clearprop.tables.fitted_encoding import MIN_ROWS, fit_encoding, most_categories
from clearprop.tables.intervals import is_rate
from clearprop.tables.numerals import COMMA, MISSING, POINT
from clearprop.tables.settings import TableSettings
from clearprop.tables.sources import check_unread, is_source
from clearprop.tables.split import Split
from clearprop.tables.table_files import read_table
from clearprop.tables.target import TRANSFORMS, Target, detect_target, find_target
from clearprop.tables.text import cut, shortened
from clearprop.tables.weights import WeightColumn, check_some, weight_column
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
        return self.encoding.encode({name: one.take(rows) for name, one in self.columns.items()})


def prepare(table: object, target: str, settings: TableSettings) -> Prepared:
    """Return a table made ready; see `Model.fit` for the settings and the errors."""
    typed, decimal = True, POINT
    said: tuple[str, ...] = ()
    if is_source(table):
        cells = read_table(table, encoding=settings.encoding, sheet=settings.sheet)
        table, typed, said = cells.frame, cells.typed, cells.notes
        decimal = COMMA if cells.separator == ";" else POINT
    else:
        check_unread(settings.encoding, settings.sheet)
    target = _name("target", target)
    raw = read_columns(table)
    find_target(raw, target)
    words = _missing_words(settings.missing_words, typed)
    wishes = {name: wish(name, one) for name, one in _named(settings.columns, raw).items()}
    whole = decide(raw, typed=typed, decimal=decimal, missing=words, wishes=wishes,
                   few=settings.unreadable)  # fmt: skip
    goal, unread = whole[target].column, whole[target].unreadable
    if unread is not None and not settings.drop_missing_target:
        raise TargetError(
            f"target {unread}; mend them, leave them out with drop_missing_target "
            f"(--drop-missing-target), or say columns={{{target!r}: 'category'}}"
        )
    named, roles = _roles(settings, raw, target)
    check_finite(goal)
    rows = rows_with_target(goal, settings.drop_missing_target)
    goal, left_out = goal.take(rows), len(goal.values) - len(rows)
    least = LEAST_ROWS if settings.test else LEAST_UNTESTED
    if len(rows) < least:
        raise ShapeError(
            f"the table has {len(rows)} rows with a target; a model takes {least} or more"
        )
    aim, reason = detect_target(goal, settings.task, whole[target].reading)
    aim = _as_asked(aim, goal, rows, settings)
    split, notes = divide(settings, roles, aim, goal, raw, whole, words, rows)
    weighing = weight_column(roles, whole)
    weights = None if weighing is None else weighing.of(raw[weighing.name], words, rows)
    of_training = check_some("to learn from", weights, split.training)
    aim = aim.fitted(goal.take(split.training), of_training, is_rate=is_rate(settings.loss))
    inputs = {name: one for name, one in whole.items() if name != target}
    index = [name for name in getattr(getattr(table, "index", None), "names", ()) if name]
    detected = detect_inputs(inputs, rows[split.training], **named)
    for column in detected.columns.values():
        check_finite(column)  # here, where rows have the table's numbers
    detected.notes[:0] = said
    _say_roles(roles, detected, settings)
    detected.notes.extend([*whole[target].notes, *notes])
    if index:
        detected.notes.append(
            f"the index {shortened(index)} is no column: table.reset_index() makes it one"
        )
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
    detected.notes.extend(wild_values.told_of_stand_ins(used.values(), _said(words, raw)))
    encoding = fit_encoding(ready, learned, words, most)
    detected.notes.extend(_folded(encoding, learned, most))
    detected.notes.extend(leakage.told(learned, target, y[split.training], len(aim.classes)))
    return Prepared(
        used, goal, left_out, settings.test, aim, reason, detected, encoding, split, y,
        rows, weights, weighing, is_drawn=not {"split_group", "split_time"} & set(roles),
    )  # fmt: skip


def _as_asked(
    target: Target, goal: Column, rows: NDArray[np.int64], settings: TableSettings
) -> Target:
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
    target = replace(target, transform=transform)
    check_range(target, goal, rows, loss)
    return target


def check_range(target: Target, goal: Column, rows: NDArray[np.int64], loss: Loss | None) -> None:
    """Raise `TargetError` for a number that the loss or the transform does not take."""
    if target.classes:
        return
    if is_rate(loss):
        target.check_range(goal, rows, "0 or more", "the loss poisson")
    if target.transform:
        takes = TRANSFORMS[target.transform][2]
        target.check_range(goal, rows, takes, target.transform)


def _roles(
    settings: TableSettings, raw: Columns, target: str
) -> tuple[dict[str, Collection[str]], dict[str, str]]:
    """Return what is to be dropped and used, and the columns that are more than inputs."""
    asked = {name: getattr(settings, name) for name in ("drop", "keep", "categorical")}
    named = {name: _check_names(name, value, raw, target) for name, value in asked.items()}
    twice = set(named["drop"]) & {*named["keep"], *named["categorical"]}
    if twice:
        raise ArgumentError(f"column {min(twice)!r} is to be dropped, and to be used: choose one")
    roles = {}
    for role in ("split_group", "split_time", "weight"):
        value = getattr(settings, role)
        if value is not None:
            roles[role] = next(iter(_check_names(role, [value], raw, target)))
    used = {*named["keep"], *named["categorical"]}
    if roles.get("weight") in used:
        raise ArgumentError(
            f"column {roles['weight']!r} is the rows' weight, and to be used: choose one"
        )
    no_inputs = {roles[role] for role in ("split_group", "weight") if role in roles}
    named["drop"] = [*named["drop"], *(no_inputs - used)]
    return named, roles


def _say_roles(roles: Mapping[str, str], detected: Detected, settings: TableSettings) -> None:
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


def _said(words: Collection[str], raw: Columns) -> set[str]:
    """Return the words for a missing value that a table's text has."""
    there: set[str] = set()
    for column in raw.values():
        if column.kind == "text":
            there.update(present(column.words, words))
    return there


def _missing_words(words: Collection[str] | None, typed: bool) -> Collection[str]:
    """Return the words for a missing value: those asked for, or none in a table with types."""
    if words is None:
        return () if typed else MISSING
    words = [words] if isinstance(words, str) else listed(words)
    for word in words:
        if not isinstance(word, str):
            raise ArgumentError(f"missing_words holds {shown(word)}; a word is a text")
    return [word.strip() for word in words]


def _named(columns: Mapping[str, str] | None, raw: Columns) -> dict[str, str]:
    """Return what is said of columns that are there."""
    columns = {} if columns is None else columns
    if not isinstance(columns, Mapping):
        raise ArgumentError(
            f"columns is {shown(columns)}; give a mapping, such as {{'km': 'number, comma'}}"
        )
    named = {_name("columns", name): text for name, text in columns.items()}
    for name in named:
        if name not in raw:
            near = nearest(name, raw)
            hint = f" (did you mean {near!r}?)" if near else ""
            raise ArgumentError(f"columns names {shown(name)}, which the table does not have{hint}")
    return named


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
