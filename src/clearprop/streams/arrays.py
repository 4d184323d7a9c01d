"""Arrays as a source: .npy files, memory maps, and whatever is cut into rows like an array.

What lies in a file is read, not mapped: pages of a map count as memory of the process, as many as
were ever touched, and a file that is cut short while it is mapped ends the process.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import (
    FileMissingError,
    ShapeError,
    TableFileError,
    TypeOfDataError,
    shown,
)
from clearprop.files.unchanged_file import ChangedFileError, mark_of
from clearprop.streams.block import Block

Array = NDArray[Any]

BLOCK_BYTES = 4 << 20
"""Of the inputs of a block."""

BLOCKS = 16
"""That a window has at the least, where the data let: epochs mix rows of different blocks."""

SAMPLE = 256
"""Rows by which a checkpoint knows an array."""


@dataclass(frozen=True)
class _Part:
    """An array, and its name for messages."""

    array: Any
    name: str
    mark: tuple[int, ...] = ()

    def first(self) -> Array:
        """Return its first row."""
        return np.asarray(self.array[:1])

    def rows(self, first: int, last: int) -> Array:
        """Return rows as an array of their own, or a view where they are in memory."""
        file = _file_of(self.array)
        if file is None:
            return np.asarray(self.array[first:last])
        path, offset, row = file
        shape = (last - first, *self.array.shape[1:])
        wanted = int(np.prod(shape))
        try:
            with Path(path).open("rb") as opened:
                self._check_same(os.fstat(opened.fileno()))
                opened.seek(offset + first * row)
                found = np.fromfile(opened, self.array.dtype, wanted)
        except OSError as error:
            raise TableFileError(f"{self.name} cannot be read: {error.strerror}") from None
        if found.size < wanted:
            there = first + found.size // max(1, wanted // len(range(first, last)))
            raise TableFileError(
                f"{self.name} is cut short: it ends in row {there:,} of {len(self.array):,}"
            )
        return found.reshape(shape)

    def check_ends(self) -> None:
        """Raise if the file under the map's name is another by now: its first or last row is."""
        n = len(self.array)
        for row in (0, n - 1) if self.mark else ():
            if self.rows(row, row + 1).tobytes() != self.array[row : row + 1].tobytes():
                raise ChangedFileError(
                    f"{self.name}: another file has the name of this map's by now: map it anew"
                )

    def _check_same(self, found: os.stat_result) -> None:
        """Raise unless it is the file, as it was when the stream was made.

        One that the map may write into is changed by whoever has the map, too.
        """
        mark = mark_of(found) if self.array.flags.writeable is False else mark_of(found)[:3]
        if self.mark[: len(mark)] not in ((), mark):
            raise ChangedFileError(
                f"{self.name} was changed or replaced since the stream was made: what is read now "
                "would not be of the same rows; begin anew, with a file that stays as it is"
            )


class ArraySource:
    """Rows of arrays, in blocks of a size that suits a window.

    Parameters
    ----------
    X : array, shape (n, n_0)
        A NumPy array or memory map, or what has a shape and a dtype and gives rows as slices, such
        as a data set of h5py or a tensor.
    y : array, shape (n,) or (n, n_L)
    weights : array, shape (n,), optional
    window : int
    names : sequence of str
        What messages call the three.

    Raises
    ------
    ShapeError, TypeOfDataError
        If they have different numbers of rows, or none, or what they give is no array.
    """

    once = False

    def __init__(
        self, X: Any, y: Any, weights: Any = None, window: int = 1 << 20,
        names: Sequence[str] = ("X", "y", "sample_weight"),
    ) -> None:  # fmt: skip
        given = [(X, names[0]), (y, names[1])]
        given += [] if weights is None else [(weights, names[2])]
        self._parts = [_Part(array, name) for array, name in given]
        shapes = [tuple(part.array.shape) for part in self._parts]
        if len(shapes[0]) != 2 or 0 in shapes[0]:
            raise ShapeError(f"{names[0]} must have shape (n, n_0), but has shape {shapes[0]}")
        self.rows: int | None = shapes[0][0]
        for part, shape in zip(self._parts, shapes, strict=True):
            if shape[:1] != shapes[0][:1]:
                raise ShapeError(f"{names[0]} has {shapes[0][0]:,} rows, {part.name} has {shape}")
        for part, shape in zip(self._parts, shapes, strict=True):
            if part.first().shape != (1, *shape[1:]):
                raise TypeOfDataError(f"{part.name} gives no rows that become an array")
        self._parts = [replace(part, mark=_mark(part.array)) for part in self._parts]
        for part in self._parts:
            part.check_ends()
        step = max(1, min(BLOCK_BYTES // self._parts[0].first().nbytes, window // BLOCKS))
        starts = np.arange(0, int(shapes[0][0]), step, dtype=np.int64)
        self.starts: NDArray[np.int64] | None = starts
        self._step = step
        self.names: list[str] | None = None

    def blocks(self, numbers: Iterable[int] | None = None) -> Iterator[Block]:
        """Yield blocks; see `clearprop.streams.source.Source`.

        Raises
        ------
        TableFileError
            If a file is gone, or cut short.
        """
        assert self.rows is not None
        assert self.starts is not None
        for number in range(len(self.starts)) if numbers is None else numbers:
            first = int(self.starts[number])
            last = min(first + self._step, self.rows)
            where = f"rows {first:,} to {last - 1:,} of {self._parts[0].name}"
            X, y, *weights = (part.rows(first, last) for part in self._parts)
            yield Block(first, where, X, y, weights[0] if weights else None)

    def identity(self) -> dict[str, Any]:
        """Return shapes, types, and the SHA-256 of some rows, evenly spread."""
        assert self.rows is not None
        spread = np.unique(np.linspace(0, self.rows - 1, SAMPLE).astype(np.int64)).tolist()
        said: dict[str, Any] = {"rows of a block": self._step}
        for what, part in zip(("X", "y", "sample_weight"), self._parts, strict=False):
            digest = hashlib.sha256()
            for row in spread:
                digest.update(np.ascontiguousarray(part.rows(row, row + 1)).tobytes())
            said[f"shape of {what}"] = list(part.array.shape)
            said[f"type of {what}"] = part.first().dtype.str
            said[f"sample of {what}"] = digest.hexdigest()
        return said


def _mark(array: Any) -> tuple[int, ...]:
    """Return what the file of a memory map is known by; nothing where there is none."""
    file = _file_of(array)
    try:
        return () if file is None else mark_of(Path(file[0]).stat())
    except OSError:  # told when it is read
        return ()


def _file_of(array: Any) -> tuple[str, int, int] | None:
    """Return the file of a memory map, where its numbers begin, and the bytes of a row.

    None where it lies in memory, or in the file in another order, or was changed in memory alone.
    """
    owner = array
    while not (isinstance(owner, np.memmap) and owner.filename is not None):
        owner = getattr(owner, "base", None)
        if not isinstance(owner, np.ndarray):
            return None
    while isinstance(owner.base, np.memmap):  # views know the offset of the map, not their own
        owner = owner.base
    if owner.mode == "c" or not array.flags.c_contiguous or array.dtype.hasobject:
        return None
    begin = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    return str(owner.filename), owner.offset + begin, array.nbytes // len(array)


def open_array(path: str | os.PathLike[str]) -> np.memmap[Any, Any]:
    """Return a .npy file as a memory map.

    Raises
    ------
    FileMissingError, TableFileError
        If there is none, or it holds no whole array of numbers.
    """
    name = Path(path).name
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise FileMissingError(f"there is no file {shown(str(path), 200)}") from None
    except (ValueError, OSError, EOFError) as error:
        why = str(error).partition("\n")[0]
        if "greater than file size" in why:
            why = "it is cut short"
        raise TableFileError(f"{name} is no .npy file that can be read: {why}") from None
    if not isinstance(found, np.memmap):
        raise TableFileError(f"{name} is no .npy file: several arrays are in it")
    return found
