"""Epochs: the figures of each epoch of a run, as objects that are made when they are asked for."""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import count
from clearprop.network import Network


@dataclass(frozen=True)
class Epoch:
    """One epoch of a run: what a callback is called with.

    Attributes
    ----------
    epoch : int
        Counted from 1.
    updates : int
        Updates made since the run began.
    loss : float
        The mean of the cost L (penalty included) over the epoch's updates, each as it was
        before its update, weighted by the samples' weights.
    validation_loss : float or None
        The cost of the validation data, without penalty, after the epoch.
    metrics, validation_metrics : dict of str to float
        Each metric on the training and on the validation data, after the epoch.
    seconds : float
        Since the run began.
    network : Network
        The network that is being trained; a callback may change its parameters.
    """

    epoch: int
    updates: int
    loss: float
    validation_loss: float | None
    metrics: dict[str, float]
    validation_metrics: dict[str, float]
    seconds: float
    network: Network = field(repr=False)

    def figures(self) -> dict[str, float]:
        """Return every figure by its name, validation's with the prefix `validation_`."""
        named = {"loss": self.loss}
        if self.validation_loss is not None:
            named["validation_loss"] = self.validation_loss
        named |= self.metrics
        named |= {f"validation_{name}": value for name, value in self.validation_metrics.items()}
        return named

    def row(self) -> dict[str, float]:
        """Return a row of a table: the epoch, every figure, the updates made, the seconds."""
        return (
            {"epoch": self.epoch}
            | self.figures()
            | {
                "updates": self.updates,
                "seconds": self.seconds,
            }
        )

    def line(self, of: int | None = None) -> str:
        """Return the figures in one line; `of` is the number of epochs of the run."""
        of = None if of is None else count("of", of, 0, "a number of epochs")
        number = f"{self.epoch}" if of is None else f"{self.epoch:>{len(str(of))}}/{of}"
        return f"epoch {number}  {self.summary('validation')}  {self.seconds:.1f} s"

    def summary(self, validation: str) -> str:
        """Return the figures, validation's in brackets: "loss 0.02 (validation 0.07)"."""
        figures = self.figures()
        parts = []
        for name, value in figures.items():
            if name.startswith("validation_"):
                continue
            beside = figures.get(f"validation_{name}")
            bracket = "" if beside is None else f" ({validation} {beside:.4f})"
            parts.append(f"{name.replace('_', ' ')} {value:.4f}{bracket}")
        return "  ".join(parts)


@dataclass(frozen=True)
class _Passed:
    """Epochs that nobody looked at: their costs, and the updates made by the end of each."""

    first: int
    losses: NDArray[np.float64]
    updates: NDArray[np.int64]
    seconds: NDArray[np.float64]
    network: Network

    def epoch(self, at: int) -> Epoch:
        loss, updates, seconds = (
            float(self.losses[at]), int(self.updates[at]), float(self.seconds[at])
        )  # fmt: skip
        return Epoch(self.first + at, updates, loss, None, {}, {}, seconds, self.network)


class Epochs(Sequence[Epoch]):
    """The epochs of a run, in order.

    Those of a small network pass by the hundred thousand in a second: they are kept as arrays,
    and become an `Epoch` when one is asked for.
    """

    def __init__(self) -> None:
        self._parts: list[Epoch | _Passed] = []
        self._starts: list[int] = []
        self._length = 0

    def append(self, epoch: Epoch) -> None:
        """Add an epoch."""
        self._parts.append(epoch)
        self._starts.append(self._length)
        self._length += 1

    def extend(
        self,
        losses: NDArray[np.float64],
        updates: NDArray[np.int64],
        seconds: float | NDArray[np.float64],
        network: Network,
    ) -> None:
        """Add epochs that have a cost and nothing else.

        Parameters
        ----------
        losses, updates : ndarray, shape (epochs,)
            Each epoch's mean cost, and the updates made by its end.
        seconds : float, or ndarray of float64, shape (epochs,)
            Since the run began.
        network : Network
        """
        if len(losses):
            times = np.broadcast_to(np.array(seconds, np.float64), losses.shape)
            passed = _Passed(self._length + 1, losses.copy(), updates.copy(), times, network)
            self._parts.append(passed)
            self._starts.append(self._length)
            self._length += len(losses)

    def losses(self) -> list[float]:
        """Return the mean cost of each epoch."""
        found: list[float] = []
        for part in self._parts:
            found += part.losses.tolist() if isinstance(part, _Passed) else [part.loss]
        return found

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return loss, updates and seconds of all epochs, and each figure that all of them have.

        Returns
        -------
        dict of str to ndarray, shape (epochs,)
            updates of int64, the others of float64.
        """
        seconds: list[Any] = [[]]
        updates: list[Any] = [[]]
        for part in self._parts:
            passed = isinstance(part, _Passed)
            seconds.append(part.seconds if passed else [part.seconds])
            updates.append(part.updates if passed else [part.updates])
        found = {
            "loss": np.array(self.losses(), np.float64),
            "updates": np.concatenate(updates, dtype=np.int64, casting="unsafe"),
            "seconds": np.concatenate(seconds, dtype=np.float64),
        }
        looked_at = self.looked_at()
        if looked_at and len(looked_at) == len(self):
            rows = [part.figures() for part in looked_at]
            found |= {name: np.array([row[name] for row in rows], np.float64) for name in rows[0]}
        return found

    def looked_at(self) -> list[Epoch]:
        """Return the epochs that may have more figures than their cost."""
        return [part for part in self._parts if isinstance(part, Epoch)]

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, at: int) -> Epoch: ...
    @overload
    def __getitem__(self, at: slice) -> list[Epoch]: ...
    def __getitem__(self, at: int | slice) -> Epoch | list[Epoch]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(self._length))]
        at = operator.index(at)
        place = at + self._length if at < 0 else at
        if not 0 <= place < self._length:
            raise IndexError(f"there are {self._length} epochs; {at} is none of their places")
        number = bisect_right(self._starts, place) - 1
        part = self._parts[number]
        return part if isinstance(part, Epoch) else part.epoch(place - self._starts[number])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Epochs of a run, {self._length} of them"
