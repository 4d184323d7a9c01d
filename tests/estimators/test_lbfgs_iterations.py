"""solver="lbfgs": what is seen of its iterations, and a partial_fit that goes on."""

from __future__ import annotations

import numpy as np
import pytest

from clearprop.estimators import MLPClassifier, MLPRegressor
from estimator_cases import PAIRS, diabetes, iris, quiet, two_targets

SETTINGS = {"solver": "lbfgs", "random_state": 0, "hidden_layer_sizes": (5,), "alpha": 0.5}


class TestIterations:
    @pytest.mark.parametrize(
        ("maker", "data"),
        [(MLPClassifier, iris), (MLPRegressor, diabetes), (MLPRegressor, two_targets)],
    )
    def test_the_curve_ends_with_the_loss(self, maker, data):
        estimator = quiet(maker(max_iter=20, **SETTINGS), *data())
        assert len(estimator.loss_curve_) == estimator.n_iter_ == 20
        assert estimator.loss_curve_[-1] == estimator.loss_
        assert (np.diff(estimator.loss_curve_) < 0).all()
        shorter = quiet(maker(max_iter=7, **SETTINGS), *data())
        assert shorter.loss_curve_ == estimator.loss_curve_[:7]

    def test_looking_changes_no_bits(self, capsys):
        quietly = quiet(MLPRegressor(max_iter=20, **SETTINGS), *diabetes())
        loudly = quiet(MLPRegressor(max_iter=20, verbose=True, **SETTINGS), *diabetes())
        np.testing.assert_array_equal(quietly.coefs_[0], loudly.coefs_[0])
        printed = capsys.readouterr().out.splitlines()
        assert printed == [
            f"Iteration {i}, loss = {loss:.8f}" for i, loss in enumerate(loudly.loss_curve_, 1)
        ]

    def test_other_fits_of_the_same_estimator(self):
        X, y = diabetes()
        estimator = quiet(MLPRegressor(max_iter=5, warm_start=True, **SETTINGS), X, y)
        quiet(estimator, X, y)
        assert len(estimator.loss_curve_) == 10
        quiet(estimator.set_params(solver="adam", max_iter=3), X, y)
        assert len(estimator.loss_curve_) == 13
        quiet(estimator.set_params(solver="lbfgs", warm_start=False), X, y)
        assert len(estimator.loss_curve_) == estimator.n_iter_ == 3


class TestPartialFit:
    def test_the_regressors_goes_on_as_scikit_learns_does(self):
        X, y = diabetes()
        theirs, ours = (maker(max_iter=4, **SETTINGS) for maker in PAIRS["regressor"])
        for _ in range(3):
            for estimator in (theirs, ours):
                with pytest.warns(UserWarning, match="lbfgs failed to converge"):
                    estimator.partial_fit(X, y)
            assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-4)
            assert ours.n_iter_ == theirs.n_iter_
        assert len(ours.loss_curve_) == 12

    def test_who_has_one(self):
        for kind, has in (("regressor", True), ("classifier", False)):
            for maker in PAIRS[kind]:
                assert hasattr(maker(solver="lbfgs"), "partial_fit") is has
