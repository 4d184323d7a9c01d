"""Baselines: what scikit-learn's simple and strong models reach on the same rows.

They learn from the training and the validation rows, as they need none to stop by, with
scikit-learn's default settings.
"""

from __future__ import annotations

import warnings
from typing import Any

from numpy.typing import NDArray

from clearprop.errors import missing_extra

Array = NDArray[Any]

COST = 2e8
"""Rows x inputs x outputs up to which gradient boosting is tried: about half a minute."""


def baselines(X: Array, y: Array, X_test: Array, n_classes: int, seed: int) -> dict[str, Array]:
    """Return each baseline's predictions for the test rows.

    Parameters
    ----------
    X, X_test : ndarray, shape (n, n_features), (m, n_features)
        Encoded inputs.
    y : ndarray, shape (n,)
        Labels 0..n_classes - 1, or numbers.
    n_classes : int
        0 for a regression.
    seed : int

    Returns
    -------
    dict of str to ndarray
        Probabilities (m, n_classes), or numbers (m,). Gradient boosting is left out where it
        would take minutes.
    """
    try:
        from sklearn import dummy, ensemble, exceptions, linear_model
        from threadpoolctl import threadpool_limits
    except ImportError:
        missing_extra("scikit-learn", "cp.Model.fit", "tables")
    random_state = seed % 2**32
    models: dict[str, Any]
    if n_classes:
        models = {
            "most frequent class": dummy.DummyClassifier(),
            "logistic regression": linear_model.LogisticRegression(max_iter=1000),
            "gradient boosting": ensemble.HistGradientBoostingClassifier(random_state=random_state),
        }
    else:
        models = {
            "mean": dummy.DummyRegressor(),
            "ridge regression": linear_model.Ridge(),
            "gradient boosting": ensemble.HistGradientBoostingRegressor(random_state=random_state),
        }
    if X.size * max(n_classes if n_classes > 2 else 1, 1) > COST:
        del models["gradient boosting"]
    predictions = {}
    for name, model in models.items():
        # One thread: on a busy machine OpenMP's threads wait for each other for minutes.
        with warnings.catch_warnings(), threadpool_limits(1, user_api="openmp"):
            warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
            model.fit(X, y)
        predictions[name] = model.predict_proba(X_test) if n_classes else model.predict(X_test)
    return predictions
