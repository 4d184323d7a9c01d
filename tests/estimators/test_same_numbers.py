"""In float64, with the rows in their order, the numbers are scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest

from clearprop.estimators import MLPClassifier, MLPRegressor
from estimator_cases import (
    PAIRS,
    both,
    diabetes,
    half_precision,
    iris,
    multilabel,
    quiet,
    spread,
    two_classes,
    two_targets,
    weighted_iris,
    weighted_targets,
)

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
        a, b = (quiet(estimator, *data()) for estimator in both(kind, **given))
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
        assert b.n_iter_ > 10

    def test_the_data_type_is_kept(self):
        X, y = half_precision()
        estimator = quiet(MLPClassifier(max_iter=3, random_state=0), X, y)
        assert estimator.coefs_[0].dtype == np.float32
        assert estimator.predict_proba(X).dtype == np.float32
        wide = quiet(MLPClassifier(max_iter=3, random_state=0), *iris())
        assert wide.coefs_[0].dtype == np.float64
        assert wide.predict_proba(iris()[0]).dtype == np.float64

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

    def test_weights_in_training_and_in_scores(self):
        X, y = iris()
        w = np.random.default_rng(0).random(150)
        a, b = (
            quiet(estimator, X, y, w)
            for estimator in both(max_iter=15, early_stopping=True, random_state=0, shuffle=False)
        )
        np.testing.assert_allclose(b.validation_scores_, a.validation_scores_)
        assert len({round(score * 15, 6) % 1 for score in b.validation_scores_} - {0.0}) > 0
        shared = {"max_iter": 5, "random_state": 0, "early_stopping": True}
        weighted = quiet(MLPClassifier(class_weight={1: 3.0}, **shared), X, y, w)
        one = quiet(MLPClassifier(**shared), X, y, w * np.where(y == 1, 3.0, 1.0))
        np.testing.assert_allclose(weighted.coefs_[0], one.coefs_[0], rtol=1e-4, atol=1e-6)
        assert (
            weighted.validation_scores_ != one.validation_scores_
        )  # scores go without class_weight
        with pytest.raises(ValueError, match="'balanced' is not supported for partial_fit"):
            MLPClassifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])
        with pytest.raises(ValueError, match="no sample that counts"):
            MLPClassifier(class_weight={0: 0, 1: 0, 2: 0}).fit(X, y)
        with pytest.raises(ValueError, match="at least one non-zero"):
            MLPClassifier().fit(X, y, np.zeros(150))
        Xm, Ym = multilabel()
        quiet(MLPClassifier(max_iter=2, class_weight=[{0: 1, 1: 2}] * 4), Xm, Ym)

    def test_the_type_of_predictions(self):
        X, y = half_precision()
        estimator = quiet(MLPRegressor(max_iter=2), X, y)
        assert estimator.predict(X).dtype == np.float32
        assert estimator.predict(X.astype(np.float64)).dtype == np.float64
