"""Frozen and shared parameters: PyTorch's steps, and what is held to the bit."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.constraints import read_constraints
from clearprop.training.compiled import CompiledEngine
from clearprop.training.job import check_data, check_job
from clearprop.training.loop import Loop
from training_cases import X, Y

torch = pytest.importorskip("torch")

ENGINES = ("reference", "compiled")
FROZEN = ["W2[0,1]", "W2[2,3]", "b1[4]", "b2"]
SHARED = [("W1[0,0]", "W1[5,1]", "W1[2,0]"), ("b1[0]", "b1[2]"), ("W1[1,1]", "W2[1,1]")]
L2 = 0.03


class Noise:
    """An optimizer of the user's own that moves all, whatever the gradient, each otherwise."""

    def start(self, parameters):
        return {}

    def update(self, parameters, gradient, state, now, is_weight):
        parameters += np.random.default_rng(now.t).normal(size=parameters.size)


class Clipped:
    """An optimizer of the user's own that looks at the gradient's norm."""

    def __init__(self):
        self.norms = []

    def start(self, parameters):
        return {}

    def update(self, parameters, gradient, state, now, is_weight):
        self.norms.append(float(np.linalg.norm(gradient)))
        parameters -= 0.1 * gradient


RULES = {
    "sgd": (cp.SGD(0.1), lambda p: torch.optim.SGD(p, 0.1)),
    "momentum": (cp.SGD(0.1, momentum=0.8), lambda p: torch.optim.SGD(p, 0.1, momentum=0.8)),
    "nesterov": (
        cp.SGD(0.1, momentum=0.8, nesterov=True),
        lambda p: torch.optim.SGD(p, 0.1, momentum=0.8, nesterov=True),
    ),
    "adam": (cp.Adam(0.02), lambda p: torch.optim.Adam(p, 0.02)),
    "adamw": (
        cp.AdamW(0.02, decay=0.1),
        lambda p: torch.optim.AdamW(p, 0.02, weight_decay=0.1),
    ),
    "rmsprop": (
        cp.RMSprop(0.01, momentum=0.5),
        lambda p: torch.optim.RMSprop(p, 0.01, alpha=0.99, momentum=0.5),
    ),
    "rprop": (
        cp.RProp(0.01, smallest=1e-6, largest=50.0),
        lambda p: torch.optim.Rprop(p, 0.01, etas=(0.5, 1.2), step_sizes=(1e-6, 50.0)),
    ),
}
OTHERS = {"shrink": cp.SGD(0.1, shrink=0.9), "noise": Noise(), "lbfgs": cp.LBFGS()}
UPDATES = 25


def net(seed=1, **settings):
    """Two layers with biases of their own, whose shared parameters are equal."""
    network = cp.Network(
        [2, 6, 3], activations="tanh", output="softmax", biases="normal", seed=seed,
        **{"dtype": "float64"} | settings,
    )  # fmt: skip
    for first, *others in SHARED:
        for other in others:
            network[other] = network[first]
    return network


def trained(network, rule, **settings):
    given = {"frozen": FROZEN, "shared": SHARED, "l2": L2, "batch_size": None, "progress": False}
    return cp.train(network, X, Y, optimizer=rule, epochs=UPDATES, **given | settings)


def at(network, vector, name):
    """An element of a flat vector, or an array of it, by its name."""
    array, _, index = name.rstrip("]").partition("[")
    view = network.unflatten(vector)[array]
    return view[tuple(map(int, index.split(",")))] if index else view


def held(before, after):
    """Assert that what is frozen has not moved, what is shared is one, and all else moved."""
    for name in FROZEN:
        np.testing.assert_array_equal(after[name], before[name])
    for first, *others in SHARED:
        assert {float(after[name]) for name in others} == {float(after[first])}
    moved = after.parameters != before.parameters
    assert moved.sum() == after.n_parameters - len(FROZEN[:3]) - after["b2"].size


def of_torch(network, make):
    """The parameters after the same updates by PyTorch: a tensor of what is free, taken again."""
    start = torch.tensor(network.parameters.copy())
    place = torch.arange(len(start))
    numbers = place.numpy().copy()
    for first, *others in SHARED:
        for other in others:
            place[int(at(network, numbers, other))] = int(at(network, numbers, first))
    is_frozen = torch.zeros(len(start), dtype=torch.bool)
    for name in FROZEN:
        is_frozen[torch.as_tensor(np.atleast_1d(at(network, numbers, name)))] = True
    free = start.clone().requires_grad_()
    optimizer = make([free])
    inputs, labels = torch.tensor(X), torch.tensor(Y)

    def parameters():
        return torch.where(is_frozen, start, free[place])

    for _ in range(UPDATES):
        optimizer.zero_grad()
        W1, b1, W2, b2 = torch.split(parameters(), [12, 6, 18, 3])
        hidden = torch.tanh(inputs @ W1.reshape(6, 2).T + b1)
        cost = torch.nn.functional.cross_entropy(hidden @ W2.reshape(3, 6).T + b2, labels)
        (cost + L2 / 2 * ((W1**2).sum() + (W2**2).sum())).backward()
        optimizer.step()
    return parameters().detach().numpy()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", RULES)
def test_pytorch_makes_the_same_updates_of_a_tensor_that_is_used_twice(name, engine):
    network, (ours, theirs) = net(), RULES[name]
    expected = of_torch(network, theirs)
    trained(network, ours, engine=engine)
    np.testing.assert_allclose(network.parameters, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("engine", ENGINES)
def test_pytorch_trains_a_frozen_layer_and_a_matrix_that_two_layers_share(engine):
    network = cp.Network([2, 3, 3, 3], "tanh", output="identity", loss="squared_error",
                         biases="normal", dtype="float64", seed=4)  # fmt: skip
    network["W3"] = network["W2"]
    layers = [torch.nn.Linear(*pair).double() for pair in ((2, 3), (3, 3), (3, 3))]
    with torch.no_grad():
        for layer, W, b in zip(layers, network.weights, network.biases, strict=True):
            layer.weight.copy_(torch.tensor(W))
            layer.bias.copy_(torch.tensor(b))
    layers[2].weight = layers[1].weight
    layers[0].requires_grad_(requires_grad=False)
    model = torch.nn.Sequential(layers[0], torch.nn.Tanh(), layers[1], torch.nn.Tanh(), layers[2])
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], 0.05)
    target = np.sin(X[:, [0, 1, 0]])
    for _ in range(30):
        optimizer.zero_grad()
        (((model(torch.tensor(X)) - torch.tensor(target)) ** 2).sum(dim=1).mean() / 2).backward()
        optimizer.step()
    cp.train(
        network, X, target, optimizer=cp.Adam(0.05), batch_size=None, epochs=30, engine=engine,
        frozen=["W1", "b1"], shared=[("W2", "W3")], progress=False,
    )  # fmt: skip
    for layer, W, b in zip(layers, network.weights, network.biases, strict=True):
        np.testing.assert_allclose(W, layer.weight.detach().numpy(), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(b, layer.bias.detach().numpy(), rtol=1e-9, atol=1e-12)


def test_the_gradient_is_that_of_moving_a_group_together():
    network = net()
    record = cp.backprop(network, X, Y, l2=L2)
    constraints = read_constraints(network, FROZEN, SHARED)
    gradient = constraints.gradient(record.gradient)
    shares = [float(record[f"d{name}"]) for name in SHARED[0]]
    h = 1e-5
    for names in SHARED:
        costs = []
        for sign in (1, -1):
            moved = network.copy()
            for name in names:
                moved[name] = network[name] + sign * h
            costs.append(float(cp.backprop(moved, X, Y, l2=L2)["L"]))
        for name in names:
            assert at(network, gradient, name) == pytest.approx(
                (costs[0] - costs[1]) / (2 * h), rel=1e-7
            )
    assert network.unflatten(gradient)["W1"][0, 0] == shares[0] + shares[2] + shares[1]
    assert not network.unflatten(gradient)["b2"].any()
    np.testing.assert_array_equal(record.gradient, cp.backprop(network, X, Y, l2=L2).gradient)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*RULES, *OTHERS])
def test_what_is_frozen_and_shared_is_held_to_the_bit(name, dtype, engine):
    network = net(dtype=dtype)
    before = network.copy()
    trained(network, OTHERS[name] if name in OTHERS else RULES[name][0], engine=engine)
    held(before, network)


@pytest.mark.parametrize("engine", ENGINES)
def test_with_all_that_a_run_may_have(engine):
    network = net(dtype="float32")
    before = network.copy()
    history = trained(
        network, cp.Adam(0.05), engine=engine, batch_size=7, dropout=0.3, shards=2, validation=0.2,
        early_stopping=4, precision="float64", sample_weight=np.arange(60) % 3,
    )  # fmt: skip
    held(before, network)
    assert history.frozen == tuple(FROZEN)
    assert history.shared == (("W1[0,0]", "W1[2,0]", "W1[5,1]"), *SHARED[1:])
    assert "frozen: W2[0,1], W2[2,3], b1[4], b2; shared: W1[0,0] = W1[2,0] = W1[5,1], b1[0] = " in (
        repr(history)
    )


def test_an_optimizer_of_ones_own_is_given_the_sums_and_zeros():
    network, rule = net(), Clipped()
    gradient = cp.backprop(network, X, Y, l2=L2).gradient
    expected = np.linalg.norm(read_constraints(network, FROZEN, SHARED).gradient(gradient))
    trained(network, rule, engine="compiled")
    assert rule.norms[0] == pytest.approx(expected, rel=1e-12)
    assert expected != pytest.approx(np.linalg.norm(gradient), rel=1e-3)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_numbers_of_the_worked_example_that_holds_its_biases(engine):
    """Matt Mazur, "A Step by Step Backpropagation Example" (2015), as printed there."""
    network = cp.Network.from_weights(
        [[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]],
        [[0.35, 0.35], [0.60, 0.60]],
        loss="squared_error",
    )
    settings = {"optimizer": cp.SGD(0.5), "frozen": ["b1", "b2"], "engine": engine}
    history = cp.train(network, [[0.05, 0.10]], [[0.01, 0.99]], epochs=1, **settings)
    assert round(history.loss[0], 9) == 0.298371109
    W1 = [[0.149780716, 0.19956143], [0.24975114, 0.29950229]]
    W2 = [[0.35891648, 0.408666186], [0.511301270, 0.561370121]]
    np.testing.assert_allclose(network["W1"], W1, atol=6e-9)
    np.testing.assert_allclose(network["W2"], W2, atol=6e-9)
    history = cp.train(network, [[0.05, 0.10]], [[0.01, 0.99]], epochs=9_999, **settings)
    assert round(history.loss[-1], 10) == 0.0000351085


def job_of(network):
    return check_job(
        network, check_data(network, X, Y), batch_size=7, epochs=4, shuffle=True, l2=L2,
        dropout=0.3, shards=3, seed=5, frozen=FROZEN, shared=SHARED,
    )  # fmt: skip


def run(threads=1, cut=0, engine="compiled", rule=None):
    rule, standing, history = rule or cp.Adam(0.05), None, None
    if cut:
        network = net(dtype="float32")
        loop = Loop(network, job_of(network), rule, engine=engine, threads=2, progress=False)
        history, standing = loop.run(cut), loop.standing.copy()
    network = net(dtype="float32")
    loop = Loop(
        network, job_of(network), rule, engine=engine, threads=threads, progress=False,
        standing=standing, history=history,
    )  # fmt: skip
    history = loop.run()
    return network.parameters.tobytes(), [epoch.loss for epoch in history.epochs]


@pytest.mark.parametrize("rule", [cp.Adam(0.05), cp.SGD(0.05, momentum=0.9)], ids=["adam", "sgd"])
def test_the_same_bits_at_any_number_of_threads_and_wherever_it_is_cut(rule):
    whole = run(rule=rule)
    assert all(run(threads, rule=rule) == whole for threads in (2, 3))
    assert all(run(1, cut, rule=rule) == whole for cut in (1, 9, 14))
    again = run(engine="reference", rule=rule)
    assert run(cut=11, engine="reference", rule=rule) == again
    np.testing.assert_allclose(again[1], whole[1], rtol=1e-5)


def test_nothing_is_otherwise_where_nothing_is_frozen_or_shared():
    network = net()
    assert read_constraints(network) is None
    assert read_constraints(network, None, None) is None
    data = check_data(network, X, Y)
    job = check_job(network, data, batch_size=7, epochs=4, shuffle=True, l2=0.0, dropout=0.0,
                    shards=1, seed=0)  # fmt: skip
    assert job.constraints is None
    updates = [CompiledEngine(one, cp.Adam(), 1)._run.gradient is None for one in
               (job, job_of(net()))]  # fmt: skip
    assert updates == [True, False]  # of the first, by compiled code, many in a call
    plain, given = net(), net()
    trained(plain, cp.Adam(), frozen=(), shared=(), engine="compiled")
    trained(given, cp.Adam(), frozen=None, shared=None, engine="compiled")
    np.testing.assert_array_equal(plain.parameters, given.parameters)


@pytest.mark.parametrize("engine", ENGINES)
def test_lbfgs_finds_the_least_squares_of_what_is_free(engine):
    rng = np.random.default_rng(0)
    A = rng.normal(size=(40, 4))
    y = A @ [1.0, 2.0, -1.0, 0.5] + 0.7 + 0.1 * rng.normal(size=40)
    network = cp.Network.from_weights([[[0.1, 0.1, 0.25, 0.0]]], [[0.3]], "identity")
    history = cp.train(
        network, A, y, optimizer=cp.LBFGS(tolerance=1e-10), epochs=100, engine=engine,
        shared=[("W1[0,0]", "W1[0,1]")], frozen=["W1[0,2]", "b1"], progress=False,
    )  # fmt: skip
    assert history.stopped == "converged"
    free = np.column_stack([A[:, 0] + A[:, 1], A[:, 3]])
    expected = np.linalg.lstsq(free, y - 0.25 * A[:, 2] - 0.3, rcond=None)[0]
    found = network["W1"][0]
    np.testing.assert_allclose(found[[0, 3]], expected, rtol=1e-8)
    assert (found[1], found[2], network["b1"][0]) == (found[0], 0.25, 0.3)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rule", ["sgd", "lbfgs"])
def test_a_callback_may_move_what_is_frozen_which_then_stays_there(engine, rule):
    network = net()

    def move(epoch):
        if epoch.epoch == 2:
            network["b2[1]"] = 5.0

    trained(network, rule, engine=engine, callbacks=[move])
    assert network["b2[1]"] == 5.0
    assert network["b2[0]"] == net()["b2[0]"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_sum_that_overflows_ends_the_run_and_puts_parameters_back(engine):
    network = cp.Network.from_weights(
        np.array([[[0.0, 0.0]]], np.float32), np.zeros((1, 1), np.float32), "identity"
    )
    with pytest.raises(cp.DivergenceError, match="W1 holds"):
        cp.train(
            network, np.full((1, 2), 3e19), np.full(1, -9e18), optimizer="sgd", engine=engine,
            loss="squared_error", shared=[("W1[0,0]", "W1[0,1]")], progress=False,
        )  # fmt: skip
    assert not network.parameters.any()


def test_steps_shows_the_same_and_says_what_is_held():
    network, same = net(), net()
    rule = cp.SGD(0.1, momentum=0.8)
    trained(same, rule, engine="reference", shuffle=False)
    settings = {"batch_size": None, "epochs": UPDATES, "shuffle": False}
    for step in cp.steps(
        network, X, Y, optimizer=rule, l2=L2, frozen=FROZEN, shared=SHARED, **settings
    ):
        own = network.unflatten(step.update)
        assert not own["b2"].any()
        assert own["W1"][0, 0] == own["W1"][2, 0] == own["W1"][5, 1] != 0
    np.testing.assert_array_equal(network.parameters, same.parameters)
    assert repr(step.constraints).startswith(
        "Constraints(frozen: W2[0,1], W2[2,3], b1[4], b2; shared: W1[0,0]"
    )
    assert next(cp.steps(net(), X, Y)).constraints is None


def test_an_autoencoder_whose_second_matrix_is_the_first_transposed():
    network = cp.Network([3, 2, 3], "tanh", output="identity", dtype="float64", seed=2)
    network["W2"] = network["W1"].T
    pairs = [(f"W1[{j},{i}]", f"W2[{i},{j}]") for j in range(2) for i in range(3)]
    data = np.random.default_rng(0).normal(size=(20, 3))
    history = cp.train(network, data, data, shared=pairs, epochs=20, progress=False)
    np.testing.assert_array_equal(network["W2"], network["W1"].T)
    assert history.loss[-1] < history.loss[0]
    assert "= W2[0,1], 2 more)" in repr(history)
