"""What streaming a table of 17 columns with categories costs: a part of benchmarks/streams.py."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import clearprop as cp

FILE = 1_000_000
GROUP = 100_000
EPOCHS = 3
ROUNDS = 3
CATEGORIES = (3, 8, 20, 40, 100)

PEAK = """
import sys
import clearprop as cp

stream = cp.stream(sys.argv[1], window=int(sys.argv[2]))
cp.Model.fit(stream, "y", epochs=1, compare=False, threads=1, progress=False)
with open("/proc/self/status") as status:
    print([line.split()[1] for line in status if line.startswith("VmHWM")][0])
"""


def write_table(folder: Path, rows: int) -> None:
    """Write a folder of Parquet files: nine numbers, five categories, a boolean, a date, classes."""
    import polars as pl

    for first in range(0, rows, FILE):
        n, rng = min(FILE, rows - first), np.random.default_rng(first)
        columns = {f"x{k}": rng.normal(size=n).astype("f4" if k % 2 else "f8") for k in range(9)}
        columns |= {
            f"c{k}": np.array([f"v{v}" for v in range(count)])[rng.integers(0, count, n)]
            for k, count in enumerate(CATEGORIES)
        }
        columns["is_new"] = rng.random(n) < 0.3
        days = rng.integers(0, 1500, n).astype("timedelta64[D]")
        columns["when"] = (np.datetime64("2020-01-01") + days).astype("datetime64[us]")
        score = columns["x0"] + columns["x1"] - columns["is_new"] + rng.normal(size=n)
        columns["y"] = np.where(score > 1, "yes", "no")
        table = pl.DataFrame(columns)
        table.write_parquet(folder / f"{first:010}.parquet", row_group_size=GROUP)


def table_memory(rows: int) -> Iterator[str]:
    """The peaks of a fresh process that fits a model, for two numbers of rows."""
    window = min(500_000, rows // 40)
    peaks = []
    for some in (rows // 10, rows):
        with tempfile.TemporaryDirectory() as folder:
            write_table(Path(folder), some)
            command = [sys.executable, "-c", PEAK, folder, str(window)]
            ended = subprocess.run(
                command, check=True, text=True, stdout=subprocess.PIPE, env=os.environ
            )
        peaks.append(int(ended.stdout) / 1024)
    few, many = peaks
    yield "## Memory of a table"
    yield ""
    yield (
        f"`cp.Model.fit` of a folder of Parquet files, 17 columns with categories, one epoch, windows "
        f"of {window:,} rows: a sample, the encoding, training and scores; the target is at most 1.2 "
        "times."
    )
    yield ""
    yield f"| {rows // 10:,} rows | {rows:,} rows | **times** |"
    yield "|---|---|---|"
    yield f"| {few:,.0f} MB | {many:,.0f} MB | **{many / few:.2f}** |"
    yield ""


def table_speed(rows: int) -> Iterator[str]:
    """Training on a table, in memory and by a stream in eight windows, in turns."""
    rows = min(rows, 800_000)
    seconds: dict[str, list[float]] = {"in memory": [], "a stream of Parquet files": []}
    whole: dict[str, list[float]] = {way: [] for way in seconds}
    learned = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_table(folder, rows)
        for _ in range(ROUNDS):
            for way in seconds:
                streams = way != "in memory"
                table = cp.stream(folder, window=rows // 8) if streams else folder
                started = time.perf_counter()
                model = cp.Model.fit(
                    table, "y", epochs=EPOCHS, early_stopping=None, compare=False, threads=1,
                    progress=False,
                )  # fmt: skip
                whole[way].append(time.perf_counter() - started)
                seconds[way].append(model.report.training["seconds"])
                learned = model.report.rows["training"]
    least = {way: min(measured) for way, measured in seconds.items()}
    yield "## Speed of a table"
    yield ""
    yield (
        f"The same table, {rows:,} rows, {learned:,} of them learned from; {EPOCHS} epochs of "
        f"{'-'.join(map(str, model.network.sizes))} in batches of 1,024, one thread of the engine, "
        f"windows of {rows // 8:,} rows, encoded anew in each epoch; the target is at least 80%."
    )
    yield ""
    yield "| rows come | seconds of training | rows a second | **of the speed in memory** | all of `fit` |"
    yield "|---|---|---|---|---|"
    for way, best in least.items():
        yield (
            f"| {way} | {best:.2f} | {EPOCHS * learned / best:,.0f} | "
            f"**{least['in memory'] / best:.0%}** | {min(whole[way]):.1f} s |"
        )
    yield ""
