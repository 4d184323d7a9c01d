"""The loop of a training run: batches by an engine, and what happens around them.

    while the run goes on:
        costs, updates = engine.advance(batches)      # forward, backward, update, so many times
        watch.after_epochs(costs, updates)            # figures, callbacks, early stopping

Both engines offer `advance`; the loop decides how many batches a call gets, so that epochs are
looked at when somebody wants to and Ctrl-C is heard. L-BFGS, whose line search SciPy drives, is
looked at by the same functions.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data
from clearprop.errors import ArgumentError, ClusterError, DivergenceError
from clearprop.interruption import Interrupt
from clearprop.network import Network
from clearprop.optimizers import LBFGS, Array, Optimizer
from clearprop.training.causes import explain
from clearprop.training.checkpoints.contents import Contents, damaged, unpack
from clearprop.training.checkpoints.identity import Identity, identity_of
from clearprop.training.checkpoints.inner_state import InnerState
from clearprop.training.checkpoints.keeping import GOING_ON, Keeping, found_by_all
from clearprop.training.compiled import CompiledEngine, compiled_cost
from clearprop.training.job import Job
from clearprop.training.lbfgs import minimize, reference_cost
from clearprop.training.reference import ReferenceEngine
from clearprop.training.reruns import Origin
from clearprop.training.shared import agreed, whole
from clearprop.training.standing import Standing, where_squares_overflow
from clearprop.training.streamed_rows import StreamedRows
from clearprop.training.watching.early_stopping import BestEpoch, StoppingRule
from clearprop.training.watching.history import History
from clearprop.training.watching.metrics import Metric
from clearprop.training.watching.progress import Progress
from clearprop.training.watching.watch import Callback, Judge, Watch
from clearprop.training.windows import Windows


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

    def take(self, job: Job) -> None:
        """Go on with the data of another window of a stream, that of the next batch."""
        ...


class Loop:
    """A training run of a checked job.

    Parameters
    ----------
    network : Network
        Gets the parameters; `job.network` may be of another precision.
    job : Job
        Of a stream, some first rows stand for its data.
    rule : Optimizer or LBFGS
    held_out : Data or StreamedRows, optional
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
    keeping : Keeping, optional
        Writes checkpoints, from the newest of which the run goes on.
    settings : mapping of str to object, optional
        What has to be the same for that, beside the job, the rule and the data.
    windows : Windows, optional
        Of the stream that the data are.
    """

    def __init__(
        self,
        network: Network,
        job: Job,
        rule: Optimizer | LBFGS,
        *,
        held_out: Data | StreamedRows | None = None,
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
        keeping: Keeping | None = None,
        settings: Mapping[str, object] | None = None,
        windows: Windows | None = None,
    ) -> None:
        self._network, self._job, self._rule = network, job, rule
        self._kind, self._threads = engine, threads
        self._held_out, self._judge = held_out, judge
        self._keeping, self._settings = keeping, settings or {}
        self._columns, self._windows = columns, windows
        self._held: Job | None = None  # on the window that the engine has: which one
        self._held_at = (-1, -1)
        self._training = job.data if windows is None else windows.streamed
        self._identity: Identity = {}
        if isinstance(rule, LBFGS) and (standing is not None or keeping is not None):
            raise ArgumentError(NO_STANDING)
        self._engine = None if isinstance(rule, LBFGS) else self._make_engine(rule, standing)
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
        total = job.settings.epochs if self._engine is None else job.total
        self._show = Progress(
            progress if job.members.rank == 0 else False, job.settings.epochs, total
        )

        def watch(history: History, seconds: float = 0.0, seen: Array | None = None) -> Watch:
            best = BestEpoch() if self._engine is None else self._engine.standing.best
            return Watch(
                network, job, held_out, metrics, callbacks, stopping, best, self._show, engine,
                judge, history, seconds, seen, self._training,
            )  # fmt: skip

        self._make_watch, self._watch = watch, watch(history)
        if keeping is not None:
            keeping.inside = InnerState.of_run(rule, job.network, metrics, callbacks)
        self._batch_seconds = np.inf

    def _make_engine(self, rule: Optimizer, standing: Standing | None) -> Engine:
        if self._kind == "compiled":
            return CompiledEngine(self._job, rule, self._threads, standing)
        return ReferenceEngine(self._job, rule, standing)

    @property
    def standing(self) -> Standing:
        """Where the run stands; its `copy` may be put into another run of the same job.

        Raises
        ------
        ArgumentError
            For L-BFGS.
        """
        if self._engine is None:
            raise ArgumentError(NO_STANDING)
        return self._engine.standing

    def run(self, batches: int | None = None) -> History:
        """Go on to the end of the job, or by so many batches at most; return the history.

        The network then has the run's parameters; with early stopping, those of the best epoch.

        With `keeping`, it begins where the newest checkpoint stands.

        Raises
        ------
        DivergenceError
            If the run cannot go on; the last good parameters are back.
        ArgumentError, FileWriteError, ModelFileError
            As `Keeping` does; nothing is changed.
        """
        processes = self._job.members.processes
        if len(processes) > 1:
            ranks = ", ".join(f"rank {rank} is {one}" for rank, one in enumerate(processes))
            self._show.say(f"clearprop: {len(processes)} ranks: {ranks}")
        if self._keeping is None:
            return self._run(batches)
        keeping, members = self._keeping, self._job.members
        with ExitStack() as held:
            members.on_root(lambda: held.enter_context(keeping.held()))
            if self._take_up(keeping):
                return self._run(batches)
        return self._watch.history

    def _take_up(self, keeping: Keeping) -> bool:
        """Begin where the newest checkpoint stands, or write the first; return if any is left."""
        job, rule = self._job, self._rule
        assert not isinstance(rule, LBFGS)
        self._identity = identity_of(
            self._network, job, rule, self._kind, self._training, self._held_out, self._settings
        )
        found = found_by_all(job.members, keeping)
        if found is None:
            contents = self._contents()
            job.members.on_root(lambda: keeping.write(contents, self._identity, first=True))
            return True
        job.members.on_root(lambda: keeping.refuse(found, self._identity, job, rule))
        held = unpack(found, job, self._network, self._watch.figures)
        try:
            self._engine = self._make_engine(rule, held.standing)
        except ArgumentError as error:  # of a standing: the job was fine before
            raise damaged(found, error) from None
        self._origin = Origin.of(held.standing)
        history = replace(self._watch.history, epochs=held.epochs)
        self._watch = self._make_watch(history, held.seconds, held.seen)
        if self._judge is not None:
            self._judge.go_on(held.judge, held.epochs)
        members = job.members
        self._watch.go_on(lambda: members.on_root(lambda: keeping.refuse_inside(found)))
        if held.stopped in GOING_ON and held.standing.batches < job.total:
            batches, each = held.standing.batches, job.epoch_batches
            self._show.say(
                f"clearprop: goes on from {found.path}: in epoch {batches // each + 1:,} of "
                f"{job.settings.epochs:,}, behind {batches % each:,} of its {each:,} batches"
            )
            return True
        history.stopped = "completed" if held.stopped in GOING_ON else held.stopped
        done = f"{len(history.epochs):,} of {job.settings.epochs:,} epochs, {history.stopped}"
        self._show.say(f"clearprop: already finished: {done}; nothing is trained")
        self._watch.close()
        return False

    def _contents(self, stopped: str = "") -> Contents:
        """Return the run as a checkpoint holds it."""
        watch, judge = self._watch, self._judge
        return Contents(
            self.standing, watch.history.epochs, watch.seconds, watch.seen,
            {} if judge is None else judge.state(), self._job.settings.epochs, stopped,
        )  # fmt: skip

    def _run(self, batches: int | None) -> History:
        history = self._watch.history
        history.stopped = "completed"
        try:
            with Interrupt() as stop, self._show:
                if self._engine is None:
                    self._minimize(stop)
                else:
                    self._descend(self._engine, batches, stop)
                    self._note_interruption()
                    if self._keeping is not None:
                        self._keep(self._keeping, history.stopped)
        except KeyboardInterrupt:  # a second Ctrl-C: the engines have put good parameters back
            pass
        except DivergenceError as error:
            history.stopped = "diverged"
            error.history = history
            if error.step is not None:  # an engine's: what watches a run says why itself
                job = whole(self._held or self._job)
                if job is not None:
                    explain(error, job, self._rule, self._origin, self._columns)
            self._watch.name_best(error)
            raise
        finally:
            self._watch.close()
            if self._windows is not None:
                self._windows.close()
        self._note_interruption()
        return history

    def _note_interruption(self) -> None:
        history = self._watch.history
        if history.stopped == "completed" and len(history.epochs) < self._job.settings.epochs:
            history.stopped = "interrupted"

    def _descend(self, engine: Engine, batches: int | None, stop: Interrupt) -> None:
        standing = engine.standing
        most = sys.maxsize if batches is None else standing.batches + batches
        first = True
        while standing.batches < (last := min(most, self._job.total)):
            if self._windows is not None and not self._turn(engine, self._windows, stop):
                return
            some = self._next_call(engine, last - standing.batches)
            some = agreed(self._job.members, some, stop=bool(stop.requested))
            if not some:
                break
            started = time.perf_counter()
            costs, updates = engine.advance(some)
            self._batch_seconds = (time.perf_counter() - started) / some
            if first and self._keeping is not None:
                self._refuse_inner_state(self._keeping, standing)
            first = False
            self._show.update(standing.batches)
            if len(costs) and self._watch.after_epochs(costs, updates):
                return
            keeping, done = self._keeping, standing.batches
            if keeping is not None and done < last and keeping.due(done, self._job.epoch_batches):
                self._keep(keeping)

    def _turn(self, engine: Engine, windows: Windows, stop: Interrupt) -> bool:
        """Let the engine have the window of its next batch; return False if Ctrl-C came first."""
        standing, at = engine.standing, (engine.standing.epoch, engine.standing.place)
        if self._held is not None and self._held_at == windows.which(*at):
            return True
        data = windows.at(*windows.which(*at), lambda: stop.requested)
        if data is None:
            return False
        self._job, self._held_at = windows.counted(self._job), windows.which(*at)
        self._held = windows.job(self._job, self._held_at[1], data)
        self._show.total = self._job.total
        engine.take(self._held)
        self._origin = Origin.of(standing)
        return True

    def _refuse_inner_state(self, keeping: Keeping, standing: Standing) -> None:
        """Raise `ArgumentError` where the first updates have changed what no checkpoint holds."""
        begun = self._origin.batches == 0
        try:
            self._job.members.on_root(lambda: keeping.refuse_updates(begun=begun))
        except (ArgumentError, ClusterError):
            standing.parameters[:] = self._origin.parameters
            raise

    def _keep(self, keeping: Keeping, stopped: str = "") -> None:
        """Write a checkpoint, unless what the run ends by has come and was not looked for yet."""
        if self._job.members.rank != 0:
            return
        state = self.standing.state
        if where_squares_overflow(self._rule, state, self._job.network) is None:  # type: ignore[arg-type]
            keeping.write(self._contents(stopped), self._identity)

    def _next_call(self, engine: Engine, left: int) -> int:
        """Return how many batches to run: to the end of an epoch, or what the time allows.

        Several epochs where nobody has to look at each; then whole ones, so that a look finds the
        parameters of an epoch's end.
        """
        standing, epoch_batches = engine.standing, self._job.epoch_batches
        if self._held is not None:
            left = min(left, self._held.ahead(standing.place))
        if self._keeping is not None:
            left = min(left, self._keeping.ahead(standing.batches, epoch_batches))
        fitting = max(1, int(engine.seconds_a_call / max(self._batch_seconds, 1e-9)))
        fitting = min(fitting, left)
        to_end = epoch_batches - standing.batches % epoch_batches
        if fitting <= to_end or self._job.weights is not None:
            return min(fitting, to_end)
        epochs = min((fitting - to_end) // epoch_batches, self._watch.epochs_ahead - 1)
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


NO_STANDING = (
    "a run of L-BFGS cannot be taken up again: its line search and its memory are SciPy's; use "
    "another optimizer, or train on from its parameters"
)
