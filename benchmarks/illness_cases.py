"""Illnesses to plant, each at three strengths, and healthy runs: what `cp.diagnose` is asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import clearprop as cp

Array = NDArray[Any]
STRENGTHS = "full", "middle", "slight"


@dataclass
class Case:
    """A network and data, with the settings that `cp.diagnose` is asked about."""

    network: cp.Network
    X: Array
    y: Array
    settings: dict[str, Any] = field(default_factory=dict)

    def findings(self) -> list[str]:
        """Return the kinds of what is found, in order."""
        return [f.kind for f in cp.diagnose(self.network, self.X, self.y, **self.settings).findings]


@dataclass(frozen=True)
class Illness:
    """An illness, what finding is right, and how it is planted: `plant(case, strength, rng)`."""

    name: str
    kind: str
    strengths: tuple[Any, Any, Any]
    plant: Callable[[Case, Any, np.random.Generator], None]
    task: str = "classes"
    hidden: str = "relu"
    sizes: tuple[int, ...] = (16,)
    optimizer: Any = "adam"


def data(task: str, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return scaled inputs (n, 6), and targets that they tell of: classes, yes or no, numbers."""
    X = rng.normal(size=(n, 6))
    score = X[:, 0] + X[:, 1] * X[:, 2] + 0.5 * np.abs(X[:, 3]) + 0.1 * rng.normal(size=n)
    if task == "numbers":
        return X, (score - score.mean()) / score.std()
    if task == "yes or no":
        return X, (score > np.median(score)).astype(int)
    return X, np.searchsorted(np.quantile(score, [0.33, 0.67]), score)


def healthy_case(
    task: str, hidden: str, sizes: tuple[int, ...], rng: np.random.Generator, n: int = 300
) -> Case:
    """Return a fresh network on scaled data, with Adam as it is by default."""
    X, y = data(task, n, rng)
    ends = {"classes": (3, "softmax"), "yes or no": (1, "sigmoid"), "numbers": (1, "identity")}
    n_out, output = ends[task]
    seed = int(rng.integers(1000))
    network = cp.Network([6, *sizes, n_out], hidden, output, seed=seed)
    return Case(network, X, y, {"optimizer": "adam"})


def planted(illness: Illness, strength: int, seed: int) -> Case:
    """Return a case with an illness, at strength 0 (full), 1 or 2."""
    rng = np.random.default_rng([seed, 1])
    case = healthy_case(illness.task, illness.hidden, illness.sizes, rng)
    case.settings["optimizer"] = illness.optimizer
    illness.plant(case, illness.strengths[strength], rng)
    return case


def _column(change: Callable[[Array, Any], Any]) -> Callable[[Case, Any, Any], None]:
    def plant(case: Case, strength: Any, rng: Any) -> None:
        j = int(rng.integers(6))
        case.X[:, j] = change(case.X[:, j], strength)

    return plant


def _inputs(change: Callable[[Array, Any], Array]) -> Callable[[Case, Any, Any], None]:
    def plant(case: Case, strength: Any, rng: Any) -> None:
        case.X = change(case.X, strength)

    return plant


def _targets(change: Callable[[Array, Any], Array]) -> Callable[[Case, Any, Any], None]:
    def plant(case: Case, strength: Any, rng: Any) -> None:
        case.y = change(case.y, strength)

    return plant


def _setting(name: str) -> Callable[[Case, Any, Any], None]:
    def plant(case: Case, strength: Any, rng: Any) -> None:
        case.settings[name] = strength

    return plant


def _weights(change: Callable[[cp.Network, Any], None]) -> Callable[[Case, Any, Any], None]:
    def plant(case: Case, strength: Any, rng: Any) -> None:
        change(case.network, strength)

    return plant


def _constant(case: Case, share: float, rng: Any) -> None:
    """A column that is 3 in so many of the rows, and a little off in the others."""
    X = case.X[:, 2]
    case.X[:, 2] = np.where(np.arange(len(X)) < share * len(X), 3.0, 3.0 + 0.01 * X)


def _duplicate(case: Case, noise: float, rng: Any) -> None:
    case.X[:, 4] = case.X[:, 1] + noise * rng.normal(size=len(case.X))


def _outlier(case: Case, size: float, rng: Any) -> None:
    case.X[int(rng.integers(len(case.X))), int(rng.integers(6))] = size


def _leak(case: Case, noise: float, rng: Any) -> None:
    y = case.y.astype(float)
    case.X[:, 5] = (y - y.mean()) / y.std() + noise * rng.normal(size=len(y))


def _shuffled(case: Case, share: float, rng: Any) -> None:
    rows = rng.permutation(len(case.y))[: round(share * len(case.y))]
    case.y[rows] = case.y[rng.permutation(rows)]


def _rare(case: Case, share: float, rng: Any) -> None:
    score = case.X[:, 0] + 0.3 * rng.normal(size=len(case.X))
    case.y = (score > np.quantile(score, 1 - share)).astype(int)


def _absent(case: Case, share: float, rng: Any) -> None:
    """Rows of class 1 become of class 0, all or but for a share."""
    rows = np.flatnonzero(case.y == 1)
    case.y[rows[round(share * len(rows)) :]] = 0


def _few_values(case: Case, values: int, rng: Any) -> None:
    case.y = np.searchsorted(np.quantile(case.y, np.arange(1, values) / values), case.y) * 1.0


def _same_target(case: Case, share: float, rng: Any) -> None:
    case.y = np.where(np.arange(len(case.y)) < share * len(case.y), 2.5, case.y)


def _beyond(case: Case, top: float, rng: Any) -> None:
    case.network = cp.Network([6, 16, 1], "tanh", "sigmoid", loss="squared_error", seed=3)
    case.y = top * (case.y - case.y.min()) / np.ptp(case.y)


def _below_relu(case: Case, up: float, rng: Any) -> None:
    case.network = cp.Network([6, 16, 1], "tanh", "relu", loss="squared_error", seed=3)
    case.network["b2"] = 2.0
    case.y = case.y + up


def _bias(network: cp.Network, bias: float) -> None:
    network["b1"] = bias


def _scaled_weights(network: cp.Network, times: float) -> None:
    for W in network.weights:
        W *= times


def _first_weights(network: cp.Network, times: float) -> None:
    network.weights[0][:] *= times


def _alike(network: cp.Network, differ: float) -> None:
    """Weights that are the same but for a little."""
    for W in network.weights:
        W[:] = 0.2 + differ * W


def _twins(network: cp.Network, pairs: int) -> None:
    for j in range(pairs):
        network.weights[0][2 * j + 1] = network.weights[0][2 * j]
        network.weights[1][:, 2 * j + 1] = network.weights[1][:, 2 * j]


def _deeper(hidden: str) -> Callable[[Case, Any, Any], None]:
    def plant(case: Case, depth: int, rng: Any) -> None:
        case.network = cp.Network([6, *[10] * depth, 3], hidden, "softmax", seed=4)

    return plant


def _wrong_outputs(case: Case, times: float, rng: Any) -> None:
    case.network = cp.Network([6, 16, 1], "tanh", "sigmoid", loss="squared_error", seed=3)
    case.network.weights[1][:] *= times


def _broken(case: Case, value: float, rng: Any) -> None:
    name = f"W{int(rng.integers(1, 3))}"
    case.network[f"{name}[{int(rng.integers(3))},{int(rng.integers(6))}]"] = value


def _overfitted(case: Case, epochs: int, rng: Any) -> None:
    X, y = case.X, case.y
    flipped = rng.random(len(y)) < 0.15
    y = np.where(flipped, rng.integers(0, 3, len(y)), y)
    case.X, case.y = X[:100], y[:100]
    cp.train(case.network, case.X, case.y, optimizer=cp.Adam(0.01), epochs=epochs, progress=False)
    case.settings |= {"validation": (X[100:], y[100:]), "optimizer": None}


def _rate(kind: Any, **settings: Any) -> Callable[[Case, Any, Any], None]:
    def plant(case: Case, rate: float, rng: Any) -> None:
        case.settings["optimizer"] = kind(rate, **settings)

    return plant


def _momentum(case: Case, momentum: float, rng: Any) -> None:
    case.settings["optimizer"] = cp.SGD(1.0, momentum=momentum)


UNSCALED = "unscaled inputs"
LARGE, SMALL = "learning rate too large", "learning rate too small"
ILLNESSES = (
    Illness("one column times 5,000", UNSCALED, (5000, 500, 20), _column(np.multiply)),
    Illness("all inputs times 50", UNSCALED, (50, 20, 8), _inputs(np.multiply)),
    Illness("inputs of mean 40, deviation 5, relu", UNSCALED, (40, 20, 10),
            _inputs(lambda X, mean: mean + X * mean / 8)),
    Illness("inputs of mean 40, deviation 5, tanh", UNSCALED, (40, 20, 10),
            _inputs(lambda X, mean: mean + X * mean / 8), hidden="tanh"),
    Illness("all inputs times 0.001", UNSCALED, (0.001, 0.005, 0.02), _inputs(np.multiply)),
    Illness("a constant input", "constant input", (1.0, 0.99, 0.9), _constant),
    Illness("an input twice", "duplicate inputs", (0.0, 1e-6, 1e-2), _duplicate),
    Illness("a wild value", "outliers", (1e6, 1e3, 50.0), _outlier),
    Illness("an input that is the class", "leakage", (0.0, 0.05, 0.2), _leak),
    Illness("an input that is the number", "leakage", (0.0, 0.05, 0.2), _leak, task="numbers"),
    Illness("labels shuffled", "unrelated targets", (1.0, 0.9, 0.7), _shuffled),
    Illness("numbers shuffled", "unrelated targets", (1.0, 0.9, 0.7), _shuffled, task="numbers"),
    Illness("one class at 99%", "imbalanced classes", (0.01, 0.03, 0.06), _rare,
            task="yes or no"),
    Illness("a class that never occurs", "absent class", (0.0, 0.02, 0.1), _absent),
    Illness("targets all the same", "constant targets", (1.0, 0.98, 0.9), _same_target,
            task="numbers"),
    Illness("targets times 1,000", "unscaled targets", (1000, 100, 20), _targets(np.multiply),
            task="numbers"),
    Illness("targets plus 1,000", "unscaled targets", (1000, 100, 20), _targets(np.add),
            task="numbers"),
    Illness("targets up to 5 after sigmoid", "targets out of reach", (5.0, 2.0, 1.2), _beyond,
            task="numbers"),
    Illness("targets below 0 after relu", "targets out of reach", (0.0, 1.0, 2.0), _below_relu,
            task="numbers"),
    Illness("yes or no as numbers", "classes as numbers", (2, 3, 5), _few_values, task="numbers"),
    Illness("relu biases of -9", "dead units", (-9.0, -5.0, -3.0), _weights(_bias)),
    Illness("saturated sigmoids", "saturation", (60, 20, 8), _weights(_first_weights),
            hidden="sigmoid"),
    Illness("saturated tanh", "saturation", (30, 10, 4), _weights(_first_weights), hidden="tanh"),
    Illness("sure and wrong outputs, squared error", "saturation", (200, 40, 10), _wrong_outputs,
            task="yes or no"),
    Illness("weights all the same", "symmetric units", (0.0, 1e-6, 1e-3), _weights(_alike)),
    Illness("weights all 0", "symmetric units", (0.0, 1e-6, 1e-4), _weights(_scaled_weights)),
    Illness("two units alike", "symmetric units", (4, 2, 1), _weights(_twins)),
    Illness("deep sigmoid network", "vanishing deltas", (10, 7, 4), _deeper("sigmoid")),
    Illness("weights too small, deep", "vanishing deltas", (0.05, 0.15, 0.3),
            _weights(_scaled_weights), sizes=(16, 16, 16)),
    Illness("weights too large, deep", "exploding deltas", (8, 5, 3), _weights(_scaled_weights),
            sizes=(10,) * 6),
    Illness("weights too large, shallow", "weights too large", (10, 6, 3),
            _weights(_scaled_weights)),
    Illness("a weight that is not a number", "not finite", (np.nan, np.inf, -np.inf), _broken),
    Illness("SGD, rate too large", LARGE, (100.0, 20.0, 5.0), _rate(cp.SGD)),
    Illness("Adam, rate too large", LARGE, (10.0, 2.0, 0.5), _rate(cp.Adam)),
    Illness("SGD, rate too small", SMALL, (1e-7, 1e-5, 1e-3), _rate(cp.SGD)),
    Illness("Adam, rate too small", SMALL, (1e-7, 1e-5, 1e-4), _rate(cp.Adam)),
    Illness("SGD, rate too large, numbers", LARGE, (30.0, 3.0, 1.0), _rate(cp.SGD),
            task="numbers"),
    Illness("momentum too large", "momentum too large", (0.999, 0.99, 0.97), _momentum),
    Illness("penalty too large", "penalty too large", (1.0, 0.1, 0.03), _setting("l2")),
    Illness("overfitted", "overfitting", (500, 100, 40), _overfitted, sizes=(64,)),
)  # fmt: skip


def healthy(seed: int) -> Iterator[tuple[str, Case]]:
    """Yield 24 healthy runs: of all sorts, fresh and trained, with unusual but sound choices."""
    number = 0

    def case(task: str, hidden: str, sizes: tuple[int, ...] = (16,), n: int = 300) -> Case:
        nonlocal number
        number += 1
        return healthy_case(task, hidden, sizes, np.random.default_rng([seed, 2, number]), n)

    for hidden in ("relu", "tanh", "sigmoid", "gelu", "leaky_relu", "elu"):
        yield f"classes, {hidden}", case("classes", hidden)
    for hidden in ("relu", "silu", "tanh"):
        yield f"numbers, {hidden}", case("numbers", hidden)
    yield "yes or no, two layers", case("yes or no", "relu", (32, 16))
    yield "no hidden layer", case("classes", "relu", ())
    yield "five relu layers", case("numbers", "relu", (20,) * 5)
    yield "wide", case("yes or no", "relu", (400,))
    for loss in ("huber", "absolute_error"):
        made = case("numbers", "relu")
        made.settings["loss"] = loss
        yield f"numbers, {loss}", made
    yield "few rows", case("yes or no", "tanh", (4,), n=40)
    made = case("classes", "tanh")
    made.settings |= {"optimizer": cp.SGD(0.1, momentum=0.9), "batch_size": 16}
    yield "momentum, batches of 16", made
    made = case("numbers", "relu")
    made.settings |= {"optimizer": cp.RMSprop(0.003), "l2": 1e-3, "batch_size": 32}
    yield "RMSprop, l2 of 0.001", made
    made = case("yes or no", "relu")
    made.y = (made.X[:, 0] > np.quantile(made.X[:, 0], 0.8)).astype(int)
    yield "one class at 80%", made
    made = case("classes", "relu")
    made.X = np.abs(made.X) * (np.abs(made.X) > 0.7)
    made.X[:, 5] = 0.0
    yield "sparse inputs, one never used", made
    made = case("numbers", "tanh")
    made.X = np.hstack([made.X[:, :3], np.eye(3)[np.digitize(made.X[:, 3], [0.0, 0.7])]])
    yield "numbers and categories", made
    yield from _trained(case)


def _trained(case: Callable[..., Case]) -> Iterator[tuple[str, Case]]:
    """Yield networks after training that went well, with rows held out, and dropout."""
    for task, hidden, settings in (
        ("classes", "relu", {"epochs": 15}),
        ("numbers", "tanh", {"epochs": 30, "optimizer": cp.SGD(0.05, momentum=0.9)}),
        ("yes or no", "relu", {"epochs": 20, "dropout": 0.3, "batch_size": 8}),
    ):
        made = case(task, hidden, (32,), n=900)
        X, y = made.X, made.y
        made.X, made.y = X[:600], y[:600]
        cp.train(made.network, made.X, made.y, **settings, progress=False)
        made.settings["validation"] = X[600:], y[600:]
        yield f"trained, {task}" + ", dropout" * ("dropout" in settings), made
