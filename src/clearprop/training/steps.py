"""Steps: training one update at a time, for people who want to look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import column_names
from clearprop.constraints import Constraints, Frozen, Shared
from clearprop.errors import ArgumentError, DivergenceError
from clearprop.losses import Loss, LossName
from clearprop.network import Network, check_network
from clearprop.optimizers import LBFGS, Clock, Optimizer, OptimizerName, State
from clearprop.optimizers import optimizer as resolve_optimizer
from clearprop.record import Record
from clearprop.streams.stream import Stream
from clearprop.training.causes import explain
from clearprop.training.job import Job, check_data, check_job
from clearprop.training.reference import ReferenceEngine
from clearprop.training.reruns import Origin
from clearprop.training.standing import Standing

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Step:
    """One update of a run.

    Attributes
    ----------
    epoch, number : int
        Which epoch, and which update of the run; both from 1.
    rows : ndarray of int, shape (batch,)
        The rows of X that made the batch.
    record : Record
        Forward and backward pass before the update, with a copy of the network as it was.
    update : ndarray, shape (n_parameters,)
        The change: parameters after it minus parameters before. ``network.unflatten(update)``
        names its parts.
    optimizer_state : dict of str to ndarray
        The optimizer's state after the update: "velocity", "m", "v", ...
    optimizer : Optimizer
        What made the update.
    state_before : dict of str to ndarray
        The optimizer's state before the update.
    clock : Clock
        Where in the run the update stands: ``t``, ``total`` and ``made``, for schedules.
    constraints : Constraints or None
        What is frozen and shared. The record's gradient knows nothing of it:
        ``constraints.gradient(record.gradient)`` is what the optimizer was given.
    """

    epoch: int
    number: int
    rows: NDArray[np.int64]
    record: Record
    update: Array
    optimizer_state: State
    optimizer: Optimizer
    state_before: State
    clock: Clock
    constraints: Constraints | None = None

    def __repr__(self) -> str:
        return (
            f"Step {self.number} (epoch {self.epoch}, {len(self.rows)} rows): "
            f"L = {self.record.loss:.6g}, |update| = {np.linalg.norm(self.update):.3g}"
        )


def steps(
    network: Network,
    X: object,
    y: object = None,
    *,
    loss: LossName | Loss | None = None,
    optimizer: OptimizerName | Optimizer = "adam",
    batch_size: int | None = 32,
    epochs: int = 10,
    shuffle: bool = True,
    sample_weight: object = None,
    l2: float = 0.0,
    dropout: float = 0.0,
    frozen: Frozen = (),
    shared: Shared = (),
    seed: int = 0,
    shards: int = 1,
) -> Iterator[Step]:
    """Train a network in place, one update for each step taken from the iterator.

    The same updates as `train` makes on the reference engine, with every number of each.
    The parameters of `network` follow step by step; leave the loop to stop.

    Parameters
    ----------
    network, X, y, loss, optimizer, batch_size, epochs, shuffle, sample_weight, l2, dropout, \
frozen, shared, seed, shards
        As for `train`, of rows in memory. A batch whose weights are all zero is passed over.
        L-BFGS, whose line search makes no single steps, is not taken, nor is a stream.

    Returns
    -------
    iterator of Step

    Raises
    ------
    DataError, ArgumentError, UnknownNameError, PairingError
        At once, if something that was passed in does not fit; so is ElementError.
    DivergenceError
        From the iterator, as for `train`.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([2, 2, 1], activations="sigmoid", loss="squared_error", seed=0)
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> step = next(cp.steps(network, X, y, optimizer=cp.SGD(1.0), batch_size=1, shuffle=False))
    >>> step.rows, step.record["delta2"].shape
    (array([0]), (1, 1))
    >>> change = network.unflatten(step.update)["W2"]  # = -alpha * delta * o
    >>> bool(abs(change + 1.0 * step.record["delta2"].T @ step.record["a1"]).max() < 1e-7)
    True
    """
    run = begin(
        network, X, y, loss, optimizer, sample_weight, batch_size=batch_size, epochs=epochs,
        shuffle=shuffle, l2=l2, dropout=dropout, shards=shards, seed=seed, frozen=frozen,
        shared=shared,
    )  # fmt: skip
    return _explained(*run, column_names(X))


def unexplained_steps(
    network: Network,
    X: object,
    y: object,
    *,
    optimizer: Any,
    batch_size: int | None,
    epochs: int,
    sample_weight: object,
    l2: float,
    seed: int,
) -> Iterator[Step]:
    """As `steps`, for who expects them to diverge: an error does not say why."""
    return _iterate(*begin(
        network, X, y, None, optimizer, sample_weight, batch_size=batch_size, epochs=epochs,
        shuffle=True, l2=l2, dropout=0.0, shards=1, seed=seed,
    ))  # fmt: skip


def begin(
    network: Network,
    X: object,
    y: object,
    loss: LossName | Loss | None,
    optimizer: OptimizerName | Optimizer,
    sample_weight: object,
    **settings: Any,
) -> tuple[Network, Job, ReferenceEngine]:
    """Check what was passed in, and return the run that has made no step."""
    rule = resolve_optimizer(optimizer)
    if isinstance(rule, LBFGS):
        raise ArgumentError(
            "cp.steps shows single updates, which L-BFGS does not make: use cp.train"
        )
    if isinstance(X, Stream):
        raise ArgumentError(
            "cp.steps shows rows that are in memory, which a stream's are not: give some of them, "
            "or use cp.train"
        )
    if y is None:
        raise ArgumentError("y is missing: cp.steps(network, X, y)")
    work = check_network(network).astype(network.dtype, loss=loss)
    job = check_job(work, check_data(work, X, y, sample_weight), **settings)
    return network, job, ReferenceEngine(job, rule)


def _explained(
    network: Network, job: Job, engine: ReferenceEngine, columns: Sequence[str] | None
) -> Iterator[Step]:
    """Yield the steps; an error says why."""
    origin = Origin.of(engine.standing)
    try:
        yield from _iterate(network, job, engine)
    except DivergenceError as error:
        explain(error, job, engine.rule, origin, columns)
        raise


def _iterate(network: Network, job: Job, engine: ReferenceEngine) -> Iterator[Step]:
    stepper = Stepper(network, job, engine)
    while not stepper.is_done:
        step = stepper.step()
        if step is not None:
            yield step


class Stepper:
    """Makes the steps of a run one at a time, and can be put back to where it stood.

    Parameters
    ----------
    network : Network
        Follows step by step; its parameters may be changed between steps.
    job : Job
    engine : ReferenceEngine
        Of this job.
    """

    def __init__(self, network: Network, job: Job, engine: ReferenceEngine) -> None:
        self.network, self.job, self._engine = network, job, engine

    @property
    def is_done(self) -> bool:
        """Whether the run has ended."""
        return self._engine.standing.batches >= self.job.total

    def standing(self) -> Standing:
        """Return a copy of where the run stands, parameters that were changed included."""
        self._engine.standing.parameters[:] = self.network.parameters
        return self._engine.standing.copy()

    def put(self, standing: Standing) -> None:
        """Go on from where the run stood before."""
        self._engine = ReferenceEngine(self.job, self._engine.rule, standing.copy())
        self.network.parameters[:] = self.job.network.parameters

    def step(self) -> Step | None:
        """Make the next update; None: its batch has no weight, and is passed over.

        Raises
        ------
        DivergenceError
            As for `train`.
        """
        work, engine, standing = self.job.network, self._engine, self._engine.standing
        work.parameters[:] = self.network.parameters  # a reader may change them between steps
        before, clock, epoch, rows = (
            work.copy(),
            standing.clock(self.job.total),
            standing.epoch,
            engine.rows().copy(),
        )
        state_before = {name: array.copy() for name, array in standing.state.items()}
        try:
            record = engine.step()
        finally:
            self.network.parameters[:] = work.parameters
        if record is None:
            return None
        return Step(
            epoch + 1,
            standing.updates,
            rows,
            replace(record, network=before),
            work.parameters - before.parameters,
            {name: array.copy() for name, array in standing.state.items()},
            engine.rule,
            state_before,
            clock,
            self.job.constraints,
        )
