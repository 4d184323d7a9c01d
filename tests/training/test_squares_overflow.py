"""Gradients whose square leaves the data type: Adam and RMSprop would stand still, unsaid."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp

RULES = [cp.Adam(0.001), cp.AdamW(0.001), cp.RMSprop(0.001), cp.RMSprop(0.001, momentum=0.5)]

DATA = np.random.default_rng(0).normal(size=(40, 3))
LABELS = np.arange(40) % 3


def network(dtype="float32"):
    return cp.Network([3, 5, 3], "relu", "softmax", dtype=dtype, seed=2)


@pytest.mark.usefixtures("engine")
class TestSquaresOverflow:
    @pytest.mark.parametrize("rule", RULES, ids=repr)
    @pytest.mark.parametrize(("dtype", "scale"), [("float32", 1e25), ("float64", 1e180)])
    def test_the_layer_that_would_stand_still_is_named(self, rule, dtype, scale):
        net = network(dtype)
        before = net.parameters.copy()
        with pytest.raises(cp.DivergenceError) as caught:
            cp.train(net, scale * DATA, LABELS, optimizer=rule, epochs=3)
        message = str(caught.value)
        name = "square" if isinstance(rule, cp.RMSprop) else "v"
        assert f"the optimizer's {name} of W1 holds inf" in message
        assert f"too large for {dtype}" in message
        assert "x[" in message
        assert "with them standardized the same run goes through" in message
        assert ("precision='float64'" in message) == (dtype == "float32")
        assert "\n" not in message
        assert caught.value.history.stopped == "diverged"
        assert np.isfinite(cp.backprop(net, scale * DATA, LABELS)["L"])
        if not isinstance(rule, cp.AdamW):  # whose decay moves W1 too
            unmoved = net.unflatten(before)["W1"]
            np.testing.assert_array_equal(net["W1"], unmoved)

    def test_float64_is_the_remedy(self):
        net = network()
        wide = {"optimizer": "adam", "epochs": 3, "precision": "float64"}
        cp.train(net, 1e25 * DATA, LABELS, **wide)
        assert np.isfinite(net.parameters).all()

    def test_gradients_below_the_limit_train(self):
        for scale in (1e15, 1e18):
            net = network()
            before = net["W1"].copy()
            cp.train(net, scale * DATA, LABELS, optimizer="adam", epochs=3)
            assert (net["W1"] != before).any()

    def test_an_optimizer_of_ones_own_inherits_the_look(self):
        class Halved(cp.Adam):
            def update(self, parameters, gradient, state, now, is_weight):
                super().update(parameters, gradient / 2, state, now, is_weight)

        with pytest.raises(cp.DivergenceError, match="the optimizer's v of W1 holds inf"):
            cp.train(network(), 1e25 * DATA, LABELS, optimizer=Halved(), epochs=2)

    def test_early_stopping_puts_the_best_epoch_back(self):
        X = DATA.copy()
        net = network()
        rows = []

        def grow(epoch):
            rows.append(epoch.epoch)
            if epoch.epoch == 3:  # in the fourth, the first layer meets what is too large
                net["W2"] *= np.float32(1e25)

        with pytest.raises(cp.DivergenceError, match="epoch [123], the best,"):
            cp.train(
                net, X, LABELS, optimizer=cp.Adam(0.001), epochs=9, callbacks=grow,
                early_stopping=20,
            )  # fmt: skip
        assert rows == [1, 2, 3]


def test_steps_find_it_too():
    steps = cp.steps(network(), 1e25 * DATA, LABELS, optimizer="adam")
    with pytest.raises(cp.DivergenceError, match="by epoch 1, step 1: the optimizer's v of W1"):
        list(steps)
