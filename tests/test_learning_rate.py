"""The range test finds rates that train, and leaves the network as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits

import clearprop as cp


def digits():
    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(np.float32), y


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
    assert "falls fastest" in repr(search)


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
