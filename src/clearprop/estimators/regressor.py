"""MLPRegressor, with scikit-learn's interface."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from clearprop.estimators.base import BaseMLP
from clearprop.estimators.decorators import fitting, going_on
from clearprop.estimators.lazily import with_numbers
from clearprop.estimators.parameters import LOSS, LearningRate, Solver
from clearprop.estimators.samples import Given
from clearprop.estimators.sparse import check_sparse
from clearprop.losses import loss as resolve_loss

Array = NDArray[Any]


class MLPRegressor(RegressorMixin, BaseMLP):  # type: ignore[misc]
    """A multilayer perceptron for numbers: scikit-learn's ``MLPRegressor`` on this engine.

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        "squared_error" and "poisson" are scikit-learn's; beyond it there are "absolute_error",
        "huber", "quantile", ``cp.huber(1.5)``, ``cp.quantile(0.9)``, and losses of your own.
    hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate, learning_rate_init, \
power_t, max_iter, shuffle, random_state, tol, verbose, warm_start, momentum, nesterovs_momentum, \
early_stopping, validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change, max_fun
        As for `MLPClassifier`.
    output_activation : str, Activation or None, default=None
        None: exp for "poisson", else identity.
    dropout, optimizer, scoring, callbacks, progress, precision, threads, checkpoint, \
checkpoint_every, resume
        As for `MLPClassifier`; without ``scoring``, early stopping goes by R2.

    Attributes
    ----------
    network_, coefs_, intercepts_, loss_, best_loss_, loss_curve_, validation_scores_, \
best_validation_score_, validation_loss_curve_, n_iter_, t_, n_layers_, n_outputs_, \
n_features_in_, feature_names_in_, out_activation_
        As for `MLPClassifier`. ``loss_`` of a squared error is a mean over the outputs, as
        scikit-learn reports it; what is minimized is the sum.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from clearprop.estimators import MLPRegressor
    >>> X, y = make_regression(n_samples=200, n_features=20, random_state=1)
    >>> regressor = MLPRegressor(random_state=1, max_iter=2000, tol=0.1).fit(X[:150], y[:150])
    >>> regressor.score(X[150:], y[150:]) > 0.8
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseMLP._parameter_constraints,
        "loss": LOSS,
    }

    def __init__(
        self,
        loss: Any = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: Solver = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: LearningRate = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: Any = 10,
        max_fun: int = 15000,
        output_activation: Any = None,
        dropout: float = 0.0,
        optimizer: Any = None,
        scoring: Any = None,
        callbacks: Any = None,
        progress: bool = False,
        precision: Literal["float32", "float64"] | None = None,
        threads: int | None = None,
        checkpoint: Any = None,
        checkpoint_every: Any = None,
        resume: bool = False,
    ) -> None:
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.output_activation = output_activation
        self.dropout = dropout
        self.optimizer = optimizer
        self.scoring = scoring
        self.callbacks = callbacks
        self.progress = progress
        self.precision = precision
        self.threads = threads
        self.checkpoint = checkpoint
        self.checkpoint_every = checkpoint_every
        self.resume = resume

    @fitting
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> MLPRegressor:
        """Fit the model.

        Parameters
        ----------
        X : array-like, sparse matrix or table of shape (n_samples, n_features), or Stream
            What ``cp.stream`` returns: its y and weights are in it.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
        X_val, y_val : as X and y, default=None
            Data to watch after each epoch, and for early stopping in place of a share of X.
        sample_weight_val : array-like of shape (n_samples,), default=None
            What the validation data count with, in ``validation_loss_curve_`` and in scores.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError, TypeError
            As scikit-learn's: if X and y do not fit, or hold NaN, or training diverges.
        """
        given = Given(X, y, sample_weight, X_val, y_val, sample_weight_val)
        return self._fit(given, incremental=False)

    @going_on
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> MLPRegressor:
        """Update the model with one epoch over the given data; "lbfgs" goes on to its end.

        Parameters
        ----------
        X, y, sample_weight, sample_weight_val
            As for `fit`.
        X_val, y_val : as X and y, default=None
            Data to watch. With ``early_stopping``, ``stopped_`` says whether their score has
            stopped improving; the best parameters are then in place.

        Returns
        -------
        self : object
        """
        given = Given(X, y, sample_weight, X_val, y_val, sample_weight_val)
        return self._fit(given, incremental=True)

    @with_numbers
    def predict(self, X: Any) -> Array:
        """Return the predicted numbers.

        Parameters
        ----------
        X : array-like, sparse matrix or table of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        check_is_fitted(self)
        return self._numbers(self._outputs(X))

    def _numbers(self, output: Array) -> Array:
        return output.ravel() if output.shape[1] == 1 else output

    def _validate_input(
        self, X: Any, y: Any, incremental: bool, reset: bool, watched: bool = False
    ) -> tuple[Any, Array]:
        check_sparse(X)
        X, y = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], multi_output=True, y_numeric=True,
            dtype=(np.float64, np.float32), reset=reset,
        )  # fmt: skip
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y

    def _targets(self, y: Array) -> Array:
        return y

    def _n_outputs(self, y: Array) -> int:
        return 1 if y.ndim == 1 else int(y.shape[1])

    def _output(self) -> str:
        partners = getattr(resolve_loss(self.loss), "partners", ())
        return min(partners) if partners else "identity"  # of poisson's, exp

    def _network_loss(self) -> Any:
        return self.loss

    def _reported_outputs(self) -> int:
        return self.n_outputs_ if repr(self.loss) in ("squared_error", "'squared_error'") else 1

    def _score(self, output: Array, y: Array, sample_weight: Array | None) -> float:
        return float(r2_score(y, self._numbers(output), sample_weight=sample_weight))
