"""What classifier and regressor share: fitting, stopping, and scikit-learn's attributes.

The semantics are those of scikit-learn's multilayer perceptron: its first weights, its penalty
(alpha is divided by the samples of each batch), its schedules and its rules for stopping.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, validate_data

from clearprop.data import check_targets
from clearprop.errors import NonFiniteError
from clearprop.estimators.callbacks import CallbackSupportMixin, Told
from clearprop.estimators.lbfgs import minimize
from clearprop.estimators.parameters import CONSTRAINTS, activation_of
from clearprop.estimators.solver import Solver
from clearprop.estimators.sparse import ROWS, dense_rows
from clearprop.evaluation import evaluate
from clearprop.job import Data, Job
from clearprop.network import Network
from clearprop.training import run_job

Array = NDArray[Any]

NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)
OUTPUTS = {"sigmoid": "logistic"}
"""What `out_activation_` calls activations that have another name here."""


class BaseMLP(CallbackSupportMixin, BaseEstimator):  # type: ignore[misc]
    """A multilayer perceptron with scikit-learn's interface; see the two that derive from it."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    # What the two differ in.

    def _validate_input(
        self, X: Any, y: Any, incremental: bool, reset: bool, watched: bool = False
    ) -> tuple[Any, Array]:
        """Return checked X and y; `watched` data need not hold every class."""
        raise NotImplementedError

    def _targets(self, y: Array) -> Array:
        """Return validated y as the network learns it: labels (n,), or numbers (n, n_L)."""
        raise NotImplementedError

    def _output(self) -> str:
        """Return the output activation that belongs to the target."""
        raise NotImplementedError

    def _network_loss(self) -> Any:
        """Return the loss of the network."""
        raise NotImplementedError

    def _n_outputs(self, y: Array) -> int:
        raise NotImplementedError

    def _labels(self, y: Array) -> Array:
        """Return validated y as `predict` gives it, to score against."""
        raise NotImplementedError

    def _score(self, X: Array, y: Array, sample_weight: Array | None) -> float:
        raise NotImplementedError

    def _weights(self, y: Array, sample_weight: Array | None) -> Array | None:
        return sample_weight

    # Fitting.

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        incremental: bool,
        X_val: Any = None,
        y_val: Any = None,
    ) -> Any:
        given = X, y, sample_weight
        hidden = self._hidden_sizes()
        first = not hasattr(self, "network_") or (not self.warm_start and not incremental)
        X, y = self._validate_input(X, y, incremental, reset=first)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X)
        sample_weight = self._weights(y, sample_weight)
        self.n_outputs_ = self._n_outputs(y)
        self._random_state = check_random_state(self.random_state)
        if first:
            self._initialize([X.shape[1], *hidden, self.n_outputs_], X.dtype)
        if self.solver in ("sgd", "adam") or self.optimizer is not None:
            told = Told(self, self.max_iter, *given) if not incremental else None
            self._fit_stochastic(X, y, sample_weight, incremental, X_val, y_val, told)
            if told is not None:
                told.ends()
        else:
            self._fit_lbfgs(X, y, sample_weight)
        if not np.isfinite(self.network_.parameters).all():
            raise ValueError(NOT_FINITE)
        return self

    def _hidden_sizes(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        sizes = list(sizes) if hasattr(sizes, "__iter__") else [sizes]
        if np.any(np.array(sizes) <= 0):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
        return [int(size) for size in sizes]

    def _initialize(self, sizes: list[int], dtype: np.dtype[Any]) -> None:
        """Make the network, with the first weights that scikit-learn draws."""
        self.n_iter_ = 0
        self.t_ = 0
        self.n_layers_ = len(sizes)
        hidden = self.activation
        if isinstance(hidden, list | tuple):
            if len(hidden) != len(sizes) - 2:
                raise ValueError(
                    f"activation has {len(hidden)} entries, but there are {len(sizes) - 2} hidden "
                    "layers"
                )
            activations = [activation_of(f) for f in hidden]
        else:
            activations = [activation_of(hidden)] * (len(sizes) - 2)
        output = self.output_activation
        output = self._output() if output is None else activation_of(output)
        self.network_ = Network(
            sizes, [*activations, output], loss=self._network_loss(), dtype=dtype,
            initializer="zeros",
        )  # fmt: skip
        draw = self._random_state.uniform
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes), 1):
            factor = 2.0 if self.activation in ("logistic", "sigmoid") else 6.0
            bound = np.sqrt(factor / (fan_in + fan_out))
            self.network_[f"W{layer}"] = draw(-bound, bound, (fan_in, fan_out)).T
            self.network_[f"b{layer}"] = draw(-bound, bound, fan_out)
        self._best = self.network_.parameters.copy()
        if self.solver in ("sgd", "adam") or self.optimizer is not None:
            self.loss_curve_: list[float] = []
            self.validation_loss_curve_: list[float] = []
            self._no_improvement_count = 0
            if self.early_stopping:
                self.validation_scores_: list[float] | None = []
                self.best_validation_score_: float | None = -np.inf
                self.best_loss_: float | None = None
            else:
                self.best_loss_ = np.inf
                self.validation_scores_ = None
                self.best_validation_score_ = None

    def _working(self) -> Network:
        """Return the network that is trained: a narrower copy, unless float64 is asked for."""
        narrow = self.precision is None and self.network_.dtype == np.float64
        precision = np.dtype("float32") if narrow else np.dtype(self.precision or "float32")
        if precision == self.network_.dtype:
            return self.network_
        return self.network_.astype(precision)

    def _data(self, X: Any, y: Array, weights: Array | None, dtype: np.dtype[Any]) -> Data:
        network = self.network_
        checked = check_targets(
            self._targets(y), X.shape[0], network.sizes[-1], network.loss.targets, dtype
        )
        weights = None if weights is None else np.asarray(weights, dtype=np.float64)
        return Data(dense_rows(X, dtype), checked, weights)

    def _fit_stochastic(
        self,
        X: Any,
        y: Array,
        weights: Array | None,
        incremental: bool,
        X_val: Any,
        y_val: Any,
        told: Told | None,
    ) -> None:
        if not incremental or not hasattr(self, "_solver"):
            self._solver = Solver.begin(self)
            self._solver.state = self._solver.rule.start(self._working().parameters)
        work = self._working()
        X, y, weights, held_out = self._hold_out(X, y, weights, incremental, X_val, y_val)
        n = X.shape[0]
        if not isinstance(self.batch_size, str) and self.batch_size > n:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be "
                "clipped",
                stacklevel=4,
            )
        job = Job(
            work, self._data(X, y, weights, work.dtype), self._batch_size(n),
            1 if incremental else self.max_iter, bool(self.shuffle), float(self.alpha),
            float(self.dropout), 1, int(self._random_state.randint(np.iinfo(np.int32).max)),
            batch_means=True,
        )  # fmt: skip
        self.n_iter_ = 0
        judge = _Judge(self, n, held_out, told)
        sparse = not isinstance(job.data.X, np.ndarray)
        try:
            history = run_job(
                self.network_, job, self._solver.rule, callbacks=self._hooks(), judge=judge,
                engine="reference" if sparse else "compiled", threads=self.threads,
                progress=bool(self.progress), state=self._solver.state,
            )  # fmt: skip
        except NonFiniteError as error:
            raise ValueError(NOT_FINITE) from error
        stopped = judge.stopped or history.stopped == "callback"
        self._solver.updates += history.epochs[-1].updates if history.epochs else 0
        if history.stopped == "interrupted":
            warnings.warn("Training interrupted by user.", stacklevel=3)
        elif not incremental and not stopped and self.n_iter_ == self.max_iter:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the "
                "optimization hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=3,
            )
        if self.early_stopping and (not incremental or stopped):
            self.network_.parameters[:] = self._best
        if incremental and self.early_stopping:
            self.stopped_ = stopped

    def _hooks(self) -> list[Any]:
        hooks = self.callbacks
        if hooks is None:
            return []
        return [hooks] if callable(hooks) else list(hooks)

    def _batch_size(self, n: int) -> int:
        return min(200 if isinstance(self.batch_size, str) else int(self.batch_size), n)

    def _hold_out(
        self,
        X: Any,
        y: Array,
        weights: Array | None,
        incremental: bool,
        X_val: Any,
        y_val: Any,
    ) -> tuple[Any, Array, Array | None, tuple[Any, Array, Array | None] | None]:
        """Return training data and validation data: those given, or a share put aside."""
        if X_val is not None or y_val is not None:
            if X_val is None or y_val is None:
                raise ValueError("X_val and y_val belong together: give both, or none")
            checked = self._validate_input(X_val, y_val, True, reset=False, watched=True)
            return X, y, weights, (*checked, None)
        if not self.early_stopping:
            return X, y, weights, None
        if incremental:
            raise ValueError("partial_fit does not support early_stopping=True")
        # As in scikit-learn: of two classes, both are in either part in the same shares.
        stratify = y if is_classifier(self) and self.n_outputs_ == 1 else None
        arrays = [X, y] if weights is None else [X, y, weights]
        parts = train_test_split(
            *arrays, random_state=self._random_state, test_size=self.validation_fraction,
            stratify=stratify,
        )  # fmt: skip
        X, X_held, y, y_held = parts[:4]
        weights, weights_held = parts[4:] if weights is not None else (None, None)
        if X_held.shape[0] < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        return X, y, weights, (X_held, y_held, weights_held)

    def _after_epoch(
        self, cost: float, n: int, held_out: tuple[Any, Array, Array | None] | None
    ) -> bool:
        """Note an epoch, and decide whether training ends with it, as scikit-learn does."""
        self.n_iter_ += 1
        self.t_ += n
        self.loss_ = self._reported(cost, n)
        self.loss_curve_.append(self.loss_)
        if self.verbose:
            print(f"Iteration {self.n_iter_}, loss = {self.loss_:.8f}")  # noqa: T201
        if held_out is not None:
            data = self._data(*held_out, self.network_.dtype)
            loss = evaluate(self.network_, data.X[:], data.y, data.weights)[0]
            self.validation_loss_curve_.append(self._averaged(loss))
        self._count_improvement(held_out)
        self._solver.epoch_ends(self.t_)
        if self._no_improvement_count <= self.n_iter_no_change:
            return False
        what = "Validation score" if self.early_stopping else "Training loss"
        message = (
            f"{what} did not improve more than tol={self.tol:f} for {self.n_iter_no_change} "
            "consecutive epochs."
        )
        if self._solver.stops(message, bool(self.verbose)):
            return True
        self._no_improvement_count = 0
        return False

    def _count_improvement(self, held_out: tuple[Any, Array, Array | None] | None) -> None:
        if not self.early_stopping:
            loss = self.loss_curve_[-1]
            assert self.best_loss_ is not None  # set where fitting began
            worse = loss > self.best_loss_ - self.tol
            self._no_improvement_count = self._no_improvement_count + 1 if worse else 0
            self.best_loss_ = min(self.best_loss_, loss)
            return
        assert held_out is not None
        assert self.validation_scores_ is not None
        assert self.best_validation_score_ is not None
        score = self._validation_score(*held_out)
        self.validation_scores_.append(score)
        if self.verbose:
            print(f"Validation score: {score:f}")  # noqa: T201
        worse = score < self.best_validation_score_ + self.tol
        self._no_improvement_count = self._no_improvement_count + 1 if worse else 0
        if score > self.best_validation_score_:
            self.best_validation_score_ = score
            self._best[:] = self.network_.parameters

    def _validation_score(self, X: Any, y: Array, weights: Array | None) -> float:
        labels = self._labels(y)
        if self.scoring is None:
            return self._score(X, labels, weights)
        scorer = check_scoring(self, scoring=self.scoring)
        with warnings.catch_warnings():  # X was validated, which took its names
            warnings.filterwarnings("ignore", "X does not have valid feature names")
            return float(scorer(self, X, labels))

    def _reported(self, loss: float, n: int) -> float:
        """Return the cost as scikit-learn reports it: a squared error is a mean over outputs."""
        if self._averaged(1.0) == 1.0:
            return loss
        # The penalty has no outputs to be averaged over. It is taken from the weights as they are
        # after the epoch, which differ little from those before it.
        rows = n if self.solver == "lbfgs" else self._batch_size(n)
        squares = sum(float((W.astype(np.float64) ** 2).sum()) for W in self.network_.weights)
        penalty = 0.5 * self.alpha * squares * -(-n // rows) / n
        return self._averaged(loss - penalty) + penalty

    def _averaged(self, loss: float) -> float:
        return loss

    def _fit_lbfgs(self, X: Any, y: Array, weights: Array | None) -> None:
        n = X.shape[0]
        job = Job(
            self.network_, self._data(X, y, weights, self.network_.dtype), n, self.max_iter, False,
            float(self.alpha),
            0.0, 1, 0, batch_means=True,
        )  # fmt: skip
        self.n_iter_, loss = minimize(
            job, tolerance=self.tol, max_iter=self.max_iter, max_fun=self.max_fun,
            threads=self.threads,
        )  # fmt: skip
        self.loss_ = self._reported(loss, n)

    # Predicting.

    def _outputs(self, X: Any, check_input: bool = True) -> Array:
        """Return the network's output (n, n_L)."""
        if check_input:
            X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        if hasattr(X, "tocsr"):
            rows = X.tocsr()
            blocks = [
                self.network_.predict(rows[at : at + ROWS].toarray().astype(self.network_.dtype))
                for at in range(0, rows.shape[0], ROWS)
            ]
            return np.concatenate(blocks)
        return self.network_.predict(dense_rows(X, self.network_.dtype))

    def _fitted_so_far(self) -> dict[str, Any]:
        """Return the attributes by which a copy of this estimator can predict."""
        kept = {
            name: value
            for name, value in vars(self).items()
            if (name.endswith("_") and not name.endswith("__")) or name == "_label_binarizer"
        }
        return {**kept, "network_": self.network_.copy()}

    # scikit-learn's attributes.

    @property
    def coefs_(self) -> list[Array]:
        """Weights in scikit-learn's orientation, (n_in, n_out): views into `network_`."""
        return [W.T for W in self._fitted_network("coefs_").weights]

    @coefs_.setter
    def coefs_(self, coefs: list[Array]) -> None:
        for view, array in zip(self.coefs_, coefs, strict=True):
            view[...] = array

    @property
    def intercepts_(self) -> list[Array]:
        """Biases, (n_out,): views into `network_`."""
        return list(self._fitted_network("intercepts_").biases)

    @intercepts_.setter
    def intercepts_(self, intercepts: list[Array]) -> None:
        for view, array in zip(self.intercepts_, intercepts, strict=True):
            view[...] = array

    @property
    def out_activation_(self) -> str:
        """The output activation, by scikit-learn's name."""
        name = self._fitted_network("out_activation_").activations[-1].name
        return OUTPUTS.get(name, name)

    def _fitted_network(self, asked: str) -> Network:
        if "network_" not in vars(self):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {asked!r}")
        return self.network_

    def _check_solver(self) -> bool:
        if self.solver == "lbfgs" and self.optimizer is None:
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers. "
                f"{self.solver} is not stochastic."
            )
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class _Judge:
    """Looks at the epochs of a fit: several at once, where nothing happens between them.

    A run ends when the loss has not improved for more than `n_iter_no_change` epochs: until
    then, no look is needed.
    """

    def __init__(
        self,
        estimator: BaseMLP,
        n: int,
        held_out: tuple[Any, Array, Array | None] | None,
        told: Told | None,
    ) -> None:
        self._estimator, self._n = estimator, n
        self._held_out, self._told = held_out, told
        self.stopped = False
        if told is not None:
            told.epoch_begins()

    @property
    def ahead(self) -> int:
        e = self._estimator
        busy = self._held_out is not None or e.verbose or (self._told and self._told.listening)
        changing = e.solver == "sgd" and e.learning_rate == "invscaling"
        averaged = e.alpha > 0 and e._averaged(1.0) != 1.0
        if busy or changing or averaged:
            return 1
        return int(min(max(e.n_iter_no_change - e._no_improvement_count, 0), e.max_iter)) + 1

    def look(self, costs: Sequence[float]) -> bool:
        e = self._estimator
        for cost in costs:
            self.stopped = e._after_epoch(float(cost), self._n, self._held_out)
        if self._told is not None:
            self.stopped |= self._told.epoch_ends()
            if not self.stopped and e.n_iter_ < e.max_iter:
                self._told.epoch_begins()
        return self.stopped
