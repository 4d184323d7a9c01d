"""Schedules: a learning rate (or a momentum) as a function of the number of updates.

A schedule is called with t, the number of updates made before this one (0 for the first),
and `total`, the number of updates of the whole run; it returns a float. Any function of
these two serves; the ones here are the usual ones.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clearprop.checks.settings import count, number
from clearprop.errors import ArgumentError


@dataclass(frozen=True)
class Schedule:
    """A named schedule with its settings; call it with (t, total)."""

    name: str
    settings: tuple[tuple[str, Any], ...]

    def __call__(self, t: int, total: int) -> float:
        """Return the value for the update that follows t updates, of `total` in the run."""
        return float(_RULES[self.name](t, total, **dict(self.settings)))

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v!r}' for k, v in self.settings)})"


_UPDATES = "a whole number of updates"

Rate = float | Callable[[int, int], float]
"""A number, or a schedule."""


def rate_at(rate: Rate, t: int, total: int) -> float:
    """Return what a number or a schedule says at update t of `total`."""
    if not callable(rate):
        return float(rate)
    return number(f"the schedule's value at update {t}", rate(t, total), low=0)


def check_rate(name: str, rate: Rate, *, high: float = math.inf) -> None:
    """Raise `ArgumentError` unless `rate` is a positive number or a function of (t, total)."""
    if not callable(rate):
        number(name, rate, low=0, high=high, open="low high")
        return
    maker = getattr(rate, "__name__", "")
    if getattr(rate, "__module__", "") == __name__ and not isinstance(rate, Schedule):
        raise ArgumentError(f"{name} is cp.{maker} itself; call it: cp.{maker}(0.1, ...)")
    try:
        inspect.signature(rate).bind(0, 1)
    except TypeError:
        raise ArgumentError(f"{name} is {rate!r}; a schedule is called with (t, total)") from None
    except ValueError:  # a built-in function, which does not tell
        return


def constant(value: float) -> Schedule:
    """The same value at every update.

    Examples
    --------
    >>> import clearprop as cp
    >>> cp.constant(0.1)(99, 100)
    0.1
    """
    number("value", value, low=0, open="low")
    return Schedule("constant", (("value", value),))


def step(initial: float, every: int, factor: float = 0.1) -> Schedule:
    """``initial * factor ** (t // every)``: a staircase. PyTorch's StepLR.

    Examples
    --------
    >>> import clearprop as cp
    >>> [cp.step(1.0, every=2, factor=0.5)(t, 5) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    number("initial", initial, low=0, open="low")
    number("factor", factor, low=0, open="low")
    count("every", every, 1, _UPDATES)
    settings = (("initial", initial), ("every", every), ("factor", factor))
    return Schedule("step", settings)


def exponential(initial: float, factor: float) -> Schedule:
    """``initial * factor ** t``. PyTorch's ExponentialLR.

    Examples
    --------
    >>> import clearprop as cp
    >>> [cp.exponential(1.0, 0.5)(t, 3) for t in range(3)]
    [1.0, 0.5, 0.25]
    """
    number("initial", initial, low=0, open="low")
    number("factor", factor, low=0, open="low")
    settings = (("initial", initial), ("factor", factor))
    return Schedule("exponential", settings)


def cosine(initial: float, steps: int | None = None, final: float = 0.0) -> Schedule:
    """Half a cosine from `initial` to `final` over `steps` updates; None: over the whole run.

    ``final + (initial - final) (1 + cos(pi t / steps)) / 2``, and `final` afterwards.
    PyTorch's CosineAnnealingLR. Source: Loshchilov, Hutter, ICLR 2017.

    Examples
    --------
    >>> import clearprop as cp
    >>> [round(cp.cosine(1.0)(t, 4), 3) for t in range(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """
    number("initial", initial, low=0, open="low")
    number("final", final, low=0)
    if steps is not None:
        count("steps", steps, 1, _UPDATES)
    settings = (("initial", initial), ("steps", steps), ("final", final))
    return Schedule("cosine", settings)


def warmup_cosine(
    initial: float, warmup: int, steps: int | None = None, final: float = 0.0
) -> Schedule:
    """A straight rise to `initial` over `warmup` updates, then `cosine` to the end.

    ``initial (t + 1) / warmup`` while t < warmup, so that the first update moves already;
    then the cosine to `final` over the remaining ``steps - warmup`` updates (None: of the run).

    Examples
    --------
    >>> import clearprop as cp
    >>> [round(cp.warmup_cosine(1.0, warmup=2)(t, 6), 3) for t in range(6)]
    [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
    """
    number("initial", initial, low=0, open="low")
    number("final", final, low=0)
    count("warmup", warmup, 1, _UPDATES)
    if steps is not None:
        count("steps", steps, 1, _UPDATES)
    settings = (("initial", initial), ("warmup", warmup), ("steps", steps), ("final", final))
    return Schedule("warmup_cosine", settings)


def inverse_scaling(initial: float, power: float = 0.5) -> Schedule:
    """``initial / (t + 1) ** power``, scikit-learn's "invscaling" with updates as its t.

    With a power above 1/2 and up to 1, the rates of Robbins and Monro, under which
    stochastic gradient descent converges. Source: Annals of Mathematical Statistics 22 (1951).

    Examples
    --------
    >>> import clearprop as cp
    >>> [cp.inverse_scaling(1.0, power=1.0)(t, 4) for t in range(4)]
    [1.0, 0.5, 0.3333333333333333, 0.25]
    """
    number("initial", initial, low=0, open="low")
    number("power", power, low=0, open="low")
    settings = (("initial", initial), ("power", power))
    return Schedule("inverse_scaling", settings)


def _constant(t: int, total: int, value: float) -> float:
    return value


def _step(t: int, total: int, initial: float, every: int, factor: float) -> float:
    return initial * factor ** (t // every)


def _exponential(t: int, total: int, initial: float, factor: float) -> float:
    return initial * factor**t


def _cosine(t: int, total: int, initial: float, steps: int | None, final: float) -> float:
    share = min(t / (steps or total), 1.0)
    return final + (initial - final) * (1 + math.cos(math.pi * share)) / 2


def _warmup_cosine(
    t: int, total: int, initial: float, warmup: int, steps: int | None, final: float
) -> float:
    if t < warmup:
        return initial * (t + 1) / warmup
    return _cosine(t - warmup, total, initial, max((steps or total) - warmup, 1), final)


def _inverse_scaling(t: int, total: int, initial: float, power: float) -> float:
    return initial / (t + 1) ** power


_RULES: dict[str, Callable[..., float]] = {
    "constant": _constant,
    "step": _step,
    "exponential": _exponential,
    "cosine": _cosine,
    "warmup_cosine": _warmup_cosine,
    "inverse_scaling": _inverse_scaling,
}
