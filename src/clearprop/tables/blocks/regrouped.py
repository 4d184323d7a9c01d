"""Blocks of one size, whatever the pieces are that files are read in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from clearprop.streams.block import TableBlock
from clearprop.tables import plain_table
from clearprop.tables.plain_table import PlainTable


def regrouped(blocks: Iterable[TableBlock], rows: int) -> Iterator[tuple[int, Any]]:
    """Yield the number of the first row, and a frame of as many rows; the last may have fewer.

    So what is computed for a block is the same, however a file is cut.
    """
    first = there = 0
    waiting: list[Any] = []
    for block in blocks:
        waiting.append(block.frame)
        there += block.rows
        while there >= rows:
            whole = _joined(waiting)
            yield first, whole[:rows]
            waiting, there, first = [whole[rows:]], there - rows, first + rows
    if there:
        yield first, _joined(waiting)


def _joined(frames: list[Any]) -> Any:
    if len(frames) == 1:
        return frames[0]
    if isinstance(frames[0], PlainTable):
        return plain_table.joined(frames)
    import polars

    return polars.concat(frames)
