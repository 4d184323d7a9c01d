"""The paths from a weight to the cost: the strongest of all, in networks deep and wide."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from derivation_cases import (
    moved_costs,
)
from derivation_rows import verify


class TestPaths:
    def network(self, sizes=(3, 5, 4, 3, 2), activations="tanh", seed=2):
        return cp.Network(
            list(sizes), activations, "identity", initializer=cp.normal(1.0),
            dtype="float64", seed=seed,
        )  # fmt: skip

    @pytest.mark.parametrize("hidden", ["tanh", "softmax"])
    def test_the_strongest_paths_are_those_of_all(self, hidden):
        """All paths by hand, against the few that are kept."""
        from itertools import product

        network = self.network((2, 3, 4, 2), hidden)
        X, y = np.array([[0.7, -1.2]]), np.array([[0.3, 0.1]])
        record = cp.backprop(network, X, y)
        W, z = network.weights, record.z

        def jacobian(layer):
            f = network.activations[layer - 1]
            rows = np.eye(network.sizes[layer])
            return np.array([f.backward(z[layer - 1], row[None])[0] for row in rows])

        J1, J2 = jacobian(1), jacobian(2)
        every = []
        for k, m, n, p, q in product(range(2), range(4), range(4), range(3), range(3)):
            if q != 1:  # z1[1] is where the weight leads
                continue
            size = record.delta[2][0, k] * W[2][k, m] * J2[m, n] * W[1][n, p] * J1[p, q] * X[0, 0]
            if hidden == "softmax" or (m == n and p == q):
                every.append(size)
        every.sort(key=lambda size: -abs(size))
        derivation = cp.explain(network, X, y, "W1[1,0]", largest=3)
        shown = next(e for e in derivation if e.name == "dW1[1,0]" and e.is_by_rows).to_dict()
        sizes = [t["value"] for t in shown["terms"] if "other" not in t["symbols"]]
        assert sizes == pytest.approx(every[:3], rel=1e-12)
        assert shown["terms"][-1]["symbols"] == f"[{len(every) - 3} other paths]"
        assert shown["terms"][-1]["value"] == pytest.approx(sum(every[3:]), rel=1e-9)
        assert f"{len(every)} paths lead from W1[1,0]" in str(derivation)

    def test_a_deep_network_fits_the_page(self):
        network = self.network([4, *[6] * 12, 2], "sigmoid")
        derivation = cp.explain(network, [0.1, 0.2, 0.3, 0.4], [0.0, 1.0], "W1[2,1]")
        record = cp.backprop(network, [[0.1, 0.2, 0.3, 0.4]], [[0.0, 1.0]])
        assert verify(derivation, record, {"h": 1e-5} | moved_costs(
            derivation, network, [[0.1, 0.2, 0.3, 0.4]], [[0.0, 1.0]], None, 0.0))  # fmt: skip
        assert max(map(len, str(derivation).splitlines())) <= 100

    def test_wide_layers_are_folded_and_add_up(self):
        rng = np.random.default_rng(0)
        network = cp.Network([300, 90, 10], "relu", "softmax", dtype="float64", seed=1)
        x = rng.normal(size=300)
        derivation = cp.explain(network, x, 4, "z1[7]", largest=5)
        (sum_,) = [e for e in derivation if e.name == "z1[7]"]
        terms = sum_.to_dict()["terms"]
        assert [t["symbols"] for t in terms][-2:] == ["[295 other terms]", "b1[7]"]
        contributions = network["W1"][7] * x
        largest = np.sort(np.abs(contributions))[::-1][:5]
        assert [abs(t["value"]) for t in terms[:5]] == pytest.approx(list(largest), rel=1e-14)
        assert sum(t["value"] for t in terms) == pytest.approx(sum_.value, rel=1e-12)
        assert [t["largest"] for t in terms] == [True, *[False] * 6]

    def test_counts_without_end(self):
        network = cp.Network([10, *[20] * 50, 3], "tanh", "softmax", dtype="float64", seed=0)
        derivation = cp.explain(network, np.ones(10), 1, "W1[0,0]")
        assert max(map(len, str(derivation).splitlines())) <= 100
        assert "1.69e+64 paths lead" in str(derivation)

    def test_a_weight_of_a_wide_layer_is_seen_in_its_sum(self):
        network = cp.Network([300, 40, 10], "relu", "softmax", dtype="float64", seed=0)
        derivation = cp.explain(network, np.ones(300), 3, "W1[7,200]")
        assert "W1[7,200] · x[200]" in derivation["z1[7]"].symbols
        assert "[293 other terms]" in derivation["z1[7]"].symbols
        assert derivation["a2[3]"].forms  # what the cost is computed from
