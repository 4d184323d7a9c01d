"""TableClassifier and TableRegressor: scikit-learn's own checks of estimators."""

from __future__ import annotations

from sklearn.utils.estimator_checks import parametrize_with_checks

from clearprop.estimators import TableClassifier, TableRegressor

EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "rows are put aside to stop by, drawn by the "
    "seed among all rows: with rows repeated or removed, others are drawn"
}


@parametrize_with_checks(
    [TableClassifier(), TableRegressor()], expected_failed_checks=lambda estimator: EXPECTED
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)
