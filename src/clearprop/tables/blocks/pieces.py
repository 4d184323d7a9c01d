"""Pieces: what is read of a file at once, and files that are read in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

ROWS = 131_072
"""Rows of a piece, where a file leaves the choice."""

LARGE = 1 << 28
"""Bytes of a piece, unpacked, beyond which it is read in parts."""


class Skip(Protocol):
    """Told, in a line, of rows that are left out; and how many, or from how many to how many."""

    def __call__(self, what: str, rows: int | None = None, most: int | None = None, /) -> object:
        """Be told."""
        ...


@dataclass(frozen=True)
class Piece:
    """Rows of a file that are read together.

    Attributes
    ----------
    where : str
        What messages call it: "sales.parquet, row group 3".
    rows : int or None
        None where nobody knows before it is read.
    read : callable
        Returns its rows, or raises a `TableFileError` that names it.
    finer : sequence of Piece
        Its parts, where it has such: which of them is at fault, reading them tells.
    again : Piece or None
        The same, to be read later: without what was read already.
    """

    where: str
    rows: int | None
    read: Callable[[], Any]
    finer: Sequence[Piece] = ()
    again: Piece | None = None


class PiecewiseFile(Protocol):
    """A file of a table, opened for each piece anew.

    Attributes
    ----------
    path : Path
    head : polars.DataFrame or PlainTable
        Its columns, without a row.
    separator : str
        Between the fields of text, whose cells are all text; "" where a file has types.
    notes : list of str
        What to know of how it is read; more may come while it is.
    """

    path: Path
    head: Any
    separator: str
    notes: list[str]

    @property
    def can_seek(self) -> bool:
        """Whether a piece may be read before those that stand before it."""
        ...

    def pieces(self, skip: Skip | None = None) -> Iterator[Piece]:
        """Yield its pieces, in order.

        Parameters
        ----------
        skip : callable, optional
            Told of what is left out, such as lines that are no rows. None: it is an error.
        """
        ...
