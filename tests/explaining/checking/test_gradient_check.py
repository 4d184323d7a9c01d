"""The gradient check: right gradients pass, planted faults are found and named, kinks are known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import clearprop as cp
from clearprop.activations import ACTIVATIONS


def data(n_in, n=4, seed=0, classes=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, n_in)), rng.integers(0, classes, n)


def planted(monkeypatch, name, change):
    right = ACTIVATIONS[name]
    wrong = dataclasses.replace(right, derivative=lambda z: change(right.derivative(z)))
    monkeypatch.setitem(ACTIVATIONS, name, wrong)


class TestNetworks:
    @pytest.mark.parametrize("hidden", sorted(ACTIVATIONS))
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_right_gradients_pass(self, hidden, dtype):
        network = cp.Network([4, 5, 3], activations=hidden, output="softmax", dtype=dtype, seed=2)
        check = cp.check_gradients(network, *data(4), l2=0.1, sample_weight=[1, 2, 0, 3])
        assert check
        assert len(check.derivatives) == check.n_parameters == network.n_parameters
        has_kinks = hidden in ("relu", "leaky_relu")
        assert check.method == ("central differences" if has_kinks else "complex step")
        assert {d.verdict for d in check.derivatives} == {"right"}
        assert "passed" in repr(check)

    @pytest.mark.parametrize("loss", ["absolute_error", "huber", "quantile", "squared_error"])
    def test_losses_with_kinks_pass(self, loss):
        network = cp.Network([4, 5, 2], activations="tanh", output="identity", loss=loss, seed=1)
        X, _ = data(4)
        assert cp.check_gradients(network, X, np.ones((4, 2)))

    @pytest.mark.parametrize(("name", "factor"), [("tanh", 1.001), ("relu", 1.001), ("elu", 0.0)])
    def test_a_wrong_derivative_is_found_below_it(self, name, factor, monkeypatch):
        planted(monkeypatch, name, lambda slope: factor * slope)
        network = cp.Network([4, 5, 3], activations=name, output="softmax", dtype="float64", seed=2)
        check = cp.check_gradients(network, *data(4))
        assert not check
        faults = {d.name for d in check.derivatives if not d.passed}
        assert faults <= {d.name for d in check.derivatives if d.name[:2] in ("W1", "b1")}
        assert faults
        assert check.worst.verdict == "fault"
        assert "the gradient is wrong" in repr(check)
        assert "derivatives are wrong" in check._repr_html_()

    def test_a_relu_at_zero_is_a_kink_and_no_fault(self):
        network = cp.Network([2, 3, 1], activations="relu", output="identity", dtype="float64")
        network["b1"] = 0.0
        check = cp.check_gradients(network, np.zeros((2, 2)), [1.0, 1.0])
        assert not check
        assert check.outcome == "not determined"
        assert "3 of 13 derivatives" in repr(check)
        assert "a smooth point near by would tell (2 others likewise)" in repr(check)
        verdicts = {d.name: d.verdict for d in check.derivatives}
        assert {verdicts[f"b1[{j}]"] for j in range(3)} == {"kink"}
        assert verdicts["b2[0]"] == "right"

    def test_a_wrong_slope_at_a_kink_is_a_fault(self, monkeypatch):
        planted(monkeypatch, "relu", lambda slope: slope - 2.0)
        network = cp.Network([2, 3, 1], activations="relu", output="identity", dtype="float64")
        network["b1"] = 0.0
        check = cp.check_gradients(network, np.zeros((2, 2)), [1.0, 1.0])
        assert {d.name for d in check.derivatives if not d.passed} >= {"b1[0]"}

    def test_functions_of_ones_own_are_differenced(self):
        cube = cp.Activation("cube", lambda z: z**3, lambda z: 3 * z**2)
        network = cp.Network([3, 4, 2], activations=cube, output="identity", seed=1)
        check = cp.check_gradients(network, data(3)[0], np.ones((4, 2)))
        assert check
        assert check.method == "central differences"

    @pytest.mark.parametrize("hidden", ["tanh", "relu"])
    def test_large_networks_go_by_directions(self, hidden, monkeypatch):
        network = cp.Network([30, 60, 10], activations=hidden, output="softmax", seed=3)
        X, y = data(30, n=3, classes=10)
        check = cp.check_gradients(network, X, y, seed=5)
        assert check
        assert len(check.derivatives) < 50
        assert sum(", direction " in d.name for d in check.derivatives) == 12
        assert repr(check) == repr(cp.check_gradients(network, X, y, seed=5))

    def test_one_wrong_number_of_a_large_gradient_is_followed_to_its_parameter(self):
        rng = np.random.default_rng(1)
        A, x = rng.normal(size=(40, 50)), rng.normal(size=50)
        right = np.outer(np.ones(40), x)
        wrong = right.copy()
        wrong[17, 31] += 1.0
        check = cp.check_gradient_function(lambda A: (A @ x).sum(), wrong, A)
        assert check.worst.name == "x[17,31]"
        assert check.worst.given - check.worst.numerical == pytest.approx(1.0, rel=1e-6)
        assert cp.check_gradient_function(lambda A: (A @ x).sum(), right, A)

    def test_what_does_not_fit_is_refused(self):
        network = cp.Network([4, 3], output="softmax", dtype="float64")
        X, y = data(4)
        with pytest.raises(cp.ShapeError):
            cp.check_gradients(network, X[:, :2], y)
        with pytest.raises(cp.ArgumentError):
            cp.check_gradients("network", X, y)
        network = cp.Network([4, 3], output="exp", loss="squared_error", dtype="float64")
        network["W1"] = 1e3
        with pytest.raises(cp.NonFiniteError, match="no gradient to check"):
            cp.check_gradients(network, np.full((1, 4), 50.0), np.ones((1, 3)))


class TestFunctions:
    def test_names_and_verdicts(self):
        parameters = {"W": np.arange(6.0).reshape(2, 3), "c": 2.0}

        def f(p):
            return p["c"] ** 3 * (p["W"] ** 2).sum()

        def gradient(p):
            return {"W": 2 * p["c"] ** 3 * p["W"], "c": 3 * p["c"] ** 2 * (p["W"] ** 2).sum()}

        assert cp.check_gradient_function(f, gradient, parameters)
        wrong = gradient(parameters) | {"c": 3 * parameters["c"] * 55}
        check = cp.check_gradient_function(f, wrong, parameters)
        assert check.worst.name == "c"
        assert check.worst.numerical == pytest.approx(660.0, rel=1e-6)
        assert [d.name for d in check.derivatives if not d.passed] == ["c"]

    def test_round_off_is_no_fault_and_a_fault_is_none_of_round_off(self):
        """A small slope on top of a large number."""
        check = cp.check_gradient_function(lambda x: 1e12 + (x**2).sum(), lambda x: 2 * x, [1e-3])
        assert check.derivatives[0].verdict == "round-off"
        assert check.outcome == "not determined"
        assert "computed more exactly would tell" in check.worst.reason
        check = cp.check_gradient_function(lambda x: 1e2 + (x**2).sum(), lambda x: 3 * x, [1.0])
        assert check.worst.verdict == "fault"

    def test_a_function_in_float32_is_not_at_fault(self):
        def f(x):
            return np.float32(np.sin(np.float32(3) * x.astype(np.float32)).sum())

        check = cp.check_gradient_function(f, lambda x: 3 * np.cos(3 * x), [0.3, 1.1])
        assert check
        assert not cp.check_gradient_function(f, lambda x: 2 * np.cos(3 * x), [0.3, 1.1])

    def test_the_numerical_value_has_nothing_of_the_given_one(self):
        def numerical(off):
            check = cp.check_gradient_function(
                lambda x: (x**3).sum(), lambda x: 3 * x**2 + off, [2.0]
            )
            return check.worst.numerical, check.passed

        right, passed = numerical(0.0)
        assert passed
        assert right == pytest.approx(12.0, rel=1e-9)
        for off in (1e-5, -1e-5, 4e-6, 1e-7, 1.0):
            assert numerical(off) == (right, False)

    @pytest.mark.parametrize("share", [1e-2, 1e-3, 1e-5, 1e-6])
    @pytest.mark.parametrize("hidden", ["relu", "elu", "leaky_relu"])
    def test_a_gradient_that_is_off_by_more_than_the_doubt_does_not_pass(self, hidden, share):
        network = cp.Network([4, 5, 3], hidden, "softmax", dtype="float64", seed=2)
        X, y = data(4)
        record = cp.backprop(network, X, y)

        def cost(theta):
            network.parameters[:] = theta
            return float(cp.backprop(network, X, y).loss)

        at, wrong = network.parameters.copy(), record.gradient.copy()
        steepest = int(np.abs(wrong).argmax())
        assert cp.check_gradient_function(cost, wrong, at)
        wrong[steepest] *= 1 + share
        check = cp.check_gradient_function(cost, wrong, at)
        assert [d.name for d in check.derivatives if not d.passed] == [f"x[{steepest}]"]

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_what_bends_within_float32s_steps_is_told_to_want_float64(self, dtype):
        """A relu model of PyTorch: shorter steps determine all of it."""
        r = np.random.default_rng(0)
        X, W, v = (r.normal(size=shape).astype(dtype) for shape in ((32, 5), (10, 5), 10))
        y = r.normal(size=32).astype(dtype)

        def cost(p):
            return ((np.maximum(X @ p.astype(dtype).T, 0) @ v - y) ** 2).mean()

        def gradient(p):
            z = X @ p.astype(dtype).T
            error = 2 * (np.maximum(z, 0) @ v - y) / np.array(32, dtype)
            return (error[:, None] * v * (z > 0)).T @ X

        check = cp.check_gradient_function(cost, gradient, W)
        assert all(one.verdict != "fault" for one in check.derivatives)
        assert bool(check) == (dtype == "float64")
        bent = [one.reason for one in check.derivatives if one.verdict == "truncation"]
        assert bool(bent) == (dtype == "float32")
        assert all("; float64, which takes shorter ones, a smooth point" in one for one in bent)

    def test_gradients_in_float32_are_held_to_float32(self):
        at = np.linspace(0.3, 2.0, 7)

        def right(x):
            return (1 - np.tanh(x) ** 2).astype(np.float32)

        def f(x):
            return np.tanh(x).sum()

        assert cp.check_gradient_function(f, right, at)
        assert not cp.check_gradient_function(f, lambda x: 1.001 * right(x), at)

    @pytest.mark.parametrize("kind", [np.float32, float])
    def test_in_float32_the_doubt_is_larger_and_a_fault_still_found(self, kind):
        def f(x):
            return kind(np.sin(3 * x.astype(np.float32)).sum())

        at = [0.3, 1.1, -0.7]
        check = cp.check_gradient_function(f, lambda x: 3 * np.cos(3 * x), at)
        assert check
        assert max(d.doubt for d in check.derivatives) > 1e-5
        assert all(abs(d.numerical - d.given) <= d.doubt < 1e-2 for d in check.derivatives)
        assert not cp.check_gradient_function(f, lambda x: 3.03 * np.cos(3 * x), at)

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ("3.0", "a str: '3.0'"),
            (None, "a NoneType"),
            (1j, "a complex"),
            ([[1], [1, 2]], "a list"),
        ],
    )
    def test_what_f_gives_is_a_number_or_refused(self, value, words):
        with pytest.raises(cp.TypeOfDataError, match=words):
            cp.check_gradient_function(lambda x: value, [1.0], [1.0])

    def test_a_gradient_that_is_no_mapping_where_the_parameters_are(self):
        with pytest.raises(cp.ArgumentError, match="a mapping as the parameters are"):
            cp.check_gradient_function(lambda p: p["a"] ** 2, [2.0], {"a": 1.0})

    def test_f_gets_copies(self):
        at = np.array([1.0, 2.0])

        def f(x):
            x *= 2
            return x.sum()

        assert cp.check_gradient_function(f, [2.0, 2.0], at)
        np.testing.assert_array_equal(at, [1.0, 2.0])

    @pytest.mark.parametrize(
        ("f", "gradient", "error", "words"),
        [
            (lambda x: x, [1.0, 1.0], cp.ArgumentError, "one number"),
            (lambda x: x.sum(), [1.0], cp.ShapeError, r"\(2,\)"),
            (lambda x: np.nan, [1.0, 1.0], cp.NonFiniteError, "nan"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, f, gradient, error, words):
        with pytest.raises(error, match=words):
            cp.check_gradient_function(f, gradient, [1.0, 2.0])
        with pytest.raises(cp.ShapeError, match="nothing for 'b'"):
            cp.check_gradient_function(lambda p: 1.0, {"a": 1.0}, {"a": 1.0, "b": 2.0})

    @pytest.mark.parametrize(
        ("parameters", "gradient", "error", "words"),
        [
            ({}, {}, cp.ArgumentError, "no parameters"),
            ([], [], cp.ArgumentError, "no parameters"),
            (["a"], [1.0], cp.TypeOfDataError, "not made of numbers"),
            ([1.0], ["a"], cp.TypeOfDataError, "gradient of 'x' is not made of numbers"),
        ],
    )
    def test_what_is_no_number_is_refused(self, parameters, gradient, error, words):
        with pytest.raises(error, match=words):
            cp.check_gradient_function(lambda x: 1.0, gradient, parameters)

    def test_nan_in_a_gradient_is_a_fault(self):
        check = cp.check_gradient_function(lambda x: x.sum(), [1.0, np.nan], [1.0, 2.0])
        assert [d.name for d in check.derivatives if not d.passed] == ["x[1]"]
        assert "dx[1]: the gradient is nan" in repr(check)


class TestPlot:
    def test_the_plot(self):
        pytest.importorskip("matplotlib")
        network = cp.Network([3, 4, 2], activations="relu", output="softmax", seed=1)
        check = cp.check_gradients(network, *data(3, classes=2))
        (axis,) = check.plot().axes
        assert axis.get_xlabel() == "step h"
        assert axis.get_ylabel() == "relative distance from the gradient"
        steps = check.ladder().steps
        np.testing.assert_array_equal(axis.lines[0].get_xdata(), steps)
        assert len(steps) >= 6
        assert check.worst.name in axis.get_title()
        with pytest.raises(cp.ArgumentError, match="not checked"):
            check.plot("W9[0,0]")

    @pytest.mark.parametrize("factor", [1.0, 1.001])
    @pytest.mark.parametrize(
        ("hidden", "by"), [("tanh", "complex step"), ("relu", "extrapolated to h = 0")]
    )
    def test_the_plot_says_what_the_verdict_goes_by(self, hidden, by, factor, monkeypatch):
        pytest.importorskip("matplotlib")
        planted(monkeypatch, hidden, lambda slope: factor * slope)
        network = cp.Network([3, 4, 2], hidden, "softmax", dtype="float64", seed=1)
        check = cp.check_gradients(network, *data(3, classes=2))
        (axis,) = check.plot().axes
        differences, judged = axis.lines
        verdict = "right" if check else "wrong"
        assert check.passed == (factor == 1.0)
        assert judged.get_label() == f"{by}, by which it is {verdict}"
        assert differences.get_label() == "central differences"
        lies = judged.get_ydata()[0]
        assert (lies < 1e-6) == check.passed
