"""Elementary functions as compiled scalars, and shares of them that keep their digits.

Polynomials and fused multiply-adds alone: no math library, so that the bits are the same on
every processor, and no branch, so that LLVM turns a loop over them into vectors. Each is
within 2 units in the last place of the true value (atanh_less_x, normal_ratio and tanh_gap,
which are parts of others, within 3); benchmarks/ELEMENTARY.md says how far for every float32
there is.

>>> import numpy as np
>>> float32, float64 = of_type(np.float32), of_type(np.float64)
>>> round(float64.exp(1.0), 12), float(float32.tanh(np.float32(-20)))
(2.718281828459, -1.0)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from clearprop.engine.kernels.arguments import Real
from clearprop.engine.kernels.coefficients import COEFFICIENTS
from clearprop.engine.kernels.decorators import inlined
from clearprop.engine.kernels.intrinsics import (
    exponent_of,
    fma,
    magnitude,
    mantissa_of,
    polynomial,
    times_power_of_two,
    with_sign_of,
)

Function = Callable[[Any], Any]


class Elementary(NamedTuple):
    """The functions of one floating type: scalar to scalar, to be called in compiled loops.

    NaN gives NaN; log of 0 is -inf, of less NaN; exp and softplus overflow to infinity.
    """

    exp: Function
    expm1: Function
    log: Function
    log1p: Function
    tanh: Function
    sigmoid: Function
    softplus: Function
    atanh_less_x: Function
    """atanh(x) - x for |x| <= 1/2."""
    normal_ratio: Function
    """Phi(-x) exp(x^2 / 2) for 0 <= x <= 40, where Phi is the normal distribution."""
    small_share: Callable[[Any, Any], Any]
    """(x, factor) -> factor sigmoid(-|x|), rounded once where that is subnormal."""
    tanh_gap: Callable[[Any, Any], Any]
    """(x, factor) -> factor (1 - tanh |x|), rounded once where that is subnormal."""
    gaussian: Callable[[Any, Any], Any]
    """(x, factor) -> factor exp(-x^2 / 2) for |x| <= 40, rounded once where that is subnormal."""


@cache
def of_type(dtype: DTypeLike) -> Elementary:
    """Return the functions of float32 or float64."""
    real: Any = np.dtype(dtype).type
    single = real is np.float32

    def constant(low: float, high: float) -> Any:
        return real(low if single else high)

    def series(name: str) -> Any:
        return polynomial(COEFFICIENTS[name, np.dtype(dtype).name], real)

    zero, half, one, two, four = (real(value) for value in (0.0, 0.5, 1.0, 2.0, 4.0))
    log2_e = real(1.4426950408889634)
    # log(2) in two parts; the first ends in zeros, so that its products with exponents are exact.
    ln2_high = constant(0.693145751953125, 0.6931471803691238)
    ln2_low = constant(1.42860677e-06, 1.9082149292705877e-10)
    to_whole = constant(1.5 * 2.0**23, 1.5 * 2.0**52)
    # Where exp overflows, and where it is 0 though one multiplies it by thousands.
    exp_end, exp_start = constant(89.0, 710.0), constant(-150.0, -800.0)
    least_normal = constant(2.0**-126, 2.0**-1022)
    lift, lifted = constant(2.0**24, 2.0**54), constant(24.0, 54.0)
    infinity, nan = real(np.inf), real(np.nan)
    third, twenty, tanh_near = real(1 / 3), real(20), real(0.625)
    exp_series, log_series, tanh_series = series("exp"), series("log"), series("tanh")
    atanh_series, normal_series = series("atanh"), series("normal")
    w_0, w_0_low = (real(part) for part in COEFFICIENTS["normal at 0", np.dtype(dtype).name])

    @inlined
    def exp_in_parts(x: Real) -> tuple[Any, Any, Any]:
        """exp(x) = (value + rest) 2^n, with n the whole number nearest x / log(2), shifted."""
        y = exp_end if x > exp_end else x  # so written, NaN stays NaN
        y = exp_start if y < exp_start else y
        shifted = fma(y, log2_e, to_whole)
        n = shifted - to_whole
        r = fma(-n, ln2_low, fma(-n, ln2_high, y))
        more = fma(r * r, exp_series(r), r)
        value = one + more
        return value, more - (value - one), shifted

    @inlined
    def exp(x: Real) -> Any:
        """The parts together."""
        value, _, shifted = exp_in_parts(x)
        return times_power_of_two(value, shifted)

    @inlined
    def expm1(x: Real) -> Any:
        """(2^n - 1) + 2^n (exp(r) - 1); far above 0, where 2^n may overflow, exp(x) - 1."""
        value, rest, shifted = exp_in_parts(x)
        power = times_power_of_two(one, shifted)
        near = fma(power, (value - one) + rest, power - one)
        return near if x < twenty else times_power_of_two(value, shifted) - one

    @inlined
    def log1p_near(f: Real) -> Any:
        """log(1 + f) for |f| <= 1/3."""
        square = f * f
        return fma(square, fma(f, log_series(f), -half), f)

    @inlined
    def log(x: Real) -> Any:
        """log(m) + e log(2), for x = m 2^e with m in [2/3, 4/3)."""
        small = x < least_normal
        y = x * lift if small else x
        e = exponent_of(y) - (lifted if small else zero)
        value = fma(e, ln2_high, fma(e, ln2_low, log1p_near(mantissa_of(y) - one)))
        value = value if x < infinity else x
        value = value if x > zero else (-infinity if x == zero else nan)
        return value if x == x else x

    @inlined
    def log1p(x: Real) -> Any:
        """log(y), and what was rounded off y = 1 + x; near 0 without that sum."""
        y = one + x
        low = x - (y - one) if x < one else one - (y - x)
        far = log(y)
        far = far + low / y if zero < y < infinity else far
        return log1p_near(x) if magnitude(x) < third else far

    @inlined
    def small_share(x: Real, factor: Real) -> Any:
        """The factor times e / (1 + e), with e = exp(-|x|).

        The quotient is mended by what was rounded off e and 1 + e.
        """
        value, rest, shifted = exp_in_parts(-magnitude(x))
        e = times_power_of_two(value, shifted)
        below = one + e
        below_low = e - (below - one) + times_power_of_two(rest, shifted)
        share = one / below
        quotient = value * share
        left = fma(-quotient, below, value) + (rest - quotient * below_low)
        return times_power_of_two(factor * fma(left, share, quotient), shifted)

    @inlined
    def sigmoid(x: Real) -> Any:
        """The small share, or for x above 0 what it leaves of 1."""
        small = small_share(x, one)
        return one - small if x > zero else small

    @inlined
    def tanh_gap(x: Real, factor: Real) -> Any:
        """The factor times 2 e / (1 + e), with e = exp(-2 |x|)."""
        value, _, shifted = exp_in_parts(-two * magnitude(x))
        below = one + times_power_of_two(value, shifted)
        return times_power_of_two(factor * (two * value / below), shifted)

    @inlined
    def tanh(x: Real) -> Any:
        """X + x^3 P(x^2) near 0, else what the gap leaves of 1, with the sign of x."""
        size = magnitude(x)
        square = size * size
        near = fma(size * square, tanh_series(square), size)
        far = one - tanh_gap(x, one)
        return with_sign_of(near if size < tanh_near else far, x)

    @inlined
    def softplus(x: Real) -> Any:
        """max(x, 0) + log(1 + exp(-|x|))."""
        e = exp(-magnitude(x))
        far = e > third  # there (1 + e) / 2 - 1 is small
        tail = log1p_near((e - one) * half if far else e)
        tail = tail + (ln2_high + ln2_low) if far else tail
        return (x if x > zero else zero) + tail

    @inlined
    def atanh_less_x(x: Real) -> Any:
        """x^3 P(x^2)."""
        square = x * x
        return x * square * atanh_series(square)

    @inlined
    def normal_ratio(x: Real) -> Any:
        """w(t) / (x + 4), with t = (x - 4) / (x + 4) and w(t) = w(0) + t P(t).

        Sum and quotients are mended by what they leave.
        """
        share = one / (x + four)
        t = (x - four) * share
        t = fma(fma(-t, x, fma(-four, one + t, x)), share, t)
        more = normal_series(t)
        w = fma(t, more, w_0)
        w_low = fma(t, more, w_0 - w) + w_0_low
        ratio = w * share
        return fma(fma(-ratio, x, fma(-four, ratio, w)) + w_low, share, ratio)

    @inlined
    def gaussian(x: Real, factor: Real) -> Any:
        """By what was rounded off x^2, too."""
        square = x * x
        low = fma(x, x, -square)
        value, rest, shifted = exp_in_parts(-half * square)
        rest = fma(-half * low, value, rest)
        return times_power_of_two(fma(value, factor, rest * factor), shifted)

    return Elementary(
        exp, expm1, log, log1p, tanh, sigmoid, softplus, atanh_less_x, normal_ratio, small_share,
        tanh_gap, gaussian,
    )  # fmt: skip
