"""Gradients of every sample's own cost, beside a loop over `cp.backprop` and PyTorch's `vmap(grad)`.

    python benchmarks/per_sample_gradients.py     # a minute; writes benchmarks/PER_SAMPLE.md

The same weights and data in all, whose gradients are compared first; one core; the systems take
turns over several rounds, each in memory that is fresh, as a caller has it.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

if hasattr(os, "sched_setaffinity"):  # before libraries start threads
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np
import torch

import clearprop as cp
from clearprop.bench.summary import processor

CASES = [
    ((4, 8, 3), 1000),
    ((30, 50, 50, 2), 1000),
    ((64, 100, 10), 1000),
    ((256, 256, 10), 500),
    ((784, 100, 10), 500),
]
"""Sizes, and the samples."""

ROUNDS = 21
PACKAGES = "clearprop", "numpy", "torch"

Gradients = Callable[[], np.ndarray]


def systems(network: cp.Network, X: np.ndarray, y: np.ndarray) -> dict[str, Gradients]:
    """What is timed, by its name: each gives an array of shape (n, n_parameters)."""
    out = np.empty((len(X), network.n_parameters), network.dtype)
    return {
        "per_sample_gradients": lambda: cp.per_sample_gradients(network, X, y).array,
        "with out=": lambda: cp.per_sample_gradients(network, X, y, out=out).array,
        "loop": lambda: np.stack(
            [cp.backprop(network, X[i : i + 1], y[i : i + 1]).gradient for i in range(len(X))]
        ),
        "PyTorch": pytorch(network, X, y),
    }


def pytorch(network: cp.Network, X: np.ndarray, y: np.ndarray) -> Gradients:
    """`torch.func.vmap` of `torch.func.grad`: an array a parameter, which are not put together."""
    torch.set_num_threads(1)
    last = len(network.weights)
    named = network.unflatten(network.parameters)
    parameters = {name: torch.from_numpy(array.copy()) for name, array in named.items()}
    rows, labels = torch.from_numpy(X), torch.from_numpy(y)

    def cost(parameters: dict[str, torch.Tensor], x: torch.Tensor, label: torch.Tensor):
        for layer in range(1, last + 1):
            z = torch.nn.functional.linear(x, parameters[f"W{layer}"], parameters[f"b{layer}"])
            x = torch.relu(z)
        return torch.nn.functional.cross_entropy(z, label)

    gradients = torch.func.vmap(torch.func.grad(cost), in_dims=(None, 0, 0))

    def answer() -> np.ndarray:
        parts = [part.flatten(1).numpy() for part in gradients(parameters, rows, labels).values()]
        answer.parts = parts  # type: ignore[attr-defined]
        return parts[0]

    return answer


def compare(sizes: tuple[int, ...], n: int) -> dict[str, list[float]]:
    """Seconds in each round, by system."""
    network = cp.Network(sizes, activations="relu", output="softmax", seed=1)
    rng = np.random.default_rng(2)
    X, y = rng.random((n, sizes[0]), np.float32), rng.integers(0, sizes[-1], n)
    answers = systems(network, X, y)
    expected = answers["loop"]()
    for name, answer in answers.items():
        found = answer()
        if name == "PyTorch":
            found = np.concatenate(answer.parts, axis=1)  # type: ignore[attr-defined]
            del answer.parts  # type: ignore[attr-defined]
        np.testing.assert_allclose(found, expected, atol=1e-5)
    times: dict[str, list[float]] = {name: [] for name in answers}
    for _ in range(ROUNDS):
        for name, answer in answers.items():
            started = time.perf_counter()
            answer()
            times[name].append(time.perf_counter() - started)
    return times


def main() -> None:
    """Compare, and write the page."""
    lines = []
    for sizes, n in CASES:
        times = compare(sizes, n)
        ours = times["per_sample_gradients"]
        cells = ["-".join(map(str, sizes)), f"{n:,}", f"{median(ours) * 1e3:.1f}"]
        for name in ("with out=", "loop", "PyTorch"):
            ratios = [other / own for other, own in zip(times[name], ours, strict=True)]
            cells.append(f"{median(times[name]) * 1e3:.1f} ({median(ratios):.1f})")
        reused = zip(times["loop"], times["with out="], strict=True)
        cells.append(f"{median(other / own for other, own in reused):.1f}")
        lines.append(f"| {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    text = f"""# Per-sample gradients, side by side

Written by `python benchmarks/per_sample_gradients.py` on {date.today()}: {processor()}, one core, {platform.system()};
Python {platform.python_version()}, {versions}. Milliseconds for the gradients of all samples, float32,
relu, softmax in the end, cross_entropy: `cp.per_sample_gradients`; the same into memory that was used before; a loop over
the samples that stacks `cp.backprop(...).gradient`; PyTorch's `vmap(grad)`, which returns an array a parameter.
Medians over {ROUNDS} rounds in which they take turns; in brackets the median of the ratios to
`per_sample_gradients` within a round. Gradients agree to 1e-5. Wide networks are bound by memory: a
sample of 784-100-10 writes 318 kB.

| network | samples | per_sample_gradients | with `out=` | loop | PyTorch | loop / with `out=` |
|---|---|---|---|---|---|---|
"""
    Path(__file__).with_name("PER_SAMPLE.md").write_text(
        text + "\n".join(lines) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
