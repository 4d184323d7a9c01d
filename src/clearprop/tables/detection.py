"""Detection: which columns of a table a network can learn from, and as what.

Everything decided here is said in the report, with what to ask for instead.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clearprop.tables import dates
from clearprop.tables.columns import Column, as_words
from clearprop.tables.conventions import Read
from clearprop.tables.encoding import Input
from clearprop.tables.text import cut

_IDENTIFIER = re.compile(
    r"((^|[\W_])(id|uuid|guid|index|key|row|rownames|rowid|nr|no)|^column 1|^unnamed: 0)$", re.I
)
_CAMEL_ID = re.compile(r"[a-z]I[dD]$")


@dataclass(frozen=True)
class Detected:
    """What `detect_inputs` found.

    Attributes
    ----------
    inputs : list of Input
    columns : dict of str to Column
        Those of the inputs, text that is dates as dates.
    dropped : dict of str to str
        Why the other columns are none.
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
        Columns that are dropped anyway, and columns that stay though they look like
        identifiers.
    categorical : collection of str
        Columns of numbers that are names of things.
    """
    found = Detected()
    for name, one in columns.items():
        column, is_category = one.column, name in categorical or one.kind == "category"
        reason = "as asked for" if name in drop else _useless(column, training)
        if not reason and one.kind == "text" and one.is_wished:
            reason = "is text, as asked for"
        if not reason and name not in keep and not one.is_wished:
            reason = _identifier(column, is_category)
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


def _useless(column: Column, training: NDArray[np.int64]) -> str:
    """Return why nothing can be learned from a column, or ""."""
    if column.kind == "other":
        return f"holds {column.words[0]}"
    if column.missing.all():
        return "has no values"
    values = column.values[training]
    if not column.missing[training].any() and (values == values[0]).all():
        everywhere = "" if (column.values == values[0]).all() else " in the rows to learn from"
        value = as_words(column.take(training[:1])).words[values[0] if column.words else 0]
        return f"is always {cut(value)}{everywhere}"
    return ""


def _identifier(column: Column, categorical: bool) -> str:
    """Return why a column looks like an identifier, or ""."""
    present = column.values[~column.missing]
    n = len(present)
    if column.kind == "text" or (categorical and column.kind == "number"):
        different = len(np.unique(present))
        if different > max(20, n / 2):
            first = as_words(column.take(np.flatnonzero(~column.missing)[:1]))
            return (
                f"looks like an identifier: {different:,} different values in {n:,} rows, such as "
                f"{cut(first.words[first.values[0]])!r}"
            )
    elif column.kind == "number" and n > 10 and (present == np.floor(present)).all():
        if np.array_equal(present, np.arange(n) + present[0]) and present[0] in (0, 1):
            return "looks like a row number"
        named = _IDENTIFIER.search(column.name) or _CAMEL_ID.search(column.name)
        if named and np.unique(present).size == n:
            return f"looks like an identifier: {n:,} different whole numbers, and its name says so"
    return ""
