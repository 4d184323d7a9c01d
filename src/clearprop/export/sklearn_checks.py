"""Checks of a fitted MLP of scikit-learn's: whether it predicts as its parameters say."""

from __future__ import annotations

from typing import Any

import numpy as np

from clearprop.errors import ArgumentError
from clearprop.export.layers import check_finite

_HIDDEN = ("identity", "logistic", "tanh", "relu", "softmax")
_OUTPUTS = (*_HIDDEN, "exp")
"""The activations that scikit-learn computes."""


def check_mlp(mlp: Any) -> None:
    """Refuse a fitted MLP that was changed, so that it predicts otherwise, or not at all.

    Parameters
    ----------
    mlp : MLPClassifier or MLPRegressor
        Fitted.

    Raises
    ------
    ArgumentError
        If a subclass, or the MLP itself, has its own way to predict, or attributes do not fit
        each other.
    NonFiniteError
        If a parameter is NaN or infinite; the message names it.
    """
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    kind = type(mlp).__name__
    base = MLPClassifier if isinstance(mlp, MLPClassifier) else MLPRegressor
    predicts = ("predict_proba",) if base is MLPClassifier else ("predict", "_predict")
    for name in (*predicts, "_forward_pass_fast"):
        if name in vars(mlp) or getattr(type(mlp), name, None) is not getattr(base, name, None):
            raise ArgumentError(
                f"the {kind} has a {name} of its own: from_sklearn takes what computes as "
                f"scikit-learn's {base.__name__} does"
            )
    counts = len(mlp.coefs_), len(mlp.intercepts_), mlp.n_layers_ - 1
    if len(set(counts)) > 1:
        raise ArgumentError(
            f"the {kind} has {counts[0]} coefs_, {counts[1]} intercepts_ and n_layers_ of "
            f"{mlp.n_layers_}, which do not fit each other: fit it again"
        )
    if mlp.n_outputs_ != np.shape(mlp.coefs_[-1])[-1]:
        raise ArgumentError(
            f"the {kind} has n_outputs_ of {mlp.n_outputs_}, but its last coefs_ have "
            f"{np.shape(mlp.coefs_[-1])[-1]}: fit it again"
        )
    for name, known in (("activation", _HIDDEN), ("out_activation_", _OUTPUTS)):
        if getattr(mlp, name) not in known:
            raise ArgumentError(
                f"the {kind} has {name}={getattr(mlp, name)!r}, which scikit-learn does not "
                f"compute; there are: {', '.join(known)}"
            )
    for name in ("coefs_", "intercepts_"):
        for layer, numbers in enumerate(getattr(mlp, name)):
            check_finite(np.asarray(numbers), f"{name}[{layer}] of the {kind}")
