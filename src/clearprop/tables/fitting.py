"""Fitting: from a table to a trained network with its report; what `Model.fit` does."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import numpy as np

from clearprop.activations import Activation
from clearprop.checks.settings import count, flag, listed, number, takes
from clearprop.errors import ArgumentError, shown, unknown
from clearprop.initializers import Initializer
from clearprop.interruption import Interrupt
from clearprop.losses import quantile
from clearprop.network import Network
from clearprop.numerics.random import check_seed
from clearprop.optimizers import AdamW
from clearprop.tables.encoding import Encoding
from clearprop.tables.intervals import (
    Calibration,
    calibrated,
    check_quantiles,
    intervals_held,
    quantiles_held,
)
from clearprop.tables.judgment import judge, make_report
from clearprop.tables.predictions import in_units
from clearprop.tables.preparation import Prepared, prepare
from clearprop.tables.report import NOT_JUDGED, Report
from clearprop.tables.split import Split
from clearprop.tables.target import Target
from clearprop.training.train import train
from clearprop.training.watching.early_stopping import EarlyStopping
from clearprop.training.watching.history import History
from clearprop.training.watching.phase import Phase

TRAINING = frozenset(inspect.signature(train).parameters) - {
    "network", "X", "y", "validation", "epochs", "seed", "sample_weight", "loss",
}  # fmt: skip
"""What `Model.fit` passes on."""


class Reported(Protocol):
    """A model that has a report."""

    report: Report


M = TypeVar("M", bound=Reported)


def fit_model(
    make: Callable[[Network, Encoding, Target, Report, History, Calibration | None], M],
    table: object,
    target: str,
    *,
    hidden: Sequence[int] | int,
    quantiles: Sequence[float] | None,
    task: str | None,
    activation: str | Activation,
    initializer: str | Initializer,
    drop: Collection[str] | None,
    keep: Collection[str] | None,
    categorical: Collection[str] | None,
    columns: Mapping[str, str] | None,
    missing_words: Collection[str] | None,
    unreadable: float,
    max_categories: int | None,
    drop_missing_target: bool,
    validation: float,
    test: float,
    epochs: int,
    compare: bool,
    seed: int,
    trained: Callable[[M], object] | None,
    training: dict[str, Any],
) -> M:
    """Return what `make` makes of the parts; see `Model.fit` for the arguments and the errors."""
    seed = check_seed(seed)
    validation = number("validation", validation, low=0, high=0.5)
    test = number("test", test, low=0, high=0.5)
    if validation + test > 0.8:
        raise ArgumentError(
            f"validation and test take {validation + test:.0%} of the rows together; 80% is "
            "the most"
        )
    hidden = listed(hidden)
    levels = () if quantiles is None else check_quantiles(quantiles)
    if levels and task == "classification":
        raise ArgumentError("quantiles are of numbers, but task is 'classification': choose one")
    drop_missing_target = flag("drop_missing_target", drop_missing_target)
    compare = flag("compare", compare)
    epochs = count("epochs", epochs, 1)
    if trained is not None and not takes(trained, 1):
        raise ArgumentError(f"trained is {shown(trained)}; give a function of the model")
    for name in set(training) - TRAINING:
        unknown("setting of training", name, TRAINING)
    progress = training.get("progress")
    progress = None if progress is None else flag("progress", progress)
    with Phase(progress, "the table is read and prepared"):
        ready = prepare(
            table,
            target,
            task="regression" if levels and task is None else task,
            drop=drop,
            keep=keep,
            categorical=categorical,
            columns={} if columns is None else columns,
            missing_words=missing_words,
            unreadable=number("unreadable", unreadable, low=0, high=0.5),
            max_categories=None
            if max_categories is None
            else count("max_categories", max_categories, 2),
            drop_missing_target=drop_missing_target,
            validation=validation,
            test=test,
            seed=seed,
        )
    network = Network(
        [ready.X.shape[1], *hidden, len(ready.target.classes) or len(levels) or 1],
        activation,
        "softmax" if ready.target.classes else "identity",
        loss=quantile(levels) if levels else None,
        initializer=initializer,
        seed=seed,
    )
    split = ready.split
    settings = _defaults(split) | {"epochs": epochs, "seed": seed} | training
    if len(split.validation):
        settings["validation"] = (ready.X[split.validation], ready.y[split.validation])
    if len(split.test):
        network.predictor()  # compiled now, while Ctrl-C loses nothing
    model: M | None = None
    try:
        with Interrupt() as stop:  # what is learned is not lost any more
            started = time.monotonic()
            X, y = ready.X[split.training], ready.y[split.training]
            history = train(network, X, y, **settings)
            seconds = time.monotonic() - started
            calibration = _calibration(ready, network)
            report = _report(ready, network, history, calibration, seconds, compare=False)
            model = make(network, ready.encoding, ready.target, report, history, calibration)
            if trained is not None:
                trained(model)
        if compare and len(split.test) and history.stopped != "interrupted":
            stop.obey()
            model.report = _report(
                ready, network, history, calibration, seconds,
                compare=True, seed=seed, progress=progress,
            )  # fmt: skip
    except KeyboardInterrupt:  # whoever waits no more gets the model
        if model is None:
            raise
        if compare and len(split.test) and history.stopped != "interrupted":
            model.report.notes.append(NOT_JUDGED)
    return model


def _defaults(split: Split) -> dict[str, Any]:
    """Return what training takes for a table of this size; see docs/decisions/0004."""
    n = len(split.training)
    return {
        "optimizer": AdamW(decay=0.5),
        "batch_size": int(np.clip(2 ** round(np.log2(n / 40)), 8, 256)),
        "early_stopping": EarlyStopping(20, min_delta=1e-4) if len(split.validation) else None,
    }


def _calibration(ready: Prepared, network: Network) -> Calibration | None:
    """Return what the validation rows say of a regression's errors."""
    rows = ready.split.validation
    if ready.target.classes:
        return None
    return calibrated(network, ready.X[rows], ready.y[rows])


def _report(
    ready: Prepared,
    network: Network,
    history: History,
    calibration: Calibration | None,
    seconds: float,
    *,
    compare: bool,
    seed: int = 0,
    progress: bool | None = False,
) -> Report:
    """Return the report of a trained network, whose scores stand beside baselines' or alone."""
    scores: dict[str, dict[str, float | None]] = {}
    said = ""
    intervals: dict[str, Any] = {}
    quantiles: dict[str, Any] = {}
    if len(ready.split.test):
        outputs = in_units(network, ready.target, ready.X[ready.split.test])
        scores, said = judge(ready, outputs, compare, seed, progress)
        if not ready.target.classes:
            X, y = ready.X[ready.split.test], ready.y[ready.split.test]
            quantiles = quantiles_held(network, X, y)
            if calibration is not None:
                intervals = intervals_held(network, ready.target, calibration, X, y)
    report = make_report(ready, network, history, seconds, scores, said)
    return replace(report, intervals=intervals, quantiles=quantiles)
