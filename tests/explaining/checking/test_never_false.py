"""Verdicts that are never false: right gradients are not called wrong, nor wrong ones right.

The cases are those that earlier versions judged falsely, and their siblings.
"""

from __future__ import annotations

import dataclasses
import zlib

import numpy as np
import pytest

import clearprop as cp
from clearprop.activations import ACTIVATIONS

check = cp.check_gradient_function


def outcomes(found):
    return {derivative.outcome for derivative in found.derivatives}


def wrong(found):
    return [derivative.name for derivative in found.derivatives if derivative.outcome == "wrong"]


class TestSinglePrecision:
    @pytest.fixture(autouse=True)
    def _torch(self):
        self.torch = pytest.importorskip("torch")

    def network(self, seed, activation, dtype, rows=32):
        """A small network as PyTorch users have it, its loss and its gradient."""
        torch = self.torch
        torch.manual_seed(seed)
        module = torch.nn.Sequential(
            torch.nn.Linear(5, 10), activation(), torch.nn.Linear(10, 1)
        ).to(dtype)
        X, Y = torch.randn(rows, 5).to(dtype), torch.randn(rows, 1).to(dtype)

        def loss(p):
            return (torch.func.functional_call(module, p, (X,)) - Y).pow(2).mean()

        def gradient(p):
            return dict(zip(p, torch.autograd.grad(loss(p), list(p.values())), strict=True))

        return loss, gradient, dict(module.named_parameters())

    @pytest.mark.parametrize(
        "name", ["ReLU", "LeakyReLU", "ELU", "CELU", "Hardtanh", "Tanh", "GELU", "SiLU"]
    )
    def test_right_gradients_of_networks_are_not_wrong(self, name):
        torch = self.torch
        for seed in range(4):
            case = self.network(seed, getattr(torch.nn, name), torch.float32)
            found = check(*case)
            assert not wrong(found)
            assert found.computed_in == "float32"
            assert "float64 would tell" in repr(found) or "bends" in repr(found) or found
            double = check(*self.network(seed, getattr(torch.nn, name), torch.float64))
            assert double, repr(double)

    @pytest.mark.parametrize("name", ["ReLU", "Tanh"])
    def test_wrong_gradients_of_networks_are_found(self, name):
        torch = self.torch
        for seed in range(4):
            loss, gradient, p = self.network(seed, getattr(torch.nn, name), torch.float32)

            def doubled(p, gradient=gradient):
                return {key: 2 * value for key, value in gradient(p).items()}

            assert check(loss, doubled, p).outcome == "wrong"

    @pytest.mark.parametrize("kind", ["bfloat16", "float16"])
    @pytest.mark.parametrize(("factor", "expected"), [(1.0, None), (30.0, "wrong")])
    def test_in_half_precision(self, kind, factor, expected):
        torch = self.torch
        loss, gradient, p = self.network(0, torch.nn.Tanh, getattr(torch, kind))
        found = check(loss, lambda p: {k: factor * v for k, v in gradient(p).items()}, p)
        assert found.computed_in == kind
        assert found.outcome == expected or (expected is None and not wrong(found))

    def test_a_large_slope_of_a_small_value(self):
        """Rounding of x itself is what such a function is off by."""
        torch, passed = self.torch, 0
        for seed in range(40):
            rng = np.random.default_rng(seed)
            W = torch.tensor(rng.normal(size=(16, 10)), dtype=torch.float32)
            v = torch.tensor(rng.normal(size=16), dtype=torch.float32)

            def f(x, W=W, v=v):
                return (v @ torch.tanh(W @ torch.tensor(x, dtype=torch.float32))).item()

            def gradient(x, W=W, v=v):
                t = torch.tensor(x, dtype=torch.float32, requires_grad=True)
                (v @ torch.tanh(W @ t)).backward()
                return t.grad

            x = rng.normal(size=10)
            found = check(f, gradient, x)
            assert not wrong(found)
            passed += bool(found)
            assert check(f, lambda x, g=gradient: 1.1 * g(x), x).outcome == "wrong"
        assert passed > 30

    def test_a_loss_with_its_graph(self):
        module = self.torch.nn.Linear(3, 1).double()
        gradient = module.weight.detach()[0]

        def f(x):
            return module(self.torch.tensor(x)).sum()

        assert check(f, lambda x: gradient, np.ones(3))
        assert not check(f, lambda x: 1.001 * gradient, np.ones(3))


class TestKinks:
    @pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu"])
    @pytest.mark.parametrize("hidden", [[8], [6, 6]])
    def test_right_gradients_on_rows_of_zeros_are_not_wrong(self, activation, hidden):
        for seed in range(6):
            rng = np.random.default_rng(seed)
            X = (rng.random((16, 5)) < 0.2) * 1.0
            network = cp.Network([5, *hidden, 2], activation, "softmax", dtype="float64", seed=seed)
            found = cp.check_gradients(network, X, rng.integers(0, 2, 16))
            assert not wrong(found)
            zero_rows = (X.sum(axis=1) == 0).any()
            if activation == "elu" or not zero_rows:
                assert found
            else:
                assert {d.verdict for d in found.derivatives} <= {"right", "kink"}

    def test_a_wrong_rule_for_layers_of_leaky_relu_is_found_beside_its_kinks(self, monkeypatch):
        right = ACTIVATIONS["leaky_relu"]
        planted = dataclasses.replace(right, derivative=lambda z: 1.01 * right.derivative(z))
        monkeypatch.setitem(ACTIVATIONS, "leaky_relu", planted)
        X = np.vstack([np.zeros((4, 5)), np.random.default_rng(0).normal(size=(12, 5))])
        network = cp.Network([5, 6, 6, 2], "leaky_relu", "softmax", dtype="float64", seed=0)
        assert wrong(cp.check_gradients(network, X, np.arange(16) % 2))

    def test_where_the_second_derivative_jumps_a_gradient_is_right(self):
        network = cp.Network([2, 3, 1], "elu", "identity", dtype="float64", seed=0)
        assert cp.check_gradients(network, [[0.0, 0.0], [1, 2]], [1.0, 2.0])
        network = cp.Network.from_weights([[[1.0]]], activations="identity", loss="huber")
        assert cp.check_gradients(network, [[1.0]], [0.0])

    @pytest.mark.parametrize("size", [1e-5, 1e-6, 1e-7, 1e-9])
    @pytest.mark.parametrize("loss", ["squared_error", "huber"])
    def test_beside_a_jump_of_the_second_derivative_a_gradient_is_right(self, loss, size):
        """Steps go across it, where differences of up to 1e-7 looked like faults."""
        for seed in range(8):
            r = np.random.default_rng(seed)
            X, y = size * r.normal(size=(5, 3)), r.normal(size=(5, 2)).round(1)
            network = cp.Network([3, 4, 2], ["elu", "identity"], loss=loss, seed=seed)
            assert cp.check_gradients(network, X, y)

    @pytest.mark.parametrize("name", ["elu", "huber"])
    def test_a_wrong_slope_of_two_pieces_that_meet_with_one_is_found(self, name, monkeypatch):
        network = cp.Network([3, 4, 2], ["elu", "identity"], loss="huber", seed=1)
        at = np.random.default_rng(0).normal(size=(5, 3)), np.ones((5, 2))
        assert cp.check_gradients(network, *at)
        if name == "elu":
            right = ACTIVATIONS["elu"]
            planted = dataclasses.replace(right, derivative=lambda z: 1.001 * right.derivative(z))
            monkeypatch.setitem(ACTIVATIONS, "elu", planted)
            network = cp.Network([3, 4, 2], ["elu", "identity"], loss="huber", seed=1)
        else:
            right = network.loss
            planted = dataclasses.replace(
                right, derivative=lambda a, y: 1.001 * right.derivative(a, y)
            )
            network = cp.Network([3, 4, 2], ["elu", "identity"], loss=planted, seed=1)
        assert wrong(cp.check_gradients(network, *at))

    @pytest.mark.parametrize(
        ("f", "gradient", "at", "expected"),
        [
            (lambda x: abs(x).sum(), np.sign, [0.0, 1.0], "not determined"),
            (lambda x: abs(x).sum(), lambda x: np.where(x >= 0, 1.0, -1.0), [0.0, 1.0],
             "not determined"),
            (lambda x: abs(x).sum(), lambda x: np.where(x >= 0, 1.01, -1.0), [0.0, 1.0], "wrong"),
            (lambda x: np.maximum(1 - x, 0).sum(), lambda x: -1.0 * (x < 1), [1.0, 0.5],
             "not determined"),
            (lambda x: np.maximum(1 - x, 0).sum(), lambda x: np.where(x < 1, -1.0, 0.1),
             [1.0, 0.5], "wrong"),
            (lambda x: x.max(), lambda x: (x == x.max()) / (x == x.max()).sum(), [1.0, 1.0, 0.0],
             "not determined"),
            (lambda x: np.sqrt((x**2).sum()), lambda x: 0 * x, [0.0, 0.0], "not determined"),
            (lambda x: (np.maximum(x, 0) - np.maximum(-x, 0)).sum(), lambda x: 0 * x, [0.0, 0.0],
             "wrong"),
        ],
    )  # fmt: skip
    def test_a_gradient_between_the_two_sides_is_not_determined(self, f, gradient, at, expected):
        found = check(f, gradient, at)
        assert found.outcome == expected
        if expected == "not determined":
            assert "smooth point near by would tell" in repr(found)


class TestSizes:
    @pytest.mark.parametrize("size", [1e-12, 1e-8, 1e-6, 1.0, 1e6, 1e12])
    @pytest.mark.parametrize("factor", [1.0, 1 + 1e-6])
    def test_parameters_of_any_size(self, size, factor):
        at = size * np.array([0.3, 1.2, 0.8])
        sines = check(
            lambda x: np.sin(x / size).sum(), lambda x: factor * np.cos(x / size) / size, at
        )
        logs = check(lambda x: np.log(x).sum(), lambda x: factor / x, at)
        assert bool(sines) == bool(logs) == (factor == 1.0)
        assert outcomes(sines) == outcomes(logs) == {"right" if factor == 1.0 else "wrong"}

    @pytest.mark.parametrize("size", [1e-290, 1e-200, 1e200, 1e307])
    @pytest.mark.parametrize("factor", [1.0, 1 + 1e-6])
    def test_costs_of_any_size(self, size, factor):
        """Squares of them are no numbers; NumPy is not heard of it."""
        found = check(
            lambda x: size * np.sin(x).sum(), lambda x: factor * size * np.cos(x), [0.3, 1.2, 0.8]
        )
        assert outcomes(found) == {"right" if factor == 1.0 else "wrong"}

    @pytest.mark.parametrize("size", [1e-305, 1e-308, 1e-310, 1e-315, 1e-320])
    def test_right_gradients_of_costs_with_few_digits_are_not_wrong(self, size):
        at = np.random.default_rng(0).normal(size=6)
        squares = check(lambda x: size * (x**2).sum(), lambda x: size * (2 * x), at)
        sines = check(lambda x: size * np.sin(x).sum(), lambda x: size * np.cos(x), at)
        assert wrong(squares) == wrong(sines) == []

    @pytest.mark.parametrize("place", range(3))
    @pytest.mark.parametrize("error", [0.0, 1e-5])
    def test_of_many_sizes_at_once(self, place, error):
        sizes = np.array([1e-12, 1.0, 1e12])
        factor = np.where(np.arange(3) == place, 1 + error, 1.0)
        found = check(
            lambda x: np.sin(x / sizes).sum(), lambda x: factor * np.cos(x / sizes) / sizes,
            sizes * [0.3, 1.2, 0.8],
        )  # fmt: skip
        assert wrong(found) == ([f"x[{place}]"] if error else [])
        assert bool(found) == (not error)

    @pytest.mark.parametrize("small", [1e-6, 1e-7, 1e-9])
    def test_one_far_smaller_than_its_array_in_float32(self, small):
        """Steps of the others' size see no slope of it."""
        scales = np.ones(8, np.float32)
        scales[0] = small

        def f(x):
            return np.sin(x.astype(np.float32) / scales).sum()

        def gradient(x):
            return np.cos(x.astype(np.float32) / scales) / scales

        at = scales * np.linspace(0.3, 1.2, 8)
        assert not wrong(check(f, gradient, at))

    @pytest.mark.parametrize("error", [1e-2, 1e-6])
    def test_an_error_of_one_far_smaller_than_its_array(self, error):
        at = np.linspace(0.3, 1.2, 8)
        at[0] = 1e-9
        factor = np.where(np.arange(8) == 0, 1 + error, 1.0)
        assert check(lambda x: np.exp(x).sum(), np.exp, at)
        assert wrong(check(lambda x: np.exp(x).sum(), lambda x: factor * np.exp(x), at)) == ["x[0]"]

    def test_arrays_of_very_different_slopes(self):
        """A small array's error does not hide behind a large array's steepness."""

        def f(p):
            return 1e9 * np.sin(p["W"]).sum() + 1e-3 * np.sin(p["b"]).sum()

        def gradient(p, off=1.0):
            return {"W": 1e9 * np.cos(p["W"]), "b": 1e-3 * off * np.cos(p["b"])}

        at = {"W": np.array([0.3, 1.1]), "b": np.array([0.4, 0.2])}
        assert not wrong(check(f, gradient, at))
        found = check(f, lambda p: gradient(p, 3.0), at)
        assert set(wrong(found)) <= {"b[0]", "b[1]"}
        assert not found

    @pytest.mark.parametrize("size", [1e6, 1e8, 1e10, 1e12])
    def test_steps_too_small_for_float32_to_tell_apart(self, size):
        """A zero has no size, and steps of about 1 are too small here."""

        def f(x):
            return np.float32(0.5) * np.float32(1 - x[0] / np.float32(size)) ** 2

        right = -1 / size
        for given in (right, np.float32(right)):
            assert not wrong(check(f, [given], [0.0]))
        assert wrong(check(f, [0.1], [0.0]))
        assert check(lambda x: np.float32(0.5), [0.0], [0.0])
        assert wrong(check(lambda x: 0.1, [1e-12], [0.0]))

    def test_zeros_and_numbers_that_are_small_by_chance(self):
        at = np.array([0.0, 1e-9, 1.0, -2.0])
        assert check(lambda x: np.exp(x).sum(), np.exp, at)
        assert check(lambda x: 1 + (x**2).sum(), lambda x: 2 * x, np.zeros(3))
        assert check(lambda x: np.cos(x).sum(), lambda x: -np.sin(x), np.zeros(3))
        assert check(lambda x: 7.0, np.zeros(2), [1.0, 2.0])
        assert not check(lambda x: 7.0, [0.0, 1e-3], [1.0, 2.0])


class TestComplexStep:
    @pytest.mark.parametrize("weight", [3.0, 8.0, 12.0, 16.0, -18.0, 25.0, -30.0])
    @pytest.mark.parametrize("hidden", ["tanh", "sigmoid", "softplus", "silu", "gelu", "exp"])
    def test_saturated_units_are_not_wrong(self, hidden, weight):
        """f' of tanh is rounded as 1 is, however small it is."""
        network = cp.Network.from_weights(
            [[[weight]], [[1.3]]], activations=[hidden, "identity"], loss="squared_error"
        )
        found = cp.check_gradients(network, [[1.0]], [0.7])
        assert found.method == "complex step"
        assert not wrong(found)
        assert found or (hidden == "tanh" and abs(weight) >= 12)
        assert found or "off by as much through its own rounding" in repr(found)

    @pytest.mark.parametrize("hidden", ["identity", "gelu", "silu", "softplus", "softmax"])
    @pytest.mark.parametrize("size", [0.0, 1e-6, 1.0, 1e3])
    def test_outputs_of_softmax_that_cancel_are_not_wrong(self, size, hidden):
        """Of a * (da - sum(a * da)), where an a is near 1 or the da are nearly alike."""
        for seed in range(4):
            r = np.random.default_rng(seed)
            X, y = r.normal(size=(6, 3)) * size, r.normal(size=(6, 2)).round(1)
            network = cp.Network(
                [3, 4, 2], [hidden, "softmax"], loss="squared_error", dtype="float64", seed=seed
            )
            found = cp.check_gradients(network, X, y)
            assert found.method == "complex step"
            assert not wrong(found)
            assert found or "off by as much through its own rounding" in repr(found)
            assert found or size != 1.0

    def test_rows_whose_deltas_add_up_to_zero_are_not_wrong(self):
        network = cp.Network(
            [3, 4, 2], ["identity", "exp"], loss="poisson", dtype="float64", seed=1
        )
        y = [[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]]
        assert not wrong(cp.check_gradients(network, np.zeros((3, 3)), y))

    def test_an_error_of_outputs_of_softmax_is_found(self, monkeypatch):
        right = ACTIVATIONS["gelu"]
        planted = dataclasses.replace(right, derivative=lambda z: 1.001 * right.derivative(z))
        monkeypatch.setitem(ACTIVATIONS, "gelu", planted)
        network = cp.Network([3, 4, 2], ["gelu", "softmax"], loss="squared_error", seed=1)
        r = np.random.default_rng(0)
        found = cp.check_gradients(network, r.normal(size=(6, 3)), r.normal(size=(6, 2)))
        assert {name.partition("[")[0] for name in wrong(found)} == {"W1", "b1"}
        assert len(wrong(found)) == 16

    def test_small_rates_of_softplus_are_not_wrong(self):
        """Of log(softplus(z)), where softplus(z) is small, the complex step is right as well."""
        network = cp.Network.from_weights(
            [[[1.0]]], biases=[[0.0]], activations="softplus", loss="poisson"
        )
        for z in (-36.5, -30.0, -20.0, -10.0, 0.0, 20.0):
            assert cp.check_gradients(network, [[z]], [3.0])

    @pytest.mark.parametrize("name", sorted(ACTIVATIONS))
    def test_complex_values_are_as_exact_as_real_ones(self, name):
        z = np.concatenate(
            [-(10.0 ** np.linspace(-9, 1.5, 200)), 10.0 ** np.linspace(-9, 1.5, 200)]
        )
        function = ACTIVATIONS[name]
        if not function.kinks:
            real = function(z)
            np.testing.assert_allclose(function(z + 1e-30j).real, real, rtol=1e-12, atol=0)

    def test_an_error_beside_saturated_units_is_found(self, monkeypatch):
        right = ACTIVATIONS["tanh"]
        planted = dataclasses.replace(right, derivative=lambda z: 1.001 * right.derivative(z))
        monkeypatch.setitem(ACTIVATIONS, "tanh", planted)
        network = cp.Network.from_weights(
            [[[16.0], [0.3]], [[1.3, 0.2]]], activations=["tanh", "identity"], loss="squared_error"
        )
        found = cp.check_gradients(network, [[1.0]], [0.7])
        assert found.method == "complex step"
        assert wrong(found) == ["W1[1,0]"]


class TestDomains:
    def test_at_an_edge_the_difference_is_one_sided(self):
        def f(x):
            if (x < 0).any():
                raise ValueError("negative")
            return (np.sqrt(x) + x).sum()

        def gradient(x):
            return 0.5 / np.sqrt(x) + 1

        assert check(f, gradient, [0.005, 1.0])

        def g(x):
            if (x < 0).any():
                raise ValueError("negative")
            return (x + x**2).sum()

        assert check(g, lambda x: 1 + 2 * x, [0.0, 1.0])
        assert wrong(check(g, lambda x: 1.001 + 2 * x, [0.0, 1.0])) == ["x[0]", "x[1]"]

    @pytest.mark.parametrize("error", [ValueError, ZeroDivisionError, RuntimeError, TypeError])
    def test_an_exception_names_parameter_and_point(self, error):
        def f(p):
            if p["b"][1] != 2.0:
                raise error("not\nhere")
            return p["b"].sum()

        with pytest.raises(
            cp.FunctionError, match=rf"{error.__name__}: not here at b\[1\] = [12]\."
        ):
            check(f, {"b": [1.0, 1.0]}, {"b": [1.0, 2.0]})

    def test_an_exception_at_the_point_itself(self):
        with pytest.raises(cp.FunctionError, match="KeyError: 'w' at the parameters as they are"):
            check(lambda p: p["w"], {"b": 1.0}, {"b": 1.0})
        with pytest.raises(cp.FunctionError, match="gradient raised ZeroDivisionError"):
            check(lambda x: x.sum(), lambda x: 1 / 0, [1.0])

    def test_where_there_are_no_values_beside_the_point_nothing_is_said(self):
        found = check(lambda x: 1.0 if (x == 1).all() else np.nan, [0.0], [1.0])
        assert found.outcome == "not determined"
        assert found.worst.verdict == "edge"
        assert "f is nan at x[0] = 0.99" in repr(found)
        with pytest.raises(cp.ArgumentError, match="no differences to draw"):
            found.plot()

    def test_a_gradient_at_an_edge_is_asked_for_near_by_without_harm(self):
        def gradient(x):
            if (x > 1).any():
                raise ValueError("above 1")
            return -1 / (2 - x)

        def f(x):
            return np.log(2 - x).sum() if (x <= 1).all() else np.nan

        assert check(f, gradient, [1.0, 0.5])


class TestState:
    def dropout(self, share):
        rng = np.random.default_rng(0)
        return lambda x: ((x * (rng.random(x.size) > share)) ** 2).sum()

    def counter(self, calls):
        seen = [0]

        def f(x):
            seen[0] += 1
            return (x**2).sum() + (1e-3 * seen[0] if seen[0] > calls else 0.0)

        return f

    @pytest.mark.parametrize("factor", [0, 2, 200, -4])
    def test_no_gradient_of_a_random_function_passes(self, factor):
        for f in (self.dropout(0.5), self.dropout(0.02), self.counter(0), self.counter(60)):
            found = check(f, lambda x: factor * x, np.ones(10))
            assert found.outcome == "not determined"
            assert "two values at one point: dropout, noise or state?" in repr(found)
            assert found.worst.verdict == "state"
            assert len(found.derivatives) == 10

    def test_a_gradient_that_is_random_does_not_pass(self):
        rng = np.random.default_rng(0)
        found = check(
            lambda x: (x**2).sum(), lambda x: 2 * x * (rng.random(x.size) > 0.3), np.ones(10)
        )
        assert not found
        assert "two gradients at one point" in repr(found)

    def test_the_last_bits_may_differ(self):
        """As sums of several threads do."""
        rng = np.random.default_rng(0)
        assert check(
            lambda x: (x**2).sum() * (1 + 1e-16 * rng.normal()), lambda x: 2 * x, [1.0, 3.0]
        )

    def test_noise_that_is_the_same_each_time(self):
        def f(x):
            return (x**2).sum() * (1 + 1e-5 * (zlib.crc32(x.tobytes()) / 2**31 - 1))

        at = np.array([0.3, 1.1, -0.7])
        found = check(f, lambda x: 2 * x, at)
        assert found.outcome == "not determined"
        assert "the cost itself is off by about" in repr(found)
        assert wrong(check(f, lambda x: 2.1 * x, at))

    @pytest.mark.parametrize("digits", [2, 4, 6])
    def test_a_staircase(self, digits):
        def f(x):
            return round(float(np.sin(x).sum()), digits)

        at = np.array([0.3, 1.1, -0.7])
        assert not wrong(check(f, np.cos, at))
        assert wrong(check(f, lambda x: 2 * np.cos(x), at))

    def test_a_function_that_is_partly_in_float32(self):
        """Finer steps than those of float32 see the other part alone."""

        def f(x):
            return float(np.sin(x.astype(np.float32)).sum()) + 0.05 * (x**2).sum()

        def gradient(x):
            return np.cos(x) + 0.1 * x

        at = np.array([0.3, 1.1, -0.7])
        assert not wrong(check(f, gradient, at))
        assert wrong(check(f, lambda x: 0.1 * x, at))
        assert not wrong(check(lambda x: ((1e16 + x[0]) - 1e16) + x[1], [1.0, 1.0], [1.0, 1.0]))

    def test_a_function_whose_periods_are_steps(self):
        def f(x):
            return np.sin(2 * np.pi * 2**8 * x).sum()

        assert check(f, lambda x: 2 * np.pi * 2**8 * np.cos(2 * np.pi * 2**8 * x), [1.0, 2.0])
        assert wrong(check(f, lambda x: 0 * x, [1.0, 2.0]))


class TestComplex:
    def test_parts_are_not_dropped(self):
        with pytest.raises(cp.TypeOfDataError, match="'x' is complex: give real and imaginary"):
            check(lambda x: float((np.abs(x) ** 2).sum()), lambda x: 2 * x, np.array([1 + 1j, 2j]))
        with pytest.raises(cp.TypeOfDataError, match="gradient of 'x' is complex"):
            check(lambda x: float((x**2).sum()), lambda x: 2 * x + 5j, np.array([1.0, 2]))


class TestLarge:
    def sines(self, wrong_places, error=0.1, n=20_000):
        x = np.random.default_rng(0).normal(size=n)
        calls = [0]

        def f(x):
            calls[0] += 1
            return np.sin(x).sum()

        def gradient(x):
            G = np.cos(x)
            G[wrong_places] *= 1 + error
            return G

        return check(f, gradient, x), calls[0]

    def test_a_wrong_entry_is_listed_once(self):
        found, calls = self.sines([77])
        assert wrong(found) == ["x[77]"]
        assert repr(found).count("x[77]") == 2  # the row and what is said of it
        assert "1 of" in repr(found)
        _, without = self.sines([])
        assert calls < 1.5 * without

    @pytest.mark.parametrize("error", [1e-3, 1e-6])
    def test_a_small_error_of_one_among_many_is_found(self, error):
        found, _ = self.sines([4321], error, n=200_000)
        assert wrong(found) == ["x[4321]"]

    def test_several_wrong_entries(self):
        found, _ = self.sines([77, 5000, 19_999])
        assert sorted(wrong(found)) == ["x[19999]", "x[5000]", "x[77]"]

    def test_all_wrong(self):
        found, _ = self.sines(slice(None), 1e-6)
        assert outcomes(found) == {"wrong"}
        names = [derivative.name for derivative in found.derivatives]
        assert len(names) == len(set(names))

    def test_nan_in_a_large_gradient(self):
        x = np.ones(2000)
        gradient = 2 * x
        gradient[1234] = np.nan
        found = check(lambda x: (x**2).sum(), gradient, x)
        assert "x[1234]" in wrong(found)
        assert "the gradient is nan" in repr(found)


class TestJax:
    def test_functions_and_gradients_of_jax(self):
        jax = pytest.importorskip("jax")
        jnp = jax.numpy

        def f(p):
            return jnp.sin(p["W"]).sum() * p["b"][0]

        p = {"W": 0.3 * jnp.ones((2, 2)), "b": jnp.array([2.0])}
        assert check(f, jax.grad(f), p)
        assert wrong(check(f, lambda p: jax.tree.map(lambda g: 1.2 * g, jax.grad(f)(p)), p))
        assert check(lambda x: jnp.tanh(x).sum(), jax.grad(lambda x: jnp.tanh(x).sum()), [0.3, 1.0])
