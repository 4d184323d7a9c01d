"""Networks whose weights are written down, with their one sample: the notes', and Mazur's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from clearprop.network import Network
from clearprop.optimizers import SGD
from clearprop.studio.problem import Own, Problem, activations_of, network_of, python
from clearprop.studio.setup import Setup


def _note(setup: Setup) -> Problem:
    """The 2-2-1 network of the third note, its weights' names, and its sample."""
    names = {
        "W1[0,0]": "w1", "W1[1,0]": "w2", "W1[0,1]": "w3", "W1[1,1]": "w4",
        "W2[0,0]": "w5", "W2[0,1]": "w6",
    }  # fmt: skip
    weights = [[[0.1, 0.3], [0.2, 0.4]], [[0.5, 0.6]]]
    return _fixed(setup, "The notes' 2-2-1", weights, None, [0.5, 1.0], [1.0], names, "x", "y")


def _mazur(setup: Setup) -> Problem:
    """Matt Mazur's 2-2-2 network, in whose example a layer's neurons share their bias."""
    names = {
        "W1[0,0]": "w1", "W1[0,1]": "w2", "W1[1,0]": "w3", "W1[1,1]": "w4",
        "W2[0,0]": "w5", "W2[0,1]": "w6", "W2[1,0]": "w7", "W2[1,1]": "w8",
    }  # fmt: skip
    weights = [[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]]
    biases = [[0.35, 0.35], [0.60, 0.60]]
    y = [0.01, 0.99]
    return _fixed(setup, "Mazur's 2-2-2", weights, biases, [0.05, 0.10], y, names, "i", "o")


def _fixed(
    setup: Setup,
    title: str,
    weights: list[Any],
    biases: list[Any] | None,
    x: list[float],
    target: list[float],
    names: dict[str, str],
    symbol: str,
    goal: str,
) -> Problem:
    """Return the problem of a network that is written down, with one sample.

    Other activations and another loss leave the weights as they are; other layers, or an
    initializer, draw weights of their own.
    """
    own = Own((2,), "sigmoid", "sigmoid", loss="squared_error")
    if setup.hidden or setup.initializer:
        network, made = network_of(setup, 2, len(target), own)
        names, notes = {}, ["the weights are drawn: those that are written down are of 2-2 layers"]
        made_of = [made]
    else:
        last: Any = setup.output or "sigmoid"
        kinds = activations_of(setup, "sigmoid", 1, last)
        loss: Any = setup.loss or "squared_error"
        network = Network.from_weights(weights, biases, kinds, last, loss).astype(setup.precision)
        notes = []
        made_of = [
            f"weights = {weights}",
            *([f"biases = {biases}"] if biases else []),
            f"network = cp.Network.from_weights(weights, {'biases' if biases else None}, "
            f"{python(kinds)}, {python(last)}, loss={python(loss)})",
        ]
        if setup.precision != "float64":
            made_of.append(f"network = network.astype({python(setup.precision)})")
    X, y = np.array([x]), np.array([target])
    return Problem(
        title, network, X, y, X[:0], y[:0], [f"{symbol}1", f"{symbol}2"], [], goal, names,
        SGD(0.5), 1, notes, [*made_of, f"X, y = np.array([{x}]), np.array([{target}])"],
    )  # fmt: skip


FIXED: dict[str, Callable[[Setup], Problem]] = {"note": _note, "mazur": _mazur}
"""By name."""
