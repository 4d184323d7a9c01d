"""A schedule for an optimizer: what its learning rate does over a run, by one word of a setup."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from clearprop.errors import ArgumentError
from clearprop.optimizers import OPTIMIZERS, Optimizer, RProp
from clearprop.schedules import Rate, cosine, exponential, rate_at, step, warmup_cosine

FLOORS = 3
"""Floors of the staircase "step", each a tenth of the one before."""

LAST = 0.01
"""Where "exponential" ends, as a share of where it begins."""

WARMUP = 20
"""The rise of "warmup_cosine" takes one of so many parts of the run."""


def scheduled(optimizer: Optimizer, name: str, total: int) -> Optimizer:
    """Return the optimizer with a schedule over `total` updates; without a name, as it is.

    Raises
    ------
    ArgumentError
        If it has no learning rate that may change, as far as is known: an optimizer of the user's
        own has to have one that is a schedule already.

    Examples
    --------
    >>> import clearprop as cp
    >>> scheduled(cp.SGD(0.1), "step", 30).learning_rate
    step(initial=0.1, every=10, factor=0.1)
    """
    if not name:
        return optimizer
    if isinstance(optimizer, RProp):
        raise ArgumentError("RProp finds its steps itself: leave the schedule out")
    rule: Any = optimizer
    if not takes_rate(rule) or not (_is_ours(rule) or callable(rule.learning_rate)):
        raise ArgumentError(
            f"{type(rule).__name__} is a class of your own, of whose learning rate nothing is "
            "known here: leave the schedule out"
        )
    return replace(rule, learning_rate=_schedule(name, rate_at(rule.learning_rate, 0, 1), total))


def takes_rate(rule: Any) -> bool:
    """Whether another learning rate can be put into an optimizer."""
    return is_dataclass(rule) and any(one.name == "learning_rate" and one.init
                                      for one in fields(rule))  # fmt: skip


def _is_ours(rule: Any) -> bool:
    return type(rule) in OPTIMIZERS.values()


def _schedule(name: str, rate: float, total: int) -> Rate:
    if name == "step":
        return step(rate, every=max(total // FLOORS, 1))
    if name == "exponential":
        return exponential(rate, LAST ** (1 / total))
    if name == "warmup_cosine":
        return warmup_cosine(rate, warmup=max(total // WARMUP, 1))
    return cosine(rate)
