"""Optimizers: a loop over parameters and the sums of their gradients, and a rule for one of them.

A kernel takes (count, w, s, state, state_2, update, flag): parameters, the sums of w_i dL_i/dw,
the optimizer's state, all changed in place; and what is said of this update, see `plan`. The
gradient is g = s / sum w + l2 w. Where a new parameter is not finite, as it is after a gradient
that is not, 1 is written to the flag.

A new optimizer is one entry of `RULES`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

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


class Rule(NamedTuple):
    """How one parameter changes.

    `settings` makes a tuple of numbers of what is said of the update, once for all parameters.
    `step` (w, g, first, second, settings) returns the new w, and the new numbers of the state.
    It uses the first `states` of them; the others are 0. With `marks_gradient`, g has to be
    finite for itself: the new w may be where g is not.
    """

    states: int
    settings: Callable[[Any], Any]
    step: Callable[..., tuple[Any, Any, Any]]
    marks_gradient: bool = False


def _sgd(real: Any) -> Rule:
    def settings(update: Any) -> Any:
        return real(get(update, M_RATE)), real(get(update, M_S0))

    def step(w: Any, g: Any, first: Any, second: Any, settings: Any) -> Any:
        rate, shrink = settings
        return (w - rate * g) * shrink, first, second

    return Rule(0, settings, step)


def _momentum(real: Any) -> Rule:
    def settings(update: Any) -> Any:
        return real(get(update, M_RATE)), real(get(update, M_MOMENTUM)), real(get(update, M_S0))

    def step(w: Any, g: Any, velocity: Any, second: Any, settings: Any) -> Any:
        rate, mu, shrink = settings
        velocity = mu * velocity - rate * g
        return (w + velocity) * shrink, velocity, second

    return Rule(1, settings, step)


def _nesterov(real: Any) -> Rule:
    def settings(update: Any) -> Any:
        return real(get(update, M_RATE)), real(get(update, M_MOMENTUM)), real(get(update, M_S0))

    def step(w: Any, g: Any, velocity: Any, second: Any, settings: Any) -> Any:
        rate, mu, shrink = settings
        change = -rate * g
        velocity = mu * velocity + change
        return (w + (change + mu * velocity)) * shrink, velocity, second

    return Rule(1, settings, step)


def _adam(real: Any) -> Rule:
    def settings(update: Any) -> Any:
        rate, beta_1, beta_2 = get(update, M_RATE), get(update, M_S0), get(update, M_S1)
        size, kept = real(rate * get(update, M_CORRECTION)), real(1.0 - get(update, M_S3) * rate)
        root_correction, epsilon = real(get(update, M_ROOT_CORRECTION)), real(get(update, M_S2))
        return (
            size, kept, root_correction, epsilon,
            real(1.0 - beta_1), real(beta_2), real(1.0 - beta_2),
        )  # fmt: skip

    def step(w: Any, g: Any, m: Any, v: Any, settings: Any) -> Any:
        size, kept, root_correction, epsilon, new_1, old_2, new_2 = settings
        m = fma(new_1, g - m, m)
        v = fma(old_2, v, new_2 * g * g)
        root = fma(square_root(v), root_correction, epsilon)
        return w * kept - size * (m / root), m, v

    return Rule(2, settings, step)


def _rmsprop(real: Any) -> Rule:
    def settings(update: Any) -> Any:
        alpha, epsilon = get(update, M_S0), real(get(update, M_S1))
        return real(get(update, M_RATE)), epsilon, real(alpha), real(1.0 - alpha)

    def step(w: Any, g: Any, square: Any, second: Any, settings: Any) -> Any:
        rate, epsilon, kept, new_share = settings
        square = fma(kept, square, new_share * g * g)
        return w - rate * (g / (square_root(square) + epsilon)), square, second

    return Rule(1, settings, step)


def _rmsprop_momentum(real: Any) -> Rule:
    def settings(update: Any) -> Any:
        alpha, epsilon, mu = get(update, M_S0), real(get(update, M_S1)), get(update, M_MOMENTUM)
        return real(get(update, M_RATE)), epsilon, real(alpha), real(1.0 - alpha), real(mu)

    def step(w: Any, g: Any, square: Any, velocity: Any, settings: Any) -> Any:
        rate, epsilon, kept, new_share, mu = settings
        square = fma(kept, square, new_share * g * g)
        velocity = fma(mu, velocity, g / (square_root(square) + epsilon))
        return w - rate * velocity, square, velocity

    return Rule(2, settings, step)


def _rprop(real: Any) -> Rule:
    zero, one = real(0), real(1)

    def settings(update: Any) -> Any:
        cut, grow = real(get(update, M_S0)), real(get(update, M_S1))
        return cut, grow, real(get(update, M_S2)), real(get(update, M_S3))

    def step(w: Any, g: Any, size: Any, last: Any, settings: Any) -> Any:
        cut, grow, smallest, largest = settings
        sign = one if g > zero else (-one if g < zero else zero)
        last_sign = one if last > zero else (-one if last < zero else zero)
        agreement = sign * last_sign
        size = size * (grow if agreement > zero else (cut if agreement < zero else one))
        size = size if size > smallest else smallest
        size = size if size < largest else largest
        new = w - (zero if agreement < zero else sign * size)
        return new, size, zero if agreement < zero else g

    return Rule(2, settings, step, marks_gradient=True)


def _keep(real: Any) -> Rule:
    def settings(update: Any) -> Any:
        return ()

    def step(w: Any, g: Any, gradient: Any, second: Any, settings: Any) -> Any:
        return w, g, second

    return Rule(1, settings, step, marks_gradient=True)


RULES: dict[str, Callable[[Any], Rule]] = {
    "sgd": _sgd,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "adam": _adam,
    "rmsprop": _rmsprop,
    "rmsprop_momentum": _rmsprop_momentum,
    "rprop": _rprop,
    "keep": _keep,
}
"""By name, what makes the rule of a type; "keep" changes nothing and keeps the gradient."""


def build(name: str, precision: Precision) -> tuple[Callable[..., None], list[Any]]:
    """Return the kernel of a rule.

    Raises
    ------
    MissingPieceError
        If no table holds that optimizer.
    """
    if name not in RULES:
        missing_piece(f"optimizer {name!r}", "kernel", "RULES in engine/kernels/optimizers.py")
    real: Any = precision.arithmetic
    states, settings_of, step, marks_gradient = RULES[name](real)
    settings_of, step = inlined(settings_of), inlined(step)
    has_first, has_second, zero = states > 0, states > 1, real(0)

    def optimizer(
        count: Any, w: Any, s: Any, state: Any, state_2: Any, update: Any, flag: Any
    ) -> None:
        inverse, l2 = real(get(update, M_INVERSE)), real(get(update, M_L2))
        settings = settings_of(update)
        bad = unmarked(zero)
        for i in range(count):
            old = get(w, i)
            g = fma(l2, old, get(s, i) * inverse)
            first = get(state, i) if has_first else zero
            second = get(state_2, i) if has_second else zero
            new, first, second = step(old, g, first, second, settings)
            if marks_gradient:
                bad = mark(bad, g)
            bad = mark(bad, new)
            if has_first:
                put(state, i, first)
            if has_second:
                put(state_2, i, second)
            put(w, i, new)
        if bad:
            put(flag, 0, 1)

    pointer = real_pointer(precision)
    doubles, whole = types.CPointer(types.float64), types.CPointer(types.int64)
    return optimizer, [types.int64, pointer, pointer, pointer, pointer, doubles, whole]
