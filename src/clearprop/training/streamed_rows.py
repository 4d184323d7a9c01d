"""The rows of a stream as a network takes them: checked block by block, and counted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np

from clearprop.checks.data import Data, check_inputs, check_sample_weight, check_targets
from clearprop.errors import DataError, ShapeError
from clearprop.network import Network
from clearprop.streams.block import Block
from clearprop.streams.source import Rows, say_skipped
from clearprop.streams.stream import Stream

HEAD = 1000
"""Rows that stand for all where something has to be known before a run begins."""

SHA = "SHA-256"
"""What a text begins with that stands for a longer one."""

_SHOWN = 60
"""Characters of a part of an identity up to which it is kept as it is."""


class StreamedRows:
    """Rows that are not in memory, checked for a network whenever they are read.

    Parameters
    ----------
    source : Source
        Of numbers.
    network : Network
        Whose sizes, loss and data type they have to fit.
    of : str
        A prefix for messages.

    Attributes
    ----------
    rows : int or None
        How many; None for what can be gone through once, until somebody has.
    head : Data
        Some of the first.

    Raises
    ------
    DataError
        If there are none, or the first do not fit.
    """

    def __init__(self, source: Rows, network: Network, of: str = "") -> None:
        self.source, self.of, self._network = source, of, network
        self._begun: Iterator[Block] | None = None
        blocks = source.blocks()
        first = next(blocks, None)
        if first is None:
            said = ": a generator is gone through once, was it before?" if source.once else ""
            raise ShapeError(f"the {of}stream has no rows{said}")
        self._has_weights: bool | None = None
        self._y_ndim: int | None = None
        head = Block(
            first.first, first.where, first.X[:HEAD], first.y[:HEAD],
            None if first.weights is None else first.weights[:HEAD],
        )  # fmt: skip
        self.head = self._check(head)
        self._has_weights, self._y_ndim = self.head.weights is not None, self.head.y.ndim
        self.rows = source.rows
        if source.once:
            self._begun = chain([first], blocks)
        elif self.rows is None:
            self.rows = first.rows + sum(block.rows for block in blocks)
        else:
            close = getattr(blocks, "close", lambda: None)
            close()

    def blocks(self, numbers: Iterable[int] | None = None) -> Iterator[tuple[int, Data]]:
        """Yield the number of each block's first row, and the block, checked.

        Raises
        ------
        DataError
            If one does not fit; the message says where it is from.
        ShapeError
            If a pass over all has other rows than the first had.
        """
        counted = self.rows if numbers is None else None
        there = 0
        blocks = self._begun if self._begun is not None else self.source.blocks(numbers)
        self._begun = iter(()) if self.source.once else None
        try:
            for block in blocks:
                there += block.rows
                if counted is not None and there > counted:
                    raise self.changed("more")
                yield block.first, self._check(block)
            if counted is not None and there < counted:
                raise self.changed(f"{there:,}")
        finally:
            close = getattr(blocks, "close", None)
            if close is not None:
                close()

    def changed(self, now: str) -> ShapeError:
        """Return what is said of rows that are not as many as they were."""
        return ShapeError(
            f"the {self.of}stream had {self.rows:,} rows and has {now} now: each epoch has to have "
            "the same"
        )

    def whole(self) -> Data:
        """Return all rows, in memory.

        Raises
        ------
        SampleWeightError
            If none counts.
        DataError
            As from `blocks`.
        """
        parts = [data for _, data in self.blocks()]
        weights = [part.weights for part in parts if part.weights is not None]
        X = np.concatenate([part.X for part in parts])
        joined = np.concatenate(weights) if weights else None
        return Data(
            X, np.concatenate([part.y for part in parts]),
            check_sample_weight(joined, len(X), f"{self.of}sample_weight"),
        )  # fmt: skip

    def identity(self) -> dict[str, Any]:
        """Return what a checkpoint knows the rows by, as of an array."""
        return {
            "shape": [self.rows, self._network.sizes[0]],
            "dtype": self._network.dtype.name,
            "parts": {name: _short(value) for name, value in self.source.identity().items()},
        }

    def _check(self, block: Block) -> Data:
        network, of = self._network, self.of
        kind, n_outputs = network.loss.targets, network.sizes[-1]
        try:
            X = check_inputs(block.X, network.sizes[0], network.dtype, f"{of}X")
            y = check_targets(block.y, len(X), n_outputs, kind, network.dtype, f"{of}y")
            weights = check_sample_weight(
                block.weights, len(X), f"{of}sample_weight", may_be_zero=True
            )
            if self._has_weights not in (None, weights is not None):
                raise ShapeError("some blocks have sample weights, others none")
            if self._y_ndim not in (None, y.ndim):
                raise ShapeError(f"{of}y holds labels in some blocks, rows of numbers in others")
        except DataError as error:
            raise type(error)(f"in {block.where}, counted from 0 there: {error}") from None
        return Data(X, y, weights)


def rows_of(network: Network, stream: Stream, most: int, of: str = "") -> Data | StreamedRows:
    """Return the rows of a stream: in memory where there are `most` at the most.

    A `TableWarning` says what is left out of them.

    Raises
    ------
    ArgumentError, DataError
        If they do not fit the network.
    """
    rows = StreamedRows(stream.numbers(), network, of)
    say_skipped(rows.source)
    return rows.whole() if rows.rows is not None and rows.rows <= most else rows


def _short(value: object) -> str:
    """Return a text for a part of an identity: its SHA-256 where it is long."""
    said = json.dumps(value, sort_keys=True)
    return said if len(said) <= _SHOWN else f"{SHA} {hashlib.sha256(said.encode()).hexdigest()}"
