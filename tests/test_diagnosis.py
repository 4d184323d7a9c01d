"""Each finding is provoked by a network and data that have that fault; healthy ones are silent."""

from __future__ import annotations

import re

import numpy as np
import pytest
from sklearn.datasets import load_digits

import clearprop as cp


def digits(n=600):
    X, y = load_digits(return_X_y=True)
    return (X[:n] / 16).astype(np.float32), y[:n]


def kinds(diagnosis):
    return [finding.kind for finding in diagnosis.findings]


def only(diagnosis, kind):
    assert kinds(diagnosis) == [kind], diagnosis
    return diagnosis.findings[0]


@pytest.mark.parametrize("hidden", ["relu", "tanh", "sigmoid", "gelu", "leaky_relu"])
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("epochs", [0, 5])
def test_healthy_networks_are_silent(hidden, depth, epochs):
    X, y = digits()
    sizes = [64] + [40] * depth + [10]
    network = cp.Network(sizes, activations=hidden, output="softmax", seed=depth)
    if epochs:
        cp.train(network, X, y, epochs=epochs, seed=1)
    diagnosis = cp.diagnose(network, X, y, optimizer="adam")
    assert diagnosis, diagnosis
    assert diagnosis.findings == ()
    assert "nothing is found to be wrong" in repr(diagnosis)
    assert [figures.units for figures in diagnosis.layers] == sizes[1:]


def test_dead_relu_units():
    X, y = digits()
    network = cp.Network([64, 32, 10], activations="relu", output="softmax", seed=1)
    network.biases[0][:14] = -40.0
    diagnosis = cp.diagnose(network, X, y)
    finding = only(diagnosis, "dead units")
    assert "14 of 32 relu units never fire on 600 rows" in finding.evidence
    assert "at or below -40" in finding.evidence
    assert "he_normal" in finding.remedy
    assert diagnosis.layers[0].dead == tuple(range(14))
    assert str(finding) in " ".join(repr(diagnosis).split())


def test_units_that_training_killed():
    """A learning rate that throws relu units off: their biases never come back."""
    X, y = digits()
    network = cp.Network([64, 32, 10], activations="relu", output="softmax", seed=1)
    cp.train(network, X, y, optimizer=cp.SGD(8.0), epochs=3, batch_size=32, seed=0)
    assert "dead units" in kinds(cp.diagnose(network, X, y))


@pytest.mark.parametrize("hidden", ["sigmoid", "tanh"])
def test_saturation(hidden):
    X, y = digits()
    network = cp.Network([64, 30, 10], activations=hidden, output="softmax", seed=1)
    network.weights[0][:] *= 60
    finding = only(cp.diagnose(network, X, y), "saturation")
    assert finding.layer == 1
    assert hidden in finding.evidence


def test_vanishing_deltas():
    X, y = digits()
    network = cp.Network([64] + [20] * 9 + [10], activations="sigmoid", output="softmax", seed=1)
    finding = only(cp.diagnose(network, X, y), "vanishing deltas")
    assert "delta1 is" in finding.evidence


def test_exploding_deltas():
    X, y = digits()
    network = cp.Network([64] + [20] * 6 + [10], activations="leaky_relu", output="softmax", seed=1)
    for W in network.weights[1:]:
        W *= 6
    only(cp.diagnose(network, X, y), "exploding deltas")


def test_symmetric_units():
    X, y = digits()
    network = cp.Network([64, 8, 10], activations="tanh", output="softmax", seed=1)
    network.weights[0][5] = network.weights[0][2]
    network.weights[1][:, 5] = network.weights[1][:, 2]
    finding = only(cp.diagnose(network, X, y), "symmetric units")
    assert "units 2 and 5" in finding.evidence
    zeros = cp.Network([64, 8, 10], activations="tanh", output="softmax", initializer="zeros")
    assert "symmetric units" in kinds(cp.diagnose(zeros, X, y))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X: X * np.array([1.0, 5000.0, 1.0]), r"x\[1\] has a standard deviation of"),
        (lambda X: X * np.array([0.001, 5.0, 1.0]), "lie between"),
        (lambda X: X + np.array([0.0, 0.0, 2000.0]), r"x\[2\] lies around 2e\+03"),
    ],
)
def test_unscaled_inputs(change, words):
    X = np.random.default_rng(0).normal(size=(300, 3))
    y = (X[:, 0] > 0).astype(int)
    network = cp.Network([3, 6, 2], activations="leaky_relu", output="softmax", seed=1)
    assert cp.diagnose(network, X, y)
    diagnosis = cp.diagnose(network, change(X), y)
    (finding,) = [f for f in diagnosis.findings if f.kind == "unscaled inputs"]
    assert re.search(words, finding.evidence)


@pytest.mark.parametrize(
    ("rate", "kind"), [(20.0, "learning rate too large"), (1e-9, "learning rate too small")]
)
@pytest.mark.parametrize("optimizer", [cp.SGD, cp.Adam])
def test_learning_rates(optimizer, rate, kind):
    X, y = digits()
    network = cp.Network([64, 30, 10], activations="relu", output="softmax", seed=1)
    before = network.parameters.copy()
    finding = only(cp.diagnose(network, X, y, optimizer=optimizer(rate)), kind)
    assert "find_learning_rate" in finding.remedy
    np.testing.assert_array_equal(network.parameters, before)


def test_what_is_not_finite():
    X, y = digits()
    network = cp.Network([64, 30, 10], activations="exp", output="softmax", seed=1)
    network.weights[0][:] = 50
    only(cp.diagnose(network, X, y, optimizer="adam"), "not finite")


def test_what_does_not_fit_is_refused():
    X, y = digits()
    network = cp.Network([64, 10], output="softmax")
    with pytest.raises(cp.ArgumentError, match="LBFGS"):
        cp.diagnose(network, X, y, optimizer="lbfgs")
    with pytest.raises(cp.ShapeError):
        cp.diagnose(network, X[:, :3], y)


def test_the_table_fits_a_terminal():
    X, y = digits()
    network = cp.Network([64, 30, 10], activations="leaky_relu", output="softmax", seed=1)
    network.biases[0][:20] = -900.0
    lines = repr(cp.diagnose(network, 1000 * X, y, optimizer=cp.SGD(30.0))).splitlines()
    assert len(lines) > 5
    assert max(map(len, lines)) <= 100
    html = cp.diagnose(network, X, y)._repr_html_()
    assert html.count("<table>") == 2
