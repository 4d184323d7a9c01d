"""Milliseconds that an explanation takes, written and all.

    python benchmarks/explanations.py      # seconds; writes benchmarks/EXPLANATIONS.md

Each figure is the median over runs; the text is written in each.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median

import numpy as np

import clearprop as cp
from clearprop.bench.summary import processor

RUNS = 15
PAGE = Path(__file__).with_name("EXPLANATIONS.md")


def milliseconds(call: Callable[[], object]) -> float:
    """The median over runs, the first not counted."""
    call()
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return 1000 * median(seconds)


def main() -> None:
    """Measure, and write the page."""
    rng = np.random.default_rng(0)
    network = cp.Network([784, 100, 10], "relu", "softmax", seed=0)
    x, X = rng.random(784), rng.random((1000, 784))
    y = rng.integers(0, 10, 1000)
    deep = cp.Network([100] * 7, "tanh", "softmax", seed=0)
    cases = (
        ("784-100-10, the whole pass, one sample", "1,000", lambda: str(cp.explain(network, x, 3))),
        (
            "784-100-10, one weight, one sample", "50",
            lambda: str(cp.explain(network, x, 3, of="W1[5,17]")),
        ),
        (
            "784-100-10, one weight, a batch of 1,000", "",
            lambda: str(cp.explain(network, X, y, of="W1[5,17]")),
        ),
        (
            "784-100-10, the whole pass as HTML", "",
            lambda: cp.explain(network, x, 3).to_html(),
        ),
        (
            "seven layers of 100, a weight of the first (10,000,000,000 paths)", "",
            lambda: str(cp.explain(deep, rng.random(100), 3, of="W1[5,17]")),
        ),
    )  # fmt: skip
    rows = [f"| {name} | {limit} | {milliseconds(call):.1f} |" for name, limit, call in cases]
    table = "\n".join(["| explanation | at most | milliseconds |", "|---|---|---|", *rows])
    text = (
        "# How long an explanation takes\n\n"
        f"The median of {RUNS} runs on {processor()}, Python {platform.python_version()}, NumPy "
        f"{np.__version__}, {date.today()}; each runs backpropagation in float64 and writes the "
        "result.\n\n"
        f"{table}\n\n`python benchmarks/explanations.py` writes this page.\n"
    )
    PAGE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
