"""Settings of the solver that change between calls of partial_fit count from then on."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.estimators import MLPRegressor
from estimator_cases import both

X = np.random.default_rng(0).normal(size=(200, 5))
Y = X[:, 0]


def regressor(**settings):
    given = {"hidden_layer_sizes": (4,), "random_state": 0, "shuffle": False} | settings
    return MLPRegressor(**given).partial_fit(X, Y)


def moved(estimator, **settings):
    """By how much a weight moves in an epoch by these settings."""
    before = estimator.coefs_[0].copy()
    estimator.set_params(**settings).partial_fit(X, Y)
    return np.abs(estimator.coefs_[0] - before).max()


class TestLearningRate:
    @pytest.mark.parametrize(
        "settings",
        [{"solver": "adam"}, {"solver": "sgd", "momentum": 0.0}, {"optimizer": "adamw"},
         {"solver": "sgd", "momentum": 0.0, "learning_rate": "invscaling"},
         {"solver": "sgd", "momentum": 0.0, "learning_rate": "adaptive"}],
        ids=str,
    )  # fmt: skip
    def test_a_smaller_one_is_used(self, settings):
        unchanged, smaller = (
            moved(regressor(precision="float64", **settings), learning_rate_init=rate)
            for rate in (1e-3, 1e-9)
        )
        assert unchanged > 1e-5
        assert smaller == pytest.approx(1e-6 * unchanged, rel=0.01)

    def test_of_an_optimizer_object(self):
        estimator = regressor(optimizer=cp.Adam(1e-3), precision="float64")
        assert moved(estimator, optimizer=cp.Adam(1e-9)) < 1e-8

    def test_moments_stay(self):
        a, b = (regressor(precision="float64") for _ in range(2))
        a.set_params(learning_rate_init=1e-2).partial_fit(X, Y)
        b.set_params(learning_rate_init=1e-4).partial_fit(X, Y)
        for name in ("m", "v"):
            np.testing.assert_array_equal(a._solver.state[name], b._solver.state[name])
        assert a._solver.updates == b._solver.updates == 2

    def test_invscaling_goes_on_with_samples_seen(self):
        settings = {"solver": "sgd", "learning_rate": "invscaling", "precision": "float64"}
        estimator = regressor(**settings)
        estimator.set_params(learning_rate_init=0.5).partial_fit(X, Y)
        assert estimator._solver.rate == pytest.approx(0.5 / np.sqrt(401))
        whole = regressor(**settings, learning_rate_init=0.5).partial_fit(X, Y)
        assert estimator._solver.rate == whole._solver.rate

    def test_what_adaptive_has_made_of_it_stays_else(self):
        estimator = regressor(solver="sgd", learning_rate="adaptive")
        estimator._solver.rate /= 25
        estimator.set_params(momentum=0.5).partial_fit(X, Y)
        assert estimator._solver.rate == pytest.approx(1e-3 / 25)
        estimator.set_params(learning_rate_init=1e-2).partial_fit(X, Y)
        assert estimator._solver.rate == 1e-2


class TestOtherSettings:
    @pytest.mark.parametrize(
        "change", [{"beta_1": 0.5}, {"beta_2": 0.5}, {"epsilon": 10.0}], ids=str
    )
    def test_of_adam(self, change):
        assert moved(regressor(), **change) != moved(regressor())

    @pytest.mark.parametrize("change", [{"momentum": 0.1}, {"nesterovs_momentum": False}], ids=str)
    def test_of_sgd(self, change):
        assert moved(regressor(solver="sgd"), **change) != moved(regressor(solver="sgd"))

    def test_another_solver_begins_anew(self):
        estimator = regressor()
        estimator.set_params(solver="sgd").partial_fit(X, Y)
        assert set(estimator._solver.state) == {"velocity"}
        assert estimator._solver.updates == 1

    def test_settings_that_stay_are_scikit_learns_numbers(self):
        a, b = both("regressor", hidden_layer_sizes=(4,), random_state=0, shuffle=False, solver="sgd",
                    learning_rate="invscaling")  # fmt: skip
        for estimator in (a, b):
            for _ in range(5):
                estimator.partial_fit(X, Y)
        np.testing.assert_allclose(b.coefs_[0], a.coefs_[0], rtol=1e-10)
