"""What cannot be frozen or shared is refused in one line, and nothing is changed."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.constraints import read_constraints
from training_cases import X, Y, net

ONE = ("W1[0,0]", "W1[1,0]")
WRONG = {
    "unknown": ({"frozen": ["w1"]}, cp.ElementError, r"did you mean 'W1'"),
    "unknown, shared": ({"shared": [("W1[0,0]", "W1[9,0]")]}, cp.ElementError, r"0\.\.5, 0\.\.1"),
    "no layer": ({"frozen": ["W3"]}, cp.ElementError, "this network has W1 to W2"),
    "no name": ({"frozen": [3]}, cp.ElementError, "3 names no element"),
    "no parameter": (
        {"frozen": ["z1[0]"]},
        cp.ElementError,
        "frozen names 'z1.0.', which is no parameter: those are W1, b1, W2, b2 and their",
    ),
    "a gradient": ({"shared": [("dW1", "dW2")]}, cp.ElementError, "shared names 'dW1', which"),
    "no group": ({"shared": ONE}, cp.ArgumentError, "the group 'W1.0,0.'; a group is two names"),
    "one name": ({"shared": [("b1",)]}, cp.ArgumentError, "two names or more, such as"),
    "kinds": ({"shared": [("W1[0,0]", "b1[0]")]}, cp.ArgumentError, "one is a weight"),
    "shapes": (
        {"shared": [("W1", "W2")]},
        cp.ArgumentError,
        r"their shapes are \(6, 2\) and \(3, 6\)",
    ),
    "an array and one of it": ({"shared": [("W1", "W1[0,0]")]}, cp.ArgumentError, "shapes are"),
    "named twice": (
        {"shared": [("W1[0,0]", "W1[0,0]")]}, cp.ArgumentError, r"shared has W1\[0,0\] twice"
    ),
    "in two groups": (
        {"shared": [ONE, ("W1[2,0]", "W1[1,0]")]},
        cp.ArgumentError,
        r"shared has W1\[1,0\] twice: put all that it is shared with into one group",
    ),
    "frozen and shared": (
        {"frozen": ["W1"], "shared": [ONE]}, cp.ArgumentError, r"W1\[0,0\] is frozen and shared"
    ),
    "not equal": (
        {"shared": [("W1[0,1]", "W1[3,1]")]},
        cp.ArgumentError,
        r"W1\[0,1\] and W1\[3,1\] are shared, but are .* and .*: set them to one value first",
    ),
    "all frozen": ({"frozen": ["W1", "W2", "b1", "b2"]}, cp.ArgumentError, "nothing is left"),
}  # fmt: skip


@pytest.mark.parametrize("function", [cp.train, lambda *a, **s: next(cp.steps(*a, **s))])
@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_refused_in_one_line(name, function):
    settings, kind, message = WRONG[name]
    network = net()
    network["W1[1,0]"] = network["W1[2,0]"] = network["W1[0,0]"]
    before = network.parameters.copy()
    with pytest.raises(kind, match=message) as raised:
        function(network, X, Y, **settings)
    assert "\n" not in str(raised.value)
    np.testing.assert_array_equal(network.parameters, before)


def test_names_may_be_given_alone_twice_and_with_blanks():
    network = net()
    constraints = read_constraints(network, "b1")
    assert constraints.frozen.sum() == 6
    again = read_constraints(network, [" b1 ", "b1[ 2 ]"])
    assert again.frozen_names == ("b1", "b1[2]")
    np.testing.assert_array_equal(again.frozen, constraints.frozen)


def test_a_network_without_biases_has_none_to_freeze():
    network = cp.Network([2, 3], biases=False)
    with pytest.raises(cp.ElementError, match="no biases"):
        cp.train(network, X, X[:, [0, 1, 0]], frozen=["b1"])
    with pytest.raises(cp.ElementError, match="those are W1 and their elements"):
        cp.train(network, X, X[:, [0, 1, 0]], frozen=["x[0]"])
