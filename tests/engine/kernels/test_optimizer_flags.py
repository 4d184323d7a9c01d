"""Every optimizer's kernel says so where a new parameter, or a gradient, is not finite."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.engine.functions import OPTIMIZERS, optimizer_of
from clearprop.engine.kernels import optimizers
from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.loading import function_at
from clearprop.engine.kernels.precision import PRECISIONS

RULES = {
    "sgd": cp.SGD(0.1),
    "momentum": cp.SGD(0.1, momentum=0.9),
    "nesterov": cp.SGD(0.1, momentum=0.9, nesterov=True),
    "adam": cp.Adam(0.1),
    "rmsprop": cp.RMSprop(0.1),
    "rmsprop_momentum": cp.RMSprop(0.1, momentum=0.9),
    "rprop": cp.RProp(0.1),
    "keep": None,
}
N = 37
"""Parameters: vectors of any width, and some that fill none."""

DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
EVERY = pytest.mark.parametrize("name", optimizers.RULES)


def updated(name, w, s, *, rate=0.1, momentum=0.9, inverse=1.0):
    """Let a kernel make the first update; return the parameters, and the flag."""
    kernel = optimizer_of(RULES[name], PRECISIONS[w.dtype.name])
    told = np.zeros(P.UPDATE_SIZE)
    told[P.U_RATE], told[P.U_MOMENTUM], told[P.U_INVERSE] = rate, momentum, inverse
    told[P.U_CORRECTION] = told[P.U_ROOT_CORRECTION] = 1.0
    told[P.U_S0 : P.U_S3 + 1] = kernel.settings
    w, state, flag = w.copy(), np.zeros((2, len(w)), w.dtype), np.zeros(1, np.int64)
    if name == "rprop":
        state[0] = rate
    arrays = (w, s.copy(), state[0], state[1], told, flag)
    function_at(kernel.address, 7)(len(w), *(array.ctypes.data for array in arrays))
    return w, bool(flag[0])


def test_all_rules_are_here():
    assert RULES.keys() == optimizers.RULES.keys()
    chosen = {OPTIMIZERS[type(rule)].choose(rule)[0] for rule in RULES.values()}
    assert chosen == optimizers.RULES.keys()


def numbers(dtype):
    rng = np.random.default_rng(0)
    return rng.normal(size=N).astype(dtype), rng.normal(size=N).astype(dtype)


@EVERY
@DTYPES
def test_finite_numbers_are_not_flagged(name, dtype):
    w, s = numbers(dtype)
    new, flag = updated(name, w, s)
    assert not flag
    assert np.isfinite(new).all()
    assert (new != w).all() == (name != "keep")


@EVERY
@DTYPES
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [0, 7, 16, N - 1])
def test_a_gradient_that_is_not_finite(name, dtype, bad, at):
    w, s = numbers(dtype)
    s[at] = bad
    _, flag = updated(name, w, s)
    assert flag


@EVERY
@DTYPES
@pytest.mark.parametrize("at", [0, 7, 16, N - 1])
def test_an_update_that_is_beyond_the_data_type(name, dtype, at):
    w, s = numbers(dtype)
    most = np.finfo(dtype).max
    w[at], s[at] = most, -1
    if name in ("rprop", "keep"):  # whose steps are 50 at the most, or none
        w[at] = np.inf
    new, flag = updated(name, w, s, rate=float(most) * 0.9)
    assert flag
    assert not np.isfinite(new[at])


BY_RATE = [rule for rule in RULES.values() if rule is not None and not isinstance(rule, cp.RProp)]


@pytest.mark.parametrize("rule", [*BY_RATE, cp.AdamW(0.1)], ids=repr)
@pytest.mark.parametrize("sizes", [[2, 1], [2, 9, 1], [2, 70, 70, 1]], ids=str)
@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_the_last_update_of_a_run_is_not_passed_over(rule, sizes, engine):
    """No later step would meet what it leaves."""
    network = cp.Network(sizes, "tanh", "identity", loss="absolute_error", seed=1)
    before = network.parameters.copy()
    wild = type(rule)(**{**vars(rule), "learning_rate": 1e45})
    with pytest.raises(
        cp.DivergenceError, match="epoch 1, step 1: [Wb]1 holds .* after the update"
    ):
        cp.train(
            network, [[1.0, -1.0], [0.5, 2.0]], [1e3, 2e3], optimizer=wild, epochs=1, engine=engine
        )
    np.testing.assert_array_equal(network.parameters, before)
