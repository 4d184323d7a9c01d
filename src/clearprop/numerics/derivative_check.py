"""Holds a user's derivative to central differences of the user's function.

A wrong derivative trains without complaint and learns the wrong thing, so a function is
checked when it is made and refused with the worst point and both values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import DerivativeError, said
from clearprop.numerics.random import Purpose, uniform

Array = NDArray[Any]

TOLERANCE = 1e-6
"""Largest accepted error, relative to the derivative or a thousandth of its range."""

STEPS = (1e-3, 1e-4, 1e-5, 1e-6)

POINTS = 60
"""Outputs that are tried of each domain of a loss, at least."""


class Sample(NamedTuple):
    """One point: where, what was given, what differences say, and the size of the function."""

    where: str
    given: float
    difference: float
    size: float


def best_difference(function: Callable[[float], float], at: float, given: float) -> float:
    """Return the central difference of `function` that comes nearest to `given`.

    Over steps h from 1e-3 down to 1e-6, with one step of Richardson extrapolation each: a
    right derivative agrees with at least one of them, however steep the function is or near
    a kink lies; a wrong one agrees with none.

    Examples
    --------
    >>> round(best_difference(lambda x: x**3, 2.0, given=12.0), 9)
    12.0
    """
    differences = []
    for h in STEPS:
        wide = (function(at + h) - function(at - h)) / (2 * h)
        narrow = (function(at + h / 2) - function(at - h / 2)) / h
        differences.append((4 * narrow - wide) / 3)
    return min(differences, key=lambda difference: abs(given - difference))


def check_scalar_derivative(
    name: str, f: Callable[[float], float], derivative: Callable[[float], float]
) -> None:
    """Compare `derivative` with differences of `f` at 160 points from -8 to 8."""
    samples = []
    for point in -8 + 16 * (np.arange(160) + 0.3719) / 160:
        z = float(point)
        given = _number(name, "derivative", derivative, z)
        difference = best_difference(lambda x: _number(name, "f", f, x), z, given)
        samples.append(Sample(f"z = {z:.6g}", given, difference, abs(_number(name, "f", f, z))))
    _refuse_the_worst(f"activation {name!r}", samples)


def check_loss_derivative(
    name: str,
    value: Callable[[Array, Array], Any],
    derivative: Callable[[Array, Array], Any],
    outputs: int | None,
) -> None:
    """Compare `derivative` with differences of `value` over samples of so many outputs.

    None stands for 1, 2 and 3 in turn.

    A loss may be made for probabilities or rates only, so outputs and targets are drawn from
    three domains (all real numbers, positive ones, shares that sum to 1), and a domain in
    which the loss is not finite is passed over. At least one has to be left.
    """
    samples: list[Sample] = []
    reason = "its value is not finite"
    hint = "" if outputs else "; a loss for n outputs alone is made with outputs=n"
    for a, y in _loss_samples(outputs):
        try:
            given, difference = _loss_gradients(value, derivative, a, y, hint)
            size = abs(float(value(a.copy(), y.copy())))
        except DerivativeError as error:
            raise DerivativeError(f"loss {name!r}: {error}") from None
        except Exception as error:  # the user's code may raise anything
            reason = f"it raised {said(error)}"
            continue
        if not (np.isfinite(given).all() and np.isfinite(difference).all()):
            continue
        place = f"a = {np.array2string(a, precision=4)}, y = {np.array2string(y, precision=4)}"
        samples += [
            Sample(f"output {i} of {place}", float(given[i]), float(difference[i]), size)
            for i in range(a.size)
        ]
    if not samples:
        raise DerivativeError(
            f"loss {name!r} could not be evaluated at any test point: {reason}{hint}"
        )
    _refuse_the_worst(f"loss {name!r}", samples)


def _refuse_the_worst(what: str, samples: list[Sample]) -> None:
    """Raise `DerivativeError` for the sample with the largest error, if that is too large.

    Errors are measured against the derivative there, or a thousandth of the largest one; what
    rounding of the function itself does to a difference is allowed for.
    """
    largest = max(max(abs(s.given), abs(s.difference)) for s in samples)

    def excess(s: Sample) -> float:
        scale = max(abs(s.given), abs(s.difference), 1e-3 * largest)
        rounding = 16 * np.finfo(np.float64).eps * s.size / STEPS[0]
        error = abs(s.given - s.difference)
        return float(error / (TOLERANCE * scale + rounding)) if error else 0.0

    worst = max(samples, key=excess)
    if not excess(worst) <= 1:
        raise DerivativeError(
            f"{what}: the derivative given is wrong, worst at {worst.where}, where it says "
            f"{worst.given:.10g} and central differences say {worst.difference:.10g}"
        )


def _loss_gradients(
    value: Callable[[Array, Array], Any],
    derivative: Callable[[Array, Array], Any],
    a: Array,
    y: Array,
    hint: str,
) -> tuple[Array, Array]:
    with np.errstate(all="ignore"):
        given = _real("derivative", derivative(a.copy(), y.copy()))
        if given.shape != a.shape:
            raise DerivativeError(
                f"derivative(a, y) must have a's shape {a.shape}, but has shape {given.shape}{hint}"
            )
        if np.ndim(_real("value", value(a.copy(), y.copy()))) != 0:
            raise DerivativeError(f"value(a, y) must be one number for one sample's arrays{hint}")

        def along(i: int) -> Callable[[float], float]:
            return lambda x: float(value(np.where(np.arange(a.size) == i, x, a), y.copy()))

        difference = np.array(
            [best_difference(along(i), float(a[i]), float(given[i])) for i in range(a.size)]
        )
    return given, difference


def _real(what: str, found: Any) -> Array:
    """Return what a loss gave as numbers, of which none may be complex or text."""
    if odd := _no_real_number(found):
        raise DerivativeError(f"{what}(a, y) is {odd}; it must be real")
    return np.asarray(found, dtype=np.float64)


def _no_real_number(found: Any) -> str:
    """Return what a function gave that `float` or NumPy takes for a number; "" if it is one."""
    kind = np.asarray(found).dtype.kind
    return (
        "complex" if kind == "c" else "text" if isinstance(found, bytearray) or kind in "SU" else ""
    )


def _loss_samples(outputs: int | None) -> list[tuple[Array, Array]]:
    sizes = (1, 2, 3) if outputs is None else (outputs,)
    most = max(sizes)
    pairs = -(-POINTS // most)
    draws = uniform(0, Purpose.CHECK, len(sizes) * pairs * 2 * most)
    samples = []
    for size, of_size in zip(sizes, draws.reshape(len(sizes), pairs, 2, most), strict=True):
        for pair in of_size:
            a, y = pair[:, :size]
            samples.append((6 * a - 3, 6 * y - 3))
            samples.append((0.2 + 2 * a, 0.2 + 2 * y))
            if size > 1:
                a, y = 0.1 + a, 0.1 + y
                samples.append((a / a.sum(), y / y.sum()))
            else:
                samples.append((0.1 + 0.8 * a, y.round()))
    return samples


def _number(name: str, what: str, function: Callable[[float], float], z: float) -> float:
    try:
        found = function(z)
        odd = _no_real_number(found)
        number = np.nan if odd else float(found)
    except Exception as error:  # the user's code may raise anything
        raise DerivativeError(
            f"activation {name!r}: {what}({z:.6g}) raised {said(error)}"
        ) from error
    if odd:
        raise DerivativeError(f"activation {name!r}: {what}({z:.6g}) is {odd}, no real number")
    if not np.isfinite(number):
        raise DerivativeError(f"activation {name!r}: {what}({z:.6g}) is {number}, not finite")
    return number
