"""A learning rate is judged in one place: what is suggested is never called ill."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from sklearn.datasets import load_iris

import clearprop as cp
from clearprop.explaining import learning_rate
from clearprop.explaining.constant_outputs import constant_cost
from clearprop.explaining.rate_trial import RateTrial, try_rate
from clearprop.losses import LOSSES
from clearprop.training.job import check_data
from digits import digits

KINDS = {
    "sgd": cp.SGD, "momentum": partial(cp.SGD, momentum=0.9), "adam": cp.Adam,
    "rmsprop": cp.RMSprop,
}  # fmt: skip


def task(name):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6))
    if name == "signs":
        return cp.Network([6, 16, 2], "relu", "softmax", seed=1), X, X[:, 0] + X[:, 1] * X[:, 2] > 0
    if name == "numbers":
        y = np.sin(X[:, 0]) + X[:, 1]
        return cp.Network([6, 16, 1], "tanh", "identity", seed=1), X, y
    if name == "iris":
        X, y = load_iris(return_X_y=True)
        X = (X - X.mean(axis=0)) / X.std(axis=0)
        return cp.Network([4, 8, 3], "tanh", "softmax", seed=1), X, y
    return cp.Network([64, 30, 10], "relu", "softmax", seed=1), *digits(600)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["signs", "numbers", "iris", "digits"])
def test_a_suggested_rate_is_called_right(name, kind):
    network, X, y = task(name)
    for batch_size in (None, 32):
        rule = KINDS[kind](0.1)
        search = cp.find_learning_rate(
            network, X, y.astype(y.dtype if y.dtype != bool else int), optimizer=rule,
            batch_size=batch_size,
        )  # fmt: skip
        for tried in (batch_size, None):
            found = cp.diagnose(
                network, X, y.astype(y.dtype if y.dtype != bool else int),
                optimizer=KINDS[kind](search.suggested), batch_size=tried,
            )  # fmt: skip
            assert [f.kind for f in found.findings if "rate" in f.kind] == [], found


@pytest.mark.parametrize(
    ("times", "verdict"), [(1e-5, "too small"), (1, "fits"), (1e3, "too large")]
)
@pytest.mark.parametrize("kind", ["sgd", "adam"])
@pytest.mark.parametrize("name", ["numbers", "iris", "digits"])
def test_rates_far_off_are_told(name, kind, times, verdict):
    network, X, y = task(name)
    rate = cp.find_learning_rate(network, X, y, optimizer=kind, batch_size=None).suggested
    settings = {"batch_size": None, "l2": 0.0, "seed": 0}
    trial = try_rate(network, check_data(network, X, y), KINDS[kind](times * rate), **settings)
    assert trial.verdict == verdict
    if verdict == "too small":
        assert trial.start - trial.other > 100 * (trial.start - trial.cost)


def test_a_suggestion_that_trains_badly_is_lowered(monkeypatch):
    network, X, y = task("iris")
    as_swept = cp.find_learning_rate(network, X, y).suggested

    def judge(network, data, rule, **settings):
        large = rule.learning_rate > as_swept / 5
        return RateTrial("too large" if large else "fits", 1.0, 1.0, 1.0, 30, 1.0, 1.0)

    monkeypatch.setattr(learning_rate, "try_rate", judge)
    search = cp.find_learning_rate(network, X, y)
    assert search.suggested == pytest.approx(as_swept / 9)
    assert f"lowered from {as_swept:.2g}" in search.reason
    monkeypatch.setattr(
        learning_rate, "try_rate", lambda *_, **__: RateTrial("too large", 1, 1, 1, 30, 1, 1)
    )
    assert cp.find_learning_rate(network, X, y).suggested is None


@pytest.mark.parametrize("optimizer", ["adam", cp.SGD(0.1), cp.SGD(0.05, momentum=0.9)])
def test_a_trained_network_has_no_rate_that_is_ill(optimizer):
    network, X, y = task("iris")
    cp.train(network, X, y, epochs=60, optimizer=cp.Adam(0.01), progress=False)
    assert cp.diagnose(network, X, y, optimizer=optimizer)


def test_the_cost_of_constant_outputs():
    y = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    entropy = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert constant_cost(LOSSES["cross_entropy"], y, np.full(4, 0.25)) == pytest.approx(entropy)
    refuses = cp.Loss("refuses", lambda a, y: ((a - y) ** 2).sum(), lambda a, y: 2 * (a - y))
    assert constant_cost(refuses, y, np.full(4, 0.25)) == pytest.approx(0.375)
