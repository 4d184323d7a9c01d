"""Streamed: a table that its window does not hold, trained on and judged in bounded memory.

The stream is gone through once for a sample of its rows, once for the encoding, once an epoch, and
once for the test rows.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from clearprop.network import Network
from clearprop.streams.source import Rows, Tables
from clearprop.streams.stream import Stream
from clearprop.tables.encoding import Encoding
from clearprop.tables.intervals import Calibration, calibrated, calibrating
from clearprop.tables.judgment import became, network_told, training_told
from clearprop.tables.report import Report
from clearprop.tables.settings import BALANCED, TableSettings
from clearprop.tables.split import Split
from clearprop.tables.streamed.decided import decide_by
from clearprop.tables.streamed.draws import TRAINING
from clearprop.tables.streamed.fitted import fit_stream
from clearprop.tables.streamed.judged import (
    Judged,
    beside_baselines,
    judge_stream,
    leaks,
    own_scores,
    sampled,
)
from clearprop.tables.streamed.training_rows import EncodedRows, TrainingRows
from clearprop.tables.streamed.window import FirstLook
from clearprop.tables.target import Target
from clearprop.tables.weights import check_some, class_weights
from clearprop.training.train import train
from clearprop.training.watching.history import History


class Streamed:
    """A stream of a table's rows, made ready.

    Parameters
    ----------
    stream : Stream
    found : FirstLook
        A sample of its rows.
    target : str
    settings : TableSettings
    """

    split: Split | None = None
    """Row numbers are not kept: memory would grow with the rows."""

    def __init__(
        self, stream: Stream, found: FirstLook, target: str, settings: TableSettings
    ) -> None:
        assert found.sample is not None
        self._stream, self._settings = stream, settings
        self._source = cast("Tables", stream.source)
        decided = decide_by(found.cells, found.sample, found.n, target, settings, stream.window)
        self._fitted = fitted = fit_stream(self._source.blocks(), decided, settings, stream.window)
        by_class = None
        notes = [*decided.detected.notes, *fitted.notes]
        if settings.class_weight is not None:
            every = np.arange(len(fitted.sums))
            by_class = class_weights(
                settings.class_weight, fitted.target, every, every, fitted.sums
            )
            how = "so that all classes count the same"
            how = how if settings.class_weight == BALANCED else "as asked for"
            notes.append(f"rows count by their class in training, {how}; probabilities follow that")
        self._encoded = EncodedRows(
            fitted.reader, fitted.encoding, fitted.target, decided.parts, by_class, np.float32
        )
        self._ready = sampled(decided, fitted, self._encoded)
        self._notes = [*notes, *leaks(self._ready)]
        self._dropped = {**decided.detected.dropped, **fitted.dropped}
        self._validation = self._watched()
        self._judged: Judged | None = None

    @property
    def encoding(self) -> Encoding:
        """How columns become inputs."""
        return self._fitted.encoding

    @property
    def target(self) -> Target:
        """What is predicted."""
        return self._fitted.target

    @property
    def rows(self) -> tuple[int, int, int]:
        """How many rows are learned from, stopped by and tested on."""
        rows = self._fitted.rows
        return rows["training"], rows["validation"], rows["test"]

    def _watched(self) -> tuple[Any, ...] | None:
        """Return the rows to stop by, encoded: inputs, targets, and weights if there are any."""
        frames, self._fitted.watched = self._fitted.watched, []
        if not frames:
            return None
        import polars

        read = self._encoded.present(polars.concat(frames))
        assert read is not None
        X, y, weights = self._encoded.encode(read)
        if weights is None:
            return X, y
        check_some("to stop by", weights, np.arange(len(weights)))
        return X, y, weights

    def train(self, network: Network, given: dict[str, Any]) -> History:
        """Train the network, window by window, with settings of `cp.train`."""
        rows = TrainingRows(self._source, self._encoded, TRAINING, self._fitted.learned)
        if self._validation is not None:
            given["validation"] = self._validation
        return train(network, Stream(cast("Rows", rows), self._stream.window), **given)

    def judge(self, network: Network) -> Calibration | None:
        """Calibrate intervals, and go through the test rows."""
        calibration = None
        if not self.target.classes and self._validation is not None:
            X, y, *_ = self._validation
            some = calibrating(np.arange(len(y)))
            calibration = calibrated(network, X[some], y[some])
        self._judged = Judged({}, "", {}, {})
        if self._fitted.rows["test"]:
            blocks = self._source.blocks()
            self._judged = judge_stream(blocks, self._encoded, network, calibration)
        return calibration

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
        judged, fitted = self._judged, self._fitted
        assert judged is not None
        scores, said = own_scores(judged), ""
        if compare:
            seed = self._settings.seed
            scores, said = beside_baselines(self._ready, network, judged, seed, progress)
        return Report(
            target=fitted.target.column,
            task=fitted.target.task,
            reason=fitted.reason,
            classes=fitted.classes,
            rows=fitted.rows,
            inputs={one.column: became(one) for one in fitted.encoding.inputs},
            dropped=self._dropped,
            missing=fitted.missing,
            notes=list(self._notes),
            training=training_told(history, seconds),
            network=network_told(network),
            scores=scores,
            verdict=" ".join(text for text in (said, judged.said) if text),
            intervals=judged.intervals,
            quantiles=judged.quantiles,
        )
