"""The compiled engine's activations and losses beside exact formulas, near and far: see tails.py."""

from __future__ import annotations

import numpy as np
import pytest

import tails
from clearprop.engine.kernels import activations, losses
from clearprop.engine.kernels.loading import function_at, load
from clearprop.engine.kernels.precision import PRECISIONS

UNITS = {"identity": 0, "relu": 0, "leaky_relu": 1, "elu": 1.5, "exp": 1.5, "absolute_error": 0.5}
OTHERS = 4.0
"""Units in the last place that results may be off, where no other number is said."""
SETTINGS = {"huber": [0.75, 0.0], "quantile": [0.875, -0.125]}

pytestmark = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])


def call(kernel, dtype, *arguments):
    """Call a kernel with whole numbers and arrays."""
    function = function_at(load(kernel, PRECISIONS[np.dtype(dtype).name]), len(arguments))
    function(*((getattr(x, "ctypes", None) and x.ctypes.data) or x for x in arguments))


def activated(name, z):
    """Return f(z) and f'(z)."""
    a, d, alone = z.copy(), np.empty_like(z), z.copy()
    call(f"activations.{name}", z.dtype, len(z), a, d)
    call(f"activations.{name}-value", z.dtype, len(z), alone)
    assert alone.tobytes() == a.tobytes()
    return a, d


@pytest.mark.parametrize("name", activations.PAIRS)
def test_activations(name, dtype):
    z = tails.points(dtype)
    for part, found in zip(("value", "slope"), activated(name, z), strict=True):
        terms = tails.exact("activations", name, part, dtype)
        tails.hold(found, terms, UNITS.get(name, OTHERS), z)


@pytest.mark.parametrize("name", activations.PAIRS)
def test_what_is_no_number_and_what_is_infinite(name, dtype):
    a, d = activated(name, np.array([np.nan, np.inf, -np.inf], dtype))
    assert np.isnan(a[0])
    lowest = {"identity": -np.inf, "leaky_relu": -np.inf, "tanh": -1, "elu": -1}.get(name, 0)
    assert a[1:].tolist() == [1 if name in ("sigmoid", "tanh") else np.inf, lowest]
    assert d[1] == {"exp": np.inf, "sigmoid": 0, "tanh": 0}.get(name, 1)


@pytest.mark.parametrize("name", ["identity", "tanh", "leaky_relu", "elu", "gelu", "silu"])
def test_a_zero_keeps_its_sign(name, dtype):
    a, _ = activated(name, np.array([-0.0, 0.0], dtype))
    assert np.signbit(a).tolist() == [True, False]


@pytest.mark.parametrize("name", losses.PAIRS)
def test_losses(name, dtype):
    a, y = tails.pairs(name, dtype)
    d, cost, settings = np.ones_like(a), np.empty_like(a), np.array(SETTINGS.get(name, [0.0, 0.0]))
    call(f"losses.{name}", dtype, len(a), 1, 1, a, d, y, cost, settings)
    for part, found in (("value", cost), ("slope", d)):
        terms = tails.exact("losses", name, part, dtype)
        tails.hold(found, terms, UNITS.get(name, OTHERS), a, y)


def test_a_quantile_for_each_output(dtype):
    """Every output's numbers are those of the kernel that is told one quantile for all."""
    a, y = tails.pairs("quantile", dtype)
    n = len(a)
    levels = np.array([0.125, 0.875, 0.5])
    told = np.stack([levels, levels - 1], axis=1).ravel()
    d, cost = np.ones((n, 3), dtype), np.empty(n, dtype)
    wide = [np.repeat(x[:, None], 3, axis=1) for x in (a, y)]
    call("losses.quantile-each", dtype, n, 3, 3, wide[0], d, wide[1], cost, told)
    total = np.zeros(n, dtype)
    for j, q in enumerate(levels):
        slope, alone, own = np.ones_like(a), np.empty_like(a), np.array([q, q - 1])
        call("losses.quantile", dtype, n, 1, 1, a, slope, y, alone, own)
        assert slope.tobytes() == d[:, j].tobytes()
        with np.errstate(over="ignore"):
            total += alone
    assert total.tobytes() == cost.tobytes()


def padded(row, dtype):
    """A row, and zeros up to the end of the last vector."""
    return np.array([*row, *[0.0] * (-len(row) % 16)], dtype)


@pytest.mark.parametrize("z", tails.ROWS, ids=lambda z: f"{z[:3]}")
def test_cross_entropy(z, dtype):
    n, shares = len(z), [0.5, 0.25, 0.25, *[0.0] * (len(z) - 3)]
    for label in (0, 1, 2, 3, None):
        y = shares if label is None else [float(j == label) for j in range(n)]
        with tails.workdps(50):
            terms = [tails.cross_entropy(z, y), *tails.cross_entropy_delta(z, y)]
        for kind in ("shares",) if label is None else ("labels", "shares"):
            a, cost, settings = padded(z, dtype), np.empty(1, dtype), np.zeros(2)
            d = np.empty_like(a)
            targets = np.array([label]) if kind == "labels" else padded(y, dtype)
            name = f"losses.cross_entropy-softmax-{kind}"
            call(name, dtype, 1, n, len(a), a, d, targets, cost, settings)
            tails.hold(np.concatenate([cost, d[:n]]), terms, OTHERS, np.arange(n + 1))


@pytest.mark.parametrize("z", tails.ROWS, ids=lambda z: f"{z[:3]}")
def test_softmax_and_its_jacobian(z, dtype):
    s = np.linspace(-0.25, 0.75, len(z)).astype(dtype)  # no more apart than 1: see tails.py
    a, alone, product = np.array(z, dtype), np.array(z, dtype), np.empty(len(z), dtype)
    call("activations.softmax", dtype, len(z), a, np.empty_like(a))
    call("activations.softmax-value", dtype, len(z), alone)
    call("activations.softmax-jacobian", dtype, len(z), a, s, product)
    assert alone.tobytes() == a.tobytes()
    with tails.workdps(50):
        tails.hold(a, [(x,) for x in tails.softmax(z)], OTHERS, np.array(z))
        tails.hold(product, tails.softmax_product(z, s.tolist()), 2 * OTHERS, np.array(z))
