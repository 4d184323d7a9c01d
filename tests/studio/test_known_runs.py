"""Runs beside each other: who waits for whom, and what all of them keep."""

from __future__ import annotations

import base64
import threading

import numpy as np
import pytest

import clearprop as cp
from clearprop.studio import kept as kept_module
from clearprop.studio import known_runs, room, runs
from clearprop.studio.answers import ANSWERS
from clearprop.studio.courses import course
from clearprop.studio.known_runs import Runs
from clearprop.studio.problems import Problem
from clearprop.studio.question import Question
from clearprop.studio.room import MOST_BYTES, check_room
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from clearprop.studio.step_figures import figures_of
from clearprop.studio.thinning import may_be_thinned, thinned
from studio_server import refusal

XOR = Setup(data="xor")


class Slow:
    """An optimizer that stands still until it is let go."""

    def __init__(self):
        self.begun, self.may_go = threading.Event(), threading.Event()

    def start(self, parameters):
        return {}

    def update(self, parameters, gradient, state, clock, is_weight):
        self.begun.set()
        assert self.may_go.wait(300)
        parameters -= 0.1 * gradient


def in_thread(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def slow():
    """Runs, of which one stands in the midst of its first step."""
    rule, known = Slow(), Runs()
    problem = Run(XOR).problem
    known.own["own"] = Problem(
        "own", problem.network.copy(), problem.X, problem.y, problem.X[:0], problem.y[:0],
        problem.features, [], "y", optimizer=rule, batch=10,
    )  # fmt: skip
    run = known.of(Setup(data="own"))
    thread = in_thread(lambda: run.reach(0, seconds=0.0))
    assert rule.begun.wait(60)
    yield known, run
    rule.may_go.set()
    thread.join(60)


def within(work, seconds=60):
    """What work returns, which waits for nobody."""
    found = []
    thread = in_thread(lambda: found.append(work()))
    thread.join(seconds)
    assert found, "it waits for the run that stands still"
    return found[0]


def test_a_slow_run_stops_no_other(slow):
    known, run = slow
    assert within(lambda: known.of(XOR).at(3).number) == 4
    assert within(lambda: known.of(Setup(data="own"))) is run


def test_a_slow_run_stops_none_that_shares_its_beginning(slow):
    known, run = slow
    other = within(lambda: known.of(Setup(data="own", edit="0:W1[0,0]=0.5")))
    assert other is not run
    assert other.losses == []


def test_a_step_that_is_kept_is_told_while_the_run_goes_on():
    run = Run(XOR)
    first = run.at(0)
    with run._lock:  # another thread makes steps
        assert within(lambda: run.at(0)) is first
        assert within(lambda: run.reach(0)) == 0


def test_a_run_that_is_begun_slowly_stops_no_other(monkeypatch):
    begun, may_go = threading.Event(), threading.Event()

    def problem_of(setup, own=None, known=runs.problem_of):
        if setup.data == "moons":
            begun.set()
            assert may_go.wait(300)
        return known(setup, own)

    monkeypatch.setattr(runs, "problem_of", problem_of)
    known, found = Runs(), []
    threads = [in_thread(lambda: found.append(known.of(Setup(data="moons")))) for _ in range(2)]
    assert begun.wait(60)
    assert within(lambda: known.of(XOR)).setup == XOR
    may_go.set()
    for thread in threads:
        thread.join(60)
    assert found[0] is found[1]  # and it is begun once


def test_a_setup_that_cannot_be_is_no_run():
    known = Runs()
    for _ in range(2):
        with pytest.raises(cp.ClearpropError):
            known.of(Setup(data="xor", activation="no such"))
    assert len(known._places) == 0


def test_who_takes_over_while_the_other_goes_on_has_the_same_numbers():
    known = Runs()
    run = known.of(Setup(data="moons", batch=50))
    thread = in_thread(lambda: run.reach(1500, seconds=60))
    others = []
    while thread.is_alive():
        others.append(known.of(Setup(data="moons", batch=50, edit=f"5000:W1[0,0]={len(others)}.5")))
    thread.join()
    for other in others:
        n = len(other.losses)
        assert other.losses == run.losses[:n]
        assert other.epochs == [one for one in run.epochs if one.n <= n]
        assert set(other.figures) == {at for at in run.figures if at < n}
    for other in others[:: len(others) // 5 + 1]:  # there may be hundreds
        other.reach(1500, seconds=60)
        assert other.losses == run.losses


class TestOverTheRun:
    def test_figures_over_the_run_make_no_step_again(self, monkeypatch):
        run = Run(Setup(data="moons"))
        run.reach(700, seconds=60)
        for n in (700, 300, 95, 1):
            run.at(n)
            with monkeypatch.context() as patch:
                patch.setattr(run, "_make", lambda: pytest.fail("it is made again"))
                found = {at: run.figures_at(at) for at in thinned(n)}
            for at in list(found)[:: len(found) // 7 + 1]:
                assert found[at] == figures_of(run.at(at))

    def test_every_step_that_is_thinned_was_noted(self):
        for n in range(5000):
            assert all(may_be_thinned(at) for at in thinned(n)[:-1])
        assert sum(map(may_be_thinned, range(10**6))) < 800

    def test_a_path_is_of_the_parameters_that_steps_have(self):
        run = Run(Setup(data="moons", edit="64:W1[0,0]=3.0;65:W1[0,0]=2.0"))
        run.reach(400, seconds=60)
        numbers, path = course(run, 300)
        assert numbers == thinned(300)
        for at, parameters in zip(numbers, path, strict=True):
            assert parameters.tolist() == run.network_at(at).parameters.tolist()
        assert path[numbers.index(64)][0] == 3.0

    def test_of_a_run_that_takes_long_they_are_where_it_stood(self, monkeypatch):
        monkeypatch.setattr(runs, "MOST_WORK", 0)
        monkeypatch.setattr(kept_module, "MOST_STANDINGS", 16)
        run = Run(Setup(data="moons"))
        run.reach(400, seconds=60)
        run.at(300)
        monkeypatch.setattr(run, "_make", lambda: pytest.fail("it is made again"))
        numbers, _ = course(run, 300)
        assert run._kept.every == 32
        assert numbers == [*range(0, 300, 32), 300]


class TestRoom:
    def test_the_least_recently_used_goes_first(self, monkeypatch):
        known = Runs()
        setups = [Setup(data="xor", seed=seed) for seed in range(4)]
        for setup in setups:
            known.of(setup).reach(30, seconds=60)
        one = known.of(setups[0]).nbytes  # and it is the latest now
        monkeypatch.setattr(known_runs, "MOST_BYTES", 2.5 * one)
        known.of(setups[0])
        assert list(known._places) == [setups[3], setups[0]]
        assert known.of(setups[1]).losses == []  # it is begun anew

    def test_the_one_that_is_asked_for_stays(self, monkeypatch):
        known = Runs()
        run = known.of(XOR)
        monkeypatch.setattr(known_runs, "MOST_BYTES", 1)
        assert known.of(XOR) is run

    @pytest.mark.parametrize("optimizer", ["sgd", "adam"])
    def test_what_a_run_keeps_is_no_more_than_it_says(self, optimizer, monkeypatch):
        """Counted array by array, each once."""
        monkeypatch.setattr(kept_module, "PART_BYTES", 1 << 20)
        run = Run(Setup(data="digits", hidden="100", optimizer=optimizer, rate=0.01))
        run.reach(40, seconds=60)
        steps = list(run._kept._steps.values())
        standings = list(run._kept.standings.values())
        arrays = {}
        for step in steps:
            record = step.record
            held = [record.network.parameters, record.gradient, step.update, *record.a, *record.z,
                    *record.delta, *record.da, *step.optimizer_state.values(),
                    *step.state_before.values()]  # fmt: skip
            arrays |= {id(one): one.nbytes for one in held}
        for standing in standings:
            held = [standing.parameters, *standing.state.values()]
            arrays |= {id(one): one.nbytes for one in held}
        assert 0.2 * run._kept.nbytes < sum(arrays.values()) < run._kept.nbytes
        assert run._kept.nbytes < 2 * (2 << 20)

    def test_layers_of_thousands_are_refused_before_they_are_made(self, studio, monkeypatch):
        said = refusal(studio, "about", data="xor", hidden="4096,4096,4096", output="sigmoid")
        assert said.startswith("a run of 2-4096-4096-4096-1, 33,579,009 parameters, would take")
        assert said.endswith("take fewer neurons")
        assert "take fewer neurons" in ask_choices(studio, hidden="4096,4096")

    def test_batches_of_many_rows_are_refused(self, studio):
        pairs = {"data": "xor", "rows": 100_000, "hidden": "4000", "batch": 0}
        assert "batches of 80,000 rows" in refusal(studio, "step", **pairs)

    def test_the_widest_that_is_taken_stays_within(self):
        widest = next(n for n in range(1000, 5000, 50) if not fits([2, n, n, 1])) - 50
        run = Run(Setup(data="xor", hidden=f"{widest},{widest}", optimizer="adam", rate=0.01))
        run.reach(3, seconds=120)
        assert run.nbytes < MOST_BYTES
        assert len(run._kept.standings) <= 2
        again = run.at(1).update
        assert Run(run.setup).at(1).update.tobytes() == again.tobytes()


def ask_choices(server, **pairs):
    from studio_server import ask

    return ask(server, "choices", **pairs)["error"]


def fits(sizes):
    try:
        check_room(sizes, np.float64)
    except cp.ArgumentError:
        return False
    return True


class TestTooLargeAnswers:
    def test_maps(self, studio):
        said = refusal(studio, "decisions", data="xor", hidden="1000,1000", points=200)
        assert said.startswith("a map of 200 x 200 points takes too long with 1,005,001 parameters")

    def test_maps_have_fewer_points_by_themselves(self, monkeypatch):
        from clearprop.studio import decisions

        run = Run(XOR)
        monkeypatch.setattr(decisions, "WORK", 700 * run.problem.network.n_parameters)
        assert ANSWERS["decisions"](run, Question({}))["size"] == [25, 25]

    def test_maps_block_by_block_are_the_same(self, monkeypatch):
        from clearprop.studio import decisions

        run = Run(Setup(data="xor", hidden="30"))
        whole = ANSWERS["decisions"](run, Question({"of": "a1[29]"}))
        monkeypatch.setattr(decisions, "BLOCK", 1000)
        found = ANSWERS["decisions"](run, Question({"of": "a1[29]"}))
        for ours, right in zip(found["layers"][0]["maps"], whole["layers"][0]["maps"], strict=True):
            assert ours["low"] == pytest.approx(right["low"], rel=1e-12)

    def test_many_neurons_beside_the_largest(self, studio):
        also = "1:" + ",".join(map(str, range(500)))
        said = refusal(studio, "step", data="xor", hidden="600", also=also)
        assert said.startswith("also names 500 neurons of layer 1; 64 of a layer are shown")


def test_of_more_than_256_classes_each_has_its_number():
    random = np.random.default_rng(0)
    X = random.normal(size=(400, 2))
    network = cp.Network([2, 50, 300], "tanh", "softmax", seed=1, dtype="float64")
    network["W2"] *= 20
    problem = Problem(
        "own", network, X, random.integers(0, 300, 400), X[:0], np.zeros(0, int),
        ["a", "b"], [f"c{k}" for k in range(300)], "y", optimizer=cp.SGD(0.1),
    )  # fmt: skip
    run = Run(Setup(data="own"), own={"own": problem})
    found = ANSWERS["decisions"](run, Question({"points": "40"}))
    low, high = (
        np.frombuffer(base64.b64decode(found["output"][name]), np.uint8).astype(int)
        for name in ("largest", "largest_high")
    )
    first, second = (np.linspace(*found[name], 40) for name in ("first", "second"))
    rows = np.stack([one.ravel() for one in np.meshgrid(first, second)], axis=1)
    right = network.predict(rows).argmax(axis=1).reshape(40, 40)[::-1].ravel()
    assert (low + 256 * high).tolist() == right.tolist()
    assert (right > 255).any()
    assert (right < 256).any()
    assert room.MOST_BYTES == 1 << 30
