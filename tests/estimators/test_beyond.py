"""What is asked of scikit-learn, and is here."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import (
    load_digits,
)
from sklearn.metrics import log_loss

import clearprop as cp
from clearprop.estimators import MLPClassifier, MLPRegressor
from estimator_cases import (
    diabetes,
    iris,
    quiet,
    two_classes,
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
        with pytest.raises(
            ValueError, match=r"scale y to about 1, or compute in float64 \(precision='float64'\)"
        ):
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

    def test_the_network_is_clearprops(self):
        X, y = iris()
        estimator = quiet(MLPClassifier((6,), random_state=0, max_iter=30), X, y)
        assert isinstance(estimator.network_, cp.Network)
        assert cp.check_gradients(estimator.network_, X[:5], y[:5])
        assert "dL/dW2[1,3]" in str(cp.explain(estimator.network_, X[0], y[0], "W2[1,3]"))
        assert cp.diagnose(estimator.network_, X, y).rows == 150
        np.testing.assert_array_equal(estimator.network_.predict(X), estimator.predict_proba(X))

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
            draws = np.random.RandomState(0)  # as scikit-learn draws: weights, then what follows
            network = cp.Network([10, 9, 1], "relu", "identity", loss=loss, dtype="float64")
            for layer, (n_in, n_out) in enumerate([(10, 9), (9, 1)], 1):
                bound = np.sqrt(6 / (n_in + n_out))
                network[f"W{layer}"] = draws.uniform(-bound, bound, (n_in, n_out)).T
                network[f"b{layer}"] = draws.uniform(-bound, bound, n_out)
            seed = int(draws.randint(np.iinfo(np.int32).max))
            history = cp.train(
                network, X, y, optimizer=cp.SGD(0.1), batch_size=100, epochs=3, shuffle=False,
                dropout=dropout, seed=seed, progress=False,
            )  # fmt: skip
            np.testing.assert_allclose(
                estimator.network_.parameters, network.parameters, rtol=1e-12
            )
            assert estimator.loss_curve_ == pytest.approx(history.loss, rel=0.05)

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


def test_a_built_in_loss_may_be_given_itself():
    X, y = np.arange(12.0).reshape(6, 2) / 12, np.array([0, 1, 2, 3, 1, 0])
    named, itself = (
        MLPRegressor(loss=loss, hidden_layer_sizes=3, solver="lbfgs", max_iter=500, random_state=0)
        for loss in ("poisson", cp.losses.LOSSES["poisson"])
    )
    np.testing.assert_array_equal(named.fit(X, y).predict(X), itself.fit(X, y).predict(X))
