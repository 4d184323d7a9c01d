"""TableClassifier and TableRegressor: scikit-learn's own checks of estimators."""

from __future__ import annotations

from sklearn.utils.estimator_checks import parametrize_with_checks

from clearprop.estimators import TableClassifier, TableRegressor


@parametrize_with_checks([TableClassifier(), TableRegressor()])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)
