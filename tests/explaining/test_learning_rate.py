"""The range test finds rates that train, and leaves the network as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris, load_wine

import clearprop as cp
from clearprop.explaining.learning_rate import HELD
from digits import digits


@pytest.mark.parametrize("optimizer", ["adam", "sgd", cp.SGD(0.1, momentum=0.9), "rmsprop"])
def test_the_suggestion_trains(optimizer):
    X, y = digits()
    network = cp.Network([64, 30, 10], activations="relu", output="softmax", seed=1)
    before = network.parameters.copy()
    search = cp.find_learning_rate(network, X, y, optimizer=optimizer)
    np.testing.assert_array_equal(network.parameters, before)
    assert len(search.rates) == len(search.losses) == len(search.smoothed)
    assert search.rates[0] == pytest.approx(1e-6)
    assert search.suggested is not None
    rule = cp.SGD() if optimizer == "sgd" else optimizer
    kind = {"adam": cp.Adam(), "rmsprop": cp.RMSprop()}.get(str(rule), rule)
    trained = {}
    for rate in (search.suggested, search.suggested / 300):
        copy = network.copy()
        history = cp.train(copy, X, y, optimizer=type(kind)(rate), epochs=4, seed=0, progress=False)
        trained[rate] = history.loss[-1]
    assert trained[search.suggested] < 0.7
    assert trained[search.suggested] < 0.6 * trained[search.suggested / 300]
    assert "the cost has made 80% of its fall" in repr(search)


def scaled(X):
    return ((X - X.mean(axis=0)) / X.std(axis=0)).astype(np.float32)


def table_of_noise(n, columns, classes, seed):
    """Labels that their columns tell a little of."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, columns))
    scores = 0.5 * X @ rng.normal(size=(columns, classes)) + rng.gumbel(size=(n, classes))
    return X.astype(np.float32), scores.argmax(axis=1)


def task(name):
    """X, y, the network's sizes, hidden and output activation, and how long it is trained."""
    if name == "iris":
        X, y = load_iris(return_X_y=True)
        return scaled(X), y, [4, 10, 3], "relu", "softmax", 40
    if name == "wine":
        X, y = load_wine(return_X_y=True)
        return scaled(X), y, [13, 16, 3], "tanh", "softmax", 40
    if name == "digits":
        return *digits(), [64, 32, 10], "relu", "softmax", 6
    if name == "diabetes":
        X, y = load_diabetes(return_X_y=True)
        return scaled(X), scaled(y), [10, 16, 1], "relu", "identity", 30
    return *table_of_noise(200, 4, 3, 1), [4, 10, 3], "relu", "softmax", 30


def cost_after(network, X, y, rule, epochs, seed):
    trained = network.copy()
    try:
        cp.train(trained, X, y, optimizer=rule, epochs=epochs, seed=seed, threads=1, progress=False)
    except cp.DivergenceError:
        return np.inf
    return float(cp.backprop(trained, X, y).loss)


@pytest.mark.parametrize("name", ["iris", "wine", "digits", "diabetes", "noise"])
@pytest.mark.parametrize("kind", [cp.SGD, cp.Adam, cp.RMSprop])
def test_the_suggestion_is_nearly_as_good_as_the_best_rate_of_a_grid(name, kind):
    """Of what the best rate takes from the cost, little is lost."""
    X, y, sizes, hidden, output, epochs = task(name)
    lost = []
    for seed in range(2):
        network = cp.Network(sizes, hidden, output, seed=seed)
        before = float(cp.backprop(network, X, y).loss)
        search = cp.find_learning_rate(network, X, y, optimizer=kind(), seed=seed)
        grid = [10.0**-k for k in (4, 3, 2.5, 2, 1.5, 1, 0.5, 0)]
        best = min(cost_after(network, X, y, kind(rate), epochs, seed) for rate in grid)
        found = cost_after(network, X, y, kind(search.suggested), epochs, seed)
        lost.append((found - best) / (before - best))
    assert max(lost) < 0.15, lost


@pytest.mark.parametrize(("columns", "classes"), [(4, 3), (4, 2), (6, 4)])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_the_noise_of_small_batches_is_not_taken_for_a_fall(columns, classes, optimizer):
    X, y = table_of_noise(200, columns, classes, classes)
    for seed in range(8):
        network = cp.Network([columns, 10, classes], "relu", "softmax", seed=seed)
        search = cp.find_learning_rate(network, X, y, optimizer=optimizer, seed=seed)
        assert 1e-3 < search.suggested < 2.0


def test_a_rate_at_an_end_of_the_sweep_is_never_suggested():
    X, y = digits()
    network = cp.Network([64, 10], output="softmax", seed=1)
    sweep = {"optimizer": "sgd", "steps": 40}
    x = np.linspace(-1, 1, 40)[:, None]
    line = cp.Network([1, 1], output="identity", dtype="float64", seed=1)
    above = cp.find_learning_rate(line, 2 * x, x, smallest=0.8, largest=1.5, **sweep)
    assert above.suggested is None
    assert "begin below 0.8" in above.reason
    below = cp.find_learning_rate(network, X, y, smallest=1e-7, largest=1e-3, **sweep)
    assert below.suggested is None
    assert "end above 0.001" in below.reason


@pytest.mark.parametrize("weighted", [False, True])
def test_the_costs_are_of_the_same_rows_after_each_update(weighted):
    X, y = digits()
    X, y = X[:50], y[:50]
    weights = np.arange(50.0) if weighted else None
    network = cp.Network([64, 10], output="softmax", dtype="float64", seed=1)
    search = cp.find_learning_rate(
        network, X, y, optimizer="sgd", batch_size=20, sample_weight=weights, l2=0.1, seed=3
    )
    factor = (10.0 / 1e-6) ** (1 / 119)
    run = cp.steps(
        network.copy(), X, y, optimizer=cp.SGD(lambda t, total: 1e-6 * factor**t), batch_size=20,
        sample_weight=weights, l2=0.1, seed=3, epochs=40,
    )  # fmt: skip
    befores = [step.record.network for step, _ in zip(run, range(61), strict=False)]
    costs = [
        cp.backprop(n, X, y, sample_weight=weights, l2=0.1).loss for n in (befores[1], befores[60])
    ]
    assert search.losses[[0, 59]] == pytest.approx(costs, rel=1e-12)


def test_of_many_rows_a_sample_is_looked_at():
    X = np.random.default_rng(0).normal(size=(HELD + 500, 2))
    y = X[:, 0].copy()
    weights = np.ones(len(X))
    weights[:400] = 0.0
    network = cp.Network([2, 1], output="identity", dtype="float64", seed=0)
    for given in (None, weights):
        search = cp.find_learning_rate(network, X, y, optimizer="sgd", sample_weight=given)
        assert 1e-3 < search.suggested < 1.0


def test_a_sweep_that_diverges_ends():
    X, y = np.linspace(-1, 1, 40)[:, None], np.linspace(0, 5, 40)
    network = cp.Network([1, 1], output="identity", dtype="float64", seed=1)
    search = cp.find_learning_rate(network, 10 * X, y, optimizer="sgd", batch_size=None)
    assert search.diverged
    assert len(search.rates) < 120
    assert search.suggested < 0.1  # from 2 / (the largest curvature, about 34) on it diverges
    assert "diverges" in search.reason


def test_where_nothing_can_be_learned_nothing_is_suggested():
    network = cp.Network([2, 1], output="identity", dtype="float64", seed=1)
    network.parameters[:] = 0.0
    search = cp.find_learning_rate(network, np.zeros((8, 2)), np.zeros(8), optimizer="sgd")
    assert search.suggested is None
    assert "no rate lowered the cost" in repr(search)


def test_it_is_the_same_for_the_same_seed():
    X, y = digits()
    network = cp.Network([64, 10], output="softmax", seed=1)
    one, two = (cp.find_learning_rate(network, X, y, seed=3).losses for _ in range(2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"optimizer": "lbfgs"}, cp.ArgumentError),
        ({"optimizer": "rprop"}, cp.ArgumentError),
        ({"smallest": 0.0}, cp.ArgumentError),
        ({"smallest": 1.0, "largest": 0.1}, cp.ArgumentError),
        ({"steps": 3}, cp.ArgumentError),
        ({"batch_size": 0}, cp.ArgumentError),
    ],
)
def test_what_does_not_fit_is_refused(settings, error):
    network = cp.Network([2, 1], output="identity")
    with pytest.raises(error):
        cp.find_learning_rate(network, np.zeros((8, 2)), np.zeros(8), **settings)


def test_the_plot():
    pytest.importorskip("matplotlib")
    X, y = digits()
    search = cp.find_learning_rate(cp.Network([64, 10], output="softmax", seed=1), X, y)
    (axis,) = search.plot().axes
    assert axis.get_xscale() == "log"
    assert axis.get_xlabel() == "learning rate"
    assert f"{search.suggested:.2g}" in axis.get_legend().get_texts()[-1].get_text()


def test_the_plot_of_costs_below_zero():
    pytest.importorskip("matplotlib")
    search = cp.find_learning_rate(cp.Network([1, 1], output="identity"), [[1.0]], [1.0])
    below = replace(search, losses=search.losses - 9.0, smoothed=search.smoothed - 9.0)
    low, high = below.plot().axes[0].get_ylim()
    assert low <= below.smoothed.min()
    assert high >= below.smoothed[0]


@pytest.mark.parametrize("optimizer", ["rprop", "lbfgs"])
def test_optimizers_without_a_rate_that_changes(optimizer):
    network = cp.Network([1, 1], output="identity")
    with pytest.raises(cp.ArgumentError, match=r"(RProp|LBFGS) finds its steps itself"):
        cp.find_learning_rate(network, [[0.0], [1.0]], [1.0, 2.0], optimizer=optimizer)
