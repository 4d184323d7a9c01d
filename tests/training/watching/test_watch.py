"""What is watched after each epoch: validation data and callbacks; what is refused before the first."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from training_cases import X, Y, blobs, net

pytestmark = pytest.mark.usefixtures("engine")


class TestWatching:
    def test_validation_data_or_a_share(self):
        history = cp.train(
            net(), X, Y, epochs=3, validation=blobs(30, seed=1), metrics=["accuracy"]
        )
        assert len(history.validation_loss) == len(history.validation_metrics["accuracy"]) == 3
        a, b = net(), net()
        first = cp.train(a, X, Y, epochs=3, validation=0.25, seed=1)
        second = cp.train(b, X, Y, epochs=3, validation=0.25, seed=1)
        assert first.validation_loss == second.validation_loss
        assert len(cp.train(net(), X, Y, validation=0.999, epochs=1, metrics="accuracy").loss) == 1
        assert cp.train(net(), X, Y, epochs=1).validation_loss == []

    def test_a_share_trains_on_the_other_rows_alone(self):
        """Rows put aside may hold anything: the parameters do not answer to it."""
        from clearprop.numerics.random import Purpose, random_order

        aside = random_order(1, 60, Purpose.VALIDATION)[:15]
        spoiled = X.copy()
        spoiled[aside] += 100
        runs = []
        for data in (X, spoiled):
            network = net()
            cp.train(network, data, Y, validation=0.25, epochs=2, seed=1)
            runs.append(network.parameters)
        np.testing.assert_array_equal(*runs)

    def test_the_validation_loss_leaves_the_penalty_out(self):
        network = net()
        history = cp.train(network, X, Y, epochs=1, l2=0.5, validation=(X, Y))
        assert history.validation_loss[0] == pytest.approx(cp.backprop(network, X, Y)["L"])
        assert cp.backprop(network, X, Y, l2=0.5)["L"] > history.validation_loss[0] + 0.1

    def test_the_rows_put_aside_keep_their_weights(self):
        from clearprop.numerics.random import Purpose, random_order

        weights = np.random.default_rng(1).random(60) ** 4
        network = net()
        history = cp.train(
            network,
            X,
            Y,
            epochs=1,
            validation=0.25,
            seed=1,
            sample_weight=weights,
            metrics="accuracy",
        )
        aside = np.sort(random_order(1, 60, Purpose.VALIDATION)[:15])
        rest = np.setdiff1d(np.arange(60), aside)
        expected = cp.backprop(network, X[aside], Y[aside], sample_weight=weights[aside])["L"]
        assert history.validation_loss[0] == pytest.approx(expected, rel=1e-13)
        assert abs(cp.backprop(network, X[aside], Y[aside])["L"] - expected) > 1e-3
        right = network.predict(X).argmax(axis=1) == Y
        assert history.metrics["accuracy"][0] == right[rest].mean()
        assert history.validation_metrics["accuracy"][0] == right[aside].mean()
        assert right[rest].mean() != right[aside].mean()


def test_what_cannot_go_well_is_refused_before_anything_is_changed():
    def score(y, output):
        return 0.0

    network = net()
    before = network.parameters.copy()
    for settings, error in (
        ({"early_stopping": cp.EarlyStopping(monitor="val_loss")}, cp.ArgumentError),
        (
            {"early_stopping": cp.EarlyStopping(monitor="score"), "metrics": [score]},
            cp.ArgumentError,
        ),
        ({"metrics": ["r2"]}, cp.ArgumentError),
        ({"metrics": "accuracy", "loss": "squared_error"}, cp.DataError),
        ({"metrics": [3]}, cp.ArgumentError),
        ({"callbacks": [3]}, cp.ArgumentError),
        ({"callbacks": 3}, cp.ArgumentError),
        ({"metrics": 3}, cp.ArgumentError),
    ):
        with pytest.raises(error):
            cp.train(network, X, Y, **settings)
        np.testing.assert_array_equal(network.parameters, before)
    one = cp.Network([2, 1], seed=1)
    before = one.parameters.copy()
    with pytest.raises(cp.TargetError, match="targets 0 and 1"):
        cp.train(one, X, Y + 0.5, metrics="accuracy")
    with pytest.raises(cp.TargetError, match="targets 0 and 1"):
        cp.train(one, X, Y > 0, metrics="accuracy", validation=(X, 3.0 * Y))
    np.testing.assert_array_equal(one.parameters, before)


class TestCallbacks:
    def test_they_see_each_epoch_and_stop_by_true_alone(self):
        seen = []

        def stop_at_three(epoch):
            seen.append((epoch.epoch, epoch.updates))
            return epoch.epoch == 3

        history = cp.train(net(), X, Y, epochs=10, callbacks=[lambda epoch: 1, stop_at_three])
        assert seen == [(1, 2), (2, 4), (3, 6)]
        assert history.stopped == "callback"

    def test_numpys_true_stops_too_and_none_is_no_callback(self):
        history = cp.train(net(), X, Y, callbacks=lambda epoch: np.bool_(epoch.epoch == 2))
        assert history.stopped == "callback"
        assert len(history.loss) == 2
        assert cp.train(net(), X, Y, callbacks=None, metrics=None).stopped == "completed"

    def test_they_may_change_the_parameters(self):
        def clip(epoch):
            epoch.network.parameters.clip(-0.1, 0.1, out=epoch.network.parameters)

        for optimizer in ("adam", "lbfgs"):
            for precision in (None, "float32"):
                network = net()
                history = cp.train(
                    network,
                    X,
                    Y,
                    epochs=4,
                    callbacks=clip,
                    optimizer=optimizer,
                    precision=precision,
                )
                assert np.abs(network.parameters).max() <= 0.1 + 1e-8
                assert len(history.loss) == 4

    def test_an_error_in_one_is_passed_on_and_the_network_keeps_what_it_learned(self):
        network = net()
        before = network.parameters.copy()

        def fail(epoch):
            raise RuntimeError("mine")

        with pytest.raises(RuntimeError, match="mine"):
            cp.train(network, X, Y, callbacks=fail)
        assert not np.array_equal(network.parameters, before)
