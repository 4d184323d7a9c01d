"""Beginning: what a run works on, for callbacks that want to know before its first epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clearprop.checks.data import Data
from clearprop.network import Network
from clearprop.optimizers import LBFGS, Optimizer


@dataclass(frozen=True)
class Beginning:
    """What a callback's method `before_run` is called with.

    Attributes
    ----------
    network : Network
        A copy of the caller's, with its loss in the run; its parameters are those that it came
        with, also where the run then goes on from a checkpoint.
    data : Data
        The rows that are learned from, checked: `data.X` of shape (n, n_0), `data.y`, and
        `data.weights` where samples have some. They are not to be changed. Of a stream that no
        window holds, some first ones.
    held_out : Data or None
        The rows put aside for validation; of such a stream, some first ones.
    optimizer : Optimizer or LBFGS
    epochs, batch_size : int
        `batch_size` is at most the number of rows.
    l2, dropout : float
    seed : int
    columns : sequence of str or None
        The inputs' names, where X had some.
    """

    network: Network
    data: Data
    held_out: Data | None
    optimizer: Optimizer | LBFGS
    epochs: int
    batch_size: int
    l2: float
    dropout: float
    seed: int
    columns: Sequence[str] | None
