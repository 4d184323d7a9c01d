"""With the rest of scikit-learn: pickles, pipelines, searches, labels and tables of any kind."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import (
    load_digits,
    load_iris,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr

import clearprop as cp
from clearprop.estimators import MLPClassifier, MLPRegressor
from estimator_cases import (
    diabetes,
    iris,
    quiet,
)


class TestCompany:
    """With the rest of scikit-learn."""

    def test_pickle_and_clone(self):
        X, y = iris()
        estimator = quiet(MLPClassifier(max_iter=5, random_state=0), X, y)
        back = pickle.loads(pickle.dumps(estimator))
        np.testing.assert_array_equal(back.predict_proba(X), estimator.predict_proba(X))
        quiet(back, X, y)
        partial = MLPClassifier(random_state=0).partial_fit(X, y, classes=[0, 1, 2])
        again = pickle.loads(pickle.dumps(partial))
        for e in (partial, again):
            e.partial_fit(X, y)
        np.testing.assert_array_equal(partial.coefs_[0], again.coefs_[0])
        assert clone(estimator).get_params() == estimator.get_params()

    def test_a_pickle_of_0_1_0(self):
        X, y = iris()
        new, old = (
            MLPClassifier(random_state=0).partial_fit(X, y, classes=[0, 1, 2]) for _ in range(2)
        )
        network = cp.Network.__new__(cp.Network)
        own = old.network_
        network.__setstate__({
            "_sizes": own.sizes, "_activations": own.activations, "_loss": own.loss,
            "_has_biases": True, "_parameters": own.parameters, "_predictor": None,
        })  # fmt: skip
        state = {**vars(old), "network_": network}
        del state["_seconds"]
        back = MLPClassifier.__new__(MLPClassifier)
        back.__setstate__(state)
        for e in (new, back):
            e.partial_fit(X, y)
        np.testing.assert_array_equal(back.coefs_[0], new.coefs_[0])

    def test_the_same_seed_gives_the_same_network_at_any_number_of_threads(self):
        X, y = load_digits(return_X_y=True)
        a, b = (quiet(MLPClassifier(max_iter=5, random_state=3, threads=t), X, y) for t in (1, 2))
        np.testing.assert_array_equal(a.coefs_[0], b.coefs_[0])

    def test_search_pipeline_calibration_importance(self):
        X, y = iris()
        pipeline = make_pipeline(StandardScaler(), MLPClassifier(max_iter=30, random_state=0))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            search = GridSearchCV(pipeline, {"mlpclassifier__alpha": [1e-4, 1.0]}, n_jobs=2, cv=3)
            # Workers' warnings are printed by them: only scores are looked at here.
            search.fit(X, y)
            assert search.best_score_ > 0.8
            calibrated = CalibratedClassifierCV(search.best_estimator_, cv=3).fit(X, y)
            importance = permutation_importance(search, X, y, n_repeats=3, random_state=0)
            scores = cross_val_score(MLPRegressor(max_iter=5), *diabetes(), cv=3)
        assert calibrated.predict_proba(X).sum(axis=1) == pytest.approx(np.ones(150))
        assert importance.importances_mean[2:].max() > 0.05
        assert len(scores) == 3
        assert "MLPClassifier" in estimator_html_repr(search)

    def test_labels_of_any_kind(self):
        X, y = iris()
        words = np.array(["setosa", "versicolor", "virginica"])[y]
        estimator = quiet(MLPClassifier(max_iter=60, random_state=0), X, words)
        assert set(estimator.predict(X)) <= set(words)
        assert estimator.score(X, words) > 0.6
        yes = quiet(MLPClassifier(max_iter=60, random_state=0), X, (y == 2).tolist())
        assert yes.predict(X).dtype == bool

    @pytest.mark.parametrize(
        "make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"]
    )
    def test_tables(self, make):
        X, y = iris()
        columns = {name: X[:, i] for i, name in enumerate(["a", "b", "c", "d"])}
        table = make(columns)
        estimator = quiet(MLPClassifier(max_iter=5, random_state=0), table, y)
        assert list(estimator.feature_names_in_) == ["a", "b", "c", "d"]
        np.testing.assert_array_equal(
            estimator.predict_proba(table),
            quiet(MLPClassifier(max_iter=5, random_state=0), X, y).predict_proba(X),
        )
        turned = make({name: columns[name] for name in "bacd"})
        with pytest.raises(ValueError, match="feature names should match"):
            estimator.predict(turned)

    @pytest.mark.parametrize("kind", ["pandas", "polars"])
    def test_tables_that_a_pipeline_hands_on(self, kind):
        table, y = load_iris(return_X_y=True, as_frame=True)
        pipeline = make_pipeline(StandardScaler(), MLPClassifier(max_iter=40, random_state=0))
        quiet(pipeline.set_output(transform=kind), table, y)
        assert list(pipeline[-1].feature_names_in_) == list(table.columns)
        assert pipeline.score(table, y) > 0.8
