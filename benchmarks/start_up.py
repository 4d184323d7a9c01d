"""What an installation weighs, and how soon it trains, beside scikit-learn, PyTorch and JAX.

    python benchmarks/start_up.py      # ten minutes and two gigabytes; writes benchmarks/START_UP.md

Each system is installed into an environment of its own, Clearprop from a wheel that is built of
this clone. All figures are of whole processes, the interpreter's own start included.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median
from typing import NamedTuple

from clearprop.bench.summary import processor

ROUNDS = 9
"""Processes that a median is of, the systems in turn."""

DATA = """
import numpy as np
X = np.random.default_rng(0).random((1797, 64), np.float32)
y = np.arange(1797) % 10
"""

CLEARPROP = (
    DATA
    + """
import clearprop as cp
network = cp.Network([64, 100, 10], activations="relu", output="softmax", seed=0)
history = cp.train(network, X, y, optimizer="adam", batch_size=200, epochs=5, progress=False)
assert history.engine == "compiled"
"""
)

SCIKIT_LEARN = (
    DATA
    + """
import warnings
from sklearn.neural_network import MLPClassifier
warnings.simplefilter("ignore")
MLPClassifier((100,), batch_size=200, max_iter=5, alpha=0, random_state=0).fit(X, y)
"""
)

PYTORCH = (
    DATA
    + """
import torch
inputs, labels = torch.from_numpy(X), torch.from_numpy(y)
network = torch.nn.Sequential(torch.nn.Linear(64, 100), torch.nn.ReLU(), torch.nn.Linear(100, 10))
optimizer, loss = torch.optim.Adam(network.parameters()), torch.nn.CrossEntropyLoss()
for epoch in range(5):
    for rows in torch.randperm(1797).split(200):
        optimizer.zero_grad()
        loss(network(inputs[rows]), labels[rows]).backward()
        optimizer.step()
"""
)

JAX = (
    DATA
    + """
import jax, jax.numpy as jnp
rng = np.random.default_rng(1)
weights = [(jnp.array(rng.normal(0, 0.1, s), jnp.float32), jnp.zeros(s[1])) for s in ((64, 100), (100, 10))]
def cost(weights, x, y):
    (W1, b1), (W2, b2) = weights
    outputs = jax.nn.log_softmax(jax.nn.relu(x @ W1 + b1) @ W2 + b2)
    return -outputs[jnp.arange(len(y)), y].mean()
@jax.jit
def step(weights, m, v, t, x, y):
    g = jax.grad(cost)(weights, x, y)
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
    move = lambda w, m, v: w - 0.001 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return jax.tree.map(move, weights, m, v), m, v
m = v = jax.tree.map(jnp.zeros_like, weights)
t = 0
for epoch in range(5):
    order = rng.permutation(1797)
    for first in range(0, 1600, 200):
        t, rows = t + 1, order[first:first + 200]
        weights, m, v = step(weights, m, v, float(t), X[rows], y[rows])
jax.block_until_ready(weights)
"""
)

MEMORY = """
import resource, {module}
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


class System(NamedTuple):
    """What is installed, what it is imported as, and the program that trains with it."""

    packages: tuple[str, ...]
    module: str
    program: str


def systems(wheel: Path) -> dict[str, System]:
    """Return what is compared, by name."""
    return {
        "Clearprop": System((str(wheel),), "clearprop", CLEARPROP),
        "scikit-learn": System(("scikit-learn",), "sklearn.neural_network", SCIKIT_LEARN),
        "PyTorch": System(("torch==2.13.0", "numpy"), "torch", PYTORCH),
        "JAX": System(("jax",), "jax.numpy", JAX),
    }


class Place:
    """An environment of one system."""

    def __init__(self, folder: Path, system: System) -> None:
        self.system, self.folder = system, folder
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        self.python = folder / "bin" / "python"
        bare = self.weigh()
        subprocess.run([self.python, "-m", "pip", "install", "-q", *system.packages], check=True)
        whole = self.weigh()
        self.megabytes, self.bytecode = ((b - a) / 1e6 for a, b in zip(bare, whole, strict=True))

    def weigh(self) -> tuple[int, int]:
        """Return the bytes that are installed, and those of the bytecode that Python adds."""
        installed = bytecode = 0
        for path in self.folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                size = path.stat().st_size
                if path.suffix == ".pyc":
                    bytecode += size
                else:
                    installed += size
        return installed, bytecode

    def run(self, program: str) -> tuple[float, str]:
        """Return the seconds of a process, and what it printed; it has a cache of its own."""
        settings = {"CLEARPROP_CACHE": str(self.folder / "cache"), "PYTHONDONTWRITEBYTECODE": ""}
        started = time.perf_counter()
        done = subprocess.run(
            [self.python, "-c", program], env=os.environ | settings, cwd=self.folder,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return time.perf_counter() - started, done.stdout


def build(folder: Path) -> Path:
    """Return a wheel of this clone."""
    root = Path(__file__).parents[1]
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, root]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def measure(scratch: Path) -> list[str]:
    """Return the lines of the page's table, and what `import clearprop` takes."""
    wheel = build(scratch)
    places = {name: Place(scratch / name, one) for name, one in systems(wheel).items()}
    first = {name: place.run(place.system.program)[0] for name, place in places.items()}
    later: dict[str, list[float]] = {name: [] for name in places}
    above = []
    for _ in range(ROUNDS):
        for name, place in places.items():
            later[name].append(place.run(place.system.program)[0])
        ours = places["Clearprop"]
        above.append(ours.run("import clearprop")[0] - ours.run("import numpy")[0])
    lines = []
    for name, place in places.items():
        memory = float(place.run(MEMORY.format(module=place.system.module))[1])
        ratio = median(a / b for a, b in zip(later["Clearprop"], later[name], strict=True))
        lines.append(
            f"| {name} | {place.megabytes:.0f} | {place.bytecode:.0f} | {first[name]:.2f} | "
            f"{median(later[name]):.2f} | {ratio:.2f} | {memory:.0f} |"
        )
        print(lines[-1], flush=True)
    wheel_size = f"The wheel has {wheel.stat().st_size / 1e6:.2f} MB ({wheel.name})."
    return [
        *lines,
        "",
        f"`import clearprop` takes {median(above):.2f} s more than `import numpy`. {wheel_size}",
    ]


def main() -> None:
    """Measure, and write the page."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--out", type=Path, default=Path(__file__).with_name("START_UP.md"))
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        lines = measure(Path(scratch))
    chosen.out.write_text(
        f"""# Start-up

Written by `python benchmarks/start_up.py` on {date.today()}: {processor()}, {platform.system()}; Python
{platform.python_version()}. Each system in an environment of its own: megabytes that installing adds, those of Python's bytecode beside them, and seconds from the
start of a process to the end of five epochs of 64-100-10 on 1,797 rows (Adam, batches of 200): the first process ever, with empty
caches, and the median of {ROUNDS} later ones, the systems in turn; Clearprop's time as a multiple of theirs; megabytes of memory after
the import alone.

| system | installed MB | bytecode MB | first training | later | ratio | import's memory |
|---|---|---|---|---|---|---|
"""
        + "\n".join(lines)
        + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
