"""Metrics, against scikit-learn's."""

from __future__ import annotations

import math

import numpy as np
import pytest

import clearprop as cp
from training_cases import X, Y, net

pytestmark = pytest.mark.usefixtures("engine")


class TestMetrics:
    def test_metrics_against_scikit_learn(self):
        from sklearn import metrics

        r = np.random.default_rng(0)
        y = r.standard_normal((60, 2))
        network = cp.Network([2, 5, 2], dtype="float64")
        history = cp.train(
            network, X, y, epochs=1,
            metrics=["r2", "mean_absolute_error", "root_mean_squared_error", metrics.r2_score],
        )  # fmt: skip
        output = network.predict(X)
        expected = {
            "r2": metrics.r2_score(y, output),
            "mean_absolute_error": metrics.mean_absolute_error(y, output),
            "root_mean_squared_error": math.sqrt(metrics.mean_squared_error(y, output)),
            "r2_score": metrics.r2_score(y, output),
        }
        assert {k: v[0] for k, v in history.metrics.items()} == pytest.approx(expected, rel=1e-12)

    def test_accuracy_in_its_three_forms(self):
        from clearprop.losses import LOSSES
        from clearprop.training.watching.metrics import accuracy

        three = np.array([[0.1, 0.7, 0.2], [0.6, 0.3, 0.1]])
        softmax, binary = LOSSES["cross_entropy"], LOSSES["binary_cross_entropy"]
        assert accuracy(np.array([1, 2]), three, softmax) == 0.5
        assert accuracy(np.eye(3)[[1, 0]], three, softmax) == 1.0
        assert accuracy(np.array([[0, 1, 0], [1, 1, 0]]), three, binary) == 0.5
        assert accuracy(np.array([[1.0], [0.0]]), three[:, 1:2], binary) == 1.0
        history = cp.train(
            cp.Network([2, 1], output="sigmoid"), X, Y > 0, metrics="accuracy", epochs=1
        )
        output = history.epochs[0].network.predict(X)[:, 0]
        assert history.metrics["accuracy"][0] == ((output > 0.5) == (Y > 0)).mean()
        with pytest.raises(cp.TargetError, match="targets 0 and 1"):
            cp.train(cp.Network([2, 1]), X, Y, metrics="accuracy", epochs=1)

    def test_metrics_that_cannot_be(self):
        with pytest.raises(cp.UnknownNameError, match=r"no metric.*accuracy, mean_abs"):
            cp.train(net(), X, Y, metrics=["acuracy"])
        with pytest.raises(cp.ArgumentError, match="same name"):
            cp.train(net(), X, Y, metrics=["accuracy", "accuracy"])
        for name in ("epoch", "loss", "updates", "seconds", "validation_loss"):
            own = type(name, (), {"__call__": lambda self, y, output: 1.0})()
            with pytest.raises(cp.ArgumentError, match=f"{name}', which a run uses itself"):
                cp.train(net(), X, Y, metrics=[own])
        with pytest.raises(cp.ArgumentError, match="use 'accuracy'"):
            cp.train(net(), X, Y, metrics=["r2"])
