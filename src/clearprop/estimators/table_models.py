"""TableClassifier and TableRegressor: `Model` with scikit-learn's interface."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets

from clearprop.errors import ArgumentError, TargetError, shown
from clearprop.estimators.table_base import BaseTable, vector
from clearprop.tables.conventions import FEW
from clearprop.tables.partitions import by_partition
from clearprop.tables.text import shortened
from clearprop.tables.values import EXACT

Array = NDArray[Any]


class TableClassifier(ClassifierMixin, BaseTable):  # type: ignore[misc]
    """`Model` as a classifier of scikit-learn's: raw tables in, labels out.

    Columns of numbers, text, dates, true and false, with missing values, are encoded as
    ``cp.Model.fit`` does it, within each fit: nothing leaks from the rows of a test fold.

    Parameters
    ----------
    hidden, activation, initializer, drop, keep, categorical, columns, missing_words, unreadable, \
max_categories, validation, epochs
        As for ``cp.Model.fit``. The columns of an array are called x0, x1, ...
    optimizer, batch_size, early_stopping
        As for ``cp.train``; "auto": what fits the size of the table, as ``cp.Model.fit`` does it.
    l2, dropout, callbacks, precision, threads
        As for ``cp.train``.
    progress : bool, default=False
        Whether training shows how far it is.
    class_weight : "balanced", dict or None, default=None
        As for ``cp.Model.fit``: labels of y and what their rows count, beside `sample_weight`.
    random_state : int, RandomState instance or None, default=None
        For the rows put aside, the first weights and the order of rows. A whole number is the
        seed of ``cp.Model.fit``.
    checkpoint, checkpoint_every, resume : path, int or str, bool, default=None, None, False
        As for ``cp.train``; `random_state` is then needed.

    Attributes
    ----------
    model_ : Model
        What was trained. Its report has no scores, as no rows are put aside to test on.
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where X was a table whose columns have names.
    n_iter_ : int
        Epochs that were made.
    loss_curve_ : list of float
        The training cost of each.

    Examples
    --------
    >>> from clearprop.estimators import TableClassifier
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_val_score
    >>> X, y = load_iris(as_frame=True, return_X_y=True)
    >>> classifier = TableClassifier(random_state=0)
    >>> cross_val_score(classifier, X, y, cv=3).round()
    array([1., 1., 1.])
    """

    _task = "classification"
    _own = ("class_weight",)

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
        class_weight: Any = None,
        checkpoint: Any = None,
        checkpoint_every: Any = None,
        resume: bool = False,
    ) -> None:
        super().__init__(
            hidden, activation=activation, initializer=initializer, drop=drop, keep=keep,
            categorical=categorical, columns=columns, missing_words=missing_words,
            unreadable=unreadable, max_categories=max_categories, validation=validation,
            epochs=epochs, optimizer=optimizer, batch_size=batch_size, l2=l2, dropout=dropout,
            early_stopping=early_stopping, callbacks=callbacks, precision=precision,
            threads=threads, progress=progress, random_state=random_state,
            checkpoint=checkpoint, checkpoint_every=checkpoint_every, resume=resume,
        )  # fmt: skip
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> TableClassifier:
        """Fit the model.

        Parameters
        ----------
        X : pandas, polars or pyarrow table, or array-like, of shape (n_samples, n_features), or \
Stream
            What ``cp.stream(FILE, target=...)`` returns has its target in it; neither y nor
            sample_weight goes with it.
        y : array-like of shape (n_samples,)
            Labels: texts, such as "None" too, numbers, or true and false; none may be missing.
        sample_weight : array-like of shape (n_samples,), default=None
            0 or more: what rows count in training, and in deciding when to stop.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError, TypeError
            As scikit-learn's, if X and y do not fit; `cp.ClearpropError` as ``cp.Model.fit``.
        """
        return self._fit(X, y, sample_weight)

    @by_partition(lambda e: e.model_.target)
    def predict(self, X: Any) -> Array:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : pandas, polars or pyarrow table, or array-like, of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,)

        Raises
        ------
        NotFittedError, ValueError, TypeError
            As scikit-learn's: if X has other columns than in `fit`; as ``cp.Model.predict``.
        """
        shares = self.predict_proba(X)
        return np.asarray(self.classes_[shares.argmax(axis=1)])

    @by_partition(lambda e: list(e.classes_))
    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, in the order of ``classes_``.

        Parameters
        ----------
        X : pandas, polars or pyarrow table, or array-like, of shape (n_samples, n_features)

        Returns
        -------
        shares : ndarray of shape (n_samples, n_classes)

        Raises
        ------
        NotFittedError, ValueError, TypeError
            As scikit-learn's: if X has other columns than in `fit`; as ``cp.Model.predict``.
        """
        table = self._table_to_predict(X)
        return self.model_.predict_proba(table)

    def _own_settings(self) -> dict[str, Any]:
        given = self.class_weight
        if isinstance(given, Mapping):
            unknown = [label for label in given if label not in self._cells]
            if unknown:
                raise ArgumentError(
                    f"class_weight names {shown(unknown[0])}; the classes are "
                    f"{shortened(self._cells)}"
                )
            given = {self._cells[label]: weight for label, weight in given.items()}
        return {"class_weight": given}

    def _check_target(self, y: Any) -> tuple[list[Any] | Array, str | None]:
        labels = vector(y, None)
        try:
            check_classification_targets(labels)
            self.classes_, places = np.unique(labels, return_inverse=True)
        except TypeError:  # which have no order
            kinds = sorted({type(label).__name__ for label in labels.tolist()})
            raise TargetError(f"y holds {' and '.join(kinds)}: make texts of all") from None
        if len(self.classes_) == 1:
            raise TargetError(
                f"y has one class alone, {shown(self.classes_.tolist()[0])}: there is nothing to "
                "learn"
            )
        words = self.missing_words
        known = (
            [words] if isinstance(words, str) else words if isinstance(words, Collection) else ()
        )
        written = _written(self.classes_, known)
        self._cells = dict(zip(self.classes_.tolist(), written.tolist(), strict=True))
        if written.dtype.kind in "OU":
            return written[places].tolist(), "category"
        return written[places], None


class TableRegressor(RegressorMixin, BaseTable):  # type: ignore[misc]
    """`Model` as a regressor of scikit-learn's: raw tables in, numbers out.

    Parameters
    ----------
    hidden, activation, initializer, drop, keep, categorical, columns, missing_words, unreadable, \
max_categories, validation, epochs, optimizer, batch_size, l2, dropout, early_stopping, callbacks, \
precision, threads, progress, random_state, checkpoint, checkpoint_every, resume
        As for `TableClassifier`.
    loss, target_transform, quantiles
        As for ``cp.Model.fit``. With quantiles `predict` gives the median.

    Attributes
    ----------
    model_, n_features_in_, feature_names_in_, n_iter_, loss_curve_
        As for `TableClassifier`.

    Examples
    --------
    >>> from clearprop.estimators import TableRegressor
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(as_frame=True, return_X_y=True)
    >>> regressor = TableRegressor([20], categorical=["sex"], random_state=0).fit(X[:400], y[:400])
    >>> regressor.predict(X[400:]).shape, regressor.model_.target
    ((42,), 'target')
    """

    _task = "regression"
    _own = ("loss", "target_transform", "quantiles")

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
        loss: Any = None,
        target_transform: str | None = None,
        quantiles: Any = None,
        checkpoint: Any = None,
        checkpoint_every: Any = None,
        resume: bool = False,
    ) -> None:
        super().__init__(
            hidden, activation=activation, initializer=initializer, drop=drop, keep=keep,
            categorical=categorical, columns=columns, missing_words=missing_words,
            unreadable=unreadable, max_categories=max_categories, validation=validation,
            epochs=epochs, optimizer=optimizer, batch_size=batch_size, l2=l2, dropout=dropout,
            early_stopping=early_stopping, callbacks=callbacks, precision=precision,
            threads=threads, progress=progress, random_state=random_state,
            checkpoint=checkpoint, checkpoint_every=checkpoint_every, resume=resume,
        )  # fmt: skip
        self.loss = loss
        self.target_transform = target_transform
        self.quantiles = quantiles

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> TableRegressor:
        """Fit the model.

        Parameters
        ----------
        X : pandas, polars or pyarrow table, or array-like, of shape (n_samples, n_features), or \
Stream
            What ``cp.stream(FILE, target=...)`` returns has its target in it; neither y nor
            sample_weight goes with it.
        y : array-like of shape (n_samples,)
            Numbers, of which none may be missing.
        sample_weight : array-like of shape (n_samples,), default=None
            As for `TableClassifier`.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError, TypeError
            As scikit-learn's, if X and y do not fit; `cp.ClearpropError` as ``cp.Model.fit``.
        """
        return self._fit(X, y, sample_weight)

    @by_partition(lambda e: e.model_.target)
    def predict(self, X: Any) -> Array:
        """Return the predicted numbers, in the unit of y.

        Parameters
        ----------
        X : pandas, polars or pyarrow table, or array-like, of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,)

        Raises
        ------
        NotFittedError, ValueError, TypeError
            As scikit-learn's: if X has other columns than in `fit`; as ``cp.Model.predict``.
        """
        table = self._table_to_predict(X)
        return self.model_.predict(table)

    @by_partition(lambda e: list(e.model_.quantiles))
    def predict_quantiles(self, X: Any) -> Array:
        """Return the quantiles of each row that were asked for, ascending.

        Parameters
        ----------
        X : pandas, polars or pyarrow table, or array-like, of shape (n_samples, n_features)

        Returns
        -------
        quantiles : ndarray of shape (n_samples, n_quantiles)

        Raises
        ------
        ArgumentError
            If there are none.
        NotFittedError, ValueError, TypeError
            As for `predict`.
        """
        table = self._table_to_predict(X)
        return self.model_.predict_quantiles(table)

    @by_partition(lambda e: ("lower", "upper"))
    def predict_interval(self, X: Any, level: float = 0.9) -> Array:
        """Return for each row an interval that holds its number with a probability of `level`.

        Parameters
        ----------
        X : pandas, polars or pyarrow table, or array-like, of shape (n_samples, n_features)
        level : float, default=0.9

        Returns
        -------
        ends : ndarray of shape (n_samples, 2)

        Raises
        ------
        ArgumentError
            If `validation` put too few rows aside; as ``cp.Model.predict_interval``.
        NotFittedError, ValueError, TypeError
            As for `predict`.
        """
        table = self._table_to_predict(X)
        return self.model_.predict_interval(table, level)

    def _check_target(self, y: Any) -> tuple[list[Any] | Array, str | None]:
        return vector(y, np.float64), None


def _written(classes: Array, missing: Collection[Any]) -> Array:
    """Return classes as the cells of a table hold them, in this order, or else their places."""
    if classes.dtype.kind == "b" or (
        classes.dtype.kind in "iuf" and (np.abs(classes.astype(np.float64)) < EXACT).all()
    ):
        return classes
    if all(isinstance(label, str) and _is_cell(label, missing) for label in classes.tolist()):
        return classes
    return np.arange(len(classes))


def _is_cell(label: str, missing: Collection[Any]) -> bool:
    """Whether a text in a table is this label, and no missing value or other text."""
    if not label or label != label.strip() or label in missing:
        return False
    return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in label)
