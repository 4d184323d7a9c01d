"""Slopes where a function has a kink, and at 0: told by hand, in both engines and every kernel.

They are PyTorch's: 0 for relu, 0.01 for leaky_relu, 1 for elu; 0 for the absolute error.
"""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.activations import ACTIVATIONS
from clearprop.engine.kernels import activations, losses
from clearprop.engine.kernels.loading import function_at, load
from clearprop.engine.kernels.precision import PRECISIONS
from clearprop.losses import LOSSES

AT_ZERO = {
    "identity": 1.0, "sigmoid": 0.25, "tanh": 1.0, "relu": 0.0, "leaky_relu": 0.01, "elu": 1.0,
    "gelu": 0.5, "silu": 0.5, "softplus": 0.5, "exp": 1.0,
}  # fmt: skip
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])


def call(kernel, dtype, *arguments):
    function = function_at(load(kernel, PRECISIONS[np.dtype(dtype).name]), len(arguments))
    function(*(x.ctypes.data if isinstance(x, np.ndarray) else x for x in arguments))


def test_all_activations_are_here():
    assert AT_ZERO.keys() == activations.PAIRS.keys() == ACTIVATIONS.keys() - {"softmax"}


@pytest.mark.parametrize("name", AT_ZERO)
@DTYPES
class TestActivations:
    def test_kernel_and_reference(self, name, dtype):
        for zero in (0.0, -0.0):
            z = np.full(37, zero, dtype)
            a, d = z.copy(), np.full_like(z, np.nan)
            call(f"activations.{name}", dtype, len(z), a, d)
            assert (d == dtype(AT_ZERO[name])).all()
            assert (ACTIVATIONS[name].derivative(z).astype(dtype) == dtype(AT_ZERO[name])).all()

    @pytest.mark.parametrize("engine", ["compiled", "reference"])
    @pytest.mark.parametrize(("rows", "hidden"), [(1, 3), (5, 9), (70, 40)])
    def test_a_step_from_z_of_zero(self, name, dtype, engine, rows, hidden):
        """z1 = 0 and W2 = 1: b1 moves by -(a2 - y) f'(0)."""
        network = cp.Network([2, hidden, 1], name, "identity", dtype=dtype, seed=1)
        network.parameters[:] = 0
        network["W2"] = 1.0
        out = hidden * {"sigmoid": 0.5, "softplus": np.log(2.0), "exp": 1.0}.get(name, 0.0)
        rng = np.random.default_rng(0)
        cp.train(
            network, rng.normal(size=(rows, 2)), np.full(rows, out + 0.5), optimizer=cp.SGD(1.0),
            batch_size=None, epochs=1, loss="squared_error", engine=engine,
        )  # fmt: skip
        np.testing.assert_allclose(network["b1"], 0.5 * AT_ZERO[name], rtol=1e-4, atol=1e-30)


@pytest.mark.parametrize(("name", "below"), [("relu", 0.0), ("leaky_relu", 0.01), ("elu", 1.0)])
@DTYPES
def test_a_kink_lies_at_zero_not_near_it(name, below, dtype):
    tiny = np.finfo(dtype).tiny
    z = np.array([tiny, -tiny], dtype)
    d = np.full_like(z, np.nan)
    call(f"activations.{name}", dtype, 2, z.copy(), d)
    assert d.tolist() == [1.0, dtype(below)]
    assert ACTIVATIONS[name].derivative(z).astype(dtype).tolist() == [1.0, dtype(below)]


# (a - y, slope): on both sides of a kink and in it; huber's threshold is 0.75, the quantile 0.25.
KINKS = {
    "squared_error": [(0.0, 0.0)],
    "absolute_error": [(0.0, 0.0), (1e-30, 1.0), (-1e-30, -1.0)],
    "huber": [(0.0, 0.0), (0.75, 0.75), (-0.75, -0.75), (0.875, 0.75), (-0.875, -0.75)],
    "quantile": [(1e-30, 0.75), (-1e-30, -0.25)],
}


@pytest.mark.parametrize("name", KINKS)
@DTYPES
def test_losses(name, dtype):
    r, slopes = np.array(KINKS[name], dtype).T.copy()
    y = np.zeros_like(r)
    d, cost = np.ones_like(r), np.empty_like(r)
    told = np.array({"huber": [0.75, 0.0], "quantile": [0.25, -0.75]}.get(name, [0.0, 0.0]))
    assert name in losses.PAIRS
    call(f"losses.{name}", dtype, len(r), 1, 1, r.copy(), d, y, cost, told)
    built_in = {"huber": cp.huber(0.75), "quantile": cp.quantile(0.25)}.get(name) or LOSSES[name]
    np.testing.assert_array_equal(built_in.da(r[:, None], y[:, None])[:, 0], slopes)
    np.testing.assert_array_equal(d, slopes)


@DTYPES
def test_a_quantile_hit_exactly_is_the_same_in_both(dtype):
    found = {}
    for each in ("compiled", "reference"):
        network = cp.Network([1, 1], "identity", dtype=dtype, seed=1, loss=cp.quantile(0.25))
        network.parameters[:] = 0
        cp.train(network, [[1.0]], [0.0], optimizer=cp.SGD(1.0), epochs=1, engine=each)
        found[each] = network.parameters.tolist()
    assert found["compiled"] == found["reference"]
