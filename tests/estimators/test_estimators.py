"""MLPClassifier and MLPRegressor: scikit-learn's own checks, its numbers, and what is beyond it."""

from __future__ import annotations

import inspect
import pickle
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
import sklearn
import sklearn.neural_network as theirs
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    make_multilabel_classification,
)
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr
from sklearn.utils.estimator_checks import parametrize_with_checks

import clearprop as cp
from clearprop.estimators import MLPClassifier, MLPRegressor, base, sparse

PAIRS = {"classifier": (theirs.MLPClassifier, MLPClassifier),
         "regressor": (theirs.MLPRegressor, MLPRegressor)}  # fmt: skip


@parametrize_with_checks([MLPClassifier(max_iter=100), MLPRegressor(max_iter=100)])
def test_scikit_learns_own_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        check(estimator)


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


SAME = [
    ("classifier", iris, {}),
    ("classifier", iris, {"solver": "sgd"}),
    ("classifier", iris, {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.3}),
    ("classifier", iris, {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1,
                          "max_iter": 200}),
    ("classifier", iris, {"solver": "sgd", "nesterovs_momentum": False}),
    ("classifier", iris, {"solver": "sgd", "momentum": 0}),
    ("classifier", iris, {"solver": "sgd", "momentum": 1.0, "max_iter": 5}),
    ("classifier", iris, {"activation": "logistic"}),
    ("classifier", iris, {"activation": "tanh", "hidden_layer_sizes": (7, 5)}),
    ("classifier", iris, {"activation": "identity", "hidden_layer_sizes": ()}),
    ("classifier", iris, {"batch_size": 32, "alpha": 0.5}),
    ("classifier", iris, {"early_stopping": True}),
    ("classifier", iris, {"early_stopping": True, "solver": "sgd", "learning_rate": "adaptive"}),
    ("classifier", iris, {"tol": 1e-2, "n_iter_no_change": 3}),
    ("classifier", iris, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2}),
    ("classifier", weighted_iris, {"batch_size": 32, "alpha": 0.5}),
    ("classifier", two_classes, {"batch_size": 50}),
    ("classifier", two_classes, {"early_stopping": True}),
    ("classifier", multilabel, {"alpha": 0.1}),
    ("classifier", spread, {}),
    ("regressor", diabetes, {}),
    ("regressor", diabetes, {"loss": "poisson"}),
    ("regressor", diabetes, {"batch_size": 50, "early_stopping": True}),
    ("regressor", two_targets, {"batch_size": 50, "alpha": 0.1}),
    ("regressor", weighted_targets, {"batch_size": 50, "alpha": 50, "learning_rate_init": 0.05}),
]  # fmt: skip


class TestSameNumbers:
    """In float64, with the rows in their order, all numbers are scikit-learn's."""

    @pytest.mark.parametrize(("kind", "data", "settings"), SAME)
    def test_weights_and_losses(self, kind, data, settings):
        given = {"shuffle": False, "random_state": 0, "max_iter": 40} | settings
        a, b = (
            quiet(maker(**given, **extra), *data())
            for maker, extra in zip(PAIRS[kind], ({}, {"precision": "float64"}), strict=True)
        )
        for p, q in zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True):
            assert p.shape == q.shape
            np.testing.assert_allclose(q, p, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(b.loss_curve_, a.loss_curve_, rtol=1e-10)
        for name in (
            "n_iter_",
            "t_",
            "n_layers_",
            "n_outputs_",
            "out_activation_",
            "n_features_in_",
        ):
            assert getattr(a, name) == getattr(b, name), name
        for name in ("loss_", "best_loss_", "best_validation_score_"):
            assert getattr(b, name) == (
                pytest.approx(getattr(a, name), rel=1e-10) if getattr(a, name) is not None else None
            )
        assert (a.validation_scores_ is None) == (b.validation_scores_ is None)
        if a.validation_scores_ is not None:
            np.testing.assert_allclose(b.validation_scores_, a.validation_scores_)
        X = data()[0]
        np.testing.assert_allclose(b.predict(X), a.predict(X), rtol=1e-9)
        if kind == "classifier":
            np.testing.assert_allclose(
                b.predict_proba(X), a.predict_proba(X), rtol=1e-8, atol=1e-12
            )
            np.testing.assert_array_equal(a.classes_, b.classes_)

    @pytest.mark.parametrize(
        ("kind", "data"),
        [("classifier", iris), ("classifier", multilabel), ("regressor", diabetes)],
    )
    def test_lbfgs_ends_where_scikit_learns_does(self, kind, data):
        settings = {"solver": "lbfgs", "alpha": 1.0, "max_iter": 3000, "random_state": 1, "tol": 1e-7,
                    "hidden_layer_sizes": (5,), "activation": "tanh", "max_fun": 10**6}  # fmt: skip
        a, b = (quiet(maker(**settings), *data()) for maker in PAIRS[kind])
        assert b.loss_ == pytest.approx(a.loss_, rel=0.02)
        assert not hasattr(b, "loss_curve_")
        assert b.n_iter_ > 10

    def test_partial_fit(self):
        X, y = iris()
        a, b = (
            maker(shuffle=False, random_state=0, batch_size=40, **extra)
            for maker, extra in zip(
                PAIRS["classifier"], ({}, {"precision": "float64"}), strict=True
            )
        )
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
        a, b = (
            maker(shuffle=False, random_state=0, max_iter=7, warm_start=True, **extra)
            for maker, extra in zip(
                PAIRS["classifier"], ({}, {"precision": "float64"}), strict=True
            )
        )
        for _ in range(3):
            for estimator in (a, b):
                quiet(estimator, X, y)
        np.testing.assert_allclose(b.coefs_[0], a.coefs_[0], rtol=1e-9, atol=1e-12)
        assert len(b.loss_curve_) == len(a.loss_curve_) == 21

    def test_the_data_type_is_kept(self):
        X, y = half_precision()
        estimator = quiet(MLPClassifier(max_iter=3, random_state=0), X, y)
        assert estimator.coefs_[0].dtype == np.float32
        assert estimator.predict_proba(X).dtype == np.float32
        wide = quiet(MLPClassifier(max_iter=3, random_state=0), *iris())
        assert wide.coefs_[0].dtype == np.float64
        assert wide.predict_proba(iris()[0]).dtype == np.float64


class TestInterface:
    @pytest.mark.parametrize("kind", PAIRS)
    def test_parameters_and_their_defaults(self, kind):
        a, b = (inspect.signature(maker.__init__).parameters for maker in PAIRS[kind])
        for name, parameter in a.items():
            assert b[name].default == parameter.default, name
            assert b[name].kind == parameter.kind, name
        beyond = set(b) - set(a)
        extra = {"output_activation", "dropout", "optimizer", "scoring", "callbacks", "progress",
                 "precision", "threads"}  # fmt: skip
        assert beyond == extra | ({"class_weight"} if kind == "classifier" else set())

    @pytest.mark.parametrize("kind", PAIRS)
    def test_fitted_attributes(self, kind):
        X, y = iris() if kind == "classifier" else diabetes()
        a, b = (quiet(maker(max_iter=3, random_state=0), X, y) for maker in PAIRS[kind])
        names = {name for name in dir(a) if name.endswith("_") and not name.startswith("_")}
        assert names <= set(dir(b))

    @pytest.mark.parametrize(
        ("settings", "data"),
        [
            ({"hidden_layer_sizes": -1}, iris), ({"hidden_layer_sizes": (5, 0)}, iris),
            ({"solver": "newton"}, iris), ({"alpha": -1}, iris), ({"batch_size": 0}, iris),
            ({"activation": 3}, iris), ({"max_iter": 0}, iris), ({"momentum": 2}, iris),
            ({"random_state": "x"}, iris), ({"epsilon": 0}, iris), ({"tol": -1}, iris),
            ({"early_stopping": True, "validation_fraction": 0.005}, iris),
            ({}, lambda: (np.ones((3, 2)), [1, 2])),
            ({}, lambda: (np.array([[np.nan, 1.0]] * 4), [0, 1, 0, 1])),
            ({}, lambda: (np.ones((4, 2)), [0.5, 1.5, 2.5, 3.5])),
            ({}, lambda: (np.ones((4, 2)), np.ones((4, 2, 2)))),
            ({}, lambda: ([["a", "b"]] * 4, [0, 1, 0, 1])),
        ],
    )  # fmt: skip
    def test_errors_are_worded_as_scikit_learn_words_them(self, settings, data):
        messages = []
        for maker in PAIRS["classifier"]:
            with pytest.raises((ValueError, TypeError)) as caught:
                quiet(maker(**settings), *data())
            words = re.sub(
                r"[\[(]\d[^.]*[\])]|\{.*\}|an? (str|array-like).*", "...", str(caught.value)
            )
            messages.append((caught.type, words.split(". Got")[0]))
        assert messages[0] == messages[1]

    def test_unfitted(self):
        with pytest.raises(NotFittedError):
            MLPClassifier().predict([[1.0]])
        for name in ("coefs_", "intercepts_", "out_activation_", "network_"):
            assert not hasattr(MLPClassifier(), name)

    def test_partial_fit_is_there_for_stochastic_solvers(self):
        assert not hasattr(MLPClassifier(solver="lbfgs"), "partial_fit")
        assert hasattr(MLPClassifier(solver="lbfgs", optimizer="adamw"), "partial_fit")
        with pytest.raises(ValueError, match="classes must be passed"):
            MLPClassifier().partial_fit(*iris())
        with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
            MLPClassifier(early_stopping=True).partial_fit(*iris(), classes=[0, 1, 2])

    def test_warnings(self):
        with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached"):
            MLPClassifier(max_iter=2).fit(*iris())
        with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge"):
            MLPClassifier(max_iter=2, solver="lbfgs").fit(*iris())
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            MLPClassifier(max_iter=2, batch_size=1000).fit(*iris())
        assert any("`batch_size` less than 1 or larger" in str(w.message) for w in seen)
        X, y = diabetes()
        with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
            quiet(MLPRegressor(solver="sgd", learning_rate_init=1e6), X * 1e6, y * 1e6)

    def test_verbose_prints_what_scikit_learn_prints(self, capsys):
        printed = []
        for maker, extra in zip(PAIRS["classifier"], ({}, {"precision": "float64"}), strict=True):
            quiet(maker(shuffle=False, random_state=0, verbose=True, tol=0.1, **extra), *iris())
            printed.append(capsys.readouterr().out)
        assert printed[0] == printed[1] != ""

    def test_weights_may_be_written(self):
        estimator = quiet(MLPRegressor(max_iter=2, random_state=0), *diabetes())
        estimator.coefs_[0][:] = 0
        estimator.intercepts_ = [b * 0 + 1 for b in estimator.intercepts_]
        assert not estimator.network_["W1"].any()
        assert estimator.network_["b1"].all()
        other = quiet(MLPRegressor(max_iter=2, random_state=5), *diabetes())
        estimator.coefs_, estimator.intercepts_ = other.coefs_, other.intercepts_
        X = diabetes()[0]
        np.testing.assert_array_equal(estimator.predict(X), other.predict(X))


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

    @pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=str)
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

    def test_sparse_rows_that_do_not_fit_into_memory(self, monkeypatch):
        X, y = iris()
        dense = quiet(
            MLPClassifier(max_iter=5, random_state=0, precision="float64"), sp.csc_matrix(X), y
        )
        monkeypatch.setattr(sparse, "DENSE", 0)
        monkeypatch.setattr(base, "ROWS", 40)
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


class TestBeyond:
    """What is asked of scikit-learn, and is here."""

    def test_class_weight(self):
        X, y = iris()
        X, y = X[40:], y[40:]  # ten of class 0
        weights = np.where(y == 0, 110 / 30, 110 / 150)
        settings = {"max_iter": 10, "random_state": 0}
        balanced = quiet(MLPClassifier(class_weight="balanced", **settings), X, y)
        weighted = quiet(MLPClassifier(**settings), X, y, sample_weight=weights)
        np.testing.assert_allclose(balanced.coefs_[0], weighted.coefs_[0], rtol=1e-5)
        named = quiet(MLPClassifier(class_weight={0: 5.0}, **settings), X, y)
        assert not np.allclose(named.coefs_[0], balanced.coefs_[0])

    def test_activations_and_dropout(self):
        X, y = iris()
        estimator = quiet(
            MLPClassifier((8, 6), ["gelu", "tanh"], dropout=0.2, max_iter=20, random_state=0), X, y
        )
        assert [f.name for f in estimator.network_.activations] == ["gelu", "tanh", "softmax"]
        rates = quiet(
            MLPRegressor("poisson", output_activation="softplus", max_iter=5), *diabetes()
        )
        assert rates.out_activation_ == "softplus"
        with pytest.raises(ValueError, match="1 entries, but there are 2 hidden layers"):
            MLPClassifier((8, 6), ["gelu"]).fit(X, y)

    @pytest.mark.parametrize("loss", ["absolute_error", "huber", "quantile", cp.quantile(0.9)])
    def test_losses(self, loss):
        X, y = diabetes()
        y = (y - y.mean()) / y.std()
        estimator = quiet(MLPRegressor(loss, random_state=0, max_iter=150), X, y)
        assert estimator.loss_curve_[-1] < 0.8 * estimator.loss_curve_[0]
        if isinstance(loss, cp.Loss):
            assert 0.8 < (y < estimator.predict(X)).mean() < 0.97

    def test_optimizers(self):
        X, y = iris()
        estimator = quiet(
            MLPClassifier(optimizer=cp.AdamW(0.01, decay=0.1), max_iter=60, random_state=0), X, y
        )
        assert estimator.score(X, y) > 0.9
        for _ in range(3):
            estimator.partial_fit(X, y)
        quiet(MLPClassifier(optimizer="rmsprop", max_iter=3), X, y)
        with pytest.raises(cp.UnknownNameError, match="did you mean"):
            quiet(MLPClassifier(optimizer="adm"), X, y)
        with pytest.raises(ValueError, match="solver='lbfgs'"):
            MLPClassifier(optimizer="lbfgs").fit(X, y)

    def test_validation_data_of_ones_own(self):
        X, y = load_digits(return_X_y=True)
        estimator = MLPClassifier(max_iter=40, random_state=0, early_stopping=True, tol=1e-3)
        quiet(estimator, X[:1000], y[:1000], X_val=X[1000:], y_val=y[1000:])
        assert len(estimator.validation_loss_curve_) == estimator.n_iter_
        assert len(estimator.validation_scores_) == estimator.n_iter_
        best = max(estimator.validation_scores_)
        assert estimator.score(X[1000:], y[1000:]) == pytest.approx(best)
        with pytest.raises(ValueError, match="belong together"):
            MLPClassifier().fit(X, y, X_val=X)
        with pytest.raises(ValueError, match="X_val and y_val: X has 3 features"):
            MLPClassifier().fit(X, y, X_val=X[:, :3], y_val=y)

    def test_callbacks_see_the_validation_loss(self):
        X, y = iris()
        seen = []
        estimator = quiet(
            MLPClassifier(max_iter=5, random_state=0, callbacks=lambda e: seen.append(e.validation_loss) or None),
            X, y, X_val=X, y_val=y,
        )  # fmt: skip
        assert seen == estimator.validation_loss_curve_

    def test_a_name_takes_the_learning_rate(self):
        X, y = iris()
        settings = {"max_iter": 3, "random_state": 0, "learning_rate_init": 0.05}
        named = quiet(MLPClassifier(optimizer="adamw", **settings), X, y)
        made = quiet(MLPClassifier(optimizer=cp.AdamW(0.05), **settings), X, y)
        np.testing.assert_array_equal(named.coefs_[0], made.coefs_[0])

    def test_hints(self):
        X, y = iris()
        estimator = quiet(MLPClassifier(max_iter=2), X, y)
        with pytest.raises(cp.ArgumentError, match="its network_ is one"):
            cp.explain(estimator, X[0], y[0])
        with pytest.raises(ValueError, match="precision='float64' reaches further"):
            quiet(MLPRegressor(), *diabetes()[:1], diabetes()[1] * 1e30)
        with pytest.raises(ValueError, match="Negative values in data passed to `sample_weight`"):
            MLPClassifier().fit(X, y, -np.ones(150))

    def test_a_scorer_of_scikit_learns(self):
        X, y = iris()
        estimator = quiet(
            MLPClassifier(early_stopping=True, scoring="neg_log_loss", max_iter=30, random_state=0),
            pd.DataFrame(X, columns=list("abcd")), y,
        )  # fmt: skip
        assert max(estimator.validation_scores_) < 0

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

    def test_callbacks_and_progress(self, capfd):
        seen = []
        estimator = MLPClassifier(
            max_iter=50, random_state=0, progress=True,
            callbacks=lambda epoch: seen.append(epoch.loss) or epoch.epoch == 4,
        ).fit(*iris())  # fmt: skip
        assert estimator.n_iter_ == 4
        assert seen == estimator.loss_curve_
        assert "epoch" in capfd.readouterr().err

    @pytest.mark.skipif(not hasattr(MLPClassifier, "set_callbacks"), reason="scikit-learn < 1.9")
    def test_callbacks_of_scikit_learns_interface(self):
        class Recorder:
            def __init__(self):
                self.scores, self.events = [], []

            def setup(self, estimator, context):
                self.events.append("setup")

            def teardown(self, estimator, context):
                self.events.append("teardown")

            def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None,
                                  fitted_estimator=None):  # fmt: skip
                pass

            def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None,
                                fitted_estimator=None):  # fmt: skip
                if fitted_estimator is not None and hasattr(fitted_estimator, "network_"):
                    self.scores.append(fitted_estimator.score(X, y))
                return len(self.scores) == 6

        recorder = Recorder()
        estimator = MLPClassifier(max_iter=50, random_state=0).set_callbacks(recorder)
        estimator.fit(*iris())
        assert estimator.n_iter_ == 6
        assert recorder.events == ["setup", "teardown"]
        assert len(recorder.scores) >= 6

    def test_the_network_is_clearprops(self):
        X, y = iris()
        estimator = quiet(MLPClassifier((6,), random_state=0, max_iter=30), X, y)
        assert isinstance(estimator.network_, cp.Network)
        assert cp.check_gradients(estimator.network_, X[:5], y[:5])
        assert "dL/dW2[1,3]" in str(cp.explain(estimator.network_, X[0], y[0], "W2[1,3]"))
        assert cp.diagnose(estimator.network_, X, y).rows == 150
        np.testing.assert_array_equal(estimator.network_.predict(X), estimator.predict_proba(X))


def test_versions():
    assert tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 6)


class TestReviewed:
    """What a review found, each with what was wrong."""

    def test_lbfgs_takes_scikit_learns_first_steps(self):
        rng = np.random.default_rng(0)
        for kind, data in (("classifier", iris()), ("regressor", diabetes())):
            weights = rng.random(len(data[1]))
            settings = {"solver": "lbfgs", "alpha": 0.5, "max_iter": 5, "random_state": 0}
            a, b = (quiet(maker(**settings), *data, weights) for maker in PAIRS[kind])
            for p, q in zip(a.coefs_, b.coefs_, strict=True):
                np.testing.assert_allclose(q, p, rtol=1e-4, atol=1e-7)
            assert b.loss_ == pytest.approx(a.loss_, rel=1e-7)
            for stop in ({"max_iter": 200, "tol": 10.0}, {"max_iter": 200, "max_fun": 3}):
                a, b = (quiet(maker(**settings | stop), *data) for maker in PAIRS[kind])
                assert a.n_iter_ == b.n_iter_

    def test_another_network_or_type_begins_the_optimizer_anew(self):
        rng = np.random.default_rng(0)
        X, y, wide = rng.normal(size=(40, 4)), rng.normal(size=40), rng.normal(size=(40, 900))
        estimator = quiet(MLPRegressor("squared_error", (20,), max_iter=2), X, y)
        quiet(estimator.set_params(solver="lbfgs", hidden_layer_sizes=(300,)), wide, y)
        estimator.set_params(solver="adam").partial_fit(wide, y)
        assert np.isfinite(estimator.predict(wide)).all()
        estimator = MLPRegressor("squared_error", (20,), random_state=0).partial_fit(X, y)
        estimator.set_params(precision="float64").partial_fit(X, y)
        assert estimator._solver.state["m"].dtype == np.float64
        assert np.isfinite(estimator.predict(X)).all()

    def test_a_state_that_is_only_read(self, tmp_path):
        joblib = pytest.importorskip("joblib")
        X, y = diabetes()
        estimator = MLPRegressor(
            "squared_error", (500,), random_state=0, precision="float64"
        ).partial_fit(X, y)
        joblib.dump(estimator, tmp_path / "estimator")
        mapped = joblib.load(tmp_path / "estimator", mmap_mode="r")
        assert not mapped.network_.parameters.flags.writeable
        mapped.partial_fit(X, y)
        estimator.partial_fit(X, y)
        np.testing.assert_array_equal(mapped.coefs_[0], estimator.coefs_[0])

    def test_the_engine_refuses_a_state_of_another_network(self):
        from clearprop.training.reference import begin

        rule, parameters = cp.Adam(), np.zeros(5)
        for state in (
            {"m": np.zeros(4), "v": np.zeros(5)}, {"m": np.zeros(5)},
            {"m": np.zeros(5, np.float32), "v": np.zeros(5)},
            {"m": np.zeros(10)[::2], "v": np.zeros(5)},
        ):  # fmt: skip
            with pytest.raises(cp.ArgumentError, match="does not belong to this network"):
                begin(rule, parameters, state)

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

    def test_sparse_labels(self):
        X, Y = multilabel()
        a, b = (
            quiet(
                maker(max_iter=10, early_stopping=True, random_state=0, **extra),
                X,
                sp.csr_matrix(Y),
            )
            for maker, extra in zip(
                PAIRS["classifier"], ({}, {"precision": "float64"}), strict=True
            )
        )
        assert sp.issparse(b.predict(X))
        assert sp.issparse(a.predict(X))
        assert 0 <= b.score(X, sp.csr_matrix(Y)) <= 1
        assert len(b.validation_scores_) == b.n_iter_

    def test_settings_that_change_between_fits_count(self):
        X, y = iris()
        a, b = (
            quiet(maker(max_iter=3, shuffle=False, random_state=0, warm_start=True, **extra), X, y)
            for maker, extra in zip(
                PAIRS["classifier"], ({}, {"precision": "float64"}), strict=True
            )
        )
        for estimator in (a, b):
            quiet(estimator.set_params(activation="tanh"), X, y)
        np.testing.assert_allclose(b.loss_curve_, a.loss_curve_, rtol=1e-10)
        with pytest.raises(ValueError, match="fit anew, without warm_start"):
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

    @pytest.mark.parametrize(
        ("settings", "more"),
        [({"dropout": 0.1}, {}), ({"callbacks": print}, {}),
         ({}, {"X_val": iris()[0], "y_val": iris()[1]})],
    )  # fmt: skip
    def test_lbfgs_has_no_epochs(self, settings, more):
        with pytest.raises(ValueError, match="solver='lbfgs' takes no"):
            MLPClassifier(solver="lbfgs", **settings).fit(*iris(), **more)

    def test_weights_in_training_and_in_scores(self):
        X, y = iris()
        w = np.random.default_rng(0).random(150)
        a, b = (
            quiet(
                maker(max_iter=15, early_stopping=True, random_state=0, shuffle=False, **extra),
                X,
                y,
                w,
            )
            for maker, extra in zip(
                PAIRS["classifier"], ({}, {"precision": "float64"}), strict=True
            )
        )
        np.testing.assert_allclose(b.validation_scores_, a.validation_scores_)
        assert len({round(score * 15, 6) % 1 for score in b.validation_scores_} - {0.0}) > 0
        shared = {"max_iter": 5, "random_state": 0, "early_stopping": True}
        both = quiet(MLPClassifier(class_weight={1: 3.0}, **shared), X, y, w)
        one = quiet(MLPClassifier(**shared), X, y, w * np.where(y == 1, 3.0, 1.0))
        np.testing.assert_allclose(both.coefs_[0], one.coefs_[0], rtol=1e-4, atol=1e-6)
        assert both.validation_scores_ != one.validation_scores_  # scores go without class_weight
        with pytest.raises(ValueError, match="'balanced' is not supported for partial_fit"):
            MLPClassifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])
        with pytest.raises(ValueError, match="no sample that counts"):
            MLPClassifier(class_weight={0: 0, 1: 0, 2: 0}).fit(X, y)
        with pytest.raises(ValueError, match="at least one non-zero"):
            MLPClassifier().fit(X, y, np.zeros(150))
        Xm, Ym = multilabel()
        quiet(MLPClassifier(max_iter=2, class_weight=[{0: 1, 1: 2}] * 4), Xm, Ym)

    def test_scores_and_losses_of_validation_data_are_of_each_epoch(self):
        X, y = iris()
        seen = []

        def look(epoch):
            network = epoch.network
            seen.append((
                cp.backprop(network, X[::3], y[::3])["L"],
                log_loss(y[::3], network.predict(X[::3])),
            ))  # fmt: skip

        estimator = quiet(
            MLPClassifier(max_iter=6, random_state=0, early_stopping=True, scoring="neg_log_loss",
                          callbacks=look), X, y, X_val=X[::3], y_val=y[::3],
        )  # fmt: skip
        losses, scores = zip(*seen, strict=True)
        np.testing.assert_allclose(estimator.validation_loss_curve_, losses, rtol=1e-5)
        np.testing.assert_allclose(estimator.validation_scores_, [-s for s in scores], rtol=1e-5)

    def test_dropout_and_losses_are_those_of_cp_train(self):
        X, y = diabetes()
        y = (y - y.mean()) / y.std()
        for loss, dropout in (("huber", 0.0), ("absolute_error", 0.0), ("squared_error", 0.4)):
            shared = {"max_iter": 3, "random_state": 0, "alpha": 0, "precision": "float64",
                      "shuffle": False, "batch_size": 100, "optimizer": cp.SGD(0.1)}  # fmt: skip
            estimator = quiet(MLPRegressor(loss, (9,), dropout=dropout, **shared), X, y)
            network = quiet(
                MLPRegressor(loss, (9,), **shared | {"max_iter": 1}), X, y
            ).network_.copy()
            start = MLPRegressor(loss, (9,), **shared)
            start._random_state = np.random.RandomState(0)
            start.n_outputs_ = 1
            start._initialize([10, 9, 1], np.dtype(np.float64))
            seed = int(start._random_state.randint(np.iinfo(np.int32).max))
            network.parameters[:] = start.network_.parameters
            history = cp.train(
                network, X, y, optimizer=cp.SGD(0.1), batch_size=100, epochs=3, shuffle=False,
                dropout=dropout, seed=seed, progress=False,
            )  # fmt: skip
            np.testing.assert_allclose(
                estimator.network_.parameters, network.parameters, rtol=1e-12
            )
            assert estimator.loss_curve_ == pytest.approx(history.loss, rel=0.05)

    def test_threads_are_passed_on(self, monkeypatch):
        asked = []

        def watch(*arguments, threads, **more):
            asked.append(threads)
            return run(*arguments, threads=threads, **more)

        run = base.run_job
        monkeypatch.setattr(base, "run_job", watch)
        quiet(MLPClassifier(max_iter=2, threads=2), *iris())
        assert asked == [2]

    def test_an_interruption_is_a_warning(self, monkeypatch):
        def interrupted(*arguments, **more):
            history = run(*arguments, **more)
            history.stopped = "interrupted"
            return history

        run = base.run_job
        monkeypatch.setattr(base, "run_job", interrupted)
        with pytest.warns(UserWarning, match="Training interrupted by user"):
            MLPClassifier(max_iter=2).fit(*iris())

    def test_verbose_with_early_stopping(self, capsys):
        printed = []
        for maker, extra in zip(PAIRS["classifier"], ({}, {"precision": "float64"}), strict=True):
            quiet(maker(shuffle=False, random_state=0, verbose=True, early_stopping=True,
                        n_iter_no_change=3, **extra), *iris())  # fmt: skip
            printed.append(capsys.readouterr().out)
        assert printed[0] == printed[1]
        assert "Validation score: " in printed[1]

    def test_one_class_against_all_others(self):
        X, y = iris()
        estimator = quiet(
            MLPClassifier(output_activation="logistic", max_iter=200, random_state=0), X, y
        )
        assert estimator.out_activation_ == "logistic"
        assert estimator.network_.loss.name == "binary_cross_entropy"
        assert estimator.predict_proba(X).sum(axis=1) == pytest.approx(np.ones(150))
        assert estimator.score(X, y) > 0.9
        for wrong in ("tanh", "identity", "relu"):
            with pytest.raises(ValueError, match="output_activation"):
                MLPClassifier(output_activation=wrong).fit(X, y)
        with pytest.raises(ValueError, match="three classes or more"):
            MLPClassifier(output_activation="softmax").fit(*two_classes())

    def test_bad_callbacks_and_sizes(self):
        with pytest.raises(TypeError, match="must be a function of the epoch"):
            MLPClassifier(callbacks=[3]).fit(*iris())
        with pytest.raises(TypeError, match="whole numbers"):
            MLPClassifier((2.5,)).fit(*iris())

    def test_the_type_of_predictions(self):
        X, y = half_precision()
        estimator = quiet(MLPRegressor(max_iter=2), X, y)
        assert estimator.predict(X).dtype == np.float32
        assert estimator.predict(X.astype(np.float64)).dtype == np.float64
