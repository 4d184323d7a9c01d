"""How default threads fare beside other programs: against one thread and against all.

    python benchmarks/busy_machine.py      # a quarter of an hour; writes benchmarks/BUSY_MACHINE.md

Beside 0, 1, 2 and 4 processes that only count, each case is timed with default threads, with one
and with all in turn, in one process that goes on, and in new ones whose first run is the timed one.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

import clearprop as cp
from clearprop.bench.summary import processor
from clearprop.engine.threads import cores

CORES = "OMP_NUM_THREADS"
ALL = cores()
BUSY = 0, 1, 2, 4
LATER, FIRST = 15, 7
"""Rounds in a process that goes on, and of new processes."""

Case = Callable[[int | None], None]


def training(sizes: list[int], n: int, epochs: int, batch_size: int, rule: cp.Optimizer) -> Case:
    """Return a short training run."""
    rng = np.random.default_rng(0)
    X, y = rng.random((n, sizes[0]), np.float32), rng.integers(0, sizes[-1], n)

    def run(threads: int | None) -> None:
        network = cp.Network(sizes, activations="relu", output="softmax", seed=1)
        cp.train(
            network, X, y, optimizer=rule, batch_size=batch_size, epochs=epochs, seed=2,
            threads=threads, progress=False,
        )  # fmt: skip

    return run


def prediction(sizes: list[int], n: int, calls: int) -> Case:
    """Return some predictions."""
    network = cp.Network(sizes, activations="relu", output="softmax", seed=1)
    X = np.random.default_rng(0).random((n, sizes[0]), np.float32)

    def run(threads: int | None) -> None:
        os.environ[CORES] = str(threads or ALL)  # a call of predict takes none
        for _ in range(calls):
            network.predict(X)

    return run


CASES: dict[str, Callable[[], Case]] = {
    "train 100-100-50-2, batch 128": lambda: training([100, 100, 50, 2], 8000, 20, 128, cp.AdamW()),
    "train 784-100-10, batch 10": lambda: training([784, 100, 10], 4000, 4, 10, cp.SGD(0.1)),
    "train 784-512-10, batch 128": lambda: training([784, 512, 10], 4000, 6, 128, cp.AdamW()),
    "predict 784-100-10, 2,000 rows, 50 times": lambda: prediction([784, 100, 10], 2000, 50),
    "predict 784-512-10, 60,000 rows": lambda: prediction([784, 512, 10], 60_000, 1),
}


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Beside so many processes that only count."""
    code = "while True: pass"
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(processes)]
    try:
        time.sleep(0.5 if running else 0)
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def seconds(case: Case, threads: int | None) -> float:
    """What the case takes."""
    started = time.perf_counter()
    case(threads)
    return time.perf_counter() - started


def seconds_of_first(name: str, threads: int | None) -> float:
    """What the case takes in a new process, after one with one thread, which loads the engine."""
    code = (
        f"import busy_machine as b; case = b.CASES[{name!r}](); case(1)\n"
        f"print(b.seconds(case, {threads!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True,
        check=True, env={name: value for name, value in os.environ.items() if name != CORES},
    )  # fmt: skip
    return float(done.stdout)


def rounds(measure: Callable[[int | None], float], count: int) -> tuple[str, float]:
    """Return cells: seconds by default, with one thread and with all, and the ratio to the better."""
    ways = None, 1, ALL
    found: dict[int | None, list[float]] = {way: [] for way in ways}
    for shift in range(count):  # who follows whom changes
        for way in itertools.islice(itertools.cycle(ways), shift, shift + len(ways)):
            found[way].append(measure(way))
    ours, *others = (median(times) for times in found.values())
    better = ways[1 + int(np.argmin(others))]
    ratio = median(a / b for a, b in zip(found[None], found[better], strict=True))
    return f"{ours:.3f} / {others[0]:.3f} / {others[1]:.3f} | {ratio:.2f}", ratio


def main() -> None:
    """Measure, and write the page."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, nargs=2, default=(LATER, FIRST))
    options.add_argument("--out", type=Path, default=Path(__file__).with_name("BUSY_MACHINE.md"))
    chosen = options.parse_args()
    lines, worst = [], dict.fromkeys(BUSY, 0.0)
    for name, make in CASES.items():
        case = make()
        for way in (None, 1, ALL):
            case(way)
        for processes in BUSY:
            with busy(processes):
                later, ratio = rounds(partial(seconds, case), chosen.rounds[0])
                first, _ = rounds(partial(seconds_of_first, name), chosen.rounds[1])
            worst[processes] = max(worst[processes], ratio)
            lines.append(f"| {name} | {processes} | {later} | {first} |")
            print(lines[-1], flush=True)
    text = f"""# Default threads on a busy machine

Written by `python benchmarks/busy_machine.py` on {date.today()}: {processor()}, {ALL} cores, {platform.system()}; Python
{platform.python_version()}, clearprop {cp.__version__}. Beside so many processes that only count, seconds with default threads / with
one / with {ALL}: medians of rounds in which they take turns, in a process that goes on ({chosen.rounds[0]} rounds) and in new
processes, where nothing is known of the case yet ({chosen.rounds[1]} rounds). Then the median, over rounds, of the default's time as a multiple of that
of the better of one and {ALL}. The largest for a process that goes on: {", ".join(f"{worst[k]:.2f} beside {k}" for k in BUSY)}.

| case | beside | goes on | ratio | first | ratio |
|---|---|---|---|---|---|
"""
    chosen.out.write_text(text + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
