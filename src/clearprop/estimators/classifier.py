"""MLPClassifier, with scikit-learn's interface."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,
    type_of_target,
    unique_labels,
)
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from clearprop.estimators.base import BaseMLP
from clearprop.estimators.class_weight import weights_by_class
from clearprop.estimators.decorators import fitting, going_on, only_if
from clearprop.estimators.lazily import with_classes, with_labels
from clearprop.estimators.parameters import LearningRate, Solver
from clearprop.estimators.probabilities import shares
from clearprop.estimators.samples import Given, Samples
from clearprop.estimators.solver import makes_updates
from clearprop.estimators.sparse import check_sparse
from clearprop.network import Network

Array = NDArray[Any]


class MLPClassifier(ClassifierMixin, BaseMLP):  # type: ignore[misc]
    """A multilayer perceptron for classes: scikit-learn's ``MLPClassifier`` on this engine.

    The parameters up to ``max_fun``, their defaults and their meanings are scikit-learn's; those
    after it are not, and off by default.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, default=(100,)
        The neurons of each hidden layer.
    activation : str, Activation, or list of these, default="relu"
        Of the hidden layers: "identity", "logistic", "tanh", "relu"; beyond scikit-learn, any
        activation of Clearprop's, or one for each hidden layer.
    solver : {"lbfgs", "sgd", "adam"}, default="adam"
    alpha : float, default=0.0001
        The penalty, divided by the samples of a batch when it is added to the loss.
    batch_size : int, default="auto"
        "auto" is min(200, n_samples).
    learning_rate : {"constant", "invscaling", "adaptive"}, default="constant"
        Of "sgd".
    learning_rate_init : float, default=0.001
    power_t : float, default=0.5
        Of "invscaling".
    max_iter : int, default=200
        Epochs; iterations for "lbfgs".
    shuffle : bool, default=True
    random_state : int, RandomState or None, default=None
        The first weights are those that scikit-learn draws from it; the order of the samples
        is Clearprop's own.
    tol, n_iter_no_change : float, int, default=1e-4, 10
        Training ends where the loss (or the score, with early stopping) has not improved by
        ``tol`` for more than so many epochs.
    verbose : bool, default=False
    warm_start : bool, default=False
    momentum, nesterovs_momentum : float, bool, default=0.9, True
        Of "sgd".
    early_stopping, validation_fraction : bool, float, default=False, 0.1
    beta_1, beta_2, epsilon : float, default=0.9, 0.999, 1e-8
        Of "adam".
    max_fun : int, default=15000
        Of "lbfgs".
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weights of classes, as elsewhere in scikit-learn, 0 or more; of labels, a dict for each.
        They count in training, and not in scores.
    output_activation : {"softmax", "logistic"} or None, default=None
        None: softmax for many classes, logistic for two classes or labels. "logistic" for many
        classes trains an output for each against all others; their probabilities are divided
        by their sum.
    dropout : float, default=0.0
        The share of hidden activations that is set to zero in training.
    optimizer : str, optimizer or None, default=None
        One of Clearprop's, in place of ``solver``: ``cp.AdamW(decay=0.05)``, whose settings are its
        own; a name, as "adamw", takes ``learning_rate_init``. L-BFGS is a solver.
    scoring : str, callable or None, default=None
        The scorer for early stopping. None: accuracy.
    callbacks : callable or list of callables, default=None
        Each is called with every epoch; one that returns True ends the run.
    progress : bool, default=False
        Whether to show a progress bar.
    precision : {"float32", "float64"} or None, default=None
        What "sgd" and "adam" compute in. None: float32, whatever X is; "float64" gives
        scikit-learn's numbers for X in float64. "lbfgs" computes in the data type of X.
    threads : int or None, default=None
        Of the engine; the numbers are the same for any. None: as many as pay.
    checkpoint, checkpoint_every, resume : path, int or str, bool, default=None, None, False
        As for ``cp.train``: `fit` writes into this folder how it stands, and with ``resume=True``
        goes on from there. It needs a `random_state`; ``max_iter`` may grow.

    Attributes
    ----------
    network_ : clearprop.Network
        For ``cp.explain``, ``cp.check_gradients``, ``cp.diagnose`` and exports.
    classes_ : ndarray or list of ndarray of shape (n_classes,)
    coefs_, intercepts_ : list of ndarray
        Of shape (n_in, n_out) and (n_out,): views into the network's parameters.
    loss_, best_loss_, loss_curve_ : float, float or None, list of float
    validation_scores_, best_validation_score_ : list of float, float; None without early stopping
    validation_loss_curve_ : list of float
        The loss on validation data after each epoch, where there is such data.
    n_iter_, t_, n_layers_, n_outputs_, n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where X has names of columns.
    out_activation_ : str

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.model_selection import train_test_split
    >>> from clearprop.estimators import MLPClassifier
    >>> X, y = make_classification(n_samples=100, random_state=1)
    >>> X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=1)
    >>> classifier = MLPClassifier(random_state=1, max_iter=300).fit(X, y)
    >>> classifier.predict_proba(X_test[:1]).shape
    (1, 2)
    >>> classifier.score(X_test, y_test) > 0.8
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseMLP._parameter_constraints,
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
        "output_activation": [StrOptions({"softmax", "logistic", "sigmoid"}), None],
    }

    def __init__(
        self,
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
        class_weight: Any = None,
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
        self.class_weight = class_weight
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
    ) -> MLPClassifier:
        """Fit the model.

        Parameters
        ----------
        X : array-like, sparse matrix or table of shape (n_samples, n_features), or Stream
            What ``cp.stream`` returns: its y and weights are in it.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels; for multilabel targets, rows of 0 and 1.
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

    @only_if(makes_updates)
    @going_on
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        classes: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> MLPClassifier:
        """Update the model with one epoch over the given data.

        Parameters
        ----------
        X, y, sample_weight, sample_weight_val
            As for `fit`.
        classes : array of shape (n_classes,), default=None
            All classes; needed in the first call.
        X_val, y_val : as X and y, default=None
            Data to watch. With ``early_stopping``, ``stopped_`` says whether their score has
            stopped improving; the best parameters are then in place.

        Returns
        -------
        self : object
        """
        if _check_partial_fit_first_call(self, classes):
            self._label_binarizer = LabelBinarizer()
            multilabel = type_of_target(y).startswith("multilabel")
            self._label_binarizer.fit(y if multilabel else classes)
        given = Given(X, y, sample_weight, X_val, y_val, sample_weight_val)
        return self._fit(given, incremental=True)

    @with_labels
    def predict(self, X: Any) -> Array:
        """Return the most probable class of each row, or the labels that are more likely than not.

        Parameters
        ----------
        X : array-like, sparse matrix or table of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        check_is_fitted(self)
        return self._classes_of(self._outputs(X))

    @with_classes
    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like, sparse matrix or table of shape (n_samples, n_features)

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        check_is_fitted(self)
        output = self._outputs(X)
        if self.n_outputs_ == 1:
            return np.hstack([1 - output, output])
        return output

    @with_classes
    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of the probability of each class, as ``log(predict_proba(X))``.

        Parameters
        ----------
        X : array-like, sparse matrix or table of shape (n_samples, n_features)

        Returns
        -------
        log_y_prob : ndarray of shape (n_samples, n_classes)
        """
        probabilities = self.predict_proba(X)
        return np.log(probabilities, out=probabilities)

    def _classes_of(self, output: Array) -> Any:
        output = output.ravel() if self.n_outputs_ == 1 else output
        return self._label_binarizer.inverse_transform(output)

    def _validate_input(
        self, X: Any, y: Any, incremental: bool, reset: bool, watched: bool = False
    ) -> tuple[Any, Array]:
        check_sparse(X)
        X, y = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], multi_output=True,
            dtype=(np.float64, np.float32), reset=reset,
        )  # fmt: skip
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if not hasattr(self, "classes_") or (not self.warm_start and not incremental):
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
            return X, y
        classes = unique_labels(y)
        if self.warm_start and not watched:
            if set(classes) != set(self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous "
                    f"call to fit. Previously got {self.classes_}, `y` has {classes}"
                )
        elif len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                "`y` has classes not in `self.classes_`. `self.classes_` has "
                f"{self.classes_}. 'y' has {classes}."
            )
        if y.ndim == 2 or self._label_binarizer.y_type_.startswith("multilabel"):
            rows = self._label_binarizer.transform(y)  # raises where it has other labels a row
            y = rows if y.ndim == 1 else y
        return X, y

    @property
    def _is_multiclass(self) -> bool:
        return bool(self._label_binarizer.y_type_ == "multiclass")

    def _targets(self, y: Array) -> Array:
        if self.network_.loss.targets == "labels":
            return np.searchsorted(self.classes_, y)
        return np.asarray(self._label_binarizer.transform(y), dtype=np.float64)

    def _n_outputs(self, y: Array) -> int:
        kind = self._label_binarizer.y_type_
        if kind.startswith("multilabel"):
            return int(y.shape[1])
        return len(self.classes_) if len(self.classes_) > 2 else 1

    def _output(self) -> str:
        return "softmax" if self._is_multiclass else "sigmoid"

    def _network_loss(self) -> Any:
        if self.output_activation == "softmax" and not self._is_multiclass:
            raise ValueError("output_activation='softmax' is for three classes or more")
        return None  # the one that belongs to the output

    def _weights(self, samples: Samples, incremental: bool) -> Samples:
        if self.class_weight is None:
            return samples
        X, y, own = samples
        weights = weights_by_class(self.class_weight, y, self.classes_, incremental)
        if own is not None:
            weights = weights * own
        if not np.any(weights):
            raise ValueError("class_weight leaves no sample that counts")
        return Samples(X, y, weights)

    def _shares(self, network: Network, X: Any, output: Array) -> Array:
        if self._is_multiclass and network.activations[-1].name == "sigmoid":
            return shares(network, X, output)
        return output

    def _score(self, output: Array, y: Array, sample_weight: Array | None) -> float:
        return float(accuracy_score(y, self._classes_of(output), sample_weight=sample_weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
