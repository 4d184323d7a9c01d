"""Differences along a line: the value is no further off than its doubt, and kinks have two sides."""

from __future__ import annotations

import numpy as np
import pytest

from clearprop.explaining.checking.differences import Noise, is_smooth, ladder
from clearprop.explaining.checking.noise import noise_along, rounded

SINGLE_EPS = float(np.finfo(np.float32).eps)


def along(f, at=0.0, bits=53):
    """The line through a point, in steps that the numbers allow."""
    at = float(rounded(at, bits))

    def line(h):
        there = float(rounded(at + h, bits))
        with np.errstate(all="ignore"):
            return there - at, float(f(there))

    return line


def rungs_of(f, at=0.0, size=None, bits=53, smooth=True):
    line, size = along(f, at, bits), abs(at) if size is None else size
    noise, _ = noise_along([lambda h: line(h * size)], bits, line(0.0)[1])
    return ladder(line, size, noise, lambda v: 1e-10 * abs(v), smooth)


def tanhs(x):
    return float(np.tanh(np.float32(x) * np.arange(9.0, dtype="f4")).sum())


def elu(x):
    return x if x > 0 else np.expm1(x)


def huber(x):
    return x * x / 2 if abs(x) <= 1 else abs(x) - 0.5


SMOOTH = {
    "exp": (np.exp, 1.0, np.e),
    "fast": (lambda x: np.sin(3e3 * x), 1.0, 3e3 * np.cos(3e3)),
    "faster": (lambda x: np.sin(1e12 * x), 0.3e-12, 1e12 * np.cos(0.3)),
    "near a pole": (np.log, 0.02, 50.0),
    "on a large number": (lambda x: 1e6 + x**2, 2.0, 4.0),
    "square": (lambda x: x**2, 3.0, 6.0),
    "large": (lambda x: np.sin(x / 1e12), 0.4e12, np.cos(0.4) / 1e12),
    "subnormal squares": (np.log, 1e-300, 1e300),
    "constant": (lambda x: 7.0, 1.0, 0.0),
    "linear": (lambda x: 3 * x, 1.0, 3.0),
    "a kink 1e-6 away": (lambda x: max(x - 1 - 1e-6, 0.0), 1.0, 0.0),
    "a kink 3e-4 away": (lambda x: max(x - 1 + 3e-4, 0.0) + (x - 1) ** 2, 1.0, 1.0),
    "f'' jumps 1e-3 away": (lambda x: max(x - 1 - 1e-3, 0.0) ** 2 + x, 1.0, 1.0),
    "whole periods": (lambda x: np.sin(2 * np.pi * 2**9 * x), 3.0, 2 * np.pi * 2**9),
    "sharply curved": (lambda x: 1 + np.hypot(x - 1, 1e-3), 1.0, 0.0),
}


class TestValue:
    @pytest.mark.parametrize("name", SMOOTH)
    def test_it_is_no_further_off_than_its_doubt_which_is_small(self, name):
        f, at, slope = SMOOTH[name]
        for smooth in (True, False):
            best = rungs_of(f, at, smooth=smooth).best
            assert abs(best.value - slope) <= best.doubt
            assert best.doubt <= 1e-6 * max(abs(slope), abs(f(at)) / at)

    @pytest.mark.parametrize(
        ("f", "at", "slope"),
        [
            (lambda x: np.sin(np.float32(x)), 0.3, np.cos(0.3)),
            (tanhs, 0.3, float((np.arange(9) / np.cosh(0.3 * np.arange(9)) ** 2).sum())),
            (lambda x: np.float32(np.exp(x)), 1.0, np.e),
        ],
    )
    def test_in_float32(self, f, at, slope):
        best = rungs_of(f, at, bits=24).best
        assert abs(best.value - slope) <= best.doubt < 1e-3 * slope

    def test_a_small_parameter_of_a_function_that_varies_slowly_takes_larger_steps(self):
        best = rungs_of(np.exp, 1e-9).best
        assert best.value == pytest.approx(1.0, rel=1e-8)
        assert best.doubt < 1e-8

    @pytest.mark.parametrize(
        ("f", "at", "slope"), [(elu, 0.0, 1.0), (huber, 1.0, 1.0), (lambda x: x * abs(x), 0.0, 0.0)]
    )
    def test_where_the_second_derivative_jumps(self, f, at, slope):
        """Truncation falls as h there, and not as h^2."""
        found = rungs_of(f, at, size=1.0)
        assert not found.kink
        assert abs(found.best.value - slope) <= found.best.doubt < 1e-9

    def test_errors_fall_with_the_step(self):
        found = rungs_of(np.exp, 1.0)
        errors = np.abs(found.differences - np.e)
        assert errors[0] > 10 * errors[1] > 100 * errors[2]
        assert np.all(np.diff(found.steps) < 0)

    def test_noise_that_is_larger_makes_the_doubt_larger(self):
        line = along(np.exp, 1.0)
        doubts = [
            ladder(line, 1.0, Noise(level), lambda v: 0.0).best.doubt for level in (0, 1e-9, 1e-6)
        ]
        assert doubts[0] < 1e-11 < doubts[1] < 1e-6 < doubts[2] < 1e-4


class TestSides:
    def test_a_kink_has_two_slopes(self):
        found = rungs_of(lambda x: 3 * abs(x) + x, 0.0, size=1.0)
        assert found.kink
        left, right = found.sides
        assert (left.value, right.value) == pytest.approx((-2.0, 4.0))

    @pytest.mark.parametrize("width", [1e-3, 1e-4, 1e-5])
    def test_what_only_looks_like_a_kink_from_afar_is_none(self, width):
        found = rungs_of(lambda x: 1 + huber(x / width) * width, 0.0, size=1.0)
        assert not found.kink
        assert abs(found.best.value) <= found.best.doubt < 1e-5

    def test_at_the_edge_of_a_domain_one_side_counts(self):
        found = rungs_of(lambda x: x + x**2 if x >= 0 else np.nan, 0.0, size=1.0)
        assert found.left is None
        assert found.central is None
        assert found.lacks_costs
        assert found.best.value == pytest.approx(1.0, abs=1e-9)
        assert found.best.doubt < 1e-7

    def test_without_costs_there_is_no_value(self):
        found = rungs_of(lambda x: 0.0 if x == 1.0 else np.nan, 1.0)
        assert found.best is None
        assert not found.has_costs


class TestSmoothness:
    def test_smooth_and_rough_functions_are_told_apart(self):
        places = np.random.default_rng(0).normal(size=500)

        def rough(x):
            return np.maximum(x - places, 0.0).sum()

        for f, expected in ((np.exp, True), (np.tanh, True), (lambda x: 3 * x, True),
                            (rough, False)):  # fmt: skip
            line = along(f, 0.4)
            noise, _ = noise_along([line], 53, line(0.0)[1])
            assert is_smooth(line, noise) is expected

    def test_among_kinks_the_doubt_is_larger_than_the_error(self):
        """In float32, where noise hides the finer steps; on 300 lines."""
        rng = np.random.default_rng(1)
        off = []
        for _ in range(300):
            places, jumps = rng.normal(size=(2, 200)).astype(np.float32)

            def rough(x, places=places, jumps=jumps):
                return float((jumps * np.maximum(np.float32(x) - places, 0)).mean() + 1)

            at = float(np.float32(rng.normal()))
            slope = float(jumps[places < at].sum() / 200)
            found = rungs_of(rough, at, size=1.0, bits=24, smooth=False)
            off.append(abs(found.best.value - slope) / found.best.doubt)
        assert np.mean(np.array(off) > 1) < 0.03
        assert max(off) < 2  # what verdicts allow for
