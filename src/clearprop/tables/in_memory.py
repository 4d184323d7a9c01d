"""In memory: a table whose rows are all there, trained on and judged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.network import Network
from clearprop.tables.encoding import Encoding
from clearprop.tables.intervals import (
    Calibration,
    calibrated,
    calibrating,
    intervals_held,
    quantiles_held,
)
from clearprop.tables.judgment import judge, make_report
from clearprop.tables.outputs import in_units, raw_outputs
from clearprop.tables.own_rows import with_own_rows
from clearprop.tables.preparation import Prepared, prepare
from clearprop.tables.report import Report
from clearprop.tables.settings import BALANCED, TableSettings
from clearprop.tables.split import Split
from clearprop.tables.target import Target
from clearprop.tables.weights import weighed
from clearprop.training.held import members_of
from clearprop.training.made_rows import MadeRows
from clearprop.training.train import train
from clearprop.training.watching.history import History

Array = NDArray[Any]


class InMemory:
    """A table in memory, made ready.

    Parameters
    ----------
    table, target, settings
        As for `prepare`.
    """

    def __init__(self, table: object, target: str, settings: TableSettings) -> None:
        self._ready = make_ready(table, target, settings)
        self._seed = settings.seed
        self._outputs: Array | None = None
        self._calibration: Calibration | None = None

    @property
    def encoding(self) -> Encoding:
        """How columns become inputs."""
        return self._ready.encoding

    @property
    def target(self) -> Target:
        """What is predicted."""
        return self._ready.target

    @property
    def split(self) -> Split | None:
        """The numbers of the rows of each part, in their tables."""
        return self._ready.split.of(self._ready.rows)

    @property
    def rows(self) -> tuple[int, int, int]:
        """How many rows are learned from, stopped by and tested on."""
        split = self._ready.split
        return len(split.training), len(split.validation), len(split.test)

    def train(self, network: Network, given: dict[str, Any]) -> History:
        """Train the network with settings of `cp.train`."""
        ready, split = self._ready, self._ready.split
        X: Array | MadeRows
        if members_of(given.get("cluster")).size == 1:
            X = ready.inputs(split.training)
        else:  # whose ranks have their own rows of it alone
            made = ready.encoding.by_row(ready.columns)
            shape = len(split.training), len(ready.encoding.features)
            X = MadeRows(shape, np.float32, lambda rows: made(split.training[rows]))
        y = ready.y[split.training]
        weights = ready.weights
        if weights is not None:
            given["sample_weight"] = weights[split.training]
        if len(split.validation):
            rows = split.validation
            given["validation"] = (ready.inputs(rows), ready.y[rows])
            if weights is not None:
                given["validation"] += (weights[rows],)
        return train(network, X, y, **given)

    def judge(self, network: Network) -> Calibration | None:
        """Calibrate intervals, and find what the network gives for the test rows."""
        ready = self._ready
        if not ready.target.classes:
            rows = calibrating(ready.split.validation)
            self._calibration = calibrated(network, ready.inputs(rows), ready.y[rows])
        rows = ready.split.test
        if len(rows):
            columns = {name: one.take(rows) for name, one in ready.columns.items()}
            self._outputs = raw_outputs(network, ready.encoding, columns)
        return self._calibration

    def report(
        self,
        network: Network,
        history: History,
        seconds: float,
        *,
        compare: bool,
        progress: bool | None = False,
    ) -> Report:
        """Return the report, whose scores stand beside baselines' or alone."""
        ready, outputs = self._ready, self._outputs
        scores: dict[str, dict[str, float | None]] = {}
        said = ""
        intervals: dict[str, Any] = {}
        quantiles: dict[str, Any] = {}
        if outputs is not None:
            predicted = in_units(network, ready.target, outputs)
            scores, said = judge(ready, predicted, compare, self._seed, progress)
            if not ready.target.classes:
                y = ready.y[ready.split.test]
                quantiles = quantiles_held(network, outputs, y)
                if self._calibration is not None:
                    intervals = intervals_held(network, ready.target, self._calibration, outputs, y)
        report = make_report(ready, network, history, seconds, scores, said)
        return replace(report, intervals=intervals, quantiles=quantiles)


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
