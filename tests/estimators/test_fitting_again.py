"""Fits that go on: partial_fit, warm_start, and settings that change in between."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import (
    load_digits,
)

import clearprop as cp
from clearprop.estimators import MLPClassifier, MLPRegressor, sparse
from estimator_cases import (
    both,
    diabetes,
    iris,
    quiet,
)


class TestFittingAgain:
    def test_partial_fit(self):
        X, y = iris()
        a, b = both(shuffle=False, random_state=0, batch_size=40)
        for first in (0, 50, 100, 0):
            for estimator in (a, b):
                estimator.partial_fit(
                    X[first : first + 90], y[first : first + 90], classes=[0, 1, 2]
                )
        for p, q in zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True):
            np.testing.assert_allclose(q, p, rtol=1e-9, atol=1e-12)
        assert (a.n_iter_, a.t_, len(a.loss_curve_)) == (b.n_iter_, b.t_, len(b.loss_curve_))

    def test_warm_start(self):
        X, y = iris()
        a, b = both(shuffle=False, random_state=0, max_iter=7, warm_start=True)
        for _ in range(3):
            for estimator in (a, b):
                quiet(estimator, X, y)
        np.testing.assert_allclose(b.coefs_[0], a.coefs_[0], rtol=1e-9, atol=1e-12)
        assert len(b.loss_curve_) == len(a.loss_curve_) == 21

    def test_another_network_begins_the_optimizer_anew(self):
        rng = np.random.default_rng(0)
        X, y, wide = rng.normal(size=(40, 4)), rng.normal(size=40), rng.normal(size=(40, 900))
        estimator = quiet(MLPRegressor("squared_error", (20,), max_iter=2), X, y)
        quiet(estimator.set_params(solver="lbfgs", hidden_layer_sizes=(300,)), wide, y)
        estimator.set_params(solver="adam").partial_fit(wide, y)
        assert np.isfinite(estimator.predict(wide)).all()

    def test_in_another_type_the_optimizer_goes_on(self):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(40, 4)), rng.normal(size=40)
        settings = {"random_state": 0, "alpha": 0, "shuffle": False, "batch_size": 40}
        changed = MLPRegressor("squared_error", (20,), **settings).partial_fit(X, y)
        anew = changed.network_.copy()
        changed.set_params(precision="float64").partial_fit(X, y)
        same = MLPRegressor("squared_error", (20,), precision="float64", **settings)
        same.partial_fit(X, y).partial_fit(X, y)
        np.testing.assert_allclose(changed.coefs_[0], same.coefs_[0], atol=1e-6)
        cp.train(anew, X, y, optimizer=cp.Adam(), batch_size=None, epochs=1, shuffle=False)
        assert np.abs(anew["W1"].T - same.coefs_[0]).max() > 1e-5

    def test_a_state_that_is_only_read(self, tmp_path):
        joblib = pytest.importorskip("joblib")
        X, y = diabetes()
        estimator = MLPRegressor(
            "squared_error", (500,), random_state=0, precision="float64"
        ).partial_fit(X, y)
        joblib.dump(estimator, tmp_path / "estimator")
        mapped = joblib.load(tmp_path / "estimator", mmap_mode="r")
        assert mapped.network_.parameters.flags.writeable  # the file's are copied
        mapped.partial_fit(X, y)
        estimator.partial_fit(X, y)
        np.testing.assert_array_equal(mapped.coefs_[0], estimator.coefs_[0])

    def test_the_engine_refuses_a_state_of_another_network(self):
        from clearprop.training.standing import Standing, go_on

        network = cp.Network([4, 1], dtype="float64")
        for state in (
            {"m": np.zeros(4), "v": np.zeros(5)}, {"m": np.zeros(5)},
            {"m": np.zeros(5, np.float32), "v": np.zeros(5)},
            {"m": np.zeros(10)[::2], "v": np.zeros(5)},
        ):  # fmt: skip
            with pytest.raises(cp.ArgumentError, match="does not belong to this network"):
                go_on(Standing(network.parameters, state), cp.Adam(), network)

    @pytest.mark.parametrize(
        "optimizer",
        ["adam", cp.AdamW(0.01, decay=0.1), cp.SGD(cp.exponential(0.1, 0.99), momentum=0.9)],
    )
    @pytest.mark.parametrize("engine_rows", ["compiled", "reference"])
    def test_partial_fits_are_one_fit(self, optimizer, engine_rows, monkeypatch):
        X, y = diabetes()
        y = (y - y.mean()) / y.std()
        if engine_rows == "reference":
            monkeypatch.setattr(sparse, "DENSE", 0)
            X = sp.csr_matrix(X)
        settings = {"optimizer": optimizer, "precision": "float64", "shuffle": False,
                    "random_state": 0, "batch_size": 100}  # fmt: skip
        whole = quiet(MLPRegressor(max_iter=3, **settings), X, y)
        parts = MLPRegressor(**settings)
        for _ in range(3):
            parts.partial_fit(X, y)
        np.testing.assert_allclose(parts.loss_curve_, whole.loss_curve_, rtol=1e-12)

    def test_settings_that_change_between_fits_count(self):
        X, y = iris()
        a, b = (
            quiet(estimator, X, y)
            for estimator in both(max_iter=3, shuffle=False, random_state=0, warm_start=True)
        )
        for estimator in (a, b):
            quiet(estimator.set_params(activation="tanh"), X, y)
        np.testing.assert_allclose(b.loss_curve_, a.loss_curve_, rtol=1e-10)
        with pytest.raises(ValueError, match="only fit with warm_start=False makes"):
            b.set_params(hidden_layer_sizes=(5, 5)).fit(X, y)
        b.set_params(hidden_layer_sizes=(100,))
        with pytest.raises(cp.UnknownNameError):
            b.set_params(optimizer="adm").partial_fit(X, y)
        b.set_params(optimizer=None).partial_fit(X, y)

    def test_early_stopping_may_be_turned_on_and_off(self):
        X, y = iris()
        estimator = quiet(MLPClassifier(max_iter=4, warm_start=True, random_state=0), X, y)
        quiet(estimator.set_params(early_stopping=True), X, y)
        assert len(estimator.validation_scores_) == estimator.n_iter_
        quiet(estimator.set_params(early_stopping=False), X, y)
        assert estimator.best_loss_ == min(estimator.loss_curve_[-4:])
        estimator.set_params(early_stopping=True).partial_fit(X, y, X_val=X, y_val=y)
        quiet(estimator.set_params(solver="lbfgs", early_stopping=False), X, y)
        quiet(estimator.set_params(solver="adam"), X, y)

    def test_early_stopping_with_partial_fit(self):
        X, y = load_digits(return_X_y=True)
        estimator = MLPClassifier(early_stopping=True, n_iter_no_change=3, random_state=0)
        for _ in range(100):
            estimator.partial_fit(X[:900], y[:900], classes=range(10), X_val=X[900:], y_val=y[900:])
            if estimator.stopped_:
                break
        assert estimator.stopped_
        best = estimator.best_validation_score_
        assert estimator.score(X[900:], y[900:]) == pytest.approx(best)
