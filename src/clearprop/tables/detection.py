"""Detection: which columns of a table a network can learn from, and as what.

Everything decided here is said in the report, with what to ask for instead.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from clearprop.tables import dates
from clearprop.tables.columns import Column, as_categories
from clearprop.tables.encoding import Input

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
    *,
    drop: Collection[str],
    keep: Collection[str],
    categorical: Collection[str],
) -> Detected:
    """Decide what each column is.

    Parameters
    ----------
    columns : mapping of str to Column
        All columns but the target, with all rows, those without a target too.
    drop, keep : collection of str
        Columns that are dropped anyway, and columns that stay though they look like
        identifiers.
    categorical : collection of str
        Columns of numbers that are names of things.
    """
    found = Detected()
    for name, column in columns.items():
        reason = "as asked for" if name in drop else _useless(column)
        form = None
        if not reason and column.kind == "text" and name not in categorical:
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
        if reason:
            found.dropped[name] = reason
        else:
            found.inputs.append(_input(column, name in categorical, form))
            found.columns[name] = column
    return found


def _input(column: Column, categorical: bool, form: str | None) -> Input:
    if categorical or column.kind == "text":
        return Input(column.name, "category")
    if column.kind == "date":
        parts = dates.parts_that_vary(column.values)
        return Input(column.name, "date", parts=parts, date_format=form)
    return Input(column.name, column.kind)


def _useless(column: Column) -> str:
    """Return why nothing can be learned from a column, or ""."""
    if column.kind == "other":
        return f"holds {column.values[0]}"
    missing = column.missing
    if missing.all():
        return "has no values"
    present = column.values[~missing]
    if not missing.any() and (present == present[0]).all():
        value = as_categories(column)[0]
        return f"is always {value if len(value) < 30 else value[:27] + '...'}"
    return ""


def _identifier(column: Column, categorical: bool) -> str:
    """Return why a column looks like an identifier, or ""."""
    present = column.values[~column.missing]
    n = len(present)
    if column.kind == "text" or (categorical and column.kind == "number"):
        different = len(set(present.tolist()))
        if different > max(20, n / 2):
            return f"looks like an identifier: {different} different values in {n} rows"
    elif column.kind == "number" and n > 10 and (present == np.floor(present)).all():
        if np.array_equal(present, np.arange(n) + present[0]) and present[0] in (0, 1):
            return "looks like a row number"
        named = _IDENTIFIER.search(column.name) or _CAMEL_ID.search(column.name)
        if named and np.unique(present).size == n:
            return f"looks like an identifier: {n} different whole numbers, and its name says so"
    return ""
