"""Random settings of estimators and networks, fitted, which the test of all exports goes through."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

import clearprop as cp
from clearprop.activations import ACTIVATIONS
from clearprop.estimators import MLPClassifier, MLPRegressor
from clearprop.estimators.parameters import OF_NUMBERS
from export_tables import cube

KINDS = ("classes", "labels", "classes", "numbers", "classes", "network", "classes", "numbers")
"""What settings are of, in turn."""

HIDDEN = sorted(set(ACTIVATIONS) - {"softmax"})
TAME = [name for name in HIDDEN if name != "exp"]
OWN = cube()
CLASSES = {
    "int": lambda k: np.arange(k),
    "far": lambda k: np.arange(k) * 7 - 3,
    "whole": lambda k: np.arange(k) + 1.0,
    "text": lambda k: np.array([f"class {j}" for j in range(k)]),
    "object": lambda k: np.array([f"é{j}" * (j + 1) for j in range(k)], dtype=object),
    "uint8": lambda k: np.arange(k, dtype="uint8")[::-1],
    "bool": lambda k: np.array([False, True]),
}
"""How classes are written."""


@dataclass
class Setting:
    """What was drawn, and the estimator or network that came of it."""

    number: int
    kind: str
    X: np.ndarray
    network: cp.Network
    estimator: Any = None
    says: dict[str, Any] = field(default_factory=dict)

    @property
    def output(self) -> str:
        return self.network.activations[-1].name

    @property
    def is_own(self) -> bool:
        """Whether an activation is the user's own, which no export takes."""
        return any(f is OWN for f in self.network.activations)

    @property
    def expected(self) -> np.ndarray:
        """predict_proba, or predict where there are no classes; (n, ...)."""
        if self.kind in ("classes", "labels"):
            return self.estimator.predict_proba(self.X)
        found = (self.estimator or self.network).predict(self.X)
        return found.reshape(len(self.X), -1)

    def shares(self, a: np.ndarray) -> np.ndarray:
        """What the network's outputs mean: the same as `expected`."""
        if self.kind == "classes" and self.output == "sigmoid":
            return np.hstack([1 - a, a]) if a.shape[1] == 1 else a / a.sum(axis=1, keepdims=True)
        return a

    def __repr__(self) -> str:
        return f"setting {self.number}: {self.kind} {self.says}"


def setting(number: int) -> Setting:
    """Draw a setting, the same for the same number, and fit it."""
    rng = np.random.default_rng([2026, number])
    kind = KINDS[number % len(KINDS)]
    n_inputs = int(rng.integers(1, 6))
    if kind == "network":
        return _network(number, n_inputs, rng)
    dtype = str(rng.choice(["float32", "float64", "float64", "int64"]))
    X = (2 * rng.normal(size=(60, n_inputs))).astype(dtype)
    depth = int(rng.integers(0, 4))
    sizes = tuple(int(one) for one in rng.integers(1, 9, size=depth))
    each = _tame([str(one) for one in rng.choice([*HIDDEN, "logistic"], size=depth)])
    same = str(rng.choice(["relu", "tanh", "logistic", "identity", *TAME]))
    own = rng.random() < 0.03 and depth > 0
    sizes = sizes[:1] if own else sizes  # cubes of cubes leave every range too
    says: dict[str, Any] = {
        "hidden_layer_sizes": sizes,
        "activation": OWN if own else each if rng.random() < 0.5 else same,
        "solver": str(rng.choice(["adam", "sgd", "lbfgs"])),
        "learning_rate_init": 1e-6 if own else 0.005,
        "max_iter": 3,
        "precision": [None, "float32", "float64"][rng.integers(3)],
        "random_state": number,
        "threads": 1,
    }  # fmt: skip
    n = int(rng.integers(1, 4)) if kind == "numbers" else int(rng.integers(2, 6))
    if kind == "classes":
        how = str(rng.choice(list(CLASSES), p=[0.2, 0.1, 0.1, 0.2, 0.1, 0.1, 0.2]))
        names = CLASSES[how](n)
        y = rng.permutation(np.resize(names, len(X)))
        outputs = [None, "logistic", "sigmoid"] + (["softmax"] if len(names) > 2 else [])
        says["output_activation"] = outputs[rng.integers(len(outputs))]
        estimator = MLPClassifier(**says)
        says = {**says, "names": names.tolist()}
    elif kind == "labels":
        y = (rng.random((len(X), n)) < 0.5).astype(int)
        says["output_activation"] = [None, "logistic"][rng.integers(2)]
        estimator = MLPClassifier(**says)
    else:
        says["loss"] = str(rng.choice(sorted(OF_NUMBERS)))
        outputs = [*TAME, "softmax"] if n > 1 else TAME
        poisson = says["loss"] == "poisson"
        if poisson:
            says["activation"] = "relu"
        says["output_activation"] = None if poisson or rng.random() < 0.5 else str(rng.choice(outputs))  # fmt: skip
        y = rng.random((len(X), n)) + 0.1
        y = (y[:, 0] if n == 1 else y).astype("float64")
        estimator = MLPRegressor(**says)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(X, y)
    return Setting(number, kind, _rows(X, rng), estimator.network_, estimator, {**says, "X": dtype})


def _network(number: int, n_inputs: int, rng: np.random.Generator) -> Setting:
    sizes = [n_inputs, *(int(one) for one in rng.integers(1, 9, size=rng.integers(1, 5)))]
    functions = _tame([str(rng.choice(HIDDEN + ["softmax"] * (n > 1))) for n in sizes[1:]])
    says = {
        "sizes": sizes,
        "activations": functions,
        "biases": [False, "uniform"][rng.integers(2)] and cp.uniform(0.5),
        "dtype": str(rng.choice(["float32", "float64"])),
        "seed": number,
    }
    X = rng.normal(size=(60, n_inputs)).astype(says["dtype"])
    return Setting(number, "network", _rows(X, rng), cp.Network(**says), says=says)


def _tame(functions: list[str]) -> list[str]:
    """Leave one exp, as two in a row leave every data type's range."""
    first = functions.index("exp") if "exp" in functions else None
    return ["tanh" if f == "exp" and i != first else f for i, f in enumerate(functions)]


def _rows(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rows as in training, a row of zeros, and rows farther away."""
    far = X[:5] * rng.choice([2, 5])
    return np.concatenate([X[:20], np.zeros_like(X[:1]), far]).astype(X.dtype)
