"""Structure far finer than the parameters: ripples and steps are told from noise, or nothing is said."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.explaining.checking.noise import DOUBLE, bits_of_inputs
from clearprop.explaining.checking.ripples import ripples_along

check = cp.check_gradient_function
EPS = 2.0**-52


def saw(z):
    return abs(z / np.pi % 2 - 1)


def slope_of_saw(z):
    return np.where(z / np.pi % 2 < 1, -1, 1) / np.pi


def single(x, size):
    """sin(x) of a part that is computed in float32."""
    return size * np.sin((x / size).astype(np.float32).astype(float))


RIPPLES = {  # the function, its gradient, by x, the ripples' frequency, and the size of x
    "sines on a slope": (
        lambda x, w, s: (np.sin(w * x) / w + x).sum(), lambda x, w, s: np.cos(w * x) + 1,
    ),
    "sines": (
        lambda x, w, s: np.sin(w * x).sum() / w, lambda x, w, s: np.cos(w * x),
    ),
    "triangular waves": (
        lambda x, w, s: (saw(w * x) / w + x).sum(), lambda x, w, s: slope_of_saw(w * x) + 1,
    ),
    "sines on a sine": (
        lambda x, w, s: (np.sin(w * x) / w + s * np.sin(x / s)).sum(),
        lambda x, w, s: np.cos(w * x) + np.cos(x / s),
    ),
    "sines and float32": (
        lambda x, w, s: (np.sin(w * x) / w + single(x, s)).sum(),
        lambda x, w, s: np.cos(w * x) + np.cos(x / s),
    ),
    "sines and steps": (
        lambda x, w, s: (np.sin(w * x) / w + np.round(w * x) / w).sum(),
        lambda x, w, s: np.cos(w * x),
    ),
}  # fmt: skip


class TestRipples:
    @pytest.mark.parametrize("name", RIPPLES)
    @pytest.mark.parametrize("waves", [1e2, 1e4, 1e6, 1e7, 1e9, 1e12])
    @pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
    def test_no_right_gradient_is_wrong_and_its_mean_is_not_right(self, name, waves, size):
        f, gradient = RIPPLES[name]
        x, w = size * np.random.default_rng(0).normal(size=4), waves / size
        found = check(lambda x: f(x, w, size), lambda x: gradient(x, w, size), x)
        assert "wrong" not in {d.outcome for d in found.derivatives}
        mean = 0.5 if name == "sines" else 1.0
        found = check(lambda x: f(x, w, size), lambda x: mean + 0 * x, x)
        assert "right" not in {d.outcome for d in found.derivatives}

    @pytest.mark.parametrize("waves", [1e13, 1e14, 1e15, 1e18])
    def test_waves_finer_than_the_numbers(self, waves):
        x = np.random.default_rng(0).normal(size=4)
        found = check(lambda x: np.sin(waves * x).sum(), lambda x: waves * np.cos(waves * x), x)
        assert {d.outcome for d in found.derivatives} == {"not determined"}

    @pytest.mark.parametrize("waves", [1e4, 1e5])
    def test_ripples_that_are_followed_are_determined(self, waves):
        """Their doubts were those of noise."""
        x = np.random.default_rng(0).normal(size=4)
        assert check(lambda x: np.sin(waves * x).sum(), lambda x: waves * np.cos(waves * x), x)

    @pytest.mark.parametrize("waves", [1e6, 1e7, 1e8, 1e9])
    def test_the_mean_slope_is_wrong_where_ripples_are_followed(self, waves):
        x = np.random.default_rng(0).normal(size=4)
        found = check(lambda x: (np.sin(waves * x) / waves + x).sum(), lambda x: 1 + 0 * x, x)
        assert found.outcome == "wrong"

    @pytest.mark.parametrize("waves", [1e2, 1e3, 1e4])
    def test_in_float32(self, waves):
        w = np.float32(waves)

        def f(x):
            return (np.sin(w * x.astype(np.float32)) / w + x.astype(np.float32)).sum()

        for seed in range(4):
            x = np.random.default_rng(seed).normal(size=4).astype(np.float32).astype(float)
            right = check(f, lambda x: np.cos(w * x.astype(np.float32)) + 1, x)
            mean = check(f, lambda x: np.ones_like(x), x)
            assert "wrong" not in {d.outcome for d in right.derivatives}
            assert "right" not in {d.outcome for d in mean.derivatives}

    def test_the_reason(self):
        x = np.random.default_rng(0).normal(size=4)
        f, gradient = RIPPLES["sines and steps"]
        found = check(lambda x: f(x, 1e7, 1.0), lambda x: gradient(x, 1e7, 1.0), x)
        assert "ripples" in {d.verdict for d in found.derivatives}
        assert "a cost without ripples would tell" in repr(found)

    def test_an_error_far_beyond_the_ripples_is_found(self):
        f, gradient = RIPPLES["sines and float32"]
        x = np.random.default_rng(0).normal(size=4)
        found = check(lambda x: f(x, 1e9, 1.0), lambda x: 100 + gradient(x, 1e9, 1.0), x)
        assert {d.outcome for d in found.derivatives} == {"wrong"}


class TestSteps:
    @pytest.mark.parametrize("steps", [3.0, 1e2, 1e3, 1e5, 1e7, 1e9])
    def test_neither_the_slope_between_steps_nor_that_across_is_wrong(self, steps):
        for seed in range(3):
            x = np.random.default_rng(seed).normal(size=4)

            def f(x):
                return (np.round(steps * x) / steps).sum()

            for slope, outcome in ((0.0, {"not determined"}), (3.0, {"wrong"})):
                found = check(f, lambda x, slope=slope: slope + 0 * x, x)
                assert {d.outcome for d in found.derivatives} == outcome
            across = check(f, lambda x: 1 + 0 * x, x)
            assert "wrong" not in {d.outcome for d in across.derivatives}

    @pytest.mark.parametrize("steps", [1e1, 1e3, 1e5, 1e7, 1e9])
    def test_steps_on_a_curve(self, steps):
        x = np.random.default_rng(0).normal(size=4)
        found = check(lambda x: (np.floor(steps * x) / steps + x**2).sum(), lambda x: 2 * x, x)
        assert "wrong" not in {d.outcome for d in found.derivatives}

    def test_the_slope_between_steps_of_float32_is_wrong(self):
        x = np.array([0.3, 1.1, -0.7])
        found = check(lambda x: single(x, 1.0).sum() + (x**2).sum(), lambda x: 2 * x, x)
        assert found.outcome == "wrong"

    def test_zeros_are_wrong_where_a_large_cost_hides_the_slope_near_by(self):
        found = check(lambda x: 1e6 + np.sin(x).sum(), lambda x: 0 * x, [0.3, 1.1])
        assert {d.outcome for d in found.derivatives} == {"wrong"}

    def test_whole_numbers_are_no_sign_of_bfloat16(self):
        x = np.random.default_rng(0).normal(size=4)
        for steps in (1.0, 2.0, 8.0):
            found = check(lambda x, k=steps: np.round(k * x).sum(), lambda x: 1 + 0 * x, x)
            assert found.computed_in == "float64"
            assert "float64 would tell" not in repr(found)
        assert bits_of_inputs(lambda x: float(np.round(x).sum()), x, 0) == DOUBLE

    def test_costs_that_are_rounded_are_a_sign(self):
        found = check(lambda x: np.float16(np.sin(x).sum()), lambda x: np.cos(x), [0.3, 1.1, -0.7])
        assert found.computed_in == "float16"


class TestAlong:
    def along(self, f):
        return lambda h: (h, float(f(1.0 + h)))

    @pytest.mark.parametrize("waves", [1e6, 1e8, 1e10])
    def test_waves_have_slopes_and_no_noise(self, waves):
        found = ripples_along(
            self.along(lambda x: np.sin(waves * x) / waves), DOUBLE, 0.7 / waves, EPS
        )
        assert 1 < found.slope < 3
        assert 0.1 / waves < found.resolved < 10 / waves
        assert found.noise < 10 * EPS

    def test_steps_have_one_slope(self):
        found = ripples_along(
            self.along(lambda x: np.round(1e8 * x) / 1e8 + x), DOUBLE, 3e-9, 2 * EPS
        )
        assert found.slope == 0.0
        assert found.noise is None
        assert 1e-10 < found.resolved < 1e-8

    def test_noise_at_any_distance(self):
        rng = np.random.default_rng(0)
        found = ripples_along(self.along(lambda x: x + 1e-6 * rng.normal()), DOUBLE, 1e-6, EPS)
        assert found.resolved == 0.0

    def test_where_there_is_no_cost_nothing_is_seen(self):
        assert ripples_along(self.along(lambda x: np.nan), DOUBLE, 1.0, EPS) is None
