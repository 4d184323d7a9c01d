"""Dividing: the rows of a table by chance, by group or by time, as is asked for, and in words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ColumnError, TargetError
from clearprop.tables.cells import without
from clearprop.tables.columns import Column, as_words
from clearprop.tables.conventions import Read
from clearprop.tables.settings import TableSettings
from clearprop.tables.split import Split, split_by_group, split_by_time, split_rows
from clearprop.tables.target import Target
from clearprop.tables.text import cut

Rows = NDArray[np.int64]


def divide(
    settings: TableSettings,
    roles: Mapping[str, str],
    target: Target,
    goal: Column,
    raw: Mapping[str, Column],
    whole: Mapping[str, Read],
    missing_words: Collection[str],
    rows: Rows,
) -> tuple[Split, list[str]]:
    """Return the parts of the rows that have a target, and what the report says of them.

    Parameters
    ----------
    settings : TableSettings
        With the shares and the seed.
    roles : mapping of str to str
        The columns that "split_group" or "split_time" name, if they do.
    target, goal : Target, Column
        What is predicted, and its values in these rows.
    raw, whole : mapping of str to Column, mapping of str to Read
        All columns as the table has them, and as they are read.
    missing_words : collection of str
    rows : ndarray of int
        Those with a target.

    Raises
    ------
    ColumnError
        If the column misses values in these rows, holds no times, or too few values.
    TargetError
        If a class has no rows to learn from.
    """
    labels = target.labels(goal) if target.classes else None
    shares = settings.validation, settings.test
    if "split_group" in roles:
        name = roles["split_group"]
        column = without(as_words(raw[name]), missing_words).take(rows)
        _check_present("split_group", column)
        try:
            split = split_by_group(column.values.astype(np.int64), labels, *shares, settings.seed)
        except ColumnError as error:
            raise ColumnError(f"split_group {name!r} {error}") from None
        return split, [_by_group(name, column, split)]
    if "split_time" in roles:
        name = roles["split_time"]
        column = whole[name].column.take(rows)
        if column.kind not in ("number", "date"):
            what = column.words[0] if column.kind == "other" else column.kind
            raise ColumnError(f"split_time {name!r} holds {what}, not dates or numbers")
        _check_present("split_time", column)
        try:
            split = split_by_time(column.values, *shares)
        except ColumnError as error:
            raise ColumnError(f"split_time {name!r} {error}") from None
        _check_classes(name, target, labels, split)
        return split, [_by_time(name, column, split)]
    return split_rows(len(rows), labels, *shares, settings.seed), []


def _check_present(role: str, column: Column) -> None:
    missing = int(column.missing.sum())
    if missing:
        raise ColumnError(
            f"{role} {column.name!r} is missing in {missing} of {len(column.values)} rows: fill "
            "them in, or leave these rows out"
        )


def _check_classes(name: str, target: Target, labels: Rows | None, split: Split) -> None:
    if labels is None:
        return
    learned = np.bincount(labels[split.training], minlength=len(target.classes))
    if not learned.all():
        late = target.classes[int(np.argmin(learned))]
        raise TargetError(
            f"all rows of class {cut(str(late))!r} are among the last by split_time {name!r}, and "
            "none is left to learn from: put fewer aside, or leave the class out"
        )


def _by_group(name: str, column: Column, split: Split) -> str:
    groups = len(np.unique(column.values))
    aside = _parts(split, lambda rows: f"{len(np.unique(column.values[rows])):,}")
    return f"rows are put aside by group {name!r}: {aside} of {groups:,} groups"


def _by_time(name: str, column: Column, split: Split) -> str:
    def first(rows: Rows) -> str:
        words = as_words(column.take(rows[[int(np.argmin(column.values[rows]))]])).words
        return f"from {words[0]}"

    return f"rows are put aside by time {name!r}: {_parts(split, first)}"


def _parts(split: Split, said: Callable[[Rows], str]) -> str:
    parts = {"to stop by": split.validation, "to test on": split.test}
    return ", ".join(f"{said(rows)} {use}" for use, rows in parts.items() if len(rows))
