"""What computes and keeps state in itself is seen, and no run goes on from a wrong one."""

from __future__ import annotations

import itertools
import random
import threading
from collections import deque
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from types import SimpleNamespace

import numpy as np
import pytest

import clearprop as cp
from clearprop.estimators import MLPClassifier
from clearprop.training.checkpoints.inner_state import digest_of
from kept_runs import CutError, Decay, arguments, begin, cut_after, outcome


class Momentum:
    """An optimizer that keeps its velocity in an attribute."""

    def __init__(self):
        self.velocity = 0.0

    def start(self, parameters):
        return {}

    def update(self, parameters, gradient, state, now, is_weight):
        self.velocity = 0.9 * self.velocity - 0.1 * gradient
        parameters += self.velocity


class Nested(Momentum):
    def __init__(self):
        self.inner = SimpleNamespace(velocity=0.0)

    def update(self, parameters, gradient, state, now, is_weight):
        self.inner.velocity = 0.9 * self.inner.velocity - 0.1 * gradient
        parameters += self.inner.velocity


class Late(Momentum):
    def __init__(self):
        pass

    def update(self, parameters, gradient, state, now, is_weight):
        self.made = getattr(self, "made", 0) + 1
        parameters -= 0.1 / self.made * gradient


class Slots:
    __slots__ = ("made",)

    def __init__(self):
        self.made = 0

    def start(self, parameters):
        return {}

    def update(self, parameters, gradient, state, now, is_weight):
        self.made += 1
        parameters -= 0.1 / self.made * gradient


class Noise(Decay):
    def __init__(self):
        self.draws = np.random.default_rng(0)

    def update(self, parameters, gradient, state, now, is_weight):
        parameters -= 0.1 * gradient + 1e-3 * self.draws.normal(size=parameters.shape)


class Rates(Decay):
    def __init__(self):
        self.rates = (1 / n for n in itertools.count(1))

    def update(self, parameters, gradient, state, now, is_weight):
        parameters -= next(self.rates) * gradient


def counting_schedule():
    made = 0

    def rate(t, total):
        nonlocal made
        made += 1
        return 0.1 / made

    return rate


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Momentum(), "optimizer.velocity"), (Nested(), "optimizer.inner"),
        (Late(), "optimizer.made"), (Slots(), "optimizer"), (Noise(), "optimizer.draws"),
        (Rates(), "optimizer.rates"), (cp.SGD(counting_schedule()), "optimizer.learning_rate"),
    ],
    ids=lambda one: type(one).__name__,
)  # fmt: skip
def test_an_update_that_changes_the_optimizer_itself_is_refused(rule, said, tmp_path):
    network = cp.Network([4, 6, 3], "tanh", output="softmax", seed=7)
    before = network.parameters.copy()
    given = arguments(optimizer=rule, checkpoint=tmp_path)
    with pytest.raises(cp.ArgumentError, match=f"^{said} changes with the updates, and no check"):
        cp.train(network, given.pop("X"), given.pop("y"), **given)
    np.testing.assert_array_equal(network.parameters, before)
    assert list(tmp_path.glob("*.safetensors")) == []  # the next run begins
    begin(optimizer=Decay(), checkpoint=tmp_path, epochs=1)


def test_without_checkpoints_nobody_asks():
    assert begin(optimizer=Momentum())[1].stopped == "completed"


class Plateau:
    """A schedule that a callback lowers."""

    def __init__(self):
        self.rate = 0.1

    def __call__(self, t, total):
        return self.rate


class Lowers:
    """That callback, which puts the rate back."""

    def __init__(self, schedule):
        self.schedule = schedule

    def __call__(self, epoch):
        self.schedule.rate = 0.1 * 0.5**epoch.epoch

    def after_resume(self, epochs):
        self.schedule.rate = 0.1 * 0.5 ** len(epochs)


def lowered(told=True, **kept):
    schedule = Plateau()
    lowers = Lowers(schedule)
    hooks = [lowers if told else lambda epoch: lowers(epoch)]
    return outcome(*begin(optimizer=cp.SGD(schedule), callbacks=hooks, **kept))


@pytest.mark.parametrize("batches", [13, 14, 30, 55])
def test_a_callback_that_puts_it_back(batches, monkeypatch, tmp_path):
    kept = {"checkpoint": tmp_path, "checkpoint_every": "5 steps", "resume": True}
    with monkeypatch.context() as patch:
        cut_after(patch, batches)
        with pytest.raises(CutError):
            lowered(**kept)
    assert lowered(**kept) == lowered()


def test_a_callback_that_does_not_put_it_back(monkeypatch, tmp_path):
    kept = {"checkpoint": tmp_path, "checkpoint_every": "5 steps", "resume": True}
    said = "optimizer.learning_rate is not what it was when the run began.* go on from checkpoint-0"
    with pytest.warns(cp.CheckpointWarning, match=said) as caught:
        found = lowered(told=False, **kept)
    assert len(caught) == 2  # when it is seen, and at the end
    assert max(tmp_path.glob("*.safetensors")).name == "checkpoint-000000000010.safetensors"
    with pytest.warns(cp.CheckpointWarning, match=said):
        assert lowered(told=False, **kept) == found  # from there the same numbers are made


def test_a_log_puts_nothing_back(tmp_path):
    schedule = Plateau()
    hooks = [lambda epoch: Lowers(schedule)(epoch), cp.CSVLog(tmp_path / "log.csv")]
    with pytest.warns(cp.CheckpointWarning, match="is not what it was when the run began"):
        begin(optimizer=cp.SGD(schedule), callbacks=hooks, checkpoint=tmp_path / "kept")


def test_who_cannot_put_it_back_does_not_go_on(monkeypatch, tmp_path):
    kept = {"checkpoint": tmp_path, "checkpoint_every": 1, "resume": True}
    with monkeypatch.context() as patch:
        cut_after(patch, 45)
        with pytest.raises(CutError):
            lowered(**kept)
    network = cp.Network([4, 6, 3], "tanh", output="softmax", seed=1)
    before = network.parameters.copy()
    given = arguments(optimizer=cp.SGD(Plateau()), **kept)
    with pytest.raises(
        cp.CheckpointMismatchError, match=r"^optimizer.learning_rate is not what it was when check"
    ):
        cp.train(network, given.pop("X"), given.pop("y"), **given)
    np.testing.assert_array_equal(network.parameters, before)


def test_a_metric_with_a_memory(tmp_path):
    worst = []

    def hardest(y, predicted):
        worst.append(float(np.abs(predicted).max()))
        return max(worst)

    with pytest.warns(cp.CheckpointWarning, match="metric hardest.* is not what it was"):
        begin(metrics=[hardest], checkpoint=tmp_path, checkpoint_every=1)


class Quiet(Decay):
    """What does not count is left out, as of copies."""

    def __init__(self):
        self.calls, self.lock = 0, threading.Lock()

    def __getstate__(self):
        return {}

    def update(self, parameters, gradient, state, now, is_weight):
        self.calls += 1
        super().update(parameters, gradient, state, now, is_weight)


class Lazy(Decay):
    @cached_property
    def half(self):
        return 0.5

    @lru_cache  # noqa: B019 - of which there is one
    def rate(self, n):
        return 0.1 / n

    def update(self, parameters, gradient, state, now, is_weight):
        parameters -= self.half * self.rate(now.made + 1) * gradient


@dataclass
class Settings(Decay):
    rates: dict = field(default_factory=lambda: {"W": 0.1})


@pytest.mark.parametrize(
    "rule", [Quiet, Lazy, Settings, Decay, lambda: cp.Adam(cp.cosine(0.1, steps=40)),
             lambda: cp.SGD(partial(lambda t, total, by: 0.1 / (t + by), by=3))],
)  # fmt: skip
def test_what_stays_as_it_was_goes_on(rule, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        cut_after(patch, 30)
        with pytest.raises(CutError):
            begin(optimizer=rule(), checkpoint=tmp_path, checkpoint_every="4 steps")
    found = outcome(*begin(optimizer=rule(), checkpoint=tmp_path, resume=True))
    assert found == outcome(*begin(optimizer=rule()))


def test_an_estimator_s_optimizer(tmp_path):
    X, y = arguments()["X"], arguments()["y"]
    made = MLPClassifier((3,), optimizer=Momentum(), checkpoint=tmp_path, random_state=0)
    with pytest.raises((cp.ArgumentError, ValueError), match="optimizer.velocity changes with"):
        made.fit(X, y)


def test_an_activation_with_a_memory(tmp_path):
    class Counted:
        """The identity, which counts its calls."""

        def __init__(self):
            self.calls = 0

        def __call__(self, z):
            self.calls += 1
            return z

    counted = cp.Activation("counted", Counted(), lambda z: 1.0)
    network = cp.Network([4, 6, 3], counted, output="softmax", seed=7)
    given = arguments(checkpoint=tmp_path, checkpoint_every=1, engine="reference")
    with pytest.raises(cp.ArgumentError, match=r"^activations\[0\]\.f changes with the updates"):
        cp.train(network, given.pop("X"), given.pop("y"), **given)


class Told:
    """An object that says itself, in the six parts of a `__reduce_ex__`, what it is made of."""

    def __init__(self, n):
        self.n = n

    def __reduce_ex__(self, protocol):
        return Told, (self.n,), None, None, None, setattr


VALUES = [
    lambda n: n, lambda n: float(n), lambda n: [n], lambda n: {"a": (n,)}, lambda n: {n},
    lambda n: np.arange(n), lambda n: np.array([n, "a"], object), lambda n: deque([n]),
    lambda n: np.random.default_rng(n), lambda n: random.Random(n),
    lambda n: SimpleNamespace(a=[n]), lambda n: partial(max, n), lambda n: lambda: n,
    lambda n: (lambda m=n: m), lambda n: [n].append, lambda n: Lowers(n).after_resume,
    lambda n: slice(n), lambda n: range(n), lambda n: np.float32(n),
    lambda n: np.full(3, n), Told,
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(VALUES)))
def test_digests_are_equal_of_what_is_equal_alone(place):
    made = VALUES[place]
    assert digest_of(made(1)) == digest_of(made(1)) != digest_of(made(2))


def test_numbers_one_after_the_other_are_told_apart():
    assert digest_of([1.5, 25.5]) != digest_of([1.52, 5.5])


def test_digests_of_what_cannot_be_looked_into():
    around: list[object] = []
    around.append(around)
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for one in (threading.Lock(), around, deep, len, itertools, iter([1])):
        assert digest_of(one) == digest_of(one)
