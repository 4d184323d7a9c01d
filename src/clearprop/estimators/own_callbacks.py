"""Callbacks that see every epoch, and epochs that count on from one `partial_fit` to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from clearprop.checks.settings import takes
from clearprop.errors import shown
from clearprop.training.watching.epochs import Epoch


def callbacks_of(estimator: Any) -> list[Any]:
    """Return the estimator's callbacks.

    Raises
    ------
    TypeError
        If one cannot be called.
    """
    given = estimator.callbacks
    hooks = [] if given is None else [given] if callable(given) else list(given)
    for hook in hooks:
        if not takes(hook, 1):
            raise TypeError(f"a callback is {shown(hook)}; it must be a function of the epoch")
    return hooks


@dataclass(frozen=True)
class CountingOn:
    """A callback that is told of epochs as of one run, whichever call of `partial_fit` they are of.

    Parameters
    ----------
    callback : callable
    epochs : int
        Before those of this call.
    seconds : float
        That they took.
    """

    callback: Callable[[Epoch], object]
    epochs: int
    seconds: float

    def __call__(self, epoch: Epoch) -> object:
        """Tell the callback of an epoch."""
        number, seconds = epoch.epoch + self.epochs, epoch.seconds + self.seconds
        return self.callback(replace(epoch, epoch=number, seconds=seconds))
