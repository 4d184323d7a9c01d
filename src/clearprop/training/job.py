"""A job: what a training run works on, checked before anything is changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.backprop import forward_and_backward
from clearprop.checks.data import (
    Data,
    check_inputs,
    check_sample_weight,
    check_targets,
    mean_weights,
)
from clearprop.checks.settings import count, flag, number
from clearprop.cluster.members import ALONE, Members
from clearprop.cluster.shards import Part
from clearprop.constraints import Constraints, Frozen, Shared, read_constraints
from clearprop.engine.settings import RunSettings
from clearprop.errors import ArgumentError, NonFiniteError, SampleWeightError
from clearprop.network import Network
from clearprop.numerics.random import EPOCHS, Purpose, check_seed, kept_units, random_order
from clearprop.record import Record
from clearprop.training.batches import epoch_order

Array = NDArray[Any]


class Span(NamedTuple):
    """Which rows of an epoch a job's data are, where they are a window of a stream."""

    first: int
    """How many rows of the epoch are in the windows before it."""
    rows: int
    """Of the whole epoch."""


@dataclass(frozen=True)
class Job:
    """A network, the data it is trained on, and how these are gone through.

    Where the data are a `window` of what an epoch takes, the seed is the window's; see
    `clearprop.numerics.random.window_seed`.
    """

    network: Network
    data: Data
    settings: RunSettings
    constraints: Constraints | None = None
    members: Members = ALONE
    part: Part | None = None
    """Which of the rows the data are, where other processes have others; None: all."""
    window: Span | None = None
    """Which rows of an epoch the data are, where they are a window of a stream; None: all."""

    @property
    def n(self) -> int:
        """The number of rows of the data, of all processes."""
        return len(self.data.X) if self.part is None else self.part.n

    @property
    def weights(self) -> NDArray[np.float64] | None:
        """The weights of all rows."""
        return self.data.weights if self.part is None else self.part.weights

    @property
    def first(self) -> int:
        """The place in the epoch where the data begin: 0, but for a window of a stream."""
        return 0 if self.window is None else self.window.first

    @property
    def rows(self) -> int:
        """The number of rows of an epoch."""
        return self.n if self.window is None else self.window.rows

    def ahead(self, place: int) -> int:
        """Return how many batches the data have from a place in the epoch on."""
        return -(-(self.first + self.n - place) // self.settings.batch_size)

    @property
    def epoch_batches(self) -> int:
        """The batches of an epoch."""
        return -(-self.rows // self.settings.batch_size)

    @property
    def total(self) -> int:
        """The batches of the whole run."""
        return self.settings.epochs * self.epoch_batches

    def order(self, epoch: int) -> NDArray[np.int64]:
        """Return the rows in the order in which an epoch, counted from 0, takes them."""
        s = self.settings
        return epoch_order(self.n, s.shards, s.draws_order(self.n), s.seed, epoch)

    def record(self, rows: NDArray[np.int64], epoch: int) -> Record:
        """Run backpropagation on these rows, with the dropout of this epoch."""
        batch, l2 = self.data.take(rows), self.settings.l2
        omega = mean_weights(batch.weights, len(rows), self.network.dtype)
        masks: tuple[Array, ...] = ()
        if rate := self.settings.dropout:
            masks = dropout_masks(self.network, rate, self.settings.seed, rows, epoch)
        if l2 and self.settings.accounting.l2_by_batch:
            l2 /= len(rows) if batch.weights is None else float(batch.weights.sum())
        return forward_and_backward(self.network, batch.X, batch.y, omega, l2, masks)


def dropout_masks(
    network: Network, rate: float, seed: int, rows: NDArray[np.int64], epoch: int
) -> tuple[Array, ...]:
    """Inverted dropout of these rows in an epoch: 0 for a dropped unit, 1 / (1 - rate) else."""
    scale = network.dtype.type(1 / (1 - rate))
    return tuple(
        scale * kept_units(seed, n, rate, epoch=epoch, rows=rows, layer=layer)
        for layer, n in enumerate(network.sizes[1:-1], 1)
    )


def check_data(
    network: Network, X: object, y: object, weights: object = None, of: str = ""
) -> Data:
    """Return data that fit the network; `of` is a prefix for messages."""
    checked = check_inputs(X, network.sizes[0], network.dtype, f"{of}X")
    kind, n_outputs = network.loss.targets, network.sizes[-1]
    targets = check_targets(y, len(checked), n_outputs, kind, network.dtype, f"{of}y")
    return Data(checked, targets, check_sample_weight(weights, len(checked), f"{of}sample_weight"))


def check_job(
    network: Network,
    data: Data,
    *,
    batch_size: int | None,
    epochs: int,
    shuffle: bool,
    l2: float,
    dropout: float,
    shards: int,
    seed: int,
    frozen: Frozen = (),
    shared: Shared = (),
    accumulate: int = 1,
    n: int | None = None,
    rows: int | None = None,
) -> Job:
    """Return a job, or raise `ArgumentError` for a setting out of range.

    `n` is the number of rows where the data are not all of them, as other processes have others;
    `rows` are those of an epoch, where the data are some rows of a stream.
    """
    n = rows if rows is not None else len(data.X) if n is None else n
    accumulate = count("accumulate", accumulate, 1)
    if accumulate > 1 and batch_size is None:
        raise ArgumentError(
            f"accumulate={accumulate} adds up micro-batches of batch_size rows: give a batch_size"
        )
    micro = None if accumulate == 1 or batch_size is None else count("batch_size", batch_size, 1)
    if network.dtype.kind == "c":
        raise ArgumentError("a complex network is for checks: train its .astype('float64')")
    for name, view in network.unflatten(network.parameters).items():
        if not np.isfinite(view).all():
            raise NonFiniteError(f"the network cannot be trained: its {name} holds NaN or infinity")
    settings = RunSettings(
        n if batch_size is None else min(n, count("batch_size", batch_size, 1) * accumulate),
        count("epochs", epochs, 0, most=EPOCHS),
        flag("shuffle", shuffle),
        number("l2", l2, low=0),
        number("dropout", dropout, low=0, high=1, open="high"),
        min(n, count("shards", shards, 1)),  # of more, some have no rows
        check_seed(seed),
        micro_batch=micro,
    )
    window = None if rows is None else Span(0, rows)
    return Job(network, data, settings, read_constraints(network, frozen, shared), window=window)


def split(job: Job, share: float) -> tuple[Job, Data]:
    """Put a share of the rows aside for validation; at least one row stays on each side."""
    share = number("validation", share, low=0, high=1, open="low high")
    if job.n < 2:
        raise ArgumentError("a validation share needs 2 rows or more")
    drawn = random_order(job.settings.seed, job.n, Purpose.VALIDATION)
    aside = min(max(round(share * job.n), 1), job.n - 1)
    kept, held_out = job.data.take(np.sort(drawn[aside:])), job.data.take(np.sort(drawn[:aside]))
    for part, data in (("training", kept), ("validation", held_out)):
        if data.weights is not None and not data.weights.any():
            raise SampleWeightError(
                f"all {part} rows have weight zero: choose another share or seed"
            )
    settings = replace(job.settings, batch_size=min(job.settings.batch_size, len(kept.X)))
    return replace(job, data=kept, settings=settings), held_out
