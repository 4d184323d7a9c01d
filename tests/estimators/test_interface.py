"""MLPClassifier and MLPRegressor: scikit-learn's own checks, its parameters, errors and warnings."""

from __future__ import annotations

import inspect
import re
import signal
import warnings

import numpy as np
import pytest
import sklearn
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from clearprop.estimators import MLPClassifier, MLPRegressor, fitting
from estimator_cases import (
    PAIRS,
    both,
    diabetes,
    iris,
    quiet,
)


@parametrize_with_checks([MLPClassifier(max_iter=100), MLPRegressor(max_iter=100)])
def test_scikit_learns_own_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        check(estimator)


class TestInterface:
    @pytest.mark.parametrize("kind", PAIRS)
    def test_parameters_and_their_defaults(self, kind):
        a, b = (inspect.signature(maker.__init__).parameters for maker in PAIRS[kind])
        for name, parameter in a.items():
            assert b[name].default == parameter.default, name
            assert b[name].kind == parameter.kind, name
        beyond = set(b) - set(a)
        extra = {"output_activation", "dropout", "optimizer", "scoring", "callbacks", "progress",
                 "precision", "threads", "checkpoint", "checkpoint_every", "resume"}  # fmt: skip
        assert beyond == extra | ({"class_weight"} if kind == "classifier" else set())

    @pytest.mark.parametrize("kind", PAIRS)
    def test_fitted_attributes(self, kind):
        X, y = iris() if kind == "classifier" else diabetes()
        a, b = (quiet(maker(max_iter=3, random_state=0), X, y) for maker in PAIRS[kind])
        names = {name for name in dir(a) if name.endswith("_") and not name.startswith("_")}
        assert names <= set(dir(b))

    @pytest.mark.parametrize(
        ("settings", "data"),
        [
            ({"hidden_layer_sizes": -1}, iris), ({"hidden_layer_sizes": (5, 0)}, iris),
            ({"solver": "newton"}, iris), ({"alpha": -1}, iris), ({"batch_size": 0}, iris),
            ({"activation": 3}, iris), ({"max_iter": 0}, iris), ({"momentum": 2}, iris),
            ({"random_state": "x"}, iris), ({"epsilon": 0}, iris), ({"tol": -1}, iris),
            ({"early_stopping": True, "validation_fraction": 0.005}, iris),
            ({}, lambda: (np.ones((3, 2)), [1, 2])),
            ({}, lambda: (np.array([[np.nan, 1.0]] * 4), [0, 1, 0, 1])),
            ({}, lambda: (np.ones((4, 2)), [0.5, 1.5, 2.5, 3.5])),
            ({}, lambda: (np.ones((4, 2)), np.ones((4, 2, 2)))),
            ({}, lambda: ([["a", "b"]] * 4, [0, 1, 0, 1])),
        ],
    )  # fmt: skip
    def test_errors_are_worded_as_scikit_learn_words_them(self, settings, data):
        messages = []
        for maker in PAIRS["classifier"]:
            with pytest.raises((ValueError, TypeError)) as caught:
                quiet(maker(**settings), *data())
            words = re.sub(
                r"[\[(]\d[^.]*[\])]|\{.*\}|an? (str|array-like).*", "...", str(caught.value)
            )
            messages.append((caught.type, words.split(". Got")[0]))
        assert messages[0] == messages[1]

    def test_unfitted(self):
        with pytest.raises(NotFittedError):
            MLPClassifier().predict([[1.0]])
        for name in ("coefs_", "intercepts_", "out_activation_", "network_"):
            assert not hasattr(MLPClassifier(), name)

    def test_partial_fit_is_there_for_stochastic_solvers(self):
        assert not hasattr(MLPClassifier(solver="lbfgs"), "partial_fit")
        assert hasattr(MLPClassifier(solver="lbfgs", optimizer="adamw"), "partial_fit")
        with pytest.raises(ValueError, match="classes must be passed"):
            MLPClassifier().partial_fit(*iris())
        with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
            MLPClassifier(early_stopping=True).partial_fit(*iris(), classes=[0, 1, 2])

    def test_warnings(self):
        with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached"):
            MLPClassifier(max_iter=2).fit(*iris())
        with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge"):
            MLPClassifier(max_iter=2, solver="lbfgs").fit(*iris())
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            MLPClassifier(max_iter=2, batch_size=1000).fit(*iris())
        assert any("`batch_size` less than 1 or larger" in str(w.message) for w in seen)
        X, y = diabetes()
        with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
            quiet(MLPRegressor(solver="sgd", learning_rate_init=1e6), X * 1e6, y * 1e6)

    def test_verbose_prints_what_scikit_learn_prints(self, capsys):
        printed = []
        for estimator in both(shuffle=False, random_state=0, verbose=True, tol=0.1):
            quiet(estimator, *iris())
            printed.append(capsys.readouterr().out)
        assert printed[0] == printed[1] != ""

    def test_weights_may_be_written(self):
        estimator = quiet(MLPRegressor(max_iter=2, random_state=0), *diabetes())
        estimator.coefs_[0][:] = 0
        estimator.intercepts_ = [b * 0 + 1 for b in estimator.intercepts_]
        assert not estimator.network_["W1"].any()
        assert estimator.network_["b1"].all()
        other = quiet(MLPRegressor(max_iter=2, random_state=5), *diabetes())
        estimator.coefs_, estimator.intercepts_ = other.coefs_, other.intercepts_
        X = diabetes()[0]
        np.testing.assert_array_equal(estimator.predict(X), other.predict(X))

    @pytest.mark.parametrize(
        ("settings", "more"),
        [({"dropout": 0.1}, {}), ({"callbacks": print}, {}),
         ({}, {"X_val": iris()[0], "y_val": iris()[1]})],
    )  # fmt: skip
    def test_lbfgs_has_no_epochs(self, settings, more):
        with pytest.raises(ValueError, match="solver='lbfgs' takes no"):
            MLPClassifier(solver="lbfgs", **settings).fit(*iris(), **more)

    def test_threads_are_passed_on(self, monkeypatch):
        asked = []

        class Watched(fitting.Loop):
            def __init__(self, *arguments, threads, **more):
                asked.append(threads)
                super().__init__(*arguments, threads=threads, **more)

        monkeypatch.setattr(fitting, "Loop", Watched)
        quiet(MLPClassifier(max_iter=2, threads=2), *iris())
        assert asked == [2]

    def test_an_interruption_is_a_warning(self):
        def interrupt(epoch):
            signal.raise_signal(signal.SIGINT)

        with pytest.warns(UserWarning, match="Training interrupted by user"):
            estimator = MLPClassifier(max_iter=5, callbacks=interrupt).fit(*iris())
        assert estimator.n_iter_ == 1

    def test_verbose_with_early_stopping(self, capsys):
        printed = []
        for estimator in both(
            shuffle=False, random_state=0, verbose=True, early_stopping=True, n_iter_no_change=3
        ):
            quiet(estimator, *iris())
            printed.append(capsys.readouterr().out)
        assert printed[0] == printed[1]
        assert "Validation score: " in printed[1]

    def test_bad_callbacks_and_sizes(self):
        with pytest.raises(TypeError, match="must be a function of the epoch"):
            MLPClassifier(callbacks=[3]).fit(*iris())
        with pytest.raises(TypeError, match="whole numbers"):
            MLPClassifier((2.5,)).fit(*iris())


def test_versions():
    assert tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 6)
