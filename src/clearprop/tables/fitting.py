"""Fitting: from a table to a trained network with its report; what `Model.fit` does."""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import ActivationName
from clearprop.checks.settings import flag, listed, takes
from clearprop.errors import ArgumentError, shown, unknown
from clearprop.interruption import Interrupt
from clearprop.network import Network
from clearprop.optimizers import AdamW
from clearprop.tables.encoding import Encoding
from clearprop.tables.intervals import (
    Calibration,
    calibrated,
    calibrating,
    intervals_held,
    is_rate,
    quantiles_held,
)
from clearprop.tables.judgment import judge, make_report
from clearprop.tables.outputs import in_units, raw_outputs
from clearprop.tables.own_rows import with_own_rows
from clearprop.tables.preparation import Prepared, prepare
from clearprop.tables.report import NOT_JUDGED, Report
from clearprop.tables.settings import BALANCED, TableSettings
from clearprop.tables.split import Split
from clearprop.tables.target import Target
from clearprop.tables.weights import weighed
from clearprop.training.held import members_of
from clearprop.training.train import train
from clearprop.training.watching.early_stopping import EarlyStopping
from clearprop.training.watching.epochs import Epoch
from clearprop.training.watching.history import History
from clearprop.training.watching.phase import Phase

Array = NDArray[Any]

TRAINING = frozenset(inspect.signature(train).parameters) - {
    "network", "X", "y", "validation", "epochs", "seed", "sample_weight", "loss",
}  # fmt: skip
"""What `Model.fit` passes on."""


OPTIMIZER = AdamW(decay=0.5)
"""What trains unless another is asked for; see docs/decisions/0004."""

MANY_ROWS = 100_000
"""Rows to learn from beyond which batches are larger, and an epoch without gain says more."""


class Reported(Protocol):
    """A model that has a report."""

    report: Report


M = TypeVar("M", bound=Reported)


def fit_model(
    make: Callable[[Network, Encoding, Target, Report, History, Calibration | None, Split], M],
    table: object,
    target: str,
    settings: TableSettings,
    *,
    verbose: bool,
    trained: Callable[[M], object] | None,
    training: dict[str, Any],
) -> M:
    """Return what `make` makes of the parts; see `Model.fit` for the arguments and the errors."""
    members = members_of(training.get("cluster"))
    with members.run():
        return _fitted(
            make, table, target, settings,
            verbose=verbose, trained=trained, training=training, root=members.rank == 0,
        )  # fmt: skip


def _fitted(
    make: Callable[[Network, Encoding, Target, Report, History, Calibration | None, Split], M],
    table: object,
    target: str,
    settings: TableSettings,
    *,
    verbose: bool,
    trained: Callable[[M], object] | None,
    training: dict[str, Any],
    root: bool,
) -> M:
    """Do what `fit_model` does, on one rank of a cluster; rank 0 tries the baselines."""
    if trained is not None and not takes(trained, 1):
        raise ArgumentError(f"trained is {shown(trained)}; give a function of the model")
    for name in set(training) - TRAINING:
        unknown("setting of training", name, TRAINING)
    progress = training.get("progress")
    progress = None if progress is None else flag("progress", progress)
    verbose = flag("verbose", verbose)
    with Phase(verbose or progress, "the table is read and prepared"):
        ready = make_ready(table, target, settings)
    network = _network(ready, settings)
    split = ready.split
    given = _training(ready, settings, verbose, training)
    if len(split.test):
        network.predictor()  # compiled now, while Ctrl-C loses nothing
    model: M | None = None
    compare = settings.compare and len(split.test) > 0 and root
    try:
        with Interrupt() as stop:  # what is learned is not lost any more
            started = time.monotonic()
            X, y = ready.inputs(split.training), ready.y[split.training]
            history = train(network, X, y, **given)
            seconds = time.monotonic() - started
            calibration = _calibration(ready, network)
            outputs = _tested(ready, network)
            report = _report(ready, network, history, calibration, outputs, seconds, compare=False)
            rows = split.of(ready.rows)
            model = make(network, ready.encoding, ready.target, report, history, calibration, rows)
            if trained is not None:
                trained(model)
        if compare and history.stopped != "interrupted":
            stop.obey()
            model.report = _report(
                ready, network, history, calibration, outputs, seconds,
                compare=True, seed=settings.seed, progress=verbose or progress,
            )  # fmt: skip
    except KeyboardInterrupt:  # whoever waits no more gets the model
        if model is None:
            raise
        if compare and history.stopped != "interrupted":
            model.report.notes.append(NOT_JUDGED)
    return model


def make_ready(table: object, target: str, settings: TableSettings) -> Prepared:
    """Return a table made ready, with the rows of others and with weights."""
    ready = with_own_rows(prepare(table, target, settings), settings)
    given = settings.class_weight
    weights = weighed(given, ready.target, ready.y, ready.split, ready.weights)
    notes = ready.detected.notes
    if given is not None:
        how = "so that all classes count the same" if given == BALANCED else "as asked for"
        notes = [*notes, f"rows count by their class in training, {how}; probabilities follow that"]
    notes = [*notes, *_promise(ready, settings)]
    return replace(ready, weights=weights, detected=replace(ready.detected, notes=notes))


def _promise(ready: Prepared, settings: TableSettings) -> list[str]:
    """Say what intervals promise where the rows that calibrate them are not drawn from all."""
    if ready.target.classes or not len(ready.split.validation):
        return []
    if settings.own_validation is not None:
        which, others = "a table of their own", "others"
    elif settings.split_group is not None:
        which, others = "of groups of their own", "those of other groups"
    elif settings.split_time is not None:
        which, others = "the last before those to test on", "later ones"
    else:
        return []
    return [
        f"intervals promise their share of rows like those to stop by, which are {which}; {others} "
        "may be held less often"
    ]


def _network(ready: Prepared, settings: TableSettings) -> Network:
    """Return the network that the table and the settings ask for, with fresh weights."""
    output: ActivationName
    output = "softmax" if ready.target.classes else "exp" if is_rate(settings.loss) else "identity"
    n_outputs = len(ready.target.classes) or len(settings.quantiles) or 1
    return Network(
        [len(ready.encoding.features), *settings.hidden, n_outputs],
        settings.activation,
        output,
        loss=settings.loss,
        initializer=settings.initializer,
        seed=settings.seed,
    )


def _training(
    ready: Prepared, settings: TableSettings, verbose: bool, asked: dict[str, Any]
) -> dict[str, Any]:
    """Return what `train` is given beside the network and its rows."""
    split, weights = ready.split, ready.weights
    given = _defaults(split) | {"epochs": settings.epochs, "seed": settings.seed} | asked
    if weights is not None:
        given["sample_weight"] = weights[split.training]
    if len(split.validation):
        rows = split.validation
        given["validation"] = (ready.inputs(rows), ready.y[rows])
        if weights is not None:
            given["validation"] += (weights[rows],)
    if verbose:
        callbacks = given.get("callbacks")
        hooks = [] if callbacks is None else listed(callbacks)
        given |= {"progress": False, "callbacks": [_printer(settings.epochs), *hooks]}
    return given


def _printer(epochs: int) -> Callable[[Epoch], None]:
    """Return a callback that prints a line of each epoch."""

    def show(epoch: Epoch) -> None:
        if sys.stderr is not None:  # a program without a console has none
            sys.stderr.write(f"{epoch.line(of=epochs)}\n")
            sys.stderr.flush()

    return show


def _defaults(split: Split) -> dict[str, Any]:
    """Return what training takes for a table of this size; see docs/decisions/0004."""
    n = len(split.training)
    size, patience = int(np.clip(2 ** round(np.log2(n / 40)), 8, 256)), 20
    if n > MANY_ROWS:
        size, patience = 1024, 10
    stopping = EarlyStopping(patience, min_delta=1e-4) if len(split.validation) else None
    return {"optimizer": OPTIMIZER, "batch_size": size, "early_stopping": stopping}


def _calibration(ready: Prepared, network: Network) -> Calibration | None:
    """Return what the validation rows say of a regression's errors."""
    if ready.target.classes:
        return None
    rows = calibrating(ready.split.validation)
    return calibrated(network, ready.inputs(rows), ready.y[rows])


def _tested(ready: Prepared, network: Network) -> Array | None:
    """Return what the network gives for the test rows, if there are any."""
    rows = ready.split.test
    if not len(rows):
        return None
    return raw_outputs(
        network, ready.encoding, {name: one.take(rows) for name, one in ready.columns.items()}
    )


def _report(
    ready: Prepared,
    network: Network,
    history: History,
    calibration: Calibration | None,
    outputs: Array | None,
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
    if outputs is not None:
        predicted = in_units(network, ready.target, outputs)
        scores, said = judge(ready, predicted, compare, seed, progress)
        if not ready.target.classes:
            y = ready.y[ready.split.test]
            quantiles = quantiles_held(network, outputs, y)
            if calibration is not None:
                intervals = intervals_held(network, ready.target, calibration, outputs, y)
    report = make_report(ready, network, history, seconds, scores, said)
    return replace(report, intervals=intervals, quantiles=quantiles)
