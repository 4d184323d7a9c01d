"""The arithmetic that is printed gives the value that is printed: every equation, read by Python."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import clearprop as cp

FUNCTIONS = {
    "exp": math.exp, "log": math.log, "tanh": math.tanh, "sqrt": math.sqrt, "abs": abs,
    "sign": lambda v: float(np.sign(v)), "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "relu": lambda z: max(z, 0), "leaky_relu": lambda z: z if z > 0 else 0.01 * z,
    "elu": lambda z: z if z > 0 else math.exp(z) - 1, "identity": lambda z: z,
    "gelu": lambda z: z * (1 + math.erf(z / math.sqrt(2))) / 2,
    "silu": lambda z: z / (1 + math.exp(-z)), "softplus": lambda z: math.log1p(math.exp(z)),
    "Phi": lambda z: (1 + math.erf(z / math.sqrt(2))) / 2,
    "phi": lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi),
}  # fmt: skip
PAIRS = [
    ("identity", "squared_error"), ("identity", cp.huber(0.5)), ("identity", cp.quantile(0.8)),
    ("identity", "absolute_error"), ("exp", "poisson"), ("softplus", "poisson"),
    ("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy"),
    ("softmax", "squared_error"), ("tanh", "squared_error"),
]  # fmt: skip
HIDDEN = ["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus"]
OPTIMIZERS = [None, "adam", "rprop", "rmsprop", cp.SGD(0.1, momentum=0.9)]


def read(numbers: str) -> float:
    text = numbers.replace("·", "*").replace("²", "**2").replace("^", "**").replace("√", "sqrt")
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text)
    return eval(re.sub(r"(\d),(\d{3})", r"\1\2", text), {"__builtins__": {}}, FUNCTIONS)


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("pair", range(len(PAIRS)))
def test_every_equation(hidden, pair):
    output, loss = PAIRS[pair]
    seed = 100 * pair + HIDDEN.index(hidden)
    rng = np.random.default_rng(seed)
    network = cp.Network(
        [3, 4, 2], [hidden, output], loss=loss, dtype="float64", seed=seed, biases=cp.normal(0.4)
    )
    n = 1 + 2 * (seed % 2)
    X, name = rng.normal(size=(n, 3)), network.loss.name
    y = rng.normal(size=(n, 2))
    if name == "cross_entropy":
        y = rng.integers(0, 2, n)
    elif name == "poisson":
        y = rng.integers(0, 3, (n, 2)).astype(float)
    elif name == "binary_cross_entropy":
        y = rng.random((n, 2))
    count = 0
    for of in (None, "W1[2,1]", "b1[0]", "W2[1,3]", "delta1[1]", "da1[2]", "L", "a2[1]"):
        rule = OPTIMIZERS[seed % len(OPTIMIZERS)]
        for equation in cp.explain(network, X, y, of, optimizer=rule, l2=0.01 * (n - 1)):
            if equation.forms and not equation.is_rounding:
                said = read(equation.numbers)
                assert abs(said - equation.value) <= 2e-3 * abs(equation.value) + 1e-12, equation
                count += 1
    assert count > 100
