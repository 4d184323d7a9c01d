"""What classifier and regressor share: fitting, stopping, and scikit-learn's attributes.

The semantics are those of scikit-learn's multilayer perceptron: its first weights, its penalty
(alpha is divided by the samples of each batch), its schedules and its rules for stopping.
"""

from __future__ import annotations

from itertools import pairwise
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from clearprop.checks.lazy import check_computed
from clearprop.checks.settings import listed
from clearprop.engine.settings import Accounting
from clearprop.errors import shown
from clearprop.estimators.callbacks import CallbackSupportMixin, FitCallbacks
from clearprop.estimators.fitting import NOT_FINITE, begin_solver, fit_lbfgs, fit_stochastic
from clearprop.estimators.own_callbacks import callbacks_of
from clearprop.estimators.parameters import CONSTRAINTS, NO_SEED, activation_of, check_parameters
from clearprop.estimators.samples import Given, Samples, check_weights, put_aside
from clearprop.estimators.sparse import check_sparse, outputs
from clearprop.estimators.state import packed, unpacked
from clearprop.estimators.streamed import fit_stream
from clearprop.network import Network
from clearprop.streams.stream import Stream
from clearprop.training.checkpoints.keeping import Keeping, check_keeping

Array = NDArray[Any]

OUTPUTS = {"sigmoid": "logistic"}
"""What `out_activation_` calls activations that have another name here."""


class BaseMLP(CallbackSupportMixin, BaseEstimator):  # type: ignore[misc]
    """A multilayer perceptron with scikit-learn's interface; see the two that derive from it."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    network_: Network

    _seconds: float = 0.0
    """That the epochs of `partial_fit` have taken."""

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

    def _weights(self, samples: Samples, incremental: bool) -> Samples:
        """Return samples with what they count in training."""
        return samples

    def _shares(self, network: Network, X: Any, output: Array) -> Array:
        """Return the network's output for X as what is decided by."""
        return output

    # Fitting.

    def _validate_params(self) -> None:
        check_parameters(
            type(self).__name__, self._parameter_constraints, self.get_params(deep=False)
        )

    def _fit(self, given: Given, incremental: bool) -> Any:
        if isinstance(given.X, Stream):
            return fit_stream(self, given, incremental)
        check_computed(given.X, "X")
        hidden = self._hidden_sizes()
        stochastic = self.solver in ("sgd", "adam") or self.optimizer is not None
        self._check_extras(stochastic, given)
        keeping = self._keeping(incremental)
        first = not hasattr(self, "network_") or (not self.warm_start and not incremental)
        X, y = self._validate_input(given.X, given.y, incremental, reset=first)
        weights = check_weights(given.sample_weight, X)
        self._random_state = check_random_state(self.random_state)
        sizes = [X.shape[1], *hidden, self._n_outputs(y)]
        if first:
            self._initialize(sizes, X.dtype)
        else:
            self._go_on(sizes)
        self.n_outputs_ = sizes[-1]
        training = Samples(X, y, weights)
        if stochastic:
            told = None if incremental else FitCallbacks(self, self.max_iter, *given[:3])
            begin_solver(self, incremental)
            training, held_out = self._hold_out(training, given, incremental)
            training = self._weights(training, incremental)
            fit_stochastic(self, training, held_out, incremental, told, keeping)
            if told is not None:
                told.ends()
        else:
            fit_lbfgs(self, self._weights(training, incremental))
        if not np.isfinite(self.network_.parameters).all():
            raise ValueError(NOT_FINITE)
        return self

    def _check_extras(self, stochastic: bool, given: Given) -> None:
        """Refuse what L-BFGS, which goes no epochs, has no use for."""
        hooks = callbacks_of(self)
        if stochastic:
            return
        validation = any(part is not None for part in given[3:])
        for name, used in (
            ("dropout", self.dropout), ("callbacks", hooks), ("X_val and y_val", validation),
            ("checkpoint", self.checkpoint is not None),
        ):  # fmt: skip
            if used:
                raise ValueError(f"solver='lbfgs' takes no {name}: use 'adam' or 'sgd'")

    def _keeping(self, incremental: bool) -> Keeping | None:
        """Return how a fit is kept, or refuse what could never be the same run again."""
        keeping = check_keeping(self.checkpoint, self.checkpoint_every, self.resume)
        if keeping is None:
            return None
        if incremental or self.warm_start:
            what = "partial_fit" if incremental else "warm_start=True"
            raise ValueError(f"{what} goes with no checkpoint: set checkpoint=None")
        if self.random_state is None:
            raise ValueError(NO_SEED)
        return keeping

    def _hidden_sizes(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        sizes = listed(sizes)
        for size in sizes:
            if not isinstance(size, Integral) or isinstance(size, bool):
                raise TypeError(f"hidden_layer_sizes must be whole numbers, got {shown(sizes)}.")
        if any(size <= 0 for size in sizes):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {shown(sizes)}.")
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
        check_same_sizes(list(old.sizes), sizes)
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
        for name in ("_solver", "loss_curve_", "validation_loss_curve_"):  # of a fit before
            self.__dict__.pop(name, None)

    def _is_logistic(self, layer: int) -> bool:
        """Whether first weights are drawn as scikit-learn does for "logistic": in every layer."""
        if isinstance(self.activation, list | tuple):
            return bool(self.network_.activations[layer - 1].name == "sigmoid")
        return getattr(self.activation, "name", self.activation) in ("logistic", "sigmoid")

    def _hold_out(
        self, training: Samples, given: Given, incremental: bool
    ) -> tuple[Samples, Samples | None]:
        """Return training data and validation data: those given, or a share put aside."""
        _, _, _, X, y, weights = given
        if X is None and y is None and weights is None:
            if not self.early_stopping:
                return training, None
            if incremental:
                raise ValueError("partial_fit does not support early_stopping=True")
            return put_aside(self, training)
        if X is None or y is None:
            raise ValueError(
                "X_val and y_val belong together, and sample_weight_val to them: give both, or none"
            )
        try:
            X, y = self._validate_input(X, y, True, reset=False, watched=True)
        except (ValueError, TypeError) as error:
            raise type(error)(f"X_val and y_val: {error}") from None
        return training, Samples(X, y, check_weights(weights, X, "sample_weight_val"))

    def _reported_outputs(self) -> int:
        """Return by how many outputs a reported cost is divided: a squared error is their mean."""
        return 1

    def _accounting(self) -> Accounting:
        """Return how scikit-learn counts penalty and costs."""
        return Accounting(True, True, self._reported_outputs())

    # Predicting.

    def _outputs(self, X: Any) -> Array:
        """Return what the rows of X are decided by, shape (n, n_L)."""
        check_computed(X, "X")
        check_sparse(X)
        X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        output = self._shares(self.network_, X, outputs(self.network_, X))
        return output.astype(np.result_type(output, X.dtype), copy=False)

    def _fitted_so_far(self) -> dict[str, Any]:
        """Return the attributes by which a copy of this estimator can predict."""
        kept = {
            name: value
            for name, value in vars(self).items()
            if (name.endswith("_") and not name.endswith("__")) or name == "_label_binarizer"
        }
        return {**kept, "network_": self.network_.copy()}

    def __getstate__(self) -> dict[str, Any]:
        return packed(super().__getstate__())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(unpacked(state))

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

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def check_same_sizes(fitted: list[int], sizes: list[int]) -> None:
    """Raise `ValueError` unless a fit that goes on asks for the network that there is."""
    anew = "only fit with warm_start=False makes another network"
    if fitted[1:-1] != sizes[1:-1]:
        raise ValueError(
            f"hidden_layer_sizes is now {tuple(sizes[1:-1])}, but the fitted network has "
            f"{tuple(fitted[1:-1])}: {anew}"
        )
    if fitted[-1] != sizes[-1]:
        raise ValueError(
            f"y has {sizes[-1]} column{'s' if sizes[-1] > 1 else ''}, but the fitted network has "
            f"{fitted[-1]} output{'s' if fitted[-1] > 1 else ''}: {anew}"
        )
