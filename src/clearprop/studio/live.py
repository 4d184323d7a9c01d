"""Live: a training run that is watched while it goes on."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data
from clearprop.checks.settings import count
from clearprop.errors import ArgumentError, DivergenceError
from clearprop.network import Network
from clearprop.optimizers import LBFGS, SGD, Clock, Optimizer
from clearprop.record import Record
from clearprop.studio.problems import Problem
from clearprop.studio.runs import EpochEnd, Run
from clearprop.studio.setup import Setup
from clearprop.training.job import check_data, check_job
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

APART = 0.05
"""Seconds between those that are kept, at first: more of them nobody can follow."""

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
    epochs, through a batch of the rows that it learns from, and as update the change until the next
    that is kept. Some twenty a second are kept; of a long run fewer, at most 2,000, within 128 MB.

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

        return frame(self.address)


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
        self._apart = APART
        self._lock = threading.RLock()
        self._problem: Problem | None = None
        self.batch = 1
        self._begun = 0

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
        rows = np.arange(min(ROWS, len(data.X)))
        held = beginning.held_out
        X, y = np.array(data.X[rows]), np.array(data.y[rows])
        X_held, y_held = (X[:0], y[:0]) if held is None else (held.X[:ROWS], held.y[:ROWS])
        columns: Sequence[str] = beginning.columns or []
        features = list(map(str, columns)) or [f"x{i + 1}" for i in range(network.sizes[0])]
        with self._lock:
            self._problem = Problem(
                "A run under way", network.copy(), X, y, np.array(X_held), np.array(y_held),
                features, [], "y", batch=min(beginning.batch_size, len(X)),
            )  # fmt: skip
            self.setup = Setup(data=NAME, l2=beginning.l2)
            self.optimizer = beginning.optimizer
            self.batch = self._problem.batch
            self._losses, self._apart = {}, APART
            self._kept = [_Kept(0, network.parameters.copy(), 0.0, None, time.monotonic())]
            self._begun += 1

    def epochs_within(self, seconds: float) -> int:
        """Return how many epochs the run makes in so long, by those since it began."""
        if len(self._kept) < 2:
            return 1
        begun, first, last = self._kept[0], self._kept[1], self._kept[-1]
        spent, made = time.monotonic() - begun.at, last.epoch - first.epoch + 1  # since a resume
        return int(seconds * made / spent) if spent > 0 else 1

    def add(self, epoch: Epoch) -> None:
        """Take the parameters after an epoch; of epochs in quick succession the last."""
        now, kept = time.monotonic(), self._kept
        one = _Kept(
            epoch.epoch, epoch.network.parameters.copy(), epoch.loss, epoch.validation_loss, now
        )
        with self._lock:
            if len(kept) > 2 and kept[-1].at - kept[-2].at < self._apart:
                kept[-1] = one
            else:
                kept.append(one)
            if len(kept) > min(MOST, max(16, KEPT_BYTES // (one.parameters.nbytes + 200))):
                self._apart = 2 * max(self._apart, now - kept[-2].at)
                kept[1:-1] = kept[2:-1:2]

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
        """Return rows that are looked at, and their pass with the parameters kept."""
        network = problem.network.copy()
        network.parameters[:] = one.parameters
        batch = problem.batch
        rows = (np.arange(batch) + one.epoch * batch) % len(problem.X)
        job = check_job(
            network, check_data(network, problem.X, problem.y), batch_size=batch, epochs=1,
            shuffle=False, l2=self.setup.l2, dropout=0.0, shards=1, seed=0, frozen=(), shared=(),
        )  # fmt: skip
        return rows, job.record(rows, 0)

    def beside(self, changes: Mapping[str, str]) -> Run:
        """Raise: the page cannot train what somebody else trains."""
        raise ArgumentError("a run under way has no other beside it")

    def network_at(self, n: int) -> Network:
        """Return the network of a step."""
        return self.at(n).record.network

    def data_at(self, n: int) -> Data:
        """Return the rows that are looked at, which are the same at every step."""
        del n
        return Data(self.problem.X, self.problem.y)

    def find(self, row: int, n: int) -> tuple[int, int] | None:
        """Return the next step from `n` on whose batch has a row, and its place there."""
        for k in range(n, self.total):
            place = np.flatnonzero(self.at(k).rows == row)
            if place.size:
                return k, int(place[0])
        return None
