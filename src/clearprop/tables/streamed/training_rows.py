"""Training rows: those of a stream that are learned from, encoded as they are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from clearprop.streams.block import Block, TableBlock
from clearprop.streams.source import Tables
from clearprop.tables.encoding import Encoding
from clearprop.tables.streamed.draws import Parts
from clearprop.tables.streamed.reading import Reader, ReadRows, located
from clearprop.tables.target import Target

Array = NDArray[Any]


class EncodedRows:
    """How rows of a stream become what a network takes and is to give.

    Attributes
    ----------
    reader : Reader
    encoding : Encoding
    target : Target
    parts : Parts
    by_class : ndarray, shape (K,), or None
        How much a row of each class counts.
    dtype : data type
        Of the network's inputs.
    """

    def __init__(
        self,
        reader: Reader,
        encoding: Encoding,
        target: Target,
        parts: Parts,
        by_class: Array | None,
        dtype: DTypeLike,
    ) -> None:
        self.reader, self.encoding, self.target = reader, encoding, target
        self.parts, self.by_class, self.dtype = parts, by_class, dtype

    def read(self, block: TableBlock, part: int) -> ReadRows | None:
        """Return the rows of a block that are in a part and have a target, if there are any."""
        with located(block):
            mine = np.flatnonzero(self.parts.of(block.first, block.rows) == part)
            if not len(mine):
                return None
            return self.present(block.frame[mine])

    def present(self, frame: Any) -> ReadRows | None:
        """Return the rows of a frame that have a target, if there are any."""
        read = self.reader.read(frame)
        present = read.present
        if not present.any():
            return None
        return read if present.all() else read.take(np.flatnonzero(present))

    def encode(self, read: ReadRows) -> tuple[Array, Array, Array | None]:
        """Return inputs (n, n_0), targets (n,), and weights (n,) if there are any."""
        X, y = self.encoding.encode(read.columns, self.dtype), self.target.encode(read.goal)
        weights = read.weights
        if self.by_class is not None:
            by_class = self.by_class[y]
            weights = by_class if weights is None else weights * by_class
        return X, y, weights

    def identity(self) -> dict[str, str]:
        """Return what a checkpoint knows it by."""
        statistics = [self.encoding.statistics[name].tolist() for name in self.encoding.statistics]
        by_class = None if self.by_class is None else self.by_class.tolist()
        told = {
            "encoding": [self.encoding.header(), statistics],
            "target": repr(self.target),
            "rows put aside": repr(self.parts),
            "class_weight": by_class,
        }
        return {
            name: hashlib.sha256(json.dumps(one, default=str).encode()).hexdigest()
            for name, one in told.items()
        }


class TrainingRows:
    """The rows to learn from, as a source that a network is trained on.

    Parameters
    ----------
    tables : Source
        Of the stream.
    rows : EncodedRows
    part : int
        Which rows.
    learned : sequence of int
        How many rows to learn from each of its blocks has.
    """

    def __init__(self, tables: Tables, rows: EncodedRows, part: int, learned: list[int]) -> None:
        self._tables, self._encoded, self._part = tables, rows, part
        counts = np.array(learned, dtype=np.int64)
        self._numbers = np.flatnonzero(counts)
        starts = (np.cumsum(counts) - counts)[self._numbers]
        self.rows = int(counts.sum())
        self.starts = None if tables.starts is None else starts
        self._starts = starts
        self.names = rows.encoding.features
        self.once = False

    def blocks(self, numbers: Iterable[int] | None = None) -> Iterator[Block]:
        """Yield the blocks; see `Source`."""
        if numbers is None:
            first = 0
            for block in self._tables.blocks():
                made = self._encode(block, first)
                if made is not None:
                    first += made.rows
                    yield made
            return
        wanted = list(numbers)
        found = self._tables.blocks(int(self._numbers[at]) for at in wanted)
        for at, block in zip(wanted, found, strict=True):
            made = self._encode(block, int(self._starts[at]))
            if made is not None:
                yield made

    def _encode(self, block: TableBlock, first: int) -> Block | None:
        read = self._encoded.read(block, self._part)
        if read is None:
            return None
        X, y, weights = self._encoded.encode(read)
        return Block(first, block.where, X, y, weights)

    def identity(self) -> dict[str, Any]:
        """Return what a checkpoint knows it by."""
        return {**self._tables.identity(), **self._encoded.identity()}
