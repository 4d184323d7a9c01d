"""Fitted: the encoding of a stream, by one pass over all of its rows.

Numbers: exact counts, means, scales and ends, merged block by block; medians are the sample's.
Categories: counts that are exact up to `MOST_WORDS` different ones. The classes of the target, or
its mean and scale. What the sample has decided is held against all rows: a column that they do
not fit is an error, or a note.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import NonFiniteDataError, ShapeError, TargetError, TypeOfDataError
from clearprop.streams.block import TableBlock
from clearprop.tables.encoding import KINDS_OF_CATEGORY, STATISTICS, Encoding, Input
from clearprop.tables.fitted_encoding import MIN_ROWS, room_for, typical_value
from clearprop.tables.identifiers import counts_rows
from clearprop.tables.intervals import is_rate
from clearprop.tables.preparation import LEAST_ROWS
from clearprop.tables.settings import TableSettings
from clearprop.tables.streamed.decided import Decided
from clearprop.tables.streamed.draws import TRAINING, VALIDATION
from clearprop.tables.streamed.goals import GoalTally
from clearprop.tables.streamed.reading import Reader, ReadRows, located
from clearprop.tables.streamed.tallies import (
    CategoryTally,
    CellTally,
    OrderTally,
    ValueTally,
    finished,
    tally_of,
)
from clearprop.tables.target import Target
from clearprop.tables.text import cut
from clearprop.tables.too_large import LARGEST, too_large

Array = NDArray[Any]
Rows = NDArray[np.int64]


@dataclass
class Fitted:
    """What the pass over all rows finds.

    Attributes
    ----------
    reader : Reader
        How rows are read.
    encoding : Encoding
    target : Target
    reason : str
        Why the task is what it is.
    rows : dict of str to int
        As a report has them.
    classes : dict of str to int
    sums : ndarray, shape (K,)
        How much the rows of each class count, of those to learn from; of a number, none.
    missing : dict of str to int
    dropped : dict of str to str
        Columns that all rows together make of no use.
    notes : list of str
    learned : list of int
        The rows to learn from, of each block.
    watched : list of frames
        The rows to stop by, as they are in the stream.
    """

    reader: Reader
    encoding: Encoding
    target: Target
    reason: str
    rows: dict[str, int]
    classes: dict[str, int]
    sums: Array
    missing: dict[str, int]
    dropped: dict[str, str]
    notes: list[str]
    learned: list[int]
    watched: list[Any]


@dataclass
class _Pass:
    """The tallies of a pass."""

    decided: Decided
    settings: TableSettings
    reader: Reader
    goal: GoalTally
    of: dict[str, CategoryTally | ValueTally]
    order: dict[str, OrderTally]
    cells: dict[str, CellTally] = field(default_factory=dict)
    n: int = 0
    without: int = 0
    parts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(3, dtype=np.int64))
    learned: list[int] = field(default_factory=list)
    watched: list[Any] = field(default_factory=list)
    too_large: dict[str, NonFiniteDataError] = field(default_factory=dict)

    def add(self, block: TableBlock) -> None:
        read = self.reader.read(block.frame)
        for name, tally in self.order.items():
            tally.add(read.columns[name])
        for failed in read.unreadable:
            self.cells.setdefault(failed.column, CellTally()).add(failed, block.first)
        self.n += block.rows
        present = np.flatnonzero(read.present)
        self.without += block.rows - len(present)
        parts = self.decided.parts.of(block.first, block.rows)
        whole = len(present) == block.rows
        rows = read if whole else read.take(present)
        part = parts if whole else parts[present]
        self.parts += np.bincount(part, minlength=3)
        learned = np.flatnonzero(part == TRAINING)
        self.learned.append(len(learned))
        self._measure(rows, learned, present, block)
        watched = present[part == VALIDATION]
        if len(watched):
            self.watched.append(block.frame[watched])

    def _measure(self, rows: ReadRows, learned: Rows, present: Rows, block: TableBlock) -> None:
        """Measure the rows with a target, which are these of their block."""
        if not len(present):
            return
        self.goal.add(rows.goal, learned, rows.weights, present, block)
        for one in self.reader.inputs:
            name, tally = one.column, self.of[one.column]
            tally.add(one, rows.columns[name], learned, present + block.first)
            if (
                isinstance(tally, ValueTally)
                and tally.most > LARGEST
                and name not in self.too_large
            ):
                values, there = one.values_of(rows.columns[name])[0], present + block.first
                self.too_large[name] = too_large(
                    f"column {name!r}", values[learned], there[learned], block.where
                )


def fit_stream(
    blocks: Iterable[TableBlock], decided: Decided, settings: TableSettings, window: int
) -> Fitted:
    """Return what all rows of a stream say, after a sample has decided what its columns are.

    Parameters
    ----------
    blocks : iterable of TableBlock
        All rows, in their order.
    decided : Decided
    settings : TableSettings
    window : int
        Rows of a window.

    Raises
    ------
    DataError
        If the target is missing in rows that are not to be left out, or a column does not hold
        what the sample has of it.
    """
    read, inputs = decided.read, decided.detected.inputs
    hows = {name: read.whole[name] for name in (read.target, *(one.column for one in inputs))}
    reader = Reader(read.target, inputs, hows, read.words, decided.weighing)
    may_count = {*_may_count_rows(inputs, decided)}
    passed = _Pass(
        decided, settings, reader, GoalTally(decided.target, settings),
        {one.column: tally_of(one, decided.edges[one.column]) for one in inputs},
        {name: OrderTally() for name in may_count},
    )  # fmt: skip
    for block in blocks:
        with located(block):
            passed.add(block)
    return _finished(passed, window)


def _may_count_rows(inputs: Iterable[Input], decided: Decided) -> Iterator[str]:
    """Yield the columns of numbers that nobody has asked for, and that have no unit."""
    for one in inputs:
        how = decided.read.whole[one.column]
        asked = how.is_wished or one.column in decided.read.named["keep"]
        if one.kind == "number" and not asked and not one.reading.unit:
            yield one.column


def _finished(passed: _Pass, window: int) -> Fitted:
    decided, settings = passed.decided, passed.settings
    notes = _check_fit(passed)
    read = decided.read
    sampled = read.whole[read.target].column
    target, reason = passed.goal.fitted(sampled, is_rate(settings.loss), len(decided.rows))
    dropped = _counting(passed)
    inputs = [one for one in passed.reader.inputs if one.column not in dropped]
    encoding, said = _encoding(passed, inputs, window)
    training, validation, test = passed.parts.tolist()
    return Fitted(
        replace(passed.reader, inputs=encoding.inputs),
        encoding,
        target,
        reason or decided.reason,
        {"training": training, "validation": validation, "test": test,
         "without target": passed.without},
        passed.goal.counts(target) if target.classes else {},
        passed.goal.sums(target),
        {one.column: n for one in inputs if (n := passed.of[one.column].missing)},
        dropped,
        notes + said,
        passed.learned,
        passed.watched,
    )  # fmt: skip


def _check_fit(passed: _Pass) -> list[str]:
    """Return notes on cells that cannot be read, or raise for what the sample did not show."""
    target, settings = passed.reader.target, passed.settings
    m = len(passed.decided.rows)
    for name, cells in passed.cells.items():
        is_target = name == target and not settings.drop_missing_target
        if is_target or cells.n > settings.unreadable * passed.n:
            error = TargetError if name == target else TypeOfDataError
            raise error(
                f"{cells.told(name, passed.n)}, though a sample of {m:,} rows shows a column of "
                f"such: say columns={{{name!r}: 'category'}} (--column '{name}=category')"
            )
    if passed.without and not settings.drop_missing_target:
        raise TargetError(
            f"target {target!r} is missing in {passed.without:,} of {passed.n:,} rows: leave them "
            "out with drop_missing_target (--drop-missing-target)"
        )
    if passed.parts.sum() < LEAST_ROWS or not passed.parts[TRAINING]:
        raise ShapeError(
            f"the stream has {passed.parts.sum()} rows with a target, {passed.parts[TRAINING]} to "
            f"learn from; a model takes {LEAST_ROWS} or more"
        )
    return [cells.told(name, passed.n) for name, cells in passed.cells.items()]


def _counting(passed: _Pass) -> dict[str, str]:
    """Return the columns that count the rows, and why they are not used."""
    found = {}
    for name, tally in passed.order.items():
        why = counts_rows(name, tally.n, tally.first, tally.last) if tally.ascends else ""
        if why:
            found[name] = why
    return found if len(found) < len(passed.reader.inputs) else {}


def _encoding(passed: _Pass, inputs: Collection[Input], window: int) -> tuple[Encoding, list[str]]:
    """Return the encoding, and what is to be said of it."""
    decided, of, learned = passed.decided, passed.of, passed.decided.learned
    words = [tally for one in inputs if isinstance(tally := of[one.column], CategoryTally)]
    sizes = sorted(len(tally.counts.of) for tally in words)
    there = 2 * window + int(
        passed.parts[VALIDATION]
    )  # one window is read as another is trained on
    most = passed.settings.max_categories or room_for(sizes, len(inputs), there)
    fitted, notes = [], []
    columns: list[list[Array]] = []
    for one in inputs:
        tally = of[one.column]
        sample = decided.detected.columns[one.column].take(learned)
        ready = replace(finished(one, tally), typical=typical_value(one.kind, sample))
        if isinstance(tally, ValueTally):
            if ready.within is None and one.column in passed.too_large:
                raise passed.too_large[one.column]
            notes += [told] if (told := tally.told(ready)) else []
            columns.append(_statistics(ready, tally, ready.values_within(sample)))
        else:
            ready, told = _with_categories(ready, tally, most)
            notes += [told] if told else []
        fitted.append(ready)
    found = [np.concatenate(one) for one in zip(*columns, strict=True)]
    statistics = dict(zip(STATISTICS, found or [np.empty(0)] * len(STATISTICS), strict=True))
    return Encoding(tuple(fitted), statistics, tuple(sorted(decided.read.words))), notes


def _statistics(one: Input, tally: ValueTally, sample: Array) -> list[Array]:
    """Return the `STATISTICS` of an input's values; the sample's medians stand for missing ones."""
    there = np.isfinite(tally.low)
    low, high = np.where(there, tally.low, 0.0), np.where(there, tally.high, 0.0)
    medians = np.array([
        np.median(present) if len(present := row[~np.isnan(row)]) else 0.0 for row in sample
    ])  # fmt: skip
    return [medians, *tally.fitted(medians), low, high]


def _with_categories(one: Input, tally: CategoryTally, most: int) -> tuple[Input, str]:
    """Return an input with its categories, as `fitted_encoding` chooses them, and a note."""
    counts = tally.counts.of
    there = sorted(counts)
    frequent = {word for word in there if counts[word] >= MIN_ROWS}
    if len(frequent) >= most:
        frequent = set(sorted(there, key=counts.__getitem__)[len(there) - most + 1 :])
    rare = [word for word in there if word not in frequent]
    found = replace(
        one,
        categories=tuple(word for word in there if word in frequent),
        rare=len(rare) or int(tally.counts.error > 0),
        rare_words=tuple(rare),
        typical=min(there, key=lambda word: (-counts[word], word), default=None),
    )
    return found, _folded(found, tally, most)


def _folded(one: Input, tally: CategoryTally, most: int) -> str:
    """Say which values share an input, how many rows have them, and how exact that is."""
    counts = tally.counts
    if not one.rare or one.kind not in KINDS_OF_CATEGORY:
        return ""
    n = max(counts.n + tally.missing_learned, 1)
    share = (counts.n - sum(counts.of[word] for word in one.categories)) / n
    why = f"those in fewer than {MIN_ROWS} rows to learn from"
    if len(one.categories) + 1 >= most:
        why = f"all but the most frequent {len(one.categories):,} (max_categories)"
    values = f"{one.rare:,} of {len(one.categories) + one.rare:,} values"
    exact = ""
    if counts.error:
        values = f"all of more than {counts.most:,} values but {len(one.categories):,}"
        exact = f"; counts may be {counts.error:,} too small, {counts.error / n:.3%} of the rows"
    such = f", such as {cut(one.rare_words[0])!r}" if one.rare_words else ""
    return f"{one.column!r}: {values} share an input, {why}{such}; {share:.1%} of the rows{exact}"
