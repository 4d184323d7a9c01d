"""Detection: which columns of a table a network can learn from, and as what.

Everything decided here is said in the report, with what to ask for instead.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clearprop.tables import dates, identifiers
from clearprop.tables.columns import Column, as_words
from clearprop.tables.conventions import Read
from clearprop.tables.encoding import Input
from clearprop.tables.text import cut, setting


@dataclass(frozen=True)
class Detected:
    """What `detect_inputs` found.

    Attributes
    ----------
    inputs : list of Input
    columns : dict of str to Column
        Those of the inputs, text that is dates as dates.
    dropped : dict of str to str
        Why the other columns are none, what they look like, and how to keep them.
    notes : list of str
        What to know.
    """

    inputs: list[Input] = field(default_factory=list)
    columns: dict[str, Column] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def detect_inputs(
    columns: Mapping[str, Read],
    training: NDArray[np.int64],
    *,
    drop: Collection[str],
    keep: Collection[str],
    categorical: Collection[str],
) -> Detected:
    """Decide what each column is.

    Parameters
    ----------
    columns : mapping of str to Read
        All columns but the target, with all rows, those without a target too: types, formats
        and row numbers are matters of the whole table.
    training : ndarray of int
        The rows to learn from: a column has to vary among these.
    drop, keep : collection of str
        Columns that are dropped anyway, and columns that stay though nothing may be learned
        from them: identifiers, text, and those that are always the same.
    categorical : collection of str
        Columns of numbers that are names of things.
    """
    found = Detected()
    for name, one in columns.items():
        column, is_category = one.column, name in categorical or one.kind == "category"
        reason = "as asked for" if name in drop else _unusable(one)
        if not reason and name not in keep:
            reason = _useless(column, training)
            if not reason and not one.is_wished and name not in categorical:
                reason = _names_rows(one)
        if name not in drop and not (reason and column.missing.all()):
            found.notes.extend(one.notes)
        if reason:
            found.dropped[name] = reason
        else:
            found.inputs.append(_input(one, training, is_category))
            found.columns[name] = as_words(column) if is_category else column
    return found


def _input(one: Read, training: NDArray[np.int64], is_category: bool) -> Input:
    column = one.column
    if is_category or one.kind == "text":
        return Input(column.name, "category")
    if one.kind == "date":
        parts = dates.parts_that_vary(column.values[training])
        return Input(column.name, "date", parts=parts, reading=one.reading)
    return Input(column.name, one.kind, reading=one.reading)


def _unusable(one: Read) -> str:
    """Return why a column cannot be an input, or ""."""
    if one.column.kind == "other":
        return f"holds {one.column.words[0]}: make columns of numbers or text of it first"
    return "is text, as asked for" if one.kind == "text" and one.is_wished else ""


def _useless(column: Column, training: NDArray[np.int64]) -> str:
    """Return why nothing can be learned from a column, or ""."""
    why = ""
    values, missing = column.values[training], column.missing[training]
    if missing.all():
        why = "has no values" + ("" if column.missing.all() else " in the rows to learn from")
    elif not missing.any() and (values == values[0]).all():
        value = as_words(column.take(training[:1])).words[values[0] if column.words else 0]
        why = f"is always {cut(value)}"
        why += "" if (column.values == values[0]).all() else " in the rows to learn from"
    return why and f"{why}; {setting('keep', column.name)} keeps it all the same"


def _names_rows(one: Read) -> str:
    """Return why a column is an identifier or text, or ""; what has a unit measures something."""
    if one.column.kind == "text":
        return identifiers.of_text(one.column)
    is_number = one.column.kind == "number" and not one.reading.unit
    return identifiers.of_numbers(one.column) if is_number else ""
