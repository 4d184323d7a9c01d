"""Goals: the target's classes with their rows, or its mean and scale, while all rows go by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import NonFiniteDataError, SampleWeightError, TargetError
from clearprop.streams.block import TableBlock
from clearprop.tables.columns import Column, as_words
from clearprop.tables.preparation import check_range
from clearprop.tables.settings import TableSettings
from clearprop.tables.streamed.counts import Counts
from clearprop.tables.streamed.moments import NONE, Moments
from clearprop.tables.target import MAX_CLASSES, TRANSFORMS, Target, detect_target
from clearprop.tables.too_large import too_large

Array = NDArray[Any]
Rows = NDArray[np.int64]


@dataclass
class GoalTally:
    """What is counted and measured of the target.

    Attributes
    ----------
    target : Target
        As the sample has it.
    settings : TableSettings
    words : Counts
        The classes, in all rows with a target.
    learned : Counter
        How much the rows of each class count, of those to learn from.
    moments : Moments
        Of the numbers to learn, in the rows to learn from.
    too_large : NonFiniteDataError or None
        What is to be said of them if they have no scale.
    """

    target: Target
    settings: TableSettings
    words: Counts = field(default_factory=lambda: Counts(2 * MAX_CLASSES))
    learned: Counter[str] = field(default_factory=Counter)
    moments: Moments = NONE
    too_large: NonFiniteDataError | None = None

    def add(
        self, goal: Column, learned: Rows, weights: Array | None, rows: Rows, block: TableBlock
    ) -> None:
        """Look at a block's rows with a target: which these are, and which are learned from."""
        some = None if weights is None else weights[learned]
        if self.target.classes:
            column = as_words(goal)
            self.words.add(column.words, column.counts())
            places = column.values[learned]
            sums = np.bincount(places, some, minlength=len(column.words))
            for word, total in zip(column.words, sums.tolist(), strict=True):
                self.learned[word] += total
            return
        check_range(self.target, goal, rows, self.settings.loss)
        numbers = self.target.numbers(goal)[learned]
        if self.target.transform:
            numbers = TRANSFORMS[self.target.transform][0](numbers)
        self.moments += Moments.of(numbers, some)
        if self.too_large is None and not np.isfinite(self.moments.deviation):
            there = block.first + rows[learned]
            self.too_large = too_large(f"target {goal.name!r}", numbers, there, block.where)

    def fitted(self, goal: Column, is_rate: bool, m: int) -> tuple[Target, str]:
        """Return the target with what all rows say of it, and why the task is what it is.

        Parameters
        ----------
        goal : Column
            The sample's, of m rows.
        is_rate : bool
            Whether the network gives a positive rate.
        """
        if self.target.classes:
            return self._classes(goal, m)
        if not self.moments.weight:
            raise SampleWeightError("all rows to learn from have weight 0")
        if self.too_large is not None:
            raise self.too_large
        mean, scale = self.moments.mean, self.moments.deviation
        if is_rate:
            return replace(self.target, mean=0.0, scale=mean or 1.0), ""
        constant = scale <= 1e-14 * abs(mean)
        return replace(self.target, mean=mean, scale=1.0 if constant else scale), ""

    def _classes(self, goal: Column, m: int) -> tuple[Target, str]:
        name, different = self.target.column, sorted(self.words.of)
        known = f"a sample of {m:,} rows has {len(self.target.classes):,}"
        if self.words.error or len(different) > MAX_CLASSES:
            raise TargetError(
                f"target {name!r} has more than {MAX_CLASSES:,} different values, too many for "
                f"classes ({known}): say task='regression' (--task regression) if it is a number"
            )
        if goal.kind == "number":
            column = Column(name, "number", np.repeat([float(word) for word in different], 3))
        elif goal.kind == "boolean":
            places = [goal.words.index(word) for word in different]
            column = Column(name, "boolean", np.repeat(places, 3), goal.words)
        else:
            column = Column(name, "text", np.repeat(np.arange(len(different)), 3), different)
        found, reason = detect_target(column, self.settings.task, self.target.reading)
        if not found.classes:
            raise TargetError(
                f"target {name!r} has {len(different):,} different numbers ({known}): say "
                "task='classification' or task='regression' (--task)"
            )
        if not any(self.learned.values()):
            raise SampleWeightError("all rows to learn from have weight 0")
        return found, reason

    def counts(self, target: Target) -> dict[str, int]:
        """Return the rows of each class, of all with a target."""
        names = zip(target.classes, target.names, strict=True)
        return {str(label): self.words.of[name] for label, name in names}

    def sums(self, target: Target) -> Array:
        """Return how much the rows of each class count, of those to learn from: shape (K,)."""
        return np.array([self.learned[name] for name in target.names], dtype=np.float64)
