"""The cases that are timed: networks, settings and data, the same for every system."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import ActivationName
from clearprop.losses import LossName

Array = NDArray[Any]

Layers = list[tuple[Array, Array]]
"""W (n_out, n_in) and b (n_out,) of each layer."""

MNIST_FILES = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"


@dataclass(frozen=True)
class Case:
    """What is trained, and how; `epochs` go into one timed call."""

    name: str
    sizes: tuple[int, ...]
    hidden: ActivationName
    rows: int
    batch: int
    optimizer: str
    rate: float
    epochs: int
    output: ActivationName = "softmax"
    loss: LossName = "cross_entropy"
    data: str = "random"
    shuffle: bool = True
    python_epochs: int | None = None
    """Epochs of a call for systems whose steps are started one by one from Python."""
    peers: tuple[str, ...] = ("torch", "compile", "jax", "sklearn")
    """Which other systems are worth their time."""
    once: bool = False
    """Whether one round, at all cores, is enough."""
    ratio: float | None = None
    """The target: the fastest peer's time to Clearprop's."""
    share: float | None = None
    """The target: part of the fma limit, on one thread."""
    speedup: float = 1.0
    """The target: how many times faster all threads are than one."""

    @property
    def steps(self) -> int:
        """Steps of an epoch; the last may have fewer rows."""
        return ceil(self.rows / self.batch)

    @property
    def warm_rows(self) -> int:
        """Rows for a short run that meets both sizes of a batch."""
        return min(self.rows, 3 * self.batch + self.rows % self.batch)

    @property
    def weights(self) -> int:
        """Weights, biases left out."""
        return sum(m * n for m, n in zip(self.sizes, self.sizes[1:], strict=False))

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return self.weights + sum(self.sizes[1:])

    @property
    def flops(self) -> int:
        """Of an epoch: three products a layer and sample, but no gradient for the inputs."""
        return self.rows * (6 * self.weights - 2 * self.sizes[0] * self.sizes[1])

    @property
    def memory_limit(self) -> int:
        """Bytes above the data that training may take at its peak: the target."""
        return 4 * (5 * self.parameters + self.batch * sum(self.sizes)) + (100 << 20)

    def __str__(self) -> str:
        return (
            f"{'-'.join(map(str, self.sizes))} {self.hidden}, {self.output} with {self.loss}, "
            f"batch {self.batch}, {self.optimizer}({self.rate:g}), {self.rows:,} rows"
        )


CASES = {
    case.name: case
    for case in (
        Case(
            "xor", (2, 2, 1), "sigmoid", 4, 4, "SGD", 0.5, 100_000, "sigmoid", "squared_error",
            "xor", shuffle=False, python_epochs=1000, ratio=1.0,
        ),
        Case(
            "digits", (64, 100, 10), "relu", 1797, 200, "Adam", 0.001, 100, data="digits",
            python_epochs=10, ratio=3.0, share=0.6,
        ),
        Case(
            "digits32", (64, 100, 10), "relu", 1797, 32, "Adam", 0.001, 30, data="digits",
            python_epochs=3, ratio=3.0,
        ),
        Case(
            "nielsen", (784, 30, 10), "sigmoid", 60_000, 10, "SGD", 3.0, 3, "sigmoid",
            "squared_error", "MNIST", python_epochs=1, ratio=3.0,
        ),
        Case(
            "deep100", (100,) * 7, "sigmoid", 20_000, 64, "SGD", 0.1, 4, python_epochs=1,
            ratio=2.0, share=0.6,
        ),
        Case(
            "mnist", (784, 512, 512, 10), "relu", 60_000, 128, "Adam", 0.001, 1, data="MNIST",
            ratio=1.5, share=0.75, speedup=1.6,
        ),
        Case(
            "wide", (1024, 2048, 2048, 1000), "relu", 4096, 512, "Adam", 0.001, 1,
            ratio=1.0, share=0.75, speedup=1.6,
        ),
        Case(
            "million", (100,) * 7, "sigmoid", 1_000_000, 256, "SGD", 0.1, 1,
            peers=("torch", "jax"), once=True,
        ),
    )
}  # fmt: skip


def data_of(case: Case, mnist: Path | None = None) -> tuple[Array, Array]:
    """Return X in float32, and int64 labels, or rows of targets for squared_error.

    Where neither scikit-learn (for its digits) nor a folder of MNIST's files is at hand, random
    numbers take their place: the work is the same.
    """
    n, n_in, n_out = case.rows, case.sizes[0], case.sizes[-1]
    if case.data == "xor":
        X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
        return X, np.array([[0], [1], [1], [0]], np.float32)
    X, labels = _read(case, mnist) or _draw(n, n_in, n_out)
    if case.loss == "squared_error":
        return X, np.eye(n_out, dtype=np.float32)[labels]
    return X, labels


def _draw(n: int, n_in: int, n_out: int) -> tuple[Array, Array]:
    X = np.random.default_rng(1).random((n, n_in), np.float32)
    return X, np.arange(n) % n_out  # so that few rows hold every class


def _read(case: Case, mnist: Path | None) -> tuple[Array, Array] | None:
    if case.data == "digits":
        try:
            from sklearn.datasets import load_digits
        except ImportError:
            return None
        X, labels = load_digits(return_X_y=True)
        return (X / 16).astype(np.float32), labels.astype(np.int64)
    if case.data == "MNIST" and mnist is not None:
        images, numbers = (gzip.decompress((mnist / name).read_bytes()) for name in MNIST_FILES)
        X = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784).astype(np.float32)
        X /= 255
        return X, np.frombuffer(numbers, np.uint8, offset=8).astype(np.int64)
    return None


def start_of(case: Case) -> Layers:
    """Return the parameters that every system starts each call from."""
    rng = np.random.default_rng(2)
    layers = []
    for n_in, n_out in zip(case.sizes, case.sizes[1:], strict=False):
        bound = np.sqrt(6 / (n_in + n_out))
        W = rng.uniform(-bound, bound, (n_out, n_in)).astype(np.float32)
        layers.append((W, np.zeros(n_out, np.float32)))
    return layers


def cost_of(case: Case, layers: Layers, X: Array, y: Array) -> float:
    """Return the cost on the first 2,000 rows, in float64: a sign that all do the same."""
    a, y = X[:2000].astype(np.float64), y[:2000]
    for number, (W, b) in enumerate(layers, 1):
        z = a @ W.T.astype(np.float64) + b
        last = number == len(layers)
        if last and case.output == "softmax":
            z -= z.max(1, keepdims=True)
            logs = z - np.log(np.exp(z).sum(1, keepdims=True))
            return float(-logs[np.arange(len(y)), y].mean())
        sigmoid = (case.output if last else case.hidden) == "sigmoid"
        a = 1 / (1 + np.exp(-z)) if sigmoid else np.maximum(z, 0)
    return float(0.5 * ((a - y) ** 2).sum(1).mean())
