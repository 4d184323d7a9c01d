"""Sources: what a stream reads from. Whatever offers these few things can be trained on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import TableWarning
from clearprop.streams.block import Block, TableBlock
from clearprop.warned import warn

AnyBlock = TypeVar("AnyBlock", Block, TableBlock, covariant=True)


class Source(Protocol[AnyBlock]):
    """Rows in blocks, which can be gone through again and again, by several readers at a time.

    Each call of `blocks` is a pass of its own: what it opens, it closes, also when its reader stops
    early. It is called in a reader's thread. What it finds wrong it raises as a `DataError` that
    names file and position in one line.

    Where bad blocks are to be skipped, they are found before `rows` or `starts` are first told:
    both are of the blocks that are left, which are numbered through, and so are their rows.

    Attributes
    ----------
    rows : int or None
        How many there are; None where nobody has counted them: then a reader counts, by a pass.
    starts : ndarray of int64, shape (blocks,), or None
        The number of each block's first row, where each can be read by itself: epochs take the
        blocks in orders of their own. None: from the beginning on alone.
    names : list of str, or None
        The columns of X, or of a table's frames.
    once : bool
        Whether it can be gone through one time alone, as a generator can.
    """

    rows: int | None
    starts: NDArray[np.int64] | None
    names: list[str] | None
    once: bool

    def blocks(self, numbers: Iterable[int] | None = None) -> Iterator[AnyBlock]:
        """Yield blocks, none of them empty.

        Parameters
        ----------
        numbers : iterable of int, optional
            Which, and in which order; counted from 0. Only where there are `starts`. None: all,
            in the order of their rows.
        """
        ...

    def identity(self) -> dict[str, Any]:
        """Return what a checkpoint knows it by, as JSON: a sample of contents, names, sizes.

        The same data give the same on another machine, so nothing of it is a path or a time. Where
        something differs, its key names it in the message, as "the stream's KEY"; what is long, or
        a SHA-256, is said to differ and not shown.
        """
        ...


Rows = Source[Block]
"""A source of numbers, which a network is trained on."""

Tables = Source[TableBlock]
"""A source of tables' rows, which are encoded first."""


def say_skipped(source: object) -> None:
    """Warn of what a source has left out, once its rows are known: `TableWarning`."""
    if skipped := getattr(source, "skipped", None):
        warn(str(skipped), TableWarning)
