"""scikit-learn: a fitted MLP as weights, biases and activations, and a network as a fitted MLP.

scikit-learn keeps weights as (n_in, n_out), and calls the sigmoid "logistic".
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError, missing_extra, shown
from clearprop.export.layers import Layer, layers_of
from clearprop.topology import Topology

Array = NDArray[Any]

_OURS = {"logistic": "sigmoid"}
"""scikit-learn's names of activations that are called otherwise here."""

_THEIRS = {"identity": "identity", "sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}
"""What scikit-learn calls the activations that its hidden layers may have."""


def from_sklearn(mlp: Any) -> tuple[list[Array], list[Array], list[str], str]:
    """Return the weights, biases, activations and loss of a fitted MLP of scikit-learn's.

    Parameters
    ----------
    mlp : MLPClassifier or MLPRegressor

    Returns
    -------
    weights : list of ndarray, shape (n_l, n_(l-1))
    biases : list of ndarray, shape (n_l,)
    activations : list of str
    loss : str
        What it was trained by.

    Raises
    ------
    ArgumentError
        If it is another estimator, or not fitted.
    MissingExtraError
        If scikit-learn (the extra `tables`) is not installed.
    """
    classifier, regressor = _mlps("cp.Network.from_sklearn()")
    if not isinstance(mlp, classifier | regressor):
        hint = ": its network_ is a network" if hasattr(mlp, "network_") else ""
        raise ArgumentError(
            f"from_sklearn takes scikit-learn's MLPClassifier or MLPRegressor, not a "
            f"{type(mlp).__name__}{hint}"
        )
    if not hasattr(mlp, "coefs_"):
        raise ArgumentError(f"the {type(mlp).__name__} is not fitted: call its fit(X, y) first")
    names = [mlp.activation] * (len(mlp.coefs_) - 1) + [mlp.out_activation_]
    if isinstance(mlp, classifier):
        loss = "cross_entropy" if mlp.out_activation_ == "softmax" else "binary_cross_entropy"
    else:
        loss = mlp.loss
    weights = [np.ascontiguousarray(W.T) for W in mlp.coefs_]
    return weights, list(mlp.intercepts_), [_OURS.get(name, name) for name in names], loss


def to_sklearn(network: Topology, classes: Sequence[Any] | None = None) -> Any:
    """Return a fitted MLP of scikit-learn's that predicts as the network does.

    After softmax or sigmoid it is an MLPClassifier (several sigmoids: of several labels a row),
    after identity an MLPRegressor, after exp an MLPRegressor with the Poisson loss. It keeps a
    copy of the parameters; a softmax over two classes becomes the sigmoid that equals it. Trained
    on (``partial_fit``), it goes by scikit-learn's loss and settings.

    Parameters
    ----------
    network : Topology
        In float32 or float64; all its hidden layers have one activation, of identity, sigmoid,
        tanh and relu.
    classes : sequence of str, int, whole float, bool or datetime64, optional
        In the order of the outputs, all of one kind; two for a single sigmoid. None: 0, 1, ...

    Returns
    -------
    MLPClassifier or MLPRegressor

    Raises
    ------
    ArgumentError
        If scikit-learn has no such MLP, or classes do not fit the outputs.
    MissingExtraError
        If scikit-learn (the extra `tables`) is not installed.
    """
    classifier, regressor = _mlps("network.to_sklearn()")
    layers = layers_of(network, "scikit-learn")
    hidden, output = _activations_of(layers)
    sizes = [len(layer.W) for layer in layers]
    settings: dict[str, Any] = {"hidden_layer_sizes": tuple(sizes[:-1]), "activation": hidden}
    if output in ("softmax", "sigmoid"):
        layers, targets = _in_their_order(layers, classes)
        mlp = classifier(**settings)
    elif classes is not None:
        raise ArgumentError(f"a network whose output is {output} has no classes")
    else:
        targets = np.ones((1, sizes[-1]))
        if output == "exp":
            try:
                mlp = regressor(loss="poisson", **settings)
            except TypeError:
                raise ArgumentError(
                    "an output of exp is that of the Poisson loss, which scikit-learn has from "
                    "1.7 on: install a newer one"
                ) from None
        else:
            mlp = regressor(**settings)
    X = np.zeros((len(targets), network.sizes[0]), network.dtype)
    return _with_parameters(mlp, X, targets, layers)


def _mlps(feature: str) -> tuple[Any, Any]:
    try:
        from sklearn.neural_network import MLPClassifier, MLPRegressor
    except ImportError:
        missing_extra("scikit-learn", feature, "tables")
    return MLPClassifier, MLPRegressor


def _activations_of(layers: Sequence[Layer]) -> tuple[str, str]:
    """Return the hidden activation in scikit-learn's words, and the output's in ours."""
    hidden = sorted({layer.activation for layer in layers[:-1]})
    unknown = [name for name in hidden if name not in _THEIRS]
    if unknown:
        raise ArgumentError(
            f"scikit-learn's MLP has no {unknown[0]}: its hidden layers are {', '.join(_THEIRS)}"
        )
    if len(hidden) > 1:
        raise ArgumentError(
            f"the hidden layers are {' and '.join(hidden)}; in scikit-learn's MLP all are the same"
        )
    output = layers[-1].activation
    if output not in ("softmax", "sigmoid", "identity", "exp"):
        raise ArgumentError(
            f"scikit-learn's MLP has no output of {output}: it is softmax, sigmoid, identity or exp"
        )
    return _THEIRS[hidden[0]] if hidden else "relu", output


def _in_their_order(
    layers: list[Layer], classes: Sequence[Any] | None
) -> tuple[list[Layer], Array]:
    """Return layers whose outputs are in the order of sorted classes, and one target of each.

    scikit-learn sorts classes, and has one output for two of them.
    """
    W, b, output = layers[-1]
    b = np.zeros(len(W), W.dtype) if b is None else b
    n_outputs = len(W)
    if output == "sigmoid" and n_outputs > 1:
        if classes is not None:
            raise ArgumentError(
                f"{n_outputs} sigmoids are {n_outputs} labels a row, which scikit-learn numbers: "
                "leave classes out"
            )
        return layers, np.eye(n_outputs, dtype=int)
    n_classes = max(n_outputs, 2)
    names = np.arange(n_classes) if classes is None else _class_names(classes)
    if len(np.unique(names)) != n_classes or len(names) != n_classes:
        raise ArgumentError(
            f"classes are to be {n_classes} different ones, in the order of the outputs, not "
            f"{names.tolist()}"
        )
    order = np.argsort(names)
    if n_classes > 2:
        return [*layers[:-1], Layer(W[order], b[order], output)], names[order]
    if output == "softmax":  # e^u / (e^u + e^v) is the sigmoid of u - v
        W, b = W[1:] - W[:1], b[1:] - b[:1]
    if order[0] == 1:  # one minus the sigmoid of z is that of -z
        W, b = -W, -b
    return [*layers[:-1], Layer(W, b, "sigmoid")], names[order]


_KINDS: tuple[tuple[str, Any], ...] = (
    ("str", str),
    ("bool", (bool, np.bool_)),
    ("number", (int, float, np.integer, np.floating)),
    ("date", np.datetime64),
)
"""What scikit-learn takes for names of classes, bool before the number that it is too."""


def _class_names(classes: Any) -> Array:
    """Return names of classes as an array (n,) that scikit-learn takes for such.

    NumPy would make one kind of several, and scikit-learn measurements of fractions.
    """
    scalar = not hasattr(classes, "__iter__") or getattr(classes, "ndim", 1) == 0
    if scalar or isinstance(classes, str | bytes | Mapping | Set):
        raise ArgumentError(
            f"classes are to be a list, in the order of the outputs, not {shown(classes)}"
        )
    items = list(classes)
    kinds = {
        next((kind for kind, types in _KINDS if isinstance(item, types)), None) for item in items
    }
    if len(kinds) > 1 or None in kinds:
        raise ArgumentError(
            "classes are to be str, int, whole float, bool or datetime64, all of one kind, not "
            f"{shown(items)}"
        )
    names = np.array(items)
    whole = names.dtype.kind != "O"  # as numbers of more than 64 bits become
    if names.dtype.kind == "f":
        numbers = names.tolist()
        whole = numbers == items and all(x.is_integer() and abs(x) < 2**63 for x in numbers)
    if not whole:
        raise ArgumentError(f"classes that are numbers are to be whole, of 64 bits, not {items}")
    return names


def _with_parameters(mlp: Any, X: Array, targets: Array, layers: Sequence[Layer]) -> Any:
    """Return an MLP that has these parameters and has seen no data.

    One epoch on rows of zeros makes all that this version of scikit-learn keeps of a fit; what
    the epoch itself left behind is taken back.
    """
    mlp.set_params(max_iter=1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        mlp.fit(X, targets if targets.ndim == 1 or targets.shape[1] > 1 else targets[:, 0])
    mlp.set_params(max_iter=200, random_state=None)
    mlp.coefs_ = [np.array(layer.W.T, order="C") for layer in layers]
    mlp.intercepts_ = [
        np.zeros(len(layer.W), layer.W.dtype) if layer.b is None else layer.b.copy()
        for layer in layers
    ]
    del mlp._optimizer  # its moments are those of the zeros
    mlp.n_iter_ = mlp.t_ = mlp._no_improvement_count = 0
    mlp.loss_curve_, mlp.loss_, mlp.best_loss_ = [], np.inf, np.inf
    return mlp
