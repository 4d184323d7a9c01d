"""The processes of a run: what they agree on, and a cluster of one, which agrees with itself."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from clearprop.cluster.exchange import Communicator
from clearprop.cluster.shards import Part

Array = NDArray[Any]
T = TypeVar("T")


class Members(Protocol):
    """The processes of a run, as one of them sees them.

    Attributes
    ----------
    rank, size : int
        Which of how many it is. Rank 0 shows progress, calls callbacks and writes files.
    timeline : path, optional
        A folder for what each step took.
    """

    rank: int
    size: int
    timeline: Path | None

    @property
    def communicator(self) -> Communicator | None:
        """What gradients are exchanged by; None for one alone."""
        ...

    @property
    def processes(self) -> list[str]:
        """Say of each rank which process on which machine it is."""
        ...

    def run(self) -> AbstractContextManager[None]:
        """Be in a run: who fails there tells the others, and ends them."""
        ...

    def all(self, value: Any) -> list[Any]:
        """Return what each rank gave: JSON."""
        ...

    def from_root(self, value: Any) -> Any:
        """Return what rank 0 gave: JSON."""
        ...

    def share(self, array: Array) -> None:
        """Give rank 0's numbers to all."""
        ...

    def gathered(self, array: Array) -> list[Array]:
        """Return every rank's array: rows of one length and type, each as many as it has."""
        ...

    def on_root(self, does: Callable[[], T]) -> T | None:
        """Return what rank 0's call gave it, None elsewhere; where it raises, all do."""
        ...

    def together(self, does: Callable[[], T]) -> T:
        """Return what a call gives; where it raises on one rank, all raise."""
        ...


class Alone:
    """A cluster of one."""

    rank, size = 0, 1
    communicator: Communicator | None = None
    timeline: Path | None = None

    @property
    def processes(self) -> list[str]:
        """There are no others to tell it from."""
        return [f"process {os.getpid()}"]

    def run(self) -> AbstractContextManager[None]:
        """Be in a run."""
        return contextlib.nullcontext()

    def all(self, value: Any) -> list[Any]:
        """Return what was given."""
        return [value]

    def from_root(self, value: Any) -> Any:
        """Return what was given."""
        return value

    def share(self, array: Array) -> None:
        """Leave it as it is."""

    def gathered(self, array: Array) -> list[Array]:
        """Return what was given."""
        return [array]

    def on_root(self, does: Callable[[], T]) -> T | None:
        """Call it."""
        return does()

    def together(self, does: Callable[[], T]) -> T:
        """Call it."""
        return does()


ALONE = Alone()


def rows_of_all(members: Members, part: Part, own: Array) -> Array:
    """Return the rows of all ranks, in order, of which each gives its own."""
    parts = [Part.of(rank, members.size, part.n, part.shards) for rank in range(members.size)]
    return joined([one.rows for one in parts], members.gathered(own), part.n)


def joined(places: Sequence[NDArray[np.int64]], parts: Sequence[Array], n: int) -> Array:
    """Return n rows, of which each part has those at its places."""
    whole = np.empty((n, *parts[0].shape[1:]), parts[0].dtype)
    for at, rows in zip(places, parts, strict=True):
        whole[at] = rows
    return whole
