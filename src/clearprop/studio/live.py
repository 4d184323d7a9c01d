"""Live: a training run that is watched while it goes on."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.backprop import forward_and_backward
from clearprop.checks.data import Data, mean_weights
from clearprop.checks.settings import count
from clearprop.errors import ArgumentError, DivergenceError
from clearprop.network import Network
from clearprop.optimizers import LBFGS, SGD, Clock, Optimizer
from clearprop.record import Record
from clearprop.studio.problems import Problem
from clearprop.studio.runs import EpochEnd, Run
from clearprop.studio.setup import Setup
from clearprop.studio.step_figures import StepFigures, figures_of
from clearprop.studio.thinning import thinned
from clearprop.training.job import check_data, dropout_masks
from clearprop.training.steps import Step
from clearprop.training.watching.beginning import Beginning
from clearprop.training.watching.epochs import Epoch

if TYPE_CHECKING:
    from clearprop.studio.server import Server

ROWS = 256
"""Rows of the training data that are looked at, at most; all are learned from."""

KEPT_BYTES = 128 << 20
MOST = 2000
"""Epochs of a run that are kept at most."""

LEAST = 4

APART = 0.05
"""Seconds between those that are kept, at least: more of them nobody can follow."""

WEEK = 604_800.0
"""Seconds for which the places for epochs suffice, if they are filled evenly by log time."""

UNSEEN = 0.02
"""Seconds that a run goes on between looks."""


NAME = "live"


class Live:
    """A callback of `cp.train` that shows the run on a page of this machine, while it goes on.

    The page is served by a thread of this process until `close`, or until the process ends. The
    numbers of training are those without it.

    Parameters
    ----------
    port : int, optional
        Where it is served; None: 8317, or one that is free.

    Attributes
    ----------
    address : str
        Of the page; it is printed when the run begins.

    Raises
    ------
    MissingExtraError
        If the extra `studio` is not installed.
    ArgumentError
        If the port is taken.

    Notes
    -----
    A step of the page is an epoch of the run: the pass of the parameters that it had after so many
    epochs, through a batch of the rows that it learns from, with their sample weights and the
    dropout that they have in the epoch that follows; and as update the change until the next that
    is kept. Some twenty a second are kept, later ones with gaps that grow with the time since the
    run began: at most 2,000, within 128 MB where four take no more. One that is kept stays, so
    that a step's number means the same as long as the run lasts. Of more than 256 rows, the first
    256 are looked at; rows of weight 0 are left out.

    Examples
    --------
    >>> import clearprop as cp
    >>> live = cp.studio.Live(port=0)
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> network = cp.Network([2, 4, 1], "tanh", "sigmoid")
    >>> history = cp.train(network, X, y, epochs=5, callbacks=[live])
    >>> live.address[:17], live.run.epochs[-1].loss == history.epochs[-1].loss
    ('http://127.0.0.1:', True)
    >>> live.close()
    """

    def __init__(self, port: int | None = None) -> None:
        from clearprop.studio.server import Server

        if port is not None:
            port = count("port", port, 0, "a port", 65535)
        self._server: Server = Server(port)
        self._server.start()
        self.run = LiveRun()
        self._server.app.state.runs.live = self.run

    @property
    def address(self) -> str:
        """Of the page."""
        return f"{self._server.address}#network?data={NAME}"

    def before_run(self, beginning: Beginning) -> None:
        """Take what the run works on, and say where the page is."""
        self.run.begin(beginning)
        if sys.stderr is not None:  # a program without a console has none
            sys.stderr.write(f"Studio: {self.address}\n")
            sys.stderr.flush()

    def after_resume(self, epochs: Sequence[Epoch]) -> None:
        """Begin where the run goes on from a checkpoint."""
        if epochs:
            self.run.go_on(epochs[-1])

    def __call__(self, epoch: Epoch) -> None:
        """Take the parameters after an epoch."""
        self.run.add(epoch)

    @property
    def epochs_ahead(self) -> int:
        """How many epochs the run goes on before it calls again: about a fiftieth of a second."""
        return self.run.epochs_within(UNSEEN)

    def close(self) -> None:
        """End the page."""
        self._server.close()

    def _repr_html_(self) -> str:
        from clearprop.studio.frame import frame

        run: Any = self.run  # which is asked as a run is
        return frame(self.address, run if run.standing else None)

    def __repr__(self) -> str:
        return f"Page of the studio at {self.address}"


def _notes(beginning: Beginning, looked_at: int, counted: int) -> list[str]:
    """Return what is to be said of what a page shows of a run."""
    found = ["another program makes this run: its network and its training are set there"]
    if looked_at < counted:
        found.append(f"the first {looked_at:,} of {counted:,} rows are looked at")
    if beginning.data.weights is not None:
        found.append("costs and gradients are by sample weights; rows of weight 0 are left out")
    if beginning.dropout:
        found.append("a step has the dropout that its rows have in the epoch that follows")
    return found


class _Kept(NamedTuple):
    """An epoch that was kept, and when."""

    epoch: int
    parameters: NDArray[np.floating]
    loss: float
    validation_loss: float | None
    at: float


class LiveRun:
    """A run that somebody else makes, as the page asks for one: a step is an epoch kept of it.

    Attributes
    ----------
    setup : Setup
    problem : Problem
    optimizer : Optimizer or LBFGS
    total, batch, steps_of_epoch : int
    failed : None
    """

    def __init__(self) -> None:
        self.setup = Setup(data=NAME)
        self.failed: DivergenceError | None = None
        self.steps_of_epoch = 1
        self.optimizer: Optimizer | LBFGS = SGD()
        self._losses: dict[int, float] = {}
        self._kept: list[_Kept] = []
        self._rows = np.arange(0)  # of the run's data, those that are looked at
        self._weights: NDArray[np.float64] | None = None
        self._lock = threading.RLock()
        self._problem: Problem | None = None
        self.batch = 1
        self._seed = self._begun = 0

    @property
    def standing(self) -> tuple[int, int, int] | None:
        """Which run it is that goes on, the steps that there are of it, and its epochs by now.

        None before one.
        """
        with self._lock:
            return (self._begun, self.total, self._kept[-1].epoch) if self._begun else None

    def begin(self, beginning: Beginning) -> None:
        """Take what the run works on; another run before it is forgotten."""
        network, data = beginning.network, beginning.data
        weights, n = data.weights, len(data.X)
        counted = np.arange(n) if weights is None else np.flatnonzero(weights)
        rows = counted[:ROWS]
        held = beginning.held_out
        X, y = np.array(data.X[rows]), np.array(data.y[rows])
        X_held, y_held = (X[:0], y[:0]) if held is None else (held.X[:ROWS], held.y[:ROWS])
        columns: Sequence[str] = beginning.columns or []
        features = list(map(str, columns)) or [f"x{i + 1}" for i in range(network.sizes[0])]
        rule: Any = beginning.optimizer
        with self._lock:
            self._problem = Problem(
                "A run under way", network.copy(), X, y, np.array(X_held), np.array(y_held),
                features, [], "y", optimizer=rule, batch=min(beginning.batch_size, len(X)),
                notes=_notes(beginning, len(rows), len(counted)),
            )  # fmt: skip
            self.setup = Setup(data=NAME, l2=beginning.l2, dropout=beginning.dropout)
            self.optimizer = beginning.optimizer
            self.batch = self._problem.batch
            self._rows, self._seed = rows, beginning.seed
            self._weights = None if weights is None else weights[rows]
            self._losses = {}
            self._kept = [_Kept(0, network.parameters.copy(), 0.0, None, time.monotonic())]
            self._begun += 1

    def go_on(self, epoch: Epoch) -> None:
        """Take where a run goes on from: its last epoch before, and its parameters after it."""
        parameters = epoch.network.parameters.copy()
        with self._lock:
            self._kept = [
                _Kept(epoch.epoch, parameters, epoch.loss, epoch.validation_loss, time.monotonic())
            ]

    def epochs_within(self, seconds: float) -> int:
        """Return how many epochs the run makes in so long, by those since it began."""
        if len(self._kept) < 2:
            return 1
        begun, last = self._kept[0], self._kept[-1]
        spent, made = time.monotonic() - begun.at, last.epoch - begun.epoch
        return int(seconds * made / spent) if spent > 0 else 1

    def add(self, epoch: Epoch) -> None:
        """Take the parameters after an epoch; of epochs in quick succession the last."""
        now = time.monotonic()
        one = _Kept(
            epoch.epoch, epoch.network.parameters.copy(), epoch.loss, epoch.validation_loss, now
        )
        with self._lock:
            kept = self._kept
            if len(kept) > 2 and kept[-1].at - kept[-2].at < self._gap(one.parameters.nbytes):
                kept[-1] = one
            else:
                kept.append(one)

    def _gap(self, size: int) -> float:
        """Return how many seconds the last that are kept have to be apart, for another place.

        So that the places left suffice for a week, each as much of the logarithm of time: none that
        is kept has to go, and a step's number means the same epoch as long as the run lasts.
        """
        left = max(LEAST, min(MOST, KEPT_BYTES // (size + 200))) - len(self._kept)
        if left <= 0:
            return float("inf")
        spent = max(self._kept[-1].at - self._kept[0].at, 1e-3)
        return max(APART, spent * max(float(np.log(WEEK / spent)), 1.0) / left)

    @property
    def epochs(self) -> list[EpochEnd]:
        """The costs of the epochs kept, as the run itself has them."""
        with self._lock:
            kept = self._kept[1:]
        return [EpochEnd(n, one.loss, one.validation_loss) for n, one in enumerate(kept, 1)]

    @property
    def losses(self) -> list[float]:
        """L of the rows looked at, by step."""
        with self._lock:  # all of one run: another may begin meanwhile
            kept, known, problem = self._kept[: self.total], self._losses, self.problem
        for one in kept:  # without the lock, for which training would wait
            if one.epoch not in known:
                known[one.epoch] = float(self._record(problem, one)[1].loss)
        return [known[one.epoch] for one in kept]

    @property
    def problem(self) -> Problem:
        """What the run works on.

        Raises
        ------
        ArgumentError
            Before it begins.
        """
        if self._problem is None:
            raise ArgumentError("no run has begun: give this callback to cp.train")
        return self._problem

    @property
    def total(self) -> int:
        """The steps that there are by now."""
        return max(len(self._kept) - 1, 1)

    def reach(self, n: int, seconds: float = 1.0) -> int:
        """Return the step nearest to `n` that there is."""
        del seconds
        return min(max(n, 0), self.total - 1)

    def at(self, n: int) -> Step:
        """Return a step: the pass with the parameters kept, and the change to the next.

        Raises
        ------
        ArgumentError
            If the run has not come so far.
        """
        with self._lock:
            if not 0 <= n < len(self._kept):
                raise ArgumentError(f"step {n:,} is beyond the {len(self._kept):,} that were kept")
            one = self._kept[n]
            after = self._kept[min(n + 1, len(self._kept) - 1)].parameters
            problem = self.problem
        rows, record = self._record(problem, one)
        clock, update = Clock(n, self.total, n), after - one.parameters
        return Step(one.epoch + 1, n + 1, rows, record, update, {}, SGD(), {}, clock)

    def _record(self, problem: Problem, one: _Kept) -> tuple[NDArray[np.int64], Record]:
        """Return rows that are looked at, and their pass with the parameters kept.

        With the weights of the rows, and the dropout that these have in the epoch that follows.
        """
        network = problem.network.copy()
        network.parameters[:] = one.parameters
        rows = (np.arange(problem.batch) + one.epoch * problem.batch) % len(problem.X)
        batch = self._data(problem).take(rows)
        masks: tuple[NDArray[Any], ...] = ()
        if rate := self.setup.dropout:
            masks = dropout_masks(network, rate, self._seed, self._rows[rows], one.epoch)
        omega = mean_weights(batch.weights, len(rows), network.dtype)
        record = forward_and_backward(network, batch.X, batch.y, omega, self.setup.l2, masks)
        return rows, record

    def _data(self, problem: Problem) -> Data:
        return check_data(problem.network, problem.X, problem.y, self._weights)

    def beside(self, changes: Mapping[str, str]) -> Run:
        """Raise: the page cannot train what somebody else trains."""
        raise ArgumentError("a run under way has no other beside it")

    def rule_at(self, n: int) -> Optimizer | LBFGS:
        """Return the optimizer, that of every step."""
        del n
        return self.optimizer

    def network_at(self, n: int) -> Network:
        """Return the network of a step."""
        return self.at(n).record.network

    def parameters_at(self, n: int) -> NDArray[np.floating]:
        """Return the parameters of a step."""
        return self._kept[n].parameters

    def figures_at(self, n: int) -> StepFigures:
        """Return the figures of a step."""
        return figures_of(self.at(n))

    def stops(self, n: int, most: int) -> list[int]:
        """Return steps up to `n` at even distances: of each the parameters are kept."""
        return thinned(n, most)

    def data_at(self, n: int) -> Data:
        """Return the rows that are looked at, with their weights: the same at every step."""
        del n
        return Data(self.problem.X, self.problem.y, self._weights)

    def find(self, row: int, n: int) -> tuple[int, int] | None:
        """Return the next step from `n` on whose batch has a row, and its place there."""
        for k in range(n, self.total):
            place = np.flatnonzero(self.at(k).rows == row)
            if place.size:
                return k, int(place[0])
        return None
