"""Random runs of the engine: any network, data, optimizer and course, by one number."""

from __future__ import annotations

import hashlib
import warnings
from importlib.util import find_spec
from typing import Any

import numpy as np

import clearprop as cp
from clearprop.activations import ACTIVATIONS
from clearprop.losses import LOSSES


class Plain:
    """An optimizer of one's own, which gets its gradient from compiled code."""

    def start(self, parameters):
        return {}

    def update(self, parameters, gradient, state, now, is_weight):
        parameters -= 0.01 * gradient


RULES = (
    cp.SGD(0.01), cp.SGD(0.01, shrink=0.99), cp.SGD(0.01, momentum=0.9),
    cp.SGD(cp.step(0.01, every=2, factor=0.5), momentum=0.9, nesterov=True), cp.Adam(),
    cp.AdamW(), cp.RMSprop(), cp.RMSprop(momentum=0.5), cp.RProp(1e-3), Plain(),
)  # fmt: skip
OWN_ACTIVATION = cp.Activation("square root", lambda z: z / np.sqrt(1 + z * z),
                               lambda z: 1 / np.sqrt(1 + z * z) ** 3)  # fmt: skip
OWN_LOSS = cp.Loss("quartic", lambda a, y: ((a - y) ** 4).sum() / 4, lambda a, y: (a - y) ** 3)
WIDTHS = (*range(1, 40), 47, 48, 49, 63, 64, 65, 96, 127, 128, 129, 255, 256, 257, 300)
"""Around every vector's numbers, tiles and the blocks of k."""

POWERS = (15, 16, 17, 31, 32, 63, 64, 127, 128)
"""Numbers of rows around those of the buckets that an order is sorted by."""

LARGE = ((300, 520, 384, 10), (520, 300, 40), (33, 700, 300, 2))
"""Networks that are too large to be fused."""

CORNERS: tuple[dict[str, Any], ...] = (
    {"sizes": [48, 16, 48], "n": 127, "shards": 1, "shuffle": True, "batch_size": 16},
    {
        "sizes": [1, 300, 1],
        "hidden": "softmax",
        "n": 5,
        "batch_size": 2,
        "dropout": 0.3,
        "shards": 1,
    },
    {"sizes": [256, 800, 2], "n": 6, "batch_size": 2, "shards": 1},
    {"sizes": [16, 32, 16], "n": 48, "batch_size": 24, "shards": 8},
    {"sizes": [300, 520, 384, 10], "n": 400, "batch_size": 300, "shards": 2},
    {"sizes": [10, 400, 300, 4], "n": 30, "batch_size": 24, "shards": 1},
    {
        "sizes": [1, 300, 1],
        "hidden": "tanh",
        "n": 5,
        "batch_size": 1,
        "dropout": 0.3,
        "shards": 1,
    },
    {"sizes": [7, 5, 3], "n": 40, "biases": False},
    {
        "sizes": [1, 301, 1],
        "dtype": "float64",
        "hidden": "softmax",
        "n": 5,
        "batch_size": 2,
        "dropout": 0.3,
        "shards": 1,
    },
    {
        "sizes": [1, 301, 1],
        "dtype": "float64",
        "hidden": "tanh",
        "n": 5,
        "batch_size": 1,
        "dropout": 0.3,
        "shards": 1,
    },
    {"sizes": [1, 1], "dtype": "float64", "n": 7, "batch_size": 3, "shards": 4},
    {"sizes": [2, 2], "dtype": "float64", "n": 7, "batch_size": 3, "shards": 4},
)
"""Runs in which rooms are filled to the last number that random ones seldom fill so.

Each has the optimizer of its number in `RULES`, or of that less their number. Without biases, W's state ends where its array does.
"""

VIEWS = ("as it is", "every other column", "backward", "by columns", "not aligned", "another type",
         "read-only")  # fmt: skip


def pick(rng: np.random.Generator, options: Any) -> Any:
    return options[int(rng.integers(len(options)))]


def functions(rng: np.random.Generator, sizes: list[int]) -> dict[str, Any]:
    """Activations and loss; a softmax of one neuron is refused."""
    n_out = sizes[-1]
    own = rng.random() < 0.08 and find_spec("numba") is not None
    name = str(pick(rng, [*LOSSES]))
    loss: Any = name
    if name == "huber":
        loss = cp.huber(0.5)
    elif name == "quantile" and rng.integers(2):
        loss = cp.quantile(tuple(np.linspace(0.1, 0.9, n_out)) if n_out > 1 else 0.7)
    output = str(pick(rng, sorted(LOSSES[name].partners or ACTIVATIONS)))
    if own and rng.integers(2):
        loss, output = OWN_LOSS, "identity"
    kinds: list[Any] = [str(pick(rng, [*ACTIVATIONS])) for _ in sizes[1:]]
    kinds = ["tanh" if n == 1 and kind == "softmax" else kind
             for n, kind in zip(sizes[1:], kinds, strict=True)]  # fmt: skip
    if n_out == 1 and output == "softmax":
        output, loss = "sigmoid", "binary_cross_entropy"
    if own:
        kinds[0] = OWN_ACTIVATION
    return {"activations": kinds, "output": output, "loss": loss}


def targets(rng: np.random.Generator, kind: str, n: int, n_out: int) -> np.ndarray:
    y = rng.random((n, n_out))
    if kind == "labels":
        return rng.integers(0, n_out, n) if rng.integers(2) else y / y.sum(axis=1, keepdims=True)
    return np.floor(3 * y) if kind == "nonnegative" else y


def seen_as(X: np.ndarray, view: str, memory: Any) -> np.ndarray:
    """The same numbers, lying otherwise."""
    n, columns = X.shape
    if view == "every other column":
        wide = memory.guarded(n * (2 * columns - 1), X.dtype).reshape(n, -1)
        wide[:, ::2] = X
        return wide[:, ::2]
    if view == "backward":
        return memory.copy_of(X[::-1])[::-1]
    if view == "by columns":
        return memory.copy_of(X.T).T
    if view == "not aligned":
        raw = memory.guarded(X.nbytes + 1, np.uint8)
        moved = raw[: X.nbytes] if memory.at_end else raw[1:]
        moved = moved.view(X.dtype).reshape(X.shape)
        moved[...] = X
        return moved
    if view == "another type":
        return memory.copy_of(X.astype("float64" if X.dtype == np.float32 else "float32"))
    return memory.copy_of(X, read_only=view == "read-only")


def sizes_of(rng: np.random.Generator) -> list[int]:
    if rng.random() < 0.05:
        return [*pick(rng, LARGE)]
    return [int(pick(rng, WIDTHS)) for _ in range(rng.integers(2, 5))]


def held(rng: np.random.Generator, network: cp.Network) -> dict[str, Any]:
    """Frozen and shared parameters, in one run of eight."""
    if rng.random() > 0.125:
        return {}
    W = network.weights[0]
    last = f"W1[{W.shape[0] - 1},{W.shape[1] - 1}]"
    if W.size > 1:
        network[last] = network["W1[0,0]"]
    shared = [("W1[0,0]", last)] if W.size > 1 else None
    return {"frozen": ["b1"] if network.has_biases else [], "shared": shared}


def one(seed: int, memory: Any) -> str:
    """Train and evaluate a random network on random data, and predict; a digest of all numbers."""
    rng = np.random.default_rng([seed, 18])
    is_corner = seed < len(CORNERS)
    corner = dict(CORNERS[seed]) if is_corner else {}
    dtype, sizes = pick(rng, ("float32", "float64")), corner.pop("sizes", None) or sizes_of(rng)
    dtype = corner.pop("dtype", dtype)
    made = functions(rng, sizes)
    if "hidden" in corner:
        made["activations"] = [corner.pop("hidden")] * len(made["activations"])
    biases = corner.pop("biases", True) if is_corner else bool(rng.integers(3))
    network = cp.Network(sizes, **made, dtype=dtype, seed=seed, biases=biases)
    network.parameters[:] *= 0.25
    n = int(pick(rng, (rng.integers(1, 120),) * 6 + (pick(rng, POWERS), rng.integers(257, 600))))
    n = corner.pop("n", n)
    X = rng.normal(size=(n, sizes[0])).astype(dtype)
    y = targets(rng, network.loss.targets, n, sizes[-1])
    if y.ndim == 2:
        y = y.astype(dtype)
    rule = pick(rng, RULES)
    if rng.random() < 0.06 and find_spec("scipy"):  # without, the other runs are the same
        rule = cp.LBFGS()
    rule = RULES[seed % len(RULES)] if is_corner else rule
    by_scipy = isinstance(rule, cp.LBFGS)
    given = seen_as(X, str(pick(rng, VIEWS)), memory), memory.copy_of(y, bool(rng.integers(2)))
    course = {
        "batch_size": int(rng.integers(1, n + 1)) if n < 120 else int(rng.integers(40, n + 1)),
        "shuffle": bool(rng.integers(2)), "shards": int(pick(rng, (1, 1, 2, 3, 4, 5, 8, 9, 200))),
        "threads": int(pick(rng, (1, 1, 2, 3, 4))), "l2": float(pick(rng, (0, 1e-3))),
        "dropout": 0.0 if by_scipy else float(pick(rng, (0, 0.3))),
        "sample_weight": rng.random(n) + 0.1 if rng.integers(2) else None,
        "validation": given if rng.integers(2) else None,
    } | corner  # fmt: skip
    course |= held(rng, network) if not by_scipy and not is_corner else {}
    some = int(rng.integers(1, n + 1))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # a loss may have no bound below with this output
        try:
            history = cp.train(network, *given, optimizer=rule, epochs=2, engine="compiled",
                               progress=False, **course)  # fmt: skip
            figures = [*history.loss, *history.validation_loss]
        except (cp.DivergenceError, cp.NonFiniteError) as error:
            figures = [float(len(str(error)))]
        answers = []
        for rows in (given[0], given[0][:some]):
            try:
                answers.append(network.predict(rows))
            except cp.NonFiniteError:
                answers.append(np.zeros(1))
    if by_scipy:  # whose sums are not ours
        return ""
    whole = hashlib.sha256()
    for array in (network.parameters, *answers, np.array(figures)):
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()
