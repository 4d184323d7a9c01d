"""What the two estimators of tables share: scikit-learn's checks around `Model.fit`."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d, validate_data

from clearprop.errors import ArgumentError, TargetError
from clearprop.estimators.framed import frame_of, free_name, is_frame, joined, renamed
from clearprop.estimators.parameters import NO_SEED, check_parameters
from clearprop.estimators.samples import check_weights
from clearprop.streams.stream import Stream
from clearprop.tables.columns import names_of
from clearprop.tables.conventions import FEW
from clearprop.tables.model import Model
from clearprop.tables.partitions import check_in_memory
from clearprop.tables.target import check_target_name
from clearprop.warned import warn

Array = NDArray[Any]

PASSED_ON = (
    "hidden", "activation", "initializer", "drop", "keep", "categorical", "missing_words",
    "unreadable", "max_categories", "validation", "epochs", "l2", "dropout", "callbacks",
    "precision", "threads", "progress", "checkpoint", "checkpoint_every", "resume",
)  # fmt: skip
"""The parameters that `Model.fit` has under the same name."""

BY_SIZE = ("optimizer", "batch_size", "early_stopping")
"""Those that `Model.fit` chooses by the size of the table, if they are "auto"."""


class BaseTable(BaseEstimator):  # type: ignore[misc]
    """A `Model` with scikit-learn's interface; see the two that derive from it."""

    model_: Model
    _task: str
    _own: tuple[str, ...]
    """The parameters that this one has beside those of both."""
    _names: list[str]

    def __init__(
        self,
        hidden: Any = (100, 50),
        *,
        activation: Any = "relu",
        initializer: Any = "glorot_uniform",
        drop: Any = (),
        keep: Any = (),
        categorical: Any = (),
        columns: Any = None,
        missing_words: Any = None,
        unreadable: float = FEW,
        max_categories: int | None = None,
        validation: float = 0.15,
        epochs: int = 200,
        optimizer: Any = "auto",
        batch_size: Any = "auto",
        l2: float = 0.0,
        dropout: float = 0.0,
        early_stopping: Any = "auto",
        callbacks: Any = (),
        precision: str | None = None,
        threads: int | None = None,
        progress: bool = False,
        random_state: Any = None,
        checkpoint: Any = None,
        checkpoint_every: Any = None,
        resume: bool = False,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.initializer = initializer
        self.drop = drop
        self.keep = keep
        self.categorical = categorical
        self.columns = columns
        self.missing_words = missing_words
        self.unreadable = unreadable
        self.max_categories = max_categories
        self.validation = validation
        self.epochs = epochs
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.l2 = l2
        self.dropout = dropout
        self.early_stopping = early_stopping
        self.callbacks = callbacks
        self.precision = precision
        self.threads = threads
        self.progress = progress
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.checkpoint_every = checkpoint_every
        self.resume = resume

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks of estimators: text, categories and NaN are taken."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _check_target(self, y: Any) -> tuple[list[Any] | Array, str | None]:
        """Return y as a table holds it, and how its column is to be read."""
        raise NotImplementedError

    def _own_settings(self) -> dict[str, Any]:
        """Return what `Model.fit` is given beside what both estimators have."""
        return {name: getattr(self, name) for name in self._own}

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> Any:
        if isinstance(X, Stream):
            return self._fit_stream(X, y, sample_weight)
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y "
                "is None."
            )
        table = self._table(X, reset=True)
        check_consistent_length(X, y)
        name = free_name(getattr(y, "name", None), self._names)
        values, wish = self._check_target(y)
        columns = self.columns
        if wish is not None and (columns is None or isinstance(columns, Mapping)):
            columns = {**(columns or {}), name: wish}
        settings = self._own_settings()
        table = joined(table, name, values)
        weights = check_weights(sample_weight, table)
        if weights is not None:
            settings["weight"] = free_name("weight", [*self._names, name])
            table = joined(table, settings["weight"], weights)
        return self._fit_model(table, name, columns, settings)

    def _fit_stream(self, stream: Stream, y: Any, sample_weight: Any) -> Any:
        for argument, value in (("y", y), ("sample_weight", sample_weight)):
            if value is not None:
                raise ArgumentError(f"{argument} of a stream is in the stream: leave it out here")
        target, names = stream.target, stream.source.names
        if not isinstance(target, str) or names is None:
            raise ArgumentError(
                "the stream names no target: cp.stream(FILE, target='price') does; for arrays "
                "there are MLPClassifier and MLPRegressor"
            )
        check_target_name(target, names)
        others = [name for name in names if name != target]
        self._table(frame_of(np.empty((0, len(others))), others), reset=True)
        self._fit_model(stream, target, self.columns, {n: getattr(self, n) for n in self._own})
        if self._task == "classification":
            self.classes_ = np.array(self.model_.classes)
        return self

    def _fit_model(self, table: Any, target: str, columns: Any, own: dict[str, Any]) -> Any:
        settings = {setting: getattr(self, setting) for setting in PASSED_ON} | own
        for setting in BY_SIZE:
            given = getattr(self, setting)
            if not (isinstance(given, str) and given == "auto"):
                settings[setting] = given
        self.model_ = Model.fit(
            table,
            target,
            task=self._task,
            columns=columns,
            test=0.0,
            compare=False,
            seed=self._seed(),
            **settings,
        )
        history = self.model_.history
        assert history is not None
        self.loss_curve_ = list(history.loss)
        self.n_iter_ = len(self.loss_curve_)
        if history.stopped == "interrupted":
            warn("Training interrupted by user.")
        return self

    def _seed(self) -> int:
        constraints = {"random_state": ["random_state"]}
        given = self.random_state
        check_parameters(type(self).__name__, constraints, {"random_state": given})
        if self.checkpoint is not None and given is None:
            raise ValueError(NO_SEED)
        if isinstance(given, Integral):
            return int(given)
        return int(check_random_state(given).randint(2**31 - 1))

    def _table(self, X: Any, *, reset: bool) -> Any:
        """Return X as a table whose columns are called as in `fit`, by scikit-learn's rules."""
        check_in_memory(X)  # else scikit-learn makes an array of it, without names
        if is_frame(X):
            names = names_of(X)
            validate_data(self, X, reset=reset, skip_check_array=True)
            if reset:
                self._names = names
            return renamed(X, self._names)
        X = validate_data(
            self, X, reset=reset, dtype=None, ensure_all_finite="allow-nan",
            ensure_min_samples=2 if reset else 1,
        )  # fmt: skip
        if reset:
            self._names = [f"x{place}" for place in range(X.shape[1])]
        return frame_of(X, self._names)

    def _table_to_predict(self, X: Any) -> Any:
        check_is_fitted(self, "model_")
        return self._table(X, reset=False)


def vector(y: Any, dtype: Any) -> Array:
    """Return y as an array (n,), checked as scikit-learn does it.

    Raises
    ------
    TargetError
        If a value is None or pandas's NA.
    """
    given = np.asarray(y)
    if given.dtype == object:
        missing = [v is None or type(v).__name__ == "NAType" for v in given.ravel().tolist()]
        if any(missing):
            raise TargetError(
                f"y is missing in {sum(missing)} of {len(missing)} rows: leave them out"
            )
    return np.asarray(
        column_or_1d(check_array(y, ensure_2d=False, dtype=dtype, input_name="y"), warn=True)
    )
