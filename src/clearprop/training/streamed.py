"""Training on a stream: its rows, what cannot be had of them, and the windows of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from clearprop.checks.data import Data
from clearprop.checks.lazy import is_lazy
from clearprop.checks.settings import count
from clearprop.errors import ArgumentError
from clearprop.network import Network
from clearprop.optimizers import LBFGS, OPTIMIZERS, Optimizer
from clearprop.streams.stream import Stream
from clearprop.training.job import Job, check_data
from clearprop.training.streamed_rows import StreamedRows, rows_of
from clearprop.training.watching.metrics import Metric
from clearprop.training.watching.passes import check_metrics
from clearprop.training.windows import Windows


def rows_given(
    network: Network,
    X: object,
    y: object,
    weights: object,
    batch_size: int | None,
    accumulate: int = 1,
) -> Data | StreamedRows:
    """Return checked data; of a stream that no window holds, rows that are read when needed.

    Raises
    ------
    ArgumentError, DataError
        If they do not fit the network, or one another.
    """
    if not isinstance(X, Stream):
        if y is None and not is_lazy(X):
            raise ArgumentError("y is missing: cp.train(network, X, y), or a stream in place of X")
        return check_data(network, X, y, weights)
    if y is not None or weights is not None:
        name = "y" if y is not None else "sample_weight"
        raise ArgumentError(f"{name} of a stream is in the stream: leave it out here")
    step = count("accumulate", accumulate, 1)
    step *= 1 if batch_size is None else count("batch_size", batch_size, 1)
    rows = rows_of(network, X, whole_batches(X.window, step))
    if isinstance(rows, StreamedRows) and batch_size is None:
        raise ArgumentError(
            f"batch_size=None takes all rows at once: {give_a_window(rows)}, or a batch_size"
        )
    return rows


def rows_held_out(network: Network, stream: Stream) -> Data | StreamedRows:
    """Return the rows of a stream that is watched after each epoch.

    Raises
    ------
    ArgumentError, DataError
        If they can be gone through once, or do not fit the network.
    """
    if stream.source.once:
        raise ArgumentError(
            "validation is a generator, which can be gone through once: give cp.stream a function "
            "that returns one"
        )
    return rows_of(network, stream, stream.window, "validation ")


def whole_batches(window: int, batch: int) -> int:
    """Return the rows of a window, rounded up to whole batches."""
    return -(-window // batch) * batch


def windows_of(stream: Any, rows: StreamedRows, job: Job) -> Windows:
    """Return the windows of a run."""
    return Windows(rows, job, whole_batches(stream.window, job.settings.batch_size))


def check_streamed(
    rows: StreamedRows,
    rule: Optimizer | LBFGS,
    epochs: int,
    validation: object,
    metrics: Sequence[Metric],
    is_kept: bool,
) -> None:
    """Raise `ArgumentError` for what cannot be had of rows that are not in memory."""
    if isinstance(rule, LBFGS):
        raise ArgumentError(
            f"L-BFGS takes all rows at once: {give_a_window(rows)}, or another optimizer"
        )
    if isinstance(validation, int | float | np.integer | np.floating):
        raise ArgumentError(
            "validation is a share of rows, which cannot be put aside of a stream: give (X, y), a "
            f"stream of its own, or {give_a_window(rows).removeprefix('give ')}"
        )
    check_metrics(metrics)
    if not rows.source.once:
        return
    if epochs > 1:
        raise ArgumentError(
            f"epochs is {epochs}, and a generator can be gone through once: give cp.stream a "
            "function that returns one, or epochs=1"
        )
    again = "metrics of training rows" if metrics else "a checkpoint" if is_kept else ""
    if not again and (
        type(rule) not in OPTIMIZERS.values() or any(callable(v) for v in vars(rule).values())
    ):
        again = "a schedule, or an optimizer of one's own, that may go by the number of steps,"
    if again:
        raise ArgumentError(
            f"{again} needs more than one pass over the rows, and a generator can be gone through "
            "once: give cp.stream a function that returns one"
        )


def give_a_window(rows: StreamedRows) -> str:
    """Return what to do where all rows have to be in memory."""
    number = "" if rows.rows is None else f" of {rows.rows:,} rows"
    return f"give a window{number}, which holds all of them"
