"""Early stopping: end a run when a figure no longer improves, and keep its best parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from clearprop.checks.settings import choice, count, number, plain
from clearprop.errors import ArgumentError, NonFiniteError, shown
from clearprop.training.watching.epochs import Epoch
from clearprop.training.watching.metrics import Metric


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
        plain(self)
        count("patience", self.patience, 1, "a number of epochs")
        number("min_delta", self.min_delta, low=0)
        choice("mode", self.mode, ("min", "max"), or_none=True)
        if self.monitor is not None and not isinstance(self.monitor, str):
            raise ArgumentError(f"monitor is {shown(self.monitor)}; it must be a figure's name")


def resolve_early_stopping(spec: EarlyStopping | int | None) -> EarlyStopping | None:
    """Return what `spec` means; a number is the patience."""
    if spec is None or isinstance(spec, EarlyStopping):
        return spec
    return EarlyStopping(
        count("early_stopping", spec, 1, "a cp.EarlyStopping or a number of epochs")
    )


@dataclass
class BestEpoch:
    """The best epoch of a run so far: its number (0: none yet), its figure and its parameters."""

    epoch: int = 0
    value: float = math.nan
    parameters: NDArray[Any] | None = None


class StoppingRule:
    """What early stopping watches, and when it ends a run.

    Raises
    ------
    ArgumentError
        If the run has no such figure, or nobody said which way is better.
    """

    def __init__(
        self, settings: EarlyStopping, metrics: Iterable[Metric], has_validation: bool
    ) -> None:
        better = {"loss": "min"} | {metric.name: metric.better for metric in metrics}
        if has_validation:
            better |= {f"validation_{name}": way for name, way in better.items()}
        self._name = settings.monitor or ("validation_loss" if has_validation else "loss")
        if self._name not in better:
            raise ArgumentError(
                f"early stopping cannot watch {shown(self._name)}; this run has {', '.join(better)}"
            )
        way = settings.mode or better[self._name]
        if not way:
            raise ArgumentError(
                f"early stopping watches {self._name!r}, a function of your own: say mode='min' or "
                "'max'"
            )
        self._settings = settings
        self._sign = 1 if way == "max" else -1

    def look(self, epoch: Epoch, best: BestEpoch) -> bool:
        """Compare an epoch with the best one, which it may become; return whether to stop."""
        value = epoch.figures()[self._name]
        if math.isnan(value):
            raise NonFiniteError(
                f"{self._name} is nan in epoch {epoch.epoch}: early stopping cannot compare it"
            )
        if best.epoch == 0 or self._sign * (value - best.value) > self._settings.min_delta:
            best.epoch, best.value = epoch.epoch, value
            best.parameters = epoch.network.parameters.copy()
        return epoch.epoch - best.epoch >= self._settings.patience
