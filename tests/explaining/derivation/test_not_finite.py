"""Networks that are not finite: the first number that is not is named."""

from __future__ import annotations

import json

import numpy as np

import clearprop as cp


class TestNotFinite:
    def explained(self, network, x, y, of=None, **settings):
        derivation = cp.explain(network, x, y, of, **settings)
        for write in (str, cp.Derivation.to_latex, cp.Derivation.to_html, cp.Derivation.to_mathml):
            assert write(derivation)
        json.dumps(derivation.to_dict())
        return derivation

    def test_a_weight(self):
        network = cp.Network([3, 4, 4, 2], "tanh", "softmax", dtype="float64", seed=0)
        network["W2[1,3]"] = np.nan
        for of in (None, "W1[0,0]", "L", "delta1[0]", "a3[0]", "dW2", "z2[1]"):
            derivation = self.explained(network, [0.1, 0.2, 0.3], 1, of)
            assert (
                "z2[1] is nan, the first number on the way that is not finite; W2[1,3] is nan"
                in (derivation.words[0])
            )
            assert derivation.parts[-1].equations[-1].name == "z2[1]"
            assert np.isnan(derivation["z2[1]"].value)
            finite = [e.value for e in derivation if e.name != "z2[1]"]
            assert finite
            assert np.isfinite(finite).all()

    def test_what_is_finite_is_explained_as_ever(self):
        network = cp.Network([3, 4, 4, 2], "tanh", "softmax", dtype="float64", seed=0)
        network["W2[1,3]"] = np.nan
        derivation = self.explained(network, [0.1, 0.2, 0.3], 1, "z2[0]")
        assert np.isfinite(derivation.value)

    def test_a_bias_and_an_overflow(self):
        network = cp.Network([2, 2, 1], "exp", "identity", dtype="float64", seed=0)
        network["b1[1]"] = 1000.0
        derivation = self.explained(network, [0.1, 0.2], [1.0], "W1[0,0]")
        assert "a1[1] is inf" in derivation.words[0]
        network["b1[1]"] = np.inf
        assert "b1[1] is inf" in self.explained(network, [0.1, 0.2], [1.0]).words[0]

    def test_a_cost(self):
        network = cp.Network.from_weights([[[1e200]]], activations="identity")
        derivation = self.explained(network, [1.0], [0.0], "W1[0,0]")
        assert np.isfinite(derivation.value)  # the cost overflows, the gradient does not
        assert "L is inf" in self.explained(network, [1.0], [0.0], "L").words[0]

    def test_a_delta(self):
        network = cp.Network.from_weights(
            [[[1.0]], [[1e308], [1e308]]], activations="identity", loss="absolute_error"
        )
        derivation = self.explained(network, [1e-5], [0.0, 0.0], "W1[0,0]")
        assert derivation.parts[-1].equations[-1].name == "da1[0]"

    def test_one_sample_of_a_batch(self):
        network = cp.Network([1, 2, 1], "exp", "identity", dtype="float64", seed=0)
        X = [[0.0], [5000.0], [1.0]]
        derivation = self.explained(network, X, [0.0, 0.0, 0.0], "W2[0,0]")
        assert "@1 is" in derivation.words[0]
        assert np.isfinite(cp.explain(network, X, [0.0] * 3, "a2[0]", sample=0).value)

    def test_only_what_is_on_the_way_is_blamed(self):
        network = cp.Network([2, 2, 1], "tanh", "identity", dtype="float64", seed=0)
        network["W1[0,0]"] = network["W1[1,0]"] = np.nan
        assert "z1[1] is nan" in cp.explain(network, [1, 2], 1.0, "z1[1]").words[0]
        words = cp.explain(network, [[1, 2], [3, 4]], [1.0, 2.0], "a1[1]", sample=1).words[0]
        assert "z1[1]@1 is nan" in words

    def test_an_infinite_slope_of_the_cost_stops_nothing(self):
        network = cp.Network.from_weights(
            [[[1000.0]]], activations="sigmoid", loss="binary_cross_entropy"
        )
        for of in ("delta1", "delta1[0]", "W1[0,0]", "da1", "da1[0]", "L"):
            derivation = cp.explain(network, [1.0], [0.0], of)
            assert "cannot be followed" not in " ".join(derivation.words), of
        assert "da1[0] is inf, which goes no further" in str(
            cp.explain(network, [1.0], [0.0], "da1")
        )
