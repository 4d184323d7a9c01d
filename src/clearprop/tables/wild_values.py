"""Wild values: numbers so far from all others that a column's mean and scale are theirs alone.

One 1e12 among incomes leaves all others the same number once they are standardized. Such values
count as the end of a range that is wide for the others: heavy tails are within it, or are too many
to be wild, and a column without wild values is left as it is, to the last bit.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.tables import dates
from clearprop.tables.columns import Column
from clearprop.tables.text import shortened

Array = NDArray[Any]

LEAST = 20
"""Of fewer values none is wild."""

TRIMMED = 25
"""One of so many values on each side is none of the bulk, whose width is the measure."""

FAR = 10
"""Widths of the bulk beyond its ends from where on a value may be wild."""

BEYOND = 2
"""Widths beyond the bulk's ends where the range ends, once there are wild values."""

FEW = 0.02
"""The share of values that may be beyond the range: more are a tail."""

DOMINATED = 5
"""Wild values make the standard deviation so many times as large, or they do no harm."""

_QUICK = 10_000
"""Values that tell, of more, that none is far."""

_SHARE = 0.01
"""The share of rows that hold a number that stands for a missing value, at least."""


def numbers_of(column: Column) -> Array | None:
    """Return the numbers of a column that may be wild: its own, or the years of dates."""
    if column.kind == "date":
        return dates.parts([dates.YEARS], column.values)[0]
    return column.values if column.kind == "number" else None


def find_range(numbers: Array) -> tuple[float, float] | None:
    """Return the range that wild values are taken into, or None if there are none.

    Parameters
    ----------
    numbers : ndarray, float64, shape (n,)
        NaN where missing.

    Examples
    --------
    >>> import numpy as np
    >>> find_range(np.array([*range(50), 1e12]))
    (-90.0, 140.0)
    >>> find_range(np.array([*range(50), 500.0])) is None
    True
    """
    with np.errstate(over="ignore", invalid="ignore"):
        some = numbers[:: len(numbers) // _QUICK] if len(numbers) > 2 * _QUICK else numbers[:0]
        some = some[~np.isnan(some)]
        if len(some) >= LEAST and not _far(numbers, some).any():
            return None
        present = numbers[~np.isnan(numbers)]
        n = len(present)
        if n < LEAST:
            return None
        far = _far(present, present)
        if not far.any() or present.std() <= DOMINATED * present[~far].std():
            return None
        low, high = _bulk(present)
        ends = low - BEYOND * (high - low), high + BEYOND * (high - low)
        wild = len(beyond(present, ends))
    return (float(ends[0]), float(ends[1])) if wild <= max(2, FEW * n) else None


class Edges(NamedTuple):
    """Where values would be wild, by a sample: what lies beyond `far`, if `within` holds most.

    Attributes
    ----------
    far : tuple of float
        Values beyond it may be wild.
    within : tuple of float
        The range that wild values are taken into.
    """

    far: tuple[float, float]
    within: tuple[float, float]


def edges_by(sample: Array) -> Edges | None:
    """Return where values are wild by a sample of them, shape (n,); None where nothing says so.

    Examples
    --------
    >>> edges_by(np.arange(50.0))
    Edges(far=(-448.0, 497.0), within=(-88.0, 137.0))
    """
    present = sample[~np.isnan(sample)]
    if len(present) < LEAST:
        return None
    low, high = _bulk(present)
    width = high - low
    if not 0 < width < np.inf:
        return None
    return Edges(
        (low - FAR * width, high + FAR * width), (low - BEYOND * width, high + BEYOND * width)
    )


def are_wild(n: int, n_beyond: int, deviation: float, without_far: float) -> bool:
    """Whether values are wild, as `find_range` decides it, by what is known of all values.

    Parameters
    ----------
    n, n_beyond : int
        All values, and those beyond the range that they would be taken into.
    deviation, without_far : float
        The standard deviation of all, and of those that are not far.
    """
    return deviation > DOMINATED * without_far and n_beyond <= max(2, FEW * n)


def _far(present: Array, sample: Array) -> NDArray[np.bool_]:
    """Return which values are far from the bulk of a sample of them."""
    low, high = _bulk(sample)
    width = high - low
    if not width > 0:
        return np.zeros(len(present), dtype=bool)
    return np.asarray((present < low - FAR * width) | (present > high + FAR * width))


def _bulk(present: Array) -> tuple[float, float]:
    """Return the ends of what most values lie between.

    Where half of them are one value, such as 0, the others say how far values lie from it.
    """
    middle = float(np.partition(present, len(present) // 2)[len(present) // 2])
    others = present[present != middle]
    if 2 * len(others) > len(present):
        return _trimmed(present)
    if len(others) < LEAST:
        return middle, middle
    low, high = _trimmed(others)
    return min(low, middle), max(high, middle)


def _trimmed(numbers: Array) -> tuple[float, float]:
    cut = max(1, len(numbers) // TRIMMED)
    places = [cut, len(numbers) - 1 - cut]
    low, high = np.partition(numbers, places)[places]
    return float(low), float(high)


def told(column: Column, within: tuple[float, float], rows: Array) -> str:
    """Say which values of a column are taken into the range.

    Parameters
    ----------
    column : Column
    within : tuple of float
        As `find_range` gives it.
    rows : ndarray of int, shape (n,)
        The table's row of each value.
    """
    numbers = numbers_of(column)
    assert numbers is not None
    low, high = within
    sides = bool((numbers < low).any()), bool((numbers > high).any())
    ends = ends_in_words(column.kind, within, sides)
    return told_apart(column, beyond(numbers, within), rows, ends)


def ends_in_words(kind: str, within: tuple[float, float], sides: tuple[bool, bool]) -> str:
    """Return as what the values beyond either end of a range count, if there are any."""
    ends = [
        f"the year {2000 + end:.0f}" if kind == "date" else f"{end:.6g}"
        for end, is_one in zip(within, sides, strict=True)
        if is_one
    ]
    return f" as {' or '.join(ends)}"


def told_apart(column: Column, places: Array, rows: Array, counted: str = "") -> str:
    """Say which values of a column are far from all others.

    Parameters
    ----------
    column : Column
    places : ndarray of int
        Of these values.
    rows : ndarray of int, shape (n,)
        The table's row of each value.
    counted : str
        As what they count, if they do not count as they are.
    """
    shown = shown_in_rows(column, places, rows)
    return told_counts(column.name, len(places), len(rows), shown, counted)


def told_counts(name: str, n_wild: int, n: int, shown: str, counted: str = "") -> str:
    """Say how many of n values of a column are far from all others, and `shown`, the first."""
    one = n_wild == 1
    counts = f" and count{'s' * one}{counted}" if counted else ""
    return (
        f"{name!r}: {n_wild:,} of {n:,} values {'is' if one else 'are'} far "
        f"from all others{counts}: {shown}"
    )


def told_of_target(column: Column, learned: Array, rows: Array) -> str:
    """Say that a target holds wild values, or return "".

    Parameters
    ----------
    column : Column
    learned : ndarray, shape (n,)
        What the network learns of it: of a logarithm fewer are wild.
    rows : ndarray of int, shape (n,)
        The table's row of each value.
    """
    within = find_range(learned)
    if within is None:
        return ""
    places = beyond(learned, within)
    more = len(places) > 1
    return (
        f"the target holds {len(places):,} value{'s' * more} far from all others, of which the "
        f"network may learn little else: {shown_in_rows(column, places, rows)}; mend "
        f"{'them' if more else 'it'}, or leave the row{'s' * more} out"
    )


def beyond(numbers: Array, within: tuple[float, float]) -> NDArray[np.int64]:
    """Return the places of the numbers outside a range."""
    return np.flatnonzero((numbers < within[0]) | (numbers > within[1]))


def shown_in_rows(column: Column, places: Array, rows: Array) -> str:
    """Return the first of some values, each with its row."""
    found = [shown_value(column, at, rows[at] - at) for at in places]
    return f"{shortened(found, 3)} (from 0)"


def shown_value(column: Column, at: int, first: int) -> str:
    """Return a value with its row, where the column's first row has this number."""
    is_date = column.kind == "date"
    value = str(column.values[at])[:10] if is_date else f"{column.values[at]:.10g}"
    return f"{value} in row {at + first}"


def stand_ins(numbers: Array) -> list[tuple[str, int]]:
    """Return numbers that look as if they stood for a missing value, and their counts.

    Such as -999 among ages: at an end, in many rows, and farther from all others than these are
    from each other.

    Examples
    --------
    >>> import numpy as np
    >>> stand_ins(np.array([*range(20, 90), *[-999.0] * 8]))
    [('-999', 8)]
    """
    left = numbers[~np.isnan(numbers)]
    n = len(left)
    found: list[tuple[str, int]] = []
    while len(left) > LEAST:
        ends = float(left.min()), float(left.max())
        counts = {end: int(np.count_nonzero(left == end)) for end in ends}
        often = [end for end in ends if max(5, _SHARE * n) <= counts[end] < n / 2]
        others = left[~np.isin(left, often)] if often else left[:0]
        if len(others) < LEAST or len(np.unique(others)) < LEAST:
            break
        low, high = float(others.min()), float(others.max())
        apart = [end for end in often if max(low - end, end - high) > high - low]
        found += [(f"{end:.17g}", counts[end]) for end in apart]
        if not apart:
            break
        left = left[~np.isin(left, apart)]
    return found


def told_of_stand_ins(columns: Collection[Column], words: Collection[str]) -> list[str]:
    """Say which numbers look as if they stood for a missing value, and how to have them so.

    Parameters
    ----------
    columns : collection of Column
    words : collection of str
        What stands for a missing value in this table already: to be named with the new ones.
    """
    notes = []
    for column in columns:
        if column.kind == "number":
            for word, count in stand_ins(column.values):
                every = [word, *sorted(words)]
                options = " ".join(f"--missing-words {one}" for one in every)
                notes.append(
                    f"{word} in {count:,} rows of {column.name!r} looks like a word for a missing "
                    f"value: missing_words={every} ({options}) reads it so"
                )
    return notes
