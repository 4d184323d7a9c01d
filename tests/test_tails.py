"""The reference's activations and losses beside exact formulas, near and far: see tails.py."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
import tails
from clearprop.activations import ACTIVATIONS
from clearprop.losses import LOSSES

UNITS = {np.float32: 8.0, np.float64: 5.0}
"""Units in the last place. NumPy's exp and log of float32 alone are off by 2.4 and 3.4; of float64,
by 1 at most, but far out in gelu's tail an exponential comes in twice."""
MADE = {"huber": cp.huber(0.75), "quantile": cp.quantile(0.875)}

by_dtype = pytest.mark.parametrize("dtype", UNITS, ids=["float32", "float64"])


@by_dtype
@pytest.mark.parametrize("name", tails.ACTIVATIONS)
def test_activations(name, dtype):
    z = tails.points(dtype)
    with np.errstate(over="ignore"):
        value, slope = ACTIVATIONS[name](z), ACTIVATIONS[name].backward(z, np.ones_like(z))
    for part, found in (("value", value), ("slope", slope)):
        tails.hold(found, tails.exact("activations", name, part, dtype), UNITS[dtype], z)


@by_dtype
@pytest.mark.parametrize("name", ["identity", "tanh", "leaky_relu", "elu", "gelu", "silu"])
def test_a_zero_keeps_its_sign(name, dtype):
    assert np.signbit(ACTIVATIONS[name](np.array([-0.0, 0.0], dtype))).tolist() == [True, False]


def test_every_loss_has_its_exact_formulas():
    fused = {f"{name}-{output}" for name, loss in LOSSES.items() for output in loss.fused}
    whole_rows = {"cross_entropy", "cross_entropy-softmax"}
    assert tails.LOSSES.keys() == (LOSSES.keys() | fused) - whole_rows


@by_dtype
@pytest.mark.parametrize("name", tails.LOSSES)
def test_losses(name, dtype):
    a, y = tails.pairs(name, dtype)
    plain, _, output = name.partition("-")
    loss = MADE.get(plain, LOSSES[plain])
    value, slope = loss.fused[output] if output else (loss.value, loss.da)
    over = "raise" if plain == "huber" else "ignore"  # a square that is not taken is not computed
    with np.errstate(over=over, divide="ignore"):
        costs, slopes = value(a[:, None], y[:, None]), slope(a[:, None], y[:, None])[:, 0]
    for part, found in (("value", costs), ("slope", slopes)):
        tails.hold(found, tails.exact("losses", name, part, dtype), UNITS[dtype], a, y)


@by_dtype
@pytest.mark.parametrize("z", tails.ROWS, ids=lambda z: f"{z[:3]}")
def test_cross_entropy(z, dtype):
    n, shares = len(z), [0.5, 0.25, 0.25, *[0.0] * (len(z) - 3)]
    for y in (*np.eye(n)[:4].tolist(), shares):
        with tails.workdps(50):
            terms = [tails.cross_entropy(z, y), *tails.cross_entropy_delta(z, y)]
        given = np.array([z], dtype), np.array([y], dtype)
        fused = LOSSES["cross_entropy"].fused["softmax"]
        found = np.concatenate([fused.value(*given), fused.delta(*given)[0]])
        tails.hold(found, terms, UNITS[dtype], np.arange(n + 1))


@by_dtype
@pytest.mark.parametrize("z", tails.ROWS, ids=lambda z: f"{z[:3]}")
def test_softmax_and_its_jacobian(z, dtype):
    softmax = ACTIVATIONS["softmax"]
    s = np.linspace(-0.25, 0.75, len(z)).astype(dtype)  # no more apart than 1: see tails.py
    row = np.array([z], dtype)
    with tails.workdps(50):
        tails.hold(softmax(row)[0], [(x,) for x in tails.softmax(z)], UNITS[dtype], row[0])
        product = softmax.backward(row, s[None])[0]
        tails.hold(product, tails.softmax_product(z, s.tolist()), 2 * UNITS[dtype], row[0])


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@by_dtype
def test_subnormal_numbers_are_not_flushed(dtype, engine):
    """Through products, activations and updates, on several threads."""
    least = float(np.finfo(dtype).smallest_subnormal)
    X = np.array([[3 * least], [-least]] * 300, dtype)
    network = cp.Network.from_weights([[[1.0]]] * 2, activations="tanh", output="identity")
    network = network.astype(dtype)
    np.testing.assert_array_equal(network.predict(X, engine=engine), X)
    network = cp.Network.from_weights([[[0.0]]], [[0.0]], activations="identity").astype(dtype)
    cp.train(network, np.ones((300, 1)), np.full(300, 3000 * least), optimizer=cp.SGD(1.0),
             batch_size=None, epochs=1, engine=engine, progress=False, threads=2)  # fmt: skip
    assert network.biases[0][0] == 3000 * least  # the mean slope
