"""The noise of a function's values, and the type that it computes in, as measured."""

from __future__ import annotations

import numpy as np
import pytest

from clearprop.explaining.checking.noise import (
    BRAIN,
    DOUBLE,
    HALF,
    SINGLE,
    bits_of_inputs,
    bits_of_values,
    noise_along,
    rounded,
)


def level(f, bits=DOUBLE, at=1.0):
    lines = [lambda h, size=size: (h, float(f(at + size * h))) for size in (1, 1.3)]
    return noise_along(lines, bits, float(f(at)))[0].level


class TestNoise:
    def test_it_is_measured_also_beside_a_kink(self):
        rng = np.random.default_rng(0)
        assert level(np.exp) < 1e-14
        assert level(abs, at=0.0) < 1e-14
        assert level(lambda x: max(x - 1 - 1e-7, 0.0) + 1) < 1e-14
        assert 1e-9 < level(lambda x: x + 1e-9 * rng.normal()) < 1e-8
        assert 1e-8 < level(np.float32) < 1e-6

    def test_steps_of_a_staircase_count_as_noise(self):
        """They are flat from near by."""
        assert 1e-5 < level(lambda x: round(np.sin(x), 4)) < 1e-3
        assert 0.1 < level(lambda x: (1e16 + 40 * x) - 1e16) < 10

    def test_where_there_are_no_values_there_is_no_noise(self):
        noise, slope = noise_along([lambda h: (h, np.nan)], DOUBLE, 1.0)
        assert (noise.level, slope) == (0.0, 0.0)
        assert noise.of(2.0) == 2 * np.finfo(np.float64).eps

    def test_a_value_in_float32_is_off_by_its_last_rounding(self):
        lines = [lambda h: (h, float(np.float32(1e6 * (1 + h))))]
        noise, slope = noise_along(lines, SINGLE, 1e6)
        assert noise.of(1e6) >= 1e6 * np.finfo(np.float32).eps
        assert slope == pytest.approx(1e6, rel=1e-2)


class TestBits:
    @pytest.mark.parametrize(
        ("values", "bits"),
        [
            ([np.pi, np.e], DOUBLE),
            ([np.float32(np.pi), np.float32(np.e)], SINGLE),
            ([np.float16(0.1), np.float16(np.e)], HALF),
            ([1.0, 2.5, np.nan], BRAIN),
            ([3.0, 3.0], DOUBLE),
            ([np.inf], DOUBLE),
        ],
    )
    def test_of_values(self, values, bits):
        assert bits_of_values([float(value) for value in values]) == bits

    def test_rounding(self):
        numbers = np.random.default_rng(0).normal(size=100)
        np.testing.assert_array_equal(rounded(numbers, 24), numbers.astype(np.float32))
        np.testing.assert_array_equal(rounded(numbers, 11), numbers.astype(np.float16))
        np.testing.assert_array_equal(rounded(numbers, 53), numbers)

    @pytest.mark.parametrize(
        ("f", "bits"),
        [
            (lambda x: np.sin(x).sum(), DOUBLE),
            (lambda x: np.sin(x.astype(np.float32)).sum(), SINGLE),
            (lambda x: float(np.sin(x.astype(np.float32)).astype(float).sum()), SINGLE),
            (lambda x: np.sin(x.astype(np.float16)).sum(), HALF),
            (lambda x: 3.0, DOUBLE),
            (lambda x: np.maximum(x - 9, 0).sum(), DOUBLE),
            (lambda x: np.sin(x.astype(np.float32)).sum() + (x**2).sum(), DOUBLE),
        ],
    )
    @pytest.mark.parametrize("at", [[1.0, 2.0], [0.3, 1.7]])
    def test_of_parameters(self, f, bits, at):
        assert bits_of_inputs(lambda x: float(f(x)), np.array(at), 0) == bits
