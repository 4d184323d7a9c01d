"""A forward and a backward pass by hand, with slips planted in it. Nothing of it is the package's own.

Each slip has the words that `cp.compare_gradients` is expected to tell it by, or a part of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import clearprop as cp

Array = NDArray[Any]
RATE = 0.1

F = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True),
}
SLOPE = {
    "identity": np.ones_like,
    "sigmoid": lambda z: F["sigmoid"](z) * (1 - F["sigmoid"](z)),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0) * 1.0,
}


class Case(NamedTuple):
    """One network with its data."""

    title: str
    network: cp.Network
    X: Array
    y: Array
    weights: Array | None
    l2: float

    @property
    def record(self) -> cp.Record:
        """What is right."""
        return cp.backprop(self.network, self.X, self.y, sample_weight=self.weights, l2=self.l2)


KINDS = (
    ("tanh, softmax, cross-entropy", [4, 5, 3], "tanh", "softmax", None, 7, False, 0.0),
    ("sigmoid, squared error", [3, 4, 2], "sigmoid", "sigmoid", "squared_error", 5, False, 0.0),
    ("relu, identity, squared error", [3, 6, 2], "relu", "identity", None, 9, False, 0.0),
    ("two hidden layers, tanh, softmax", [3, 4, 4, 4], "tanh", "softmax", None, 7, False, 0.0),
    ("sigmoid, binary cross-entropy, l2", [4, 4, 2], "sigmoid", "sigmoid", None, 6, False, 0.2),
    (
        "tanh, absolute error, weighted",
        [3, 5, 2],
        "tanh",
        "identity",
        "absolute_error",
        6,
        True,
        0.0,
    ),
    (
        "one sample: sigmoid, squared error",
        [3, 4, 2],
        "sigmoid",
        "sigmoid",
        "squared_error",
        1,
        False,
        0.0,
    ),
)


def case(kind: int, seed: int) -> Case:
    """Return a network of one of the kinds."""
    title, sizes, hidden, output, loss, n, weighted, l2 = KINDS[kind]
    network = cp.Network(
        sizes, activations=hidden, output=output, loss=loss, biases=cp.normal(0.4),
        initializer=cp.normal(0.7), dtype="float64", seed=seed,
    )  # fmt: skip
    rng = np.random.default_rng(100 * kind + seed)
    X = rng.normal(size=(n, sizes[0]))
    y = rng.random((n, sizes[-1]))
    if network.loss.name == "cross_entropy":
        y = rng.integers(0, sizes[-1], n)
    weights = rng.uniform(0.5, 2.0, n) if weighted else None
    return Case(title, network, X, y, weights, l2)


SLIPS: dict[str, str] = {
    "no b": "b1 is left out in z1",
    "-b": "b1 is subtracted in z1",
    "no f": "is left out in a1",
    "other f": "in a1",
    "softmax over samples": "softmax over the samples",
    "no sum": "not divided by its sum",
    "exp(z)": "exp(z{L}) in place of exp(-z{L})",
    "class + 1": "class c is put at c + 1",
    "class - 1": "class c is put at c - 1",
    "sign": "the sign is wrong",
    "twice": "twice as large",
    "no y": "y is not subtracted",
    "z - y": "z{L} - y in place of a{L} - y",
    "other loss": "squared error's derivative",
    "no f' at the output": "f' is missing in delta{L}",
    "f' once more": "f' once more in delta{L}",
    "diagonal": "diagonal alone",
    "mean in delta": "divided by the number of samples",
    "no f'": "f' is missing in delta1",
    "f'(a)": "f' of a1 in place of z1",
    "z in f'": "in place of",
    "1 - a": "1 - a in place of",
    "1 + a^2": "1 + a^2 in place of",
    "f for f'": "f in place of f'",
    "other f'": "' in delta1",
    "mask of da": "relu's derivative of da1",
    "z < 0": "where z < 0",
    "W back transposed": "W{L} in place of its transpose",
    "no W back": "W{L} is left out on the way back",
    "W updated first": "W{L} is updated before",
    "1/n missing": "not divided by the number of samples",
    "1/n missing in db": "not divided by the number of samples",
    "1/n twice": "divided by the number of samples twice",
    "n - 1": "divided by n - 1",
    "n times outputs": "divided by the number of outputs as well",
    "last sample": "of the last sample alone",
    "first sample": "of the first sample alone",
    "even weights": "the weights of samples are ignored",
    "transposed": "transposed",
    "abs": "the absolute values",
    "z for a": "z{B} in place of a{B}",
    "delta of another layer": "in place of delta",
    "db not summed": "not summed over the samples",
    "db over neurons too": "summed over the neurons as well",
    "db over neurons": "summed over the neurons in place of the samples",
    "db of dW": "the sum of dW",
    "no l2": "the l2 term is forgotten",
    "l2 twice": "the l2 term is doubled",
    "-l2": "the l2 term has the wrong sign",
    "l2 on biases": "an l2 term on biases",
}
"""The words for each; L is the last layer, B the one before."""


EITHER_OR = (
    {
        "1/n missing",
        "1/n missing in db",
        "1/n twice",
        "n - 1",
        "mean in delta",
        "last sample",
        "first sample",
    },
    {"db not summed", "db over neurons too", "db over neurons", "db of dW"},
    {"no l2", "l2 twice", "-l2"},
)
"""Slips of which nobody makes two at once: there is one place for them."""


def words(slip: str, one: Case) -> str:
    """Return the words that a slip is told by."""
    L = len(one.network.weights)
    return SLIPS[slip].format(L=L, B=L - 1)


def by_hand(one: Case, slips: Iterable[str]) -> dict[str, Array]:
    """Return every quantity of a pass in which these slips are made."""
    made = set(slips)
    net, n = one.network, len(one.X)
    L = len(net.weights)
    found: dict[str, Array] = {"a0": one.X}
    for layer in range(1, L + 1):
        _forward(one, made, layer, found)
    delta = _output_delta(one, made, found)
    omega = np.full(n, 1 / n)
    if one.weights is not None and "even weights" not in made:
        omega = one.weights / one.weights.sum()
    for layer in range(L, 0, -1):
        found[f"delta{layer}"] = delta
        _gradients(one, made, layer, delta, omega, found)
        da = found[f"da{layer - 1}"] = _back(made, net.weights[layer - 1], layer, L, found)
        if layer > 1:
            delta = da * _slope(made, net.activations[layer - 2].name, layer - 1, da, found)
    if "delta of another layer" in made and L > 2:  # the last of the hidden layers for the first
        W = (omega[:, None] * found[f"delta{L - 1}"]).T @ found["a0"]
        if W.shape == found["dW1"].shape:
            found["dW1"] = W
    return found


def _forward(one: Case, made: set[str], layer: int, found: dict[str, Array]) -> None:
    W, b = one.network.weights[layer - 1], one.network.biases[layer - 1]
    name, last = one.network.activations[layer - 1].name, layer == len(one.network.weights)
    if layer == 1:
        b = 0 * b if "no b" in made else -b if "-b" in made else b
    z = found[f"a{layer - 1}"] @ W.T + b
    a = F[name](z)
    if layer == 1 and not last:
        a = z if "no f" in made else a
        if "other f" in made:
            a = F[_other(name)](z)
    if last and name == "softmax":
        a = F[name](z.T).T if "softmax over samples" in made else a
        a = np.exp(z) if "no sum" in made else a
    if last and name == "sigmoid" and "exp(z)" in made:
        a = F[name](-z)
    found[f"z{layer}"], found[f"a{layer}"] = z, a


def _other(name: str) -> str:
    return {"sigmoid": "tanh", "tanh": "sigmoid", "relu": "tanh"}[name]


def _output_delta(one: Case, made: set[str], found: dict[str, Array]) -> Array:
    net, L = one.network, len(one.network.weights)
    name, loss = net.activations[-1].name, net.loss.name
    y, z, a = one.y, found[f"z{L}"], found[f"a{L}"]
    if y.ndim == 1:
        moved = 1 if "class + 1" in made else -1 if "class - 1" in made else 0
        y = np.eye(a.shape[1])[(y + moved) % a.shape[1]]
    da = {
        "squared_error": a - y,
        "cross_entropy": -y / a,
        "binary_cross_entropy": (a - y) / np.where(a == a, a * (1 - a), 1),
        "absolute_error": np.sign(a - y),
    }[loss]  # fmt: skip
    easy = loss in ("cross_entropy", "binary_cross_entropy")
    delta = a - y if easy else da * SLOPE[name](z)
    if "other loss" in made and loss in ("absolute_error", "cross_entropy"):
        delta = (a - y) * SLOPE[name](z) if name != "softmax" else _jacobian(a, a - y)
    if "no y" in made and loss != "absolute_error":
        delta = a if easy else a * SLOPE[name](z)
    if "z - y" in made and loss != "absolute_error":
        delta = z - y
    if "no f' at the output" in made:
        delta = da
    if "f' once more" in made and easy:
        delta = (a - y) * a * (1 - a)
    if "diagonal" in made and name == "softmax":
        delta = da * a * (1 - a)
    found[f"da{L}"] = da
    delta = -delta if "sign" in made else delta
    delta = 2 * delta if "twice" in made else delta
    return delta / len(a) if "mean in delta" in made and one.weights is None else delta


def _jacobian(a: Array, da: Array) -> Array:
    return a * (da - (a * da).sum(axis=1, keepdims=True))


def _back(made: set[str], W: Array, layer: int, L: int, found: dict[str, Array]) -> Array:
    delta = found[f"delta{layer}"]
    if layer == L:
        if "W back transposed" in made and W.shape[0] == W.shape[1]:
            return delta @ W.T
        if "no W back" in made:
            return np.repeat(delta.sum(axis=1, keepdims=True), W.shape[1], axis=1)
        if "W updated first" in made:
            change = found[f"dW{layer}"]
            return delta @ (W - RATE * (change if change.shape == W.shape else change.T))
    return delta @ W


def _slope(made: set[str], name: str, layer: int, da: Array, found: dict[str, Array]) -> Array:
    z, a = found[f"z{layer}"], found[f"a{layer}"]
    if layer > 1:
        return SLOPE[name](z)
    own = F[name](z)
    wrong: dict[str, Any] = {
        "no f'": np.ones_like(z),
        "f'(a)": SLOPE[name](own),
        "f for f'": own,
        "mask of da": (da > 0) * 1.0,
    }
    if name != "relu":
        wrong["z in f'"] = z * (1 - z) if name == "sigmoid" else 1 - z**2
        wrong["1 - a"] = 1 - own
        wrong["other f'"] = own * (1 - own) if name == "tanh" else 1 - own**2
    if name == "tanh":
        wrong["1 + a^2"] = 1 + own**2
    if name == "relu":
        wrong["z < 0"] = (z < 0) * 1.0
    for slip, slope in wrong.items():
        if slip in made:
            return slope
    if "other f" in made or "no f" in made:  # the right derivative, of an a that is wrong
        return {"sigmoid": a * (1 - a), "tanh": 1 - a**2, "relu": (a > 0) * 1.0}[name]
    return SLOPE[name](z)


def _gradients(
    one: Case, made: set[str], layer: int, delta: Array, omega: Array, found: dict[str, Array]
) -> None:
    n, L = len(one.X), len(one.network.weights)
    W, b = one.network.weights[layer - 1], one.network.biases[layer - 1]
    share = omega * (n if "1/n missing" in made else 1)
    share = share / n if "1/n twice" in made else share
    share = share * n / (n - 1) if "n - 1" in made and n > 1 else share
    share = share / one.network.sizes[-1] if "n times outputs" in made else share
    if "last sample" in made or "first sample" in made:
        share = (np.arange(n) == (n - 1 if "last sample" in made else 0)) * 1.0
    below = found[f"a{layer - 1}"]
    if "z for a" in made and layer == L > 1:
        below = found[f"z{layer - 1}"]
    factor = 0 if "no l2" in made else 2 if "l2 twice" in made else -1 if "-l2" in made else 1
    dW = (share[:, None] * delta).T @ below + factor * one.l2 * W
    summed = share * n if "1/n missing in db" in made else share
    db = (summed[:, None] * delta).sum(axis=0)
    if "db not summed" in made and n > 1:
        db = summed[:, None] * delta
    if "db over neurons too" in made:
        db = np.full(len(db), db.sum())
    if "db over neurons" in made:
        db = summed * delta.sum(axis=1)
    if "db of dW" in made:
        db = dW.sum(axis=1)
    if "l2 on biases" in made and db.shape == b.shape:
        db = db + one.l2 * b
    dW = np.abs(dW) if "abs" in made and layer == 1 else dW
    found[f"dW{layer}"] = dW.T if "transposed" in made else dW
    found[f"db{layer}"] = db
