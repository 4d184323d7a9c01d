"""Fitting: from a table to a trained network with its report; what `Model.fit` does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from clearprop.checks.settings import flag, takes
from clearprop.cluster.members import Members
from clearprop.errors import ArgumentError, shown, unknown
from clearprop.interruption import Interrupt
from clearprop.network import Network
from clearprop.streams.stream import Stream
from clearprop.tables.encoding import Encoding
from clearprop.tables.in_memory import InMemory
from clearprop.tables.intervals import Calibration
from clearprop.tables.report import NOT_JUDGED, Report
from clearprop.tables.settings import TableSettings
from clearprop.tables.setup import TRAINING, network_for, training_for
from clearprop.tables.split import Split
from clearprop.tables.streamed.streamed import Streamed
from clearprop.tables.streamed.window import read_window
from clearprop.tables.target import Target
from clearprop.training.held import members_of, one_process_streams
from clearprop.training.watching.history import History
from clearprop.training.watching.phase import Phase


class Reported(Protocol):
    """A model that has a report."""

    report: Report


M = TypeVar("M", bound=Reported)


def fit_model(
    make: Callable[
        [Network, Encoding, Target, Report, History, Calibration | None, Split | None], M
    ],
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
            verbose=verbose, trained=trained, training=training, members=members,
        )  # fmt: skip


def _fitted(
    make: Callable[
        [Network, Encoding, Target, Report, History, Calibration | None, Split | None], M
    ],
    table: object,
    target: str,
    settings: TableSettings,
    *,
    verbose: bool,
    trained: Callable[[M], object] | None,
    training: dict[str, Any],
    members: Members,
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
        ready = _ready(table, target, settings, members.size)
    network = network_for(ready.encoding, ready.target, settings)
    learned, watched, tested = ready.rows
    given = training_for(learned, watched > 0, settings, verbose, training)
    if tested:
        network.predictor()  # compiled now, while Ctrl-C loses nothing
    model: M | None = None
    compare = settings.compare and tested > 0 and members.rank == 0
    try:
        with Interrupt() as stop:  # what is learned is not lost any more
            started = time.monotonic()
            history = ready.train(network, given)
            seconds = time.monotonic() - started
            calibration = ready.judge(network)
            report = ready.report(network, history, seconds, compare=False)
            model = make(
                network, ready.encoding, ready.target, report, history, calibration, ready.split
            )
            if trained is not None:
                trained(model)
        if compare and history.stopped != "interrupted":
            stop.obey()
            model.report = ready.report(
                network, history, seconds, compare=True, progress=verbose or progress
            )
    except KeyboardInterrupt:  # whoever waits no more gets the model
        if model is None:
            raise
        if compare and history.stopped != "interrupted":
            model.report.notes.append(NOT_JUDGED)
    return model


def _ready(table: object, target: str, settings: TableSettings, ranks: int) -> InMemory | Streamed:
    """Return a table made ready: in memory, or in blocks where a window does not hold it."""
    if not isinstance(table, Stream):
        return InMemory(table, target, settings)
    found = read_window(table, target, settings)
    if found.sample is None:
        return InMemory(found.cells, target, settings)
    if ranks > 1:
        raise one_process_streams(ranks, "give a larger window")
    return Streamed(table, found, target, settings)
