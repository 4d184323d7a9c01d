"""A standing whose arrays are not the run's own, or that compiled code could not change in place, is refused."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.training.standing import Standing, begin, go_on


def unaligned(array):
    room = np.zeros(array.nbytes + 1, np.uint8)
    moved = room[1:].view(array.dtype)
    moved[:] = array
    assert not moved.flags.aligned
    return moved


def unwriteable(array):
    kept = array.copy()
    kept.flags.writeable = False
    return kept


WRONG = {
    "none": lambda array: None,
    "shorter": lambda array: array[:-1].copy(),
    "another type": lambda array: array.astype(np.float64),
    "not contiguous": lambda array: np.repeat(array, 2)[::2],
    "not aligned": unaligned,
    "not writeable": unwriteable,
}


@pytest.fixture
def network():
    return cp.Network([2, 3, 1], seed=0)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", ["m", "v"])
def test_a_state_that_is_not_the_optimizers(network, name, wrong):
    standing = begin(cp.Adam(), network)
    standing.state[name] = WRONG[wrong](standing.state[name])
    before = network.parameters.copy()
    with pytest.raises(cp.ArgumentError, match=f"the optimizer's state '{name}' does not belong"):
        go_on(standing, cp.Adam(), network)
    np.testing.assert_array_equal(network.parameters, before)


@pytest.mark.parametrize("wrong", ["shorter", "another type"])
def test_parameters_of_another_network(network, wrong):
    standing = Standing(WRONG[wrong](network.parameters), {})
    with pytest.raises(cp.ArgumentError, match="parameters do not belong to this network"):
        go_on(standing, cp.SGD(), network)


def test_what_is_right_is_taken_in_the_optimizers_order(network):
    standing = begin(cp.Adam(), network)
    standing.state = {"own": np.ones(2), "v": standing.state["v"], "m": standing.state["m"]}
    standing.parameters = standing.parameters + 1
    given = standing.parameters
    assert go_on(standing, cp.Adam(), network) is standing
    assert list(standing.state) == ["m", "v", "own"]
    assert np.shares_memory(standing.parameters, network.parameters)
    np.testing.assert_array_equal(network.parameters, given)


def test_what_each_optimizer_keeps(network):
    p = network.parameters
    kept = {
        cp.SGD(): [], cp.SGD(momentum=0.5): ["velocity"], cp.SGD(momentum=cp.constant(0.5)): ["velocity"],
        cp.Adam(): ["m", "v"], cp.AdamW(): ["m", "v"], cp.RMSprop(): ["square"],
        cp.RMSprop(momentum=0.5): ["square", "velocity"], cp.RProp(): ["size", "last"],
    }  # fmt: skip
    for rule, names in kept.items():
        state = rule.start(p)
        assert list(state) == names
        for name, array in state.items():
            assert array.dtype == p.dtype
            assert array.shape == p.shape
            assert (array == np.float32(0.01 if name == "size" else 0)).all()
