"""Findings of targets, where outputs, losses and classes are of the rarer kinds."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp

RNG = np.random.default_rng(0)
X = RNG.standard_normal((200, 3))


def evidence(network, y, **settings):
    return {one.kind: one.evidence for one in cp.diagnose(network, X, y, **settings).findings}


def test_the_label_that_all_rows_have_is_named():
    network = cp.Network([3, 4, 3], "tanh", "softmax", seed=0)
    assert evidence(network, np.full(200, 2))["constant targets"] == "all 200 rows have label 2"


def test_several_targets_that_are_the_same_in_all_rows():
    network = cp.Network([3, 4, 2], "tanh", "identity", seed=0)
    found = evidence(network, np.tile([0.5, -1.0], (200, 1)))
    assert found["constant targets"] == "all 200 rows have the same targets"


@pytest.mark.parametrize(
    ("output", "low", "high", "reach"),
    [("tanh", -3, 0, "below -1"), ("tanh", 0, 3, "above 1"), ("tanh", -3, 3, "outside -1 to 1")],
)
def test_targets_beyond_an_end_or_both(output, low, high, reach):
    network = cp.Network([3, 4, 1], "tanh", output, loss="squared_error", seed=0)
    y = np.linspace(low, high, 200)
    assert f"lie {reach}, which tanh never gives" in evidence(network, y)["targets out of reach"]


def test_counts_are_no_classes():
    network = cp.Network([3, 4, 1], "tanh", "exp", loss="poisson", seed=0)
    assert "classes as numbers" not in evidence(network, (X[:, 0] > 0).astype(float))


def test_rows_of_one_and_zeros_are_classes():
    network = cp.Network([3, 4, 3], "tanh", "identity", seed=0)
    labels = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
    found = evidence(network, np.eye(3)[labels])
    assert found["classes as numbers"].startswith("every row of y has one 1, and 0 elsewhere")
