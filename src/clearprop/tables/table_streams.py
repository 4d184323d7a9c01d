"""Streams of tables: what `cp.stream` makes of files of tables and of LazyFrames."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

from clearprop.checks.lazy import is_lazy
from clearprop.checks.settings import count, flag
from clearprop.errors import ArgumentError
from clearprop.streams.source import Rows, Tables
from clearprop.streams.stream import WINDOW, Stream
from clearprop.streams.stream import stream as stream_of_arrays
from clearprop.tables.block_sources import TableSource
from clearprop.tables.blocks.files import TableFiles
from clearprop.tables.blocks.lazy import LazyTable
from clearprop.tables.blocks.numbers import NumberRows
from clearprop.tables.sources import is_source


class TableStream(Stream):
    """The rows of a table; with a target, those of numbers that a network is trained on."""

    source: TableSource  # type: ignore[assignment]

    def numbers(self) -> Rows:
        """Return X, all columns but the target, and y.

        Raises
        ------
        ColumnError, ArgumentError
            If there is no such column, or no target was named.
        """
        return cast("Rows", NumberRows(self.source, self.target))


def stream(
    data: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    window: int = WINDOW,
    target: str | list[str] | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    skip_bad: bool = False,
) -> Stream:
    """Return data that are read while a network is trained: more than memory holds.

    A run has two windows of rows in memory at most: one that is trained on, and one that a thread
    reads meanwhile. Rows are shuffled within a window; of files and arrays, blocks of rows fall
    into other windows in each epoch. Where one window holds all rows, the numbers are those of a
    run whose data are in memory. See docs/streams.md.

    Parameters
    ----------
    data : path, list of paths, LazyFrame, array or iterable
        A table: .parquet, .arrow (a file or a stream), .csv, .tsv, .txt, these packed too
        (.csv.gz); a folder or a pattern such as "2024-*.parquet", whose files are one table; a
        polars LazyFrame. Or a .npy file; an array or memory map of shape (n, n_0); an iterable of
        batches (X, y) or (X, y, weights), or a function without arguments that returns one. A
        generator can be gone through once, which is one epoch.
    y : path or array, shape (n,) or (n, n_L), optional
        Targets, of a .npy file or an array.
    sample_weight : path or array, shape (n,), optional
    window : int
        Rows of a window.
    target : str or list of str, optional
        Of a table for `cp.train`: the column of y, or those of several outputs; all others are X,
        and numbers. `Model.fit`, `Model.predict` and the like need none, and take text too.
    encoding, sheet : str, optional
        Of a table, as for `Model.fit`.
    skip_bad : bool
        Of a table: leave out what cannot be read (groups of rows, batches, lines, what is behind
        the end of a truncated file, whole files of several), and count it, in place of an error.

    Returns
    -------
    Stream

    Raises
    ------
    ArgumentError
        If it is no data that can be streamed, or something is said that the data have none of.
    ShapeError, FileMissingError, TableFileError, ColumnError
        If arrays do not fit one another, or files cannot be read.

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
    >>> rows = cp.stream(batches, window=1000)
    >>> history = cp.train(network, rows, optimizer=cp.SGD(0.1), epochs=3)
    >>> network["W1"].round(3).tolist()
    [[1.0, -2.0]]

    >>> import tempfile
    >>> import polars as pl
    >>> path = tempfile.mkdtemp() + "/line.parquet"
    >>> x = np.linspace(-1, 1, 400)
    >>> pl.DataFrame({"x": x, "label": (x > 0).astype(int)}).write_parquet(path)
    >>> network = cp.Network([1, 2], output="softmax", seed=0)
    >>> history = cp.train(network, cp.stream(path, target="label"), epochs=20)
    >>> history.loss[-1] < history.loss[0]
    True
    """
    is_lazily = is_lazy(data)
    if not (is_lazily or (is_source(data) and not _is_array_file(data))):
        said = {"target": target, "encoding": encoding, "sheet": sheet, "skip_bad": skip_bad}
        for name, value in said.items():
            if value is not None and value is not False:
                raise ArgumentError(f"{name} is of a table, and these data are none: leave it out")
        return stream_of_arrays(data, y, sample_weight, window=window)
    if y is not None or sample_weight is not None:
        raise ArgumentError("the y of a table is a column of it: say target='NAME'")
    window, skip_bad = count("window", window, 1), flag("skip_bad", skip_bad)
    source: TableSource
    if is_lazily:
        for name, value in (("encoding", encoding), ("sheet", sheet), ("skip_bad", skip_bad)):
            if value:
                raise ArgumentError(f"{name} is of files, and a LazyFrame is none: leave it out")
        source = LazyTable(data)
    else:
        source = TableFiles(data, encoding=encoding, sheet=sheet, skip_bad=skip_bad, window=window)
    return TableStream(cast("Tables", source), window, target)


def _is_array_file(data: Any) -> bool:
    return isinstance(data, str | os.PathLike) and Path(data).suffix == ".npy"
