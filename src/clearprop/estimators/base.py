"""What classifier and regressor share: fitting, stopping, and scikit-learn's attributes.

The semantics are those of scikit-learn's multilayer perceptron: its first weights, its penalty
(alpha is divided by the samples of each batch), its schedules and its rules for stopping.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import pairwise
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, validate_data

from clearprop.checks.data import Data, check_targets
from clearprop.cost import penalty
from clearprop.engine.settings import Accounting, RunSettings
from clearprop.errors import NonFiniteError
from clearprop.estimators.callbacks import CallbackSupportMixin, FitCallbacks
from clearprop.estimators.lbfgs import minimize
from clearprop.estimators.parameters import CONSTRAINTS, activation_of
from clearprop.estimators.solver import Solver
from clearprop.estimators.sparse import ROWS, dense_rows
from clearprop.estimators.stopping import StoppingJudge, Watched, keep_books
from clearprop.network import Network
from clearprop.training.job import Job
from clearprop.training.loop import Loop

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

    network_: Network

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

    def _score(self, output: Array, y: Array, sample_weight: Array | None) -> float:
        """Return accuracy or R2 of the network's output."""
        raise NotImplementedError

    def _weights(self, y: Array, sample_weight: Array | None, incremental: bool) -> Array | None:
        """Return what samples count with in training."""
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
        stochastic = self.solver in ("sgd", "adam") or self.optimizer is not None
        self._check_extras(stochastic, X_val, y_val)
        first = not hasattr(self, "network_") or (not self.warm_start and not incremental)
        X, y = self._validate_input(X, y, incremental, reset=first)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X)
            if (sample_weight < 0).any():
                raise ValueError("Negative values in data passed to `sample_weight`")
        self.n_outputs_ = self._n_outputs(y)
        self._random_state = check_random_state(self.random_state)
        sizes = [X.shape[1], *hidden, self.n_outputs_]
        if first:
            self._initialize(sizes, X.dtype)
        else:
            self._go_on(sizes)
        if stochastic:
            told = FitCallbacks(self, self.max_iter, *given) if not incremental else None
            self._fit_stochastic(X, y, sample_weight, incremental, X_val, y_val, told)
            if told is not None:
                told.ends()
        else:
            self._fit_lbfgs(X, y, self._weights(y, sample_weight, incremental))
        if not np.isfinite(self.network_.parameters).all():
            raise ValueError(NOT_FINITE)
        return self

    def _check_extras(self, stochastic: bool, X_val: Any, y_val: Any) -> None:
        """Refuse what L-BFGS, which goes no epochs, has no use for."""
        hooks = self._hooks()
        for hook in hooks:
            if not callable(hook):
                raise TypeError(f"a callback is {hook!r}; it must be a function of the epoch")
        if stochastic:
            return
        for name, given in (
            ("dropout", self.dropout),
            ("callbacks", hooks),
            ("X_val and y_val", X_val is not None or y_val is not None),
        ):
            if given:
                raise ValueError(f"solver='lbfgs' takes no {name}: use 'adam' or 'sgd'")

    def _hidden_sizes(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        sizes = list(sizes) if hasattr(sizes, "__iter__") else [sizes]
        for size in sizes:
            if not isinstance(size, Integral):
                raise TypeError(f"hidden_layer_sizes must be whole numbers, got {sizes}.")
        if np.any(np.array(sizes) <= 0):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
        return [int(size) for size in sizes]

    def _functions(self, n_hidden: int) -> list[Any]:
        """Return the activation of each layer of weights."""
        hidden = self.activation
        if isinstance(hidden, list | tuple):
            if len(hidden) != n_hidden:
                raise ValueError(
                    f"activation has {len(hidden)} entries, but there are {n_hidden} hidden layers"
                )
            activations = [activation_of(f) for f in hidden]
        else:
            activations = [activation_of(hidden)] * n_hidden
        output = self.output_activation
        return [*activations, self._output() if output is None else activation_of(output)]

    def _go_on(self, sizes: list[int]) -> None:
        """Go on with the network there is, by the activations and the loss of now."""
        old = self.network_
        if list(old.sizes) != sizes:
            raise ValueError(
                f"the fitted network has layers of {list(old.sizes)}, not {sizes}: fit anew, "
                "without warm_start"
            )
        new = Network(
            sizes, self._functions(len(sizes) - 2), loss=self._network_loss(), dtype=old.dtype,
            initializer="zeros",
        )  # fmt: skip
        if [f.name for f in new.activations] != [f.name for f in old.activations] or repr(
            new.loss
        ) != repr(old.loss):
            new.parameters[:] = old.parameters
            self.network_ = new

    def _initialize(self, sizes: list[int], dtype: np.dtype[Any]) -> None:
        """Make the network, with the first weights that scikit-learn draws."""
        self.n_iter_ = 0
        self.t_ = 0
        self.n_layers_ = len(sizes)
        self.network_ = Network(
            sizes, self._functions(len(sizes) - 2), loss=self._network_loss(), dtype=dtype,
            initializer="zeros",
        )  # fmt: skip
        draw = self._random_state.uniform
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes), 1):
            bound = np.sqrt((2.0 if self._is_logistic(layer) else 6.0) / (fan_in + fan_out))
            self.network_[f"W{layer}"] = draw(-bound, bound, (fan_in, fan_out)).T
            self.network_[f"b{layer}"] = draw(-bound, bound, fan_out)
        for name in ("_solver", "loss_curve_"):  # of a fit before this one
            self.__dict__.pop(name, None)

    def _is_logistic(self, layer: int) -> bool:
        """Whether first weights are drawn as scikit-learn does for "logistic": in every layer."""
        if isinstance(self.activation, list | tuple):
            return bool(self.network_.activations[layer - 1].name == "sigmoid")
        return getattr(self.activation, "name", self.activation) in ("logistic", "sigmoid")

    def _working(self) -> Network:
        """Return the network that is trained: a narrower copy, unless float64 is asked for."""
        if not self.network_.parameters.flags.writeable:  # a file that joblib has mapped
            self.network_ = self.network_.copy()
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
        told: FitCallbacks | None,
    ) -> None:
        keep_books(self)
        known = getattr(self, "_solver", None)
        if not incremental or known is None or known.settings["optimizer"] is not self.optimizer:
            self._solver = Solver.begin(self)
        work = self._working()
        X, y, weights, held_out = self._hold_out(X, y, weights, incremental, X_val, y_val)
        weights = self._weights(y, weights, incremental)
        n = X.shape[0]
        if not isinstance(self.batch_size, str) and self.batch_size > n:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be "
                "clipped",
                stacklevel=4,
            )
        settings = RunSettings(
            self._batch_size(n), 1 if incremental else self.max_iter, bool(self.shuffle),
            l2=float(self.alpha), dropout=float(self.dropout),
            seed=int(self._random_state.randint(np.iinfo(np.int32).max)),
            accounting=self._accounting(),
        )  # fmt: skip
        job = Job(work, self._data(X, y, weights, work.dtype), settings)
        self.n_iter_ = 0
        watched = None
        if held_out is not None:
            watched = Watched(*held_out, self._data(*held_out, work.dtype), work)
        judge = StoppingJudge(self, n, watched, told)
        sparse = not isinstance(job.data.X, np.ndarray)
        try:
            history = Loop(
                self.network_, job, self._solver.rule, callbacks=self._hooks(), judge=judge,
                held_out=None if watched is None else watched.data,
                engine="reference" if sparse else "compiled", threads=self.threads,
                progress=bool(self.progress), standing=self._solver.standing_for(work.parameters),
            ).run()  # fmt: skip
        except NonFiniteError as error:
            wider = " precision='float64' reaches further." if work.dtype == np.float32 else ""
            raise ValueError(NOT_FINITE + wider) from error
        stopped = judge.stopped or history.stopped == "callback"
        if history.epochs:
            self._solver.updates = history.epochs[-1].updates
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
            try:
                checked = self._validate_input(X_val, y_val, True, reset=False, watched=True)
            except (ValueError, TypeError) as error:
                raise type(error)(f"X_val and y_val: {error}") from None
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

    def _reported_outputs(self) -> int:
        """Return by how many outputs a reported cost is divided: a squared error is their mean."""
        return 1

    def _accounting(self) -> Accounting:
        """Return how scikit-learn counts penalty and costs."""
        return Accounting(True, True, self._reported_outputs())

    def _fit_lbfgs(self, X: Any, y: Array, weights: Array | None) -> None:
        n = X.shape[0]
        if not self.network_.parameters.flags.writeable:
            self.network_ = self.network_.copy()
        settings = RunSettings(
            n, self.max_iter, shuffle=False, l2=float(self.alpha),
            accounting=replace(self._accounting(), outputs=1),
        )  # fmt: skip
        job = Job(self.network_, self._data(X, y, weights, self.network_.dtype), settings)
        self.n_iter_, loss = minimize(
            job, tolerance=self.tol, max_iter=self.max_iter, max_fun=self.max_fun,
            threads=self.threads,
        )  # fmt: skip
        own = float(penalty(self.network_.weights, self.alpha)) / n
        self.loss_ = (loss - own) / self._reported_outputs() + own

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
        output = self.network_.predict(dense_rows(X, self.network_.dtype))
        return output.astype(np.result_type(output, X.dtype), copy=False)

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
