"""Training speed beside PyTorch, JAX and scikit-learn, and beside the processor's own limit.

Each case runs in a fresh process per system, the systems in turn, for several rounds; figures of one
round are compared with each other alone. A process trains for `--seconds` in calls of whole epochs,
after one call that is timed apart (compiling, warming up), and reports its median call. One thread
means one core: the process is bound to it.

    python benchmarks/compare.py --write        # all of it: benchmarks/RESULTS.md and results.json
    python benchmarks/compare.py --cases digits deep100 --rounds 1 --seconds 1
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

HERE = Path(__file__).parent
SYSTEMS = {
    "clearprop": "clearprop",
    "torch": "torch",
    "torch-compiled": "torch",
    "jax": "jax",
    "sklearn": "scikit-learn",
}


class Case(NamedTuple):
    """What is trained: sizes, functions, batch, optimizer, rows, epochs a call, ratio to reach."""

    sizes: tuple[int, ...]
    hidden: str
    softmax: bool
    batch: int
    adam: bool
    rate: float
    rows: int
    epochs: int
    target: float

    @property
    def steps(self) -> int:
        """Batches of an epoch; the last one may be shorter."""
        return math.ceil(self.rows / self.batch)

    @property
    def flops(self) -> float:
        """Of an epoch: three products a layer, two of the first."""
        weights = sum(a * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))
        return self.rows * (6.0 * weights - 2 * self.sizes[0] * self.sizes[1])


CASES = {
    "xor": Case((2, 2, 1), "sigmoid", False, 4, False, 1.0, 4, 50_000, 1.0),
    "digits": Case((64, 100, 10), "relu", True, 200, True, 1e-3, 1797, 40, 3.0),
    "digits32": Case((64, 100, 10), "relu", True, 32, True, 1e-3, 1797, 20, 3.0),
    "nielsen": Case((784, 30, 10), "sigmoid", False, 10, False, 3.0, 10_000, 1, 3.0),
    "deep100": Case((100,) * 7, "sigmoid", True, 64, False, 0.1, 20_000, 1, 2.0),
    "mnist": Case((784, 512, 512, 10), "relu", True, 128, True, 1e-3, 30_000, 1, 1.5),
    "wide": Case((1024, 2048, 2048, 1000), "relu", True, 512, True, 1e-3, 4096, 1, 1.0),
    "million": Case((100,) * 7, "sigmoid", True, 256, False, 0.1, 1_000_000, 1, 2.0),
}
SHARES = {"mnist": 0.75, "wide": 0.75, "digits": 0.6, "deep100": 0.6}


def data(name: str, case: Case) -> tuple[np.ndarray, np.ndarray]:
    """The rows of a case: scikit-learn's digits, MNIST where it is at hand, else random numbers."""
    rng = np.random.default_rng(0)
    if name == "xor":
        return np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "f"), np.array([[0], [1], [1], [0]], "f")
    if name.startswith("digits"):
        from sklearn.datasets import load_digits

        X, y = load_digits(return_X_y=True)
        return (X / 16).astype(np.float32), y
    X = rng.random((case.rows, case.sizes[0]), dtype=np.float32)
    y = rng.integers(0, case.sizes[-1], case.rows)
    if (found := mnist(case.rows)) and case.sizes[0] == 784:
        X, y = found
    return X, y if case.softmax else np.eye(case.sizes[-1], dtype=np.float32)[y]


def mnist(rows: int) -> tuple[np.ndarray, np.ndarray] | None:
    """The first training rows of the MNIST files in CLEARPROP_MNIST, or beside the project."""
    folder = Path(os.environ.get("CLEARPROP_MNIST", HERE.parent.parent / "shared/data/mnist"))
    arrays = []
    for kind, skip in (("train-images", 16), ("train-labels", 8)):
        files = sorted(folder.glob(f"{kind}*"))
        if not files:
            return None
        raw = files[0].read_bytes()
        raw = gzip.decompress(raw) if files[0].suffix == ".gz" else raw
        arrays.append(np.frombuffer(raw, np.uint8)[skip:])
    images = arrays[0].reshape(-1, 784)[:rows] / np.float32(255)
    return images, arrays[1][:rows].astype(np.int64)


Call = Callable[[], object]


def clearprop(case: Case, X: np.ndarray, y: np.ndarray, threads: int, compiled: bool) -> Call:
    """Whole calls of cp.train, their setting up included."""
    import clearprop as cp

    network = cp.Network(
        case.sizes,
        activations=case.hidden,
        output="softmax" if case.softmax else "sigmoid",
        loss=None if case.softmax else "squared_error",
    )
    rule = cp.Adam(case.rate) if case.adam else cp.SGD(case.rate)

    def call() -> None:
        cp.train(
            network,
            X,
            y,
            optimizer=rule,
            batch_size=case.batch,
            epochs=case.epochs,
            shuffle=case.rows > 4,
            threads=1 if threads == 1 else None,
            progress=False,
        )

    return call


def torch(case: Case, X: np.ndarray, y: np.ndarray, threads: int, compiled: bool) -> Call:
    """A plain loop over shuffled batches."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    layers: list[Any] = []
    for n_in, n_out in zip(case.sizes, case.sizes[1:], strict=False):
        layers += [torch.nn.Linear(n_in, n_out), _torch_activation(case)]
    if case.softmax:
        layers.pop()
    model = torch.nn.Sequential(*layers)
    kind = torch.optim.Adam if case.adam else torch.optim.SGD
    optimizer = kind(model.parameters(), lr=case.rate)
    inputs, targets = torch.from_numpy(X), torch.from_numpy(y)

    def cost(rows: Any, wanted: Any) -> Any:
        out = model(rows)
        if case.softmax:
            return torch.nn.functional.cross_entropy(out, wanted)
        return 0.5 * ((out - wanted) ** 2).sum(dim=1).mean()

    if compiled:
        cost = torch.compile(cost)

    def call() -> None:
        for _ in range(case.epochs):
            order = torch.randperm(case.rows) if case.rows > 4 else torch.arange(case.rows)
            for start in range(0, case.rows, case.batch):
                rows = order[start : start + case.batch]
                optimizer.zero_grad()
                cost(inputs[rows], targets[rows]).backward()
                optimizer.step()

    return call


def _torch_activation(case: Case) -> Any:
    import torch

    return torch.nn.ReLU() if case.hidden == "relu" else torch.nn.Sigmoid()


def jax(case: Case, X: np.ndarray, y: np.ndarray, threads: int, compiled: bool) -> Call:
    """One jit of scan over all steps of a call, whose order is drawn before; whole batches only."""
    import jax
    from jax import numpy as jnp

    rng = np.random.default_rng(0)
    parameters = [
        (
            jnp.asarray(rng.normal(0, (2 / n_in) ** 0.5, (n_in, n_out)), jnp.float32),
            jnp.zeros(n_out, jnp.float32),
        )
        for n_in, n_out in zip(case.sizes, case.sizes[1:], strict=False)
    ]
    f = jax.nn.relu if case.hidden == "relu" else jax.nn.sigmoid
    inputs, targets = jnp.asarray(X), jnp.asarray(y)

    def cost(parameters: Any, rows: Any) -> Any:
        a, wanted = inputs[rows], targets[rows]
        for W, b in parameters[:-1]:
            a = f(a @ W + b)
        z = a @ parameters[-1][0] + parameters[-1][1]
        if case.softmax:
            picked = jnp.take_along_axis(jax.nn.log_softmax(z), wanted[:, None], axis=1)
            return -picked.mean()
        return 0.5 * ((jax.nn.sigmoid(z) - wanted) ** 2).sum(axis=1).mean()

    def step(state: Any, rows: Any) -> Any:
        parameters, m, v, t = state
        g = jax.grad(cost)(parameters, rows)
        tree = jax.tree_util.tree_map
        if not case.adam:
            return (tree(lambda w, g: w - case.rate * g, parameters, g), m, v, t), None
        t = t + 1
        m = tree(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = tree(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        one, two = 1 - 0.9**t, 1 - 0.999**t
        parameters = tree(
            lambda w, m, v: w - case.rate * (m / one) / (jnp.sqrt(v / two) + 1e-8), parameters, m, v
        )
        return (parameters, m, v, t), None

    run = jax.jit(lambda state, order: jax.lax.scan(step, state, order)[0], donate_argnums=0)
    zeros = jax.tree_util.tree_map(jnp.zeros_like, parameters)
    again = jax.tree_util.tree_map(jnp.zeros_like, parameters)
    held = [(parameters, zeros, again, jnp.float32(0))]
    whole = case.rows // case.batch

    def call() -> None:
        if case.rows > 4:
            drawn = [rng.permutation(case.rows)[: whole * case.batch] for _ in range(case.epochs)]
            order = np.concatenate(drawn).astype(np.int32).reshape(-1, case.batch)
        else:
            order = np.tile(np.arange(case.rows, dtype=np.int32), (case.epochs, 1))
        held[0] = run(held[0], jnp.asarray(order))
        jax.block_until_ready(held[0])

    return call


def sklearn(case: Case, X: np.ndarray, y: np.ndarray, threads: int, compiled: bool) -> Call:
    """MLPClassifier, where the case is a classification."""
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        case.sizes[1:-1],
        activation="relu" if case.hidden == "relu" else "logistic",
        solver="adam" if case.adam else "sgd",
        alpha=0.0,
        momentum=0.0,
        batch_size=case.batch,
        learning_rate_init=case.rate,
    )
    classes = np.arange(case.sizes[-1])

    def call() -> None:
        for _ in range(case.epochs):
            model.partial_fit(X, y, classes=classes)

    return call


def limit(seconds: float) -> float:
    """Multiply-adds of the engine's tile on data in the first cache, in flops a second."""
    from numba import njit

    from clearprop.kernels.machine import panel_width, vectors_held
    from clearprop.kernels.pointers import singles
    from clearprop.kernels.product import block_product

    product, width, rows = block_product(32), panel_width(32), 12 if vectors_held() == 32 else 6
    a, b, c = (np.ones(n, np.float32) for n in (rows * 256, 256 * width, rows * width))

    @njit(error_model="numpy", nogil=True)
    def hot(a: int, b: int, c: int, count: int) -> None:
        for _ in range(count):
            product(
                256, rows, width, singles(a), 256, 1, singles(b), 0, width, singles(c), width, 0
            )

    times = []
    count = 2000
    started = time.perf_counter()
    while time.perf_counter() - started < seconds or len(times) < 3:
        before = time.perf_counter()
        hot(a.ctypes.data, b.ctypes.data, c.ctypes.data, count)
        times.append(time.perf_counter() - before)
    return 2.0 * rows * width * 256 * count / min(times)


def child(system: str, name: str, threads: int, seconds: float) -> dict[str, Any]:
    """Measure one system on one case in this process."""
    if system == "limit":
        return {"limit": limit(seconds)}
    case = CASES[name]
    if name == "xor" and system.startswith("torch"):  # 600 times slower than a scan
        case = case._replace(epochs=500)
    X, y = data(name, case)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    makers = {"clearprop": clearprop, "jax": jax, "sklearn": sklearn}
    started = time.perf_counter()
    call = makers.get(system, torch)(case, X, y, threads, system == "torch-compiled")
    call()
    first = time.perf_counter() - started
    times: list[float] = []
    while sum(times) < seconds or len(times) < (1 if name == "million" else 2):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    steps = case.steps if system != "jax" or case.rows == 4 else case.rows // case.batch
    return {
        "step": statistics.median(times) / (steps * case.epochs),
        "epoch": statistics.median(times) / case.epochs,
        "first": first,
        "memory": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024,
    }


def measure(system: str, name: str, threads: int, seconds: float) -> dict[str, Any] | None:
    """Measure in a fresh process; None where the system cannot do the case."""
    environment = dict(os.environ)
    for setting in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment[setting] = str(threads)
    if threads == 1:
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    command = [sys.executable, __file__, "--child", system, name, str(threads), str(seconds)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"{system} on {name}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def can(system: str, name: str) -> bool:
    """Whether a system is there and has the case."""
    try:
        version(SYSTEMS[system])
    except PackageNotFoundError:
        return False
    if system == "sklearn":
        return CASES[name].softmax and name not in ("million", "wide")
    return not (name == "million" and system == "torch-compiled")


def compare(names: list[str], rounds: int, seconds: float, cores: int) -> dict[str, Any]:
    """Measure all systems in turn; every figure is a list with one entry a round."""
    results: dict[str, Any] = {}
    for name in names:
        found = results[name] = {"limit": []}
        for _ in range(1 if name == "million" else rounds):
            answer = measure("limit", name, 1, 0.3)
            found["limit"].append(answer["limit"] if answer else math.nan)
            for system in SYSTEMS:
                for threads in (1, cores) if cores > 1 else (1,):
                    if not can(system, name) or (name == "million" and threads == 1):
                        continue
                    answer = measure(system, name, threads, seconds)
                    if answer is not None:
                        found.setdefault(f"{system} {threads}", []).append(answer)
        print(table({name: found}, cores), flush=True)
    return results


def median(entries: list[dict[str, Any]], what: str) -> float:
    """The median of a figure over the rounds."""
    return statistics.median(entry[what] for entry in entries)


def ratio(found: dict[str, Any], cores: int) -> float:
    """The median over rounds of the fastest peer's time over ours, each at its best threads."""
    ratios = []
    for turn in range(len(found["limit"])):
        best: dict[bool, float] = {True: math.inf, False: math.inf}
        for key, entries in found.items():
            if key != "limit" and turn < len(entries):
                ours = key.startswith("clearprop")
                best[ours] = min(best[ours], entries[turn]["epoch"])
        ratios.append(best[False] / best[True])
    return statistics.median(ratios)


def shares(name: str, found: dict[str, Any], threads: int) -> float:
    """Our share of the multiply-add limit of so many threads."""
    pairs = zip(found["limit"], found[f"clearprop {threads}"], strict=False)
    return statistics.median(CASES[name].flops / e["epoch"] / (threads * li) for li, e in pairs)


def table(results: dict[str, Any], cores: int) -> str:
    """The medians, as a table."""
    counts = (1, cores) if cores > 1 else (1,)
    heads = [f"{system}, {n}" for system in SYSTEMS for n in counts]
    lines = [
        "| case | " + " | ".join(heads) + " | fastest peer / Clearprop | to reach |",
        "|---" * (len(heads) + 3) + "|",
    ]
    for name, found in results.items():
        cells = []
        for system in SYSTEMS:
            for n in counts:
                entries = found.get(f"{system} {n}")
                cells.append(f"{median(entries, 'step') * 1e6:,.2f}" if entries else "-")
        reached, target = ratio(found, cores), CASES[name].target
        mark = "met" if reached >= target else "missed"
        lines.append(f"| {name} | {' | '.join(cells)} | {reached:.2f} | {target:g}, {mark} |")
    return "\n".join(lines)


def report(results: dict[str, Any], cores: int, rounds: int, seconds: float) -> str:
    """All of it, as a page."""
    versions = ", ".join(
        f"{package} {version(package)}" for package in sorted({*SYSTEMS.values(), "numpy", "numba"})
    )
    processor = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next((x.split(":")[1].strip() for x in lines if "model name" in x), processor)
    ratios = [
        ratio(found, cores) for name, found in results.items() if name not in ("xor", "million")
    ]
    parts = [
        "# Training speed, measured side by side",
        f"Written by `python benchmarks/compare.py --write` on {date.today()}: {processor}, {cores} "
        f"cores, {platform.system()}; Python {platform.python_version()}, {versions}. Medians of "
        f"{rounds} rounds, {seconds:g} s a system and round; microseconds a step at 1 and at "
        f"{cores} threads (Clearprop: `threads=None`, which picks). Ratios are medians of within-round "
        "ratios, each system at its best number of threads.",
        table(results, cores),
    ]
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        parts.append(f"Geometric mean without xor: {mean:.2f} (to reach: above 2).")
    lines = [
        "| case | share of the fma limit, 1 thread | to reach | 1 thread / best | memory above data, MiB | first call, s |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in results.items():
        if f"clearprop {1}" not in found:
            continue
        one, many = found["clearprop 1"], found.get(f"clearprop {cores}", found["clearprop 1"])
        faster = statistics.median(a["step"] / b["step"] for a, b in zip(one, many, strict=False))
        target = f"{SHARES[name]:.0%}" if name in SHARES else "-"
        memory = max(entry["memory"] for entry in many) / 2**20
        lines.append(
            f"| {name} | {shares(name, found, 1):.0%} | {target} | {faster:.2f} | {memory:.0f} "
            f"| {median(one, 'first'):.2f} |"
        )
    parts.append("\n".join(lines))
    if "million" in results:
        million = results["million"]
        seconds_of = ", ".join(
            f"{key} {median(entries, 'epoch'):.1f} s"
            for key, entries in million.items()
            if key != "limit"
        )
        parts.append(f"One epoch of deep100 over a million rows, batch 256: {seconds_of}.")
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--write", action="store_true", help="write RESULTS.md and results.json")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        system, name, threads, seconds = options.child
        if threads == "1" and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        print(json.dumps(child(system, name, int(threads), float(seconds))))
        return
    for system in set(SYSTEMS) - set(options.systems):
        del SYSTEMS[system]
    from clearprop.engine.threads import cores as available

    cores = available()
    results = compare(options.cases, options.rounds, options.seconds, cores)
    page = report(results, cores, options.rounds, options.seconds)
    print(page)
    if options.write:
        (HERE / "RESULTS.md").write_text(page)
        (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
