"""Probabilities of an output for each class against all others, where all sigmoids underflow."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import log_expit, softmax

import clearprop as cp
from clearprop.estimators import MLPClassifier
from estimator_cases import iris, quiet

TOLERANCE = {"float32": 2e-4, "float64": 1e-9}
"""Logits of some thousands have an absolute error of 1e-4 in float32, and so have shares."""


@pytest.fixture(scope="module", params=["float32", "float64"])
def fitted(request):
    X, y = iris()
    X = ((X - X.mean(0)) / X.std(0)).astype(request.param)
    names = np.array(["b", "a", "c"])[y]
    return quiet(
        MLPClassifier((16,), max_iter=200, random_state=0, learning_rate_init=0.01,
                      output_activation="logistic"), X, names,
    )  # fmt: skip


def shares(estimator, X):
    """The shares in extended precision, from the logits in float64."""
    wide = cp.Network.from_weights(
        estimator.network_.weights, estimator.network_.biases, ["relu", "identity"]
    ).astype("float64")
    return softmax(log_expit(wide.predict(X).astype(np.longdouble)), axis=1)


@pytest.mark.parametrize("scale", [1, 30, 1000, 1e6, 1e30])
def test_they_are_shares_wherever_the_row_is(fitted, scale):
    X = (np.random.default_rng(0).normal(size=(500, 4)) * scale).astype(fitted.network_.dtype)
    found = fitted.predict_proba(X)
    assert found.dtype == X.dtype
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(found, shares(fitted, X), rtol=0, atol=TOLERANCE[X.dtype.name])
    np.testing.assert_array_equal(fitted.predict(X), fitted.classes_[found.argmax(axis=1)])
    with np.errstate(divide="ignore"):
        assert not np.isnan(fitted.predict_log_proba(X)).any()


def test_some_of_these_rows_underflow(fitted):
    X = (np.random.default_rng(0).normal(size=(2000, 4)) * 1000).astype(fitted.network_.dtype)
    faint = ~fitted.network_.predict(X).any(axis=1)
    assert faint.sum() >= 5
    assert len(set(fitted.predict(X[faint]))) > 1  # not the first class for all
    sparse = sp.csc_matrix(X)
    tolerance = TOLERANCE[X.dtype.name]
    np.testing.assert_allclose(
        fitted.predict_proba(sparse), fitted.predict_proba(X), atol=tolerance
    )


def test_logits_beyond_float64():
    X, y = iris()
    estimator = quiet(MLPClassifier((), max_iter=2, output_activation="logistic"), X, y)
    estimator.coefs_[0][:] = -1e300
    np.testing.assert_allclose(estimator.predict_proba(1e10 * X[:2]), 1 / 3)


def test_scores_of_early_stopping_decide_as_predict_does():
    X, y = iris()
    estimator = MLPClassifier(
        (4,), max_iter=3, random_state=1, output_activation="logistic", early_stopping=True,
        warm_start=True, learning_rate_init=1e-12, precision="float64",
    )  # fmt: skip
    quiet(estimator, X, y)
    estimator.intercepts_[-1][:] = [-2000, -1000, -3000]
    quiet(estimator, X, y, X_val=X, y_val=y)
    scores = estimator.validation_scores_[-3:]
    assert scores == [pytest.approx(1 / 3)] * 3
    estimator.intercepts_[-1][:] = [-2000, -1000, -3000]  # the best were put back
    assert set(estimator.predict(X)) == {1}
