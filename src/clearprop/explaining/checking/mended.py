"""The right formula of each stage of a pass, in NumPy, for hints."""

from __future__ import annotations

from typing import Any

import numpy as np

from clearprop.explaining.checking.stages import FROM_OUTPUTS, Stage
from clearprop.record import Record

_SLOPES = {
    "sigmoid": "(a{0} * (1 - a{0}))",
    "tanh": "(1 - a{0}**2)",
    "relu": "(z{0} > 0)",
    "exp": "a{0}",
}

_SLOPES_BY_Z = {
    "sigmoid": "np.exp(-z{0}) / (1 + np.exp(-z{0}))**2",
    "tanh": "(1 - np.tanh(z{0})**2)",
    "exp": "np.exp(z{0})",
}
"""Where dropout has masked a, which is f(z) no longer."""

_COSTS = {
    "squared_error": "a{0} - y",
    "cross_entropy": "-y / a{0}",
    "binary_cross_entropy": "(a{0} - y) / (a{0} * (1 - a{0}))",
    "absolute_error": "np.sign(a{0} - y)",
    "poisson": "1 - y / a{0}",
}


def formula(record: Record, stage: Stage) -> str:
    """Return how a stage is computed, as NumPy has it: "delta1 = da1 * (1 - a1**2)".

    Samples are rows. Functions without a formula of a few signs stand by their names.
    """
    symbol, layer = stage
    if stage.name == "a0":
        return "a0 = x"
    return f"{stage.name} = {_FORMULAS[symbol](record, layer)}"


def _z(record: Record, layer: int) -> str:
    b = f" + b{layer}" if record.network.has_biases else ""
    return f"a{layer - 1} @ W{layer}.T{b}"


def _a(record: Record, layer: int) -> str:
    name = record.network.activations[layer - 1].name
    if name == "softmax":
        return f"np.exp(z{layer}) / np.exp(z{layer}).sum(axis=1, keepdims=True)"
    plain = {"identity": "z{0}", "sigmoid": "1 / (1 + np.exp(-z{0}))", "tanh": "np.tanh(z{0})"}
    plain |= {"relu": "np.maximum(z{0}, 0)", "exp": "np.exp(z{0})"}
    mask = f" * mask{layer}" if layer <= len(record.masks) else ""
    return plain.get(name, f"{name}(z{{0}})").format(layer) + mask


def _y(record: Record, layer: int) -> str:
    return f"np.eye({record.y.shape[1]})[labels]"


def _da(record: Record, layer: int) -> str:
    if layer < len(record.delta):
        return f"delta{layer + 1} @ W{layer + 1}"
    loss = record.network.loss.name
    return _COSTS.get(loss, f"the derivative of {loss} for a{{0}}").format(layer)


def _delta(record: Record, layer: int) -> str:
    network = record.network
    name = network.activations[layer - 1].name
    if layer == len(record.delta):
        fused = name in FROM_OUTPUTS and name in getattr(network.loss, "fused", ())
        if fused or (network.loss.name == "squared_error" and name == "identity"):
            return f"a{layer} - y"
        if name == "softmax":
            return f"a{layer} * (da{layer} - (a{layer} * da{layer}).sum(axis=1, keepdims=True))"
        da = _da(record, layer)
        da = f"da{layer}" if "derivative" in da else f"({da})"
    else:
        da = f"(delta{layer + 1} @ W{layer + 1})"
    mask = f" * mask{layer}" if layer <= len(record.masks) else ""
    if name == "identity":
        return f"{da}{mask}"
    slopes = _SLOPES | _SLOPES_BY_Z if mask else _SLOPES
    slope = slopes.get(name, f"{name}'(z{{0}})").format(layer)
    return f"{da}{mask} * {slope}"


def _share(record: Record, layer: int) -> tuple[str, str]:
    """Return delta^l as it is summed, and what the sum is divided by."""
    n = len(record.losses)
    if np.ptp(record.omega):
        return f"(omega[:, None] * delta{layer})", ""
    return f"delta{layer}", f" / {n}" if n > 1 else ""


def _dW(record: Record, layer: int) -> str:
    delta, divided = _share(record, layer)
    penalty = f" + {record.l2:g} * W{layer}" if record.l2 else ""
    return f"{delta}.T @ a{layer - 1}{divided}{penalty}"


def _db(record: Record, layer: int) -> str:
    delta, divided = _share(record, layer)
    return f"{delta}.sum(axis=0){divided}"


_FORMULAS: dict[str, Any] = {
    "z": _z, "a": _a, "y": _y, "da": _da, "delta": _delta, "dW": _dW, "db": _db,
}  # fmt: skip
