"""What the tables say of activations and losses, beside the functions themselves: outputs, kinks, domains, axes."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest

import clearprop as cp
from clearprop.activations import ACTIVATIONS, _log1p, activation
from clearprop.losses import LOSSES, loss_after

ELEMENTWISE = sorted(name for name, f in ACTIVATIONS.items() if not f.row_wise)
FAR = np.concatenate([-np.geomspace(1e-9, 700, 4001)[::-1], [0.0], np.geomspace(1e-9, 700, 4001)])


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_outputs_are_the_interval_that_f_fills(name):
    f = ACTIVATIONS[name]
    low, high = f.outputs
    with np.errstate(over="ignore"):
        a = f(FAR)
    assert low <= a.min()
    assert a.max() <= high
    for end, reached in ((low, a.min()), (high, a.max())):
        assert abs(reached) > 6 if math.isinf(end) else abs(end - reached) < 1e-3


def test_softmax_fills_0_to_1():
    assert ACTIVATIONS["softmax"].outputs == (0, 1)
    assert ACTIVATIONS["softmax"](np.array([-800.0, 0.0])).tolist() == [0, 1]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_kinks_are_where_derivatives_of_both_sides_differ(name):
    f, h = ACTIVATIONS[name], 1e-3

    def sides(x):
        """Return the first and second derivative to the right and to the left."""
        right, left = (f(x + h * s * np.arange(4.0)) for s in (1, -1))
        first = [s * (-1.5 * v[0] + 2 * v[1] - 0.5 * v[2]) / h for s, v in ((1, right), (-1, left))]
        second = [(2 * v[0] - 5 * v[1] + 4 * v[2] - v[3]) / h**2 for v in (right, left)]
        return np.array([first, second])

    found = [
        x
        for x in np.arange(-3, 3.5, 0.5)
        if np.ptp(sides(x), axis=1).max() > 0.01 * max(1, abs(f(np.array(x))))
    ]
    assert tuple(found) == f.kinks


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_what_is_like_relu_grows_on_one_side(name):
    high, low = ACTIVATIONS[name](np.array([50.0, -50.0]))
    assert ACTIVATIONS[name].like_relu == (0.9 < high / 50 < 1.1 and abs(low) <= 1)
    assert not ACTIVATIONS["softmax"].like_relu
    assert not cp.Activation("cube", lambda z: z**3, lambda z: 3 * z**2).like_relu


def test_softmax_is_over_the_last_axis_of_any_array():
    z = np.random.default_rng(0).normal(size=(2, 3, 4))
    da = np.random.default_rng(1).normal(size=(2, 3, 4))
    softmax = ACTIVATIONS["softmax"]
    for i in range(2):
        np.testing.assert_allclose(softmax(z)[i], softmax(z[i]), rtol=1e-15)
        np.testing.assert_allclose(
            softmax.backward(z, da)[i], softmax.backward(z[i], da[i]), rtol=1e-13
        )
    e = np.exp(z[0, 0])
    np.testing.assert_allclose(softmax(z[0, 0]), e / e.sum(), rtol=1e-14)
    J = np.diag(e / e.sum()) - np.outer(e, e) / e.sum() ** 2
    np.testing.assert_allclose(softmax.backward(z[0, 0], da[0, 0]), J.T @ da[0, 0], rtol=1e-12)


@pytest.mark.parametrize("name", ["softplus", "sigmoid", "silu", "elu", "tanh"])
def test_derivatives_by_a_complex_step(name):
    z = np.array([-30.0, -3.0, -1e-3, 1e-3, 0.7, 4.0, 30.0])
    f = ACTIVATIONS[name]
    found = f.f(z + 1e-30j).imag / 1e-30
    np.testing.assert_allclose(found, f.derivative(z), rtol=2e-14)


def test_log1p_of_complex_numbers():
    for x in (0.5 + 0.25j, -0.25 + 2j, 1e-9 - 1e-9j, 3 - 0.5j, 1e-30j, -0.5 + 1e-20j):
        with mp.workdps(40):
            true = complex(mp.log(1 + mp.mpc(x)))
        found = complex(_log1p(np.array(x)))
        assert (found.real, found.imag) == pytest.approx((true.real, true.imag), rel=1e-14)


def test_which_losses_are_made_of_pieces_and_what_they_take():
    assert {name for name, loss in LOSSES.items() if loss.has_kinks} == {
        "absolute_error", "huber", "quantile"
    }  # fmt: skip
    assert {name: loss.domain for name, loss in LOSSES.items() if np.isfinite(loss.domain).any()} == {
        "cross_entropy": (0, 1), "binary_cross_entropy": (0, 1), "poisson": (0, math.inf)
    }  # fmt: skip
    assert {name: loss.takes for name, loss in LOSSES.items() if loss.takes != "real"} == {
        "cross_entropy": "labels", "binary_cross_entropy": "unit", "poisson": "nonnegative"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("binary_cross_entropy", [0.0, 0.5, 1.0], [-1e-9, 1 + 1e-9]),
        ("poisson", [0.0, 5e-324, 1e300], [-5e-324, -1.0]),
        ("squared_error", [-1e9, 0.0, 1e9], []),
    ],
)
def test_outputs_a_loss_cannot_take(name, inside, outside):
    output = cp.Activation("mine", lambda z: z, lambda z: 1.0)
    y = np.array([[0.5]])
    for a in inside:
        with np.errstate(divide="ignore"):
            found = LOSSES[name].per_sample(np.array([[0.0]]), np.array([[a]]), y, output)
        assert found.shape == (1,)
    for a in outside:
        with pytest.raises(cp.FunctionError, match=r"takes outputs in \[0, .*\], but mine gave"):
            LOSSES[name].per_sample(np.array([[0.0]]), np.array([[a]]), y, output)


@pytest.mark.parametrize("name", sorted(LOSSES.keys() - {"cross_entropy"}))
@pytest.mark.parametrize("fused", [False, True])
def test_a_sample_is_a_row(name, fused):
    """Each row's loss is the sum of its outputs', in any number of rows; the fused form agrees."""
    loss = LOSSES[name]
    output = activation(min(loss.partners, default="identity"))
    z = np.random.default_rng(2).normal(size=(5, 3))
    a = output(z)
    y = np.abs(np.random.default_rng(3).uniform(size=(5, 3)))
    whole = loss.per_sample(z, a, y, output) if fused else loss.value(a, y)
    for i in range(5):
        by_output = [
            loss.per_sample(
                z[i : i + 1, j : j + 1], a[i : i + 1, j : j + 1], y[i : i + 1, j : j + 1], output
            )[0]
            for j in range(3)
        ]
        assert whole[i] == pytest.approx(sum(by_output), rel=1e-13)


FORMS = [(loss, "") for loss in LOSSES] + [(loss, f) for loss in LOSSES for f in LOSSES[loss].fused]


@pytest.mark.parametrize(("name", "output"), [*FORMS, ("several", "")])
def test_losses_are_over_the_last_axis_of_any_array(name, output):
    """So one sample's arrays will do, as they do for a loss of one's own."""
    rng = np.random.default_rng(4)
    a, y = (ACTIVATIONS["softmax"](rng.normal(size=(2, 3, 4))) for _ in range(2))
    loss = LOSSES.get(name, cp.quantile((0.1, 0.25, 0.5, 0.9)))
    value, slope = loss.fused[output] if output else (loss.value, loss.derivative)
    costs, slopes = value(a, y), slope(a, y)
    assert costs.shape == (2, 3)
    assert slopes.shape == (2, 3, 4)
    for at in np.ndindex(2, 3):
        assert value(a[at], y[at]) == pytest.approx(costs[at], rel=1e-14)
        np.testing.assert_allclose(slope(a[at], y[at]), slopes[at], rtol=1e-13)


def test_a_quantile_is_one_number_or_several():
    assert cp.quantile(0.25).outputs is None
    with pytest.raises(
        cp.ArgumentError, match=r"quantile's q is array\(0.25\); it must be a number"
    ):
        cp.quantile(np.array(0.25))
    assert cp.quantile(np.float64(0.25)).settings == {"q": 0.25}
    for several in ([0.25], (0.25,), np.array([0.25])):
        assert cp.quantile(several).outputs == 1
        assert cp.quantile(several).settings == {"q": (0.25,)}
    for none in ([], (), np.array([])):
        with pytest.raises(cp.ArgumentError, match="holds no number"):
            cp.quantile(none)


def test_the_loss_that_belongs_to_an_output():
    found = {name: loss_after(f).name for name, f in ACTIVATIONS.items()}
    assert found.pop("softmax") == "cross_entropy"
    assert found.pop("sigmoid") == "binary_cross_entropy"
    assert set(found.values()) == {"squared_error"}


@pytest.mark.parametrize("name", ["", None, 3, ("a",)])
def test_functions_of_ones_own_have_a_name(name):
    with pytest.raises(cp.ArgumentError, match="name is a non-empty string"):
        cp.Activation(name, lambda z: z, lambda z: 1.0)
    with pytest.raises(cp.ArgumentError, match="name is a non-empty string"):
        cp.Loss(name, lambda a, y: ((a - y) ** 2).sum(), lambda a, y: 2 * (a - y))


@pytest.mark.parametrize("formula", [3, "", "  ", "a\nb", "x" * 201])
def test_what_is_no_formula(formula):
    with pytest.raises(cp.ArgumentError, match="formula"):
        cp.Activation("mine", lambda z: z, lambda z: 1.0, formula=formula)


def test_a_formula_as_long_as_may_be():
    cp.Activation("mine", lambda z: z, lambda z: 1.0, formula="x" * 200)
