"""Activations: each a loop that turns z into a = f(z) in place, and writes f'(z) beside it.

In training, the derivative is taken while z is at hand: backward then has nothing to do but to
multiply. Softmax, which has a Jacobian in place of a derivative, goes row by row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types

from clearprop.engine.kernels.elementary import compiled as inlined
from clearprop.engine.kernels.elementary import of_type
from clearprop.engine.kernels.pointers import get, put, real_pointer
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.kernels.rows import largest_of, total_of

Scalar = Callable[[Any], Any]
Pair = Callable[[Any], tuple[Any, Any]]


def scalars(name: str, precision: Precision) -> tuple[Scalar, Pair]:
    """Return f, and z -> (f(z), f'(z)), as compiled scalars."""
    real: Any = precision.arithmetic
    e = of_type(real)
    exp, expm1, tanh, sigmoid, erf, softplus = (
        e.exp, e.expm1, e.tanh, e.sigmoid, e.erf, e.softplus,
    )  # fmt: skip
    zero, half, one, leak = real(0), real(0.5), real(1), real(0.01)
    inverse_root_2, density = real(0.7071067811865476), real(0.3989422804014327)

    @inlined
    def identity_pair(z: Any) -> Any:
        return z, one

    @inlined
    def sigmoid_pair(z: Any) -> Any:
        a = sigmoid(z)
        return a, a * (one - a)

    @inlined
    def tanh_pair(z: Any) -> Any:
        a = tanh(z)
        return a, one - a * a

    @inlined
    def relu_pair(z: Any) -> Any:
        return (zero if z <= zero else z), (one if z > zero else zero)  # NaN stays NaN

    @inlined
    def leaky_relu_pair(z: Any) -> Any:
        return (z if z > zero else leak * z), (one if z > zero else leak)

    @inlined
    def elu_pair(z: Any) -> Any:
        below = expm1(z if z < zero else zero)
        return (below if z <= zero else z), below + one

    @inlined
    def gelu_pair(z: Any) -> Any:
        share = half + half * erf(z * inverse_root_2)
        return z * share, share + z * (density * exp(-half * z * z))

    @inlined
    def silu_pair(z: Any) -> Any:
        s = sigmoid(z)
        return z * s, s * (one + z * (one - s))

    @inlined
    def softplus_pair(z: Any) -> Any:
        return softplus(z), sigmoid(z)

    @inlined
    def exp_pair(z: Any) -> Any:
        a = exp(z)
        return a, a

    pair = {
        "identity": identity_pair,
        "sigmoid": sigmoid_pair,
        "tanh": tanh_pair,
        "relu": relu_pair,
        "leaky_relu": leaky_relu_pair,
        "elu": elu_pair,
        "gelu": gelu_pair,
        "silu": silu_pair,
        "softplus": softplus_pair,
        "exp": exp_pair,
    }[name]

    @inlined
    def value(z: Any) -> Any:
        return pair(z)[0]

    return value, pair


def elementwise(pair: Pair) -> Callable[..., None]:
    """Return the loop (count, a, d): a holds z and becomes f(z), d becomes f'(z)."""

    def activation(count: Any, a: Any, d: Any) -> None:
        for i in range(count):
            value, slope = pair(get(a, i))
            put(a, i, value)
            put(d, i, slope)

    return activation


def values(value: Scalar) -> Callable[..., None]:
    """Return the loop (count, a): a holds z and becomes f(z)."""

    def activation(count: Any, a: Any) -> None:
        for i in range(count):
            put(a, i, value(get(a, i)))

    return activation


def softmax(precision: Precision) -> Callable[..., None]:
    """Return (count, a): a holds one row of z, and becomes its softmax, shifted by the largest."""
    real: Any = precision.arithmetic
    exp, one = of_type(real).exp, real(1)
    total_of_row, largest_of_row = total_of(precision), largest_of(precision)

    def softmax_row(count: Any, a: Any) -> None:
        largest = largest_of_row(a, count)
        for j in range(count):
            put(a, j, exp(get(a, j) - largest))
        share = one / total_of_row(a, count)
        for j in range(count):
            put(a, j, get(a, j) * share)

    return softmax_row


def build(name: str, precision: Precision) -> tuple[Callable[..., None], list[Any]]:
    """Return a kernel: a name, or a name and "-value" for the one without derivative.

    "softmax" copies a into d, where "softmax-jacobian" (count, a, s, out) finds it: it writes
    J^T s = a (s - sum_k a_k s_k).
    """
    pointer = real_pointer(precision)
    name, _, which = name.partition("-")
    if name != "softmax":
        value, pair = scalars(name, precision)
        if which:
            return values(value), [types.int64, pointer]
        return elementwise(pair), [types.int64, pointer, pointer]
    if which == "value":
        return softmax(precision), [types.int64, pointer]
    if which == "jacobian":
        return _softmax_jacobian(precision), [types.int64, pointer, pointer, pointer]
    row = inlined(softmax(precision))

    def softmax_and_copy(count: Any, a: Any, d: Any) -> None:
        row(count, a)
        for j in range(count):
            put(d, j, get(a, j))

    return softmax_and_copy, [types.int64, pointer, pointer]


def _softmax_jacobian(precision: Precision) -> Callable[..., None]:
    zero: Any = precision.arithmetic(0)

    def jacobian(count: Any, a: Any, s: Any, out: Any) -> None:
        total = zero
        for j in range(count):
            total += get(a, j) * get(s, j)
        for j in range(count):
            put(out, j, get(a, j) * (get(s, j) - total))

    return jacobian
