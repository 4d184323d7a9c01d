"""The classics on images compute what their books say."""

from __future__ import annotations

import million_points
import nielsen_mnist
import numpy as np
import pytest
import vanishing_gradients

import clearprop as cp

RNG = np.random.default_rng(0)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def by_hand(weights, biases, X, y, entropy: bool):
    """Return the mean of dC/dW and of delta of each layer, as the book's own loop over images has them."""
    sums = [np.zeros_like(W) for W in weights], [np.zeros_like(b) for b in biases]
    for x, target in zip(X, y, strict=True):
        activations = [x]
        for W, b in zip(weights, biases, strict=True):
            activations.append(sigmoid(W @ activations[-1] + b))
        a = activations[-1]
        delta = a - target if entropy else (a - target) * a * (1 - a)
        for layer in range(len(weights) - 1, -1, -1):
            before = activations[layer]
            sums[0][layer] += np.outer(delta, before)
            sums[1][layer] += delta
            delta = weights[layer].T @ delta * before * (1 - before)
    return [[total / len(X) for total in part] for part in sums]


class TestNielsen:
    @pytest.mark.parametrize("setting", nielsen_mnist.SETTINGS, ids=lambda setting: setting.name)
    def test_a_step_is_that_of_the_book(self, setting):
        X, y = RNG.random((10, 784), np.float32), np.arange(10)
        network = nielsen_mnist.start(setting, seed=3)
        weights = [np.array(W, float) for W in network.weights]
        biases = [np.array(b, float) for b in network.biases]
        told = nielsen_mnist.settings_of(setting, seed=0)
        cp.train(network, X, nielsen_mnist.one_hot(y), **told, epochs=1, progress=False)
        entropy, eta = "entropy" in setting.name, 0.5 if "entropy" in setting.name else 3.0
        lam = 5.0 if "L2" in setting.name else 0.0
        dW, db = by_hand(weights, biases, X.astype(float), np.eye(10), entropy)
        for layer in range(2):
            W = (1 - eta * lam / 50_000) * weights[layer] - eta * dW[layer]
            np.testing.assert_allclose(network.weights[layer], W, rtol=1e-4, atol=1e-5)
            b = biases[layer] - eta * db[layer]
            np.testing.assert_allclose(network.biases[layer], b, rtol=1e-4, atol=1e-5)

    def test_a_class_is_asleep_while_its_output_is_low_for_all_its_images(self):
        y = np.repeat(np.arange(10), 3)
        outputs = np.full((30, 10), 0.9)
        outputs[y == 4, 4] = [0.1, 0.49, 0.0]
        outputs[y == 7, 7] = [0.1, 0.51, 0.0]
        outputs[y != 5, 5] = 0
        assert nielsen_mnist.asleep(outputs, y) == [4]

    def test_what_an_output_does_on_its_own_images(self):
        X, y = RNG.random((40, 784), np.float32), np.arange(40) % 10
        network = nielsen_mnist.start(nielsen_mnist.SETTINGS[0], seed=1)
        found = nielsen_mnist.own(network, X, y)
        W, b = (list(map(np.float64, part)) for part in (network.weights, network.biases))
        z = sigmoid(X @ W[0].T + b[0]) @ W[1].T + b[1]
        delta = (sigmoid(z) - np.eye(10)[y]) * sigmoid(z) * (1 - sigmoid(z))
        for digit in range(10):
            mine = y == digit
            assert found["z"][digit] == pytest.approx(z[mine, digit].mean(), abs=0.006)
            expected = np.abs(delta[mine, digit]).mean()
            assert found["delta"][digit] == pytest.approx(expected, rel=0.006)

    def test_outputs_are_told_apart_by_how_they_end(self):
        outputs = {"epoch": {"delta": [0.1] * 8 + [1e-7, 3e-7]}}
        runs = [{"asleep": [[0, 1], [8, 9]], "outputs": outputs}]
        told = nielsen_mnist.apart(runs, "delta", ("epoch",), "{:.0e}")
        assert told == "awake in the end: 1e-01; asleep: 2e-07"


class TestVanishing:
    def test_his_start(self):
        network = vanishing_gradients.start(2, "sigmoid", "his", 0)
        assert network.sizes == (784, 30, 30, 10)
        deviations = [float(W.std()) for W in network.weights]
        assert deviations == pytest.approx([784**-0.5, 30**-0.5, 30**-0.5], rel=0.1)
        assert float(np.concatenate(network.biases).std()) == pytest.approx(1, rel=0.2)

    def test_norms_are_of_the_mean_delta(self):
        network = vanishing_gradients.start(3, "sigmoid", "his", 1)
        X, y = RNG.random((7, 784)), np.eye(10)[:7]
        _, deltas = by_hand(network.weights, network.biases, X, y, entropy=True)
        expected = [np.linalg.norm(delta) for delta in deltas]
        np.testing.assert_allclose(vanishing_gradients.norms(network, X, y), expected, rtol=1e-10)

    def test_what_is_left_is_the_first_hidden_layer_over_the_last(self):
        found = {"deep": {"a": {"20": [[2.0, 9.0, 4.0, 7.0]]}}}
        assert vanishing_gradients.share_left(found, "a").tolist() == [0.5]


def test_the_way_of_a_run_lies_on_the_hill():
    first, second = np.linspace(-1, 2, 4), np.linspace(0, 5, 6)
    path = np.array([[-1.0, 0.0], [0.3, 4.7], [2.0, 2.5]])
    hill = {"first": first, "second": second, "path": path}
    hill["losses"] = first[None] + 10 * second[:, None]
    np.testing.assert_allclose(million_points.heights(hill), path @ [1, 10], rtol=1e-12)
