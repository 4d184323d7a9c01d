"""Own rows: a table of its own to stop by, or to test on, read as the training table is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import DataError, TableFileError
from clearprop.tables import wild_values
from clearprop.tables.columns import Column, as_words, joined, names_of, read_columns
from clearprop.tables.encoding import much_unlike
from clearprop.tables.kinds import BINARY, form_of
from clearprop.tables.preparation import Prepared, check_range, rows_with_target
from clearprop.tables.settings import TableSettings
from clearprop.tables.sources import Source, files_of, is_source
from clearprop.tables.table_files import read_table
from clearprop.tables.target import Target, check_target_name
from clearprop.tables.text import shortened

Array = NDArray[Any]


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
            cells = read_table(table, **_asked(table, settings))
            table, said = cells.frame, cells.notes
        if table is not None:
            ready = _with_part(ready, part, table, said, settings)
    return ready


def _asked(source: Source, settings: TableSettings) -> dict[str, str | None]:
    """Return what was said of the training table's files, as far as it is of such files."""
    if settings.encoding is None and settings.sheet is None:
        return {}
    kinds = set()
    for path in files_of(source)[0]:
        with suppress(TableFileError):  # who reads it says so
            kinds.add(form_of(path).kind)
    return {
        "encoding": None if kinds and kinds <= {*BINARY} else settings.encoding,
        "sheet": settings.sheet if "Excel" in kinds else None,
    }


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
            theirs = weighing.of(raw[weighing.name], words, rows)
            weights = np.concatenate([weights, theirs])
    except DataError as error:
        raise type(error)(f"{part}: {error}") from None
    columns = {name: column.take(rows) for name, column in columns.items()}
    use = "to stop by" if part == "validation" else "to test on"
    whole = [*said, *unreadable, unread, *_unlike(ready, columns, goal, y, rows)]
    told = [f"{part}: {one}" for one in whole if one is not None]
    notes = [*told, f"the rows {use} are a table of their own"]
    return replace(
        ready,
        columns={name: joined(one, columns[name]) for name, one in ready.columns.items()},
        goal=_joined(ready.goal, goal, target),
        left_out=ready.left_out + left_out,
        detected=replace(ready.detected, notes=[*ready.detected.notes, *notes]),
        split=replace(ready.split, **{part: np.arange(len(y)) + len(ready.y)}),
        y=np.concatenate([ready.y, y]),
        rows=np.concatenate([ready.rows, rows]),
        weights=weights,
        is_drawn=ready.is_drawn and part != "test",
    )


def _unlike(
    ready: Prepared,
    columns: Mapping[str, Column],
    goal: Column,
    y: Array,
    rows: NDArray[np.int64],
) -> Iterator[str]:
    """Say what a table has that training's has not: a few such rows may make its scores.

    Parameters
    ----------
    ready : Prepared
    columns, goal, y : mapping of str to Column, Column, ndarray
        The table's rows with a target, and what the network learns of it.
    rows : ndarray of int, shape (n,)
        Their places in the table.
    """
    gaps = [name for name, column in ready.columns.items() if column.missing.any()]
    odd = much_unlike(ready.encoding.unusual(columns), gaps, len(rows))
    if odd:
        yield f"much of {shortened(odd)} is unlike the rows to learn from"
    for one in ready.encoding.inputs:
        known, theirs = (
            wild_values.numbers_of(column) if one.values else None
            for column in (ready.columns[one.column], columns[one.column])
        )
        if known is None or theirs is None:
            continue
        places = _wild(known, theirs, one.within)
        if len(places) and one.within is not None:
            yield wild_values.told(columns[one.column], one.within, rows)
        elif len(places):
            yield wild_values.told_apart(columns[one.column], places, rows)
    if goal.kind == "number" and not ready.target.classes:
        places = _wild(ready.y, y, None)
        if len(places):
            yield wild_values.told_apart(goal, places, rows)


def _wild(known: Array, theirs: Array, within: tuple[float, float] | None) -> NDArray[np.int64]:
    """Return the places of wild values; those of training tell what is, if no range does."""
    within = within or wild_values.find_range(np.concatenate([known, theirs]))
    return wild_values.beyond(theirs, within) if within else np.empty(0, np.int64)


def _joined(goal: Column, own: Column, target: Target) -> Column:
    """Return the targets of the training table, and then those of a table of its own."""
    if target.classes:
        return joined(as_words(goal), as_words(own))
    pair = (replace(c, kind="number", values=target.numbers(c), words=()) for c in (goal, own))
    return joined(*pair)
