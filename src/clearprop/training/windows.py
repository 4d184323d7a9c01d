"""Windows: which rows of a stream are in memory, and shuffled, together.

An epoch takes the blocks of a source in an order of its own, drawn by seed and epoch, where each
can be read by itself; else as they come. The rows, in that order of blocks, are cut into windows of
one size, a multiple of the batch's, so that no batch is of two. In a window rows stand as they do
in the source, and are then shuffled as data in memory are, by the window's own seed: a window that
holds all rows is the data of a run in memory.

A thread fills one window while another is trained on. Both lie in memory that is taken once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data
from clearprop.errors import ArgumentError, SampleWeightError
from clearprop.numerics.random import Purpose, random_order, window_seed
from clearprop.streams.reader import Reader
from clearprop.training.job import Job, Span
from clearprop.training.streamed_rows import StreamedRows

Array = NDArray[Any]

UNKNOWN = 1 << 62
"""Rows of an epoch that nobody has counted."""


class Window(NamedTuple):
    """Rows that are trained on together: which window of which epoch, both counted from 0."""

    epoch: int
    number: int
    data: Data


@dataclass(frozen=True)
class _Room:
    """Memory for a window."""

    X: Array
    y: Array
    weights: NDArray[np.float64] | None

    def write(self, at: int, data: Data, first: int, count: int) -> None:
        """Copy some rows of a block to a place in the window."""
        own, of_block = slice(at, at + count), slice(first, first + count)
        self.X[own], self.y[own] = data.X[of_block], data.y[of_block]
        if self.weights is not None and data.weights is not None:
            self.weights[own] = data.weights[of_block]

    def data(self, count: int) -> Data:
        """Return the rows that were written."""
        weights = None if self.weights is None else self.weights[:count]
        return Data(self.X[:count], self.y[:count], weights)


class Windows:
    """The windows of a run, in order; read ahead from wherever one is asked for.

    Parameters
    ----------
    streamed : StreamedRows
    job : Job
        Of the whole run, with its seed; its data are `streamed.head`.
    window : int
        Rows, which are rounded up to whole batches.

    Attributes
    ----------
    size : int
        Rows of a window.
    rows : int
        Of an epoch; `UNKNOWN` until they were counted.
    """

    def __init__(self, streamed: StreamedRows, job: Job, window: int) -> None:
        batch, s = job.settings.batch_size, job.settings
        self.streamed, self.size = streamed, -(-window // batch) * batch
        self.rows = UNKNOWN if streamed.rows is None else streamed.rows
        self._seed, self._shuffle, self._epochs = s.seed, s.shuffle, s.epochs
        self._reader: Reader[Window] | None = None
        self._next = (0, 0)

    def which(self, epoch: int, place: int) -> tuple[int, int]:
        """Return the epoch and the number of the window that a place in an epoch is in."""
        return epoch, place // self.size

    def counted(self, job: Job) -> Job:
        """Return the job of the whole run with the rows of an epoch as they are known now."""
        return replace(job, window=Span(0, self.rows))

    def at(self, epoch: int, number: int, give_up: Callable[[], object]) -> Data | None:
        """Return the rows of a window, which then replace those of the last; wait for them.

        None where `give_up` says so meanwhile.

        Raises
        ------
        DataError
            If rows do not fit the network, cannot be read, or are others than before.
        BaseException
            Whatever an iterable of the user's own raises.
        """
        if self._reader is None or self._next != (epoch, number):
            self.close()
            self._reader = Reader(self._filled(epoch, number))
        window = self._reader.take(give_up)
        if window is None:
            self._next = (-1, -1)
            return None
        last = (window.number + 1) * self.size >= self.rows
        self._next = (epoch + 1, 0) if last else (epoch, number + 1)
        return window.data

    def job(self, job: Job, number: int, data: Data) -> Job:
        """Return the job on a window's rows."""
        settings = replace(job.settings, seed=window_seed(self._seed, number))
        span = Span(number * self.size, self.rows)
        return replace(job, data=data, settings=settings, window=span)

    def close(self) -> None:
        """End the thread that reads."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _filled(self, epoch: int, number: int) -> Iterator[Window]:
        rooms = self._rooms()
        for one in range(epoch, self._epochs):
            yield from self._of_epoch(one, number if one == epoch else 0, rooms)

    def _rooms(self) -> Iterator[_Room]:
        """Yield the memory of two windows in turns, the second taken when it is needed first."""
        taken: list[_Room] = []
        for turn in count():
            if turn < 2:
                taken.append(self._room())
            yield taken[turn % 2]

    def _room(self) -> _Room:
        head, n = self.streamed.head, min(self.size, self.rows)
        try:
            return _Room(
                np.empty((n, *head.X.shape[1:]), head.X.dtype),
                np.empty((n, *head.y.shape[1:]), head.y.dtype),
                None if head.weights is None else np.empty(n, np.float64),
            )
        except (MemoryError, ValueError):
            raise ArgumentError(
                f"there is no memory for two windows of {n:,} rows: take a smaller window"
            ) from None

    def _of_epoch(self, epoch: int, number: int, rooms: Iterator[_Room]) -> Iterator[Window]:
        order = self._order(epoch)
        at, counts = number * self.size, number > 0 or self.streamed.head.weights is None
        room, places = next(rooms), self._places(order, number)
        for row, data in self._arriving(order, at):
            counts = counts or bool(data.weights is not None and data.weights.any())
            done = 0
            while done < len(data.X):
                if at == (number + 1) * self.size:  # and there is more
                    yield Window(epoch, number, room.data(self.size))
                    number, room = number + 1, next(rooms)
                    places = self._places(order, number)
                begun = at - number * self.size
                some = min(self.size - begun, len(data.X) - done)
                if at + some > self.rows:
                    raise self.streamed.changed("more")
                room.write(places.get(row + done, begun), data, done, some)
                at, done = at + some, done + some
        self._check_end(at, counts)
        yield Window(epoch, number, room.data(at - number * self.size))

    def _order(self, epoch: int) -> NDArray[np.int64] | None:
        """Return in which order an epoch takes the blocks; None: as they come."""
        starts = self.streamed.source.starts
        if starts is None:
            return None
        if not self._shuffle:
            return np.arange(len(starts))
        return random_order(self._seed, len(starts), Purpose.BLOCKS, epoch=epoch)

    def _ends(self, order: NDArray[np.int64]) -> tuple[Array, Array]:
        """Return of blocks in an order their first rows, and the places in the epoch they end."""
        starts = self.streamed.source.starts
        assert starts is not None
        lengths = np.diff(np.append(starts, self.rows))[order]
        return starts[order], np.cumsum(lengths)

    def _places(self, order: NDArray[np.int64] | None, number: int) -> dict[int, int]:
        """Return where in a window rows of a block belong, by the first of them."""
        if order is None:
            return {}
        first, last = number * self.size, min((number + 1) * self.size, self.rows)
        rows, ends = self._ends(order)
        begins = np.concatenate([[0], ends[:-1]])
        inside = np.flatnonzero((begins < last) & (ends > first))
        begun = np.maximum(first - begins[inside], 0)
        counts = np.minimum(last, ends[inside]) - begins[inside] - begun
        rows = rows[inside] + begun
        as_they_lie = np.argsort(rows)
        places = np.concatenate([[0], np.cumsum(counts[as_they_lie])])
        return dict(zip(rows[as_they_lie].tolist(), places.tolist(), strict=False))

    def _arriving(self, order: NDArray[np.int64] | None, place: int) -> Iterator[tuple[int, Data]]:
        """Yield rows from a place in the epoch on, block by block, and the first one's number."""
        passed, numbers = 0, None
        if order is not None:
            ends = self._ends(order)[1]
            at = int(np.searchsorted(ends, place, side="right"))
            passed, numbers = (int(ends[at - 1]) if at else 0), order[at:].tolist()
        for row, data in self.streamed.blocks(numbers):
            skipped = min(max(place - passed, 0), len(data.X))
            passed += len(data.X)
            if skipped == 0:
                yield row, data
            elif skipped < len(data.X):
                weights = None if data.weights is None else data.weights[skipped:]
                yield row + skipped, Data(data.X[skipped:], data.y[skipped:], weights)

    def _check_end(self, at: int, counts: bool) -> None:
        """Raise unless all rows came, and some of them count."""
        if self.rows == UNKNOWN:
            self.rows = at
        if at != self.rows:
            raise self.streamed.changed(f"{at:,}")
        if not counts:
            raise SampleWeightError("sample_weight is all zero: no sample would count")
