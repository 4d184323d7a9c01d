from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

import clearprop as cp
import tails
from clearprop.activations import ACTIVATIONS
from clearprop.numerics.special import deviance, gaussian, normal_ratio, xlog1py, xlogy


def test_every_activation_of_single_neurons_has_its_exact_value():
    assert tails.ACTIVATIONS.keys() == {name for name, f in ACTIVATIONS.items() if not f.row_wise}


@pytest.mark.parametrize("name", tails.ACTIVATIONS)
def test_exact_derivatives_are_those_of_the_exact_values(name):
    value, slope = tails.ACTIVATIONS[name]
    with mpmath.workdps(60):
        for z in np.linspace(-9.7, 10.3, 41).tolist():
            found, expected = sum(slope(mpmath.mpf(z))), mpmath.diff(lambda x: sum(value(x)), z)
            assert mpmath.almosteq(found, expected, 1e-20)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "longdouble", "complex128"])
def test_data_type_and_shape_stay(name, dtype):
    z = np.linspace(-3, 3, 12).reshape(3, 4).astype(dtype)
    for array in (ACTIVATIONS[name](z), ACTIVATIONS[name].backward(z, z)):
        assert array.dtype == np.dtype(dtype)
        assert array.shape == (3, 4)


@pytest.mark.parametrize("name", tails.ACTIVATIONS)
def test_derivatives_are_numbers_that_can_be_calculated_with(name):
    z = np.array([-1.0, 0.0, 2.0])
    slope = ACTIVATIONS[name].derivative(z)
    np.testing.assert_array_equal(0.0 - slope, -slope)  # of truths there is no minus
    assert slope.dtype == z.dtype


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_lie_in_the_interval_the_table_states(name):
    low, high = ACTIVATIONS[name].outputs
    a = ACTIVATIONS[name](np.linspace(-20, 20, 4000).reshape(5, -1).T)
    assert low <= a.min()
    assert a.max() <= high
    if math.isfinite(low):
        assert a.min() < low + 0.01  # the bound is near


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_table_says_equation_and_source(name):
    entry = ACTIVATIONS[name]
    assert entry.name == name == repr(entry)
    assert entry.equation
    assert entry.source


@pytest.mark.parametrize(("name", "slope"), [("relu", 0.0), ("leaky_relu", 0.01), ("elu", 1.0)])
def test_kinks_take_the_left_slope_as_pytorch_does(name, slope):
    assert ACTIVATIONS[name].backward(np.zeros(1), np.ones(1)) == slope


@pytest.mark.parametrize("name", tails.ACTIVATIONS)
def test_pieces_meet_at_the_kinks_and_nowhere_else(name):
    """A Taylor series of either side, up to the second derivative, goes on beyond a joint."""
    at = np.linspace(-6, 6, 49)

    def f(z):
        return sum(tails.ACTIVATIONS[name].value(z))

    with mpmath.workdps(60):
        h = mpmath.mpf("1e-12")
        bends = [(f(z + h) - 2 * f(z) + f(z - h)) / h**2 for z in map(mpmath.mpf, at.tolist())]
        beside = [(f(z + 2 * h) - 2 * f(z + h) + f(z)) / h**2 for z in map(mpmath.mpf, at.tolist())]
    found = {
        float(z)
        for z, a, b in zip(at, bends, beside, strict=True)
        if abs(a - b) > mpmath.mpf("1e-6")
    }
    assert found == set(ACTIVATIONS[name].kinks)


def test_softmax_is_the_same_for_shifted_z_and_right_for_huge_z():
    z = np.array([[1.0, 2.0, 3.0], [1e4, -1e4, 1e4]])
    a = ACTIVATIONS["softmax"](z)
    np.testing.assert_allclose(a[1], [0.5, 0, 0.5])
    np.testing.assert_allclose(ACTIVATIONS["softmax"](z[:1] + 100), a[:1], rtol=1e-14)


def test_softmax_jacobian_rows_as_the_note_writes_them():
    """dq1/dz1 = q1 (1 - q1), dq2/dz1 = -q1 q2, dq3/dz1 = -q1 q3."""
    z = np.array([[0.3, -1.2, 0.8]])
    q1, q2, q3 = ACTIVATIONS["softmax"](z)[0]
    rows = [ACTIVATIONS["softmax"].backward(z, np.eye(3)[[k]])[0, 0] for k in range(3)]
    np.testing.assert_allclose(rows, [q1 * (1 - q1), -q1 * q2, -q1 * q3], rtol=1e-14)
    with pytest.raises(TypeError, match="Jacobian"):
        ACTIVATIONS["softmax"].derivative(z)


def test_the_normal_distribution_against_mpmath():
    x = np.concatenate([np.linspace(0, 38, 400), [1e-300, 1e-8, 100.0, 1000.0]])
    with mpmath.workdps(40):
        ratios = [
            float(
                mpmath.erfc(mpmath.mpf(v) / mpmath.sqrt(2)) * mpmath.exp(mpmath.mpf(v) ** 2 / 2) / 2
            )
            for v in x.tolist()
        ]
        bells = [float(mpmath.exp(-(mpmath.mpf(v) ** 2) / 2)) for v in x.tolist()]
    np.testing.assert_allclose(normal_ratio(x), ratios, rtol=1e-15)
    np.testing.assert_allclose(gaussian(x, np.ones_like(x)), bells, rtol=1e-15)
    wide = np.array([0.5, 3.0], np.longdouble)
    np.testing.assert_allclose(
        normal_ratio(wide).astype(float), normal_ratio(wide.astype(float)), rtol=1e-15
    )


def test_xlogy_takes_0_log_0_as_0():
    np.testing.assert_array_equal(xlogy(np.array([0.0, 1.0]), np.array([0.0, 1.0])), [0, 0])
    np.testing.assert_array_equal(xlog1py(np.array([0.0, 1.0]), np.array([-1.0, 0.0])), [0, 0])
    np.testing.assert_array_equal(deviance(np.zeros(1), np.full(1, -np.inf), np.zeros(1)), [0])


class TestUserMade:
    def test_scalar_functions_train_like_the_built_in_one(self):
        mine = cp.Activation(
            "mine",
            lambda z: 1 / (1 + math.exp(-z)),
            lambda z: math.exp(-z) / (1 + math.exp(-z)) ** 2,
        )
        X, y = np.array([[0.5, -0.2], [0.1, 0.9]]), np.array([1.0, 0.0])
        networks = [
            cp.Network([2, 3, 1], activations=f, output="identity", dtype="float64", seed=5)
            for f in (mine, "sigmoid")
        ]
        for network in networks:
            cp.train(network, X, y, epochs=5)
        np.testing.assert_allclose(*(n.parameters for n in networks), rtol=1e-12)

    def test_a_branch_with_a_kink_is_accepted(self):
        hinge = cp.Activation("hinge", lambda z: max(z, 0.0), lambda z: float(z > 0))
        np.testing.assert_array_equal(hinge(np.array([-1.0, 2.0])), [0, 2])
        steps = [0.03719 + 2e-5, 1.23719 - 2e-4]  # kinks right beside points that are tested
        cp.Activation(
            "bend",
            lambda z: sum(max(z - s, 0.0) for s in steps),
            lambda z: float(sum(z > s for s in steps)),
        )

    @pytest.mark.parametrize("factor", [1.001, -1.0, 0.0, 2.0])
    def test_a_wrong_derivative_is_refused_with_point_and_values(self, factor):
        with pytest.raises(cp.DerivativeError, match=r"worst at z = .*, where it says .* say "):
            cp.Activation("t", math.tanh, lambda z: factor * (1 - math.tanh(z) ** 2))

    @pytest.mark.parametrize(
        ("made", "odd"),
        [(str, "text"), (lambda z: np.array(str(z)), "text"), (lambda z: str(z).encode(), "text"),
         (lambda z: bytearray(str(z), "ascii"), "text"), (lambda z: z + 1j, "complex"),
         (lambda z: np.complex128(z + 1j), "complex")],
    )  # fmt: skip
    def test_text_and_complex_numbers_are_no_real_ones(self, made, odd):
        """float takes "0.5", and NumPy's complex numbers without what is imaginary."""
        said = rf"\(.*\) is {odd}, no real number$"
        with pytest.raises(cp.DerivativeError, match="f" + said):
            cp.Activation("t", made, lambda z: 1.0)
        with pytest.raises(cp.DerivativeError, match="derivative" + said):
            cp.Activation("t", lambda z: z, made)

    @pytest.mark.parametrize("size", [1e-7, 1e7])
    def test_small_and_large_functions_are_checked_alike(self, size):
        cp.Activation("good", lambda z: size * math.tanh(z), lambda z: size / math.cosh(z) ** 2)
        for factor in (0.0, 0.999):
            with pytest.raises(cp.DerivativeError):
                cp.Activation(
                    "bad",
                    lambda z: size * math.tanh(z),
                    lambda z, f=factor: f * size / math.cosh(z) ** 2,
                )

    def test_a_large_constant_does_not_hide_a_right_derivative(self):
        cp.Activation("high", lambda z: z + 1e8, lambda z: 1.0)
        with pytest.raises(cp.DerivativeError):
            cp.Activation("high", lambda z: z + 1e8, lambda z: 1.01)

    def test_a_function_that_raises_later_is_named(self):
        mine = cp.Activation(
            "mine",
            lambda z: 1 / (1 + math.exp(-z)),
            lambda z: math.exp(-z) / (1 + math.exp(-z)) ** 2,
        )
        network = cp.Network.from_weights([[[1.0]]], activations=mine)
        with pytest.raises(cp.FunctionError, match=r"'mine': f\(-10000\) raised OverflowError"):
            network.predict([[-1e4]], engine="reference")
        assert network.predict([[-1e4]]) == 0  # compiled, exp overflows to infinity

    def test_a_table_entry_cannot_be_posed_as(self):
        with pytest.raises(TypeError):
            cp.Activation("relu", abs, abs, on_arrays=True)

    def test_functions_that_fail_are_refused(self):
        with pytest.raises(cp.DerivativeError, match=r"derivative\(-7.96.*\) raised ValueError"):
            cp.Activation("root", math.sqrt, lambda z: 0.5 / math.sqrt(z))
        with pytest.raises(cp.DerivativeError, match="is nan, not finite"):
            cp.Activation("nothing", lambda z: z, lambda z: math.nan)

    @pytest.mark.parametrize("name", ["", 3, "relu"])
    def test_names_that_cannot_be(self, name):
        with pytest.raises(cp.ArgumentError):
            cp.Activation(name, lambda z: z, lambda z: 1.0)


def test_unknown_names_list_those_that_exist():
    with pytest.raises(cp.UnknownNameError, match=r"did you mean 'sigmoid'.*elu, exp, gelu"):
        cp.Network([2, 1], activations="sigmoyd")
