"""A run that is watched: weights of samples, dropout, a resume, and which epochs are kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import clearprop as cp
from clearprop.studio import live as live_module
from clearprop.studio.answers import ANSWERS
from clearprop.studio.choices import choices
from clearprop.studio.known_runs import Runs
from clearprop.studio.live import LiveRun
from clearprop.studio.question import Question
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from clearprop.training.watching.epochs import Epoch
from watched_runs import X, Y, every_epoch, small_network

WEIGHTS = np.random.default_rng(1).random(40) * (np.arange(40) % 4 > 0)


class Watching:
    """A callback that hands a run over as `Live` does, without a server."""

    def __init__(self, run):
        self.before_run, self.run = run.begin, run
        self.after_resume = lambda epochs: run.go_on(epochs[-1])

    def __call__(self, epoch):
        self.run.add(epoch)


def watched(monkeypatch, network=None, **settings):
    """A run of which every epoch is kept, and the very steps that it made: each is an epoch."""
    every_epoch(monkeypatch)
    network = small_network().astype("float64") if network is None else network
    run, same = LiveRun(), network.copy()
    given = dict(
        epochs=6, batch_size=None, shuffle=False, optimizer=cp.SGD(0.5), seed=3, **settings
    )
    cp.train(network, X, Y, progress=False, engine="reference", callbacks=[Watching(run)], **given)
    return run, list(cp.steps(same, X, Y, **given))


def answer(run, name, **pairs):
    return ANSWERS[name](run, Question({key: str(value) for key, value in pairs.items()}))


@pytest.mark.parametrize(
    "settings",
    [{}, {"dropout": 0.4}, {"sample_weight": WEIGHTS}, {"l2": 0.1, "dropout": 0.2},
     {"dropout": 0.4, "sample_weight": WEIGHTS, "l2": 0.01}],
)  # fmt: skip
def test_a_step_is_the_one_that_the_run_made(settings, monkeypatch):
    run, steps = watched(monkeypatch, **settings)
    counted = np.flatnonzero(settings.get("sample_weight", np.ones(40)))
    assert len(run.losses) == 6
    for n, right in enumerate(steps):
        ours = run.at(n)
        record = right.record
        assert counted[ours.rows].tolist() == np.roll(counted, -n * len(counted)).tolist()
        assert ours.record.loss == pytest.approx(record.loss, rel=1e-12)
        np.testing.assert_allclose(ours.record.gradient, record.gradient, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(ours.update, right.update, rtol=1e-6, atol=1e-12)
        for mine, its in zip(ours.record.masks, record.masks, strict=True):
            assert mine.tolist() == its[counted].tolist()
        assert ours.epoch == right.epoch


def test_what_is_said_of_weights_is_by_weights(monkeypatch):
    run, steps = watched(monkeypatch, sample_weight=WEIGHTS)
    network = steps[3].record.network
    right = cp.backprop(network, X, Y, sample_weight=WEIGHTS)
    health = answer(run, "health", n=3)
    assert health["layers"][0]["gradient"] == pytest.approx(np.linalg.norm(right.dW[0]), rel=1e-9)
    assert answer(run, "hill", n=3)["here"]["cost"] == pytest.approx(right.loss, rel=1e-9)
    line = answer(run, "element", n=3, of="L")["lines"][-1]
    assert line["words"] == "mean by weights of 30 rows"
    pushes = answer(run, "pushes", n=3)["samples"]
    gradients = [
        WEIGHTS[i] / WEIGHTS.sum() * 30 * cp.backprop(network, X[i : i + 1], Y[i : i + 1]).gradient
        for i in np.flatnonzero(WEIGHTS)
    ]
    norms = sorted((float(np.linalg.norm(one)) for one in gradients), reverse=True)
    assert [one["norm"] for one in pushes] == pytest.approx(norms[:12], rel=1e-9)
    found = cp.diagnose(
        network, X[WEIGHTS > 0], Y[WEIGHTS > 0], sample_weight=WEIGHTS[WEIGHTS > 0],
        optimizer=cp.SGD(0.5), batch_size=30,
    )  # fmt: skip
    said = answer(run, "diagnosis", n=3)["findings"]
    assert [(one["kind"], one["evidence"]) for one in said] == [
        (one.kind, one.evidence) for one in found.findings
    ]


def test_it_says_what_is_looked_at(monkeypatch):
    run, _ = watched(monkeypatch, sample_weight=WEIGHTS, dropout=0.3)
    notes = answer(run, "about")["notes"]
    assert any("by sample weights; rows of weight 0 are left out" in one for one in notes)
    assert any("dropout that its rows have" in one for one in notes)
    assert answer(run, "hill", n=0)["dropout"] == 0.3


def test_after_a_resume_it_begins_where_the_run_goes_on(monkeypatch, tmp_path):
    every_epoch(monkeypatch)
    network, run = small_network(), LiveRun()
    given = {
        "optimizer": "adam", "seed": 1, "checkpoint": tmp_path, "progress": False,
        "engine": "reference",
    }  # fmt: skip
    cp.train(network, X, Y, epochs=5, **given)
    after = network.parameters.copy()
    history = cp.train(small_network(), X, Y, epochs=8, resume=True, callbacks=[Watching(run)],
                       **given)  # fmt: skip
    assert [one.epoch for one in run._kept] == [5, 6, 7, 8]
    assert run.network_at(0).parameters.tolist() == after.tolist()
    assert answer(run, "step", n=0)["epoch"] == 6
    assert [one.loss for one in run.epochs] == [one.loss for one in history.epochs[5:]]


class TestWhichEpochsAreKept:
    @pytest.fixture
    def clock(self, monkeypatch):
        class Clock:
            now = 1000.0

            @classmethod
            def monotonic(cls):
                return cls.now

        monkeypatch.setattr(live_module, "time", Clock)
        return Clock

    @pytest.mark.parametrize(("size", "most"), [(0, 2000), (1 << 20, 128), (100 << 20, 4)])
    def test_a_place_once_taken_stays(self, clock, monkeypatch, size, most):
        network, run = small_network(), LiveRun()
        if size:
            monkeypatch.setattr(live_module, "KEPT_BYTES", most * (network.parameters.nbytes + 200))
        cp.train(network, X, Y, epochs=1, progress=False, callbacks=[Watching(run)])
        begun, numbers, seconds = clock.now, {}, 0.02
        for epoch in range(2, 40_000):
            clock.now += seconds
            seconds = min(seconds * 1.0003, 60.0)
            run.add(Epoch(epoch, epoch, 0.5, None, {}, {}, clock.now, network))
            for n, one in enumerate(run._kept[:-1][-3:], max(len(run._kept) - 4, 0)):
                assert numbers.setdefault(n, one.epoch) == one.epoch
        kept = run._kept
        assert clock.now - begun > live_module.WEEK
        assert most / 3 < len(kept) <= most
        assert kept[-1].epoch == 39_999
        assert [one.epoch for one in kept[:-1]] == [numbers[n] for n in range(len(kept) - 1)]
        if most == 2000:  # in the first day, nothing longer than 1% of the time lacks a place
            times = np.array([one.at - begun for one in kept[1:]])
            times = times[times < 86_400]
            assert len(times) > 1000
            assert (np.diff(times) < np.maximum(0.011 * times[1:], 0.1)).all()


class TestOnStart:
    def test_there_is_something_to_say_of_it(self, monkeypatch):
        run, _ = watched(monkeypatch)
        runs = Runs()
        runs.live = run
        found = choices(Setup(data="live"), runs.problems)
        assert found["error"] is None
        assert found["title"] == "A run under way"
        assert found["rows"] == 40
        assert found["network"] is None
        assert found["notes"][-1].startswith("another program makes this run")

    def test_its_setup_is_its_own(self, monkeypatch):
        run, _ = watched(monkeypatch)
        runs = Runs()
        with pytest.raises(cp.ArgumentError, match=r"give cp\.studio\.Live\(\) to cp\.train"):
            runs.of(Setup(data="live"))
        runs.live = run
        assert runs.of(Setup(data="live")) is run
        with pytest.raises(cp.ArgumentError, match="leave hidden out"):
            runs.of(Setup(data="live", hidden="4"))

    def test_a_schedule_of_ones_own_is_said_by_its_first_rate(self):
        rule = cp.SGD(cp.cosine(0.25), momentum=lambda t, total: 0.5)
        own = {"own": replace(Run(Setup(data="xor")).problem, optimizer=rule)}
        found = choices(Setup(data="own"), own)["network"]
        assert (found["rate"], found["momentum"]) == (0.25, 0.5)
