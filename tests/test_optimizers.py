from __future__ import annotations

import copy
import pickle
from importlib.util import find_spec

import numpy as np
import pytest

import clearprop as cp
from clearprop.optimizers import OPTIMIZERS, Clock
from oracles import pytorch

CASES = pytorch.optimizer_cases()


def path_of(optimizer, start, gradients, dtype="float64", is_weight=None):
    parameters = start.astype(dtype)
    if is_weight is None:
        is_weight = np.ones(parameters.size, bool)
    state = optimizer.start(parameters)
    path = []
    for t, gradient in enumerate(gradients.astype(dtype)):
        optimizer.update(parameters, gradient, state, Clock(t, len(gradients), t), is_weight)
        path.append(parameters.copy())
    return np.array(path), state


@pytest.mark.parametrize("name", CASES)
def test_follows_pytorch_for_twenty_updates(name):
    recorded = np.load(pytorch.HERE / "updates.npz")[name]
    path, _ = path_of(CASES[name], *pytorch.update_inputs())
    np.testing.assert_allclose(path, recorded, rtol=1e-12, atol=1e-12)


@pytest.mark.skipif(not find_spec("torch"), reason="recomputed live where torch is installed")
@pytest.mark.parametrize("name", CASES)
def test_recorded_updates_are_what_pytorch_does_now(name):
    recorded = np.load(pytorch.HERE / "updates.npz")[name]
    np.testing.assert_allclose(pytorch.updates(name), recorded, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", CASES)
def test_float32_stays_float32(name):
    path, state = path_of(CASES[name], *pytorch.update_inputs(), dtype="float32")
    assert {array.dtype for array in [path, *state.values()]} == {np.dtype("float32")}
    double, _ = path_of(CASES[name], *pytorch.update_inputs())
    np.testing.assert_allclose(path[:3], double[:3], rtol=2e-3, atol=2e-4)


def test_momentum_by_hand():
    """v = mu v - eta g, w += v, with mu and eta from schedules."""
    sgd = cp.SGD(lambda t, total: 0.1 * (t + 1), momentum=lambda t, total: 0.5 * t / total)
    path, state = path_of(sgd, np.array([1.0]), np.array([[1.0], [2.0]]))
    v0 = -0.1 * 1.0
    v1 = 0.25 * v0 - 0.2 * 2.0
    np.testing.assert_allclose(path[:, 0], [1 + v0, 1 + v0 + v1], rtol=1e-15)
    assert state["velocity"][0] == pytest.approx(v1)


def test_shrink_multiplies_weights_and_leaves_biases():
    sgd = cp.SGD(0.1, shrink=0.9)
    start, gradients = np.array([1.0, 1.0]), np.array([[1.0, 1.0]])
    path, _ = path_of(sgd, start, gradients, is_weight=np.array([True, False]))
    np.testing.assert_allclose(path[0], [0.9 * 0.9, 0.9], rtol=1e-15)


def test_adamw_decays_outside_the_moments():
    start, zero = np.array([2.0]), np.zeros((1, 1))
    path, state = path_of(cp.AdamW(0.1, decay=0.5), start, zero)
    assert path[0, 0] == pytest.approx(2.0 * (1 - 0.1 * 0.5))
    assert state["m"] == state["v"] == 0


def test_settings_are_all_an_optimizer_holds():
    adam = cp.Adam(0.01)
    path_of(adam, *pytorch.update_inputs())
    assert adam == cp.Adam(0.01)
    with pytest.raises(AttributeError):
        adam.learning_rate = 1.0


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_names_stand_for_defaults(name):
    X, y = np.eye(3), np.array([0, 1, 2])
    networks = [cp.Network([3, 3], output="softmax", dtype="float64") for _ in range(2)]
    for network, spec in zip(networks, (name, OPTIMIZERS[name]()), strict=True):
        history = cp.train(network, X, y, optimizer=spec, epochs=3, batch_size=None)
        assert history.loss[-1] < history.loss[0]
    np.testing.assert_array_equal(networks[0].parameters, networks[1].parameters)


@pytest.mark.parametrize(
    "make",
    [
        lambda: cp.SGD(0.0),
        lambda: cp.SGD(-1.0),
        lambda: cp.SGD(np.nan),
        lambda: cp.SGD(np.inf),
        lambda: cp.SGD(momentum=1.0),
        lambda: cp.SGD(momentum=-0.1),
        lambda: cp.SGD(nesterov=True),
        lambda: cp.SGD(shrink=0.0),
        lambda: cp.SGD(shrink=1.1),
        lambda: cp.Adam(beta1=1.0),
        lambda: cp.Adam(beta2=-0.1),
        lambda: cp.Adam(epsilon=0.0),
        lambda: cp.AdamW(decay=-0.1),
        lambda: cp.RMSprop(alpha=1.0),
        lambda: cp.RMSprop(momentum=2.0),
        lambda: cp.RProp(0.0),
        lambda: cp.RProp(cut=1.1),
        lambda: cp.RProp(grow=0.9),
        lambda: cp.RProp(smallest=1.0, largest=0.1),
        lambda: cp.LBFGS(memory=0),
        lambda: cp.LBFGS(tolerance=-1.0),
        lambda: cp.constant(0.0),
        lambda: cp.step(0.1, every=0),
        lambda: cp.exponential(0.1, factor=-0.5),
        lambda: cp.cosine(0.1, steps=0),
        lambda: cp.cosine(np.inf),
        lambda: cp.warmup_cosine(0.1, warmup=0),
        lambda: cp.inverse_scaling(0.1, power=0.0),
        lambda: cp.uniform(-1.0),
        lambda: cp.normal(np.nan),
    ],
)
def test_settings_out_of_range(make):
    with pytest.raises(cp.ArgumentError):
        make()


@pytest.mark.parametrize("spec", [None, 3, object()])
def test_what_is_no_optimizer(spec):
    with pytest.raises(cp.ArgumentError, match="a name such as 'adam'"):
        cp.train(cp.Network([1, 1]), [[1.0]], [1.0], optimizer=spec)


def test_unknown_names_list_those_that_exist():
    with pytest.raises(cp.UnknownNameError, match=r"did you mean 'adam'.*adamw, lbfgs"):
        cp.train(cp.Network([1, 1]), [[1.0]], [1.0], optimizer="adamm")


def test_schedules_follow_the_run():
    """A schedule without a length of its own ends with the run: 3 epochs of 2 updates."""
    seen = []

    def spy(t, total):
        seen.append((t, total))
        return 0.1

    cp.train(cp.Network([1, 1]), np.ones((4, 1)), np.ones(4), optimizer=cp.SGD(spy), epochs=3,
             batch_size=2)  # fmt: skip
    assert seen == [(t, 6) for t in range(6)]


@pytest.mark.parametrize(
    "thing",
    [
        cp.Adam(cp.cosine(0.1)),
        cp.SGD(cp.step(0.1, 3), momentum=cp.warmup_cosine(0.9, 2)),
        cp.inverse_scaling(0.1),
        cp.normal(0.3),
        cp.he_uniform(),
        cp.EarlyStopping(5),
    ],
)
def test_settings_can_be_copied_compared_and_pickled(thing):
    for twin in (copy.deepcopy(thing), pickle.loads(pickle.dumps(thing))):
        assert twin == thing
        assert repr(twin) == repr(thing)


def test_schedules_say_what_they_are():
    assert repr(cp.cosine(0.1)) == "cosine(initial=0.1, steps=None, final=0.0)"
    assert repr(cp.step(0.1, 5)) == "step(initial=0.1, every=5, factor=0.1)"
