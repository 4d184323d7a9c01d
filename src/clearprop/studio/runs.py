"""Runs: the steps of a setup, each made once, and made again when somebody goes back to it.

    step n  =  the pass with the parameters after n updates, and the update n + 1

A run keeps where it stood at some of its steps, and goes on from the nearest before the one that is
asked for: forwards and backwards, the numbers are the same.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data
from clearprop.cost import evaluate
from clearprop.errors import ArgumentError, ClearpropError, DivergenceError
from clearprop.network import Network
from clearprop.optimizers import Optimizer
from clearprop.studio.calls import metrics_of
from clearprop.studio.cells import set_cell
from clearprop.studio.kept import Kept
from clearprop.studio.problems import Problem, problem_of
from clearprop.studio.room import begun_bytes, check_room, standing_bytes, step_bytes
from clearprop.studio.schedule import scheduled
from clearprop.studio.setup import Setup
from clearprop.studio.step_figures import StepFigures, figures_of
from clearprop.studio.thinning import apart, may_be_thinned
from clearprop.training.job import check_data
from clearprop.training.steps import Step, Stepper, begin

SLICE = 0.2
"""Seconds that an answer whose page asks again goes on towards its step, at most."""

TURN = 0.1
"""Seconds that a run goes on before others who ask for its steps have a turn."""

STEP_WORK, MOST_WORK = 20_000, 4e7
"""What a step takes beside its multiplications, and what is made once more to look back."""


@dataclass(frozen=True)
class EpochEnd:
    """The cost of all rows after an epoch; None where none were put aside.

    Attributes
    ----------
    n : int
        Updates made.
    loss, validation_loss : float
        The latter None where no rows were put aside.
    metrics, validation_metrics : dict of str to float
        "accuracy" of classes, "r2" of numbers.
    """

    n: int
    loss: float
    validation_loss: float | None
    metrics: dict[str, float] = field(default_factory=dict)
    validation_metrics: dict[str, float] = field(default_factory=dict)


class Run:
    """The steps of a setup.

    Attributes
    ----------
    setup : Setup
    problem : Problem
    runs : Runs or None
        Where runs beside this one are kept.
    total : int
        Steps of the whole run.
    losses : list of float
        L of each step's batch, as far as the run has come.
    epochs : list of EpochEnd
    failed : DivergenceError or None
        What ended the run, at step ``len(losses)``.

    Parameters
    ----------
    setup : Setup
    like : Run, optional
        Another run, whose steps are this one's up to where their edits part.
    own : mapping of str to Problem, optional
        Problems that somebody has handed in, by the name that `setup.data` has.
    """

    def __init__(
        self, setup: Setup, like: Run | None = None, own: Mapping[str, Problem] | None = None
    ) -> None:
        self.setup = setup
        self.runs: Any = None
        self.problem: Problem = problem_of(setup, own)
        network, X = self.problem.network, self.problem.X
        data, stages = X.nbytes + self.problem.y.nbytes, sorted({0, *setup.turns()})
        check_room(network.sizes, network.dtype, self.batch, data, len(stages))
        self._changes, self._edits = setup.changes(), setup.edits()
        self._lock = threading.RLock()
        self.losses: list[float] = []
        self.epochs: list[EpochEnd] = []
        self.failed: DivergenceError | None = None
        self._X, self._y = self.problem.X.copy(), self.problem.y.copy()
        self._stages = {at: self._begin(setup.at(at)) for at in stages}
        self._stepper, self._stage = self._stages[0], 0
        self._held = None
        if len(self.problem.X_held):
            network = self._stepper.network
            self._held = check_data(network, self.problem.X_held, self.problem.y_held)
        self.total = self._stepper.job.total
        self.steps_of_epoch = self._stepper.job.epoch_batches
        of_job = self._stepper.job.data
        self._begun = Data(of_job.X.copy(), of_job.y.copy())
        self.figures: dict[int, StepFigures] = {}
        sizes, numbers = network.sizes, network.parameters
        self._kept = Kept(
            standing_bytes(numbers.nbytes),
            step_bytes(sizes, numbers.nbytes, self.batch, numbers.itemsize),
            self._stepper.standing(),
        )
        self._next = 0
        self._made = 0  # steps of which all is noted
        if like is not None:
            self._take_over(like)

    def _take_over(self, other: Run) -> None:
        """Take the steps that the other run has made, as far as they are this one's.

        It may go on meanwhile: what it has noted grows, and no more is read than it had.
        """
        made = other._made
        ours, theirs = self._changes, other._changes
        apart = next(
            (k for k, two in enumerate(zip(ours, theirs, strict=False)) if two[0] != two[1]),
            min(len(ours), len(theirs)),
        )  # the last of a step's edits holds
        n = min([made, *(one.step for one in (*ours[apart:], *theirs[apart:]))])
        self.losses = other.losses[:n]
        self.epochs = [one for one in other.epochs[:] if one.n <= n]
        self.figures = {at: one for at, one in dict(other.figures).items() if at < n}
        self._kept.take(other._kept, n)
        self._made = n

    @property
    def nbytes(self) -> int:
        """What it keeps takes: standings, steps, and what it began with."""
        vector = int(self.problem.network.parameters.nbytes)
        data = self._begun.X.nbytes + self._begun.y.nbytes
        begun = len(self._stages) * begun_bytes(vector, data)
        return begun + self._kept.nbytes + 100 * len(self.losses)

    @property
    def batch(self) -> int:
        """Rows of a batch."""
        n = len(self.problem.X)
        size = self.problem.batch if self.setup.batch < 0 else self.setup.batch or n
        return min(size, n)

    def rule_at(self, n: int) -> Optimizer:
        """Return the optimizer of step `n`."""
        return self._rule(self.setup.at(n))

    def _rule(self, setup: Setup) -> Optimizer:
        batches = -(-len(self.problem.X) // self.batch)
        rule = setup.rule(self.problem.optimizer)
        return scheduled(rule, setup.schedule, setup.epochs * batches)

    def _begin(self, setup: Setup) -> Stepper:
        """Return the run with these settings; those that are shared have the first's value."""
        network = self.problem.network.copy()
        _join(network, setup)
        return Stepper(*begin(
            network, self._X, self._y, None, self._rule(setup), None, batch_size=self.batch,
            epochs=setup.epochs, shuffle=True, l2=setup.l2, dropout=setup.dropout,
            shards=1, seed=setup.seed, frozen=setup.frozen_names(), shared=setup.shared_groups(),
        ))  # fmt: skip

    def _turn(self, n: int) -> None:
        """Go over to the settings that hold from step `n` on, before which the run stands.

        What the optimizer has kept goes on, as far as it keeps the same.
        """
        standing, data = self._stepper.standing(), self._stepper.job.data
        self._stepper, self._stage = self._stages[n], n
        network, now = self._stepper.network, self._stepper.job.data
        now.X[:], now.y[:] = data.X, data.y
        network.parameters[:] = standing.parameters
        _join(network, self.setup.at(n))
        standing.parameters[:] = network.parameters
        begun = self._rule(self.setup.at(n)).start(network.parameters)
        standing.state = begun | {
            name: kept for name, kept in standing.state.items() if name in begun
        }
        self._stepper.put(standing)

    def reach(self, n: int, seconds: float = 1.0) -> int:
        """Go on towards step `n` for so long at most; return the step that is reached.

        That of the end of the run, or the one before it cannot go on, if `n` is beyond.
        """
        n = min(max(n, 0), self.total - 1)
        ends = time.monotonic() + seconds
        while self._is_before(n):
            with self._lock:
                pause = min(time.monotonic() + TURN, ends)
                while self._is_before(n):
                    self._go_to(len(self.losses))
                    self._make()
                    if time.monotonic() > pause:
                        break
            if time.monotonic() > ends:
                break
            time.sleep(TURN / 100)  # or who waits for the lock would not get it
        return max(min(n, len(self.losses) - 1), 0)

    def _is_before(self, n: int) -> bool:
        """Whether the run may go on to step `n`."""
        return len(self.losses) <= n and self.failed is None

    def at(self, n: int) -> Step:
        """Return a step.

        Raises
        ------
        DivergenceError
            If the run ends before it.
        ArgumentError
            If the run is shorter.
        """
        if not 0 <= n < self.total:
            raise ArgumentError(f"step {n:,} is beyond the run's {self.total:,} steps")
        if (found := self._kept.step(n)) is not None:
            return found  # also while the run goes on
        if self.reach(n, seconds=float("inf")) < n:
            assert self.failed is not None
            raise self.failed.with_traceback(None)  # or it grows each time
        with self._lock:
            if (found := self._kept.step(n)) is None:
                self._go_to(n)
                found = self._make()
                if found is None:
                    assert self.failed is not None
                    raise self.failed.with_traceback(None)
            return found

    def _go_to(self, n: int) -> None:
        """Stand before step `n`, which has been passed or is the next."""
        near = max(at for at in self._kept.standings if at <= n)
        if not near <= self._next <= n:
            self._put(near)
        while self._next < n:
            self._make()

    def _put(self, n: int) -> None:
        """Stand before step `n`, where the run is kept; what changes there has not yet changed."""
        self._stage = max(at for at in self._stages if at < max(n, 1))
        self._stepper = self._stages[self._stage]
        data = self._stepper.job.data
        data.X[:], data.y[:] = self._begun.X, self._begun.y
        for at, name, value in self._edits:
            if at < n and name[0] in "xy":
                set_cell(self._stepper.network, data, name, value)
        self._stepper.put(self._kept.standings[n])
        self._next = n

    def _set(self, name: str, value: float) -> None:
        """Set a parameter, or a cell of the data."""
        if name[0] not in "xy":
            self._set_parameter(name, value)
            return
        set_cell(self._stepper.network, self._stepper.job.data, name, value)

    def _set_parameter(self, name: str, value: float) -> None:
        """Set a parameter, and those that it is shared with."""
        network, constraints = self._stepper.network, self._stepper.job.constraints
        before = network.parameters.copy()
        network[name] = value
        if constraints is not None:
            for place in np.flatnonzero(network.parameters != before):
                network.parameters[constraints.group_at(int(place))] = value

    def _make(self) -> Step | None:
        """Make the next step, with what a reader has set before it."""
        n = self._next
        if n in self._stages and self._stage != n:
            self._turn(n)
        for at, name, value in self._edits:
            if at == n:
                self._set(name, value)
        try:
            step = self._stepper.step()
        except DivergenceError as error:
            self.failed = error
            self._put(0)
            return None
        except BaseException:  # of an optimizer of the user's own, or no memory is left
            self._next = -1  # where the engine stands is not known: it is put where it stood
            raise
        assert step is not None  # no row has a weight here
        self._next = n + 1
        self._keep(n, step)
        return step

    def _keep(self, n: int, step: Step) -> None:
        self._kept.keep_step(n, step)
        if n != len(self.losses):
            return
        ends = (n + 1) % self.steps_of_epoch == 0
        figures = figures_of(step) if may_be_thinned(n) else None  # which may fail: noted after it
        costs = self._costs(n + 1) if ends else None
        standing = self._stepper.standing() if self._kept.is_due(n + 1) else None
        self.losses.append(float(step.record.loss))
        if figures is not None:
            self.figures[n] = figures
        if costs is not None:
            self.epochs.append(costs)
        if standing is not None:
            self._kept.keep(n + 1, standing)
        self._made = n + 1

    def _costs(self, n: int) -> EpochEnd:
        network, learned = self._stepper.network, self._stepper.job.data
        loss, output = evaluate(network, learned, "reference")
        metrics = metrics_of(self.problem, learned.y, output)
        if self._held is None:
            return EpochEnd(n, loss, None, metrics)
        held, output = evaluate(network, self._held, "reference")
        return EpochEnd(n, loss, held, metrics, metrics_of(self.problem, self._held.y, output))

    def data_at(self, n: int) -> Data:
        """Return the rows to learn from at step `n`, what a reader has set included."""
        data = Data(self._begun.X.copy(), self._begun.y.copy())
        for at, name, value in self._edits:
            if at <= n and name[0] in "xy":
                set_cell(self._stepper.network, data, name, value)
        return data

    def find(self, row: int, n: int) -> tuple[int, int] | None:
        """Return the next step from `n` on whose batch has a row, and its place there.

        None where the run ends before.
        """
        size, job = self.batch, self._stepper.job
        for epoch in range(n // self.steps_of_epoch, self.setup.epochs):
            place = int(np.flatnonzero(job.order(epoch) == row)[0])
            found = epoch * self.steps_of_epoch + place // size
            if found >= n:
                return found, place % size
        return None

    def beside(self, changes: Mapping[str, str]) -> Run:
        """Return the run of this setup with these pairs instead.

        Raises
        ------
        ArgumentError
            If a name is no part of a setup.
        """
        setup = self.setup.changed(changes)
        beside: Run = Run(setup) if self.runs is None else self.runs.of(setup)
        return beside

    def network_at(self, n: int) -> Network:
        """Return the network before step `n`, what a reader has set included."""
        return self.at(n).record.network

    def figures_at(self, n: int) -> StepFigures:
        """Return figures of a step; those that are looked at over the run were noted."""
        return self.figures.get(n) or figures_of(self.at(n))

    def parameters_at(self, n: int) -> NDArray[np.floating]:
        """Return the parameters before step `n`, without making it where the run stood there."""
        standing = self._kept.standings.get(n)
        if standing is None or any(one.step == n for one in self._changes):
            return self.network_at(n).parameters
        return standing.parameters

    def stops(self, n: int, most: int) -> list[int]:
        """Return steps up to `n` at even distances, and `n` itself, whose parameters can be had.

        Where passing through all steps once more takes long, they are those that the run stood at.
        """
        work = n * (self.problem.network.n_parameters * self.batch + STEP_WORK)
        every = self._kept.every if work > MOST_WORK else 1
        return sorted({*range(0, n + 1, max(every, apart(n, most))), n})


def _join(network: Network, setup: Setup) -> None:
    """Give parameters that are shared the value of the first of them."""
    for first, *others in setup.shared_groups() or ():
        for name in others:
            with suppress(ClearpropError):  # which is said better when they are read
                network[name] = network[first]
