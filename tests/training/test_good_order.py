"""In which order a run leaves things: what is restored, what progress is told, when it is heard."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

import clearprop as cp
from clearprop.training import loop as loop_module
from clearprop.training.job import check_data, check_job
from clearprop.training.lbfgs import minimize, reference_cost
from clearprop.training.loop import Loop
from clearprop.training.watching import watch
from clearprop.training.watching.progress import Progress
from clocks import set_clock
from training_cases import X, Y, net

ENGINES = ("compiled", "reference")


def make_job(network, *, batch_size=2, epochs=4):
    return check_job(
        network, check_data(network, X, Y), batch_size=batch_size, epochs=epochs, shuffle=True,
        l2=0.0, dropout=0.0, shards=1, seed=0,
    )  # fmt: skip


def make_loop(engine, rule, standing=None, history=None, **settings):
    network = net(activations="identity", dtype="float32", loss="squared_error", output="identity")
    data = check_data(network, X, np.eye(3)[Y])
    job = check_job(
        network.copy(), data, batch_size=2, epochs=4, shuffle=True, l2=0.0, dropout=0.0, shards=1,
        seed=0,
    )  # fmt: skip
    more = {"standing": standing, "history": history, "progress": False, **settings}
    return network, Loop(network, job, rule, engine=engine, **more)


def check_restored(engine, rule, network, error):
    """The parameters are those after so many batches as the error says."""
    step = int(re.search(r"step (\d+):", str(error)).group(1))
    if error.restored.startswith("step "):
        batches = int(error.restored[5:])
    else:
        assert error.restored == "the last finite step"
        batches = step - 1 - ("after the update" not in str(error))
    other, loop = make_loop(engine, rule)
    loop.run(batches)
    np.testing.assert_array_equal(network.parameters, other.parameters)
    return step


@pytest.mark.parametrize("engine", ENGINES)
def test_the_parameters_that_are_restored_are_those_that_the_error_names(engine, monkeypatch):
    monkeypatch.setattr("clearprop.training.compiled.CALL", 1e6)  # an epoch a call
    rule = cp.SGD(0.35)
    network, loop = make_loop(engine, rule)
    with pytest.raises(cp.DivergenceError) as caught:
        loop.run()
    step = check_restored(engine, rule, network, caught.value)
    assert step > 5
    assert caught.value.restored.startswith("step " if engine == "compiled" else "the last")
    _, part = make_loop(engine, rule)  # and where the run goes on from just before
    history = part.run(step - 1)
    network, rest = make_loop(engine, rule, part.standing.copy(), history)
    with pytest.raises(cp.DivergenceError, match=f"step {step}:") as caught:
        rest.run()
    assert caught.value.restored == "the last finite step"


@pytest.mark.parametrize("engine", ENGINES)
def test_an_optimizer_of_ones_own_that_leaves_infinity_is_named_at_once(engine):
    class Wild(cp.SGD):
        def update(self, parameters, gradient, state, now, is_weight):
            super().update(parameters, gradient, state, now, is_weight)
            if now.t == 5:
                parameters[1] = np.inf

    network, loop = make_loop(engine, Wild(0.01))
    with pytest.raises(cp.DivergenceError, match="step 6: W1 holds inf after the update") as caught:
        loop.run()
    check_restored(engine, cp.SGD(0.01), network, caught.value)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_look_that_fails_leaves_the_parameters_of_the_epoch_before(engine):
    network = cp.Network([1, 1], output="exp", loss="squared_error", biases=False, dtype="float32")
    network["W1"] = 0.0
    seen = []
    with pytest.raises(cp.DivergenceError, match="the parameters of the epoch before"):
        cp.train(
            network, [[1.0]], [10.0], validation=([[100.0]], [0.0]), optimizer=cp.SGD(0.01),
            epochs=50, engine=engine, callbacks=lambda e: seen.append(e.network.parameters.copy()),
        )  # fmt: skip
    assert len(seen) > 2
    np.testing.assert_array_equal(network.parameters, seen[-1])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_progress_is_told_how_far_the_run_is(engine, optimizer, monkeypatch):
    told = []

    class Recorder(Progress):
        def __init__(self, wanted, epochs, total):
            super().__init__(wanted, epochs, total)
            self.total = total

        def update(self, done):
            told.append((done, self.total))

    monkeypatch.setattr(loop_module, "Progress", Recorder)
    cp.train(net(), X, Y, optimizer=optimizer, epochs=3, engine=engine, callbacks=lambda e: None)
    total = 3 if optimizer == "lbfgs" else 6
    assert told == sorted(set(told))
    assert told[-1] == (total, total)


def test_the_seconds_of_a_run_that_goes_on_go_on(monkeypatch):
    set_clock(monkeypatch, itertools.count().__next__, watch)
    _, part = make_loop("reference", cp.SGD(0.01))
    history = part.run(60)
    _, rest = make_loop("reference", cp.SGD(0.01), part.standing.copy(), history)
    rest.run(60)
    seconds = [epoch.seconds for epoch in history.epochs]
    assert len(seconds) == 4
    assert seconds == sorted(set(seconds))


def test_a_line_search_is_cut_where_ctrl_c_is_heard():
    job, calls, begun = make_job(net()), [], net().parameters
    cost = reference_cost(job)

    def counted(iterations):
        calls.append(iterations)
        value, gradient = cost(iterations)
        return value + 1e6 * len(calls), gradient  # no point of the search is taken

    ended = minimize(job, cp.LBFGS(), counted, lambda *_: False, lambda: len(calls) >= 3)
    assert ended is None
    assert len(calls) == 3
    np.testing.assert_array_equal(job.network.parameters, begun)


@pytest.mark.parametrize("engine", ENGINES)
def test_costs_whose_sum_overflows_end_no_run(engine):
    network = cp.Network([1, 1], "identity", dtype="float64", biases=False, loss="squared_error")
    history = cp.train(
        network, [[1e-300]] * 4, [1.2e154] * 4, optimizer=cp.SGD(1e-300), batch_size=1, epochs=1,
        engine=engine,
    )  # fmt: skip
    assert history.loss == [np.inf]


def test_steps_go_on_from_what_a_reader_makes_of_the_parameters():
    network = net()
    left = network.parameters.copy()
    for step in cp.steps(network, X, Y, batch_size=20, epochs=2):
        np.testing.assert_array_equal(step.record.network.parameters, left)
        network.parameters[:] *= 0.5
        left = network.parameters.copy()
    assert step.number == 6
