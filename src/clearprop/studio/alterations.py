"""Alterations: what a setup does to the data and first weights of a problem."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.network import Network
from clearprop.studio.setup import Setup

Array = NDArray[Any]


def altered_inputs(setup: Setup, X: Array, X_held: Array) -> tuple[Array, Array, list[str]]:
    """Return inputs as the setup wants them, and the lines of Python that make them so."""
    lines: list[str] = []
    held = len(X_held) > 0
    if setup.scale != 1:
        X, X_held = setup.scale * X, setup.scale * X_held
        lines += [f"X = {setup.scale} * X"] + [f"X_held = {setup.scale} * X_held"] * held
    if setup.standardize:
        mean, spread = X.mean(axis=0), X.std(axis=0)
        spread[spread == 0] = 1
        X, X_held = (X - mean) / spread, (X_held - mean) / spread
        lines += [
            "mean, spread = X.mean(axis=0), X.std(axis=0)",
            "spread[spread == 0] = 1",
            "X = (X - mean) / spread",
            *["X_held = (X_held - mean) / spread"] * held,
        ]
    return X, X_held, lines


def altered_targets(setup: Setup, y: Array) -> tuple[Array, list[str]]:
    """Return targets, so many of them in another order, and the lines that make them so."""
    if not setup.shuffled:
        return y, []
    random = np.random.default_rng([setup.seed, 1])
    rows = random.permutation(len(y))[: round(setup.shuffled * len(y))]
    y = y.copy()
    y[rows] = y[random.permutation(rows)]
    return y, [
        f"random = np.random.default_rng([{setup.seed}, 1])",
        f"rows = random.permutation(len(y))[:{len(rows)}]",
        "y = y.copy()",
        "y[rows] = y[random.permutation(rows)]",
    ]


def alter_weights(setup: Setup, network: Network) -> list[str]:
    """Change a network's first weights in place, and return the lines that do."""
    lines: list[str] = []
    if setup.gain != 1:
        for W in network.weights:
            W *= setup.gain
        lines += ["for W in network.weights:", f"    W *= {setup.gain}"]
    if setup.bias and network.has_biases:
        for b in network.biases[:-1]:
            b[:] = setup.bias
        lines += ["for b in network.biases[:-1]:", f"    b[:] = {setup.bias}"]
    return lines
