"""Elementary functions as compiled scalars: exp, expm1, log, tanh, sigmoid, erf, softplus.

Polynomials and fused multiply-adds alone: no math library, so that the bits are the same on
every processor, and no branch, so that LLVM turns a loop over them into vectors. Each is
within 2 units in the last place of the true value; benchmarks/ELEMENTARY.md says how far for
every float32 there is.

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
    mantissa_of,
    polynomial,
    times_power_of_two,
)

Function = Callable[[Any], Any]


class Elementary(NamedTuple):
    """The functions of one floating type: scalar to scalar, to be called in compiled loops.

    NaN gives NaN; log of 0 is -inf, of less NaN; exp and softplus overflow to infinity.
    """

    exp: Function
    log: Function
    tanh: Function
    sigmoid: Function
    erf: Function
    softplus: Function
    expm1: Function


@cache
def of_type(dtype: DTypeLike) -> Elementary:
    """Return the functions of float32 or float64."""
    real: Any = np.dtype(dtype).type
    single = real is np.float32

    def constant(low: float, high: float) -> Any:
        return real(low if single else high)

    def series(name: str) -> Any:
        return polynomial(COEFFICIENTS[name, np.dtype(dtype).name], real)

    zero, half, one, two = (real(value) for value in (0.0, 0.5, 1.0, 2.0))
    log2_e = real(1.4426950408889634)
    # log(2) in two parts; the first ends in zeros, so that its products with exponents are exact.
    ln2_high = constant(0.693145751953125, 0.6931471803691238)
    ln2_low = constant(1.42860677e-06, 1.9082149292705877e-10)
    to_whole = constant(1.5 * 2.0**23, 1.5 * 2.0**52)
    exp_end, exp_start = constant(89.0, 710.0), constant(-104.0, -746.0)
    least_normal = constant(2.0**-126, 2.0**-1022)
    lift, lifted = constant(2.0**24, 2.0**54), constant(24.0, 54.0)
    infinity, nan = real(np.inf), real(np.nan)
    third, twenty = real(1 / 3), real(20)
    exp_series, log_series, tanh_series = series("exp"), series("log"), series("tanh")
    erf_series, erfc_low = series("erf"), series("erfc low")
    erfc_high: Any = None if single else series("erfc high")
    tanh_near, erf_near = real(0.625), real(1.25)
    low_center, high_center = constant(2.0, 1.75), constant(2.0, 4.0)
    erfc_middle, erf_end = constant(4.0, 2.5), constant(4.0, 6.0)

    @inlined
    def exp_in_parts(x: Real) -> tuple[Any, Any, Any]:
        """exp(x) = (value + rest) 2^n, with n the whole number nearest x / log(2), shifted."""
        y = x if x < exp_end else exp_end
        y = y if y > exp_start else exp_start
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
        return times_power_of_two(value, shifted) if x == x else x

    @inlined
    def expm1(x: Real) -> Any:
        """(2^n - 1) + 2^n (exp(r) - 1); far above 0, where 2^n may overflow, exp(x)."""
        value, rest, shifted = exp_in_parts(x if x < twenty else twenty)
        power = times_power_of_two(one, shifted)
        near = fma(power, (value - one) + rest, power - one)
        near = near if x < twenty else exp(x) - one
        return near if x == x else x

    @inlined
    def log1p_near(f: Any) -> Any:
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
    def tanh(x: Real) -> Any:
        """X + x^3 P(x^2) near 0, else 1 - 2 / (exp(2 |x|) + 1) with the sign of x."""
        magnitude = x if x > zero else -x
        square = x * x
        near = fma(x * square, tanh_series(square), x)
        far = one - two / (exp(two * magnitude) + one)
        far = far if x > zero else -far
        return near if magnitude < tanh_near else (far if x == x else x)

    @inlined
    def sigmoid(x: Real) -> Any:
        """1 / (1 + e), or e / (1 + e) for x below 0, with e = exp(-|x|).

        The quotient is mended by what was rounded off e and 1 + e.
        """
        magnitude = x if x > zero else -x
        value, rest, shifted = exp_in_parts(-magnitude)
        e = times_power_of_two(value, shifted)
        e_low = times_power_of_two(rest, shifted)
        below = one + e
        below_low = e - (below - one) + e_low
        above, above_low = (one, zero) if x > zero else (e, e_low)
        share = one / below
        quotient = above * share
        left = fma(-quotient, below, above) + (above_low - quotient * below_low)
        return fma(left, share, quotient) if x == x else x

    @inlined
    def softplus(x: Real) -> Any:
        """max(x, 0) + log(1 + exp(-|x|))."""
        magnitude = x if x > zero else -x
        e = exp(-magnitude)
        far = e > third  # there (1 + e) / 2 - 1 is small
        tail = log1p_near((e - one) * half if far else e)
        tail = tail + (ln2_high + ln2_low) if far else tail
        value = (x if x > zero else zero) + tail
        return value if x == x else x

    if single:

        @inlined
        def log_of_erfc(x: Real) -> Any:
            return erfc_low(x - low_center)

    else:

        @inlined
        def log_of_erfc(x: Real) -> Any:
            low, high = erfc_low(x - low_center), erfc_high(x - high_center)
            return low if x < erfc_middle else high

    @inlined
    def erf(x: Real) -> Any:
        """X + x P(x^2) near 0, else 1 - exp(-Q(|x|)) with the sign of x."""
        magnitude = x if x > zero else -x
        near = fma(x, erf_series(x * x), x)
        far = one - exp(-log_of_erfc(magnitude if magnitude < erf_end else erf_end))
        far = far if x > zero else -far
        return near if magnitude < erf_near else (far if x == x else x)

    return Elementary(exp, log, tanh, sigmoid, erf, softplus, expm1)
