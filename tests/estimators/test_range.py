"""Numbers that float32, in which minibatches are computed, cannot hold: found, named, remedied."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.datasets import make_classification, make_regression

import clearprop as cp
from clearprop.estimators import MLPClassifier, MLPRegressor
from estimator_cases import quiet

X, y = make_classification(300, 8, n_informative=5, n_classes=3, random_state=0)
XR, YR = make_regression(300, 8, n_informative=5, random_state=0)
WIDE = {"max_iter": 5, "random_state": 0, "precision": "float64"}


def refused(call, *words):
    """The message of a ValueError, one line with these words; NumPy is not heard."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=re.escape(words[0])) as caught:
            call()
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message
    return message


class TestDataBeyondFloat32:
    def test_inputs(self):
        message = refused(
            lambda: MLPClassifier().fit(X * 1e39, y), "X at row 0, column 0 is ", "too large for float32",
            "scale the data", "precision='float64'",
        )  # fmt: skip
        assert "non-finite parameter" not in message
        quiet(MLPClassifier(**WIDE), X * 1e39, y)

    def test_sparse_inputs(self):
        sparse = (np.abs(X) > 1).astype(float)
        sparse[7, 2] = 1e39
        S = sp.csc_matrix(sparse)
        refused(
            lambda: MLPClassifier().fit(S, y),
            "X at row 7, column 2 is 1e+39, too large for float32",
        )
        quiet(MLPClassifier(**WIDE), S, y)

    def test_targets(self):
        refused(
            lambda: MLPRegressor().fit(XR, YR * 1e39), "y at row 0, column 0 is", "too large for float32",
            "precision='float64'",
        )  # fmt: skip
        quiet(MLPRegressor(**WIDE), XR, YR * 1e39)

    def test_validation_data(self):
        refused(lambda: MLPRegressor().fit(XR, YR, X_val=XR * 1e39, y_val=YR), "X_val at row 0")
        refused(lambda: MLPRegressor().fit(XR, YR, X_val=XR, y_val=YR * 1e39), "y_val at row 0")

    def test_predicting_by_a_network_in_float32(self):
        estimator = quiet(MLPRegressor(max_iter=2), XR.astype(np.float32), YR)
        for rows in (XR * 1e39, sp.csr_matrix(XR * 1e39)):
            refused(
                lambda rows=rows: estimator.predict(rows), "X at row 0, column 0 is", "too large"
            )

    def test_cp_train_says_it_too(self):
        net = cp.Network([8, 3], output="softmax")
        with pytest.raises(
            cp.NonFiniteDataError, match="too large for float32: scale the data, or comp"
        ):
            cp.train(net, X * 1e39, y, epochs=1)
        cp.train(net, X * 1e30, y, epochs=1, precision="float64")


class TestCostsBeyondFloat32:
    def test_a_square_of_targets(self):
        refused(
            lambda: MLPRegressor().fit(XR, YR * 1e20), "Solver produced non-finite parameter weights",
            "training diverged in epoch 1, step 1: L_i[0] is inf for row", "precision='float64'",
        )  # fmt: skip
        quiet(MLPRegressor(**WIDE), XR, YR * 1e20)

    def test_lbfgs(self):
        message = refused(
            lambda: MLPRegressor(solver="lbfgs").fit(XR, YR * 1e200),
            "Solver produced non-finite parameter weights", "L_i[0] is inf",
        )  # fmt: skip
        assert "float64" not in message


class TestSquaresOfGradients:
    @pytest.mark.parametrize(
        "settings", [{}, {"optimizer": "rmsprop"}, {"optimizer": cp.AdamW(0.01)}]
    )
    def test_a_layer_that_would_not_move(self, settings):
        message = refused(
            lambda: MLPClassifier((16,), random_state=0, **settings).fit(X * 1e25, y),
            "of W1 holds inf", "too large for float32", "with them standardized the same run goes through",
            "precision='float64'",
        )  # fmt: skip
        assert "non-finite parameter" not in message
        quiet(MLPClassifier((16,), **WIDE, **settings), X * 1e25, y)

    def test_in_float64(self):
        message = refused(lambda: MLPClassifier(**WIDE).fit(X * 1e180, y), "too large for float64")
        assert "precision" not in message

    def test_a_batch_that_is_too_large_does_not_spoil_later_ones(self):
        estimator = MLPClassifier((16,), random_state=0).partial_fit(X, y, classes=range(3))
        before = estimator.coefs_[0].copy()
        refused(lambda: estimator.partial_fit(X * 1e25, y), "of W1 holds inf")
        np.testing.assert_array_equal(estimator.coefs_[0], before)
        estimator.partial_fit(X, y)
        assert (estimator.coefs_[0] != before).any()
        assert np.isfinite(estimator.coefs_[0]).all()


class TestWeightsThatLeaveThePenaltyAlone:
    """It is divided by their sum, in scikit-learn too: the data are not what is to be scaled."""

    @pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
    @pytest.mark.parametrize("weight", [1e-200, 1e-320])
    def test_small_sample_weights(self, solver, weight):
        message = refused(
            lambda: MLPClassifier((4,), solver=solver, random_state=0).fit(
                X, y, sample_weight=np.full(len(y), weight)
            ),
            "the weights of samples, ", "the penalty alpha is all that counts: scale them up",
        )  # fmt: skip
        assert "scale X" not in message
        assert "input data" not in message

    @pytest.mark.parametrize("weight", [1e-46, 1e-200, 1e-320, 1e39, 1e300])
    def test_without_a_penalty_their_size_does_not_matter(self, weight):
        settings = {"alpha": 0.0, "max_iter": 5, "random_state": 0}
        plain = quiet(MLPClassifier((4,), **settings), X, y)
        found = quiet(MLPClassifier((4,), **settings), X, y, sample_weight=np.full(len(y), weight))
        np.testing.assert_allclose(found.coefs_[0], plain.coefs_[0], rtol=1e-4, atol=1e-5)


class TestWhyARunDiverged:
    """In one line: the column by its name, or a rate that goes through; and they do."""

    def test_a_column_by_its_name(self):
        table = pd.DataFrame(XR * [1, 1, 1e12, 1, 1, 1, 1, 1], columns=list("abcdefgh"))
        settings = {"solver": "sgd", "learning_rate_init": 1e-4, "random_state": 0, "max_iter": 5}
        message = refused(
            lambda: MLPRegressor(**settings).fit(table, YR), "Solver produced non-finite parameter",
            "'c' reaches ", "and with it standardized the same run goes through",
        )  # fmt: skip
        assert "float64" not in message
        table["c"] = (table["c"] - table["c"].mean()) / table["c"].std()
        quiet(MLPRegressor(**settings), table, YR)

    @pytest.mark.parametrize("more", [{}, {"early_stopping": True}, {"momentum": 0.0}])
    def test_a_rate(self, more):
        y = YR / YR.std()
        settings = {"solver": "sgd", "random_state": 0, "max_iter": 9, **more}
        message = refused(
            lambda: MLPRegressor(learning_rate_init=10.0, **settings).fit(XR, y), "Solver produced",
            "the cost grew", "in place of 10 the same run goes through",
        )  # fmt: skip
        rate = float(re.search(r"try a learning rate of ([\d.e-]+)", message)[1])
        quiet(MLPRegressor(learning_rate_init=rate, **settings), XR, y)

    def test_a_batch_more(self):
        settings = {"solver": "sgd", "learning_rate_init": 1e-3, "random_state": 0}
        estimator = MLPRegressor(**settings).partial_fit(XR, YR / YR.std())
        refused(
            lambda: estimator.partial_fit(XR * 1e12, YR / YR.std()), "Solver produced", "x[",
            "with them standardized the same run goes through",
        )  # fmt: skip

    def test_lbfgs(self):
        refused(
            lambda: MLPRegressor(solver="lbfgs").fit(XR, YR * 1e200), "y[0] reaches",
            "with it scaled to about 1 the same run goes through", "scale y to about 1",
        )  # fmt: skip
