"""Schedules: a learning rate (or a momentum) as a function of the number of updates.

A schedule is called with t, the number of updates made before this one (0 for the first),
and `total`, the number of updates of the whole run; it returns a float. Any function of
these two serves; the ones here are the usual ones, with their settings as attributes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from clearprop.checks.settings import count, number, plain, takes
from clearprop.errors import ArgumentError, shown

_UPDATES = "a whole number of updates"

Rate = float | Callable[[int, int], float]
"""A number, or a schedule."""


def rate_at(rate: Rate, t: int, total: int, *, high: float = math.inf) -> float:
    """Return what a number or a schedule says at update t of `total`; a momentum is 1 at most."""
    if not callable(rate):
        return float(rate)
    return number(f"the schedule's value at update {t}", rate(t, total), low=0, high=high)


def check_rate(name: str, rate: Rate, *, high: float = math.inf) -> None:
    """Raise `ArgumentError` unless `rate` is a positive number or a function of (t, total)."""
    if not callable(rate):
        number(name, rate, low=0, high=high, open="low high")
        return
    if isinstance(rate, type) and rate.__module__ == __name__:
        maker = rate.__name__
        raise ArgumentError(f"{name} is cp.{maker} itself; call it: cp.{maker}(0.1, ...)")
    if not takes(rate, 2):
        raise ArgumentError(f"{name} is {shown(rate)}; a schedule is called with (t, total)")


def power(base: float, exponent: float) -> float:
    """Return a positive number to a power; infinity beyond the largest number."""
    try:
        return float(float(base) ** float(exponent))
    except OverflowError:
        return math.inf


@dataclass(frozen=True)
class constant:  # noqa: N801 - called as a function is
    """The same value at every update.

    Examples
    --------
    >>> import clearprop as cp
    >>> cp.constant(0.1)(99, 100)
    0.1
    """

    value: float

    def __post_init__(self) -> None:
        plain(self)
        number("value", self.value, low=0, open="low")

    def __call__(self, t: int, total: int) -> float:
        """Return the rate after t updates of `total`."""
        return float(self.value)


@dataclass(frozen=True)
class step:  # noqa: N801 - called as a function is
    """``initial * factor ** (t // every)``: a staircase. PyTorch's StepLR.

    Examples
    --------
    >>> import clearprop as cp
    >>> [cp.step(1.0, every=2, factor=0.5)(t, 5) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    initial: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        plain(self)
        number("initial", self.initial, low=0, open="low")
        number("factor", self.factor, low=0, open="low")
        count("every", self.every, 1, _UPDATES)

    def __call__(self, t: int, total: int) -> float:
        """Return the rate after t updates of `total`."""
        return float(self.initial * power(self.factor, t // self.every))


@dataclass(frozen=True)
class exponential:  # noqa: N801 - called as a function is
    """``initial * factor ** t``. PyTorch's ExponentialLR.

    Examples
    --------
    >>> import clearprop as cp
    >>> [cp.exponential(1.0, 0.5)(t, 3) for t in range(3)]
    [1.0, 0.5, 0.25]
    """

    initial: float
    factor: float

    def __post_init__(self) -> None:
        plain(self)
        number("initial", self.initial, low=0, open="low")
        number("factor", self.factor, low=0, open="low")

    def __call__(self, t: int, total: int) -> float:
        """Return the rate after t updates of `total`."""
        return float(self.initial * power(self.factor, t))


@dataclass(frozen=True)
class cosine:  # noqa: N801 - called as a function is
    """Half a cosine from `initial` to `final` over `steps` updates; None: over the whole run.

    ``final + (initial - final) (1 + cos(pi t / steps)) / 2``, and `final` afterwards.
    PyTorch's CosineAnnealingLR. Source: Loshchilov, Hutter, ICLR 2017.

    Examples
    --------
    >>> import clearprop as cp
    >>> [round(cp.cosine(1.0)(t, 4), 3) for t in range(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """

    initial: float
    steps: int | None = None
    final: float = 0.0

    def __post_init__(self) -> None:
        plain(self)
        number("initial", self.initial, low=0, open="low")
        number("final", self.final, low=0)
        if self.steps is not None:
            count("steps", self.steps, 1, _UPDATES)

    def __call__(self, t: int, total: int) -> float:
        """Return the rate after t updates of `total`."""
        share = min(t / (self.steps or max(total, 1)), 1.0)
        left = (1 + math.cos(math.pi * share)) / 2
        return float(self.final + (self.initial - self.final) * left)


@dataclass(frozen=True)
class warmup_cosine:  # noqa: N801 - called as a function is
    """A straight rise to `initial` over `warmup` updates, then `cosine` to the end.

    ``initial (t + 1) / warmup`` while t < warmup, so that the first update moves already;
    then the cosine to `final` over the remaining ``steps - warmup`` updates (None: of the run).

    Examples
    --------
    >>> import clearprop as cp
    >>> [round(cp.warmup_cosine(1.0, warmup=2)(t, 6), 3) for t in range(6)]
    [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
    """

    initial: float
    warmup: int
    steps: int | None = None
    final: float = 0.0

    def __post_init__(self) -> None:
        plain(self)
        number("initial", self.initial, low=0, open="low")
        number("final", self.final, low=0)
        count("warmup", self.warmup, 1, _UPDATES)
        if self.steps is not None:
            count("steps", self.steps, 1, _UPDATES)

    def __call__(self, t: int, total: int) -> float:
        """Return the rate after t updates of `total`."""
        if t < self.warmup:
            return float(self.initial * (t + 1) / self.warmup)
        falling = max((self.steps or total) - self.warmup, 1)
        return cosine(self.initial, falling, self.final)(t - self.warmup, total)


@dataclass(frozen=True)
class inverse_scaling:  # noqa: N801 - called as a function is
    """``initial / (t + 1) ** power``, scikit-learn's "invscaling" with updates as its t.

    With a power above 1/2 and up to 1, the rates of Robbins and Monro, under which
    stochastic gradient descent converges. Source: Annals of Mathematical Statistics 22 (1951).

    Examples
    --------
    >>> import clearprop as cp
    >>> [cp.inverse_scaling(1.0, power=1.0)(t, 4) for t in range(4)]
    [1.0, 0.5, 0.3333333333333333, 0.25]
    """

    initial: float
    power: float = 0.5

    def __post_init__(self) -> None:
        plain(self)
        number("initial", self.initial, low=0, open="low")
        number("power", self.power, low=0, open="low")

    def __call__(self, t: int, total: int) -> float:
        """Return the rate after t updates of `total`."""
        return float(self.initial / power(t + 1, self.power))
