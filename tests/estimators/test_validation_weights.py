"""Weights of validation data: in the loss that is watched, and in scores."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn
from sklearn.metrics import accuracy_score, log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import clearprop as cp
from clearprop.estimators import MLPClassifier, MLPRegressor
from estimator_cases import diabetes, iris, quiet

X, y = iris()
W = np.random.default_rng(0).random(50)
HELD = {"X_val": X[::3], "y_val": y[::3], "sample_weight_val": W}


class TestEstimators:
    def test_losses_and_scores(self):
        seen = []
        estimator = MLPClassifier(
            max_iter=5, random_state=0, early_stopping=True, precision="float64",
            callbacks=lambda e: seen.append(e.network.predict(X[::3])) and None,
        )  # fmt: skip
        quiet(estimator, X, y, **HELD)
        losses = [log_loss(y[::3], p, sample_weight=W) for p in seen]
        scores = [accuracy_score(y[::3], p.argmax(1), sample_weight=W) for p in seen]
        np.testing.assert_allclose(estimator.validation_loss_curve_, losses, rtol=1e-12)
        np.testing.assert_allclose(estimator.validation_scores_, scores, rtol=1e-12)

    def test_a_scorer_gets_them(self):
        given = {
            "max_iter": 3,
            "random_state": 0,
            "early_stopping": True,
            "scoring": "neg_log_loss",
        }
        weighted = quiet(MLPClassifier(**given), X, y, **HELD)
        plain = quiet(MLPClassifier(**given), X, y, X_val=X[::3], y_val=y[::3])
        assert weighted.validation_scores_ != plain.validation_scores_

    def test_partial_fit(self):
        estimator = MLPClassifier(early_stopping=True, random_state=0)
        estimator.partial_fit(X, y, classes=[0, 1, 2], **HELD)
        expected = accuracy_score(y[::3], estimator.predict(X[::3]), sample_weight=W)
        assert estimator.validation_scores_ == [pytest.approx(expected)]
        Xd, yd = diabetes()
        given = {"X_val": Xd[:50], "y_val": yd[:50], "sample_weight_val": W}
        regressor = MLPRegressor(early_stopping=True, random_state=0).partial_fit(Xd, yd, **given)
        expected = regressor.score(Xd[:50], yd[:50], sample_weight=W)
        assert regressor.validation_scores_ == [pytest.approx(expected, rel=1e-4)]

    @pytest.mark.parametrize(
        ("weights", "message"),
        [
            (-W, "Negative values in data passed to `sample_weight_val`"),
            (0 * W, "sample_weight_val"),
            (W[:3], "sample_weight_val: .*shape"),
            (W * np.nan, "sample_weight_val: .*NaN"),
            (W * 1e308, "the sum of sample_weight_val is infinite"),
        ],
    )
    def test_refusals(self, weights, message):
        with pytest.raises(ValueError, match=message):
            MLPClassifier().fit(X, y, **HELD | {"sample_weight_val": weights})

    def test_they_belong_to_validation_data(self):
        with pytest.raises(ValueError, match="belong together, and sample_weight_val to them"):
            MLPClassifier().fit(X, y, sample_weight_val=W)
        with pytest.raises(ValueError, match="solver='lbfgs' takes no X_val"):
            MLPClassifier(solver="lbfgs").fit(X, y, sample_weight_val=W)

    def test_routing(self):
        with sklearn.config_context(enable_metadata_routing=True):
            routed = MLPClassifier(early_stopping=True, random_state=0, max_iter=3)
            routed.set_fit_request(X_val=True, y_val=True, sample_weight_val=True)
            pipeline = make_pipeline(StandardScaler(), routed, transform_input=["X_val"])
            quiet(pipeline, X, y, **HELD)
        assert len(pipeline[-1].validation_scores_) == 3


class TestSampleWeights:
    def test_a_share_without_weight(self):
        weights = np.zeros(150)
        weights[1] = 1
        with pytest.raises(ValueError, match="left for (training|validation) have weight zero"):
            MLPRegressor(early_stopping=True, random_state=0).fit(X, y, weights)

    def test_sums_beyond_float64(self):
        with pytest.raises(ValueError, match="the sum of sample_weight is infinite: scale"):
            MLPRegressor().fit(X, y, np.full(150, 1e308))


@pytest.mark.usefixtures("engine")
class TestTrain:
    def network(self):
        return cp.Network([4, 5, 3], output="softmax", dtype="float64", seed=1)

    def test_the_validation_loss_is_a_weighted_mean(self):
        net = self.network()
        history = cp.train(
            net, X, y, validation=(X[::3], y[::3], W), epochs=2, metrics=["accuracy"]
        )
        output = net.predict(X[::3])
        expected = log_loss(y[::3], output, sample_weight=W)
        assert history.validation_loss[-1] == pytest.approx(expected, rel=1e-12)
        plain = accuracy_score(y[::3], output.argmax(1))  # metrics go without weights
        assert history.validation_metrics["accuracy"][-1] == pytest.approx(plain)

    def test_refusals(self):
        for weights, message in (
            (-W, r"validation sample_weight\[0\] is"),
            (W[:2], "validation sample_weight must have shape"),
            (0 * W, "validation sample_weight is all zero"),
        ):
            with pytest.raises(cp.DataError, match=message):
                cp.train(self.network(), X, y, validation=(X[::3], y[::3], weights), epochs=1)
        for wrong in ((X,), (X, y, W, W)):
            with pytest.raises(
                cp.ArgumentError, match=rf"tuple of {len(wrong)}; give \(X, y\), \(X, y, "
            ):
                cp.train(self.network(), X, y, validation=wrong, epochs=1)
