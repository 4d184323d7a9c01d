"""Activations: each a loop that turns z into a = f(z) in place, and writes f'(z) beside it.

In training, the derivative is taken while z is at hand: backward then has nothing to do but to
multiply. Softmax, which has a Jacobian in place of a derivative, goes row by row.

A new activation is one entry of `PAIRS`, or of `ROW_WISE` where units depend on each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from numba import types

from clearprop.engine.kernels.arguments import Count, Real, Reals, RealType
from clearprop.engine.kernels.decorators import inlined
from clearprop.engine.kernels.elementary import Elementary, of_type
from clearprop.engine.kernels.intrinsics import fma, magnitude, with_sign_of
from clearprop.engine.kernels.pointers import get, put, real_pointer
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.kernels.rows import largest_of, total_of
from clearprop.errors import missing_piece

Pair = Callable[[Any], tuple[Any, Any]]


def _identity(e: Elementary, real: RealType) -> Pair:
    one = real(1)

    def pair(z: Real) -> Any:
        return z, one

    return pair


def _sigmoid(e: Elementary, real: RealType) -> Pair:
    small_share, zero, one = e.small_share, real(0), real(1)

    def pair(z: Real) -> Any:
        small = small_share(z, one)
        large = one - small
        return (large if z > zero else small), small * large

    return pair


def _tanh(e: Elementary, real: RealType) -> Pair:
    tanh, gap, one, two = e.tanh, e.tanh_gap, real(1), real(2)

    def pair(z: Real) -> Any:
        return tanh(z), gap(z, two - gap(z, one))  # (1 - |a|) (1 + |a|)

    return pair


def _relu(e: Elementary, real: RealType) -> Pair:
    zero, one = real(0), real(1)

    def pair(z: Real) -> Any:
        return (zero if z <= zero else z), (one if z > zero else zero)  # NaN stays NaN

    return pair


def _leaky_relu(e: Elementary, real: RealType) -> Pair:
    zero, one, leak = real(0), real(1), real(0.01)

    def pair(z: Real) -> Any:
        return (z if z > zero else leak * z), (one if z > zero else leak)

    return pair


def _elu(e: Elementary, real: RealType) -> Pair:
    exp, expm1, zero = e.exp, e.expm1, real(0)

    def pair(z: Real) -> Any:
        below = z if z < zero else zero
        return (expm1(below) if z < zero else z), exp(below)

    return pair


def _gelu(e: Elementary, real: RealType) -> Pair:
    """By f(z) = z + f(-z): what f and f' are at -|z| says it all."""
    normal_ratio, gaussian, zero, one = e.normal_ratio, e.gaussian, real(0), real(1)
    density, far = real(0.3989422804014327), real(40)  # f(-40) is 0

    def pair(z: Real) -> Any:
        size = magnitude(z)
        size = far if size > far else size
        ratio = normal_ratio(size)
        left = gaussian(size, with_sign_of(size * ratio, z))
        slope = gaussian(size, fma(-size, density, ratio))
        return (z - left if z > zero else left), (one - slope if z > zero else slope)

    return pair


def _silu(e: Elementary, real: RealType) -> Pair:
    """By f(z) = z + f(-z), as gelu."""
    small_share, zero, one = e.small_share, real(0), real(1)
    far = real(1000)  # f(-1000) is 0

    def pair(z: Real) -> Any:
        size = magnitude(z)
        size = far if size > far else size
        large = one - small_share(size, one)
        left = small_share(size, with_sign_of(size, z))
        slope = small_share(size, fma(-size, large, one))
        return (z - left if z > zero else left), (one - slope if z > zero else slope)

    return pair


def _softplus(e: Elementary, real: RealType) -> Pair:
    softplus, sigmoid = e.softplus, e.sigmoid

    def pair(z: Real) -> Any:
        return softplus(z), sigmoid(z)

    return pair


def _exp(e: Elementary, real: RealType) -> Pair:
    exp = e.exp

    def pair(z: Real) -> Any:
        a = exp(z)
        return a, a

    return pair


PAIRS: dict[str, Callable[[Elementary, Any], Pair]] = {
    "identity": _identity,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "gelu": _gelu,
    "silu": _silu,
    "softplus": _softplus,
    "exp": _exp,
}
"""By name, what makes z -> (f(z), f'(z)) of a type's elementary functions and the type."""


def elementwise(pair: Pair) -> Callable[..., None]:
    """Return the loop (count, a, d): a holds z and becomes f(z), d becomes f'(z)."""

    def activation(count: Count, a: Reals, d: Reals) -> None:
        for i in range(count):
            value, slope = pair(get(a, i))
            put(a, i, value)
            put(d, i, slope)

    return activation


def values(pair: Pair) -> Callable[..., None]:
    """Return the loop (count, a): a holds z and becomes f(z)."""

    def activation(count: Count, a: Reals) -> None:
        for i in range(count):
            put(a, i, pair(get(a, i))[0])

    return activation


class RowWise(NamedTuple):
    """What makes the kernels of an activation of whole rows, each of a precision.

    `value` is (count, a): a holds one row of z, and becomes its activation. `jacobian` is
    (count, a, s, out), which writes J^T s.
    """

    value: Callable[[Precision], Callable[..., None]]
    jacobian: Callable[[Precision], Callable[..., None]]


def _softmax(precision: Precision) -> Callable[..., None]:
    """Of z less the largest z of the row."""
    real: Any = precision.arithmetic
    exp, one = of_type(real).exp, real(1)
    total_of_row, largest_of_row = total_of(precision), largest_of(precision)

    def softmax_row(count: Count, a: Reals) -> None:
        largest = largest_of_row(a, count)
        for j in range(count):
            put(a, j, exp(get(a, j) - largest))
        share = one / total_of_row(a, count)
        for j in range(count):
            put(a, j, get(a, j) * share)

    return softmax_row


def _softmax_jacobian(precision: Precision) -> Callable[..., None]:
    """J^T s = a (s - sum_k a_k s_k), of s less that of the largest a.

    So no digits are lost where one a is nearly 1 and the sum nearly its s.
    """
    real: Any = precision.accumulation
    zero = real(0)

    def jacobian(count: Count, a: Reals, s: Reals, out: Reals) -> None:
        largest = 0
        for j in range(1, count):
            largest = j if get(a, j) > get(a, largest) else largest
        pivot, total = get(s, largest), zero
        for j in range(count):
            total += get(a, j) * (get(s, j) - pivot)
        for j in range(count):
            put(out, j, get(a, j) * ((get(s, j) - pivot) - total))

    return jacobian


ROW_WISE = {"softmax": RowWise(_softmax, _softmax_jacobian)}
"""By name, the activations whose units depend on each other."""


def _with_copy(value: Callable[..., None]) -> Callable[..., None]:
    """Return (count, a, d): the activation of a row, copied to d, where the Jacobian finds it."""
    row = inlined(value)

    def activation(count: Count, a: Reals, d: Reals) -> None:
        row(count, a)
        for j in range(count):
            put(d, j, get(a, j))

    return activation


def build(name: str, precision: Precision) -> tuple[Callable[..., None], list[Any]]:
    """Return a kernel: a name; with "-value" the one without derivative; or with "-jacobian".

    Raises
    ------
    MissingPieceError
        If no table holds that activation.
    """
    name, _, which = name.partition("-")
    pointers = {"": 2, "value": 1, "jacobian": 3}[which]
    arguments = [types.int64, *[real_pointer(precision)] * pointers]
    if name in ROW_WISE:
        value, jacobian = ROW_WISE[name]
        if which == "jacobian":
            return jacobian(precision), arguments
        row = value(precision)
        return (row if which else _with_copy(row)), arguments
    if name not in PAIRS:
        missing_piece(f"activation {name!r}", "kernel", "PAIRS in engine/kernels/activations.py")
    real: Any = precision.arithmetic
    pair = inlined(PAIRS[name](of_type(real), real))
    return (values(pair) if which else elementwise(pair)), arguments
