"""skops: a file that holds no code is loaded again with one type to trust."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest

import clearprop as cp
from clearprop.estimators import MLPClassifier, MLPRegressor
from estimator_cases import diabetes, iris, multilabel, quiet

io = pytest.importorskip("skops.io")

CLASSIFIER = "clearprop.estimators.classifier.MLPClassifier"
REGRESSOR = "clearprop.estimators.regressor.MLPRegressor"

SETTINGS = [
    {}, {"solver": "sgd"}, {"solver": "lbfgs"}, {"early_stopping": True},
    {"activation": ["gelu", "tanh"], "hidden_layer_sizes": (4, 3)}, {"optimizer": "adamw"},
    {"precision": "float64", "alpha": 0.1, "random_state": np.random.RandomState(3)},
]  # fmt: skip


def there_and_back(estimator):
    data = io.dumps(estimator)
    types = io.get_untrusted_types(data=data)
    return io.loads(data, trusted=types), types


class TestEstimators:
    @pytest.mark.parametrize("settings", SETTINGS, ids="-".join)
    @pytest.mark.parametrize("maker", [MLPClassifier, MLPRegressor])
    def test_one_type_is_to_be_trusted(self, maker, settings):
        X, y = iris() if maker is MLPClassifier else diabetes()
        estimator = quiet(maker(**{"max_iter": 3, "random_state": 0} | deepcopy(settings)), X, y)
        back, types = there_and_back(estimator)
        assert types == [CLASSIFIER if maker is MLPClassifier else REGRESSOR]
        np.testing.assert_array_equal(back.predict(X), estimator.predict(X))
        assert repr(back.network_) == repr(estimator.network_)

    @pytest.mark.parametrize("maker", [MLPClassifier, MLPRegressor])
    def test_one_that_is_not_fitted(self, maker):
        back, types = there_and_back(maker(alpha=0.5))
        assert len(types) == 1
        assert back.alpha == 0.5

    def test_labels_of_any_kind(self):
        X, y = iris()
        words = np.array(["b", "a", "c"])[y]
        for estimator, data in (
            (MLPClassifier(max_iter=2), (X, words)),
            (MLPClassifier(max_iter=2, output_activation="logistic"), (X, words)),
            (MLPClassifier(max_iter=2), (X, words == "a")),
            (MLPClassifier(max_iter=2), multilabel()),
        ):
            back, types = there_and_back(quiet(estimator, *data))
            assert types == [CLASSIFIER]
            np.testing.assert_array_equal(back.predict(data[0]), estimator.predict(data[0]))

    @pytest.mark.parametrize("solver", ["adam", "sgd"])
    def test_training_goes_on_to_the_same_bits(self, solver):
        X, y = iris()
        estimator = MLPClassifier(random_state=0, solver=solver).partial_fit(X, y, classes=range(3))
        back, _ = there_and_back(estimator)
        for one in (estimator, back):
            one.partial_fit(X, y)
        np.testing.assert_array_equal(back.coefs_[0], estimator.coefs_[0])
        assert back.loss_curve_ == estimator.loss_curve_

    def test_objects_that_were_given_are_types_of_their_own_but_no_private_functions(self):
        X, y = diabetes()
        given = {"loss": cp.quantile(0.9), "optimizer": cp.AdamW(cp.cosine(0.01)),
                 "activation": cp.Network([1, 1], "gelu").activations[0]}  # fmt: skip
        estimator = quiet(MLPRegressor(max_iter=2, random_state=0, **given), X, y)
        back, types = there_and_back(estimator)
        assert set(types) == {
            REGRESSOR, "clearprop.optimizers.AdamW", "clearprop.schedules.cosine",
        }  # fmt: skip
        assert repr(back.loss) == repr(estimator.loss)
        assert back.activation is estimator.activation
        np.testing.assert_array_equal(back.predict(X), estimator.predict(X))
        for one in (estimator, back):
            one.partial_fit(X, y)
        np.testing.assert_array_equal(back.coefs_[0], estimator.coefs_[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network(dtype):
    network = cp.Network([3, 4, 2], "leaky_relu", loss=cp.huber(0.5), biases=False, dtype=dtype)
    back, types = there_and_back(network)
    assert types == ["clearprop.network.Network"]
    assert repr(back) == repr(network)
    np.testing.assert_array_equal(back.parameters, network.parameters)
    X = np.ones((2, 3), dtype)
    np.testing.assert_array_equal(back.predict(X), network.predict(X))
