"""Memory is bounded by the window, whatever the data's size, as the operating system counts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PEAK = """
import sys
import numpy as np
import clearprop as cp
network = cp.Network([50, 4, 1], "identity", seed=0)
kind, rows = sys.argv[1], int(sys.argv[2])

def batches():
    rng = np.random.default_rng(0)
    for _ in range(rows // 5000):
        X = rng.random((5000, 50), np.float32)
        yield X, X[:, 0]

stream = cp.stream(batches, window=20_000)
if kind == "files":
    stream = cp.stream("X.npy", "y.npy", window=20_000)
held = (stream if kind == "batches" else None)
cp.train(
    network, stream, batch_size=500, epochs=1, threads=1, metrics="r2", validation=held,
    progress=False,
)
with open("/proc/self/status") as status:
    print([line.split()[1] for line in status if line.startswith("VmHWM")][0])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system counts otherwise")
@pytest.mark.parametrize("kind", ["files", "batches"])
def test_ten_times_the_rows_take_the_same_memory(tmp_path, kind):
    peaks = []
    for rows in (60_000, 600_000):  # 12 MB, and 120: the process has about 60 beside
        if kind == "files":
            X = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float32, (rows, 50))
            X[:] = 0.5
            np.save(tmp_path / "y.npy", np.arange(rows, dtype=np.float32) / rows)
        ended = subprocess.run(
            [sys.executable, "-c", PEAK, kind, str(rows)], cwd=tmp_path, check=True, text=True,
            stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        peaks.append(int(ended.stdout))
    assert peaks[1] < 1.2 * peaks[0], peaks
