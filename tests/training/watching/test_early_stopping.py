"""Early stopping: when it ends a run, and which parameters come back."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from training_cases import X, Y, net

pytestmark = pytest.mark.usefixtures("engine")


class TestEarlyStopping:
    def test_stops_and_restores_the_best_parameters(self):
        """The scripted validation loss falls to epoch 4 and rises: patience 3 ends at epoch 7."""
        seen = []
        history = None

        def remember(epoch):
            seen.append(epoch.network.parameters.copy())

        network = net()
        target = np.full((60, 3), 1 / 3)  # the cost is least at even shares, which training leaves
        history = cp.train(
            network, X, Y, optimizer=cp.SGD(0.05), epochs=50, validation=(X, target),
            early_stopping=3, callbacks=remember,
        )  # fmt: skip
        best = int(np.argmin(history.validation_loss)) + 1
        assert history.stopped == "early stopping"
        assert history.best_epoch == best
        assert len(history.loss) == best + 3
        np.testing.assert_array_equal(network.parameters, seen[best - 1])

    def test_the_best_parameters_come_back_when_epochs_run_out_too(self):
        network = net()
        history = cp.train(network, X, Y, epochs=6, early_stopping=100, optimizer=cp.SGD(0.3))
        assert history.stopped == "completed"
        assert history.best_epoch == int(np.argmin(history.loss)) + 1

    @pytest.mark.parametrize(
        ("settings", "best"),
        [({"monitor": "score", "mode": "max"}, 2), ({"monitor": "score", "mode": "min"}, 4),
         ({"monitor": "score", "mode": "min", "min_delta": 5.0}, 1)],
    )  # fmt: skip
    def test_mode_and_min_delta(self, settings, best):
        values = iter([3.0, 5.0, 4.0, 1.0, 2.0])

        def score(y, output):
            return next(values)

        history = cp.train(
            net(), X, Y, epochs=5, metrics=[score], early_stopping=cp.EarlyStopping(**settings)
        )
        assert history.best_epoch == best

    def test_the_first_of_equals_is_the_best(self):
        values = iter([2.0, 1.0, 1.0, 1.0])

        def score(y, output):
            return next(values)

        stopping = cp.EarlyStopping(patience=2, monitor="score", mode="min")
        history = cp.train(net(), X, Y, epochs=9, metrics=[score], early_stopping=stopping)
        assert (history.best_epoch, len(history.loss)) == (2, 4)

    def test_the_best_parameters_come_back_after_a_divergence_too(self):
        seen = []
        rates = iter([0.01] * 20 + [1e30] * 100)
        network = net(activations="identity", output="identity", dtype="float32")
        with pytest.raises(cp.DivergenceError) as caught:
            cp.train(
                network, X, np.eye(3)[Y], optimizer=cp.SGD(lambda t, total: next(rates)), epochs=100,
                batch_size=30, early_stopping=50,
                callbacks=lambda epoch: seen.append(epoch.network.parameters.copy()),
            )  # fmt: skip
        history = caught.value.history
        assert "the parameters of epoch 10, the best, are restored: " in str(caught.value)
        assert history.stopped == "diverged"
        assert history.best_epoch == int(np.argmin(history.loss)) + 1 == 10
        np.testing.assert_array_equal(network.parameters, seen[9])

    def test_metrics_of_the_table_know_which_way_is_better(self):
        history = cp.train(
            net(), X, Y, epochs=8, metrics=["accuracy"], validation=0.3,
            early_stopping=cp.EarlyStopping(monitor="validation_accuracy"),
        )  # fmt: skip
        assert history.best_epoch == int(np.argmax(history.validation_metrics["accuracy"])) + 1

    @pytest.mark.parametrize(
        ("spec", "message"),
        [
            (0, "early_stopping is 0"),
            (True, "early_stopping is True"),
            ("5", "early_stopping is '5'"),
            (2.5, "early_stopping is 2.5"),
            (cp.EarlyStopping(monitor="acc"), "cannot watch 'acc'; this run has loss$"),
            (cp.EarlyStopping(monitor="validation_loss"), "this run has loss"),
        ],
    )
    def test_what_cannot_be_watched(self, spec, message):
        with pytest.raises(cp.ArgumentError, match=message):
            cp.train(net(), X, Y, early_stopping=spec)

    def test_functions_of_ones_own_need_a_mode(self):
        def score(y, output):
            return 0.0

        with pytest.raises(cp.ArgumentError, match="say mode='min' or 'max'"):
            cp.train(net(), X, Y, metrics=[score], early_stopping=cp.EarlyStopping(monitor="score"))

    @pytest.mark.parametrize("settings", [{"min_delta": -1}, {"mode": "up"}, {"patience": True}])
    def test_settings_out_of_range(self, settings):
        with pytest.raises(cp.ArgumentError):
            cp.EarlyStopping(**settings)

    def test_a_figure_that_is_nan_is_said(self):
        def score(y, output):
            return np.nan

        with pytest.raises(
            cp.NonFiniteError, match="score is nan in epoch 1: early stopping cannot"
        ):
            cp.train(
                net(), X, Y, metrics=[score],
                early_stopping=cp.EarlyStopping(monitor="score", mode="max"),
            )  # fmt: skip
