"""A run that is cut at any place, and taken up by a new one, goes on to the same bits."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.training.job import check_data, check_job
from clearprop.training.loop import Loop
from clearprop.training.watching.early_stopping import EarlyStopping, StoppingRule

RULES = {
    "sgd": cp.SGD(0.05),
    "momentum": cp.SGD(0.05, momentum=0.9),
    "nesterov": cp.SGD(cp.cosine(0.05), momentum=0.9, nesterov=True),
    "adam": cp.Adam(cp.exponential(0.02, 0.99)),
    "adamw": cp.AdamW(0.01, decay=0.1),
    "rmsprop": cp.RMSprop(0.005),
    "rmsprop with momentum": cp.RMSprop(0.005, momentum=0.5),
    "rprop": cp.RProp(0.005),
}
ENGINES = ("compiled", "reference")
N, EPOCHS = 53, 9


class Decay:
    """An optimizer of one's own, whose state is a count of its updates."""

    def start(self, parameters):
        return {"updates": np.zeros(1)}

    def update(self, parameters, gradient, state, now, is_weight):
        state["updates"] += 1
        parameters -= 0.1 / state["updates"][0] * gradient + 0.001 * now.t * is_weight * gradient


def make(seed, rule, engine, standing=None, history=None, **more):
    """A run with shards, dropout, weights (of which batches may be all zero) and early stopping."""
    rng = np.random.default_rng(seed)
    network = cp.Network([4, 9, 5, 3], activations="tanh", output="softmax", seed=seed)
    X, y, weights = rng.normal(size=(N, 4)), rng.integers(0, 3, N), (rng.random(N) < 0.4) / 2
    weights[0] = 1
    work = network.astype(more.pop("precision", "float32"))
    job = check_job(
        work, check_data(work, X, y, weights), batch_size=3, epochs=EPOCHS, shuffle=True, l2=1e-3,
        dropout=0.2, shards=int(rng.integers(1, 4)), seed=seed,
    )  # fmt: skip
    held_out = check_data(work, rng.normal(size=(20, 4)), rng.integers(0, 3, 20))
    stopping = StoppingRule(EarlyStopping(4), (), has_validation=True)
    loop = Loop(
        network, job, rule, held_out=held_out, stopping=stopping, engine=engine, progress=False,
        standing=standing, history=history, **more,
    )  # fmt: skip
    return network, loop


def outcome(network, history):
    figures = [(e.epoch, e.updates, e.loss, e.validation_loss) for e in history.epochs]
    return network.parameters.tobytes(), figures, history.stopped, history.best_epoch


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", [*RULES, "one's own"])
def test_cut_at_random_places(name, engine):
    total = EPOCHS * -(-N // 3)
    places = np.random.default_rng(len(name)).integers(1, total, size=(6, 2))
    for seed, cuts in enumerate(np.sort(places, axis=1)):
        rule = RULES.get(name) or Decay()
        network, loop = make(seed, rule, engine)
        whole = outcome(network, loop.run())
        standing = history = None
        for cut in cuts:  # each in a run of its own
            network, part = make(seed, rule, engine, standing, history)
            history = part.run(int(cut) - (standing.batches if standing else 0))
            standing = part.standing.copy()
            if history.stopped == "early stopping":  # before the cut
                break
            assert (history.stopped, standing.batches) == ("interrupted", cut)
        else:
            network, rest = make(seed, rule, engine, standing, history)
            history = rest.run()
        assert outcome(network, history) == whole


def test_some_runs_are_cut_in_the_middle_of_an_epoch_and_with_a_best_one():
    """What the test above means to cover is covered."""
    _, loop = make(0, RULES["adam"], "compiled")
    loop.run(40)
    standing = loop.standing
    assert (standing.epoch, standing.place, standing.batches) == (2, 12, 40)
    assert standing.updates < standing.batches  # some batches have no weight
    assert standing.sums.all()
    assert 1 <= standing.best.epoch <= 2
    assert standing.best.parameters is not None


@pytest.mark.parametrize("engine", ENGINES)
def test_in_another_precision_than_the_network(engine):
    network, loop = make(1, cp.Adam(0.01), engine, precision="float64")
    whole = outcome(network, loop.run())
    _, part = make(1, cp.Adam(0.01), engine, precision="float64")
    history = part.run(37)
    network, rest = make(
        1, cp.Adam(0.01), engine, part.standing.copy(), history, precision="float64"
    )
    assert outcome(network, rest.run()) == whole


def test_one_thread_takes_up_what_two_began():
    network, loop = make(2, cp.Adam(0.01), "compiled", threads=1)
    whole = outcome(network, loop.run())
    _, part = make(2, cp.Adam(0.01), "compiled", threads=2)
    history = part.run(25)
    network, rest = make(2, cp.Adam(0.01), "compiled", part.standing.copy(), history, threads=1)
    assert outcome(network, rest.run()) == whole


def test_a_copy_shares_nothing():
    _, loop = make(0, cp.Adam(0.01), "compiled")
    loop.run(5)
    taken = loop.standing.copy()
    before = taken.parameters.copy(), taken.state["m"].copy(), taken.sums.copy()
    loop.run(5)
    assert all(
        np.array_equal(a, b)
        for a, b in zip(before, (taken.parameters, taken.state["m"], taken.sums), strict=True)
    )
    assert taken.batches == 5


def test_a_standing_of_another_network_is_refused():
    _, loop = make(0, cp.Adam(0.01), "compiled")
    standing = loop.standing.copy()
    standing.state["v"] = np.zeros(3, np.float32)
    with pytest.raises(cp.ArgumentError, match="'v' does not belong to this network"):
        make(0, cp.Adam(0.01), "compiled", standing)
    with pytest.raises(cp.ArgumentError, match="'size' does not belong"):
        make(0, cp.RProp(), "reference", loop.standing.copy())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("wrong", [lambda p: p[:1], lambda p: p.astype("float64")])
def test_parameters_of_another_network_are_refused(engine, wrong):
    _, loop = make(0, cp.SGD(), engine)  # whose state is empty
    standing = loop.standing.copy()
    standing.parameters = wrong(standing.parameters)
    with pytest.raises(cp.ArgumentError, match="parameters do not belong to this network"):
        make(0, cp.SGD(), engine, standing)


@pytest.mark.parametrize("name", ["adam", "rmsprop with momentum", "rprop"])
def test_a_state_in_another_order_is_taken_by_its_names(name):
    network, loop = make(3, RULES[name], "compiled")
    whole = outcome(network, loop.run())
    _, part = make(3, RULES[name], "compiled")
    history, standing = part.run(31), part.standing.copy()
    standing.state = dict(reversed(standing.state.items()))
    network, rest = make(3, RULES[name], "compiled", standing, history)
    assert outcome(network, rest.run()) == whole


@pytest.mark.parametrize("engine", ENGINES)
def test_a_standing_without_the_history_of_its_run_is_refused(engine):
    """Epochs would be counted anew, and early stopping compares their numbers."""
    _, part = make(0, cp.SGD(), engine)
    history = part.run(40)
    with pytest.raises(cp.ArgumentError, match="history has 0 epochs, the standing is in epoch 3"):
        make(0, cp.SGD(), engine, part.standing.copy())
    with pytest.raises(cp.ArgumentError, match="history has 2 epochs, the standing is in epoch 1"):
        make(0, cp.SGD(), engine, history=history)


class Spy:
    """A judge that lets epochs go unseen, and notes the parameters that it looks at."""

    def __init__(self, ahead):
        self.ahead = ahead
        self.seen = {}

    def look(self, costs, epoch):
        self.seen[epoch.epoch] = epoch.network.parameters.tobytes()
        return False


def test_a_part_of_a_run_is_looked_at_where_epochs_end():
    def part(batches, ahead):
        network = cp.Network([2, 3, 1], seed=0)
        data = check_data(network, np.eye(2).repeat(4, axis=0), np.ones(8))
        job = check_job(network.copy(), data, batch_size=2, epochs=50, shuffle=True, l2=0.0,
                        dropout=0.0, shards=1, seed=0)  # fmt: skip
        judge = Spy(ahead)
        Loop(network, job, cp.Adam(), progress=False, judge=judge).run(batches)
        return judge.seen

    every = part(43, 1)
    assert list(every) == list(range(1, 11))  # and 3 batches of another epoch
    for batches in (40, 43):
        some = part(batches, 100)  # how many is a matter of time
        assert some.items() <= every.items()
        assert 10 in some


def test_lbfgs_says_that_it_cannot():
    network = cp.Network([2, 3, 1], seed=0)
    data = check_data(network, np.eye(2), np.ones(2))
    job = check_job(network, data, batch_size=None, epochs=3, shuffle=False, l2=0.0, dropout=0.0,
                    shards=1, seed=0)  # fmt: skip
    loop = Loop(network, job, cp.LBFGS(), progress=False)
    loop.run()
    with pytest.raises(cp.ArgumentError, match=r"L-BFGS cannot be taken up again: its line search"):
        _ = loop.standing
