"""Sparse rows and sparse labels."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp

import clearprop as cp
from clearprop.estimators import MLPClassifier, MLPRegressor, sparse
from estimator_cases import (
    both,
    iris,
    multilabel,
    quiet,
)


class TestSparse:
    def test_sparse_rows_that_do_not_fit_into_memory(self, monkeypatch):
        X, y = iris()
        dense = quiet(
            MLPClassifier(max_iter=5, random_state=0, precision="float64"), sp.csc_matrix(X), y
        )
        monkeypatch.setattr(sparse, "DENSE", 0)
        monkeypatch.setattr(sparse, "ROWS", 40)
        for solver in ("adam", "lbfgs"):
            rows = quiet(
                MLPClassifier(max_iter=5, random_state=0, precision="float64", solver=solver),
                sp.csr_matrix(X), y,
            )  # fmt: skip
            assert rows.predict(sp.csr_matrix(X)).shape == (150,)
            if solver == "adam":
                np.testing.assert_allclose(rows.coefs_[0], dense.coefs_[0], rtol=1e-9)
                np.testing.assert_allclose(
                    rows.predict_proba(sp.csr_matrix(X)), dense.predict_proba(X), rtol=1e-6
                )

    @pytest.mark.parametrize("make", [sp.csr_matrix, sp.csc_matrix, sp.csr_array])
    def test_predicting_makes_no_dense_copy(self, make):
        X = make(sp.random(3000, 30000, 0.001, "csr", random_state=0))  # dense, 360 MB in float32
        estimator = MLPRegressor(hidden_layer_sizes=(4,), random_state=0)
        estimator.partial_fit(X[:50], np.arange(50.0))
        estimator.predict(X[:9])  # imports are not counted
        tracemalloc.start()
        found = estimator.predict(X)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 20e6
        np.testing.assert_allclose(found[:50], estimator.predict(X[:50].toarray()), rtol=1e-5)

    def test_the_type_of_predictions_is_that_of_dense_rows(self):
        X, y = iris()
        estimator = quiet(MLPClassifier(max_iter=2, random_state=0), X.astype(np.float32), y)
        for dtype in (np.float32, np.float64):
            rows = X.astype(dtype)
            assert estimator.predict_proba(sp.csr_matrix(rows)).dtype == dtype
            assert estimator.predict_proba(rows).dtype == dtype

    def test_outputs_that_overflow_name_their_row(self, monkeypatch):
        monkeypatch.setattr(sparse, "ROWS", 40)
        X, y = iris()
        estimator = quiet(MLPRegressor(max_iter=2, random_state=0), X, y)
        estimator.coefs_[-1][:] = 1e300
        X[77] *= 1e10
        for rows in (X, sp.csr_matrix(X)):
            with pytest.raises(
                cp.NonFiniteError, match="for row 77: weights or inputs are too large"
            ):
                estimator.predict(rows)

    def test_validation_data_stay_sparse_too(self, monkeypatch):
        X, y = iris()
        fits = []
        for limit in (sparse.DENSE, 0):
            monkeypatch.setattr(sparse, "DENSE", limit)
            fits.append(quiet(
                MLPClassifier(max_iter=5, random_state=0, early_stopping=True, precision="float64"),
                sp.csr_matrix(X), y,
            ))  # fmt: skip
        assert fits[0].validation_scores_ == fits[1].validation_scores_

    def test_sparse_labels(self):
        X, Y = multilabel()
        a, b = (
            quiet(estimator, X, sp.csr_matrix(Y))
            for estimator in both(max_iter=10, early_stopping=True, random_state=0)
        )
        assert sp.issparse(b.predict(X))
        assert sp.issparse(a.predict(X))
        assert 0 <= b.score(X, sp.csr_matrix(Y)) <= 1
        assert len(b.validation_scores_) == b.n_iter_


def damaged(form, part, value):
    """A sparse matrix some of whose indices lie outside its shape."""
    X = sp.random(40, 300, 0.1, form, dtype="float32", random_state=0)
    getattr(X, part)[-1] = value
    return X


class TestDamagedMatrices:
    """SciPy's compiled code reads and writes where the indices of a matrix say."""

    @pytest.mark.parametrize(
        ("form", "part", "value"),
        [
            ("csr", "indices", 10**9),
            ("csr", "indices", -1),
            ("csr", "indptr", 10**9),
            ("csr", "indptr", 0),
            ("csc", "indices", 40),
            ("csc", "indptr", 10**9),
            ("coo", "row", 40),
            ("coo", "col", 10**9),
            ("bsr", "indices", 10**9),
        ],
    )
    def test_are_refused_wherever_they_are_given(self, form, part, value):
        good = sp.random(40, 300, 0.1, "csr", dtype="float32", random_state=0)
        bad, y = damaged(form, part, value), np.arange(40) % 2
        fitted = quiet(MLPClassifier([3], max_iter=1), good, y)
        for call in (
            lambda: MLPClassifier([3]).fit(bad, y),
            lambda: MLPRegressor(hidden_layer_sizes=[3]).fit(bad, y),
            lambda: MLPClassifier([3], solver="lbfgs").fit(bad, y),
            lambda: MLPClassifier([3], early_stopping=True).fit(good, y, X_val=bad, y_val=y),
            lambda: fitted.partial_fit(bad, y),
            lambda: fitted.predict(bad),
            lambda: fitted.predict_proba(bad),
            lambda: fitted.score(bad, y),
        ):
            with pytest.raises(ValueError, match=r"X(_val)? is a damaged sparse matrix"):
                call()

    @pytest.mark.parametrize("part", ["indices", "indptr", "data"])
    @pytest.mark.parametrize("resized", [False, True])
    @pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
    def test_one_that_a_callback_damages(self, monkeypatch, part, resized):
        monkeypatch.setattr(sparse, "DENSE", 0)
        X = sp.random(400, 300, 0.1, "csr", dtype="float32", random_state=0)
        given, y = X.copy(), np.arange(400) % 2
        owned = getattr(given, part).copy()
        setattr(given, part, owned)

        def damage(epoch):
            owned[:] = 10**9
            if resized:
                owned.resize(1, refcheck=False)

        settings = {"hidden_layer_sizes": [3], "max_iter": 4, "random_state": 0}
        changed = MLPClassifier(**settings, callbacks=damage).fit(given, y)
        np.testing.assert_array_equal(
            changed.coefs_[0], MLPClassifier(**settings).fit(X, y).coefs_[0]
        )

    @pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
    def test_validation_data_that_a_callback_damages(self, monkeypatch):
        monkeypatch.setattr(sparse, "DENSE", 0)
        X = sp.random(400, 300, 0.1, "csr", dtype="float32", random_state=0)
        given, y = X.copy(), np.arange(400) % 2

        def damage(epoch):
            given.indices[:] = 10**9

        estimator = MLPClassifier(
            [3], max_iter=4, early_stopping=True, scoring="accuracy", callbacks=damage
        )
        with pytest.raises(ValueError, match="X is a damaged sparse matrix"):
            estimator.fit(X, y, X_val=given, y_val=y)
