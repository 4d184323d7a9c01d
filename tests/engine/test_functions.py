"""The tables of kernels: each built-in has its entry, one that has none is named, one is enough."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

import clearprop as cp
from clearprop.activations import ACTIVATIONS
from clearprop.engine import functions
from clearprop.engine.functions import KERNELS, activation_of, loss_of, optimizer_of
from clearprop.engine.kernels import activations, losses, optimizers
from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.compiler import compile_function, place
from clearprop.engine.kernels.loading import function_at, load
from clearprop.engine.kernels.pointers import get
from clearprop.engine.kernels.precision import FLOAT32, FLOAT64
from clearprop.errors import MissingPieceError
from clearprop.losses import LOSSES


def names(module):
    return {name.partition(".")[2] for name in KERNELS if name.startswith(f"{module}.")}


def test_every_entry_of_the_tables_is_a_kernel_and_every_kernel_has_its_entry():
    elementwise, row_wise = set(activations.PAIRS), set(activations.ROW_WISE)
    assert names("activations") == (
        {f"{name}{part}" for name in elementwise for part in ("", "-value")}
        | {f"{name}{part}" for name in row_wise for part in ("", "-value", "-jacobian")}
    )
    assert names("losses") == set(losses.PAIRS) | {"quantile-each"} | {
        f"{name}-{targets}" for name in losses.ROW_WISE for targets in ("labels", "shares")
    }
    assert names("optimizers") == set(optimizers.RULES)


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        ("activations.zigzag", "activation 'zigzag' has no kernel: add it to PAIRS in engine/kernels/activations.py"),
        ("activations.zigzag-value", "activation 'zigzag' has no kernel: add it to PAIRS in engine/kernels/activations.py"),
        ("losses.hinge", "loss 'hinge' has no kernel: add it to PAIRS in engine/kernels/losses.py"),
        ("losses.poisson-relu", "loss 'poisson-relu' has no kernel: add it to PAIRS in engine/kernels/losses.py"),
        ("losses.hinge-softmax-labels", "loss 'hinge-softmax' has no kernel: add it to PAIRS in engine/kernels/losses.py"),
        ("optimizers.lion", "optimizer 'lion' has no kernel: add it to RULES in engine/kernels/optimizers.py"),
    ],
)  # fmt: skip
def test_a_kernel_that_no_table_has(kernel, message):
    with pytest.raises(MissingPieceError) as caught:
        load(kernel, FLOAT32)
    assert str(caught.value) == message
    assert isinstance(caught.value, cp.ClearpropError)


def test_a_built_in_that_no_table_has(monkeypatch):
    zigzag = replace(ACTIVATIONS["tanh"], name="zigzag")
    with pytest.raises(MissingPieceError, match="activation 'zigzag' has no kernel"):
        activation_of(zigzag, FLOAT32)
    with pytest.raises(MissingPieceError, match="loss 'tilted' has no maker: add it to its Built"):
        replace(LOSSES["squared_error"], name="tilted", settings={"slope": 2.0})
    three = replace(LOSSES["huber"], name="tilted", settings={"a": 1.0, "b": 2.0, "c": 3.0})
    with pytest.raises(MissingPieceError, match="loss 'tilted' has no two numbers for its kernel"):
        loss_of(three, ACTIVATIONS["identity"], False, FLOAT32)

    @dataclass(frozen=True)
    class Lion(cp.SGD):
        pass

    assert optimizer_of(Lion(), FLOAT32) is None  # somebody's own, which updates in Python
    monkeypatch.setitem(cp.optimizers.OPTIMIZERS, "lion", Lion)
    with pytest.raises(MissingPieceError, match=r"optimizer Lion has no kernel: add it to OPTIMIZ"):
        optimizer_of(Lion(), FLOAT32)


def compiled(module, name, precision, arguments):
    """A kernel that is kept nowhere."""
    return function_at(place(*compile_function(*module.build(name, precision))), arguments)


def test_one_entry_makes_an_activation(monkeypatch):
    def cube(e, real):
        three = real(3)

        def pair(z):
            return z * z * z, three * z * z

        return pair

    monkeypatch.setitem(activations.PAIRS, "cube", cube)
    z = np.linspace(-2, 2, 37)
    a, d, value = z.copy(), np.zeros(37), z.copy()
    compiled(activations, "cube", FLOAT64, 3)(37, a.ctypes.data, d.ctypes.data)
    compiled(activations, "cube-value", FLOAT64, 2)(37, value.ctypes.data)
    np.testing.assert_allclose(a, z**3, rtol=1e-15)
    np.testing.assert_allclose(d, 3 * z**2, rtol=1e-15)
    np.testing.assert_array_equal(value, a)


@pytest.mark.parametrize("fused", [False, True])
def test_one_entry_makes_a_loss(monkeypatch, fused):
    def quartic(e, real):
        four = real(4)

        def pair(a, y, p, q):
            r = a - y
            return p * r * r * r * r, four * r * r * r

        return pair

    name = "quartic-tanh" if fused else "quartic"
    monkeypatch.setitem(losses.PAIRS, name, quartic)
    a, y = (
        np.array([[1.0, 2.0, 0.0], [3.0, 0.5, 0.0]]),
        np.array([[0.0, 4.0, 0.0], [1.0, 1.0, 0.0]]),
    )
    d, found, settings = np.full((2, 3), 10.0), np.zeros(2), np.array([0.5, 0.0])
    addresses = [array.ctypes.data for array in (a, d, y, found, settings)]
    compiled(losses, name, FLOAT64, 8)(2, 2, 3, *addresses)
    np.testing.assert_allclose(found, 0.5 * ((a - y) ** 4).sum(axis=1))
    slopes = 4 * (a - y)[:, :2] ** 3
    np.testing.assert_allclose(d[:, :2], slopes if fused else 10 * slopes)


def updated(kernel, w, s, state, state_2, *, rate=0.5, l2=0.0, settings=(0.9, 0.999, 1e-8, 0.0)):
    """Whether a kernel says that an update of these arrays, in place, is not finite."""
    told, flag = np.zeros(P.UPDATE_SIZE), np.zeros(1, np.int64)
    told[P.U_S0 : P.U_S3 + 1] = settings
    told[[P.U_RATE, P.U_MOMENTUM, P.U_INVERSE, P.U_L2]] = rate, 0.5, 0.25, l2
    told[[P.U_CORRECTION, P.U_ROOT_CORRECTION]] = 1.0
    kernel(len(w), *(array.ctypes.data for array in (w, s, state, state_2, told, flag)))
    return bool(flag[0])


def test_one_entry_makes_an_optimizer(monkeypatch):
    def signs(real):
        """Steps by the sign of the gradient; the state counts those that went down."""
        zero, one = real(0), real(1)

        def settings(update):
            return real(get(update, P.U_RATE)), one

        def step(w, g, count, second, settings):
            rate, one = settings
            return w - (rate if g > zero else -rate), count + (one if g > zero else zero), second

        return optimizers.Rule(1, settings, step)

    monkeypatch.setitem(optimizers.RULES, "signs", signs)
    kernel = compiled(optimizers, "signs", FLOAT64, 7)
    w, s, state, untouched = (
        np.arange(20.0),
        np.tile([8.0, -8.0], 10),
        np.ones(20),
        np.full(20, 3.0),
    )
    assert not updated(kernel, w, s, state, untouched)
    np.testing.assert_array_equal(w, np.arange(20.0) - np.tile([0.5, -0.5], 10))
    np.testing.assert_array_equal(state, np.tile([2.0, 1.0], 10))
    np.testing.assert_array_equal(untouched, 3.0)
    w[7] = np.inf
    assert updated(kernel, w, s, state, untouched)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("name", optimizers.RULES)
def test_a_gradient_that_is_not_finite_is_seen(name, value):
    kernel = function_at(load(f"optimizers.{name}", FLOAT32), 7)
    settings = (0.5, 1.2, 1e-6, 50.0) if name == "rprop" else (0.9, 0.999, 1e-8, 0.0)
    # RProp lets a parameter rest where the sign of its gradient changes.
    for last in (-1.0, 1.0) if name == "rprop" else (1.0,):
        arrays = [np.ones(37, np.float32) for _ in range(3)]
        arrays.append(np.full(37, last, np.float32))
        assert not updated(kernel, *arrays, settings=settings)
        arrays[3][:] = last
        arrays[1][20] = value
        assert updated(kernel, *arrays, settings=settings)


def test_what_keeps_the_gradient_changes_nothing():
    kernel = function_at(load("optimizers.keep", FLOAT64), 7)
    w, s, gradient, untouched = np.arange(20.0), np.ones(20), np.ones(20), np.ones(20)
    assert not updated(kernel, w, s, gradient, untouched, l2=0.5)
    np.testing.assert_array_equal(w, np.arange(20.0))
    np.testing.assert_array_equal(gradient, 0.25 + 0.5 * w)
    np.testing.assert_array_equal(untouched, 1.0)


def test_a_built_in_that_keeps_more_than_a_plan_has_room_for(monkeypatch):
    @dataclass(frozen=True)
    class Three(cp.Adam):
        def start(self, parameters):
            return {name: np.zeros_like(parameters) for name in ("m", "v", "largest")}

    monkeypatch.setitem(cp.optimizers.OPTIMIZERS, "three", Three)
    monkeypatch.setitem(functions.OPTIMIZERS, Three, functions.OPTIMIZERS[cp.Adam])
    with pytest.raises(MissingPieceError, match="array 'largest' has no place in a plan"):
        cp.train(cp.Network([2, 1]), [[1.0, 2.0]], [1.0], optimizer="three", epochs=1)
