"""Streams: what a caller makes of files, memory maps or batches to train on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

from clearprop.checks.settings import count
from clearprop.errors import ArgumentError, shown
from clearprop.streams.arrays import ArraySource, open_array
from clearprop.streams.batches import BatchSource
from clearprop.streams.block import as_array
from clearprop.streams.source import Rows, Tables

WINDOW = 1_000_000
"""Rows of a window, unless somebody says otherwise."""


class Stream:
    """A source of rows, and how many of them are in memory, and shuffled, together.

    Made by `cp.stream`.

    Attributes
    ----------
    source : Source
        Of numbers, or of tables' rows.
    window : int
        Rows; a run rounds them up to whole batches.
    target : str, list of str, or None
        The column of a table that is to be predicted.

    Examples
    --------
    >>> import numpy as np
    >>> import clearprop as cp
    >>> cp.stream(np.ones((1000, 3)), np.ones(1000), window=100)
    Stream of 1,000 rows, in windows of 100
    """

    def __init__(
        self, source: Rows | Tables, window: int = WINDOW, target: str | list[str] | None = None
    ) -> None:
        self.source, self.target = source, target
        self.window = count("window", window, 1)

    def numbers(self) -> Rows:
        """Return the source of what a network is trained on.

        Raises
        ------
        ArgumentError
            If cells are to be encoded first, or no target was named.
        """
        return cast("Rows", self.source)

    def __repr__(self) -> str:
        rows = self.source.rows
        known = "rows not counted yet" if rows is None else f"{rows:,} rows"
        return f"Stream of {known}, in windows of {self.window:,}"


def stream(
    data: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    window: int = WINDOW,
) -> Stream:
    """Return data that are read while a network is trained: more than memory holds.

    A run has two windows of rows in memory at most: one that is trained on, and one that a thread
    reads meanwhile. Rows are shuffled within a window; of files and arrays, blocks of rows fall
    into other windows in each epoch. Where one window holds all rows, the numbers are those of a
    run whose data are in memory. See docs/streams.md.

    Parameters
    ----------
    data : path, array or iterable
        A .npy file; an array or memory map of shape (n, n_0); an iterable of batches (X, y) or
        (X, y, weights), or a function without arguments that returns one. A generator can be gone
        through once, which is one epoch.
    y : path or array, shape (n,) or (n, n_L), optional
        Targets, of a file or an array.
    sample_weight : path or array, shape (n,), optional
    window : int
        Rows of a window.

    Returns
    -------
    Stream

    Raises
    ------
    ArgumentError
        If it is no data that can be streamed.
    ShapeError, FileMissingError, TableFileError
        If arrays do not fit one another, or files cannot be read.
    """
    window = count("window", window, 1)
    parts = [data, y, sample_weight]
    if _is_rows(data) or isinstance(data, str | os.PathLike):
        if y is None:
            raise ArgumentError(f"a stream of {_said(data)} needs y: cp.stream(X, y)")
        names = tuple(
            Path(part).name if isinstance(part, str | os.PathLike) else name
            for part, name in zip(parts, ("X", "y", "sample_weight"), strict=True)
        )
        X, targets, weights = (
            None if part is None else _rows_of(part, name)
            for part, name in zip(parts, names, strict=True)
        )
        return Stream(ArraySource(X, targets, weights, window, names), window)
    if y is not None or sample_weight is not None:
        raise ArgumentError("batches have their y and weights in them: (X, y) or (X, y, weights)")
    return Stream(BatchSource(data), window)


def _is_rows(data: Any) -> bool:
    return hasattr(data, "shape") and hasattr(data, "dtype") and hasattr(data, "__getitem__")


def _rows_of(part: Any, name: str) -> Any:
    if isinstance(part, str | os.PathLike):
        if Path(part).suffix != ".npy":
            raise ArgumentError(f"{_said(part)} is no .npy file, of which a stream can be made")
        return open_array(part)
    return part if _is_rows(part) else as_array(part, name)


def _said(data: Any) -> str:
    return shown(str(data), 200) if isinstance(data, str | os.PathLike) else "an array"
