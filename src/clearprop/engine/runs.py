"""Training runs: the plan of a run, and runs of batches in one compiled call."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data
from clearprop.checks.memory import Borrowed, fixed_zeros, handed_out
from clearprop.cluster.shards import Part
from clearprop.engine.functions import Functions, functions_of, optimizer_of
from clearprop.engine.given import check_run
from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.loading import function_at, load
from clearprop.engine.kernels.precision import Precision, precision_of
from clearprop.engine.layout import Plan, lay_out_run, most_threads
from clearprop.engine.settings import RunSettings
from clearprop.engine.thread_choice import shared_choice
from clearprop.engine.threads import STEP, run_together, worth_trying
from clearprop.errors import ShapeError, missing_piece
from clearprop.numerics.scaled_sums import in_units
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
        None, or one of the user's own: nothing is updated, and `gradient` holds the last
        batch's gradient.
    state : dict, optional
        The optimizer's state, which is changed in place.
    threads : int, optional
    part : Part, optional
        Which rows the data are, where other processes have others; None: all.
    window : (first, rows), optional
        Where the data are a window of a stream: the rows of the epoch before it, and all of them.
        Such a run ends with its data: no call may go beyond them.

    Raises
    ------
    CompilationError
        If a function of the user's own cannot be compiled.
    ShapeError
        If compiled code cannot read the data, or write the state, as they are: what is checked
        can be.
    """

    def __init__(
        self,
        topology: Topology,
        data: Data,
        settings: RunSettings,
        rule: Optimizer | None,
        state: State,
        threads: int | None,
        part: Part | None = None,
        window: tuple[int, int] | None = None,
    ) -> None:
        precision, labels = precision_of(topology.dtype), data.y.ndim == 1
        part = Part(len(data.X), settings.shards, 0, settings.shards) if part is None else part
        n = part.n
        functions = functions_of(topology, rule, labels, precision)
        self._gradient: Array | None = None
        if rule is None or functions.optimizer is None:
            functions = functions._replace(optimizer=optimizer_of(None, precision))
            self._gradient = fixed_zeros(topology.parameters.size, topology.dtype)
            state = {"gradient": self._gradient}
        check_run(data, state, topology)
        self.n, self._batch = n, min(settings.batch_size, n)
        self._first, rows = (0, n) if window is None else window
        self._is_window, self._is_done = window is not None, False
        self._ends_epoch = self._first + n >= rows
        self._full_batch = min(settings.batch_size, rows)
        self.epoch_batches = -(-rows // self._full_batch)
        self.sums = np.zeros(2)
        batch = self._rows_at_once(settings, part)
        most = most_threads(topology.sizes, batch, precision)
        work = 3.0 * batch * topology.parameters.size
        numbers = worth_trying(threads, work, STEP, most)
        self._choice = shared_choice(numbers, topology.sizes, batch, precision)
        self._is_warm = False
        self._run = function_at(load("training.run", precision), 2)
        plan = self._plan = Plan(len(topology.sizes) - 1)
        self._topology, self._data = topology, data  # whose memory the plan has addresses of
        self._state = Borrowed(**{f"the optimizer's {name}": own for name, own in state.items()})
        self._give_data(data, settings, part)
        self._give_functions(functions, settings, precision)
        self._give_parameters(topology, state, precision)
        row_wise = [kernels.jacobian != 0 for kernels in functions.activations]
        row_wise[-1] &= not functions.loss.takes_z
        lay_out_run(
            plan, topology.sizes, n, batch, settings, labels, numbers[0], precision, row_wise
        )

    def _rows_at_once(self, settings: RunSettings, part: Part) -> int:
        """Return how many rows this process has of a batch, at the most."""
        return self._batch

    def _give_data(self, data: Data, settings: RunSettings, part: Part) -> None:
        plan, weights = self._plan, data.weights if part.weights is None else part.weights
        plan[P.N], plan[P.BATCH] = self.n, self._batch
        plan[P.SHARDS], plan[P.SHUFFLE] = settings.shards, settings.draws_order(self.n)
        plan[P.FIRST_SHARD], plan[P.OWN_SHARDS] = part.first, part.own
        plan[P.NODE_FIRST], plan[P.NODE_SHARDS] = 0, part.own
        plan[P.SEED] = settings.seed - (1 << 64 if settings.seed >= 1 << 63 else 0)
        plan.give(P.X, "X", data.X)
        plan.give(P.Y, "y", data.y)
        plan[P.LABELS] = data.y.ndim == 1
        self._exponent = 0
        if weights is not None:  # by a power of two, so that no weight leaves float32
            self._exponent = int(np.frexp(weights.max())[1])
            plan.give(P.WEIGHTS, "weights", np.ldexp(weights, -self._exponent))
        # Means by rows know nothing of it.
        self._sums_exponent = 0 if settings.accounting.mean_by_rows else self._exponent
        self._units = self._sums_exponent

    def _give_functions(
        self, functions: Functions, settings: RunSettings, precision: Precision
    ) -> None:
        plan, (loss, activations, optimizer) = self._plan, functions
        assert optimizer is not None  # at least the one that keeps the gradient
        plan[P.LOSS] = loss.address
        plan.give(P.LOSS_SETTINGS, "loss settings", loss.settings)
        for layer, kernels in enumerate(activations[:-1] if loss.takes_z else activations):
            line = plan.line(layer)
            line[P.ACTIVATION], line[P.JACOBIAN] = kernels.training, kernels.jacobian
        plan[P.OPTIMIZER], plan[P.CORRECTED] = optimizer.address, optimizer.corrected
        update = plan.give(P.UPDATE, "update", np.zeros(2 * P.UPDATE_SIZE))
        for start, own, l2 in (
            (0, optimizer.settings, settings.l2),
            (P.UPDATE_SIZE, optimizer.bias_settings, 0.0),
        ):
            update[start + P.U_S0 : start + P.U_S3 + 1] = own
            update[start + P.U_L2] = l2
            with np.errstate(over="ignore"):  # beside weights of 1e-310 a penalty is infinite
                update[start + P.U_L2_WHOLE] = np.ldexp(l2, -self._exponent)
            update[start + P.U_CORRECTION] = update[start + P.U_ROOT_CORRECTION] = 1.0
        plan[P.L2] = settings.l2 != 0
        accounting = settings.accounting
        plan[P.L2_BY_BATCH] = accounting.l2_by_batch
        plan[P.MEAN_BY_ROWS] = accounting.mean_by_rows
        plan[P.COST_OUTPUTS] = accounting.outputs
        plan[P.DRAW_ORDER] = load("random.order", precision)
        if settings.dropout:
            plan[P.DROPOUT] = int(settings.dropout * 2**32)
            plan[P.DROP_ROWS] = load("random.dropout", precision)
            plan.give(P.KEPT, "kept", np.array([1 / (1 - settings.dropout)]))

    def _give_parameters(self, topology: Topology, state: State, precision: Precision) -> None:
        self._plan[P.PARAMETERS] = topology.parameters.ctypes.data
        vectors = [topology.parameters, *state.values()]
        slots = {"W": (P.W, P.W_STATE, P.W_STATE_2), "b": (P.B, P.B_STATE, P.B_STATE_2)}
        if len(vectors) > len(slots["W"]):
            where = "W_STATE and B_STATE in engine/kernels/plan.py"
            missing_piece(f"an optimizer's array {[*state][2]!r}", "place in a plan", where)
        for place in topology.places():
            line = self._plan.line(place.layer - 1)
            for slot, vector in zip(slots[place.symbol], vectors, strict=False):
                line[slot] = vector.ctypes.data + precision.itemsize * place.start

    def set_position(self, batches: int, updates: int, sums: NDArray[np.float64]) -> None:
        """Put the run after so many batches and updates; `sums` are those of the epoch's batches.

        Its next batch is then the one that a run from the beginning would come to.
        """
        plan = self._plan
        epoch, done = divmod(batches, self.epoch_batches)
        plan[P.NOW], plan[P.MADE] = batches, updates
        plan[P.EPOCH], plan[P.PLACE] = epoch, done * self._full_batch - self._first
        # Between two windows sums stand without the power of two by which either's weights do.
        self.sums, self._units = sums.copy(), self._sums_exponent
        if not plan[P.PLACE]:
            self.sums, self._units = in_units(sums, self._sums_exponent)

    @property
    def seconds_a_call(self) -> float:
        """What the next call should take at the most, while numbers of threads are compared."""
        return self._choice.seconds_a_call

    @property
    def gradient(self) -> Array | None:
        """Of the last batch, shape (n_parameters,), where nothing is updated; else None."""
        return None if self._gradient is None else handed_out(self._gradient)

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
        if self._is_done:
            return 0 if self._ends_epoch else self._first + self.n
        return self._first + self._plan[P.PLACE]

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

        Raises
        ------
        ShapeError
            If X, y or a state was resized since the run was made, or a window has not so many.
        """
        if self._is_window and batches > self._left:
            raise ShapeError(f"the window has {self._left} batches left, not {batches}")
        if batches < 0 or rates.shape != (batches, 2):
            raise ShapeError(f"{batches} batches need rates of their number, not {rates.shape}")
        self._data.check()
        self._state.check()
        plan = self._plan
        first_epoch = self.epoch
        epochs = (self.now + batches - 1) // self.epoch_batches - first_epoch + 1
        costs = plan.give(P.COSTS, "costs", np.zeros((max(epochs, 1), 2)))
        costs[0] = self.sums  # in the middle of an epoch, whose sums go on
        plan[P.FIRST_EPOCH] = first_epoch
        plan.give(P.RATES, "rates", np.ascontiguousarray(rates, np.float64))
        plan[P.FIRST], plan[P.LAST] = self.now, self.now + batches
        plan[P.STATUS], plan[P.UPDATE_FLAG] = P.RUNNING, 0
        self._run_together(batches)
        self._is_done = self._is_window and self.epoch > first_epoch
        if self._is_done and not self._ends_epoch:
            plan[P.EPOCH] = first_epoch
            self.sums = np.ldexp(costs[0], self._units)
            return plan[P.STATUS], costs
        self.sums = costs[self.epoch - first_epoch].copy() if plan[P.PLACE] else np.zeros(2)
        return plan[P.STATUS], costs

    @property
    def _left(self) -> int:
        """The batches of a window that are left; none where it is another's turn."""
        rows = self.n - self._plan[P.PLACE]
        return 0 if self._is_done else max(-(-rows // self._full_batch), 0)

    def _run_together(self, batches: int) -> None:
        threads, started = self._choice.threads, time.perf_counter()
        run_together(self._run, self._plan, threads)
        ended = time.perf_counter()
        if self._is_warm:  # the first call touches all memory for the first time
            self._choice.note(threads, batches, ended - started, now=ended)
        self._is_warm = True

    def rows_of_batch(self) -> NDArray[np.int64]:
        """Return the rows of the batch under way, or of the last one."""
        return self._plan.arrays["batch rows"][: self._plan[P.BATCH_N]].copy()


def rates_of(rule: Optimizer, first: int, batches: int, total: int) -> NDArray[np.float64]:
    """Return the learning rate and the momentum of each batch, shape (batches, 2)."""
    rates = np.zeros((batches, 2))
    for column, (name, high) in enumerate((("learning_rate", math.inf), ("momentum", 1.0))):
        rate = getattr(rule, name, 0.0)
        if callable(rate):
            times = range(first, first + batches)
            rates[:, column] = [rate_at(rate, t, total, high=high) for t in times]
        else:
            rates[:, column] = rate
    return rates
