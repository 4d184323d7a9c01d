"""Random small expressions, with values for their names."""

from __future__ import annotations

import numpy as np

NAMES = "abcde"
SMOOTH = ("exp", "sigmoid", "tanh", "sin", "cos", "gelu", "silu", "softplus", "elu")
KINKED = ("relu", "leaky_relu", "abs")


def random_text(rng: np.random.Generator, depth: int) -> str:
    """A text whose parts stand in parentheses; some parts stand twice."""
    if depth == 0 or rng.random() < 0.1:
        return str(rng.choice(list(NAMES))) if rng.random() < 0.8 else f"{rng.uniform(0.5, 3):.2f}"
    kind = rng.integers(10)
    left = random_text(rng, depth - 1)
    if kind < 5:
        right = left if rng.random() < 0.2 else random_text(rng, depth - 1)
        return f"({left} {rng.choice(list('+-*/'))} {right})"
    if kind == 5:
        return f"{rng.choice(['log', 'sqrt'])}(1.5 + ({left})**2)"
    if kind == 6:
        return f"(({left}) ** {rng.choice(['2', '3', '-1', '1', '0'])})"
    if kind == 7:
        return f"((1.2 + ({left})**2) ** ({random_text(rng, depth - 1)}))"
    if kind == 8:
        return f"{rng.choice(['max', 'min'])}({left}, {random_text(rng, depth - 1)})"
    return f"{rng.choice([*SMOOTH, *KINKED])}(-{left})"


def random_case(seed: int, depth: int = 4) -> tuple[str, dict[str, float]]:
    """A text with at least one operation and one name, and a value for each name in it."""
    rng = np.random.default_rng(seed)
    text = f"{random_text(rng, depth)} + {rng.choice(list(NAMES))} * 0.5"
    values = {name: float(rng.uniform(-2, 2)) for name in NAMES}
    code = compile(text, "text", "eval")
    return text, {name: values[name] for name in NAMES if name in code.co_names}
