"""What streams cost: memory by the operating system's own account, and speed beside data in memory.

    python benchmarks/streams.py                 # writes benchmarks/STREAMS.md
    python benchmarks/streams.py --rows 200000   # a small try; writes nothing

Memory: the peak (VmHWM) of a fresh process that trains for an epoch on so many rows, and on a tenth
of them. Speed: one network on the same rows in memory and by a stream in eight windows, in turns; of
all rounds the quickest of each, as noise only adds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np

import clearprop as cp
from clearprop.bench.summary import processor
from streamed_table import table_memory, table_speed
from streams_predicted import predicted

ROWS = 20_000_000
WINDOW = 500_000
COLUMNS = 17
BLOCK = 100_000
ROUNDS = 5
PAGE = Path(__file__).with_name("STREAMS.md")

PEAK = """
import sys
import numpy as np
import clearprop as cp

kind, rows, columns, window = sys.argv[1], *map(int, sys.argv[2:])

def batches():
    for first in range(0, rows, 10_000):
        X = np.random.default_rng(first).random((min(10_000, rows - first), columns), np.float32)
        yield X, X[:, 0]

given = ("X.npy", "y.npy") if kind == "files" else (batches,)
network = cp.Network([columns, 16, 1], "tanh", "identity", seed=0)
cp.train(
    network, cp.stream(*given, window=window), batch_size=1000, epochs=1, threads=1, progress=False
)
with open("/proc/self/status") as status:
    print([line.split()[1] for line in status if line.startswith("VmHWM")][0])
"""


def write_rows(folder: Path, rows: int, columns: int, outputs: int) -> None:
    """Write X.npy and y.npy, block by block: whoever measures memory has taken none."""
    parts = {"X": (rows, columns), "y": (rows, outputs) if outputs > 1 else (rows,)}
    opened = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float32, shape)
        for name, shape in parts.items()
    }
    for first in range(0, rows, BLOCK):
        rng = np.random.default_rng(first)
        for array in opened.values():
            some = array[first : first + BLOCK]
            some[...] = rng.random(some.shape, np.float32)


def peak(kind: str, rows: int, window: int) -> float:
    """Return the most memory of a process that trains on so many rows, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        if kind == "files":
            write_rows(Path(folder), rows, COLUMNS, 1)
        command = [sys.executable, "-c", PEAK, kind, *map(str, (rows, COLUMNS, window))]
        ended = subprocess.run(
            command, cwd=folder, check=True, text=True, stdout=subprocess.PIPE, env=os.environ
        )
    return int(ended.stdout) / 1024


def memory(rows: int) -> Iterator[str]:
    """The peaks of two numbers of rows."""
    window = min(WINDOW, rows // 40)
    yield "## Memory"
    yield ""
    yield (
        f"An epoch of {COLUMNS}-16-1 on {rows:,} rows of {COLUMNS} columns in float32, in windows of "
        f"{window:,} rows; the target is at most 1.2 times."
    )
    yield ""
    yield f"| source | {rows // 10:,} rows | {rows:,} rows | **times** |"
    yield "|---|---|---|---|"
    for kind, name in (("files", "two .npy files"), ("batches", "a function that makes batches")):
        few, many = (peak(kind, some, window) for some in (rows // 10, rows))
        yield f"| {name} | {few:,.0f} MB | {many:,.0f} MB | **{many / few:.2f}** |"
    yield ""


def timed(run: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def deep100(rows: int) -> Iterator[str]:
    """A deep network, whose targets are as wide as its inputs."""
    rows = min(rows, 400_000)
    window = rows // 8
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_rows(folder, rows, 100, 100)
        X, y = (np.load(folder / f"{part}.npy") for part in "Xy")

        def train(*data: object) -> None:
            network = cp.Network([100] * 7, "sigmoid", loss="squared_error", seed=0)
            cp.train(
                network, *data, optimizer=cp.SGD(0.1), batch_size=256, epochs=1, threads=1,
                progress=False,
            )  # fmt: skip

        ways = {
            "in memory": (X, y),
            "a stream of .npy files": (
                cp.stream(folder / "X.npy", folder / "y.npy", window=window),
            ),
            "a stream of batches of 1,000": (
                cp.stream(
                    lambda: ((X[i : i + 1000], y[i : i + 1000]) for i in range(0, rows, 1000)),
                    window=window,
                ),
            ),
        }
        train(X[:1000], y[:1000])  # what is loaded once
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(ROUNDS):
            for way, data in ways.items():
                seconds[way].append(timed(lambda data=data: train(*data)))  # type: ignore[misc]
    least = {way: min(measured) for way, measured in seconds.items()}
    yield "## Speed of deep100"
    yield ""
    yield (
        f"100 x 7, sigmoid, SGD, batches of 256, one thread of the engine, {rows:,} rows, windows of "
        f"{window:,}; the target is at least 80%."
    )
    yield ""
    yield "| rows come | seconds an epoch | rows a second | **of the speed in memory** |"
    yield "|---|---|---|---|"
    for way, best in least.items():
        share = least["in memory"] / best
        yield f"| {way} | {best:.2f} | {rows / best:,.0f} | **{share:.0%}** |"
    yield ""


SECTIONS: dict[str, Callable[[int], Iterator[str]]] = {
    "memory": memory,
    "deep100": deep100,
    "table-memory": table_memory,
    "table-speed": table_speed,
    "predicted": predicted,
}


def main() -> None:
    """Measure, print, and write the page where all rows were asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--only", choices=SECTIONS, action="append")
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    lines = [
        "# What streams cost",
        "",
        f"`python benchmarks/streams.py`, {date.today()}, {processor()}, {os.cpu_count()} processors "
        f"with a load of {load:.0f} when it began.",
        "",
    ]
    for name in asked.only or SECTIONS:
        for line in SECTIONS[name](asked.rows):
            print(line, flush=True)
            lines.append(line)
    if asked.rows == ROWS and not asked.only:
        PAGE.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
