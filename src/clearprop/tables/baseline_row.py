"""The baseline row: what a prediction is explained from, unless somebody names another row.

It has the median of each column of numbers, the most frequent category of each column of
categories, and the middle date of each column of dates, all of the training rows.
"""

from __future__ import annotations

import numpy as np

from clearprop.tables.columns import Column
from clearprop.tables.encoding import KINDS_OF_CATEGORY, Encoding, Input

_YEARS = "years since 2000"


def baseline_row(encoding: Encoding) -> tuple[dict[str, Column], list[str]]:
    """Return the baseline row's columns, and those whose typical value is not known.

    Files of Clearprop 0.1.0 do not have it. There the baseline has the first category by name, the
    date at the median of the years, or, of dates without years, a missing value.
    """
    row, unknown, at = {}, [], 0
    for one in encoding.inputs:
        medians = dict(zip(one.values, encoding.statistics["median"][at:], strict=False))
        at += len(one.values)
        typical = one.typical
        if one.kind != "number" and typical is None:
            typical = _guessed(one, medians)
            if typical is not None or one.kind == "date":
                unknown.append(one.column)
        row[one.column] = _cell(one, typical, medians.get(one.column, np.nan))
    return row, unknown


def _guessed(one: Input, medians: dict[str, float]) -> str | None:
    if one.kind in KINDS_OF_CATEGORY:
        return next(iter((*one.categories, *one.rare_words)), None)
    years = medians.get(f"{one.column}: {_YEARS}")
    if years is None:
        return None
    days = np.timedelta64(round(years * 365.2425), "D")
    return str(np.datetime64("2000-01-01") + days)


def _cell(one: Input, typical: str | None, median: float) -> Column:
    """Return a column of one row, as `Encoding.read` gives it."""
    if one.kind == "number":
        return Column(one.column, "number", np.array([median]))
    if one.kind == "date":
        return Column(one.column, "date", np.array([typical or "NaT"], dtype="datetime64[us]"))
    if typical is None:
        return Column(one.column, "text", np.array([-1], dtype=np.int32))
    return Column(one.column, "text", np.zeros(1, dtype=np.int32), (typical,))
