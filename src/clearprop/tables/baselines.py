"""Baselines: what scikit-learn's simple and strong models reach on the same rows.

They learn from the training and the validation rows, as they need none to stop by, with
scikit-learn's default settings; of many rows, from a sample. They get the table as it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.numerics.random import Purpose
from clearprop.tables.baseline_inputs import (
    BaselineInputs,
    for_boosting,
    for_linear,
    for_none,
    with_mean_targets,
)
from clearprop.tables.columns import Column
from clearprop.tables.encoding import Encoding
from clearprop.tables.split import put_aside
from clearprop.training.watching.phase import Phase

Array = NDArray[Any]

MOST_ROWS = 100_000
"""Rows that a baseline learns from at most: a sample, of a larger table."""

COST = 2e8
"""Rows x inputs x outputs up to which gradient boosting is tried: about two minutes."""

OVERHEAD = 50
"""What a row costs gradient boosting beside its inputs, as so many inputs."""

BOOSTING = "gradient boosting"

LEFT_OUT = 'Baselines are left out: pip install "clearprop[tables]" brings scikit-learn.'
"""What a report says of them where they cannot be tried."""

NAIVE = ("most frequent class", "mean", "median")
"""Those that know no inputs. The median is to absolute errors what the mean is to squares."""


def are_there() -> bool:
    """Whether scikit-learn is installed, whose models the baselines are."""
    try:
        import sklearn  # noqa: F401
    except ImportError:
        return False
    return True


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
    encoding: Encoding,
    learned: Mapping[str, Column],
    tested: Mapping[str, Column],
    y: Array,
    n_classes: int,
    seed: int,
    progress: bool | None = False,
    weights: Array | None = None,
) -> dict[str, Array]:
    """Return each baseline's predictions for the test rows.

    Parameters
    ----------
    encoding : Encoding
        What the columns are, and how numbers are standardized.
    learned, tested : mapping of str to Column
        The rows to learn from and to test on, as they are read.
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
    from sklearn import exceptions
    from threadpoolctl import threadpool_limits

    predictions = {}
    models = _models(n_classes)
    for name in (*models, BOOSTING):
        # One thread: on a busy machine OpenMP's threads wait for each other for minutes.
        with (
            Phase(progress, f"for comparison, {name} learns from {len(y):,} rows"),
            warnings.catch_warnings(),
            threadpool_limits(1, user_api="openmp"),
        ):
            warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
            if name == BOOSTING:
                inputs = for_boosting(encoding, learned, tested)
                if _cost(inputs, n_classes) <= COST:
                    predictions[name] = _boosted(inputs, y, n_classes, seed, weights)
                continue
            model, make_inputs = models[name]
            inputs = make_inputs(encoding, learned, tested)
            model.fit(inputs.learned, y, sample_weight=weights)
            predict = model.predict_proba if n_classes else model.predict
            predictions[name] = predict(inputs.tested)
    return predictions


def _cost(inputs: BaselineInputs, n_classes: int) -> int:
    """Return rows x inputs x outputs of gradient boosting."""
    outputs = n_classes if n_classes > 2 else 1
    n, k = inputs.learned.shape
    return n * (k + len(inputs.targeted) * (outputs - 1) + OVERHEAD) * outputs


def _boosted(
    inputs: BaselineInputs, y: Array, n_classes: int, seed: int, weights: Array | None
) -> Array:
    """Return what gradient boosting predicts: probabilities, or numbers.

    It has no use for a class of one row. From 10,001 rows it puts rows of each class aside to stop
    by, and refuses such a class; with fewer, the class may throw all others off. It is given the
    probability of one row instead.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    settings: dict[str, Any] = {"random_state": seed % 2**32}
    often = np.bincount(y, minlength=n_classes) > 1 if n_classes else np.empty(0, dtype=bool)
    if often.sum() > 1:
        weights = None if weights is None else weights[often[y]]
        inputs, y = replace(inputs, learned=inputs.learned[often[y]]), y[often[y]]
    elif n_classes:
        settings["early_stopping"] = False
    inputs = with_mean_targets(inputs, y, n_classes, seed)
    settings["categorical_features"] = list(inputs.categorical) or None
    if not n_classes:
        model = HistGradientBoostingRegressor(**settings).fit(inputs.learned, y, weights)
        return model.predict(inputs.tested)
    model = HistGradientBoostingClassifier(**settings).fit(inputs.learned, y, weights)
    shares = np.full((len(inputs.tested), n_classes), 1 / len(y))
    shares[:, model.classes_] = model.predict_proba(inputs.tested)
    return shares / shares.sum(axis=1, keepdims=True)


def _models(n_classes: int) -> dict[str, tuple[Any, Callable[..., BaselineInputs]]]:
    """Return the models but for gradient boosting, and what makes the inputs of each."""
    from sklearn import dummy, linear_model

    if not n_classes:
        return {
            "mean": (dummy.DummyRegressor(), for_none),
            "median": (dummy.DummyRegressor(strategy="median"), for_none),
            "ridge regression": (linear_model.Ridge(), for_linear),
        }
    return {
        "most frequent class": (dummy.DummyClassifier(), for_none),
        "logistic regression": (linear_model.LogisticRegression(max_iter=1000), for_linear),
    }
