"""The table of gradient cases, which the tests and the recorder of oracles share.

Every activation x every loss it may pair with x {biases, none} x {1, 2, 3 layers} x {sample
weights, none}; hidden layers once of the output's own kind, and once of every kind below
the three fused outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import count

import numpy as np

import clearprop as cp
from clearprop.activations import ACTIVATIONS
from clearprop.losses import LOSSES
from clearprop.numerics.random import Purpose, uniform

SIZES = {1: [3, 3], 2: [3, 4, 3], 3: [3, 4, 2, 3]}
N = 5


@dataclass(frozen=True)
class Case:
    hidden: str
    output: str
    loss: str
    layers: int
    biases: bool
    weighted: bool

    @property
    def name(self) -> str:
        bias = "biases" if self.biases else "none"
        weights = "weighted" if self.weighted else "even"
        return f"{self.hidden}-{self.output}-{self.loss}-{self.layers}-{bias}-{weights}"

    @cached_property
    def seed(self) -> int:
        return hash_of(self.name)

    def network(self) -> cp.Network:
        """The first network of this kind whose outputs all answer to the input (relu may not)."""
        X = self.data()[0]
        candidates = (self._network(self.seed + 2**32 * attempt) for attempt in count())
        return next(n for n in candidates if np.ptp(n.predict(X), axis=0).min() > 1e-3)

    def _network(self, seed: int) -> cp.Network:
        return cp.Network(
            SIZES[self.layers],
            activations=self.hidden,
            output=self.output,
            loss=self.loss,
            biases=cp.uniform(0.8) if self.biases else False,
            initializer=cp.uniform(0.8),
            dtype="float64",
            seed=seed,
        )

    def data(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """X, y and sample weights; cross-entropy gets labels when even, shares when weighted."""
        u = uniform(self.seed, Purpose.CHECK, N * 7).reshape(N, 7)
        X, y = 2 * u[:, :3] - 1, u[:, 3:6]
        targets = LOSSES[self.loss].targets
        if targets == "labels":
            shares = (0.05 + y) / (0.05 + y).sum(axis=1, keepdims=True)
            y = shares if self.weighted else y.argmax(axis=1)
        elif targets == "unit":
            y = y if self.weighted else y.round()
        elif targets == "nonnegative":
            y = np.floor(4 * y)
        else:
            y = 3 * y - 1
        return X, y, (0.1 + u[:, 6] if self.weighted else None)


def hash_of(text: str) -> int:
    """A small hash that is the same in every process (Python's is not)."""
    value = 5381
    for byte in text.encode():
        value = (value * 33 + byte) % 2**32
    return value


def pairings() -> list[tuple[str, str]]:
    """Every (output activation, loss) that may stand together."""
    return [
        (f, name)
        for name, loss in LOSSES.items()
        for f in ACTIVATIONS
        if not loss.partners or f in loss.partners
    ]


def gradient_cases() -> list[Case]:
    combinations = [(f, f, loss, layers) for f, loss in pairings() for layers in (1, 2, 3)]
    fused = [("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy"), ("exp", "poisson")]
    combinations += [
        (hidden, f, loss, layers)
        for hidden in ACTIVATIONS
        for f, loss in fused
        for layers in (2, 3)
        if hidden != f
    ]
    return [
        Case(hidden, output, loss, layers, biases, weighted)
        for hidden, output, loss, layers in combinations
        for biases in (True, False)
        for weighted in (False, True)
    ]
