"""Early stopping: end a run when a figure no longer improves, and keep its best parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from clearprop.errors import ArgumentError
from clearprop.history import Epoch
from clearprop.metrics import Metric


@dataclass(frozen=True)
class EarlyStopping:
    """Stop after `patience` epochs without improvement, and restore the best epoch's parameters.

    Parameters
    ----------
    patience : int
        How many epochs in a row may pass without improvement; 1 or more.
    monitor : str, optional
        The figure watched: "loss", "validation_loss", a metric's name, or that with the
        prefix ``validation_``. None: "validation_loss" where there is validation data, else
        "loss".
    min_delta : float
        By how much it has to improve to count.
    mode : {"min", "max"}, optional
        Which way is better. None: as the table of metrics says.

    Examples
    --------
    >>> import clearprop as cp
    >>> cp.EarlyStopping(patience=5, monitor="validation_accuracy")
    EarlyStopping(patience=5, monitor='validation_accuracy', min_delta=0.0, mode=None)
    """

    patience: int = 10
    monitor: str | None = None
    min_delta: float = 0.0
    mode: str | None = None

    def __post_init__(self) -> None:
        if (
            isinstance(self.patience, bool)
            or self.patience != int(self.patience)
            or self.patience < 1
        ):
            raise ArgumentError(f"patience is {self.patience!r}; it must be 1 or more epochs")
        if not 0 <= self.min_delta < math.inf:
            raise ArgumentError(f"min_delta is {self.min_delta!r}; it must be 0 or more")
        if self.mode not in (None, "min", "max"):
            raise ArgumentError(f"mode is {self.mode!r}; it must be 'min', 'max' or None")


def resolve_early_stopping(spec: EarlyStopping | int | None) -> EarlyStopping | None:
    """Return what `spec` means; a number is the patience."""
    if spec is None or isinstance(spec, EarlyStopping):
        return spec
    if spec is True or not isinstance(spec, int):
        raise ArgumentError(
            f"early_stopping is {spec!r}; it must be a number of epochs or a cp.EarlyStopping"
        )
    return EarlyStopping(patience=spec)


@dataclass
class BestEpoch:
    """The best epoch of a run so far, with its parameters."""

    settings: EarlyStopping
    metrics: Iterable[Metric]
    epoch: int = 0
    value: float = math.nan
    parameters: NDArray[Any] | None = field(default=None, repr=False)

    def look(self, epoch: Epoch) -> bool:
        """Compare an epoch with the best one; return whether the run should stop."""
        default = "loss" if epoch.validation_loss is None else "validation_loss"
        name = self.settings.monitor or default
        value = epoch.value(name)
        gain = (value - self.value) * (1 if self._better(name) == "max" else -1)
        if self.parameters is None or gain > self.settings.min_delta:
            self.epoch, self.value = epoch.epoch, value
            self.parameters = epoch.network.parameters.copy()
        return epoch.epoch - self.epoch >= self.settings.patience

    def _better(self, name: str) -> str:
        if self.settings.mode is not None:
            return self.settings.mode
        bare = name.removeprefix("validation_")
        if bare == "loss":
            return "min"
        better = next((metric.better for metric in self.metrics if metric.name == bare), "")
        if not better:
            raise ArgumentError(
                f"early stopping watches {name!r}, a function of your own: say mode='min' or 'max'"
            )
        return better
