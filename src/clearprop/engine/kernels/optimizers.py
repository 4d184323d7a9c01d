"""Optimizers: loops over parameters and the sums of their gradients, which they change in place.

A kernel takes (count, w, s, state, state_2, moment, flag): parameters, the sums of w_i dL_i/dw,
the optimizer's state, and what is said of this update, see `plan`. The gradient is
g = s / sum w + l2 w. Where a new parameter is not finite, as it is after a gradient that is
not, or for "keep" the gradient itself, 1 is written to the flag.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit, types

from clearprop.engine.kernels.elementary import compiled as inlined
from clearprop.engine.kernels.intrinsics import fma, mark, square_root, unmarked
from clearprop.engine.kernels.plan import (
    M_CORRECTION,
    M_INVERSE,
    M_L2,
    M_MOMENTUM,
    M_RATE,
    M_ROOT_CORRECTION,
    M_S0,
    M_S1,
    M_S2,
    M_S3,
)
from clearprop.engine.kernels.pointers import get, put, real_pointer
from clearprop.engine.kernels.precision import Precision
from clearprop.errors import missing_piece

compiled = njit(error_model="numpy", nogil=True)


def build(name: str, precision: Precision) -> tuple[Callable[..., None], list[Any]]:
    """Return a kernel: "sgd", "momentum", "nesterov", "adam", "adamw", ..., or "keep"."""
    real: Any = precision.arithmetic
    one, zero = real(1), real(0)

    @inlined
    def setting(moment: Any, place: Any) -> Any:
        return real(get(moment, place))

    @inlined
    def gradient(w: Any, s: Any, inverse: Any, l2: Any) -> Any:
        return fma(l2, w, s * inverse)

    def sgd(count: Any, w: Any, s: Any, state: Any, state_2: Any, moment: Any, flag: Any) -> None:
        inverse, l2 = setting(moment, M_INVERSE), setting(moment, M_L2)
        rate, shrink = setting(moment, M_RATE), setting(moment, M_S0)
        bad = unmarked(zero)
        for i in range(count):
            old = get(w, i)
            g = gradient(old, get(s, i), inverse, l2)
            new = (old - rate * g) * shrink
            bad = mark(bad, new)
            put(w, i, new)
        if bad:
            put(flag, 0, 1)

    def momentum(
        count: Any, w: Any, s: Any, state: Any, state_2: Any, moment: Any, flag: Any
    ) -> None:
        inverse, l2 = setting(moment, M_INVERSE), setting(moment, M_L2)
        rate, mu = setting(moment, M_RATE), setting(moment, M_MOMENTUM)
        shrink = setting(moment, M_S0)
        bad = unmarked(zero)
        for i in range(count):
            old = get(w, i)
            g = gradient(old, get(s, i), inverse, l2)
            velocity = mu * get(state, i) - rate * g
            new = (old + velocity) * shrink
            bad = mark(bad, new)
            put(state, i, velocity)
            put(w, i, new)
        if bad:
            put(flag, 0, 1)

    def nesterov(
        count: Any, w: Any, s: Any, state: Any, state_2: Any, moment: Any, flag: Any
    ) -> None:
        inverse, l2 = setting(moment, M_INVERSE), setting(moment, M_L2)
        rate, mu = setting(moment, M_RATE), setting(moment, M_MOMENTUM)
        shrink = setting(moment, M_S0)
        bad = unmarked(zero)
        for i in range(count):
            old = get(w, i)
            step = -rate * gradient(old, get(s, i), inverse, l2)
            velocity = mu * get(state, i) + step
            new = (old + (step + mu * velocity)) * shrink
            bad = mark(bad, new)
            put(state, i, velocity)
            put(w, i, new)
        if bad:
            put(flag, 0, 1)

    def adam(count: Any, w: Any, s: Any, state: Any, state_2: Any, moment: Any, flag: Any) -> None:
        inverse, l2 = setting(moment, M_INVERSE), setting(moment, M_L2)
        rate, correction = get(moment, M_RATE), get(moment, M_CORRECTION)
        size, root_correction = real(rate * correction), setting(moment, M_ROOT_CORRECTION)
        kept = real(1.0 - get(moment, M_S3) * rate)
        new_1, epsilon = real(1.0 - get(moment, M_S0)), setting(moment, M_S2)
        old_2, new_2 = setting(moment, M_S1), real(1.0 - get(moment, M_S1))
        bad = unmarked(zero)
        for i in range(count):
            old = get(w, i)
            g = gradient(old, get(s, i), inverse, l2)
            m, v = get(state, i), get(state_2, i)
            m = fma(new_1, g - m, m)
            v = fma(old_2, v, new_2 * g * g)
            root = fma(square_root(v), root_correction, epsilon)
            new = old * kept - size * (m / root)
            bad = mark(bad, new)
            put(state, i, m)
            put(state_2, i, v)
            put(w, i, new)
        if bad:
            put(flag, 0, 1)

    def rmsprop(
        count: Any, w: Any, s: Any, state: Any, state_2: Any, moment: Any, flag: Any
    ) -> None:
        inverse, l2 = setting(moment, M_INVERSE), setting(moment, M_L2)
        rate, epsilon = setting(moment, M_RATE), setting(moment, M_S1)
        kept, new_share = setting(moment, M_S0), real(1.0 - get(moment, M_S0))
        bad = unmarked(zero)
        for i in range(count):
            old = get(w, i)
            g = gradient(old, get(s, i), inverse, l2)
            square = fma(kept, get(state, i), new_share * g * g)
            new = old - rate * (g / (square_root(square) + epsilon))
            bad = mark(bad, new)
            put(state, i, square)
            put(w, i, new)
        if bad:
            put(flag, 0, 1)

    def rmsprop_momentum(
        count: Any, w: Any, s: Any, state: Any, state_2: Any, moment: Any, flag: Any
    ) -> None:
        inverse, l2 = setting(moment, M_INVERSE), setting(moment, M_L2)
        rate, epsilon = setting(moment, M_RATE), setting(moment, M_S1)
        kept, new_share = setting(moment, M_S0), real(1.0 - get(moment, M_S0))
        mu = setting(moment, M_MOMENTUM)
        bad = unmarked(zero)
        for i in range(count):
            old = get(w, i)
            g = gradient(old, get(s, i), inverse, l2)
            square = fma(kept, get(state, i), new_share * g * g)
            velocity = fma(mu, get(state_2, i), g / (square_root(square) + epsilon))
            new = old - rate * velocity
            bad = mark(bad, new)
            put(state, i, square)
            put(state_2, i, velocity)
            put(w, i, new)
        if bad:
            put(flag, 0, 1)

    def rprop(count: Any, w: Any, s: Any, state: Any, state_2: Any, moment: Any, flag: Any) -> None:
        inverse, l2 = setting(moment, M_INVERSE), setting(moment, M_L2)
        cut, grow = setting(moment, M_S0), setting(moment, M_S1)
        smallest, largest = setting(moment, M_S2), setting(moment, M_S3)
        bad = unmarked(zero)
        for i in range(count):
            old = get(w, i)
            g = gradient(old, get(s, i), inverse, l2)
            sign = one if g > zero else (-one if g < zero else zero)
            last = get(state_2, i)
            last_sign = one if last > zero else (-one if last < zero else zero)
            agreement = sign * last_sign
            size = get(state, i)
            size = size * (grow if agreement > zero else (cut if agreement < zero else one))
            size = size if size > smallest else smallest
            size = size if size < largest else largest
            new = old - (zero if agreement < zero else sign * size)
            bad = mark(mark(bad, g), new)
            put(state, i, size)
            put(state_2, i, zero if agreement < zero else g)
            put(w, i, new)
        if bad:
            put(flag, 0, 1)

    def keep(count: Any, w: Any, s: Any, state: Any, state_2: Any, moment: Any, flag: Any) -> None:
        inverse, l2 = setting(moment, M_INVERSE), setting(moment, M_L2)
        bad = unmarked(zero)
        for i in range(count):
            g = gradient(get(w, i), get(s, i), inverse, l2)
            bad = mark(bad, g)
            put(state, i, g)
        if bad:
            put(flag, 0, 1)

    table = {
        "sgd": sgd,
        "momentum": momentum,
        "nesterov": nesterov,
        "adam": adam,
        "rmsprop": rmsprop,
        "rmsprop_momentum": rmsprop_momentum,
        "rprop": rprop,
        "keep": keep,
    }
    if name not in table:
        missing_piece(f"optimizer {name!r}", "kernel", "RULES in engine/kernels/optimizers.py")
    pointer = real_pointer(precision)
    doubles, whole = types.CPointer(types.float64), types.CPointer(types.int64)
    return table[name], [types.int64, pointer, pointer, pointer, pointer, doubles, whole]
