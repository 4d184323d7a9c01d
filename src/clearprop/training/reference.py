"""Gradient descent on the reference engine: one batch, one record, one update at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError, DivergenceError
from clearprop.forward import first_non_finite, locate_non_finite
from clearprop.network import Network
from clearprop.optimizers import Moment, Optimizer, State
from clearprop.record import Record
from clearprop.training.interrupt import Interrupt
from clearprop.training.job import Job

Array = NDArray[Any]


@dataclass
class Descent:
    """The state of a run: what an update changes.

    `begun` is the optimizer's state where the run goes on from another one; `t` counts batches,
    `made` the updates among them; `verified` holds the last parameters whose cost and gradient
    were finite.
    """

    job: Job
    optimizer: Optimizer
    begun: State | None = None
    t: int = 0
    made: int = 0
    state: State = field(init=False)
    verified: Array = field(init=False)
    is_weight: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        network = self.job.network
        self.state = begin(self.optimizer, network.parameters, self.begun)
        self.verified = network.parameters.copy()
        self.is_weight = weight_mask(network)

    @property
    def now(self) -> Moment:
        """Where the run stands."""
        return Moment(self.t, self.job.total, self.made)

    def step(self, rows: NDArray[np.int64], epoch: int) -> Record | None:
        """Run backpropagation on a batch and make its update; epochs count from 0.

        A batch whose weights are all zero has no cost: it is passed over, without a record.

        Raises
        ------
        DivergenceError
            If cost, gradient or parameters are not finite; `verified` is back in the network.
        """
        network, weights = self.job.network, self.job.data.weights
        if weights is not None and not weights[rows].any():
            self.t += 1
            return None
        record = self.job.record(rows, epoch)
        self._verify(where_not_finite(record), epoch)
        self.verified[:] = network.parameters
        try:
            with np.errstate(all="ignore"):
                self.optimizer.update(
                    network.parameters, record.gradient, self.state, self.now, self.is_weight
                )
        except BaseException:  # Ctrl-C, or an optimizer of the user's own that fails
            network.parameters[:] = self.verified
            raise
        self._verify(where_parameters_not_finite(network), epoch)
        self.t += 1
        self.made += 1
        return record

    def _verify(self, problem: str | None, epoch: int) -> None:
        if problem is not None:
            self.job.network.parameters[:] = self.verified
            raise diverged(epoch + 1, self.t + 1, problem, "the last finite step")


def begin(rule: Optimizer, parameters: Array, begun: State | None) -> State:
    """Return an optimizer's state: a new one, or the one given, if it belongs to these parameters.

    Raises
    ------
    ArgumentError
        If its arrays are not the optimizer's, or cannot be changed in place: compiled code would
        write beside them.
    """
    fresh = rule.start(parameters)
    if begun is None:
        return fresh
    for name, array in fresh.items():
        own = begun.get(name)
        if (
            own is None
            or own.shape != array.shape
            or own.dtype != array.dtype
            or not (own.flags.c_contiguous and own.flags.writeable)
        ):
            raise ArgumentError(f"the optimizer's state {name!r} does not belong to this network")
    return begun


def descend(
    run: Descent,
    stop: Interrupt,
    on_step: Callable[[int], None],
    on_epoch: Callable[[float, int], bool],
) -> None:
    """Run all epochs: `on_epoch` gets the mean cost and the updates so far, and may end it."""
    weights = run.job.data.weights
    for epoch in range(run.job.epochs):
        cost = weight = 0.0
        for rows in run.job.batches(epoch):
            record = run.step(rows, epoch)
            if record is not None:
                means = run.job.batch_means
                share = len(rows) if weights is None or means else float(weights[rows].sum())
                loss = float(record.loss)
                if means > 1:
                    data = float((record.omega * record.losses).sum())
                    loss = data / means + (loss - data)
                cost += share * loss
                weight += share
            on_step(run.t)
            if stop.requested:
                return
        if on_epoch(cost / weight, run.made) or stop.requested:
            return


def weight_mask(network: Network) -> NDArray[np.bool_]:
    """Return which of the parameters are weights, not biases."""
    mask = np.zeros(network.n_parameters, dtype=bool)
    for name, view in network.unflatten(mask).items():
        view[...] = name.startswith("W")
    return mask


def diverged(epoch: int, step: int, problem: str, restored: str) -> DivergenceError:
    """Return the error of a run that cannot go on."""
    return DivergenceError(
        f"training diverged in epoch {epoch}, step {step}: {problem}",
        restored,
        "try a smaller learning rate, or scale the inputs",
    )


def where_not_finite(record: Record) -> str | None:
    """Return what is not finite in a record, the first in the order of computation, or None."""
    if np.isfinite(record.loss) and np.isfinite(record.gradient).all():
        return None
    found = first_non_finite(record.z, record.a) or locate_non_finite("L_i", record.losses[:, None])
    for layer in range(len(record.delta), 0, -1):
        found = found or locate_non_finite(f"delta{layer}", record.delta[layer - 1])
    return found or "the gradient, or the l2 penalty, is not finite"


def where_parameters_not_finite(network: Network) -> str | None:
    """Return which parameter is not finite, such as "W2 holds nan after the update", or None."""
    if np.isfinite(network.parameters).all():
        return None
    for name, view in network.unflatten(network.parameters).items():
        wrong = view[~np.isfinite(view)]
        if wrong.size:
            return f"{name} holds {wrong[0]} after the update"
    return None
