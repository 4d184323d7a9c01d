"""scikit-learn, as it is timed: MLPClassifier.fit with a warm start."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier

from clearprop.bench.cases import Array, Case, Layers


class ScikitLearn:
    """A classifier that goes on from given parameters; it shuffles, and sums the costs up."""

    def __init__(self, case: Case, X: Array, y: Array, start: Layers, threads: int | None) -> None:
        warnings.simplefilter("ignore")  # that it has not converged
        self._case, self._X, self._y, self._start = case, X, y, start
        self.epochs = case.python_epochs or case.epochs
        self._model = MLPClassifier(
            case.sizes[1:-1],
            activation="relu" if case.hidden == "relu" else "logistic",
            solver=case.optimizer.lower(),
            learning_rate_init=case.rate,
            batch_size=case.batch,
            shuffle=case.shuffle,
            max_iter=1,
            warm_start=True,
            alpha=0.0,
            tol=0.0,
            n_iter_no_change=10**9,
            momentum=0.0,
            nesterovs_momentum=False,
            random_state=0,
        )

    def warm_up(self) -> None:
        """Train on a few rows, which have to hold every class."""
        rows = max(self._case.warm_rows, 1000)
        self._model.fit(self._X[:rows], self._y[:rows])
        self._model.set_params(max_iter=self.epochs)

    def reset(self) -> None:
        """Go back to the start; each fit makes a new optimizer."""
        self._model.coefs_ = [np.ascontiguousarray(W.T) for W, _ in self._start]
        self._model.intercepts_ = [b.copy() for _, b in self._start]

    def call(self) -> None:
        """Train on all rows."""
        self._model.fit(self._X, self._y)

    def layers(self) -> Layers:
        """Return what was learned."""
        return [(W.T, b) for W, b in zip(self._model.coefs_, self._model.intercepts_, strict=True)]
