"""Look: what the words of a column of text are, as numbers, before anything is decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clearprop.tables.columns import Column
from clearprop.tables.numerals import (
    COMMA,
    MARKS,
    POINT,
    has_leading_zero,
    has_minus_behind,
    is_plain,
    numeral,
)
from clearprop.tables.words import SAMPLE, Words, among, sampled

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
        The same with either mark, such as 12 and 12 500; another number with a decimal point than
        with a comma; a number with only one of them.
    codes : int
        Digits that begin with zero.
    dressed : bool
        Whether some have a unit, or marks between thousands, or a decimal comma.
    large : bool
        Whether some have four digits or more and no mark.
    units : Counter of str
    example : str
        One that fits both.
    times : tuple of str
        What numbers are multiplied by.
    times_of_units : tuple of str
        What those with a unit are.
    alone, times_alone, behind : Counter of str
        By the mark that reads them: those without a unit, those of them that are multiplied, and
        those with a minus behind.
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
    times: tuple[str, ...] = ()
    times_of_units: tuple[str, ...] = ()
    alone: Counter[str] = field(default_factory=Counter)
    times_alone: Counter[str] = field(default_factory=Counter)
    behind: Counter[str] = field(default_factory=Counter)

    @property
    def has_codes(self) -> bool:
        """Whether it is names made of digits, such as 007; one among many 2.50 or 5 kg is none."""
        with_unit = sum(count for name, count in self.units.items() if name)
        shows = max(self.both + self.point + self.comma, with_unit)
        return self.codes > (1 - MOST) * shows

    @property
    def is_digits(self) -> bool:
        """Whether all its cells are plain digits."""
        return self.bare == self.n and not self.dressed

    @property
    def all_behind(self) -> bool:
        """Whether nearly all its cells have a minus behind: 18.5- may be what is above it."""
        return max(self.behind[mark] for mark in MARKS) > MOST * self.n

    @property
    def mark(self) -> str:
        """The mark before decimals that the column itself shows, or ""."""
        if self.bare + self.both + self.point + self.comma < MOST * self.n:
            return ""
        return self._shown

    @property
    def _shown(self) -> str:
        return POINT if self.point > self.comma else COMMA if self.comma else ""

    @property
    def is_open(self) -> bool:
        """Whether some are another number with either mark, and none shows which is meant."""
        return self.both > 0 and not self._shown

    def decimal(self, usual: str) -> str:
        """Return the mark before decimals: that of most, or else the table's usual one."""
        if self.is_open and self.large:  # 1234 beside 1.234: nobody marks thousands
            return POINT if POINT in self.example else COMMA
        return self._shown or usual


def look_at(column: Column, missing: Collection[str], few: float = 1 - MOST) -> Look:
    """Count the cells of a column of text, without the words for missing values.

    Of many words some are looked at first: where most of these are no numbers, nor are the others.
    `few` is the share of cells that may be none in a column of numbers.
    """
    counts = column.counts()
    if not isinstance(column.words, Words) and len(column.words) > SAMPLE:
        some = [word for word in sampled(column.words, counts) if word not in missing]
        are_numbers = sum(bool(numeral(word, POINT) or numeral(word, COMMA)) for word in some)
        if are_numbers < min(0.25, (1 - few) / 2) * len(some):
            n = int(counts[~among(column.words, missing)].sum())
            return Look(n, 0, 0, 0, 0, 0, False, False, Counter(), "")
    tally: Counter[str] = Counter()
    units: Counter[str] = Counter()
    times: set[str] = set()
    times_of_units: set[str] = set()
    alone: Counter[str] = Counter()
    times_alone: Counter[str] = Counter()
    behind: Counter[str] = Counter()
    dressed = False
    fit_both: list[int] = []
    begins = 0
    if isinstance(column.words, Words):
        begins = len(column.words.numbers)
        fit_both += _look_at_plain(column.words, counts, missing, tally)
        alone.update({mark: tally["bare"] + tally["both"] + tally[mark] for mark in MARKS})
        dressed = column.words.mark == COMMA and tally["both"] + tally[COMMA] > 0
    for place in range(begins, len(column.words)):
        word, count = column.words[place], int(counts[place])
        if word in missing or not count:
            continue
        tally["n"] += count
        tally["codes"] += count * has_leading_zero(word)
        by_point = by_comma = numeral(word, POINT)
        if by_point is None or by_point.marks:
            by_comma = numeral(word, COMMA)
        found = by_point or by_comma
        if found is None:
            continue
        units[found.unit] += count
        (times_of_units if found.unit else times).add(found.times)
        is_behind = found.value <= 0 and has_minus_behind(word)
        for mark, by in ((POINT, by_point), (COMMA, by_comma)):
            if by is not None:
                alone[mark] += count * (not by.unit)
                times_alone[mark] += count * (by.times != "" and not by.unit)
                behind[mark] += count * is_behind
        dressed |= not is_plain(word)
        if by_point is None or by_comma is None:
            tally[COMMA if by_point is None else POINT] += count
        elif by_point.value != by_comma.value:
            tally["both"] += count
            fit_both += [] if fit_both[1:] else [place]
        else:
            tally["bare"] += count
            tally["large"] += abs(found.value) >= 1000
    first = min(fit_both, key=lambda place: (column.values == place).argmax(), default=None)
    example = "" if first is None else column.words[first]
    return Look(
        tally["n"], tally["bare"], tally["both"], tally[POINT], tally[COMMA], tally["codes"],
        dressed, tally["large"] > 0, units, example, tuple(sorted((times | times_of_units) - {""})),
        tuple(sorted(times_of_units - {""})), alone, times_alone, behind,
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
        three = rf"^[+-]?[1-9][0-9]{{0,2}}{mark}[0-9]{{3}}$"
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
