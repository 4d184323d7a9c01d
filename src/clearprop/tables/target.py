"""Target: what is predicted, as the numbers a network learns, and back.

Classes become the labels 0, 1, ... of their sorted list; numbers, or their logarithms, are
standardized with the mean and scale of the training rows, and come back in their own unit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ColumnError, TargetError, nearest, shown, unknown
from clearprop.tables.cells import AS_IT_IS, Reading, Unreadable, without, words_as_known
from clearprop.tables.cells import read as read_cells
from clearprop.tables.columns import Column, as_words, check_finite, in_words_of
from clearprop.tables.text import cut, shortened
from clearprop.tables.too_large import too_large
from clearprop.tables.values import EXACT

Array = NDArray[Any]
Class = str | int | float | bool

TASKS = ("classification", "regression")


def _not_below_0(logarithms: Array) -> Array:
    """Return the numbers whose log1p these are; no such number was below 0 in training."""
    return np.maximum(np.expm1(logarithms), 0.0)


TRANSFORMS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array], str]] = {
    "log": (np.log, np.exp, "above 0"),
    "log1p": (np.log1p, _not_below_0, "0 or more"),
}
"""What a network may learn of a number, how that comes back, and which numbers it takes."""

MAX_CLASSES = 1000
MAX_WHOLE = 20
"""Whole numbers of at most so many different values are classes, if nobody says otherwise."""


@dataclass(frozen=True)
class Target:
    """The column that is predicted.

    Attributes
    ----------
    column : str
    classes : tuple of str, int, float or bool
        In the order of the network's outputs; empty for a number.
    mean, scale : float
        Of a number, or of what `transform` makes of it, over the training rows.
    reading : Reading
        How text becomes numbers.
    transform : str
        One of the `TRANSFORMS`, or "".
    """

    column: str
    classes: tuple[Class, ...] = ()
    mean: float = 0.0
    scale: float = 1.0
    reading: Reading = AS_IT_IS
    transform: str = ""

    @property
    def task(self) -> str:
        """Return "classification" or "regression"."""
        return "classification" if self.classes else "regression"

    @property
    def names(self) -> list[str]:
        """The classes, as text."""
        return list(map(_key, self.classes))

    @staticmethod
    def name_of(value: Any) -> str:
        """Return a class, of any type, as text."""
        try:
            return _key(value.item() if isinstance(value, np.generic) else value).strip()
        except Exception:  # an object may do anything
            return ""

    def labels(self, column: Column) -> NDArray[np.int64]:
        """Return the place of each value in `classes`, shape (n,).

        Raises
        ------
        TargetError
            If a value is missing, or no class of training.
        """
        self._check_present(column)
        place = {name: i for i, name in enumerate(self.names)}
        column = as_words(column)
        if set(map(type, self.classes)) == {bool}:
            words = words_as_known(column, "boolean", ())
        else:
            words = in_words_of(place, column.words)
        new = sorted({words[at] for at in np.unique(column.values)} - set(place))
        if new:
            raise TargetError(
                f"target {self.column!r} holds {cut(new[0])!r}, which is no class of training "
                f"({shortened(self.classes)})"
            )
        return np.array([place.get(word, -1) for word in words], dtype=np.int64)[column.values]

    def encode(self, column: Column) -> Array:
        """Return what the network learns: labels (n,), or standardized numbers (n,).

        Raises
        ------
        TargetError
            If a value is missing, no class of training, or outside the transform's range.
        """
        if self.classes:
            return self.labels(column)
        return (self._transformed(self.numbers(column)) - self.mean) / self.scale

    def decode(self, outputs: Array) -> Array:
        """Return the numbers, in their own unit, of what the network gives: float64, (n,)."""
        with np.errstate(over="ignore"):
            numbers = outputs * self.scale + self.mean
            return TRANSFORMS[self.transform][1](numbers) if self.transform else numbers

    def fitted(
        self,
        column: Column,
        weights: Array | None = None,
        *,
        is_rate: bool = False,
        rows: NDArray[np.int64] | None = None,
    ) -> Target:
        """Return the target of a regression with the mean and scale of the training rows.

        Parameters
        ----------
        column : Column
            Of the training rows.
        weights : ndarray, shape (n,), optional
            How much each row counts.
        is_rate : bool
            Whether the network gives a positive rate: numbers are divided by their mean alone,
            and stay 0 or more.
        rows : ndarray of int, shape (n,), optional
            The number of each row in the table, for messages.

        Raises
        ------
        NonFiniteDataError
            If numbers are too large to be standardized.
        """
        if self.classes:
            return self
        numbers = self._transformed(self.numbers(column))
        with np.errstate(over="ignore", invalid="ignore"):
            if weights is None:
                mean, scale = float(numbers.mean()), float(numbers.std())
            else:
                mean = float(np.average(numbers, weights=weights))
                scale = float(np.sqrt(np.average((numbers - mean) ** 2, weights=weights)))
        if not np.isfinite(scale):
            raise too_large(f"target {self.column!r}", numbers, rows)
        constant = scale <= 1e-14 * abs(mean)  # but for rounding
        if is_rate:
            return replace(self, mean=0.0, scale=mean or 1.0)
        return replace(self, mean=mean, scale=1.0 if constant else scale)

    def check_range(self, column: Column, rows: NDArray[np.int64], takes: str, what: str) -> None:
        """Raise `TargetError` for a number that cannot be learned so.

        Parameters
        ----------
        column : Column
        rows : ndarray of int, shape (n,)
            The number of each of its rows in the table.
        takes : {"above 0", "0 or more"}
        what : str
            What takes such numbers alone.
        """
        _check_range(self.column, self.numbers(column), rows, takes, what)

    def _transformed(self, numbers: Array) -> Array:
        if not self.transform:
            return numbers
        forward, _, takes = TRANSFORMS[self.transform]
        _check_range(self.column, numbers, np.arange(len(numbers)), takes, self.transform)
        return forward(numbers)

    def numbers(self, column: Column) -> Array:
        """Return the values in their own unit: float64, shape (n,).

        Raises
        ------
        TargetError
            If a value is missing, or not a number.
        """
        self._check_present(column)
        return _numbers(column)

    def read(
        self, column: Column, missing_words: Collection[str], *, leave_out: bool = False
    ) -> tuple[Column, Unreadable | None]:
        """Return a table's column as training read it, and the cells that it could not read.

        Those of a regression are missing, if they may be left out.

        Raises
        ------
        TargetError
            If a cell is no number, in a regression, and is not to be left out.
        """
        if self.classes:
            return without(as_words(column), missing_words), None
        if column.kind not in ("number", "boolean", "text"):
            what = "dates" if column.kind == "date" else column.words[0]
            raise TargetError(f"target {self.column!r} holds {what}, but held numbers in training")
        read, unreadable = read_cells(column, "number", self.reading, missing_words)
        if unreadable is not None and not leave_out:
            raise TargetError(
                f"target {self.column!r} holds {cut(unreadable.texts[0])!r} in row "
                f"{unreadable.rows[0]} (from 0), which is no {unreadable.expected}: mend it, or "
                "leave it out with drop_missing_target (--drop-missing-target)"
            )
        check_finite(read)
        return read, unreadable

    def _check_present(self, column: Column) -> None:
        if column.missing.any():
            raise TargetError(
                f"target {self.column!r} is missing in {int(column.missing.sum())} of "
                f"{len(column.values)} rows: leave them out"
            )


def find_target(columns: Mapping[str, Column], name: str) -> Column:
    """Return the target column, or raise `ColumnError` with the nearest names."""
    check_target_name(name, columns)
    return columns[name]


def check_target_name(name: str, names: Collection[str]) -> None:
    """Raise `ColumnError` with the nearest names if there is no such column."""
    if name not in names:
        near = nearest(name, names)
        hint = f" (did you mean {near!r}?)" if near else ""
        raise ColumnError(
            f"the table has no column {shown(name)} to predict{hint}; it has {shortened(names)}"
        )


def detect_target(
    column: Column, task: str | None, reading: Reading = AS_IT_IS
) -> tuple[Target, str]:
    """Return what a target without missing values is, and why.

    Raises
    ------
    UnknownNameError
        If `task` is neither "classification", "regression" nor None.
    TargetError
        If all values are the same, or every value is another, or they do not fit the task.
    """
    if task is not None and not (isinstance(task, str) and task in TASKS):
        unknown("task", task, TASKS)
    if column.kind in ("date", "other"):
        what = "dates" if column.kind == "date" else column.words[0]
        raise TargetError(
            f"target {column.name!r} holds {what}; a target is a number or a class: make one of it"
        )
    named = as_words(column)
    n, different = len(column.values), sorted({named.words[at] for at in np.unique(named.values)})
    if len(different) == 1:
        raise TargetError(
            f"target {column.name!r} is always {different[0]}: there is nothing to learn"
        )
    why = "as asked for"
    if task is None:
        task, why = _detect_task(column, len(different))
    if task == "regression":
        _numbers(column)
        return Target(column.name, reading=reading), why
    if len(different) > max(2, n / 2) or len(different) > MAX_CLASSES:
        advice = ": use regression" if column.kind == "number" else ": is it an identifier?"
        raise TargetError(
            f"target {column.name!r} has {len(different)} different values in {n} rows, "
            f"too many for classes{advice}"
        )
    zero = next((key for key in different if "\0" in key), None)
    if zero is not None:  # NumPy takes it off the end of a text
        raise TargetError(
            f"target {column.name!r} holds {zero!r}, a text with a zero character: take it out"
        )
    return Target(column.name, _classes(column, different), reading=reading), why


def _detect_task(column: Column, different: int) -> tuple[str, str]:
    if column.kind == "boolean":
        return "classification", "true or false"
    if column.kind == "text":
        return "classification", f"{different} different texts"
    values = column.values
    if not (values == np.floor(values)).all():
        return "regression", "numbers with decimals"
    if different <= min(MAX_WHOLE, max(2, len(values) / 2)):
        return "classification", f"{different} different whole numbers"
    return "regression", f"whole numbers, {different} different ones"


def _classes(column: Column, different: list[str]) -> tuple[Class, ...]:
    if column.kind == "boolean":
        return tuple(word == "true" for word in different)
    if column.kind == "text":
        return tuple(different)
    numbers = np.unique(column.values)
    whole = (numbers == np.floor(numbers)).all() and (np.abs(numbers) < EXACT).all()
    return tuple(int(v) if whole else float(v) for v in numbers)


def _key(value: Any) -> str:
    """Return a class as `as_words` writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _check_range(name: str, numbers: Array, rows: NDArray[np.int64], takes: str, what: str) -> None:
    wrong = np.flatnonzero(numbers < 0 if takes == "0 or more" else numbers <= 0)
    if len(wrong):
        raise TargetError(
            f"target {name!r} is {numbers[wrong[0]]:g} in row {rows[wrong[0]]} (from 0), but "
            f"{what} takes numbers {takes}"
        )


def _numbers(column: Column) -> Array:
    if column.kind == "number":
        check_finite(column)
        return column.values
    if column.kind == "boolean":
        return column.values.astype(np.float64)
    present = sorted({column.words[at] for at in np.unique(column.values)})
    raise TargetError(
        f"target {column.name!r} holds {cut(present[0])!r}, which is no number: use "
        "classification, or mend it"
    )
