"""Sparse rows and sparse labels."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from clearprop.estimators import MLPClassifier, sparse
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
