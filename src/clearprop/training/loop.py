"""The loop of a training run: batches by an engine, and what happens around them.

    while the run goes on:
        costs, updates = engine.advance(batches)      # forward, backward, update, so many times
        watch.after_epochs(costs, updates)            # figures, callbacks, early stopping

Both engines offer `advance`; the loop decides how many batches a call gets, so that epochs are
looked at when somebody wants to and Ctrl-C is heard. L-BFGS, whose line search SciPy drives, is
looked at by the same functions.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data
from clearprop.errors import ArgumentError, DivergenceError
from clearprop.interruption import Interrupt
from clearprop.network import Network
from clearprop.optimizers import LBFGS, Optimizer
from clearprop.training.causes import explain
from clearprop.training.compiled import CompiledEngine, compiled_cost
from clearprop.training.job import Job
from clearprop.training.lbfgs import minimize, reference_cost
from clearprop.training.reference import ReferenceEngine
from clearprop.training.reruns import Origin
from clearprop.training.standing import Standing
from clearprop.training.watching.early_stopping import BestEpoch, StoppingRule
from clearprop.training.watching.history import History
from clearprop.training.watching.metrics import Metric
from clearprop.training.watching.progress import Progress
from clearprop.training.watching.watch import Callback, Judge, Watch


class Engine(Protocol):
    """What makes the updates of a run."""

    standing: Standing

    @property
    def seconds_a_call(self) -> float:
        """What a call of `advance` should take about; 0: a batch a call."""
        ...

    def advance(self, batches: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Run so many batches; return the cost of each epoch that ended, and the updates then."""
        ...


class Loop:
    """A training run of a checked job.

    Parameters
    ----------
    network : Network
        Gets the parameters; `job.network` may be of another precision.
    job : Job
    rule : Optimizer or LBFGS
    held_out : Data, optional
        For validation.
    metrics, callbacks : sequence
    stopping : StoppingRule, optional
        Early stopping.
    engine : {"compiled", "reference"}
    threads, progress
        As for `train`, checked.
    standing : Standing, optional
        Of a run of the same job, which goes on from it and changes it. None: it begins.
    history : History, optional
        Of that run; it grows. It has the epochs that the standing has behind it.
    judge : Judge, optional
        Ends the run by its costs; "judged" is then what the history says.
    columns : sequence of str, optional
        The inputs' names, for what is said of a run that diverges.
    """

    def __init__(
        self,
        network: Network,
        job: Job,
        rule: Optimizer | LBFGS,
        *,
        held_out: Data | None = None,
        metrics: Sequence[Metric] = (),
        callbacks: Sequence[Callback] = (),
        stopping: StoppingRule | None = None,
        engine: str = "compiled",
        threads: int | None = None,
        progress: bool | None = None,
        standing: Standing | None = None,
        history: History | None = None,
        judge: Judge | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        self._job, self._rule, self._kind, self._threads = job, rule, engine, threads
        self._columns = columns
        self._engine: Engine | None = None
        if not isinstance(rule, LBFGS):
            if engine == "compiled":
                self._engine = CompiledEngine(job, rule, threads, standing)
            else:
                self._engine = ReferenceEngine(job, rule, standing)
        elif standing is not None:
            raise ArgumentError(_NO_STANDING)
        self._origin = Origin(job.network.parameters.copy())
        if self._engine is not None:
            self._origin = Origin.of(self._engine.standing)
        if history is None:
            history = History(engine=engine)
            if job.constraints is not None:
                history.frozen = job.constraints.frozen_names
                history.shared = job.constraints.shared_names
        if self._engine is not None and len(history.epochs) != self._engine.standing.epoch:
            raise ArgumentError(
                f"the history has {len(history.epochs)} epochs, the standing is in epoch "
                f"{self._engine.standing.epoch + 1}: give the history of the same run"
            )
        best = BestEpoch() if self._engine is None else self._engine.standing.best
        total = job.settings.epochs if self._engine is None else job.total
        self._show = Progress(progress, job.settings.epochs, total)
        self._watch = Watch(
            network, job, held_out, metrics, callbacks, stopping, best, self._show, engine, judge,
            history,
        )  # fmt: skip
        self._batch_seconds = np.inf

    @property
    def standing(self) -> Standing:
        """Where the run stands; its `copy` may be put into another run of the same job.

        Raises
        ------
        ArgumentError
            For L-BFGS.
        """
        if self._engine is None:
            raise ArgumentError(_NO_STANDING)
        return self._engine.standing

    def run(self, batches: int | None = None) -> History:
        """Go on to the end of the job, or by so many batches at most; return the history.

        The network then has the run's parameters; with early stopping, those of the best epoch.

        Raises
        ------
        DivergenceError
            If the run cannot go on; the last good parameters are back.
        """
        history = self._watch.history
        history.stopped = "completed"
        try:
            with Interrupt() as stop, self._show:
                if self._engine is None:
                    self._minimize(stop)
                else:
                    self._descend(self._engine, batches, stop)
        except KeyboardInterrupt:  # a second Ctrl-C: the engines have put good parameters back
            pass
        except DivergenceError as error:
            history.stopped = "diverged"
            error.history = history
            if error.step is not None:  # an engine's: what watches a run says why itself
                explain(error, self._job, self._rule, self._origin, self._columns)
            self._watch.name_best(error)
            raise
        finally:
            self._watch.close()
        if history.stopped == "completed" and len(history.epochs) < self._job.settings.epochs:
            history.stopped = "interrupted"
        return history

    def _descend(self, engine: Engine, batches: int | None, stop: Interrupt) -> None:
        standing, total = engine.standing, self._job.total
        last = total if batches is None else min(standing.batches + batches, total)
        while standing.batches < last and not stop.requested:
            some = self._next_call(engine, last - standing.batches)
            started = time.perf_counter()
            costs, updates = engine.advance(some)
            self._batch_seconds = (time.perf_counter() - started) / some
            self._show.update(standing.batches)
            if len(costs) and self._watch.after_epochs(costs, updates):
                return

    def _next_call(self, engine: Engine, left: int) -> int:
        """Return how many batches to run: to the end of an epoch, or what the time allows.

        Several epochs where nobody has to look at each; then whole ones, so that a look finds the
        parameters of an epoch's end.
        """
        standing, epoch_batches = engine.standing, self._job.epoch_batches
        fitting = max(1, int(engine.seconds_a_call / max(self._batch_seconds, 1e-9)))
        fitting = min(fitting, left)
        to_end = epoch_batches - standing.batches % epoch_batches
        ahead = self._watch.epochs_ahead
        if fitting <= to_end or ahead <= 1 or self._job.data.weights is not None:
            return min(fitting, to_end)
        epochs = min((fitting - to_end) // epoch_batches, ahead - 1)
        return to_end + epochs * epoch_batches

    def _minimize(self, stop: Interrupt) -> None:
        """Let SciPy search, and look at each of its iterations as at an epoch."""
        job, rule = self._job, self._rule
        assert isinstance(rule, LBFGS)
        cost = reference_cost(job)
        if self._kind == "compiled":
            cost = compiled_cost(job, self._threads, cost)

        def look(value: float, iterations: int) -> bool:
            self._show.update(iterations)
            return self._watch.after_epochs(np.array([value]), np.array([iterations]))

        ended = minimize(job, rule, cost, look, lambda: bool(stop.requested))
        if ended is not None:
            self._watch.history.stopped = ended


_NO_STANDING = (
    "a run of L-BFGS cannot be taken up again: its line search and its memory are SciPy's; use "
    "another optimizer, or train on from its parameters"
)
