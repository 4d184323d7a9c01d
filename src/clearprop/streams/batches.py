"""Batches as a source: an iterable of (X, y) or (X, y, weights), or what returns one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError, ShapeError, TypeOfDataError, shown
from clearprop.streams.block import Block, as_array


class BatchSource:
    """Blocks as they come out of an iterable.

    Parameters
    ----------
    batches : iterable, or callable without arguments that returns one
        Of tuples of arrays. What is its own iterator, as a generator is, can be gone through once.

    Raises
    ------
    ArgumentError
        If it is neither.
    """

    starts: NDArray[np.int64] | None = None
    names: list[str] | None = None

    def __init__(self, batches: Iterable[Any] | Callable[[], Iterable[Any]]) -> None:
        if not callable(batches) and not hasattr(batches, "__iter__"):
            raise ArgumentError(
                f"a stream of batches is {shown(batches)}; give an iterable of (X, y), or a "
                "function that returns one"
            )
        self._batches = batches
        self.rows: int | None = None
        self.once = hasattr(batches, "__next__")

    def blocks(self, numbers: Iterable[int] | None = None) -> Iterator[Block]:
        """Yield blocks; see `clearprop.streams.source.Source`.

        Raises
        ------
        TypeOfDataError, ShapeError
            If a batch is no tuple of arrays with the same number of rows.
        """
        first = 0
        # What is an iterable is not called, though it may be callable too.
        given = self._batches if hasattr(self._batches, "__iter__") else self._batches()
        if not hasattr(given, "__iter__"):
            raise ArgumentError(
                f"the function of a stream returned {shown(given)}; it must return an iterable of "
                "(X, y), anew each time"
            )
        for number, batch in enumerate(given):
            where = f"batch {number:,}"
            if not isinstance(batch, tuple | list) or len(batch) not in (2, 3):
                raise TypeOfDataError(
                    f"{where} is a {type(batch).__name__}; a batch is (X, y) or (X, y, weights)"
                )
            # Copies: whoever makes batches may make the next one in the same memory.
            X, y, weights = (*(as_array(part, where).copy() for part in batch), None)[:3]
            assert X is not None
            assert y is not None
            shapes = [part.shape for part in (X, y, weights) if part is not None]
            if len({shape[:1] for shape in shapes}) > 1 or shapes[0] == ():
                raise ShapeError(f"{where} has parts of different numbers of rows: {shapes}")
            if len(X):
                yield Block(first, where, X, y, weights)
            first += len(X)

    def identity(self) -> dict[str, Any]:
        """Return the number of rows and the SHA-256 of all batches, by a pass.

        Raises
        ------
        ArgumentError
            Of what can be gone through once.
        """
        if self.once:
            raise ArgumentError(
                "a checkpoint cannot be resumed on a generator, which is gone through once: give a "
                "function that returns one"
            )
        digest, rows = hashlib.sha256(), 0
        for block in self.blocks():
            rows += block.rows
            for part in (block.X, block.y, block.weights):
                if part is not None:
                    digest.update(f"{part.shape}{part.dtype.str}".encode())
                    digest.update(np.ascontiguousarray(part).tobytes())
        return {"number of rows": rows, "numbers": digest.hexdigest()}
