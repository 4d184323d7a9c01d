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
    """What `detect_inputs` found: the inputs, why columns were dropped, and what to know."""

    inputs: list[Input] = field(default_factory=list)
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
        if not reason and name not in keep:
            reason = _identifier(column, name in categorical)
        if reason:
            found.dropped[name] = reason
        else:
            found.inputs.append(_input(column, name in categorical, found.notes))
    return found


def _input(column: Column, categorical: bool, notes: list[str]) -> Input:
    name = column.name
    if categorical:
        return Input(name, "category")
    if column.kind in ("number", "boolean"):
        return Input(name, column.kind)
    if column.kind == "date":
        return Input(name, "date", parts=dates.parts_that_vary(column.values))
    form = dates.find_format(column.values)
    if form is None:
        return Input(name, "category")
    if dates.is_ambiguous(column.values, form):
        notes.append(
            f"the dates of {name!r} are read as month/day/year; they could be day/month/year too"
        )
    moments, _ = dates.parse(column.values, form)
    return Input(name, "date", parts=dates.parts_that_vary(moments), date_format=form)


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
        if different > max(20, n / 2) and dates.find_format(present) is None:
            return f"looks like an identifier: {different} different values in {n} rows"
    elif column.kind == "number" and n > 10 and (present == np.floor(present)).all():
        if np.array_equal(present, np.arange(n) + present[0]) and present[0] in (0, 1):
            return "looks like a row number"
        named = _IDENTIFIER.search(column.name) or _CAMEL_ID.search(column.name)
        if named and np.unique(present).size == n:
            return f"looks like an identifier: {n} different whole numbers, and its name says so"
    return ""
