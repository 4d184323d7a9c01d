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
from clearprop.tables.columns import Column, as_categories, as_number
from clearprop.tables.encoding import Input
from clearprop.tables.numerals import all_dressed, number_of
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
    columns: Mapping[str, Column],
    training: NDArray[np.int64],
    *,
    drop: Collection[str],
    keep: Collection[str],
    categorical: Collection[str],
) -> Detected:
    """Decide what each column is.

    Parameters
    ----------
    columns : mapping of str to Column
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
    for name, column in columns.items():
        reason = "as asked for" if name in drop else _useless(column, training)
        form = None
        if not reason and column.kind == "text" and name not in categorical:
            if all_dressed(column.values):
                column = as_number(column)
                found.notes.append(
                    f"{name!r} is read as numbers: signs of currency, thousands and percent are "
                    "left out"
                )
            else:
                form = dates.find_format(column.values)
        if form is not None:
            if dates.is_ambiguous(column.values, form):
                found.notes.append(
                    f"the dates of {name!r} are read as month/day/year; they could be "
                    "day/month/year too"
                )
            column = Column(name, "date", dates.parse(column.values, form)[0])
        if not reason and name not in keep:
            reason = _identifier(column, name in categorical)
        if column.kind == "text" and name not in drop and name not in categorical:
            found.notes.extend(_nearly_numbers(column))
        if reason:
            found.dropped[name] = reason
        else:
            found.inputs.append(_input(column, training, name in categorical, form))
            found.columns[name] = column
    return found


def _input(
    column: Column, training: NDArray[np.int64], categorical: bool, form: str | None
) -> Input:
    if categorical or column.kind == "text":
        return Input(column.name, "category")
    if column.kind == "date":
        parts = dates.parts_that_vary(column.values[training])
        return Input(column.name, "date", parts=parts, date_format=form)
    return Input(column.name, column.kind)


def _useless(column: Column, training: NDArray[np.int64]) -> str:
    """Return why nothing can be learned from a column, or ""."""
    if column.kind == "other":
        return f"holds {column.values[0]}"
    if column.missing.all():
        return "has no values"
    values = column.values[training]
    if not column.missing[training].any() and (values == values[0]).all():
        everywhere = "" if (column.values == values[0]).all() else " in the rows to learn from"
        return f"is always {cut(as_categories(column)[training[0]])}{everywhere}"
    return ""


def _identifier(column: Column, categorical: bool) -> str:
    """Return why a column looks like an identifier, or ""."""
    present = column.values[~column.missing]
    n = len(present)
    if column.kind == "text" or (categorical and column.kind == "number"):
        different = len(set(present.tolist()))
        if different > max(20, n / 2):
            return (
                f"looks like an identifier: {different:,} different values in {n:,} rows, such as "
                f"{cut(str(present[0]))!r}"
            )
    elif column.kind == "number" and n > 10 and (present == np.floor(present)).all():
        if np.array_equal(present, np.arange(n) + present[0]) and present[0] in (0, 1):
            return "looks like a row number"
        named = _IDENTIFIER.search(column.name) or _CAMEL_ID.search(column.name)
        if named and np.unique(present).size == n:
            return f"looks like an identifier: {n:,} different whole numbers, and its name says so"
    return ""


def _nearly_numbers(column: Column) -> list[str]:
    """Return a note if most values of a column of text are numbers."""
    present = np.flatnonzero(~column.missing)
    odd = [row for row in present if number_of(column.values[row]) is None]
    if not 0 < len(odd) < len(present) / 2:
        return []
    where = f"{cut(column.values[odd[0]])!r} in row {odd[0]} (from 0)"
    return [
        f"{column.name!r} is read as text, as {len(odd):,} of its {len(present):,} values are no "
        f"numbers, such as {where}; where these cells are empty, it is read as numbers"
    ]
