"""Settings up to their limits, to the last bit, and the numbers that defaults and schedules are."""

from __future__ import annotations

import math
from dataclasses import astuple
from types import SimpleNamespace

import mpmath as mp
import numpy as np
import pytest

import clearprop as cp
from clearprop.activations import activation
from clearprop.losses import loss
from clearprop.optimizers import Clock, UncorrectedAdam
from clearprop.schedules import rate_at

TINY, BELOW_ONE, ABOVE_ONE = 5e-324, math.nextafter(1, 0), math.nextafter(1, 2)
ABOVE_ZERO = ([TINY, 1.5, 1e300], [0.0, -TINY, -0.5, math.inf])
FROM_ZERO = ([0.0, TINY, 1.5, 1e300], [-TINY, -0.5, math.inf])
SHARE = ([0.0, TINY, 0.5, BELOW_ONE], [-TINY, -0.5, 1.0, 1.5])
WITHIN = ([TINY, 0.5, BELOW_ONE], [0.0, -TINY, -0.5, 1.0, 1.5])
WHOLE = ([1, 2, 1000], [0, -1, 1.5])

LIMITS = {
    "SGD learning_rate": (lambda v: cp.SGD(v), *ABOVE_ZERO),
    "SGD momentum": (lambda v: cp.SGD(momentum=v), *SHARE),
    "SGD shrink": (lambda v: cp.SGD(shrink=v), [TINY, 0.5, 1.0], [0.0, -0.5, ABOVE_ONE]),
    "Adam learning_rate": (lambda v: cp.Adam(v), *ABOVE_ZERO),
    "Adam beta1": (lambda v: cp.Adam(beta1=v), *SHARE),
    "Adam beta2": (lambda v: cp.Adam(beta2=v), *SHARE),
    "Adam epsilon": (lambda v: cp.Adam(epsilon=v), *ABOVE_ZERO),
    "AdamW learning_rate": (lambda v: cp.AdamW(v), *ABOVE_ZERO),
    "AdamW beta1": (lambda v: cp.AdamW(beta1=v), *SHARE),
    "AdamW decay": (lambda v: cp.AdamW(decay=v), *FROM_ZERO),
    "RMSprop learning_rate": (lambda v: cp.RMSprop(v), *ABOVE_ZERO),
    "RMSprop alpha": (lambda v: cp.RMSprop(alpha=v), *SHARE),
    "RMSprop momentum": (lambda v: cp.RMSprop(momentum=v), *SHARE),
    "RMSprop epsilon": (lambda v: cp.RMSprop(epsilon=v), *ABOVE_ZERO),
    "RProp learning_rate": (lambda v: cp.RProp(v), *ABOVE_ZERO),
    "RProp cut": (lambda v: cp.RProp(cut=v), *WITHIN),
    "RProp grow": (lambda v: cp.RProp(grow=v), [ABOVE_ONE, 3.0], [1.0, 0.5, -1.5]),
    "RProp smallest": (lambda v: cp.RProp(smallest=v), [TINY, 0.5, 50.0], [0.0, -TINY, -0.5]),
    "RProp largest": (
        lambda v: cp.RProp(smallest=0.5, largest=v),
        [0.5, 2.0],
        [math.nextafter(0.5, 0), 0.0],
    ),
    "LBFGS memory": (lambda v: cp.LBFGS(memory=v), [1, 2, 1000], [0, -1, 1.5, 1001]),
    "LBFGS tolerance": (lambda v: cp.LBFGS(tolerance=v), *FROM_ZERO),
    "constant value": (lambda v: cp.constant(v), *ABOVE_ZERO),
    "step initial": (lambda v: cp.step(v, 2), *ABOVE_ZERO),
    "step factor": (lambda v: cp.step(0.1, 2, v), *ABOVE_ZERO),
    "step every": (lambda v: cp.step(0.1, v), *WHOLE),
    "exponential initial": (lambda v: cp.exponential(v, 0.5), *ABOVE_ZERO),
    "exponential factor": (lambda v: cp.exponential(0.1, v), *ABOVE_ZERO),
    "cosine initial": (lambda v: cp.cosine(v), *ABOVE_ZERO),
    "cosine steps": (lambda v: cp.cosine(0.1, v), *WHOLE),
    "cosine final": (lambda v: cp.cosine(0.1, final=v), *FROM_ZERO),
    "warmup_cosine initial": (lambda v: cp.warmup_cosine(v, 2), *ABOVE_ZERO),
    "warmup_cosine warmup": (lambda v: cp.warmup_cosine(0.1, v), *WHOLE),
    "warmup_cosine steps": (lambda v: cp.warmup_cosine(0.1, 2, v), *WHOLE),
    "warmup_cosine final": (lambda v: cp.warmup_cosine(0.1, 2, final=v), *FROM_ZERO),
    "inverse_scaling initial": (lambda v: cp.inverse_scaling(v), *ABOVE_ZERO),
    "inverse_scaling power": (lambda v: cp.inverse_scaling(0.1, v), *ABOVE_ZERO),
    "huber threshold": (lambda v: cp.huber(v), *ABOVE_ZERO),
    "quantile q": (lambda v: cp.quantile(v), *WITHIN),
    "quantile second q": (lambda v: cp.quantile([0.5, v]), *WITHIN),
}


@pytest.mark.parametrize("name", LIMITS)
def test_settings_are_taken_up_to_their_limits_and_no_further(name):
    make, inside, outside = LIMITS[name]
    for value in inside:
        make(value)
    for value in outside:
        with pytest.raises(cp.ArgumentError, match=name.split()[-1]):
            make(value)


def test_numpys_numbers_become_pythons_which_widen_no_array():
    few = tuple(map(np.float32, (0.5, 0.25, 0.75, 0.125, 0.5)))
    for made in (
        cp.SGD(few[0], few[1], np.bool_(True), np.float64(0.5)),
        cp.Adam(*few[:4]),
        cp.AdamW(*few),
        cp.RMSprop(*few[:4]),
        cp.RProp(few[0], few[1], np.float32(1.75), few[3], few[4]),
        cp.LBFGS(np.int64(5), few[0]),
        cp.constant(few[0]),
        cp.step(few[0], np.int32(3), few[1]),
        cp.exponential(few[0], few[1]),
        cp.cosine(few[0], np.int64(3), np.float16(0.25)),
        cp.warmup_cosine(few[0], np.uint8(3), np.int64(9), np.float16(0.25)),
        cp.inverse_scaling(few[0], few[1]),
    ):
        assert {type(value) for value in astuple(made)} <= {float, int, bool}, made


def test_the_defaults_are_pytorchs():
    """Of torch.optim, but the learning rate of RMSprop and SGD's, which are both 0.01 there too."""
    assert astuple(cp.SGD()) == (0.01, 0.0, False, 1.0)
    assert astuple(cp.Adam()) == (0.001, 0.9, 0.999, 1e-8)
    assert astuple(cp.AdamW()) == (0.001, 0.9, 0.999, 1e-8, 0.01)
    assert astuple(cp.RMSprop()) == (0.01, 0.99, 1e-8, 0.0)
    assert astuple(cp.RProp()) == (0.01, 0.5, 1.2, 1e-6, 50.0)
    assert astuple(cp.LBFGS()) == (10, 1e-5)
    assert astuple(cp.step(0.5, 2)) == (0.5, 2, 0.1)
    assert astuple(cp.cosine(0.5)) == (0.5, None, 0.0)
    assert astuple(cp.warmup_cosine(0.5, 3)) == (0.5, 3, None, 0.0)
    assert astuple(cp.inverse_scaling(0.5)) == (0.5, 0.5)


@pytest.mark.parametrize("spec", [3, 2.5, ("adam",), object(), SimpleNamespace(start=1),
                                  SimpleNamespace(update=1), None])  # fmt: skip
def test_what_is_no_optimizer_no_loss_and_no_activation(spec):
    with pytest.raises(cp.ArgumentError, match="it must be a name such as 'adam' or an object"):
        cp.train(cp.Network([1, 1]), [[1.0]], [1.0], optimizer=spec)
    with pytest.raises(cp.ArgumentError, match=r"it must be a name or a cp.Loss\(...\)"):
        loss(spec)
    with pytest.raises(cp.ArgumentError, match=r"it must be a name or a cp.Activation\(...\)"):
        activation(spec)


def test_a_class_in_place_of_an_optimizer_or_a_schedule():
    network = cp.Network([1, 1])
    with pytest.raises(cp.ArgumentError, match=r"the class Adam; write Adam\(\)"):
        cp.train(network, [[1.0]], [1.0], optimizer=cp.Adam)
    with pytest.raises(cp.ArgumentError, match=r"cp.cosine itself; call it: cp.cosine\(0.1"):
        cp.Adam(cp.cosine)
    with pytest.raises(cp.ArgumentError, match=r"a schedule is called with \(t, total\)"):
        cp.Adam(lambda t: 0.1)


def exact(name, t, total):
    """What the docstrings say, in 50 digits."""
    pi, half = mp.pi, mp.mpf(1) / 2

    def falling(share):
        return mp.mpf("0.25") + mp.mpf("1.75") * (1 + mp.cos(pi * min(share, mp.mpf(1)))) / 2

    return {
        "constant": lambda: mp.mpf(2),
        "step": lambda: 2 * half ** (t // 3),
        "exponential": lambda: 2 * mp.mpf("0.75") ** t,
        "cosine": lambda: falling(mp.mpf(t) / max(total, 1)),
        "cosine of 4": lambda: falling(mp.mpf(t) / 4),
        "warmup": lambda: 2 * mp.mpf(t + 1) / 3 if t < 3 else falling(mp.mpf(t - 3) / max(total - 3, 1)),
        "warmup of 5": lambda: 2 * mp.mpf(t + 1) / 3 if t < 3 else falling(mp.mpf(t - 3) / 2),
        "warmup, no fall": lambda: 2 * mp.mpf(t + 1) / 3 if t < 3 else falling(mp.mpf(t - 3)),
        "inverse": lambda: 2 / mp.mpf(t + 1) ** mp.mpf("0.75"),
        "inverse of roots": lambda: 2 / mp.sqrt(t + 1),
    }[name]()  # fmt: skip


SCHEDULES = {
    "constant": cp.constant(2),
    "step": cp.step(2, 3, 0.5),
    "exponential": cp.exponential(2, 0.75),
    "cosine": cp.cosine(2, final=0.25),
    "cosine of 4": cp.cosine(2, 4, 0.25),
    "warmup": cp.warmup_cosine(2, 3, final=0.25),
    "warmup of 5": cp.warmup_cosine(2, 3, 5, 0.25),
    "warmup, no fall": cp.warmup_cosine(2, 3, 2, 0.25),
    "inverse": cp.inverse_scaling(2, 0.75),
    "inverse of roots": cp.inverse_scaling(2),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_their_equations(name):
    for total in (0, 1, 4, 9):
        for t in range(13):
            found = SCHEDULES[name](t, total)
            assert type(found) is float
            with mp.workdps(50):
                true = float(exact(name, t, total))
            assert found == pytest.approx(true, rel=4e-15, abs=4e-16), (t, total)


def test_a_schedule_that_leaves_every_float_is_infinite():
    assert cp.step(1.0, 1, 1e300)(2, 3) == math.inf
    assert cp.exponential(1.0, 1e300)(1, 3) == 1e300


def test_what_a_schedule_says_is_a_rate():
    assert rate_at(lambda t, total: 1.0, 5, 9, high=1.0) == 1.0
    assert rate_at(lambda t, total: 0.0, 5, 9) == 0.0
    for value, high in ((-TINY, math.inf), (math.inf, math.inf), (math.nan, 1.0), (ABOVE_ONE, 1.0)):
        with pytest.raises(cp.ArgumentError, match="the schedule's value at update 5"):
            rate_at(lambda t, total, value=value: value, 5, 9, high=high)


def steps(optimizer, gradients, start=1.0):
    """Where one parameter goes, and the state in which it ends."""
    parameters = np.array([start])
    state = optimizer.start(parameters)
    path = []
    for t, gradient in enumerate(gradients):
        optimizer.update(parameters, np.array([gradient]), state, Clock(t, 9, t), np.array([True]))
        path.append(float(parameters[0]))
    return path, state


def test_uncorrected_adam_by_hand():
    """m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w -= eta m / (sqrt v + epsilon)."""
    w, m, v, by_hand = 1.0, 0.0, 0.0, []
    for g in (2.0, -1.0, 0.5):
        m, v = 0.75 * m + 0.25 * g, 0.5 * v + 0.5 * g * g
        w -= 0.1 * m / (math.sqrt(v) + 0.125)
        by_hand.append(w)
    path, state = steps(UncorrectedAdam(0.1, 0.75, 0.5, 0.125), (2.0, -1.0, 0.5))
    assert path == pytest.approx(by_hand, rel=1e-14)
    assert (state["m"][0], state["v"][0]) == pytest.approx((m, v), rel=1e-14)


def test_rprops_steps_stay_within_their_bounds():
    rprop = cp.RProp(0.25, cut=0.5, grow=2.0, smallest=0.125, largest=0.75)
    path, state = steps(rprop, (3.0, 3.0, 3.0, -3.0, -3.0, 3.0, 3.0, -3.0, -3.0, 3.0))
    # It grows to 0.75, not to 1, and shrinks to 0.125, where it rests at each change of sign.
    assert path == [0.75, 0.25, -0.5, -0.5, -0.125, -0.125, -0.3125, -0.3125, -0.1875, -0.1875]
    assert state["size"][0] == 0.125


def test_rprops_first_step_is_a_number_of_the_parameters_type():
    state = cp.RProp(1e300, largest=1e308).start(np.zeros(2, np.float32))
    assert state["size"].tolist() == [float(np.finfo(np.float32).max)] * 2
