"""Seconds until Clearprop does something: importing, compiling, the first step.

    python benchmarks/start_up.py      # two minutes; writes benchmarks/START_UP.md

Each figure is the median over fresh processes, the interpreter's own start included.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

from clearprop.bench.summary import processor

LIGHT, HEAVY = 9, 3
"""Processes of what takes little, and of what compiles."""

NOT_IMPORTED = ("numba", "scipy", "sklearn", "polars", "matplotlib", "torch")

IMPORT = "import sys, clearprop; print(*sorted(sys.modules))"

TRAIN = """
import numpy as np, clearprop as cp
network = cp.Network([64, 100, 10], activations="relu", output="softmax")
X = np.random.default_rng(0).random((200, 64), np.float32)
cp.train(network, X, np.arange(200) % 10, optimizer="adam", batch_size=200, epochs=1, progress=False)
"""
"""One step of the digits network."""


def run(*command: str, cache: str | Path | None = None) -> tuple[float, str, str]:
    """Seconds of a fresh Python process, what it printed, and what it said on standard error."""
    environment = os.environ | ({} if cache is None else {"CLEARPROP_CACHE": str(cache)})
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, check=True
    )
    return time.perf_counter() - started, done.stdout, done.stderr


def importing() -> tuple[float, set[str]]:
    """Seconds of `import clearprop` above an empty program's, and the modules there afterwards."""
    run("-c", IMPORT)  # so that files are in memory
    seconds, loaded = [], set()
    for _ in range(LIGHT):
        empty, _, _ = run("-c", "pass")
        whole, printed, _ = run("-c", IMPORT)
        seconds.append(whole - empty)
        loaded = {name.partition(".")[0] for name in printed.split()}
    return median(seconds), loaded


def compiling(*command: str) -> float:
    """Seconds of a command whose cache is an empty folder."""
    seconds = []
    for _ in range(HEAVY):
        with tempfile.TemporaryDirectory() as folder:
            took, _, _ = run(*command, cache=folder)
            seconds.append(took)
    return median(seconds)


def warm() -> float:
    """Seconds of a process that makes one step, after `clearprop warm-up` has compiled ahead."""
    with tempfile.TemporaryDirectory() as folder:
        run("-m", "clearprop", "warm-up", cache=folder)
        found = [run("-c", TRAIN, cache=folder) for _ in range(LIGHT)]
        assert not any(errors for _, _, errors in found), "something was compiled after warm-up"
        return median(seconds for seconds, _, _ in found)


def main() -> None:
    """Measure, and write the page."""
    imported, loaded = importing()
    too_many = sorted(set(NOT_IMPORTED) & loaded)
    lines = []
    for what, seconds, limit in (
        ("`import clearprop`, above an empty program", imported, 0.5),
        ("first training with an empty cache: digits network, float32, Adam", compiling("-c", TRAIN), 20),
        ("a program of one step with a warm cache, from its start to its end", warm(), 1.0),
        ("`clearprop warm-up` with an empty cache: every kernel for float32", compiling("-m", "clearprop", "warm-up"), None),
    ):  # fmt: skip
        target = "-" if limit is None else f"{limit:g}, {'met' if seconds < limit else 'missed'}"
        lines.append(f"| {what} | {seconds:.2f} | {target} |")
        print(lines[-1], flush=True)
    names = ", ".join(NOT_IMPORTED)
    imports = f"these are: {', '.join(too_many)} (missed)" if too_many else "none of them is (met)"
    versions = ", ".join(f"{name} {version(name)}" for name in ("clearprop", "numpy", "numba"))
    text = f"""# Start-up

Written by `python benchmarks/start_up.py` on {date.today()}: {processor()}, {platform.system()}; Python {platform.python_version()},
{versions}. Seconds of fresh processes, the start of Python included: medians over {LIGHT}, or
{HEAVY} where something is compiled.

| what | seconds | to stay below |
|---|---|---|
"""
    after = f"\nAfter the import, {names} are not to be loaded: {imports}.\n"
    Path(__file__).with_name("START_UP.md").write_text(
        text + "\n".join(lines) + "\n" + after, encoding="utf-8"
    )


if __name__ == "__main__":
    main()
