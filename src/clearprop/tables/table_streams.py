"""Table streams: `cp.stream` of files of tables and of LazyFrames, beside arrays and batches."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, cast

from clearprop.checks.settings import count, flag, listed
from clearprop.errors import ArgumentError, shown
from clearprop.streams.source import Rows, Tables
from clearprop.streams.stream import WINDOW, Stream
from clearprop.streams.stream import stream as stream_of_numbers
from clearprop.tables.blocks.files import TableFiles
from clearprop.tables.blocks.lazy import LazyTable
from clearprop.tables.numeric_rows import NumericRows
from clearprop.tables.sources import is_source
from clearprop.tables.target import check_target_name


class TableStream(Stream):
    """A stream of a table's rows."""

    def numbers(self) -> Rows:
        """Return its columns as numbers; see `Stream.numbers`."""
        if self.target is None:
            raise ArgumentError(
                "the stream is of a table and names no target: cp.stream(FILE, target='price')"
            )
        return cast("Rows", NumericRows(cast("Tables", self.source), self.target))


def stream(
    data: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    target: str | list[str] | None = None,
    window: int = WINDOW,
    skip_bad: bool = False,
    encoding: str | None = None,
    sheet: str | None = None,
) -> Stream:
    """Return data that are read while a network is trained: more than memory holds.

    A run has two windows of rows in memory at most: one that is trained on, and one that a thread
    reads meanwhile. Rows are shuffled within a window; of files and arrays, blocks of rows fall
    into other windows in each epoch. Where one window holds all rows, the numbers are those of a
    run whose data are in memory. See docs/streams.md.

    Parameters
    ----------
    data : path, list of paths, LazyFrame, array or iterable
        Files of a table, as for ``cp.Model.fit``, or a folder of them; a polars LazyFrame; a .npy
        file; an array or memory map of shape (n, n_0); an iterable of batches (X, y) or
        (X, y, weights), or a function without arguments that returns one. A generator can be gone
        through once, which is one epoch.
    y : path or array, shape (n,) or (n, n_L), optional
        Targets, of a .npy file or an array.
    sample_weight : path or array, shape (n,), optional
    target : str or list of str, optional
        Of a table: the columns to predict. ``cp.train`` takes all others as X, which have to be
        numbers; ``cp.Model.fit``, which encodes what is none, may be told it instead.
    window : int
        Rows of a window.
    skip_bad : bool
        Of files of a table: leave out what cannot be read, and count it. False: it is an error.
    encoding, sheet : str, optional
        Of files of a table, as for ``cp.Model.fit``.

    Returns
    -------
    Stream

    Raises
    ------
    ArgumentError
        If it is no data that can be streamed.
    ShapeError, FileMissingError, TableFileError, ColumnError
        If arrays do not fit one another, or files cannot be read, or lack the target.

    Examples
    --------
    >>> import numpy as np
    >>> import clearprop as cp
    >>> def batches():
    ...     rng = np.random.default_rng(0)
    ...     for _ in range(50):
    ...         X = rng.normal(size=(100, 2))
    ...         yield X, X[:, 0] - 2 * X[:, 1]
    >>> network = cp.Network([2, 1], "identity", loss="squared_error", seed=0)
    >>> history = cp.train(network, cp.stream(batches, window=1000), epochs=20, batch_size=10)
    >>> network["W1"].round(3).tolist()
    [[1.0, -2.0]]

    A table:

    >>> import polars as pl
    >>> pl.DataFrame({"a": [1.0, 2.0, 4.0], "b": [2.0, 4.0, 8.0]}).write_parquet("doubled.parquet")
    >>> cp.stream("doubled.parquet", target="b")
    Stream of 3 rows, in windows of 1,000,000
    """
    window = count("window", window, 1)
    skip_bad = flag("skip_bad", skip_bad)
    if not _is_table(data, y):
        for name, value in (("target", target), ("encoding", encoding), ("sheet", sheet)):
            if value is not None:
                raise ArgumentError(f"{name} is {shown(value)}, but the stream is of no table")
        if skip_bad:
            raise ArgumentError("skip_bad is of files of a table: leave it out")
        return stream_of_numbers(data, y, sample_weight, window=window)
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ArgumentError(f"{name} of a table is a column: target='price' names it")
    source: Any
    if _is_lazy(data):
        if encoding is not None or sheet is not None or skip_bad:
            raise ArgumentError("encoding, sheet and skip_bad are of files, not of a LazyFrame")
        source = LazyTable(data)
    else:
        source = TableFiles(data, encoding=encoding, sheet=sheet, skip_bad=skip_bad)
    return TableStream(source, window, _target(target, source.names))


def _target(target: Any, names: list[str]) -> str | list[str] | None:
    if target is None:
        return None
    wanted = [target] if isinstance(target, str) else listed(target)
    for name in wanted:
        if not isinstance(name, str):
            raise ArgumentError(f"target is {shown(target)}; give the name of a column, or several")
        check_target_name(name, names)
    return target if isinstance(target, str) else list(wanted)


def _is_table(data: Any, y: Any) -> bool:
    if _is_lazy(data):
        return True
    is_array = isinstance(data, str | os.PathLike) and Path(data).suffix == ".npy"
    return is_source(data) and not is_array and y is None


def _is_lazy(data: object) -> bool:
    polars = sys.modules.get("polars")  # who has a LazyFrame has imported it
    return polars is not None and isinstance(data, polars.LazyFrame)
