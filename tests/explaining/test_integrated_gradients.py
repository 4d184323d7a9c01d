"""Integrated gradients: exact where they are known, complete everywhere, and those of PyTorch."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clearprop as cp
from clearprop.explaining import integrated_gradients
from clearprop.explaining.integrated_gradients import (
    LOG_ODDS,
    MOST,
    OUTPUT,
    TINY,
    TOLERANCE,
    integrate,
)

SMOOTH = ("tanh", "sigmoid", "softplus", "gelu")


def made(sizes, activation, *, classes=True, seed=0, scale=1.0):
    network = cp.Network(
        sizes, activation, "softmax" if classes else "identity", dtype="float64", seed=seed,
        biases=cp.normal(0.5),
    )  # fmt: skip
    network.parameters[:] *= scale
    return network.astype("float64", loss=LOG_ODDS if classes else OUTPUT)


def marked(network, X):
    y = np.zeros((len(X), network.sizes[-1]))
    y[np.arange(len(X)), network.predict(X).argmax(axis=1)] = 1
    return y


def one_by_one(network):
    return [slice(j, j + 1) for j in range(network.sizes[0])]


def attributed(network, x, X):
    return integrate(network, np.asarray(x), X, marked(network, X), one_by_one(network))


class TestLogOdds:
    def exact(self, z, label):
        with mpmath.workdps(400):
            others = mpmath.fsum(mpmath.exp(v) for k, v in enumerate(z) if k != label)
            return float(z[label] - mpmath.log(others))

    @pytest.mark.parametrize(
        "z", [[0.3, -0.2, 1.0], [800.0, 0.0, -800.0], [40.0, 1.0], [-1e5, 1e5, 1e5 - 1e-3]]
    )
    def test_are_finite_and_right_where_a_probability_is_1_or_0(self, z):
        for label in range(len(z)):
            y = np.eye(len(z))[[label]]
            network = made([2, 2, len(z)], "tanh")
            (found,) = LOG_ODDS.per_sample(np.array([z]), None, y, network.activations[-1])
            assert found == pytest.approx(self.exact(z, label), rel=1e-14)

    def test_slopes_are_the_derivative(self):
        z, y = np.array([[0.3, -0.2, 1.0, 4.0]]), np.eye(4)[[2]]
        softmax = made([2, 2, 4], "tanh").activations[-1]
        slope = LOG_ODDS.delta(z, None, y, softmax)[0]
        for k in range(4):
            step = 1e-6 * np.eye(4)[[k]]
            up, down = (LOG_ODDS.per_sample(z + s, None, y, softmax)[0] for s in (step, -step))
            assert slope[k] == pytest.approx((up - down) / 2e-6, rel=1e-8)

    def test_of_shares_are_the_same(self):
        """The form without z, which a custom output would take."""
        z, y = np.array([[0.3, -0.2, 1.0]]), np.eye(3)[[1]]
        softmax = made([2, 2, 3], "tanh").activations[-1]
        a = softmax(z)
        fused = LOG_ODDS.per_sample(z, a, y, softmax), LOG_ODDS.delta(z, a, y, softmax)
        np.testing.assert_allclose(LOG_ODDS.value(a, y), fused[0], rtol=1e-12)
        np.testing.assert_allclose(softmax.backward(z, LOG_ODDS.da(a, y)), fused[1], atol=1e-12)


@pytest.mark.parametrize("sizes", [[4, 6, 5, 3], [4, 3]])
@pytest.mark.parametrize("classes", [True, False])
def test_the_gradient_is_da0_of_backprop(classes, sizes):
    network = made(sizes, "gelu", classes=classes)
    X = np.random.default_rng(0).normal(size=(7, 4))
    y = marked(network, X)
    record = cp.backprop(network, X, y.argmax(axis=1) if classes else y)
    values, delta = integrated_gradients._with_delta(network, record.z[0], y)
    assert np.array_equal(delta, record.delta[0])
    assert np.array_equal(values, record.losses)
    path = integrated_gradients._Path(network, X[0], X, y, one_by_one(network))
    found = path.parts(np.arange(7), delta)
    np.testing.assert_array_equal(found, record.dx * (X - X[0]) + 0.0)
    np.testing.assert_allclose(path.values(np.arange(7), np.ones(7)), record.losses, rtol=1e-13)


def test_of_a_linear_network_they_are_exact():
    """A_j = w_j (x_j - x'_j)."""
    W = np.random.default_rng(0).normal(size=(1, 5))
    network = cp.Network.from_weights([W], [[0.7]], "identity").astype("float64", loss=OUTPUT)
    rng = np.random.default_rng(1)
    x, X = rng.normal(size=5), rng.normal(size=(20, 5)) * 1e3
    found = attributed(network, x, X)
    np.testing.assert_allclose(found.parts, W * (X - x), rtol=1e-12)
    np.testing.assert_allclose(found.last, X @ W[0] + 0.7, rtol=1e-12)


def test_of_a_relu_on_the_way_too():
    """The kink is found by halving: relu(x_0 + x_1) from (-1, -1) to (2, 1)."""
    network = cp.Network.from_weights([[[1.0, 1.0]], [[1.0]]], None, ["relu", "identity"])
    network = network.astype("float64", loss=OUTPUT)
    found = attributed(network, [-1.0, -1.0], np.array([[2.0, 1.0]]))
    np.testing.assert_allclose(found.parts[0], [1.8, 1.2], rtol=1e-3)
    assert found.steps[0] < 30


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    activation=st.sampled_from((*SMOOTH, "relu", "leaky_relu", "elu", "silu", "identity")),
    classes=st.booleans(),
    far=st.sampled_from([0.1, 1.0, 30.0, 1e6]),
    scale=st.sampled_from([0.3, 1.0, 4.0]),
)
def test_they_sum_to_the_difference(seed, activation, classes, far, scale):
    rng = np.random.default_rng(seed)
    sizes = [int(n) for n in rng.integers(2, 12, size=rng.integers(2, 5))]
    network = made(sizes, activation, classes=classes, seed=seed, scale=scale)
    x, X = rng.normal(size=sizes[0]), rng.normal(size=(5, sizes[0]))
    X[:, 0] *= far  # a wild value, as an encoding lets it pass
    X[0] = x
    X[1, -1] = x[-1]
    found = attributed(network, x, X)
    sums, difference = found.parts.sum(axis=1), found.last - found.first
    size = np.maximum(np.abs(difference), TINY * np.abs(found.parts).sum(axis=1))
    rounding = 1e-11 * (np.abs(found.first) + np.abs(found.last))
    assert (np.abs(sums - difference) <= TOLERANCE * size + rounding).all()
    assert not found.parts[0].any()  # like the baseline
    assert found.parts[1, -1] == 0
    assert not np.signbit(found.parts[0]).any()


@pytest.mark.parametrize("activation", ["relu", *SMOOTH])
@pytest.mark.parametrize("classes", [True, False])
def test_they_are_those_of_pytorch(activation, classes):
    """Ten thousand even steps in PyTorch's autograd."""
    torch = pytest.importorskip("torch")
    network = made([5, 8, 6, 3], activation, classes=classes, seed=3, scale=1.5)
    rng = np.random.default_rng(2)
    x, X = rng.normal(size=5), rng.normal(size=(4, 5)) * 2
    labels = marked(network, X).argmax(axis=1)
    found = attributed(network, x, X)
    layers = list(zip(network.weights, network.biases, strict=True))
    functions = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid,
                 "softplus": torch.nn.functional.softplus, "gelu": torch.nn.functional.gelu}  # fmt: skip
    for row, label, parts in zip(X, labels, found.parts, strict=True):
        t = (torch.arange(10_000, dtype=torch.float64) + 0.5)[:, None] / 10_000
        points = (torch.tensor(x) + t * torch.tensor(row - x)).requires_grad_()
        a = points
        for k, (W, b) in enumerate(layers):
            a = a @ torch.tensor(W).T + torch.tensor(b)
            a = a if k + 1 == len(layers) else functions[activation](a)
        if classes:
            p = torch.softmax(a, dim=1)[:, label]
            value = torch.log(p / (1 - p))
        else:
            value = a[:, label]
        value.sum().backward()
        theirs = points.grad.mean(dim=0).numpy() * (row - x)
        assert np.abs(parts - theirs).max() < 2e-3 * np.abs(theirs).sum()


def test_blocks_add_their_inputs_up():
    network = made([4, 6, 3], "relu")
    X = np.random.default_rng(0).normal(size=(9, 4))
    y, x = marked(network, X), np.zeros(4)
    alone = integrate(network, x, X, y, one_by_one(network))
    empty = [slice(0, 3), slice(3, 3), slice(3, 4)]
    blocks = integrate(network, x, X, y, empty)
    assert not blocks.parts[:, 1].any()
    np.testing.assert_allclose(blocks.parts[:, 0], alone.parts[:, :3].sum(axis=1), rtol=1e-9)


def test_rows_together_are_rows_alone():
    network = made([4, 6, 3], "relu")
    X, x = np.random.default_rng(0).normal(size=(30, 4)), np.zeros(4)
    together = attributed(network, x, X)
    alone = attributed(network, x, X[7:8])
    assert together.steps[7] == alone.steps[0]
    np.testing.assert_allclose(together.parts[7], alone.parts[0], rtol=1e-9)


def test_a_jump_is_refused_by_name():
    jump = cp.Activation("jump", lambda z: float(z > 0.12345678), lambda z: 0.0)
    network = cp.Network.from_weights([[[1.0]]], None, jump).astype("float64", loss=OUTPUT)
    with pytest.raises(cp.ConvergenceError, match="row 0 .* sum to 0 after .* differs .* by 1: "):
        attributed(network, [0.0], np.array([[1.0]]))


def test_more_steps_than_there_may_be_are_refused(monkeypatch):
    network = made([4, 40, 3], "relu", classes=False)
    X, x = np.random.default_rng(0).normal(size=(3, 4)), np.zeros(4)
    assert attributed(network, x, X).steps.max() < MOST / 50
    monkeypatch.setattr(integrated_gradients, "MOST", 9)
    with pytest.raises(cp.ConvergenceError, match="too rough between them"):
        attributed(network, x, X)


def test_outputs_beyond_float64_are_refused():
    network = cp.Network.from_weights([[[1e300]]], None, "exp").astype("float64", loss=OUTPUT)
    with pytest.raises(cp.NonFiniteError, match="too large for float64"):
        attributed(network, [0.0], np.array([[1e10]]))
