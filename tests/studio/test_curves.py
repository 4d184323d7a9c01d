"""Curves, schedules and the learning-rate finder: the numbers of the run."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.studio.curves import thinned
from clearprop.studio.runs import Run
from clearprop.studio.setup import SCHEDULES, Setup
from studio_server import ask, refusal
from watched_runs import every_epoch


def test_curves_are_the_runs(studio):
    found = ask(studio, "curves", n=99, data="moons")
    run = Run(Setup(data="moons"))
    run.reach(99, seconds=60)
    assert found["n"] == 99
    assert found["places"] == list(range(100))
    assert found["losses"] == run.losses
    assert len(found["epochs"]) == 6
    problem = run.problem
    for one in found["epochs"]:
        network = run.network_at(one["n"])
        record = cp.backprop(network, problem.X, problem.y)
        assert one["loss"] == pytest.approx(float(record.loss), rel=1e-14)
        held = cp.backprop(network, problem.X_held, problem.y_held)
        assert one["validation_loss"] == pytest.approx(float(held.loss), rel=1e-14)
        right = (network.predict(problem.X)[:, 0] > 0.5) == (problem.y > 0.5)
        assert one["metrics"]["accuracy"] == right.mean()
    assert found["summary"]["last"] == found["epochs"][-1]
    best = min(found["epochs"], key=lambda one: one["validation_loss"])
    assert found["summary"]["best"] == best


def test_when_a_goal_was_reached(studio):
    found = ask(studio, "curves", n=399, data="moons")
    goal = found["epochs"][10]["loss"]
    first = next(one["n"] for one in found["epochs"] if one["loss"] <= goal)
    assert ask(studio, "curves", n=399, data="moons", goal=goal)["summary"]["reached"] == first
    assert ask(studio, "curves", n=399, data="moons", goal=-1)["summary"]["reached"] is None
    assert "goal is 'x'" in refusal(studio, "curves", n=3, goal="x")


def test_of_a_long_run_each_peak_is_kept():
    values = np.random.default_rng(0).normal(size=1_000_000)
    values[123_456], values[777_777] = 99, -99
    kept = thinned(values, 500)
    assert len(kept) <= 1002
    assert {0, 123_456, 777_777, 999_999} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()


@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_are_those_of_the_updates(studio, name):
    setup = {"data": "xor", "schedule": name, "rate": 0.2, "epochs": 20, "batch": 40}
    found = ask(studio, "curves", n=79, **setup)
    run = Run(Setup.read({key: str(value) for key, value in setup.items()}))
    assert run.total == 80
    assert found["rate_places"] == list(range(80))
    for t in (0, 1, 30, 79):
        step = run.at(t)
        rate = -np.dot(step.update, step.record.gradient) / np.dot(*[step.record.gradient] * 2)
        assert rate == pytest.approx(found["rates"][t], rel=1e-9, abs=1e-12)
    assert max(found["rates"]) == pytest.approx(0.2)
    assert found["rates"][-1] < 0.01


def test_a_schedule_needs_a_rate():
    with pytest.raises(cp.ArgumentError, match="leave the schedule out"):
        Run(Setup(data="xor", optimizer="rprop", schedule="cosine"))
    with pytest.raises(cp.ArgumentError, match="schedule is 'cosin'"):
        Setup.read({"schedule": "cosin"})


def test_the_learning_rate_finder(studio):
    found = ask(studio, "rate_search", data="circles")
    run = Run(Setup(data="circles"))
    right = cp.find_learning_rate(
        run.problem.network, run.problem.X, run.problem.y, optimizer=run.rule_at(0),
        batch_size=run.batch, seed=0,
    )  # fmt: skip
    assert found["suggested"] == right.suggested
    assert found["rates"] == right.rates.tolist()
    assert found["smoothed"] == right.smoothed.tolist()
    assert found["reason"] == right.reason


def test_a_run_that_diverges_has_curves_so_far(studio):
    setup = {"data": "xor", "activation": "relu", "output": "identity", "loss": "squared_error"}
    found = {"failed": None}
    while found["failed"] is None:
        found = ask(studio, "curves", n=500, rate=1e6, **setup)
    assert 0 <= found["n"] < 100
    assert "step" in found["failed"]


def test_of_a_run_that_another_program_makes(monkeypatch):
    """Its steps are epochs: its learning rate is not known here, and no rate is tried."""
    every_epoch(monkeypatch)
    random = np.random.default_rng(0)
    X = random.normal(size=(40, 3))
    live = cp.studio.Live(port=0)
    network = cp.Network([3, 4, 1], "tanh", "sigmoid", seed=0)
    cp.train(network, X, (X[:, 0] > 0).astype(float), epochs=6, callbacks=[live])
    try:
        found = ask(live._server, "curves", data="live")
        assert [one["n"] for one in found["epochs"]] == [1, 2, 3, 4, 5, 6]
        assert found["rates"] == []
        assert "cp.find_learning_rate" in refusal(live._server, "rate_search", data="live")
        for name in ("decisions", "points", "verdicts", "pushes"):
            ask(live._server, name, data="live", n=4)
        row = ask(live._server, "row", data="live", n=0, row="33")
        assert live.run.at(row["next"]["n"]).rows[row["next"]["sample"]] == 33
    finally:
        live.close()
