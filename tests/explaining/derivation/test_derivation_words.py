"""What a derivation says in words: why a slope is zero, which way a weight moves, and how far."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from the_note import note_network


class TestZero:
    """A gradient of zero says that the parameter does not matter here, and why."""

    def words(self, network, x, y, of):
        return " ".join(cp.explain(network, x, y, of).parts[-1].words)

    def test_a_relu_that_does_not_fire(self):
        network = cp.Network.from_weights(
            [[[1.0]], [[1.0]]], [[-5.0], [0.0]], "relu", "identity", "squared_error"
        )
        assert "as delta1[0] is 0: relu is flat at z1[0]" in self.words(
            network, [1.0], [1.0], "W1[0,0]"
        )
        said = self.words(network, [1.0], [1.0], "W2[0,0]")
        assert "as a1[0], which W2[0,0] multiplies, is 0" in said

    def test_no_error(self):
        network = cp.Network.from_weights([[[2.0]]], activations="identity")
        assert "no error comes back" in self.words(network, [1.0], [2.0], "W1[0,0]")

    def test_samples_that_cancel(self):
        network = cp.Network.from_weights([[[0.0]]], activations="identity")
        said = self.words(network, [[1.0], [1.0]], [1.0, -1.0], "W1[0,0]")
        assert "what the samples contribute cancels" in said

    def test_why_a_slope_is_zero(self):
        def words(network, x, y, of="W1[0,0]", **settings):
            return " ".join(cp.explain(network, x, y, of, **settings).parts[-1].words)

        relu = cp.Network.from_weights([[[1.0]]], [[-5.0]], "relu", loss="squared_error")
        assert "relu is flat at z1[0]" in words(relu, [1.0], [3.0])
        line = cp.Network.from_weights([[[2.0]]], activations="identity")
        assert "is 0 for every sample that counts: no error comes back" in words(
            line, [[1.0], [3.0]], [2.0, 1.0], sample_weight=[1, 0]
        )
        one = cp.Network.from_weights([[[1.0]]], activations="identity")
        assert "the penalty, 1, cancels what the data give" in words(one, [1.0], [2.0], l2=1.0)
        tiny = cp.Network.from_weights([[[1e-200]]], activations="identity")
        assert "too small for float64" in words(tiny, [1e-200], [1e-200])

    def test_dropout_is_named(self):
        network = cp.Network([3, 8, 1], "tanh", "identity", dtype="float64", seed=0)
        step = next(cp.steps(network, [[1.0, 2.0, 3.0]], [1.0], dropout=0.5))
        off = int(np.flatnonzero(step.record.masks[0][0] == 0)[0])
        words = " ".join(cp.explain(step=step, of=f"W1[{off},0]").parts[-1].words)
        assert f"delta1[{off}] is 0: dropout leaves this neuron out" in words
        words = " ".join(cp.explain(step=step, of=f"W2[0,{off}]").parts[-1].words)
        assert "is 0, as dropout has put it there" in words


class TestWords:
    @pytest.mark.parametrize("sign", [1, -1])
    def test_which_way_and_how_far(self, sign):
        network = cp.Network.from_weights([[[0.5]]], activations="identity")
        y = [0.5 - sign * 2.0]  # a is 0.5
        derivation = cp.explain(network, [1.0], y, "W1[0,0]", optimizer=cp.SGD(0.25))
        costs = {}
        for step in (0.01, -0.01):
            moved = network.copy()
            moved["W1[0,0]"] += step
            costs[step] = (
                cp.backprop(moved, [[1.0]], y)["L"] - cp.backprop(network, [[1.0]], y)["L"]
            )
        rises = costs[0.01] > 0
        assert rises == (sign > 0)
        text = " ".join(str(derivation).split())
        assert f"The slope is {'positive' if rises else 'negative'}" in text
        assert f"raising W1[0,0] by a small h {'raises' if rises else 'lowers'} the cost" in text
        assert f"the cost by about 2 · h. Descent {'lowers' if rises else 'raises'} W1[0,0]" in text
        way = "down" if rises else "up"
        assert f"SGD moves W1[0,0] {way} by 0.5, from 0.5 to {0.5 - sign * 0.5:g}." in text

    def test_zero_for_every_sample(self):
        network = cp.Network.from_weights(
            [[[1.0]], [[1.0]]], [[-5.0], [0.0]], "relu", "identity", "squared_error"
        )
        for X, y, every in (
            ([[1.0], [2.0]], [1.0, 2.0], " for every sample"),
            ([[1.0]], [1.0], ""),
        ):
            words = " ".join(cp.explain(network, X, y, "W1[0,0]").parts[-1].words)
            assert f"as delta1[0] is 0{every}: relu is flat" in words

    @pytest.mark.parametrize(("x", "side"), [(2.0, "z > 0"), (-2.0, "z ≤ 0")])
    def test_which_side_of_a_kink(self, x, side):
        network = cp.Network.from_weights([[[1.0]], [[1.0]]], activations="relu", output="identity")
        derivation = cp.explain(network, [x], [5.0], "delta1[0]")
        assert derivation["relu'(z1[0])"].note == side

    def test_a_kink_nearby_is_said(self):
        network = cp.Network.from_weights(
            [[[1e-7]], [[1.0]]], activations="relu", output="identity", loss="squared_error"
        )
        words = " ".join(cp.explain(network, [1.0], [5.0], "W1[0,0]").parts[-1].words)
        assert "a kink (of a relu, say) lies nearby" in words
        words = " ".join(cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[0,0]").parts[-1].words)
        assert "kink" not in words
