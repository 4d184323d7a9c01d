"""What a caller gives to be compared: one quantity of a pass, or single numbers of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop import notation
from clearprop.errors import ElementError, TypeOfDataError, shown
from clearprop.explaining.checking.stages import Stage
from clearprop.explaining.names import element_of, find_element, own_name
from clearprop.record import Record

Array = NDArray[Any]


class Answer:
    """One quantity of the caller's.

    Attributes
    ----------
    name : str
        "W1" for dL/dW^1, "delta2", "z1[0]".
    label : str
        As it is shown: "dW1", "delta2", or the reader's own name.
    stage : Stage
    expected : ndarray
        The record's, shape () for a number of a weight or a bias.
    value : ndarray
        The caller's, in the same shape where it has as many numbers in the same order.
    turned : bool
        Whether it came transposed, and `value` is turned back.
    error : float
        The norm of the difference, as a share of the norm of `expected`.
    right : bool
    """

    def __init__(
        self,
        record: Record,
        name: str,
        value: ArrayLike,
        given: Mapping[str, str],
        tolerance: float,
        floors: Mapping[str, Array],
    ) -> None:
        self.given_as, self._given = name, given
        self.name, element, own = _element(record, name, given)
        symbol, layer, self._index = element
        self.stage = Stage(f"d{symbol}" if symbol in ("W", "b") else symbol, layer)
        self.label = f"d{self.name}" if symbol in ("W", "b") else self.name
        self.expected = np.asarray(record[self.label])
        self.label = own or self.label
        self.tolerance = tolerance
        self._floor = float(np.linalg.norm(self._part(floors[self.stage.name])))
        self.value, self.turned = self._shaped(value)
        self.error = _apart(self.value, self.expected)
        self.right = not self.turned and self.fits(self.expected, whole=False)

    @property
    def shape_fits(self) -> bool:
        """Whether the caller's numbers stand where the record's do."""
        return self.value.shape == self.expected.shape

    @property
    def finite(self) -> bool:
        """Whether all numbers are."""
        return bool(np.isfinite(self.value).all())

    def fits(self, candidate: Array, whole: bool = True) -> bool:
        """Whether the caller's numbers are these: of the whole quantity, or already a part of it.

        They are where they differ by less than the tolerance, or than what rounding makes of the
        right ones.
        """
        part = self._part(candidate) if whole else candidate
        if part is None or part.shape != self.value.shape:
            return False
        with np.errstate(all="ignore"):
            size, distance = np.linalg.norm(part), np.linalg.norm(self.value - part)
        return bool(np.isfinite(size) and distance <= self.tolerance * size + self._floor)

    def fits_each(self, candidates: Array) -> NDArray[np.bool_]:
        """Return of many candidates for the whole quantity, along axis 0, which fit."""
        if self._index:
            return np.array([self.fits(candidate) for candidate in candidates])
        if candidates.shape[1:] != self.value.shape:
            return np.zeros(len(candidates), bool)
        rows = candidates.reshape(len(candidates), -1)
        size = np.linalg.norm(rows, axis=1)
        distance = np.linalg.norm(rows - self.value.ravel(), axis=1)
        return np.isfinite(size) & (distance <= self.tolerance * size + self._floor)

    def put_into(self, values: Array) -> Array:
        """Return the whole quantity with the caller's numbers in it."""
        if not self.finite or not self.shape_fits:
            return values
        if not self._index:
            return self.value.astype(values.dtype)
        found = values.copy()
        found[self._place()] = self.value
        return found

    def element(self, place: tuple[int, ...]) -> str:
        """Return what the reader calls one number; of a batch, with its sample: "z2[1]@3"."""
        sample = ""
        if self.stage.symbol not in ("dW", "db"):
            sample, place = f"@{place[0]}" if self.expected.shape[0] > 1 else "", place[1:]
        name = self.name if self._index else f"{self.name}[{','.join(map(str, place))}]"
        return f"{own_name(name, self._given)}{sample}"

    def part(self, candidate: Array) -> Array:
        """Return of a whole quantity what was asked for."""
        part = self._part(candidate)
        return self.expected if part is None or part.shape != self.expected.shape else part

    def _place(self) -> Any:
        per_sample = self.stage.symbol not in ("dW", "db")
        return (slice(None), self._index[0]) if per_sample else self._index

    def _part(self, candidate: Array) -> Any:
        if not self._index:
            return candidate
        try:
            return np.asarray(candidate[self._place()])
        except IndexError:
            return None

    def _shaped(self, value: ArrayLike) -> tuple[Array, bool]:
        try:
            with np.errstate(over="ignore"):  # infinity is wrong
                found = np.asarray(value)
                is_complex = found.dtype.kind == "c" and self.expected.dtype.kind != "c"
                if not is_complex:
                    found = found.astype(np.result_type(self.expected, np.float64), copy=False)
        except (TypeError, ValueError, OverflowError) as error:
            if _ragged(value):
                return np.full(1, np.nan), False
            raise TypeOfDataError(f"the value of {self.name} is not made of numbers") from error
        if is_complex:
            raise TypeOfDataError(f"the value of {self.name} is complex; it must be real numbers")
        wanted = self.expected.shape
        if found.shape == wanted:
            return found, False
        thin = [size for size in found.shape if size != 1] == [size for size in wanted if size != 1]
        is_turned = found.ndim == 2 and found.shape == wanted[::-1]
        if thin and not (is_turned and self.stage.symbol == "dW"):
            return found.reshape(wanted), False
        return (found.T, True) if is_turned else (found, False)


def _ragged(value: Any) -> bool:
    """Whether rows of numbers are of different lengths."""
    if not isinstance(value, list | tuple):
        return False
    rows = [row for row in value if isinstance(row, list | tuple)]
    try:
        return len(rows) == len(value) and all(np.asarray(row, float).ndim == 1 for row in rows)
    except (TypeError, ValueError, OverflowError):
        return False


def _element(
    record: Record, name: str, given: Mapping[str, str]
) -> tuple[str, notation.Element, str]:
    """Return a quantity's name, what it is, and the reader's own name if that was given."""
    find_element(name, record.network, given)
    text = element_of(name.strip(), given)
    own = name.strip() if text != name.strip() else ""
    text = re.sub(r"^d(?=[Wb])", "", text)
    element = notation.parse(text)
    if element.symbol == "L":
        raise ElementError(f"{shown(name)}: what is compared is z, a, da, delta, and dW, db")
    return text, element, own


def _apart(a: Array, b: Array) -> float:
    """Return the norm of the difference, as a share of the norm of b."""
    if a.shape != b.shape:
        return float("inf")
    with np.errstate(all="ignore"):
        size, distance = float(np.linalg.norm(b)), float(np.linalg.norm(a - b))
    if not np.isfinite(distance):
        return float("inf")
    return distance / size if size else (0.0 if distance == 0.0 else float("inf"))
