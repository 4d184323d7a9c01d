"""In a second: the whole way from a network to predictions, as a first look at any change."""

from __future__ import annotations

import numpy as np

import clearprop as cp

XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])


def test_a_hidden_layer_learns_xor(tmp_path):
    network = cp.Network([2, 4, 1], activations="tanh", output="sigmoid", seed=3)
    history = cp.train(
        network, *XOR, optimizer=cp.Adam(0.1), batch_size=None, epochs=100, metrics="accuracy"
    )
    assert history.loss[-1] < 0.05 < history.loss[0]
    assert history.metrics["accuracy"][-1] == 1
    network.save(tmp_path / "xor.safetensors")
    loaded = cp.Network.load(tmp_path / "xor.safetensors")
    np.testing.assert_array_equal(loaded.predict(XOR[0]), network.predict(XOR[0]))


def test_the_two_equations_by_hand():
    """delta2 = a2 - y, delta1 = W2^T delta2 * f'(z1), dW = delta a^T, in plain arithmetic."""
    W1, W2 = np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([[0.5, 0.6]])
    x, y = np.array([0.5, -0.2]), 1.0
    a1 = 1 / (1 + np.exp(-(W1 @ x)))
    a2 = 1 / (1 + np.exp(-(W2 @ a1)))
    delta2 = a2 - y
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    network = cp.Network.from_weights([W1, W2])
    record = cp.backprop(network, [x], [y])
    np.testing.assert_allclose(record["delta2"][0], delta2, rtol=1e-14)
    np.testing.assert_allclose(record["delta1"][0], delta1, rtol=1e-14)
    np.testing.assert_allclose(record["dW2"], np.outer(delta2, a1), rtol=1e-14)
    np.testing.assert_allclose(record["dW1"], np.outer(delta1, x), rtol=1e-14)
