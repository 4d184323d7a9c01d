"""scikit-learn's rules for stopping, and what a fit notes of each epoch on the way."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import check_scoring

from clearprop.checks.data import Data
from clearprop.cost import evaluate
from clearprop.estimators.callbacks import FitCallbacks
from clearprop.network import Network
from clearprop.training.watching.epochs import Epoch, Epochs

Array = NDArray[Any]


class Watched(NamedTuple):
    """Validation data: as scikit-learn has them, and as the engine takes them."""

    X: Any
    y: Array
    weights: Array | None
    data: Data
    work: Network


def keep_books(estimator: Any) -> None:
    """Begin what a fit notes of its epochs, as far as that has not begun."""
    e = estimator
    if not hasattr(e, "loss_curve_"):
        e.loss_curve_ = []
    if not hasattr(e, "validation_loss_curve_"):  # L-BFGS keeps the first curve alone
        e.validation_loss_curve_, e._no_improvement_count = [], 0
        e.validation_scores_ = e.best_validation_score_ = e.best_loss_ = None
    if e.early_stopping and e.validation_scores_ is None:
        e.validation_scores_, e.best_validation_score_ = [], -np.inf
        e._no_improvement_count, e.best_loss_ = 0, None
        e._best = e.network_.parameters.copy()
    if not e.early_stopping and e.best_loss_ is None:
        e.best_loss_ = np.inf
        e.validation_scores_ = e.best_validation_score_ = None
        e._no_improvement_count = 0


class StoppingJudge:
    """Looks at the epochs of a fit, several at once where nothing happens between them.

    A run ends when the loss has not improved for more than `n_iter_no_change` epochs: until
    then, no look is needed.

    Parameters
    ----------
    estimator : estimator
        Whose attributes are the books.
    n : int
        Rows of training data.
    watched : Watched, optional
        Validation data.
    told : FitCallbacks, optional
        scikit-learn's own callbacks.
    """

    def __init__(
        self, estimator: Any, n: int, watched: Watched | None, told: FitCallbacks | None
    ) -> None:
        self._estimator, self._n = estimator, n
        self._watched, self._told = watched, told
        self.stopped = False
        if told is not None:
            told.epoch_begins()

    @property
    def ahead(self) -> int:
        """How many epochs may be run before a look: none but the last of them can end the run."""
        e = self._estimator
        busy = self._watched is not None or e.verbose or (self._told and self._told.listening)
        changing = e.solver == "sgd" and e.learning_rate == "invscaling"
        if busy or changing:
            return 1
        return int(min(max(e.n_iter_no_change - e._no_improvement_count, 0), e.max_iter)) + 1

    def look(self, costs: Sequence[float], epoch: Epoch) -> bool:
        """Note the costs of epochs that are over, and the last of them; say if the run ends."""
        e = self._estimator
        for cost in costs:
            self.stopped = self._after_epoch(float(cost), epoch)
        if self._told is not None:
            self.stopped |= self._told.epoch_ends()
            if not self.stopped and e.n_iter_ < e.max_iter:
                self._told.epoch_begins()
        return self.stopped

    def state(self) -> dict[str, Array]:
        """Return what a checkpoint keeps of the books: what is not in the epochs' figures."""
        e = self._estimator
        kept = {
            "rate": np.array([e._solver.rate]),
            "no_improvement": np.array([e._no_improvement_count]),
        }
        if not e.early_stopping:
            return {**kept, "best_loss": np.array([e.best_loss_], np.float64)}
        scores = np.array([*e.validation_scores_, e.best_validation_score_], np.float64)
        return {**kept, "scores": scores, "best": e._best}

    def go_on(self, state: dict[str, Array], epochs: Epochs) -> None:
        """Keep the books of the run that `state` was taken of; `epochs` are those behind it."""
        e = self._estimator
        e._solver.rate = float(state["rate"][0])
        e._no_improvement_count = int(state["no_improvement"][0])
        e.n_iter_, e.t_ = len(epochs), len(epochs) * self._n
        e.loss_curve_ = epochs.losses()
        if e.loss_curve_:
            e.loss_ = e.loss_curve_[-1]
        outputs = e._reported_outputs()
        e.validation_loss_curve_ = [
            epoch.validation_loss / outputs
            for epoch in epochs.looked_at()
            if epoch.validation_loss is not None
        ]
        if not e.early_stopping:
            e.best_loss_ = float(state["best_loss"][0])
            return
        *e.validation_scores_, e.best_validation_score_ = state["scores"].tolist()
        e._best = state["best"].astype(e.network_.dtype).reshape(e.network_.parameters.shape)

    def _after_epoch(self, cost: float, epoch: Epoch) -> bool:
        """Note an epoch, and decide whether training ends with it."""
        e = self._estimator
        e.n_iter_ += 1
        e.t_ += self._n
        e.loss_ = cost
        e.loss_curve_.append(cost)
        if e.verbose:
            print(f"Iteration {e.n_iter_}, loss = {e.loss_:.8f}")  # noqa: T201
        score = None
        if self._watched is not None:
            loss = float(epoch.validation_loss or 0.0)
            e.validation_loss_curve_.append(loss / e._reported_outputs())
            if e.early_stopping:
                score = self._validation_score(self._watched)
        self._count_improvement(score)
        e._solver.epoch_ends(e.t_)
        if e._no_improvement_count <= e.n_iter_no_change:
            return False
        what = "Validation score" if e.early_stopping else "Training loss"
        message = (
            f"{what} did not improve more than tol={e.tol:f} for {e.n_iter_no_change} "
            "consecutive epochs."
        )
        if e._solver.stops(message, bool(e.verbose)):
            return True
        e._no_improvement_count = 0
        return False

    def _count_improvement(self, score: float | None) -> None:
        e = self._estimator
        if score is None:
            loss = e.loss_curve_[-1]
            worse = loss > e.best_loss_ - e.tol
            e._no_improvement_count = e._no_improvement_count + 1 if worse else 0
            e.best_loss_ = min(e.best_loss_, loss)
            return
        e.validation_scores_.append(score)
        if e.verbose:
            print(f"Validation score: {score:f}")  # noqa: T201
        worse = score < e.best_validation_score_ + e.tol
        e._no_improvement_count = e._no_improvement_count + 1 if worse else 0
        if score > e.best_validation_score_:
            e.best_validation_score_ = score
            e._best = e.network_.parameters.copy()  # the old may be read-only

    def _validation_score(self, watched: Watched) -> float:
        e = self._estimator
        if e.scoring is None:
            data, work = watched.data, watched.work
            engine = "compiled" if isinstance(data.X, np.ndarray) else "reference"
            output = evaluate(work, data, engine)[1]
            if not np.isfinite(output).all():
                return float("nan")
            shares = e._shares(work, data.X, output)
            return float(e._score(shares, watched.y, watched.weights))
        scorer = check_scoring(e, scoring=e.scoring)
        weights = {} if watched.weights is None else {"sample_weight": watched.weights}
        with warnings.catch_warnings():  # X was validated, which took its names
            warnings.filterwarnings("ignore", "X does not have valid feature names")
            return float(scorer(e, watched.X, watched.y, **weights))
