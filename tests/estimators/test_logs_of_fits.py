"""Logs among an estimator's callbacks: over partial fits, and in the clones of a search."""

from __future__ import annotations

import csv
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score

import clearprop as cp
from clearprop.estimators import MLPClassifier
from estimator_cases import iris, quiet

X, y = iris()


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


class TestPartialFit:
    def test_epochs_count_on(self, tmp_path):
        log = cp.CSVLog(tmp_path / "run.csv")
        estimator = MLPClassifier((3,), callbacks=[log], random_state=0)
        for _ in range(4):
            estimator.partial_fit(X, y, classes=[0, 1, 2])
        written = rows(tmp_path / "run.csv")
        assert [int(row["epoch"]) for row in written] == [1, 2, 3, 4]
        assert [int(row["updates"]) for row in written] == [1, 2, 3, 4]
        assert [float(row["loss"]) for row in written] == estimator.loss_curve_
        seconds = [float(row["seconds"]) for row in written]
        assert seconds == sorted(seconds)
        assert seconds[0] > 0

    def test_from_a_fit_on(self, tmp_path):
        estimator = MLPClassifier(
            (3,), callbacks=cp.CSVLog(tmp_path / "run.csv"), random_state=0, max_iter=3
        )
        quiet(estimator, X, y)
        estimator.partial_fit(X, y).partial_fit(X, y)
        assert [int(row["epoch"]) for row in rows(tmp_path / "run.csv")] == [1, 2, 3, 4, 5]
        quiet(estimator, X, y)  # anew
        assert [int(row["epoch"]) for row in rows(tmp_path / "run.csv")][5:] == [1, 2, 3]

    def test_what_a_callback_sees_else(self):
        seen = []
        estimator = MLPClassifier((3,), callbacks=seen.append, random_state=0)
        for _ in range(2):
            estimator.partial_fit(X, y, classes=[0, 1, 2], X_val=X, y_val=y)
        assert [epoch.epoch for epoch in seen] == [1, 2]
        assert [epoch.validation_loss for epoch in seen] == estimator.validation_loss_curve_
        assert seen[1].network is estimator.network_

    def test_a_callback_may_still_change_parameters_and_stop(self):
        def freeze(epoch):
            epoch.network.parameters[:] = epoch.epoch
            return epoch.epoch == 2

        estimator = MLPClassifier((3,), callbacks=freeze, early_stopping=True)
        for stopped in (False, True):
            estimator.partial_fit(X, y, classes=[0, 1, 2], X_val=X, y_val=y)
            assert estimator.stopped_ is stopped

    def test_tensorboard_draws_one_curve(self, tmp_path):
        accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
        estimator = MLPClassifier((3,), callbacks=cp.TensorBoardLog(tmp_path), random_state=0)
        for _ in range(3):
            estimator.partial_fit(X, y, classes=[0, 1, 2])
        (file,) = (tmp_path / "training").iterdir()
        reader = accumulator.EventAccumulator(str(file)).Reload()
        assert [event.step for event in reader.Scalars("loss")] == [1, 2, 3]


class TestClones:
    @pytest.mark.parametrize("jobs", [1, 2])
    def test_a_search_logs_each_fit(self, tmp_path, jobs):
        estimator = MLPClassifier(
            (3,), max_iter=4, callbacks=[cp.CSVLog(tmp_path / "run.csv")], random_state=0
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            search = GridSearchCV(estimator, {"alpha": [0.1, 0.2]}, cv=2, n_jobs=jobs).fit(X, y)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
        names = {path.name for path in tmp_path.iterdir()}
        assert names == {"run.csv", "run-2.csv", "run-3.csv", "run-4.csv", "run-5.csv"}
        assert all(len(rows(path)) == 4 for path in tmp_path.iterdir())
        best = search.best_estimator_
        written = rows(best.callbacks[0].written)
        assert [float(row["loss"]) for row in written] == best.loss_curve_

    def test_of_an_estimator_that_was_fitted(self, tmp_path):
        log = cp.CSVLog(tmp_path / "run.csv")
        estimator = quiet(MLPClassifier((3,), max_iter=4, callbacks=log, random_state=0), X, y)
        before = (tmp_path / "run.csv").read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            cross_val_score(estimator, X, y, cv=3)
        quiet(clone(estimator), X, y)
        assert (tmp_path / "run.csv").read_bytes() == before
        assert len(list(tmp_path.iterdir())) == 5

    def test_a_clone_has_the_parameters_of_the_estimator(self, tmp_path):
        log = cp.JSONLinesLog(tmp_path / "run", if_exists="append")
        estimator = MLPClassifier(callbacks=[log, print], alpha=0.5)
        other = clone(estimator)
        assert other.callbacks[0] is not log
        assert repr(other.callbacks[0]) == repr(log)
        assert other.alpha == 0.5
