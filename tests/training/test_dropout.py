"""Dropout: its masks, its gradients, and where nothing is dropped."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.numerics.random import kept_units
from training_cases import X, Y, net

pytestmark = pytest.mark.usefixtures("engine")


class TestDropout:
    def test_masks_are_the_streams_and_scale_what_they_keep(self):
        step = next(cp.steps(net(), X, Y, dropout=0.4, batch_size=9, seed=3))
        kept = kept_units(3, 6, 0.4, epoch=0, rows=step.rows, layer=1)
        (mask,) = step.record.masks
        np.testing.assert_array_equal(mask, kept / 0.6)
        np.testing.assert_array_equal(step.record["a1"], np.tanh(step.record["z1"]) * mask)
        assert (step.record["delta1"][~kept] == 0).all()

    def test_masks_differ_between_epochs_and_layers(self):
        network = cp.Network([2, 6, 6, 3], "tanh", output="softmax", dtype="float64")
        taken = list(cp.steps(network, X, Y, dropout=0.4, batch_size=None, epochs=2, seed=3))
        for epoch, step in enumerate(taken):
            for layer, mask in enumerate(step.record.masks, 1):
                kept = kept_units(3, 6, 0.4, epoch=epoch, rows=step.rows, layer=layer)
                np.testing.assert_array_equal(mask, kept / 0.6)
        masks = [mask[np.argsort(step.rows)] for step in taken for mask in step.record.masks]
        assert len({mask.tobytes() for mask in masks}) == 4

    def test_gradients_with_masks_against_differences(self):
        from clearprop.backprop import forward_and_backward
        from numeric import relative_error

        network = net()
        mask = kept_units(3, 6, 0.4, epoch=0, rows=np.arange(60), layer=1) / 0.6
        omega = np.full(60, 1 / 60)
        gradient = forward_and_backward(network, X, Y, omega, 0.0, (mask,)).gradient
        expected = np.empty_like(gradient)
        for i in range(network.n_parameters):
            costs = []
            for h in (1e-5, -1e-5):
                probe = network.copy()
                probe.parameters[i] += h
                costs.append(forward_and_backward(probe, X, Y, omega, 0.0, (mask,)).loss)
            expected[i] = (costs[0] - costs[1]) / 2e-5
        assert relative_error(gradient, expected) < 1e-6

    def test_prediction_and_validation_drop_nothing(self):
        network = net()
        history = cp.train(network, X, Y, dropout=0.5, epochs=1, validation=(X, Y))
        assert history.validation_loss[0] == pytest.approx(
            cp.backprop(network, X, Y)["L"], rel=1e-12
        )

    def test_a_network_without_hidden_layers_has_nothing_to_drop(self):
        a, b = (cp.Network([2, 3], output="softmax") for _ in range(2))
        cp.train(a, X, Y, dropout=0.5)
        cp.train(b, X, Y)
        np.testing.assert_array_equal(a.parameters, b.parameters)
