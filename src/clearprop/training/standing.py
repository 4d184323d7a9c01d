"""Standing: where a run stands. Put into a new run of the same job, it goes on to the same bits."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clearprop.constraints import Constraints
from clearprop.errors import ArgumentError, DivergenceError, NotFinite
from clearprop.network import Network
from clearprop.optimizers import Array, Clock, Optimizer, State
from clearprop.training.watching.early_stopping import BestEpoch


@dataclass
class Standing:
    """Where a run stands; the run changes it as it goes.

    Take it out between batches: after an error or a second Ctrl-C it may be behind the parameters.

    Attributes
    ----------
    parameters : ndarray, shape (n_parameters,)
    state : dict of str to ndarray
        The optimizer's: velocity, moments, ...
    epoch : int
        Of the next batch, counted from 0.
    place : int
        Rows of that epoch's order that are done.
    batches, updates : int
        Done, and made: a batch without weight is passed over; updates of runs before count too.
    sums : ndarray of float64, shape (2,)
        Over the epoch's batches so far: of their costs by what each counts, and of that.
    best : BestEpoch
        With early stopping.
    """

    parameters: Array
    state: State
    epoch: int = 0
    place: int = 0
    batches: int = 0
    updates: int = 0
    sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    best: BestEpoch = field(default_factory=BestEpoch)

    def copy(self) -> Standing:
        """Return a copy that shares no memory: what is taken out of a run."""
        return copy.deepcopy(self)

    def clock(self, total: int) -> Clock:
        """Return what an optimizer is told of the next update, of a run of `total` batches."""
        return Clock(self.batches, total, self.updates)


def begin(rule: Optimizer, network: Network) -> Standing:
    """Return the standing of a run that has made no update."""
    return Standing(network.parameters, rule.start(network.parameters))


def go_on(standing: Standing, rule: Optimizer, network: Network) -> Standing:
    """Put a standing into a run of this network, whose parameters become the standing's.

    Raises
    ------
    ArgumentError
        If parameters or the optimizer's arrays are not those of this network and rule, or cannot be
        changed in place: compiled code would write beside them.
    """
    given, state = standing.parameters, standing.state
    if given.shape != network.parameters.shape or given.dtype != network.dtype:
        raise ArgumentError("the standing's parameters do not belong to this network")
    begun = rule.start(network.parameters)
    for name, fresh in begun.items():
        own = state.get(name)
        if (
            own is None
            or own.shape != fresh.shape
            or own.dtype != fresh.dtype
            or not (own.flags.c_contiguous and own.flags.aligned and own.flags.writeable)
        ):
            raise ArgumentError(f"the optimizer's state {name!r} does not belong to this network")
    for name in [*begun, *(other for other in state if other not in begun)]:
        state[name] = state.pop(name)  # compiled code takes them by their places
    network.parameters[:] = given
    standing.parameters = network.parameters
    return standing


def update(
    rule: Optimizer,
    standing: Standing,
    gradient: Array,
    clock: Clock,
    is_weight: NDArray[np.bool_],
    verified: Array,
    constraints: Constraints | None,
) -> None:
    """Let an optimizer make an update in Python, within constraints if there are any.

    `verified` are the parameters before it, which come back if it fails.
    """
    if constraints is not None:
        gradient = constraints.gradient(gradient)
    try:
        with np.errstate(all="ignore"):  # what is not finite is found and named
            # An array of its own: what is made of its shape changes no other.
            rule.update(standing.parameters[:], gradient, standing.state, clock, is_weight)
    except BaseException:  # Ctrl-C, or an optimizer of the user's own
        standing.parameters[:] = verified
        raise
    if constraints is not None:
        constraints.hold(standing.parameters, verified)


def where_squares_overflow(rule: Optimizer, state: State, network: Network) -> NotFinite | None:
    """Return whose gradient squared was too large for the data type, or None.

    Adam and RMSprop divide by the root of a mean of squares. Where that is infinite it stays so,
    and its parameter never moves again, whatever its gradient: nothing else would show it.
    """
    name = getattr(rule, "squares", None)
    squares = state.get(name) if name else None
    if squares is None or squares.max() < np.inf:
        return None
    found = network.topology.not_finite(squares)
    if found is None:
        return None
    text = (
        f"the optimizer's {name} of {found.quantity} holds inf, a gradient squared that is too "
        f"large for {network.dtype}"
    )
    return NotFinite(f"{name} of {found.quantity}", found.layer, text)


def stands_still(epoch: int, step: int, found: NotFinite, restored: str) -> DivergenceError:
    """Return the error of a run whose squares have overflowed, in this step or one before it."""
    where = f"by epoch {epoch}, step {step}"
    return DivergenceError(where, found, restored, epoch=epoch, step=step)


def diverged(epoch: int, step: int, found: NotFinite, restored: str) -> DivergenceError:
    """Return the error of a run that cannot go on; epoch and step count from 1."""
    where = f"in epoch {epoch}, step {step}"
    return DivergenceError(where, found, restored, epoch=epoch, step=step)


def after_update(found: NotFinite) -> NotFinite:
    """Return what is said of a parameter that an update has left so."""
    return found._replace(text=f"{found} after the update")
