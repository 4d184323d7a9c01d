"""Networks, data and optimizers that the tests of derivations share."""

from __future__ import annotations

from itertools import count

import numpy as np

import clearprop as cp
from cases import pairings
from clearprop.activations import ACTIVATIONS
from clearprop.losses import LOSSES

OPTIMIZERS = [
    cp.SGD(0.1), cp.SGD(0.1, momentum=0.9), cp.SGD(0.1, momentum=0.8, nesterov=True, shrink=0.99),
    cp.Adam(0.01), cp.AdamW(0.01, decay=0.1), cp.RMSprop(0.01), cp.RMSprop(0.01, momentum=0.5),
    cp.RProp(),
]  # fmt: skip


def random_case(seed: int):
    """A random network with data: every activation, loss, depth, with and without everything."""
    rng = np.random.default_rng(seed)
    pairs = pairings()
    output, loss = pairs[seed % len(pairs)]
    depth = int(rng.integers(1, 4))
    sizes = [int(rng.integers(1, 9)) for _ in range(depth)] + [int(rng.integers(1, 5))]
    if output == "softmax":
        sizes[-1] = max(2, sizes[-1])
    hidden = [str(rng.choice(list(ACTIVATIONS))) for _ in sizes[1:-1]]
    n = int(rng.choice([1, 1, 2, 9]))
    for attempt in count():
        network = cp.Network(
            sizes, [*hidden, output], loss=loss, biases=cp.uniform(0.5) if seed % 3 else False,
            initializer=cp.uniform(0.9), dtype="float64", seed=seed + 1000 * attempt,
        )  # fmt: skip
        X = rng.normal(size=(n, sizes[0]))
        if np.isfinite(network.predict(X)).all():
            break
    y = rng.random((n, sizes[-1]))
    kind = LOSSES[loss].targets
    if kind == "labels":
        y = y / y.sum(axis=1, keepdims=True) if seed % 2 else y.argmax(axis=1)
    elif kind == "unit":
        y = y if seed % 2 else y.round()
    elif kind == "nonnegative":
        y = np.floor(4 * y)
    else:
        y = 3 * y - 1
    weights = 0.1 + rng.random(n) if seed % 4 == 1 else None
    return network, X, y, weights, 0.01 if seed % 5 == 1 else 0.0, rng


def some_element(network, rng) -> str:
    layer = int(rng.integers(1, len(network.sizes)))
    j, i = (int(rng.integers(network.sizes[layer - k])) for k in (0, 1))
    options = [f"W{layer}[{j},{i}]", f"dW{layer}[{j},{i}]", f"z{layer}[{j}]", f"a{layer}[{j}]",
               f"delta{layer}[{j}]", f"da{layer}[{j}]", f"dx[{int(rng.integers(network.sizes[0]))}]",
               "L", f"W{layer}", f"delta{layer}", f"da{layer - 1}", f"z{layer}"]  # fmt: skip
    if network.has_biases:
        options += [f"b{layer}[{j}]", f"db{layer}"]
    return str(rng.choice(options))


def optimizer_numbers(rule, name: str, parameters=None, state=None, now=(0, 1, 0)) -> dict:
    """What the rows of an optimizer's step speak of."""
    numbers = {"g": 0.0}
    for key, symbol in (
        ("learning_rate", "eta"), ("momentum", "mu"), ("beta1", "beta1"), ("beta2", "beta2"),
        ("epsilon", "epsilon"), ("alpha", "alpha"), ("decay", "decay"), ("shrink", "shrink"),
        ("grow", "grow"), ("cut", "cut"),
    ):  # fmt: skip
        if hasattr(rule, key):
            value = getattr(rule, key)
            numbers[symbol] = value(*now[:2]) if callable(value) else value
    for beta in ("beta1", "beta2"):
        if hasattr(rule, beta):
            t = now[2] + 1
            numbers[f"{beta}^{t}"] = getattr(rule, beta) ** t
    begun = {"velocity": "v", "m": "m", "v": "v", "square": "s", "size": "size"}
    for key, symbol in begun.items():
        start = rule.learning_rate if key == "size" else 0.0
        if state is None or key in state:
            numbers[f"{symbol}_before"] = start if state is None else state[key]
    return numbers


def moved_costs(derivation, network, X, y, weights, l2):
    """L(w + h) and L(w - h), by networks of our own whose weight is moved."""
    if derivation.of is None or derivation.of[:2] not in ("dW", "db"):
        return {}
    name = derivation.of[1:]
    h = 1e-5 * max(1.0, abs(float(network[name])))
    costs = {"h": h}
    for sign, step in (("+", h), ("-", -h)):
        moved = network.copy()
        moved[name] = network[name] + step
        costs[f"L({name} {sign} h)"] = cp.backprop(moved, X, y, sample_weight=weights, l2=l2).loss
    return costs
