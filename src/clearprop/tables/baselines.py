"""Baselines: what scikit-learn's simple and strong models reach on the same rows.

They learn from the training and the validation rows, as they need none to stop by, with
scikit-learn's default settings; of many rows, from a sample.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import missing_extra
from clearprop.numerics.random import Purpose
from clearprop.tables.split import put_aside
from clearprop.training.watching.phase import Phase

Array = NDArray[Any]

MOST_ROWS = 100_000
"""Rows that a baseline learns from at most: a sample, of a larger table."""

COST = 2e8
"""Rows x inputs x outputs up to which gradient boosting is tried: about two minutes."""

NAIVE = ("most frequent class", "mean", "median")
"""Those that know no inputs. The median is to absolute errors what the mean is to squares."""


def sample(y: Array, n_classes: int, seed: int) -> NDArray[np.int64]:
    """Return the rows that baselines learn from, ascending: of each class its share.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Labels 0..n_classes - 1, or numbers.
    n_classes : int
        0 for a regression.
    seed : int
    """
    n = len(y)
    aside = max(0.0, 1 - MOST_ROWS / n)
    return put_aside(np.arange(n), y if n_classes else None, aside, seed, Purpose.BASELINES)[0]


def baselines(
    X: Array,
    y: Array,
    X_test: Array,
    n_classes: int,
    seed: int,
    progress: bool | None = False,
    weights: Array | None = None,
) -> dict[str, Array]:
    """Return each baseline's predictions for the test rows.

    Parameters
    ----------
    X, X_test : ndarray, shape (n, n_features), (m, n_features)
        Encoded inputs.
    y : ndarray, shape (n,)
        Labels 0..n_classes - 1, each at least once, or numbers.
    n_classes : int
        0 for a regression.
    seed : int
    progress : bool or None
        Whether to say which is learning; None: of one that takes two seconds.
    weights : ndarray, shape (n,), optional
        How much each row counts.

    Returns
    -------
    dict of str to ndarray
        Probabilities (m, n_classes), or numbers (m,). Gradient boosting is left out where it
        would take many minutes.
    """
    try:
        from sklearn import exceptions
        from threadpoolctl import threadpool_limits
    except ImportError:
        missing_extra("scikit-learn", "cp.Model.fit", "tables")
    models = _models(n_classes, seed % 2**32)
    if X.size * max(n_classes if n_classes > 2 else 1, 1) > COST:
        del models["gradient boosting"]
    predictions = {}
    for name, model in models.items():
        # One thread: on a busy machine OpenMP's threads wait for each other for minutes.
        with (
            Phase(progress, f"for comparison, {name} learns from {len(X):,} rows"),
            warnings.catch_warnings(),
            threadpool_limits(1, user_api="openmp"),
        ):
            warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
            if name == "gradient boosting" and n_classes:
                predictions[name] = _boosted(model, X, y, X_test, n_classes, weights)
                continue
            model.fit(X, y, sample_weight=weights)
            predictions[name] = model.predict_proba(X_test) if n_classes else model.predict(X_test)
    return predictions


def _boosted(
    model: Any, X: Array, y: Array, X_test: Array, n_classes: int, weights: Array | None
) -> Array:
    """Return the probabilities of gradient boosting, which has no use for a class of one row.

    From 10,001 rows it puts rows of each class aside to stop by, and refuses such a class; with
    fewer, the class may throw all others off. It is given the probability of one row instead.
    """
    often = np.bincount(y, minlength=n_classes) > 1
    if often.sum() > 1:
        weights = None if weights is None else weights[often[y]]
        X, y = X[often[y]], y[often[y]]
    else:
        model.set_params(early_stopping=False)
    model.fit(X, y, sample_weight=weights)
    shares = np.full((len(X_test), n_classes), 1 / len(y))
    shares[:, model.classes_] = model.predict_proba(X_test)
    return shares / shares.sum(axis=1, keepdims=True)


def _models(n_classes: int, random_state: int) -> dict[str, Any]:
    from sklearn import dummy, ensemble, linear_model

    if not n_classes:
        return {
            "mean": dummy.DummyRegressor(),
            "median": dummy.DummyRegressor(strategy="median"),
            "ridge regression": linear_model.Ridge(),
            "gradient boosting": ensemble.HistGradientBoostingRegressor(random_state=random_state),
        }
    return {
        "most frequent class": dummy.DummyClassifier(),
        "logistic regression": linear_model.LogisticRegression(max_iter=1000),
        "gradient boosting": ensemble.HistGradientBoostingClassifier(random_state=random_state),
    }
