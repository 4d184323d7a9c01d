"""Both libraries' estimators and scikit-learn's data, which the tests of estimators share."""

from __future__ import annotations

import warnings

import numpy as np
import scipy.sparse as sp
import sklearn.neural_network as theirs
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_iris,
    make_multilabel_classification,
)
from sklearn.exceptions import ConvergenceWarning

from clearprop.estimators import MLPClassifier, MLPRegressor

PAIRS = {"classifier": (theirs.MLPClassifier, MLPClassifier),
         "regressor": (theirs.MLPRegressor, MLPRegressor)}  # fmt: skip


def both(kind: str = "classifier", **settings):
    """scikit-learn's estimator and this package's, which then computes in float64 too."""
    scikit_learns, ours = PAIRS[kind]
    return scikit_learns(**settings), ours(precision="float64", **settings)


def quiet(estimator, *data, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.fit(*data, **settings)


def iris():
    return load_iris(return_X_y=True)


def weighted_iris():
    X, y = iris()
    return X, y, np.random.default_rng(0).random(len(y))


def two_classes():
    X, y = load_breast_cancer(return_X_y=True)
    return X / 100, y


def multilabel():
    return make_multilabel_classification(n_samples=90, n_features=6, n_classes=4, random_state=0)


def diabetes():
    return load_diabetes(return_X_y=True)


def two_targets():
    X, y = diabetes()
    return X, np.column_stack([y, np.sqrt(y)])


def weighted_targets():
    X, Y = two_targets()
    weights = np.random.default_rng(1).random(len(Y))
    weights[::7] = 0
    return X, Y, weights


def half_precision():
    X, y = iris()
    return X.astype(np.float32), y


def spread():
    X, y = iris()
    return sp.csr_matrix(X), y
