"""Runs that diverge: where is named, and the last good parameters come back."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from training_cases import X, Y, net

pytestmark = pytest.mark.usefixtures("engine")


class TestDivergence:
    @pytest.mark.parametrize("optimizer", ["sgd", "lbfgs"])
    def test_names_where_and_restores_the_last_good_parameters(self, optimizer):
        network = cp.Network([2, 3, 1], activations="exp", output="identity", seed=1)
        rule = cp.SGD(1e3) if optimizer == "sgd" else "lbfgs"
        with pytest.raises(
            cp.DivergenceError, match=r"epoch \d+.*(z|a|L_i|delta)\d?\[\d\] is"
        ) as caught:
            cp.train(network, 50 * X, Y, optimizer=rule, epochs=100)
        assert "\n" not in str(caught.value)
        assert np.isfinite(network.parameters).all()
        assert isinstance(caught.value.history, cp.History)

    def test_the_last_good_parameters_have_a_finite_cost(self):
        network = net(activations="identity", output="identity", dtype="float32")
        with pytest.raises(cp.DivergenceError, match="step") as caught:
            cp.train(network, X, np.eye(3)[Y], optimizer=cp.SGD(10.0), epochs=100, batch_size=10)
        assert np.isfinite(cp.backprop(network, X, np.eye(3)[Y])["L"])
        assert len(caught.value.history.loss) < 100

    def test_an_update_that_overflows_names_the_parameter(self):
        network = cp.Network([2, 1], dtype="float32", seed=1)
        before = network.parameters.copy()
        with pytest.raises(cp.DivergenceError, match="W1 holds (-)?inf after the update"):
            cp.train(network, 1e30 * X, Y, optimizer=cp.SGD(1e30), loss="absolute_error")
        np.testing.assert_array_equal(network.parameters, before)

    def test_a_network_that_is_broken_already(self):
        network = net()
        network["W2[1,3]"] = np.nan
        for call in (cp.train, cp.steps):
            with pytest.raises(cp.NonFiniteError, match="cannot be trained: its W2 holds NaN"):
                call(network, X, Y)
        for f in ("relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "tanh", "sigmoid"):
            broken = net(activations=f)
            broken["W1[1,0]"] = np.nan
            with pytest.raises(cp.NonFiniteError, match=r"z1\[1\] is nan for row 0"):
                broken.predict(X)

    def test_a_validation_loss_that_is_not_finite(self):
        network = cp.Network(
            [2, 1], output="exp", loss="squared_error", biases=False, dtype="float32"
        )
        network["W1"] = 1.0
        before = network.parameters.copy()
        with pytest.raises(
            cp.DivergenceError, match="is inf; the parameters of the epoch before"
        ) as e:
            cp.train(network, -abs(X), Y, validation=(1000 + X, Y), optimizer=cp.SGD(1e-6))
        assert e.value.history.stopped == "diverged"
        np.testing.assert_array_equal(network.parameters, before)

    def test_parameters_too_large_for_the_networks_own_type(self):
        network = cp.Network([1, 1], "identity", dtype="float32", biases=False, seed=1)
        before = network.parameters.copy()
        with pytest.raises(cp.DivergenceError, match="too large for the network's float32"):
            cp.train(
                network, [[1e-3]], [1e38], optimizer=cp.SGD(1e6), epochs=9, precision="float64"
            )
        assert np.isfinite(network.parameters).all()
        assert before.shape == network.parameters.shape

    def test_steps_restore_too(self):
        network = net(activations="identity", output="identity", dtype="float32")
        with pytest.raises(cp.DivergenceError):
            list(cp.steps(network, X, np.eye(3)[Y], optimizer=cp.SGD(10.0), epochs=100))
        assert np.isfinite(cp.backprop(network, X, np.eye(3)[Y])["L"])


class TestCallbacks:
    @pytest.mark.parametrize("optimizer", ["sgd", "lbfgs"])
    @pytest.mark.parametrize("bad", [np.nan, -np.inf])
    @pytest.mark.parametrize("at", [1, 3])  # of three epochs
    def test_one_that_leaves_what_is_not_finite(self, optimizer, bad, at):
        seen = []

        def spoil(epoch):
            if epoch.epoch == at:
                seen.append(epoch.network.parameters.copy())
                epoch.network["W2[1,3]"] = bad
                return True  # and would end the run
            return False

        network = net()
        with pytest.raises(
            cp.DivergenceError,
            match=f"in epoch {at}: W2 holds {bad} after a callback; .* epoch's end",
        ) as caught:
            cp.train(network, X, Y, optimizer=optimizer, epochs=3, callbacks=[spoil, print])
        np.testing.assert_array_equal(network.parameters, seen[0])
        assert caught.value.history.stopped == "diverged"
        assert len(caught.value.history.epochs) == at

    def test_one_that_mends_what_another_has_done(self):
        def spoil(epoch):
            epoch.network["b1[0]"] = np.nan

        def mend(epoch):
            epoch.network["b1[0]"] = 0.5

        network = net()
        history = cp.train(network, X, Y, epochs=2, callbacks=[spoil, mend])
        assert history.stopped == "completed"
        assert network["b1[0]"] == 0.5

    def test_the_best_epoch_comes_back_all_the_same(self):
        def spoil(epoch):
            if epoch.epoch == 2:
                epoch.network["W1"] = np.nan

        network = net()
        with pytest.raises(cp.DivergenceError, match="parameters of epoch 2, the best, are"):
            cp.train(network, X, Y, epochs=5, callbacks=spoil, early_stopping=3)
        assert np.isfinite(network.parameters).all()

    def test_a_network_that_is_narrower_than_the_run(self):
        def spoil(epoch):
            epoch.network["W1[0,0]"] = np.inf

        network = net(dtype="float32")
        with pytest.raises(cp.DivergenceError, match="W1 holds inf after a callback"):
            cp.train(network, X, Y, epochs=1, callbacks=spoil, precision="float64")
        assert np.isfinite(network.parameters).all()
