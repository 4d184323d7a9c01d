"""What predicting a table of 17 columns costs: a part of benchmarks/streams.py.

A fresh process reads a file, predicts and writes another; its time is all of it but the import, and
its memory the peak by the operating system's own account (VmHWM).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import clearprop as cp

BLOCK = 1_000_000
WANTED = 5_000_000
"""Rows a minute."""

PREDICTED = """
import sys
import time
import clearprop as cp

model, source, out = sys.argv[1:]
loaded = cp.Model.load(model)
started, worked = time.perf_counter(), time.process_time()
rows = loaded.predict_to(source, out)
seconds, worked = time.perf_counter() - started, time.process_time() - worked
with open("/proc/self/status") as status:
    print(rows, seconds, worked, *(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


def some_rows(first: int, rows: int) -> Any:
    """Return 12 columns of numbers, 4 of categories, one of true and false, and a target."""
    import polars as pl

    rng = np.random.default_rng(first)
    columns: dict[str, object] = {f"x{k}": rng.normal(size=rows).round(4) for k in range(9)}
    columns |= {f"n{k}": rng.integers(0, 1000, rows) for k in range(3)}
    for k, size in enumerate((3, 10, 40, 200)):
        names = pl.Series([f"value {one}" for one in range(size)])
        columns[f"c{k}"] = names.gather(rng.integers(0, size, rows))
    columns["yes"] = rng.random(rows) < 0.5
    columns["y"] = np.asarray(columns["x0"]) + np.asarray(columns["n0"]) / 500
    return pl.DataFrame(columns)


def predicted(rows: int) -> Iterator[str]:
    """Measure the files that people have: Parquet and CSV, in and out."""
    import polars as pl
    from polars.io.plugins import register_io_source

    yield "## Predicting"
    yield ""
    yield (
        "`clearprop predict` of a network 270-100-50-1 on a table of 17 columns: 12 of numbers, 4 of "
        f"3 to 200 categories, one of true and false. The target is {WANTED / 1e6:,.0f} million rows "
        "a minute or more, and memory that does not grow with the rows."
    )
    yield ""
    yield "| file | rows | seconds | of processors | **million rows a minute** | peak, of a tenth of the rows: of all |"
    yield "|---|---|---|---|---|---|"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = cp.Model.fit(some_rows(0, 20_000), "y", epochs=2, compare=False, progress=False)
        model.save(folder / "model")
        for ending in ("parquet", "csv"):
            peaks = []
            for n in (rows // 10, rows):
                path = folder / f"table.{ending}"

                def frames(*_: object, n: int = n) -> Iterator[pl.DataFrame]:
                    for first in range(0, n, BLOCK):
                        yield some_rows(first, min(BLOCK, n - first))

                lazy = register_io_source(frames, schema=some_rows(0, 1).schema)
                lazy.sink_parquet(path) if ending == "parquet" else lazy.sink_csv(path)
                out = folder / f"out.{ending}"
                done = subprocess.run(
                    [sys.executable, "-c", PREDICTED, folder / "model", path, out],
                    check=True, capture_output=True, text=True,
                )  # fmt: skip
                count, seconds, worked, peak = done.stdout.split()
                peaks.append(int(peak) / 1024)
                path.unlink()
            speed = int(count) / float(seconds) * 60 / 1e6
            yield (
                f"| {ending} to {ending} | {int(count):,} | {float(seconds):.1f} | {float(worked):.1f} | **{speed:.1f}** | "
                f"{peaks[0]:,.0f} MB: {peaks[1]:,.0f} MB |"
            )
    yield ""
