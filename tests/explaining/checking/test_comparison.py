"""Gradients of one's own: each slip is planted in a backward pass written by hand here."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp

SIZES = [5, 5, 5, 3]
L2 = 0.3


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def network_and_data(n=6, seed=0, f="sigmoid"):
    rng = np.random.default_rng(seed)
    network = cp.Network(
        SIZES, activations=f, loss="squared_error", biases=cp.normal(0.5), dtype="float64",
        seed=seed,
    )  # fmt: skip
    return network, rng.normal(size=(n, 5)), rng.random((n, 3))


def by_hand(network, X, y, slip=None, at=None, weights=None):
    """A backward pass of sigmoid or tanh layers and squared error, with a slip at a layer."""
    W, b, n = network.weights, network.biases, len(X)
    tanh = network.activations[0].name == "tanh"
    f = np.tanh if tanh else sigmoid
    z, a = [None], [X]
    for layer in range(3):
        z.append(a[-1] @ W[layer].T + b[layer])
        a.append(f(z[-1]))
    omega = np.full(n, 1 / n) if weights is None or slip == "weights" else weights / np.sum(weights)
    delta = [None] * 4
    da = a[3] - y
    for layer in (3, 2, 1):
        slope = 1 - a[layer] ** 2 if tanh else a[layer] * (1 - a[layer])
        if (slip, at) == ("other f' of a", layer):
            slope = a[layer] * (1 - a[layer]) if tanh else 1 - a[layer] ** 2
        if (slip, at) == ("other f' of z", layer):
            other = sigmoid(z[layer]) if tanh else np.tanh(z[layer])
            slope = other * (1 - other) if tanh else 1 - other**2
        if (slip, at) == ("z for a in f'", layer):
            slope = 1 - z[layer] ** 2 if tanh else z[layer] * (1 - z[layer])
        if (slip, at) == ("no f'", layer):
            slope = 1.0
        if (slip, at) == ("f' of a", layer):
            slope = sigmoid(a[layer]) * (1 - sigmoid(a[layer]))
        delta[layer] = da * slope
        matrix = W[layer - 1].T if (slip, at) == ("transpose", layer) else W[layer - 1]
        da = delta[layer] @ matrix
        if (slip, at) == ("W left out", layer):
            da = delta[layer]
        if (slip, at) == ("W left out, summed", layer):
            da = np.repeat(delta[layer].sum(axis=1, keepdims=True), 5, axis=1)
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
        gradient = (
            gradient + (0 if slip == "l2" else L2 / n if slip == "l2 / n" else L2) * W[layer - 1]
        )
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


def compared(slip=None, at=None, weights=None, f="sigmoid"):
    network, X, y = network_and_data(f=f)
    record = cp.backprop(network, X, y, sample_weight=weights, l2=L2)
    return cp.compare_gradients(record, by_hand(network, X, y, slip, at, weights))


def test_right_gradients_are_right():
    comparison = compared()
    assert comparison
    assert comparison.passed
    assert all(gradient.slip is None for gradient in comparison.quantities)
    assert "everything is right" in repr(comparison)


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
        ("W left out", 2, "W2 is left out on the way back", "W1 b1"),
        ("W left out, summed", 3, "W3 is left out on the way back", "W1 b1 W2 b2"),
        ("other f' of a", 2, "tanh' in place of sigmoid' in delta2", "W1 b1 W2 b2"),
        ("other f' of z", 3, "tanh' in place of sigmoid' in delta3", "W1 b1 W2 b2 W3 b3"),
        ("z for a in f'", 1, "z (1 - z) in place of a (1 - a) in delta1", "W1 b1"),
        ("l2 / n", None, "an l2 term of 0.05; the record's l2 is 0.3", "W1 W2 W3"),
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
        gradient.name: gradient.slip for gradient in comparison.quantities if not gradient.right
    }
    assert found == dict.fromkeys(wrong.split(), words)
    assert words in repr(comparison)
    assert words.replace("'", "&#x27;") in comparison._repr_html_()


@pytest.mark.parametrize(
    ("slip", "words"),
    [
        ("other f' of a", "sigmoid' in place of tanh' in delta2"),
        ("other f' of z", "sigmoid' in place of tanh' in delta2"),
        ("z for a in f'", "1 - z^2 in place of 1 - a^2 in delta2"),
        ("W left out", "W2 is left out on the way back"),
    ],
)
def test_a_slip_is_named_in_layers_of_tanh(slip, words):
    assert compared(f="tanh")
    comparison = compared(slip, 2, f="tanh")
    wrong = {g.slip for g in comparison.quantities if not g.right}
    assert wrong == {words}


def test_an_l2_term_that_the_record_has_not():
    network, X, y = network_and_data()
    record = cp.backprop(network, X, y)
    mine = {name: record[f"d{name}"] + 0.02 * network[name] for name in ("W1", "W3", "b2")}
    comparison = cp.compare_gradients(record, mine)
    assert comparison["W1"].slip == "an l2 term of 0.02; the record's l2 is none"
    assert comparison["W3"].slip == comparison["W1"].slip
    assert comparison["b2"].slip == "an l2 term of 0.02 on biases, which have none"


def test_where_one_place_alone_is_wrong():
    network, X, y = network_and_data()
    record = cp.backprop(network, X, y)

    def verdict(name, place, dtype="float64"):
        mine = record[f"d{name}"].astype(dtype)
        mine[place] += 1.0
        (gradient,) = cp.compare_gradients(record, {name: mine}).quantities
        return gradient.slip

    assert verdict("W3", (2, 1)) == "only W3[2,1] differs; the other 14 are right"
    assert verdict("b3", 1) == "only b3[1] differs; the other 2 are right"
    assert verdict("W3", 2) == "only row 2 differs; the others are right"
    assert verdict("W3", (slice(None), 4)) == "only column 4 differs; the others are right"
    assert verdict("W3", ([0, 1], [0, 1])) is None
    one = cp.Network([1, 2, 1], "tanh", "identity", dtype="float64", seed=0)
    record = cp.backprop(one, [[1.0], [2.0]], [1.0, 0.0])
    assert verdict("b1", 0) == "only b1[0] differs; the other 1 is right"
    assert verdict("b2", 0) is None


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
        ({}, cp.ArgumentError, "nothing to compare"),
        (np.zeros((5, 5)), cp.ArgumentError, "theirs is a ndarray; give a mapping"),
        ([np.zeros(5)], cp.ArgumentError, "theirs is a list; give a mapping"),
        ({"W9": 1.0}, cp.ElementError, "W1 to W3"),
        ({"L": 1.0}, cp.ElementError, "what is compared is z, a, da, delta"),
        ({"W1": 1.0, "dW1": 1.0}, cp.ElementError, "'dW1' is given twice: W1 too"),
        ({"W3": "mine"}, cp.TypeOfDataError, "W3 is not made of numbers"),
        ({"W1": np.full((5, 5), 1j)}, cp.TypeOfDataError, "W1 is complex; it must be real"),
        ({"b1[0]": 1 + 2j}, cp.TypeOfDataError, "is complex; it must be real"),
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
    assert gradient.slip == "not finite: nan at W1[2,2]"
    mine[3, 1:] = -np.inf
    comparison = cp.compare_gradients(record, {"W1": mine, "W3": np.full((5, 3), np.nan)})
    assert comparison["W1"].slip == "not finite: nan at W1[2,2], and 4 more"
    assert "no usual slip" not in repr(comparison)
    one = cp.compare_gradients(record, {"b1[2]": np.inf})["b1[2]"]
    assert one.slip == "not finite: inf at b1[2]"
