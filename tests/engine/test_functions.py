"""The tables of kernels: each built-in has its entry, one that has none is named, one is enough."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

import clearprop as cp
from clearprop.activations import ACTIVATIONS
from clearprop.engine.functions import KERNELS, activation_of, loss_of, optimizer_of
from clearprop.engine.kernels import activations, losses
from clearprop.engine.kernels.compiler import compile_function, function_at, load, place
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
    assert names("losses") == set(losses.PAIRS) | {
        f"{name}-{targets}" for name in losses.ROW_WISE for targets in ("labels", "shares")
    }


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        ("activations.mish", "activation 'mish' has no kernel: add it to PAIRS in engine/kernels/activations.py"),
        ("activations.mish-value", "activation 'mish' has no kernel: add it to PAIRS in engine/kernels/activations.py"),
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
    mish = replace(ACTIVATIONS["tanh"], name="mish")
    with pytest.raises(MissingPieceError, match="activation 'mish' has no kernel"):
        activation_of(mish, FLOAT32)
    tilted = replace(LOSSES["squared_error"], name="tilted", settings={"slope": 2.0})
    with pytest.raises(MissingPieceError, match="loss 'tilted' has no settings: add it to LOSS_S"):
        loss_of(tilted, ACTIVATIONS["identity"], False, FLOAT32)

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
