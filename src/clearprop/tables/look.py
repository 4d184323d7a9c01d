"""Look: what the words of a column of text are, as numbers, before anything is decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearprop.tables.columns import Column
from clearprop.tables.numerals import COMMA, POINT, has_leading_zero, is_plain, numeral
from clearprop.tables.words import Words, among

MOST = 0.95
"""The share of a column's cells that are numbers where it shows how numbers are marked."""


@dataclass(frozen=True)
class Look:
    """What the words of a column are, as numbers: counts of cells.

    Attributes
    ----------
    n : int
        All that are there.
    bare, both, point, comma : int
        Without marks; with marks that fit a decimal point and a comma; only one of them.
    codes : int
        Digits that begin with zero.
    dressed : bool
        Whether some have a unit, or marks between thousands, or a decimal comma.
    large : bool
        Whether some have four digits or more and no mark.
    units : Counter of str
    example : str
        One that fits both.
    """

    n: int
    bare: int
    both: int
    point: int
    comma: int
    codes: int
    dressed: bool
    large: bool
    units: Counter[str]
    example: str

    @property
    def mark(self) -> str:
        """The mark before decimals that the column itself shows, or ""."""
        if self.bare + self.both + self.point + self.comma < MOST * self.n:
            return ""
        return POINT if self.point > self.comma else COMMA if self.comma else ""


def look_at(column: Column, missing: Collection[str]) -> Look:
    """Count the cells of a column of text, without the words for missing values."""
    counts = column.counts()
    tally: Counter[str] = Counter()
    units: Counter[str] = Counter()
    dressed = False
    fit_both: list[int] = []
    begins = 0
    if isinstance(column.words, Words):
        begins = len(column.words.numbers)
        fit_both += _look_at_plain(column.words, counts, missing, tally)
        dressed = column.words.mark == COMMA and tally["both"] + tally[COMMA] > 0
    for place in range(begins, len(column.words)):
        word, count = column.words[place], int(counts[place])
        if word in missing or not count:
            continue
        tally["n"] += count
        tally["codes"] += count * has_leading_zero(word)
        by_point, by_comma = numeral(word, POINT), numeral(word, COMMA)
        found = by_point or by_comma
        if found is None:
            continue
        units[found.unit] += count
        dressed |= not is_plain(word)
        if by_point is None or by_comma is None:
            tally[COMMA if by_point is None else POINT] += count
        elif found.marks:
            tally["both"] += count
            fit_both += [] if fit_both[1:] else [place]
        else:
            tally["bare"] += count
            tally["large"] += abs(found.value) >= 1000
    first = min(fit_both, key=lambda place: (column.values == place).argmax(), default=None)
    example = "" if first is None else column.words[first]
    return Look(
        tally["n"], tally["bare"], tally["both"], tally[POINT], tally[COMMA], tally["codes"],
        dressed, tally["large"] > 0, units, example,
    )  # fmt: skip


def _look_at_plain(
    words: Words, counts: NDArray[np.int64], missing: Collection[str], tally: Counter[str]
) -> list[int]:
    """Count plain numbers as `look_at` does words; return the first that fits both marks."""
    plain, size = words.plain, np.abs(words.numbers)
    counts = np.where(among(words, missing)[: len(size)], 0, counts[: len(size)])
    mark = "[.]" if words.mark == POINT else ","
    marked = plain.str.contains(words.mark, literal=True).to_numpy()
    both = np.zeros(len(size), dtype=bool)
    codes = both.copy()
    if marked.any():
        three = rf"^[+-]?[1-9][0-9]{{0,2}}{mark}[0-9]{{3}}([eE][+-]?[0-9]+)?$"
        both = plain.str.contains(three).to_numpy() & (counts > 0)
    if not marked.all():
        codes = plain.str.contains(r"^[+-]?0[0-9]+$").to_numpy()
    tally["n"] += int(counts.sum())
    tally["codes"] += int(counts[codes].sum())
    tally["bare"] += int(counts[~marked].sum())
    tally["large"] += int((~marked & (size >= 1000) & (counts > 0)).sum())
    tally["both"] += int(counts[both].sum())
    tally[words.mark] += int(counts[marked & ~both].sum())
    return np.flatnonzero(both)[:1].tolist()
