"""Window: the rows of a stream, if its window holds all of them, or a sample of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError, ColumnError, ShapeError, missing_extra
from clearprop.streams.block import TableBlock
from clearprop.streams.stream import Stream
from clearprop.tables.columns import check_named
from clearprop.tables.settings import TableSettings
from clearprop.tables.streamed.decided import check_streamed
from clearprop.tables.streamed.sample import Sample
from clearprop.tables.table_files import Cells

MOST_SAMPLED = 200_000
"""Rows of a sample, which the window may make fewer."""


class FirstLook(NamedTuple):
    """Rows of a stream.

    Attributes
    ----------
    cells : Cells
        All of them, or the sample.
    sample : ndarray of int, shape (m,), or None
        The numbers of the sampled rows; None: all are there.
    n : int
        The rows of the stream.
    """

    cells: Cells
    sample: NDArray[np.int64] | None
    n: int


def read_window(stream: Stream, target: object, settings: TableSettings) -> FirstLook:
    """Return all rows of a stream, or a sample where there are more than its window holds.

    Raises
    ------
    ArgumentError
        If the stream is one of numbers, or of another target, or cannot be gone through again, or
        has more rows than fit, and a setting takes all of them.
    ShapeError
        If it has no rows.
    ColumnError
        If a column has no name.
    DataError
        As the stream raises it.
    """
    if stream.target is not None and stream.target != target:
        raise ArgumentError(f"target is {target!r}, but the stream's is {stream.target!r}")
    try:
        import polars
    except ImportError:
        missing_extra("polars", "a stream of a table", "tables")
    source: Any = stream.source
    frames: list[Any] = []
    sample: Sample | None = None
    schema: Any = None
    n = 0
    for block in source.blocks():
        if not hasattr(block, "frame"):
            raise ArgumentError(
                "the stream has arrays, not a table's columns: cp.train takes it, or give files"
            )
        if schema is None:
            schema = block.frame.schema
            for place, name in enumerate(schema, 1):
                check_named(name, place)
        _check_same(schema, block)
        n += block.rows
        if sample is None:
            frames.append(block.frame)
            if n <= stream.window:
                continue
            _check_larger(source, settings, stream.window)
            sample = Sample(min(MOST_SAMPLED, stream.window), settings.seed)
            first = 0
            for frame in frames:
                sample.add(frame, first)
                first += len(frame)
            frames = []
        else:
            sample.add(block.frame, block.first)
    if not n:
        raise ShapeError("the stream has no rows")
    if sample is not None:
        frame, rows = sample.frame()
        return FirstLook(_cells(frame, source), rows, n)
    return FirstLook(_cells(polars.concat(frames, rechunk=True), source), None, n)


def _check_same(schema: Any, block: TableBlock) -> None:
    """Raise `ColumnError` if a block has other columns than the first."""
    other = block.frame.schema
    if other == schema:
        return
    for name in [*schema, *other]:
        if schema.get(name) != other.get(name):
            kinds = [str(one.get(name, "missing")) for one in (other, schema)]
            raise ColumnError(f"{block.where}: column {name!r} is {kinds[0]}, before it {kinds[1]}")
    raise ColumnError(f"{block.where} has its columns in another order than the first rows")


def _check_larger(source: Any, settings: TableSettings, window: int) -> None:
    """Raise `ArgumentError` for what cannot be had of more rows than the window holds."""
    check_streamed(settings)
    if source.once:
        raise ArgumentError(
            f"the stream has more rows than its window of {window:,}, and can be read once alone: "
            "give a function that returns its batches, files, or a larger window"
        )


def _cells(frame: Any, source: Any) -> Cells:
    """Return a frame with what its source says of how cells are written."""
    separator, typed = getattr(source, "separator", ""), getattr(source, "typed", True)
    notes = list(getattr(source, "notes", ()))
    if skipped := getattr(source, "skipped", None):
        notes.append(str(skipped))
    return Cells(frame, separator, typed, tuple(notes))
