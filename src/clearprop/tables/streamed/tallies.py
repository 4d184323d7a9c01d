"""Tallies: what is counted and measured of each column while all rows go by."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.tables import wild_values
from clearprop.tables.cells import Unreadable, words_as_known
from clearprop.tables.columns import Column
from clearprop.tables.encoding import Input
from clearprop.tables.streamed.counts import MOST_WORDS, Counts
from clearprop.tables.streamed.moments import NONE, Moments
from clearprop.tables.text import cut
from clearprop.tables.wild_values import Edges

Array = NDArray[Any]
Rows = NDArray[np.int64]

SHOWN = 3
"""Cells and values that a note shows."""


@dataclass
class CellTally:
    """Cells of a column that cannot be read as the sample decided.

    Attributes
    ----------
    n : int
        How many there are.
    shown : list of str
        The first ones, each with its row.
    expected : str
        What they should be.
    """

    n: int = 0
    shown: list[str] = field(default_factory=list)
    expected: str = ""

    def add(self, found: Unreadable, first: int) -> None:
        """Count the cells of a block, whose first row has this number."""
        self.n += len(found.rows)
        self.expected = found.expected
        pairs = zip(found.texts, found.rows + first, strict=False)
        self.shown += [f"{cut(text)!r} in row {row}" for text, row in pairs]
        del self.shown[SHOWN:]

    def told(self, column: str, n: int) -> str:
        """Say how many of a column's n cells they are, and which are the first."""
        return (
            f"{column!r}: {self.n:,} of {n:,} cells taken as missing, being no {self.expected}: "
            f"{', '.join(self.shown)} (from 0)"
        )


@dataclass
class CategoryTally:
    """Words of a column, in the rows to learn from; missing values in all that have a target."""

    counts: Counts = field(default_factory=lambda: Counts(MOST_WORDS))
    missing: int = 0
    missing_learned: int = 0

    def add(self, one: Input, column: Column, learned: Rows, _: Rows) -> None:
        """Count a block's rows with a target, of which some are learned from."""
        self.missing += int(column.missing.sum())
        some = column.take(learned)
        self.missing_learned += int(some.missing.sum())
        self.counts.add(words_as_known(some, one.kind, ()), some.counts())


@dataclass
class ValueTally:
    """Numbers of a column, or the parts of its dates.

    Attributes
    ----------
    edges : Edges or None
        Where its first value would be wild.
    """

    edges: Edges | None
    missing: int = 0
    missing_learned: int = 0
    plain: list[Moments] = field(default_factory=list)
    clipped: Moments = NONE
    low: Array = field(default_factory=lambda: np.empty(0))
    high: Array = field(default_factory=lambda: np.empty(0))
    of_all: Moments = NONE
    not_far: Moments = NONE
    n_beyond: int = 0
    sides: tuple[bool, bool] = (False, False)
    shown: list[str] = field(default_factory=list)

    def add(self, one: Input, column: Column, learned: Rows, rows: Rows) -> None:
        """Measure a block's rows with a target, by their numbers; some are learned from."""
        values = one.values_of(column)
        missing = column.missing
        self.missing += int(missing.sum())
        some = learned[~missing[learned]]
        self.missing_learned += len(learned) - len(some)
        numbers = values[:, some]
        moments = [Moments.of(row) for row in numbers]
        if not self.plain:
            self.plain = [Moments()] * len(values)
            self.low, self.high = np.full(len(values), np.inf), np.full(len(values), -np.inf)
        self.plain = [a + b for a, b in zip(self.plain, moments, strict=True)]
        if len(some):
            self.low = np.minimum(self.low, numbers.min(axis=1))
            self.high = np.maximum(self.high, numbers.max(axis=1))
        if self.edges is not None:
            self._look_for_wild(column, values[0], numbers[0], moments[0], rows)

    def _look_for_wild(
        self, column: Column, values: Array, learned: Array, moments: Moments, rows: Rows
    ) -> None:
        assert self.edges is not None
        present = values[~np.isnan(values)]
        if not len(present):
            return
        of_all = Moments.of(present)
        self.of_all += of_all
        (far_low, far_high), within = self.edges.far, self.edges.within
        low, high = present.min(), present.max()
        if within[0] <= low and high <= within[1]:
            self.not_far += of_all
            self.clipped += moments
            return
        self.not_far += Moments.of(present[(present >= far_low) & (present <= far_high)])
        self.clipped += Moments.of(np.clip(learned, *within))
        places = wild_values.beyond(values, within)
        self.n_beyond += len(places)
        self.sides = self.sides[0] or bool(low < within[0]), self.sides[1] or bool(high > within[1])
        for at in places[: SHOWN - len(self.shown)].tolist():
            self.shown.append(wild_values.shown_value(column, at, int(rows[at]) - at))

    @property
    def most(self) -> float:
        """How far from 0 a value is, of those to learn from; minus infinity without any."""
        return float(max(-self.low.min(), self.high.max())) if len(self.low) else -np.inf

    @property
    def within(self) -> tuple[float, float] | None:
        """The range that wild values are taken into, if there are any."""
        if self.edges is None or not self.n_beyond:
            return None
        n = round(self.of_all.weight)
        wild = n - self.not_far.weight > 0 and wild_values.are_wild(
            n, self.n_beyond, self.of_all.deviation, self.not_far.deviation
        )
        return self.edges.within if wild else None

    def fitted(self, medians: Array) -> tuple[Array, Array]:
        """Return mean and scale of each value, with the median where one is missing."""
        moments = list(self.plain)
        if self.within is not None:
            moments[0] = self.clipped
        filled = [
            one + Moments.of_one(float(median), self.missing_learned)
            for one, median in zip(moments, medians, strict=True)
        ]
        return np.array([one.mean for one in filled]), np.array([one.scale for one in filled])

    def told(self, one: Input) -> str:
        """Say which values are far from all others, or return ""."""
        if self.within is None:
            return ""
        more = self.n_beyond - len(self.shown)
        shown = ", ".join(self.shown) + (f", and {more:,} more" if more else "") + " (from 0)"
        ends = wild_values.ends_in_words(one.kind, self.within, self.sides)
        n = round(self.of_all.weight) + self.missing
        return wild_values.told_counts(one.column, self.n_beyond, n, shown, ends)


@dataclass
class OrderTally:
    """Whether the whole numbers of a column only ascend: then they count the rows."""

    ascends: bool = True
    last: float = -np.inf
    first: float = np.nan
    n: int = 0

    def add(self, column: Column) -> None:
        """Look at all rows of a block, those without a target too."""
        if not self.ascends or not len(column.values):
            return
        values = column.values
        self.first = float(values[0]) if not self.n else self.first
        self.ascends = bool(
            values[0] > self.last
            and (np.diff(values) > 0).all()
            and (values == np.floor(values)).all()
        )
        self.last, self.n = float(values[-1]), self.n + len(values)


def tally_of(one: Input, edges: Edges | None) -> CategoryTally | ValueTally:
    """Return the tally of an input."""
    return ValueTally(edges) if one.kind in ("number", "date") else CategoryTally()


def finished(one: Input, tally: CategoryTally | ValueTally) -> Input:
    """Return an input with what does not depend on how many categories have room."""
    within = tally.within if isinstance(tally, ValueTally) else None
    return replace(one, missing=tally.missing_learned > 0, within=within)
