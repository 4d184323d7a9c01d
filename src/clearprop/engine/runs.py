"""Training runs: the plan of a run, and runs of batches in one compiled call."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data
from clearprop.engine.functions import activation_of, loss_of, optimizer_of
from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.compiler import function_at, load
from clearprop.engine.kernels.precision import precision_of
from clearprop.engine.layout import Plan, lay_out_layers, parallel, room
from clearprop.engine.settings import RunSettings
from clearprop.engine.threads import STEP, choose, run_together
from clearprop.optimizers import Optimizer, State
from clearprop.schedules import rate_at
from clearprop.topology import Topology

Array = NDArray[Any]


class CompiledRun:
    """A run of the compiled engine: `advance` makes it go on by some batches.

    Parameters
    ----------
    topology : Topology
        Its parameters are changed in place.
    data : Data
        Checked, of the parameters' floating type.
    settings : RunSettings
    rule : Optimizer, optional
        None: nothing is updated; `gradient` holds the last batch's gradient.
    state : dict, optional
        The optimizer's state, which is changed in place.
    threads : int, optional

    Raises
    ------
    CompilationError
        If a function of the user's own cannot be compiled.
    """

    def __init__(
        self,
        topology: Topology,
        data: Data,
        settings: RunSettings,
        rule: Optimizer | None,
        state: State,
        threads: int | None,
    ) -> None:
        n, precision = len(data.X), precision_of(topology.dtype)
        if not topology.parameters.flags.writeable:  # compiled code would not ask
            raise ValueError("the network's parameters are read-only: train a copy of it")
        self.sums = np.zeros(2)
        self.n, self._batch = n, min(settings.batch_size, n)
        self.epoch_batches = -(-n // self._batch)
        work = self._batch * 3.0 * topology.parameters.size
        self.threads = choose(threads, work, STEP)
        if threads is None:
            self.threads = min(self.threads, parallel(topology.sizes, self._batch, precision))
        plan = self._plan = Plan(len(topology.sizes) - 1)
        self._run = function_at(load("training.run", precision), 2)
        labels = data.y.ndim == 1
        self._give_data(data, settings)
        self._give_functions(topology, settings, rule, state, labels)
        row_wise = [bool(plan.line(at)[P.JACOBIAN]) for at in range(len(topology.activations))]
        lay_out_layers(
            plan, topology.sizes, self._batch, settings.shards, self.threads, precision, row_wise
        )
        self._give_batch(topology, labels)

    def _give_data(self, data: Data, settings: RunSettings) -> None:
        plan, weights = self._plan, data.weights
        plan[P.N], plan[P.BATCH] = self.n, self._batch
        shuffle = settings.draws_order(self.n)
        plan[P.SHARDS], plan[P.SHUFFLE] = settings.shards, shuffle
        plan[P.SEED] = settings.seed - (1 << 64 if settings.seed >= 1 << 63 else 0)
        plan.give(P.X, "X", data.X)
        plan.give(P.Y, "y", data.y)
        plan[P.LABELS] = data.y.ndim == 1
        self._exponent = 0
        if weights is not None:  # by a power of two, so that no weight leaves float32
            self._exponent = int(np.frexp(weights.max())[1])
            plan.give(P.WEIGHTS, "weights", np.ldexp(weights, -self._exponent))
        plan.give(P.ORDER, "order", room(self.n, np.int64))
        plan.give(P.SORTING, "sorting", room(4 * self.n + 2 if shuffle else 0, np.int64))
        plan.give(P.TEAM, "team", room(P.team_size(self.threads), np.int64))

    def _give_functions(
        self,
        topology: Topology,
        settings: RunSettings,
        rule: Optimizer | None,
        state: State,
        labels: bool,
    ) -> None:
        plan, precision = self._plan, precision_of(topology.dtype)
        size = precision.itemsize
        loss = loss_of(topology.loss, topology.activations[-1], labels, precision)
        plan[P.LOSS] = loss.address
        plan.give(P.LOSS_SETTINGS, "loss settings", loss.settings)
        optimizer = optimizer_of(rule, precision)
        if rule is None:
            self.gradient = np.zeros_like(topology.parameters)
            state = {"gradient": self.gradient}
        assert optimizer is not None  # who asks has looked
        plan[P.OPTIMIZER], plan[P.CORRECTED] = optimizer.address, optimizer.corrected
        moment = plan.give(P.MOMENT, "moment", np.zeros(2 * P.MOMENT_SIZE))
        for start, own, l2 in (
            (0, optimizer.settings, settings.l2),
            (P.MOMENT_SIZE, optimizer.bias_settings, 0.0),
        ):
            moment[start + P.M_S0 : start + P.M_S3 + 1] = own
            moment[start + P.M_L2] = l2
            moment[start + P.M_L2_WHOLE] = np.ldexp(l2, -self._exponent)
            moment[start + P.M_CORRECTION] = moment[start + P.M_ROOT_CORRECTION] = 1.0
        plan[P.L2] = settings.l2 != 0
        accounting = settings.accounting
        plan[P.L2_BY_BATCH] = accounting.l2_by_batch
        plan[P.MEAN_BY_ROWS] = accounting.mean_by_rows
        plan[P.COST_OUTPUTS] = accounting.outputs
        self._keep = topology.parameters, state
        vectors = [array.ctypes.data for array in state.values()]
        parameters = topology.parameters.ctypes.data
        slots = {"W": (P.W, P.W_STATE, P.W_STATE_2), "b": (P.B, P.B_STATE, P.B_STATE_2)}
        for place in topology.places():
            line = plan.line(place.layer - 1)
            for slot, address in zip(slots[place.symbol], [parameters, *vectors], strict=False):
                line[slot] = address + size * place.start
        for layer, function in enumerate(topology.activations, 1):
            if layer < len(topology.activations) or not loss.takes_z:
                line, kernels = plan.line(layer - 1), activation_of(function, precision)
                line[P.ACTIVATION], line[P.JACOBIAN] = kernels.training, kernels.jacobian
        plan[P.DRAW_ORDER] = load("random.order", precision)
        if settings.dropout:
            plan[P.DROPOUT] = int(settings.dropout * 2**32)
            plan[P.DROP_ROWS] = load("random.dropout", precision)
            plan.give(P.KEPT, "kept", np.array([1 / (1 - settings.dropout)]))

    def _give_batch(self, topology: Topology, labels: bool) -> None:
        plan, dtype = self._plan, topology.parameters.dtype
        row = int(plan.line(len(topology.sizes) - 2)[P.ROW])
        plan.give(P.BATCH_ROWS, "batch rows", room(self._batch, np.int64))
        plan.give(P.SHARD_STARTS, "shard starts", room(plan[P.SHARDS] + 1, np.int64))
        batch_y = room(self._batch if labels else self._batch * row, np.int64 if labels else dtype)
        plan.give(P.BATCH_Y, "batch y", batch_y)
        plan.give(P.BATCH_WEIGHTS, "batch weights", room(self._batch, dtype))
        plan.give(P.LOSSES, "losses", room(self._batch, dtype))
        plan.give(P.BATCH_TOTAL, "batch total", room(3, np.float64))
        chunks = sum(-(-n * m // P.CHUNK) for n, m in pairwise(topology.sizes))
        plan.give(P.PENALTIES, "penalties", room(chunks, np.float64))

    def set_position(self, batches: int, updates: int, sums: NDArray[np.float64]) -> None:
        """Put the run after so many batches and updates; `sums` are those of the epoch's batches.

        Its next batch is then the one that a run from the beginning would come to.
        """
        plan = self._plan
        epoch, done = divmod(batches, self.epoch_batches)
        plan[P.NOW], plan[P.MADE] = batches, updates
        plan[P.EPOCH], plan[P.PLACE] = epoch, done * self._batch
        self.sums = sums.copy()

    @property
    def now(self) -> int:
        """Batches done."""
        return self._plan[P.NOW]

    @property
    def made(self) -> int:
        """Updates made."""
        return self._plan[P.MADE]

    @property
    def epoch(self) -> int:
        """The epoch of the next batch, counted from 0."""
        return self._plan[P.EPOCH]

    @property
    def place(self) -> int:
        """Rows of the epoch's order that are done."""
        return self._plan[P.PLACE]

    def advance(self, batches: int, rates: NDArray[np.float64]) -> tuple[int, NDArray[np.float64]]:
        """Run so many batches, unless one fails.

        Parameters
        ----------
        batches : int
        rates : ndarray, shape (batches, 2)
            The learning rate and the momentum of each.

        Returns
        -------
        status : int
            `plan.RUNNING` if all is well.
        costs : ndarray, shape (epochs, 2)
            For each epoch that had a batch in this call: the sums of w_i L_i and of w_i over
            all its batches so far.
        """
        plan = self._plan
        first_epoch = self.epoch
        epochs = (self.now + batches - 1) // self.epoch_batches - first_epoch + 1
        costs = plan.give(P.COSTS, "costs", np.zeros((max(epochs, 1), 2)))
        if plan[P.PLACE]:  # in the middle of an epoch, whose sums go on
            costs[0] = self.sums
        plan[P.FIRST_EPOCH] = first_epoch
        plan.give(P.RATES, "rates", np.ascontiguousarray(rates))
        plan[P.FIRST], plan[P.LAST] = self.now, self.now + batches
        plan[P.STATUS], plan[P.UPDATE_FLAG] = P.RUNNING, 0
        run_together(self._run, plan, self.threads)
        self.sums = costs[self.epoch - first_epoch].copy() if plan[P.PLACE] else np.zeros(2)
        return plan[P.STATUS], costs

    def rows_of_batch(self) -> NDArray[np.int64]:
        """Return the rows of the batch under way, or of the last one."""
        return self._plan.arrays["batch rows"][: self._plan[P.BATCH_N]].copy()


def rates_of(rule: Optimizer, first: int, batches: int, total: int) -> NDArray[np.float64]:
    """Return the learning rate and the momentum of each batch, shape (batches, 2)."""
    rates = np.zeros((batches, 2))
    for column, name in enumerate(("learning_rate", "momentum")):
        rate = getattr(rule, name, 0.0)
        if callable(rate):
            rates[:, column] = [rate_at(rate, t, total) for t in range(first, first + batches)]
        else:
            rates[:, column] = rate
    return rates
