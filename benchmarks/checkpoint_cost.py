"""What checkpoints cost: one a minute, of a run on MNIST's shape and of one on a table's.

    python benchmarks/checkpoint_cost.py      # three minutes; writes benchmarks/CHECKPOINT_COST.md

Each round trains one network without checkpoints and with one a second, in turn: 60 times as many as are
written by default. The seconds that pass within `CheckpointFolder.write` (laying out, writing, syncing, reading
back) are counted in the same runs, and so are those before the first batch (SHA-256 of the data).
"""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np

import clearprop as cp
from clearprop.bench.summary import processor
from clearprop.training import loop
from clearprop.training.checkpoints.folder import CheckpointFolder

ROUNDS = 5
SECONDS = 4.0
PAGE = Path(__file__).with_name("CHECKPOINT_COST.md")


class Case(NamedTuple):
    """What is trained: the sizes of the layers, rows, and rows of a batch."""

    name: str
    sizes: tuple[int, ...]
    rows: int
    batch_size: int


CASES = (
    Case("MNIST's shape, 784-128-10, 60,000 rows", (784, 128, 10), 60_000, 128),
    Case("a table of 17 columns, 17-100-50-2, 10,000 rows", (17, 100, 50, 2), 10_000, 128),
)


def counted(function: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    """Return a function that does the same, and notes the seconds of each call."""

    def call(*given: Any, **named: Any) -> Any:
        started = time.perf_counter()
        result = function(*given, **named)
        seconds.append(time.perf_counter() - started)
        return result

    return call


def train(case: Case, epochs: int, **kept: Any) -> float:
    """Return the seconds of a run."""
    draw = np.random.default_rng(0)
    X = draw.random((case.rows, case.sizes[0]), np.float32)
    y = draw.integers(0, case.sizes[-1], case.rows)
    network = cp.Network(case.sizes, activations="relu", output="softmax", seed=1)
    started = time.perf_counter()
    cp.train(
        network, X, y, batch_size=case.batch_size, epochs=epochs, threads=1, progress=False, **kept
    )
    return time.perf_counter() - started


def measure(case: Case) -> dict[str, float]:
    """Return medians over the rounds."""
    train(case, 1)  # compiled, if need be
    epochs = max(2, round(SECONDS / max(train(case, 2) / 2, 1e-3)))
    rows = []
    for _ in range(ROUNDS):
        writing: list[float] = []
        begun: list[float] = []
        write, identity_of = CheckpointFolder.write, loop.identity_of
        CheckpointFolder.write = counted(write, writing)  # type: ignore[method-assign]
        loop.identity_of = counted(identity_of, begun)
        try:
            with tempfile.TemporaryDirectory(dir=os.environ.get("CHECKPOINTS_AT")) as folder:
                kept = train(case, epochs, checkpoint=folder, checkpoint_every="1 second")
                size = max(path.stat().st_size for path in Path(folder).glob("*.safetensors"))
        finally:
            CheckpointFolder.write, loop.identity_of = write, identity_of  # type: ignore[method-assign]
        plain = train(case, epochs)
        rows.append({
            "plain": plain, "kept": kept, "written": len(writing), "size": size,
            "write": median(writing), "begin": begun[0],
            "apart": (kept - plain - begun[0]) / len(writing),
        })  # fmt: skip
    return {name: median(row[name] for row in rows) for name in rows[0]}


def page(measured: dict[str, dict[str, float]]) -> str:
    """Return the page."""
    lines = [
        "# What checkpoints cost",
        "",
        f"`python benchmarks/checkpoint_cost.py`, {date.today()}, {processor()}, {platform.system()}, one thread; medians of "
        f"{ROUNDS} rounds, each a run without checkpoints and one with a checkpoint a second. The load was "
        f"{os.getloadavg()[0]:.0f} on {os.cpu_count()} processors.",
        "",
        "| run | its seconds | with a checkpoint a second | checkpoints | one is | one takes | "
        "runs apart, per checkpoint | SHA-256 of the data, once | **one a minute costs** |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, m in measured.items():
        lines.append(
            f"| {name} | {m['plain']:.2f} | {m['kept']:.2f} | {m['written']:.0f} | "
            f"{m['size'] / 1e6:.2f} MB | {m['write'] * 1e3:.1f} ms | {m['apart'] * 1e3:.1f} ms | "
            f"{m['begin'] * 1e3:.0f} ms | **{m['write'] / 60:.3%}** |"
        )
    lines += [
        "",
        "One a minute costs what one takes (laying out, writing, syncing, reading back), of 60 seconds; the target is below 1%. "
        "The difference of the paired runs, divided by the checkpoints, says the same with the noise of a machine that others "
        "use; it holds the pauses of the loop too, and may be below zero by that noise.",
        "",
    ]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    measured = {case.name: measure(case) for case in CASES}
    PAGE.write_text(page(measured), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))
