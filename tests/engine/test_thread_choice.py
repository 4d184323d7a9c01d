"""The number of threads follows what is measured, and what is measured changes no bit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import clearprop as cp
from clearprop.engine import runs, threads
from clearprop.engine.thread_choice import ThreadChoice, shared_choice
from clearprop.engine.threads import worth_trying


class Machine:
    """Time that only calls take: `each` (threads, now) is what a batch takes."""

    def __init__(self, choice, each):
        self.choice, self.each, self.now = choice, each, 0.0
        self.calls = []

    def run(self, until):
        while self.now < until:
            used = self.choice.threads
            each = self.each(used, self.now)
            wanted = min(0.05, self.choice.seconds_a_call)
            batches = max(1, int(wanted / each))
            self.now += batches * each
            self.calls.append((self.now, used, batches))
            self.choice.note(used, batches, batches * each, now=self.now)

    def share(self, used, start, end):
        """The share of the time from start to end that calls by so many threads had."""
        parts = [
            (number, min(after, end) - max(before, start))
            for (before, *_), (after, number, _) in itertools.pairwise([(0.0, 0, 0), *self.calls])
            if after > start and before < end
        ]
        return sum(part for number, part in parts if number == used) / (end - start)


def faster_by(best, factor=1.5):
    """Each halving away from the best number takes that much longer."""
    return lambda used, now: 1e-4 * factor ** abs(np.log2(used / best))


@pytest.mark.parametrize("best", [1, 2, 4, 16])
def test_the_fastest_number_is_found_and_kept(best):
    machine = Machine(ThreadChoice([16, 8, 4, 2, 1]), faster_by(best))
    machine.run(20.0)
    assert machine.share(best, 0.5, 20.0) > 0.93
    assert machine.share(best, 0.0, 0.5) > 0.3


def test_looking_costs_a_fiftieth():
    machine = Machine(ThreadChoice([2, 1]), faster_by(2, factor=8.0))
    machine.run(30.0)
    batches = sum(batches for *_, batches in machine.calls)
    assert batches * 1e-4 > 0.97 * 30.0


def test_it_follows_a_machine_that_becomes_busy_and_free():
    def each(used, now):
        busy = 10.0 <= now < 20.0
        return 1e-4 * ((3.0 if used == 2 else 1.2) if busy else (1.0 if used == 2 else 1.8))

    machine = Machine(ThreadChoice([2, 1]), each)
    machine.run(30.0)
    assert machine.share(2, 1.0, 10.0) > 0.9
    assert machine.share(1, 11.0, 20.0) > 0.9
    assert machine.share(2, 22.0, 30.0) > 0.9


def test_what_is_level_is_left():
    machine = Machine(ThreadChoice([4, 2, 1]), lambda used, now: 1e-4 * (1.0 + 0.01 * used))
    machine.run(5.0)
    assert machine.share(4, 0.0, 5.0) > 0.8


def test_noise_of_a_busy_machine_costs_little():
    rng = np.random.default_rng(0)
    each = lambda used, now: 1e-4 * used * rng.lognormal(0.0, 0.5)  # noqa: E731
    machine = Machine(ThreadChoice([2, 1]), each)
    machine.run(60.0)
    assert machine.share(1, 0.1, 60.0) > 0.85


def test_one_number_is_never_measured():
    choice = ThreadChoice([3])
    choice.note(3, 1, 10.0, now=10.0)
    assert choice.threads == 3
    assert choice.seconds_a_call == np.inf


def test_runs_of_the_same_work_share_what_is_known():
    numbers = (2, 1)
    assert shared_choice(numbers, (7, 7), 3) is shared_choice(numbers, (7, 7), 3)
    assert shared_choice(numbers, (7, 7), 3) is not shared_choice(numbers, (7, 7), 4)


def test_numbers_worth_trying_by_work_cores_and_parts(monkeypatch):
    monkeypatch.setattr(threads, "cores", lambda: 6)
    tried = [worth_trying(None, work, 2.0, 100) for work in (1.0, 4.0, 6.0, 1e12)]
    assert tried == [(1,), (2, 1), (3, 1), (6, 3, 1)]
    assert worth_trying(None, 1e12, 2.0, 2) == (2, 1)
    assert worth_trying(5, 1.0, 2.0, 2) == (5,)


class Alternating(ThreadChoice):
    """Another number at each call."""

    used: list[int]

    @property
    def threads(self):
        return self._numbers[len(self.used) % len(self._numbers)]

    @property
    def seconds_a_call(self):
        return 0.001

    def note(self, threads, units, seconds, *, now):
        self.used.append(threads)


@pytest.mark.parametrize("shards", [1, 4])
def test_a_number_that_changes_changes_no_bit(monkeypatch, shards):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 90)).astype(np.float32), rng.integers(0, 5, 300)

    def trained(**chosen):
        network = cp.Network([90, 120, 60, 5], activations="tanh", output="softmax", seed=1)
        cp.train(network, X, y, batch_size=64, epochs=12, shards=shards, seed=2, **chosen)
        return network.parameters.tobytes()

    choice = Alternating([3, 2, 1])
    choice.used = []
    monkeypatch.setattr(runs, "worth_trying", lambda *_: (3, 2, 1))
    monkeypatch.setattr(runs, "shared_choice", lambda *_: choice)
    changing = trained()
    monkeypatch.undo()
    assert {1, 2, 3} <= set(choice.used)
    assert changing == trained(threads=1)
