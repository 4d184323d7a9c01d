"""Settings of `Model.fit`, checked before any work; names of columns are checked with the table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clearprop.activations import Activation, ActivationName
from clearprop.checks.lazy import is_lazy
from clearprop.checks.settings import count, flag, listed, number
from clearprop.errors import ArgumentError, shown
from clearprop.initializers import Initializer, InitializerName
from clearprop.losses import Loss, LossName, quantile
from clearprop.losses import loss as resolve_loss
from clearprop.numerics.random import check_seed
from clearprop.streams.stream import Stream
from clearprop.tables.conventions import FEW
from clearprop.tables.intervals import check_quantiles, quantiles_of
from clearprop.tables.sources import is_source
from clearprop.tables.target import TRANSFORMS

MOST = 0.8
"""The share of the rows that is put aside at most."""

BALANCED = "balanced"
"""Class weights that make all classes count the same."""


@dataclass(frozen=True)
class TableSettings:
    """What is said of a table and of the network that learns it; see `Model.fit`.

    Attributes
    ----------
    validation, test : float
        The shares of the rows that are put aside.
    own_validation, own_test : table, path, or None
        What is given in place of a share.
    """

    encoding: str | None = None
    sheet: str | None = None
    hidden: Sequence[int] = (100, 50)
    task: str | None = None
    activation: ActivationName | Activation = "relu"
    initializer: InitializerName | Initializer = "glorot_uniform"
    loss: Loss | None = None
    quantiles: tuple[float, ...] = ()
    drop: Collection[str] | None = ()
    keep: Collection[str] | None = ()
    categorical: Collection[str] | None = ()
    columns: Mapping[str, str] | None = None
    missing_words: Collection[str] | None = None
    unreadable: float = FEW
    max_categories: int | None = None
    drop_missing_target: bool = False
    target_transform: str = ""
    validation: float = 0.15
    test: float = 0.2
    own_validation: object = None
    own_test: object = None
    split_group: str | None = None
    split_time: str | None = None
    weight: str | None = None
    class_weight: str | Mapping[Any, float] | None = None
    epochs: int = 200
    compare: bool = True
    seed: int = 0

    @property
    def puts_aside(self) -> bool:
        """Whether rows of the table itself are put aside."""
        return self.validation > 0 or self.test > 0


def check_settings(
    *,
    hidden: Sequence[int] | int,
    loss: LossName | Loss | None,
    quantiles: Sequence[float] | None,
    task: str | None,
    unreadable: float,
    max_categories: int | None,
    drop_missing_target: bool,
    target_transform: str | None,
    validation: object,
    test: object,
    split_group: str | None,
    split_time: str | None,
    class_weight: str | Mapping[Any, float] | None,
    epochs: int,
    compare: bool,
    seed: int,
    **others: Any,
) -> TableSettings:
    """Return the settings as they are used.

    Raises
    ------
    ArgumentError, UnknownNameError
        If one is out of range, or two exclude each other.
    """
    seed = check_seed(seed)
    share, own_validation = _part("validation", validation)
    tested, own_test = _part("test", test)
    if share + tested > MOST:
        raise ArgumentError(
            f"validation and test take {share + tested:.0%} of the rows together; {MOST:.0%} is "
            "the most"
        )
    levels = () if quantiles is None else check_quantiles(quantiles)
    if levels and loss is not None:
        raise ArgumentError("quantiles have a loss of their own: leave loss out")
    if levels and task == "classification":
        raise ArgumentError("quantiles are of numbers, but task is 'classification': choose one")
    found = None if loss is None else resolve_loss(loss)
    if found is not None and quantiles_of(found):
        raise ArgumentError("the loss has several quantiles: say quantiles=[...] in its place")
    settings = TableSettings(
        hidden=listed(hidden),
        loss=quantile(levels) if levels else found,
        quantiles=levels,
        task="regression" if levels and task is None else task,
        unreadable=number("unreadable", unreadable, low=0, high=0.5),
        max_categories=None
        if max_categories is None
        else count("max_categories", max_categories, 2),
        drop_missing_target=flag("drop_missing_target", drop_missing_target),
        target_transform=_transform(target_transform),
        validation=share,
        test=tested,
        own_validation=own_validation,
        own_test=own_test,
        split_group=split_group,
        split_time=split_time,
        class_weight=_class_weight(class_weight),
        compare=flag("compare", compare),
        epochs=count("epochs", epochs, 0),
        seed=seed,
        **others,
    )
    by = [name for name in ("split_group", "split_time") if getattr(settings, name) is not None]
    if len(by) > 1:
        raise ArgumentError("rows are put aside by split_group or by split_time: choose one")
    if by and not settings.puts_aside:
        raise ArgumentError(f"{by[0]} puts no rows aside: give validation or test a share")
    return settings


def _part(name: str, value: object) -> tuple[float, object]:
    """Return a share, or 0 and the table or path that is given in its place."""
    if is_source(value):
        return 0.0, value
    if not isinstance(value, int | float | np.generic | np.ndarray | None) and _is_table(value):
        return 0.0, value
    try:
        return number(name, value, low=0, high=0.5), None
    except ArgumentError as error:
        raise ArgumentError(f"{error}, a table or a path") from None


def _is_table(value: object) -> bool:
    if is_lazy(value) or isinstance(value, Stream):  # refused where they are read
        return True
    try:
        return hasattr(value, "columns") and not isinstance(value, type)
    except Exception:  # an object may do anything
        return False


def _transform(name: str | None) -> str:
    if name is None:
        return ""
    if isinstance(name, str) and name in TRANSFORMS:
        return name
    known = " or ".join(map(repr, TRANSFORMS))
    raise ArgumentError(f"target_transform is {shown(name)}; it must be {known}, or None")


def _class_weight(given: Any) -> str | dict[Any, float] | None:
    if given is None or (isinstance(given, str) and given == BALANCED):
        return given
    if not isinstance(given, Mapping):
        raise ArgumentError(
            f"class_weight is {shown(given)}; it must be 'balanced', a mapping of classes to "
            "numbers, or None"
        )
    return {
        name: number(f"class_weight of {shown(name)}", weight, low=0)
        for name, weight in given.items()
    }
