"""Fits that crash and go on from their checkpoints: all that is fitted has the bits of one fit."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

import clearprop as cp
from clearprop.errors import ArgumentError, CheckpointMismatchError
from clearprop.estimators import MLPClassifier, MLPRegressor, TableClassifier, TableRegressor
from clearprop.estimators.sparse import SparseRows
from estimator_cases import diabetes, iris, multilabel, quiet, weighted_iris

BOOKS = ("loss_", "loss_curve_", "validation_loss_curve_", "validation_scores_", "best_loss_",
         "best_validation_score_", "n_iter_", "t_", "_no_improvement_count")  # fmt: skip


class Crash:
    """A callback that ends a fit as a fault would, after so many epochs."""

    def __init__(self, epochs):
        self.left = epochs

    def __call__(self, epoch):
        self.left -= 1
        if not self.left:
            raise RuntimeError("crashed")


def fitted(estimator, data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.fit(*data)


def crashed(estimator, data, folder, every, epochs):
    estimator = clone(estimator).set_params(
        callbacks=Crash(epochs), checkpoint=folder, checkpoint_every=every
    )
    with pytest.raises(RuntimeError, match="crashed"):
        fitted(estimator, data)


def gone_on(estimator, data, folder, **changed):
    again = clone(estimator).set_params(checkpoint=folder, resume=True, **changed)
    return fitted(again, data)


def same(a, b, X):
    for name in BOOKS:
        ours, theirs = getattr(a, name, None), getattr(b, name, None)
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
        assert type(ours) is type(theirs), name
    assert a.network_.parameters.tobytes() == b.network_.parameters.tobytes()
    assert a.predict(X).tobytes() == b.predict(X).tobytes()
    assert (a._solver.rate, a._solver.updates) == (b._solver.rate, b._solver.updates)
    assert a._solver.state.keys() == b._solver.state.keys()
    for name, array in a._solver.state.items():
        assert array.tobytes() == b._solver.state[name].tobytes(), name


CASES = {
    "adam": (MLPClassifier((8,), random_state=0, max_iter=12), iris),
    "adam, weights": (MLPClassifier((8,), random_state=1, max_iter=9), weighted_iris),
    "labels": (MLPClassifier((6,), random_state=0, max_iter=8), multilabel),
    "sgd, momentum": (
        MLPRegressor(hidden_layer_sizes=(5,), solver="sgd", learning_rate_init=1e-6,
                     random_state=3, max_iter=12), diabetes),
    "invscaling": (
        MLPClassifier((8,), solver="sgd", learning_rate="invscaling", learning_rate_init=0.1,
                      random_state=0, max_iter=12), iris),
    "adaptive": (
        MLPClassifier((8,), solver="sgd", learning_rate="adaptive", learning_rate_init=0.1,
                      tol=0.05, n_iter_no_change=2, random_state=0, max_iter=40), iris),
    "early stopping": (
        MLPClassifier((8,), early_stopping=True, n_iter_no_change=3, random_state=0, max_iter=60,
                      learning_rate_init=0.01), iris),
    "early stopping, a scorer": (
        MLPClassifier((8,), early_stopping=True, n_iter_no_change=3, random_state=0, max_iter=20,
                      learning_rate_init=0.01, scoring="neg_log_loss"), iris),
    "ends by tol": (
        MLPClassifier((8,), tol=0.05, n_iter_no_change=3, random_state=0, max_iter=60), iris),
    "dropout, float64": (
        MLPClassifier((8,), dropout=0.2, precision="float64", random_state=0, max_iter=9), iris),
    "own optimizer": (
        MLPClassifier((8,), optimizer=cp.AdamW(0.01, decay=0.1), random_state=0, max_iter=9), iris),
}  # fmt: skip


class TestCrash:
    @pytest.mark.parametrize("every", [1, "3 steps"])
    @pytest.mark.parametrize("epochs", [1, 7])
    @pytest.mark.parametrize("name", CASES)
    def test_a_fit_that_crashed_goes_on_to_the_same_bits(self, name, epochs, every, tmp_path):
        estimator, data = CASES[name]
        estimator.set_params(batch_size=32)
        data = data()
        whole = fitted(clone(estimator), data)
        crashed(estimator, data, tmp_path, every, epochs)
        same(gone_on(estimator, data, tmp_path), whole, data[0])
        # What is finished is recognized: no epoch is run again.
        same(gone_on(estimator, data, tmp_path, callbacks=Crash(1)), whole, data[0])

    def test_validation_data(self, tmp_path):
        X, y = iris()
        estimator = MLPClassifier((8,), random_state=0, max_iter=8, batch_size=32)
        watch = {"X_val": X[::3], "y_val": y[::3]}
        whole = quiet(clone(estimator), X, y, **watch)
        kept = clone(estimator).set_params(checkpoint=tmp_path, checkpoint_every="2 steps")
        with pytest.raises(RuntimeError):
            quiet(clone(kept).set_params(callbacks=Crash(4)), X, y, **watch)
        same(quiet(kept.set_params(resume=True), X, y, **watch), whole, X)
        with pytest.raises(CheckpointMismatchError, match="validation X is missing"):
            quiet(kept, X, y)

    def test_more_iterations(self, tmp_path):
        data = iris()
        estimator = MLPClassifier((8,), random_state=0, max_iter=5, batch_size=32)
        fitted(clone(estimator).set_params(checkpoint=tmp_path), data)
        longer = gone_on(estimator, data, tmp_path, max_iter=12)
        same(longer, fitted(clone(estimator).set_params(max_iter=12), data), data[0])

    def test_a_fit_that_diverges_says_the_same_when_it_goes_on(self, tmp_path):
        """Adam's squares are beyond float32 after its first update."""
        X, y = diabetes()
        estimator = MLPRegressor(
            hidden_layer_sizes=(5,), random_state=3, max_iter=9, checkpoint=tmp_path,
            optimizer=cp.Adam(1e-3),
        )  # fmt: skip
        said = []
        for resume in (False, True):
            with pytest.raises(ValueError, match="the optimizer's v of W1 holds inf") as error:
                fitted(clone(estimator).set_params(resume=resume), (X * 1e12, y * 1e10))
            said.append(str(error.value))
        assert said[0] == said[1]

    def test_sparse_rows_that_are_never_dense(self, tmp_path, monkeypatch):
        monkeypatch.setattr("clearprop.estimators.sparse.DENSE", 0)
        X, y = iris()
        data = sp.csr_matrix(X), y
        estimator = MLPClassifier((4,), random_state=0, max_iter=5, batch_size=50)
        whole = fitted(clone(estimator), data)
        crashed(estimator, data, tmp_path, "2 steps", 3)
        same(gone_on(estimator, data, tmp_path), whole, data[0])
        other = X.copy()
        other[149, 3] += 1
        with pytest.raises(CheckpointMismatchError, match="X holds other numbers"):
            gone_on(estimator, (sp.csr_matrix(other), y), tmp_path)
        assert SparseRows(data[0])[0:2].shape == (2, 4)


class TestRefused:
    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"learning_rate_init": 0.1}, "learning_rate_init is 0.1, the run has 0.001"),
            ({"tol": 0.5}, "tol is 0.5, the run has 0.0001"),
            ({"n_iter_no_change": 5}, "n_iter_no_change is 5"),
            ({"alpha": 0.5}, "l2 is 0.5"),
            ({"beta_1": 0.5}, "beta_1 is 0.5"),
            ({"random_state": 5}, "seed is"),
            ({"early_stopping": True}, "early_stopping is True, the run has False"),
            ({"class_weight": "balanced"}, "sample_weight is given"),
            ({"hidden_layer_sizes": (9,)}, "the network is 4-9-3, the run has 4-8-3"),
        ],
    )
    def test_another_run(self, changed, said, tmp_path):
        X, y = iris()
        estimator = MLPClassifier((8,), random_state=0, max_iter=3)
        fitted(clone(estimator).set_params(checkpoint=tmp_path), (X, y))
        with pytest.raises(CheckpointMismatchError, match=said) as error:
            gone_on(estimator, (X, y), tmp_path, **changed)
        assert isinstance(error.value, ValueError)

    def test_what_could_never_go_on(self, tmp_path):
        X, y = iris()
        for settings, said in [
            ({}, "checkpoint needs random_state"),
            ({"random_state": 0, "warm_start": True}, "warm_start=True goes with no checkpoint"),
            ({"random_state": 0, "solver": "lbfgs"}, "takes no checkpoint"),
        ]:
            with pytest.raises(ValueError, match=said):
                MLPClassifier(checkpoint=tmp_path / "run", **settings).fit(X, y)
        with pytest.raises(ValueError, match="partial_fit goes with no checkpoint"):
            MLPRegressor(random_state=0, checkpoint=tmp_path / "run").partial_fit(*diabetes())
        with pytest.raises(ArgumentError, match="resume=True needs checkpoint"):
            MLPClassifier(random_state=0, resume=True).fit(X, y)
        for maker in (TableClassifier, TableRegressor):
            with pytest.raises(ValueError, match="checkpoint needs random_state"):
                maker(checkpoint=tmp_path / "run").fit(X, y)
        assert not (tmp_path / "run").exists()

    def test_a_folder_that_holds_a_fit(self, tmp_path):
        data = iris()
        estimator = MLPClassifier((8,), random_state=0, max_iter=3, checkpoint=tmp_path)
        fitted(estimator, data)
        with pytest.raises(ArgumentError, match="holds a run already"):
            fitted(estimator, data)


@pytest.mark.parametrize("maker", [TableClassifier, TableRegressor])
def test_tables(maker, tmp_path):
    X = pd.DataFrame({"a": np.arange(200.0) % 17, "b": ["x", "y", "z", "y"] * 50})
    y = (X.a * 2 + (X.b == "x")).to_numpy() % (3 if maker is TableClassifier else 31)
    estimator = maker([6], random_state=0, epochs=12, batch_size=32)
    whole = fitted(clone(estimator), (X, y))
    crashed(estimator, (X, y), tmp_path, "3 steps", 5)
    again = gone_on(estimator, (X, y), tmp_path)
    assert again.loss_curve_ == whole.loss_curve_
    assert again.n_iter_ == whole.n_iter_
    a, b = again.model_.network.parameters, whole.model_.network.parameters
    assert a.tobytes() == b.tobytes()
    with pytest.raises(CheckpointMismatchError, match="X holds other numbers"):
        gone_on(estimator, (X.assign(a=X.a.to_numpy()[::-1].copy()), y), tmp_path)
