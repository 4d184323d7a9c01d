"""Callbacks: this package's, and those of scikit-learn's interface."""

from __future__ import annotations

import pytest

from clearprop.estimators import MLPClassifier
from estimator_cases import (
    iris,
    quiet,
)


class TestCallbacks:
    def test_callbacks_see_the_validation_loss(self):
        X, y = iris()
        seen = []
        estimator = quiet(
            MLPClassifier(max_iter=5, random_state=0, callbacks=lambda e: seen.append(e.validation_loss) or None),
            X, y, X_val=X, y_val=y,
        )  # fmt: skip
        assert seen == estimator.validation_loss_curve_

    def test_callbacks_and_progress(self, capfd):
        seen = []
        estimator = MLPClassifier(
            max_iter=50, random_state=0, progress=True,
            callbacks=lambda epoch: seen.append(epoch.loss) or epoch.epoch == 4,
        ).fit(*iris())  # fmt: skip
        assert estimator.n_iter_ == 4
        assert seen == estimator.loss_curve_
        assert "epoch" in capfd.readouterr().err

    @pytest.mark.skipif(not hasattr(MLPClassifier, "set_callbacks"), reason="scikit-learn < 1.9")
    def test_callbacks_of_scikit_learns_interface(self):
        class Recorder:
            def __init__(self):
                self.scores, self.events = [], []

            def setup(self, estimator, context):
                self.events.append("setup")

            def teardown(self, estimator, context):
                self.events.append("teardown")

            def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None,
                                  fitted_estimator=None):  # fmt: skip
                pass

            def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None,
                                fitted_estimator=None):  # fmt: skip
                if fitted_estimator is not None and hasattr(fitted_estimator, "network_"):
                    self.scores.append(fitted_estimator.score(X, y))
                return len(self.scores) == 6

        recorder = Recorder()
        estimator = MLPClassifier(max_iter=50, random_state=0).set_callbacks(recorder)
        estimator.fit(*iris())
        assert estimator.n_iter_ == 6
        assert recorder.events == ["setup", "teardown"]
        assert len(recorder.scores) >= 6
