"""Accuracy on MNIST's test rows, of both engines, from the same weights and in the same order.

    python benchmarks/mnist_seeds.py [--mnist FOLDER]      # a minute; writes benchmarks/MNIST.md

FOLDER holds MNIST's four files, .gz; without it, CLEARPROP_MNIST names the folder, or it is
../shared/data/mnist from the project's root. A seed decides first weights, orders and so all but
the rounding, which is the engine's.
"""

from __future__ import annotations

import argparse
import gzip
import os
import platform
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np

import clearprop as cp

HERE = Path(__file__).parent
SIZES, BATCH, EPOCHS, SEEDS = (784, 100, 10), 128, 5, 5
ENGINES = ("compiled", "reference")


def rows_of(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images in [0, 1] as float32, and labels, of "train" or "t10k"."""
    images, labels = (
        gzip.decompress((folder / f"{part}-{kind}-ubyte.gz").read_bytes())
        for kind in ("images-idx3", "labels-idx1")
    )
    X = np.frombuffer(images, np.uint8, offset=16).reshape(-1, SIZES[0])
    return X / np.float32(255), np.frombuffer(labels, np.uint8, offset=8).astype(np.int64)


def accuracy(engine: str, seed: int, train: tuple, test: tuple) -> float:
    """The share of test rows whose label comes out, after training."""
    network = cp.Network(SIZES, activations="relu", output="softmax", seed=seed)
    cp.train(
        network, *train, optimizer=cp.Adam(), batch_size=BATCH, epochs=EPOCHS, seed=seed,
        engine=engine, progress=False,
    )  # fmt: skip
    X, y = test
    return float((network.predict(X).argmax(axis=1) == y).mean())


def mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """The mean, and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def main() -> None:
    """Train, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    there = os.environ.get("CLEARPROP_MNIST", HERE.parent.parent / "shared/data/mnist")
    parser.add_argument("--mnist", type=Path, default=Path(there), metavar="FOLDER")
    folder = parser.parse_args().mnist
    train, test = rows_of(folder, "train"), rows_of(folder, "t10k")
    found = np.zeros((len(ENGINES), SEEDS))
    for seed in range(SEEDS):
        for number, engine in enumerate(ENGINES):
            started = time.perf_counter()
            found[number, seed] = accuracy(engine, seed, train, test)
            took = time.perf_counter() - started
            print(f"seed {seed}, {engine}: {found[number, seed]:.4f}, {took:.0f} s", flush=True)
    columns = [*found, found[0] - found[1]]
    lines = [
        "| {} | {:.4f} | {:.4f} | {:+.4f} |".format(seed, *(column[seed] for column in columns))
        for seed in range(SEEDS)
    ]
    ours, reference, apart = map(mean_and_error, columns)
    lines.append(
        f"| mean | {ours[0]:.4f} ± {ours[1]:.4f} | {reference[0]:.4f} ± {reference[1]:.4f} "
        f"| {apart[0]:+.4f} ± {apart[1]:.4f} |"
    )
    table = "\n".join(lines)
    page = f"""# MNIST: the accuracy of both engines

Written by `python benchmarks/mnist_seeds.py` on {date.today()}: {"-".join(map(str, SIZES))}, relu and softmax, Adam
(0.001), batch {BATCH}, {EPOCHS} epochs, float32; {len(train[0]):,} rows to train on, {len(test[0]):,} to test; Clearprop {cp.__version__},
Numba {version("numba")}, NumPy {np.__version__}, Python {platform.python_version()}. Both engines begin with the same weights and take the same
batches; their rounding differs. Shares of right labels, means with standard errors, and the difference seed by seed.

| seed | compiled | reference | difference |
|---|---|---|---|
{table}
"""
    (HERE / "MNIST.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
