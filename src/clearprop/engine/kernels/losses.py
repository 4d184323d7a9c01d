"""Losses: for rows of outputs, what each row costs, and the derivative.

A kernel takes (rows, n, row, a, d, y, losses, settings). Rows of a, d and y lie `row` apart;
labels are one number a row. Most read a = f(z), and multiply d, which holds f'(z), by dL_i/da.
The others, named after loss and output activation, read z in place of a and write delta^L to d:
the forms that are stable for every z.

A new loss is one entry of `PAIRS`, and one for each output activation that it is fused with; or
of `ROW_WISE` where a row's loss is no sum over its outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types

from clearprop.engine.kernels.arguments import Count, Doubles, Real, Reals, RealType
from clearprop.engine.kernels.decorators import inlined
from clearprop.engine.kernels.elementary import Elementary, of_type
from clearprop.engine.kernels.intrinsics import magnitude
from clearprop.engine.kernels.parts import padded
from clearprop.engine.kernels.pointers import get, offset, put, real_pointer
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.kernels.rows import largest_of, others_of, total_of
from clearprop.errors import missing_piece

Pair = Callable[[Any, Any, Any, Any], tuple[Any, Any]]


def _xlogy(e: Elementary, real: RealType) -> Callable[[Any, Any], Any]:
    log, zero = e.log, real(0)

    @inlined
    def xlogy(x: Real, y: Real) -> Any:
        return zero if x == zero else x * log(y)

    return xlogy


def _deviance(e: Elementary, real: RealType) -> Callable[[Any, Any, Any], Any]:
    """Return (rate, log(rate / y), y) -> rate - y - y log(rate / y), half a Poisson deviance.

    Near y by r v - 2 y (atanh(v) - v), of r = rate - y and v = r / (rate + y), whose terms do not
    meet (Loader, Fast and accurate computation of binomial probabilities, 2000).
    """
    atanh_less_x, zero, half, two = e.atanh_less_x, real(0), real(0.5), real(2)

    @inlined
    def deviance(rate: Real, log_ratio: Real, y: Real) -> Any:
        r = rate - y
        v = r / (rate + y)
        near = r * v - two * y * atanh_less_x(v)
        value = near if -half <= v <= half else r - y * log_ratio
        return rate if y == zero else value

    return deviance


def _squared_error(e: Elementary, real: RealType) -> Pair:
    half = real(0.5)

    def pair(a: Real, y: Real, p: Real, q: Real) -> Any:
        r = a - y
        return half * r * r, r

    return pair


def _absolute_error(e: Elementary, real: RealType) -> Pair:
    zero, one = real(0), real(1)

    def pair(a: Real, y: Real, p: Real, q: Real) -> Any:
        r = a - y
        size = r if r > zero else -r
        return size, (one if r > zero else (-one if r < zero else r))

    return pair


def _huber(e: Elementary, real: RealType) -> Pair:
    zero, half = real(0), real(0.5)

    def pair(a: Real, y: Real, delta: Real, q: Real) -> Any:
        r = a - y
        size = r if r > zero else -r
        inside = size <= delta
        line = delta if r > zero else -delta
        return (half * r * r if inside else delta * (size - half * delta)), (r if inside else line)

    return pair


def _quantile(e: Elementary, real: RealType) -> Pair:
    zero = real(0)

    def pair(a: Real, y: Real, q: Real, q_less_1: Real) -> Any:
        r = y - a
        value = q * r if r > zero else q_less_1 * r
        return value, (-q if r > zero else (-q_less_1 if r < zero else r))

    return pair


def _binary_cross_entropy(e: Elementary, real: RealType) -> Pair:
    xlogy, log1p = _xlogy(e, real), e.log1p
    zero, one, nan = real(0), real(1), real(np.nan)

    def pair(a: Real, y: Real, p: Real, q: Real) -> Any:
        left = zero if y == one else (one - y) * log1p(-a)
        value = -(xlogy(y, a) + left)
        slope = (a - y) / (a * (one - a))  # (1 - y) / (1 - a) - y / a, which would cancel
        slope = one / (one - a) if y == zero else (-one / a if y == one else slope)
        return (value if zero <= a <= one else nan), slope

    return pair


def _binary_cross_entropy_of_sigmoid(e: Elementary, real: RealType) -> Pair:
    softplus, small_share, zero, one = e.softplus, e.small_share, real(0), real(1)

    def pair(z: Real, y: Real, p: Real, q: Real) -> Any:
        size = magnitude(z)
        wrong = one - y if z > zero else y  # the share of the answer that z speaks against
        small = small_share(z, one)
        return softplus(-size) + wrong * size, (wrong - small if z > zero else small - wrong)

    return pair


def _poisson(e: Elementary, real: RealType) -> Pair:
    deviance, log = _deviance(e, real), e.log
    zero, one, nan = real(0), real(1), real(np.nan)
    small, large = real(2.0**-80), real(2.0**80)

    def pair(a: Real, y: Real, p: Real, q: Real) -> Any:
        ratio = a / y  # where it is large, the logarithm is nothing beside it
        log_ratio = log(ratio if ratio < large else large)
        log_ratio = log_ratio if ratio > small else log(a) - log(y)
        value = deviance(a, log_ratio, y)
        return (value if a >= zero else nan), (one if y == zero else (a - y) / a)

    return pair


def _poisson_of_exp(e: Elementary, real: RealType) -> Pair:
    deviance, log, exp = _deviance(e, real), e.log, e.exp
    top = real(1000)  # of logarithms; e^1000 is infinite

    def pair(z: Real, y: Real, p: Real, q: Real) -> Any:
        rate = exp(z)
        return deviance(rate, (top if z > top else z) - log(y), y), rate - y

    return pair


def _poisson_of_softplus(e: Elementary, real: RealType) -> Pair:
    deviance, log, softplus, sigmoid = _deviance(e, real), e.log, e.softplus, e.sigmoid
    one = real(1)
    far = real(-36)  # below it, softplus(z) and its derivative are both e^z

    def pair(z: Real, y: Real, p: Real, q: Real) -> Any:
        rate, slope = softplus(z), sigmoid(z)
        log_rate = z if z < far else log(rate)
        share = one if z < far else slope / rate
        return deviance(rate, log_rate - log(y), y), slope - y * share

    return pair


PAIRS: dict[str, Callable[[Elementary, Any], Pair]] = {
    "squared_error": _squared_error,
    "absolute_error": _absolute_error,
    "huber": _huber,
    "quantile": _quantile,
    "binary_cross_entropy": _binary_cross_entropy,
    "binary_cross_entropy-sigmoid": _binary_cross_entropy_of_sigmoid,
    "poisson": _poisson,
    "poisson-exp": _poisson_of_exp,
    "poisson-softplus": _poisson_of_softplus,
}
"""What makes (a, y, two settings) -> (loss of an output, derivative) of a type's elementary
functions and the type. By the loss's name; and, for z in place of a, with the output's behind."""


def _elementwise(
    pair: Pair, takes_z: bool, each: bool, precision: Precision
) -> Callable[..., None]:
    real: Any = precision.arithmetic
    zero = real(0)

    def loss(
        rows: Count,
        n: Count,
        row: Count,
        a: Reals,
        d: Reals,
        y: Reals,
        losses: Reals,
        settings: Doubles,
    ) -> None:
        first, second = real(get(settings, 0)), real(get(settings, 1))
        for i in range(rows):
            total = zero
            for j in range(n):
                if each:  # known when it is compiled
                    first, second = real(get(settings, 2 * j)), real(get(settings, 2 * j + 1))
                value, slope = pair(get(a, j), get(y, j), first, second)
                total += value
                put(d, j, slope if takes_z else slope * get(d, j))
            put(losses, i, total)
            a, d, y = offset(a, row), offset(d, row), offset(y, row)

    return loss


def _cross_entropy_of_softmax(labels: bool, precision: Precision) -> Callable[..., None]:
    """Log-sum-exp less the z of the label, and softmax less y.

    Where one exponential, 1, is more than all others together, these are summed up on their own:
    their sum says how far the one share is from 1, with all digits. Exponentials are taken of
    whole vectors: what lies between n and the end of the last one is written to as well, and no
    sum looks at it.
    """
    real: Any = precision.arithmetic
    e = of_type(real)
    exp, log, log1p = e.exp, e.log, e.log1p
    total_of_row, largest_of_row = total_of(precision), largest_of(precision)
    others_of_row = others_of(precision)
    zero, one, two = real(0), real(1), real(2)

    def loss(
        rows: Count,
        n: Count,
        row: Count,
        a: Reals,
        d: Reals,
        y: Reals,
        losses: Reals,
        settings: Doubles,
    ) -> None:
        whole = padded(n, 16)
        whole = whole if whole < row else row
        for i in range(rows):
            largest = largest_of_row(a, n)
            for j in range(whole):
                put(d, j, exp(get(a, j) - largest))
            total = total_of_row(d, n)
            if total < two:
                others = others_of_row(d, n)
                log_total = log1p(others)
            else:
                others, log_total = total - one, log(total)
            share = one / total
            lacking = -(others * share)  # the largest share less 1
            if labels:
                label = get(y, i)
                for j in range(whole):
                    put(d, j, get(d, j) * share)
                put(d, label, lacking if get(a, label) == largest else get(d, label) - one)
                put(losses, i, log_total - (get(a, label) - largest))
            else:
                mass, cost = zero, zero
                for j in range(n):
                    target = get(y, j)
                    mass += target
                    log_share = log_total - (
                        get(a, j) - largest
                    )  # inf where logits lie too far apart
                    cost += target * log_share if target != zero else zero
                for j in range(n):
                    target = get(y, j)
                    below = lacking * mass + (mass - target)
                    slope = get(d, j) * share * mass - target
                    put(d, j, below if get(a, j) == largest else slope)
                put(losses, i, cost)
                y = offset(y, row)
            a, d = offset(a, row), offset(d, row)

    return loss


ROW_WISE = {"cross_entropy-softmax": _cross_entropy_of_softmax}
"""What makes the kernel of a loss of whole rows, for labels or for shares, of a precision."""


def build(name: str, precision: Precision) -> tuple[Callable[..., None], list[Any]]:
    """Return a kernel: a loss, or a loss and the output activation that it is fused with.

    "-labels" or "-shares" behind them says which targets it takes, where it takes both; "-each"
    that it is told two settings for each output.

    Raises
    ------
    MissingPieceError
        If no table holds that loss.
    """
    pointer, number = real_pointer(precision), types.int64
    labels = name.endswith("-labels")
    targets = types.CPointer(types.int64) if labels else pointer
    arguments = [number, number, number, pointer, pointer, targets, pointer]
    each = name.endswith("-each")
    name = name.removesuffix("-labels").removesuffix("-shares").removesuffix("-each")
    if name in ROW_WISE:
        loss = ROW_WISE[name](labels, precision)
    elif name in PAIRS:
        real: Any = precision.arithmetic
        pair = inlined(PAIRS[name](of_type(real), real))
        loss = _elementwise(pair, "-" in name, each, precision)
    else:
        missing_piece(f"loss {name!r}", "kernel", "PAIRS in engine/kernels/losses.py")
    return loss, [*arguments, types.CPointer(types.float64)]
