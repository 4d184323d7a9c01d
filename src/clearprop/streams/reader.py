"""A reader: a thread that makes items ahead of whoever takes them.

What it raises is raised where the item would have been taken. It ends when it is closed, or has
come to the end, and leaves no thread behind.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

from clearprop.errors import ArgumentError

Item = TypeVar("Item")

LOOK = 0.05
"""Seconds after which who waits looks whether it is to go on waiting."""

PATIENCE = 10.0
"""Seconds that a reader which is closed is waited for: what it reads may never come."""


class Reader(Generic[Item]):
    """Goes through an iterator in a thread of its own.

    Parameters
    ----------
    items : iterator
        Gone through, and closed where it can be, in the thread.
    ahead : int
        How many items may be under way or ready. With 1, the next one is begun when one was
        taken: two are alive at most, that which was taken and that which is made.

    Examples
    --------
    >>> with Reader(iter(range(3))) as reader:
    ...     [reader.take() for _ in range(4)]
    [0, 1, 2, None]
    """

    def __init__(self, items: Iterator[Item], ahead: int = 1) -> None:
        self._items = items
        self._ready: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._permits = threading.Semaphore(ahead)
        self._stopped, self._at_end = threading.Event(), False
        self._error: BaseException | None = None
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name="clearprop-reader", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while True:
                self._permits.acquire()
                if self._stopped.is_set():
                    break
                try:
                    item = next(self._items)
                except StopIteration:
                    break
                self._ready.put(item)
                del item
        except BaseException as error:  # raised where it is waited for
            self._error = error
        finally:
            try:
                close = getattr(self._items, "close", None)
                if close is not None:
                    close()
            except BaseException as error:
                self._error = self._error or error
            finally:
                self._ready.put(None)

    @property
    def stopped(self) -> bool:
        """Whether nobody takes what is made: for an iterator that takes long over an item."""
        return self._stopped.is_set()

    def take(self, give_up: Callable[[], object] = lambda: False) -> Item | None:
        """Return the next item, and wait for it; None at the end, or where `give_up` says so.

        Raises
        ------
        ArgumentError
            In a process that was forked since: the thread is in the other.
        BaseException
            Whatever the iterator has raised.
        """
        if os.getpid() != self._process:
            raise ArgumentError(
                "a stream is read by a thread of the process that began to: a forked one begins "
                "a run of its own"
            )
        while not self._at_end:
            try:
                item = self._ready.get(timeout=LOOK)
            except queue.Empty:
                if give_up():
                    return None
                continue
            if item is not None:
                self._permits.release()
                return item
            self._at_end = True
            self._thread.join(PATIENCE)
        if self._error is not None:
            raise self._error
        return None

    def close(self) -> None:
        """End the thread, and wait for it."""
        self._stopped.set()
        self._permits.release()
        if os.getpid() == self._process:
            self._thread.join(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
