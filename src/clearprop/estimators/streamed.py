"""Fitting on a stream: a pass for the classes, then the windows of a run.

Rows that one window holds are fitted as arrays are, to the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.utils import check_random_state

from clearprop.errors import ArgumentError
from clearprop.estimators.callbacks import FitCallbacks
from clearprop.estimators.class_weight import weights_by_class
from clearprop.estimators.fitting import NOT_FINITE, begin_solver, fit_job, run_settings, working
from clearprop.estimators.samples import Given, Samples
from clearprop.streams.block import Block
from clearprop.streams.source import Rows, say_skipped
from clearprop.training.job import Job, Span
from clearprop.training.streamed_rows import StreamedRows
from clearprop.training.windows import Windows

Array = NDArray[Any]


def fit_stream(estimator: Any, given: Given, incremental: bool) -> Any:
    """Fit on a stream, and return the estimator.

    Raises
    ------
    ArgumentError
        For what cannot be had of rows that are not in memory.
    """
    e, stream = estimator, given.X
    if incremental:
        raise ArgumentError("partial_fit takes the rows of one call: give them as arrays, or fit")
    for name, part in (("y", given.y), ("sample_weight", given.sample_weight)):
        if part is not None:
            raise ArgumentError(f"{name} of a stream is in the stream: leave it out here")
    source = stream.numbers()
    if source.once:
        raise ArgumentError(
            "a generator can be gone through once: give cp.stream a function that returns one"
        )
    seen = _Seen(source, is_classifier(e))
    say_skipped(source)
    if seen.rows <= stream.window:
        blocks = list(source.blocks())
        return e._fit(given._replace(**_joined(blocks)), incremental=False)
    _refuse(e, given, seen.rows)
    keeping = e._keeping(incremental=False)
    first = not hasattr(e, "network_") or not e.warm_start
    X, y = seen.sample()
    X, y = e._validate_input(X, y, False, reset=first)
    if source.names is not None:
        e.feature_names_in_ = np.asarray(source.names, dtype=object)
    e._random_state = check_random_state(e.random_state)
    sizes = [X.shape[1], *e._hidden_sizes(), e._n_outputs(y)]
    if first:
        e._initialize(sizes, X.dtype)
    else:
        e._go_on(sizes)
    e.n_outputs_ = sizes[-1]
    told = FitCallbacks(e, e.max_iter, *given[:3])
    begin_solver(e, incremental=False)
    held_out = e._hold_out(Samples(X, y, None), given, False)[1]
    work, settings = working(e), run_settings(e, seen.rows)
    streamed = StreamedRows(_Learned(e, seen), work)
    job = Job(work, streamed.head, settings, window=Span(0, seen.rows))
    windows = Windows(streamed, job, stream.window)
    fit_job(e, job, held_out, False, told, keeping, windows)
    told.ends()
    if not np.isfinite(e.network_.parameters).all():
        raise ValueError(NOT_FINITE)
    return e


def _refuse(e: Any, given: Given, rows: int) -> None:
    holds = f"or a window of {rows:,} rows, which holds all of them"
    e._check_extras(True, given)
    if e.solver not in ("sgd", "adam") and e.optimizer is None:
        raise ArgumentError(f"solver='lbfgs' takes all rows at once: use 'adam' or 'sgd', {holds}")
    if e.early_stopping and given.X_val is None:
        raise ArgumentError(
            "early_stopping puts a share of the rows aside, which cannot be had of a stream: give "
            f"X_val and y_val, {holds}"
        )


def _joined(blocks: list[Block]) -> dict[str, Array | None]:
    weights = [block.weights for block in blocks if block.weights is not None]
    return {
        "X": np.concatenate([block.X for block in blocks]),
        "y": np.concatenate([block.y for block in blocks]),
        "sample_weight": np.concatenate(weights) if weights else None,
    }


class _Seen:
    """What a pass over a source has seen: its first rows, how many there are, the classes.

    Raises
    ------
    ArgumentError
        If there are no rows.
    """

    def __init__(self, source: Rows, classify: bool) -> None:
        self.source, self.rows = source, 0
        self._head: Block | None = None
        self.counts: dict[Any, int] | None = None
        for block in source.blocks():
            self.rows += block.rows
            self._head = block if self._head is None else self._head
            if classify and _column(block.y).ndim == 1:
                self.counts = self.counts or {}
                for name, count in zip(*np.unique(block.y, return_counts=True), strict=True):
                    self.counts[name] = self.counts.get(name, 0) + int(count)
            elif not classify and source.rows is not None:
                self.rows = source.rows
                break
        if self._head is None:
            raise ArgumentError("the stream has no rows")

    def sample(self) -> tuple[Array, Array]:
        """Return some rows that hold every class."""
        assert self._head is not None
        X, y = self._head.X, _column(self._head.y)
        if self.counts is None:
            return X, y
        classes = np.array(sorted(self.counts))
        return np.resize(X, (len(classes), X.shape[1])), classes


class _Learned:
    """A source of what a network learns: y as `_targets` has it, and weights of classes.

    Parameters
    ----------
    estimator : estimator
        Which knows the classes.
    seen : _Seen
    """

    once = False

    def __init__(self, estimator: Any, seen: _Seen) -> None:
        self._estimator, self._source = estimator, seen.source
        self.rows: int | None = seen.rows
        self.starts, self.names = seen.source.starts, seen.source.names
        self._class_weight = getattr(estimator, "class_weight", None)
        if isinstance(self._class_weight, str):
            if seen.counts is None:
                raise ArgumentError(
                    "class_weight 'balanced' of several labels a row is not known of a stream: "
                    "give a list of dicts"
                )
            share = seen.rows / len(seen.counts)
            self._class_weight = {name: share / count for name, count in seen.counts.items()}

    def blocks(self, numbers: Iterable[int] | None = None) -> Iterator[Block]:
        """Yield blocks; see `clearprop.streams.source.Source`."""
        e = self._estimator
        for block in self._source.blocks(numbers):
            y, weights = _column(block.y), block.weights
            if self._class_weight is not None:
                counted = weights_by_class(self._class_weight, y, e.classes_, False)
                weights = counted if weights is None else counted * weights
            yield replace(block, y=e._targets(y), weights=weights)

    def identity(self) -> dict[str, Any]:
        """Return what a checkpoint knows it by."""
        known = self._class_weight
        named = None if known is None else [*map(str, sorted(known.items()))]
        return {**self._source.identity(), "class_weight": named}


def _column(y: Array) -> Array:
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
