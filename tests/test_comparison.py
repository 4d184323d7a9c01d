"""Gradients of one's own: each slip is planted in a backward pass written by hand here."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp

SIZES = [5, 5, 5, 3]
L2 = 0.3


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def network_and_data(n=6, seed=0):
    rng = np.random.default_rng(seed)
    network = cp.Network(
        SIZES, activations="sigmoid", loss="squared_error", biases=cp.normal(0.5), dtype="float64",
        seed=seed,
    )  # fmt: skip
    return network, rng.normal(size=(n, 5)), rng.random((n, 3))


def by_hand(network, X, y, slip=None, at=None, weights=None):
    """A backward pass of sigmoid layers and squared error, with a slip at a layer."""
    W, b, n = network.weights, network.biases, len(X)
    z, a = [None], [X]
    for layer in range(3):
        z.append(a[-1] @ W[layer].T + b[layer])
        a.append(sigmoid(z[-1]))
    omega = np.full(n, 1 / n) if weights is None or slip == "weights" else weights / np.sum(weights)
    delta = [None] * 4
    da = a[3] - y
    for layer in (3, 2, 1):
        slope = a[layer] * (1 - a[layer])
        if (slip, at) == ("no f'", layer):
            slope = 1.0
        if (slip, at) == ("f' of a", layer):
            slope = sigmoid(a[layer]) * (1 - sigmoid(a[layer]))
        delta[layer] = da * slope
        matrix = W[layer - 1].T if (slip, at) == ("transpose", layer) else W[layer - 1]
        da = delta[layer] @ matrix
    found = {}
    for layer in (1, 2, 3):
        d, below = delta[layer], a[layer - 1]
        if (slip, at) == ("delta", layer):
            d = delta[2 if layer == 1 else 1]
        if (slip, at) == ("a", layer):
            below = a[layer]
        if (slip, at) == ("z", layer):
            below = z[layer - 1]
        share = omega * n if slip == "n" else omega
        gradient = (share[:, None] * d).T @ below
        bias = (share[:, None] * d).sum(axis=0)
        if slip == "last":
            gradient, bias = d[-1:].T @ below[-1:], d[-1]
        gradient = gradient + (0 if slip == "l2" else L2) * W[layer - 1]
        if slip == "l2 doubled":
            gradient = gradient + L2 * W[layer - 1]
        if slip == "l2 on biases":
            bias = bias + L2 * b[layer - 1]
        if slip == "sign":
            gradient, bias = -gradient, -bias
        if slip == "transposed":
            gradient = gradient.T
        found[f"W{layer}"], found[f"b{layer}"] = gradient, bias
    return found


def compared(slip=None, at=None, weights=None):
    network, X, y = network_and_data()
    record = cp.backprop(network, X, y, sample_weight=weights, l2=L2)
    return cp.compare_gradients(record, by_hand(network, X, y, slip, at, weights))


def test_right_gradients_are_right():
    comparison = compared()
    assert comparison
    assert comparison.passed
    assert all(gradient.slip is None for gradient in comparison.gradients)
    assert "every gradient is right" in repr(comparison)


@pytest.mark.parametrize(
    ("slip", "at", "words", "wrong"),
    [
        ("no f'", 3, "f' is missing in delta3", "W1 b1 W2 b2 W3 b3"),
        ("no f'", 2, "f' is missing in delta2", "W1 b1 W2 b2"),
        ("no f'", 1, "f' is missing in delta1", "W1 b1"),
        ("f' of a", 3, "f' of a3 in place of z3 in delta3", "W1 b1 W2 b2 W3 b3"),
        ("f' of a", 1, "f' of a1 in place of z1 in delta1", "W1 b1"),
        ("transpose", 2, "W2 in place of its transpose on the way back", "W1 b1"),
        ("n", None, "not divided by the number of samples", "W1 b1 W2 b2 W3 b3"),
        ("sign", None, "the sign is wrong", "W1 b1 W2 b2 W3 b3"),
        ("l2", None, "the l2 term is forgotten", "W1 W2 W3"),
        ("l2 doubled", None, "the l2 term is doubled (its half belongs to the cost)", "W1 W2 W3"),
        ("l2 on biases", None, "an l2 term on biases, which have none", "b1 b2 b3"),
        ("delta", 1, "delta2 in place of delta1", "W1 b1"),
        ("a", 2, "a2 in place of a1", "W2"),
        ("z", 3, "z2 in place of a2", "W3"),
        ("last", None, "of the last sample alone", "W1 b1 W2 b2 W3 b3"),
    ],
)
def test_a_slip_is_named(slip, at, words, wrong):
    comparison = compared(slip, at)
    assert not comparison
    found = {
        gradient.name: gradient.slip for gradient in comparison.gradients if not gradient.right
    }
    assert found == dict.fromkeys(wrong.split(), words)
    assert words in repr(comparison)
    assert words.replace("'", "&#x27;") in comparison._repr_html_()


def test_weights_of_samples_that_are_ignored():
    comparison = compared("weights", weights=np.arange(1.0, 7.0))
    assert comparison["W1"].slip == "the weights of samples are ignored"


def test_a_transposed_gradient():
    comparison = compared("transposed")
    assert comparison["W3"].slip == "transposed"  # (5, 3) in place of (3, 5)
    assert comparison["b3"].right


def test_a_square_transposed_gradient_and_one_that_no_slip_explains():
    network, X, y = network_and_data()
    record = cp.backprop(network, X, y)
    comparison = cp.compare_gradients(record, {"W1": record["dW1"].T, "dW2": record["dW2"] + 1.0})
    assert comparison["W1"].slip == "transposed"
    assert comparison["W2"].slip is None
    assert "no usual slip" in repr(comparison)


def test_the_worst_parameter_is_named():
    network, X, y = network_and_data()
    record = cp.backprop(network, X, y)
    mine = record["dW2"].copy()
    mine[3, 1] *= 1.01
    gradient = cp.compare_gradients(record, {"W2": mine})["W2"]
    assert (gradient.worst, gradient.given) == ("W2[3,1]", mine[3, 1])
    assert gradient.expected == record["dW2[3,1]"]
    one = cp.compare_gradients(record, {"W2[3,1]": -record["dW2[3,1]"]})["W2[3,1]"]
    assert (one.worst, one.slip) == ("W2[3,1]", "the sign is wrong")


def test_softmax_and_dropout_masks_are_compared_too():
    network = cp.Network([4, 6, 3], activations="relu", output="softmax", dtype="float64", seed=1)
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(8, 4)), rng.integers(0, 3, 8)
    step = next(iter(cp.steps(network, X, y, dropout=0.5, batch_size=8)))
    record = step.record
    theirs = {"W1": record["dW1"], "W2": record["dW2"] * 8}
    comparison = cp.compare_gradients(record, theirs)
    assert comparison["W1"].right
    assert comparison["W2"].slip == "not divided by the number of samples"


def test_float32_is_held_to_what_it_can_hold():
    network, X, y = network_and_data()
    record = cp.backprop(network.astype("float32"), X, y)
    right = cp.backprop(network, X, y)
    assert cp.compare_gradients(record, {"W1": right["dW1"]})
    assert not cp.compare_gradients(record, {"W1": 1.01 * right["dW1"]})


@pytest.mark.parametrize(
    ("theirs", "error", "words"),
    [
        ({}, cp.ArgumentError, "no gradients"),
        ({"W9": 1.0}, cp.ElementError, "W1 to W3"),
        ({"z1": 1.0}, cp.ElementError, "compared for W1, b1"),
        ({"W3": np.zeros((2, 2))}, cp.ShapeError, r"\(3, 5\)"),
        ({"W3": "mine"}, cp.TypeOfDataError, "W3 is not made of numbers"),
    ],
)
def test_what_cannot_be_compared_is_refused(theirs, error, words):
    network, X, y = network_and_data()
    record = cp.backprop(network, X, y)
    with pytest.raises(error, match=words):
        cp.compare_gradients(record, theirs)
    with pytest.raises(cp.ArgumentError, match=r"cp\.backprop"):
        cp.compare_gradients(network, {"W1": 1.0})


def test_nan_is_wrong():
    network, X, y = network_and_data()
    record = cp.backprop(network, X, y)
    mine = record["dW1"].copy()
    mine[2, 2] = np.nan
    gradient = cp.compare_gradients(record, {"W1": mine})["W1"]
    assert not gradient.right
    assert gradient.worst == "W1[2,2]"
