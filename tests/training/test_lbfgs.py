"""Training by L-BFGS."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import clearprop as cp
from training_cases import X, Y, net

pytestmark = pytest.mark.usefixtures("engine")


class TestLBFGS:
    def test_finds_the_logistic_regression(self):
        from sklearn.linear_model import LogisticRegression

        network = cp.Network([2, 3], output="softmax", dtype="float64")
        history = cp.train(network, X, Y, optimizer=cp.LBFGS(tolerance=1e-9), l2=1 / 60, epochs=500)
        assert history.stopped == "converged"
        assert all(b <= a for a, b in zip(history.loss, history.loss[1:], strict=False))
        model = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(X, Y)
        # Softmax leaves a constant over classes free: the penalty fixes it for weights.
        np.testing.assert_allclose(network["W1"], model.coef_, atol=1e-5)
        np.testing.assert_allclose(network.predict(X), model.predict_proba(X), atol=1e-6)

    def test_stops_at_the_epochs_given_and_shows_each(self):
        history = cp.train(net(), X, Y, optimizer="lbfgs", epochs=4)
        assert [epoch.updates for epoch in history.epochs] == [1, 2, 3, 4]
        assert history.stopped == "completed"

    def test_takes_weights_and_early_stopping(self):
        network = net()
        weights = np.arange(60)
        history = cp.train(
            network, X, Y, optimizer="lbfgs", epochs=30, sample_weight=weights, early_stopping=5
        )
        assert history.best_epoch == int(np.argmin(history.loss)) + 1
        cost = cp.backprop(network, X, Y, sample_weight=weights)["L"]
        assert cost == pytest.approx(min(history.loss), rel=1e-12)

    def test_a_search_that_fails_is_not_called_converged(self):
        """An absolute error has a kink at its minimum, where no line search comes to rest."""
        r = np.random.default_rng(1)
        network = cp.Network([3, 8, 1], "relu", output="identity", loss="absolute_error", seed=1)
        X, y = 100 * r.standard_normal((50, 3)), r.standard_normal(50)
        history = cp.train(network, X, y, optimizer="lbfgs", epochs=5000)
        assert history.stopped == "line search failed"
        assert np.abs(cp.backprop(network, X, y).gradient).max() > 1e-5

    def test_memory_shapes_the_steps(self):
        runs = []
        for memory in (1, 20):
            network = net()
            cp.train(network, X, Y, optimizer=cp.LBFGS(memory=memory), epochs=12)
            runs.append(network.parameters)
        assert np.abs(runs[0] - runs[1]).max() > 1e-6

    def test_what_it_does_not_take(self):
        with pytest.raises(cp.ArgumentError, match="leave dropout out"):
            cp.train(net(), X, Y, optimizer="lbfgs", dropout=0.1)
        with pytest.raises(cp.ArgumentError, match="L-BFGS does not make"):
            cp.steps(net(), X, Y, optimizer="lbfgs")

    def test_without_scipy_one_line_says_so(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "scipy.optimize", None)
        with pytest.raises(cp.MissingExtraError, match="needs SciPy, .*: pip install scipy"):
            cp.train(net(), X, Y, optimizer="lbfgs")
