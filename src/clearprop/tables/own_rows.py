"""Own rows: a table of its own to stop by, or to test on, read as the training table is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from clearprop.errors import DataError
from clearprop.tables.columns import Column, as_words, joined, names_of, read_columns
from clearprop.tables.preparation import Prepared, check_range, rows_with_target
from clearprop.tables.settings import TableSettings
from clearprop.tables.sources import is_source
from clearprop.tables.table_files import read_table
from clearprop.tables.target import Target, check_target_name


def with_own_rows(ready: Prepared, settings: TableSettings) -> Prepared:
    """Return the training table's rows, and after them those of tables given for a part.

    Raises
    ------
    FileMissingError, TableFileError
        If a path leads to no table.
    DataError
        If a table does not fit the training table; the message begins with its part.
    """
    for part, table in (("validation", settings.own_validation), ("test", settings.own_test)):
        said: tuple[str, ...] = ()
        if is_source(table):
            cells = read_table(table, encoding=settings.encoding, sheet=settings.sheet)
            table, said = cells.frame, cells.notes
        if table is not None:
            ready = _with_part(ready, part, table, said, settings)
    return ready


def _with_part(
    ready: Prepared, part: str, table: object, said: Sequence[str], settings: TableSettings
) -> Prepared:
    encoding, target, weighing = ready.encoding, ready.target, ready.weighing
    words, weights = encoding.words_for_missing, ready.weights
    wanted = {target.column, *(one.column for one in encoding.inputs)}
    try:
        there = names_of(table)
        encoding.check_names(there)
        check_target_name(target.column, there)
        if weighing is not None:
            weighing.check_name(there)
            wanted.add(weighing.name)
        raw = read_columns(table, wanted)
        columns, unreadable = encoding.read(raw)
        goal, unread = target.read(
            raw[target.column], words, leave_out=settings.drop_missing_target
        )
        rows = rows_with_target(goal, settings.drop_missing_target)
        left_out, goal = len(goal.values) - len(rows), goal.take(rows)
        check_range(target, goal, rows, settings.loss)
        y = target.encode(goal)
        if weighing is not None:
            assert weights is not None
            weights = np.concatenate([weights, weighing.of(raw[weighing.name], words)[rows]])
    except DataError as error:
        raise type(error)(f"{part}: {error}") from None
    columns = {name: column.take(rows) for name, column in columns.items()}
    use = "to stop by" if part == "validation" else "to test on"
    told = [f"{part}: {one}" for one in (*said, *unreadable, unread) if one is not None]
    notes = [*told, f"the rows {use} are a table of their own"]
    return replace(
        ready,
        columns={name: joined(one, columns[name]) for name, one in ready.columns.items()},
        goal=_joined(ready.goal, goal, target),
        left_out=ready.left_out + left_out,
        detected=replace(ready.detected, notes=[*ready.detected.notes, *notes]),
        split=replace(ready.split, **{part: np.arange(len(y)) + len(ready.y)}),
        y=np.concatenate([ready.y, y]),
        weights=weights,
        is_drawn=ready.is_drawn and part != "test",
    )


def _joined(goal: Column, own: Column, target: Target) -> Column:
    """Return the targets of the training table, and then those of a table of its own."""
    if target.classes:
        return joined(as_words(goal), as_words(own))
    pair = (replace(c, kind="number", values=target.numbers(c), words=()) for c in (goal, own))
    return joined(*pair)
