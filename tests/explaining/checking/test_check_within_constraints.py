"""Gradients of frozen and shared parameters, checked."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp

X, Y = np.random.default_rng(0).normal(size=(5, 3)), [0, 1, 1, 0, 1]
SHARED = [("W1[0,0]", "W1[3,2]"), ("b1", "b2")]


def net(activations="tanh", sizes=(3, 4, 4, 2)):
    network = cp.Network(sizes, activations, "softmax", biases="normal", dtype="float64", seed=2)
    network["W1[3,2]"], network["b2"] = network["W1[0,0]"], network["b1"]
    return network


@pytest.mark.parametrize("activations", ["tanh", "relu"])
def test_a_group_is_moved_together_and_what_is_frozen_is_not_moved(activations):
    network = net(activations)
    before = network.parameters.copy()
    check = cp.check_gradients(network, X, Y, l2=0.1, frozen=["W2[1,1]", "b3"], shared=SHARED)
    assert check.passed
    found = {one.name: one for one in check.derivatives}
    record = cp.backprop(network, X, Y, l2=0.1)
    total = float(record["dW1[0,0]"] + record["dW1[3,2]"])
    assert found["W1[0,0]"].given == total
    assert found["W1[0,0]"].numerical == pytest.approx(total, rel=1e-7)
    for name in ("W1[3,2]", "b2[1]", "W2[1,1]", "b3[0]"):
        assert (found[name].given, found[name].numerical) == (0, 0)
    np.testing.assert_array_equal(network.parameters, before)


def test_a_wrong_gradient_is_found_within_constraints(monkeypatch):
    from clearprop.explaining.checking import gradient_check

    right = gradient_check.backprop

    def wrong(network, *data, **settings):
        record = right(network, *data, **settings)
        record.db[1][2] *= 1.01  # of one that is shared, not the first of its group
        return record

    monkeypatch.setattr(gradient_check, "backprop", wrong)
    check = cp.check_gradients(net(), X, Y, frozen=["W3"], shared=SHARED)
    assert not check.passed
    assert check.worst.name == "b1[2]"
    assert cp.check_gradients(net(), X, Y, frozen=["W3", "b2"], shared=SHARED[:1]).passed


def test_a_large_network_is_checked_along_directions():
    network = net(sizes=(3, 50, 50, 2))
    network["W1[3,2]"], network["b2"] = network["W1[0,0]"], network["b1"]
    assert cp.check_gradients(network, X, Y, frozen=["W2"], shared=SHARED).passed


def test_the_readers_names_serve_as_in_explain():
    names = {"W1[0,0]": "w", "W1[3,2]": "u", "W3": "V"}
    check = cp.check_gradients(net(), X, Y, frozen=["V"], shared=[("w", "u")], names=names)
    assert check.passed
    assert {one.given for one in check.derivatives if one.name[:2] == "W3"} == {0}
    with pytest.raises(cp.ElementError, match="'q' names no element"):
        cp.check_gradients(net(), X, Y, frozen=["q"], names=names)
