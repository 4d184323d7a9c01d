"""One network over MPI processes: speed at two ranks, the exchange, a model of more.

    python benchmarks/scaling.py      # three minutes on two cores; writes benchmarks/SCALING.md

Needs the extra `cluster`, and PyTorch beside which DistributedDataParallel (gloo) is timed on the
same work. Every system runs in processes of its own, one core each; they take turns.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import clearprop as cp
from clearprop.bench.summary import processor

ROUNDS = 5
SECONDS = 1.5
"""Of training that are timed in each process."""


@dataclass(frozen=True)
class Work:
    """A network, its batch of all ranks together, and rows."""

    sizes: tuple[int, ...]
    activation: str
    batch: int
    rows: int
    labels: bool


WORK = {
    "deep100": Work((100,) * 7, "sigmoid", 1024, 16_384, False),
    "mnist": Work((784, 512, 512, 10), "relu", 512, 8_192, True),
}
WIDE = Work((1024, 2048, 2048, 1000), "relu", 1024, 4_096, True)
"""Of the model alone, beside those."""

SYSTEMS = {"Clearprop": 1, "Clearprop, MPI": 2, "PyTorch": 1, "PyTorch DDP, gloo": 2}
SHAPES = [10**power for power in range(3, 8)]

LINKS = {"10 GbE": (25e-6, 1.25e9), "200 Gb/s": (2e-6, 25e9)}
"""Seconds of a message, and bytes a second of a rank."""

RANKS = (8, 64, 512)
ROWS_A_RANK = 512


def data(work: Work) -> tuple[Any, Any]:
    """Return random rows of the right shape: the work is the same."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(work.rows, work.sizes[0])).astype(np.float32)
    if work.labels:
        return X, rng.integers(0, work.sizes[-1], work.rows)
    return X, rng.random((work.rows, work.sizes[-1])).astype(np.float32)


def step_seconds(epochs: Callable[[int], None], steps: int) -> float:
    """Return the seconds of a step, with starting and ending a run taken off."""
    epochs(2)
    started = time.perf_counter()
    epochs(2)
    few = time.perf_counter() - started
    more = 2 + max(2, math.ceil(SECONDS / (few / 2)))
    started = time.perf_counter()
    epochs(more)
    return (time.perf_counter() - started - few) / ((more - 2) * steps)


def by_clearprop(work: Work) -> float:
    """Seconds of a step on this rank."""
    cluster = cp.cluster.mpi()
    pin(cluster.rank)
    X, y = data(work)
    output = "softmax" if work.labels else work.activation
    network = cp.Network(work.sizes, work.activation, output, seed=0)

    def epochs(count: int) -> None:
        cp.train(
            network, X, y, optimizer=cp.SGD(0.01), batch_size=work.batch, epochs=count, shards=2,
            threads=1, cluster=cluster, progress=False,
        )  # fmt: skip

    return agreed_seconds(cluster, epochs, work)


def agreed_seconds(cluster: Any, epochs: Callable[[int], None], work: Work) -> float:
    """Time as `step_seconds` does, by rank 0's clock: all run as many epochs."""
    epochs(2)
    started = time.perf_counter()
    epochs(2)
    few = cluster.from_root(time.perf_counter() - started)
    more = 2 + max(2, math.ceil(SECONDS / (few / 2)))
    started = time.perf_counter()
    epochs(more)
    return (time.perf_counter() - started - few) / ((more - 2) * work.rows / work.batch)


def by_pytorch(work: Work, rank: int, ranks: int) -> float:
    """Seconds of a step on this rank, whose part of each batch is a share of its own rows."""
    import torch
    import torch.distributed as together

    torch.set_num_threads(1)
    pin(rank)
    if ranks > 1:
        together.init_process_group("gloo", rank=rank, world_size=ranks)
    torch.manual_seed(0)
    X, y = (torch.from_numpy(np.ascontiguousarray(a[rank::ranks])) for a in data(work))
    act = {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid}[work.activation]
    layers: list[Any] = []
    for n_in, n_out in itertools.pairwise(work.sizes):
        layers += [torch.nn.Linear(n_in, n_out), act()]
    model: Any = torch.nn.Sequential(*(layers[:-1] if work.labels else layers))
    if ranks > 1:
        model = torch.nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    cost = torch.nn.CrossEntropyLoss() if work.labels else torch.nn.MSELoss()
    batch = work.batch // ranks

    def epochs(count: int) -> None:
        for _ in range(count):
            order = torch.randperm(len(X))
            for at in range(0, len(X), batch):
                rows = order[at : at + batch]
                optimizer.zero_grad(set_to_none=True)
                cost(model(X[rows]), y[rows]).backward()
                optimizer.step()

    def fixed(count: int) -> None:  # all ranks have to run as many
        if ranks > 1:
            agreed = torch.tensor([count])
            together.broadcast(agreed, 0)
            count = int(agreed[0])
        epochs(count)

    seconds = step_seconds(fixed, work.rows // work.batch) if rank == 0 else follow(fixed)
    if ranks > 1:
        together.destroy_process_group()
    return seconds


def follow(fixed: Callable[[int], None]) -> float:
    """Run as many epochs as rank 0 does."""
    for _ in range(3):
        fixed(0)
    return 0.0


def exchange_seconds() -> list[tuple[int, float]]:
    """Return for numbers of parameters the seconds of an exchange between two ranks."""
    from clearprop.cluster.exchange import Exchange
    from clearprop.cluster.shards import Part

    cluster = cp.cluster.mpi()
    pin(cluster.rank)
    parts = [Part.of(rank, cluster.size, 1000, cluster.size) for rank in range(cluster.size)]
    found = []
    for count in SHAPES:
        link = Exchange(cluster.communicator, cluster.rank, parts, [count], np.dtype(np.float32))
        costs = np.zeros(cluster.size)
        times = []
        for _ in range(max(5, min(200, 10**8 // count))):
            started = time.perf_counter()
            link.send(0)
            link.finish(0, costs)
            times.append(time.perf_counter() - started)
        found.append((count, median(times)))
    return found


def pin(rank: int) -> None:
    """Keep to a core of one's own."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[rank % len(cores)]})


def launched(system: str, case: str) -> Any:
    """Run a system in its processes; return what rank 0 says."""
    ranks = SYSTEMS.get(system, 2)
    command = [sys.executable, __file__, "--system", system, "--case", case]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    one = os.environ | threads
    if not system.startswith("PyTorch"):
        mpiexec = Path(sys.executable).with_name("mpiexec")
        start = [str(mpiexec) if mpiexec.exists() else "mpiexec", "-n", str(ranks)]
        done = subprocess.run(
            [*start, *command], env=one, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout.strip().splitlines()[-1])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    running = [
        subprocess.Popen(
            [*command, "--rank", str(rank)], env=one | where, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        )
        for rank in range(ranks)
    ]  # fmt: skip
    said = [one.communicate(timeout=300)[0] for one in running]
    return json.loads(said[0].strip().splitlines()[-1])


def worker(system: str, case: str, rank: int) -> None:
    """Measure in this process, and print what was found if it is rank 0."""
    if system == "exchange":
        found: Any = exchange_seconds()
        rank = cp.cluster.launched()[0]
    elif system.startswith("Clearprop"):
        found, rank = by_clearprop(WORK[case]), cp.cluster.launched()[0]
    else:
        found = by_pytorch(WORK[case], rank, SYSTEMS[system])
    if rank == 0:
        print(json.dumps(found), flush=True)


def modelled(work: Work, row_seconds: float, ranks: int, link: str) -> tuple[float, float]:
    """Return the efficiency with no exchange behind the computing, and with as much as can be.

    Each rank has `ROWS_A_RANK` rows of a step. A layer of S bytes is exchanged in two rounds of
    ranks - 1 messages of S / ranks bytes. The layers but the first can be hidden behind what is
    computed below them: at most two thirds of a step's time come after the first gradient.
    """
    latency, speed = LINKS[link]
    compute = row_seconds * ROWS_A_RANK
    layers = [4 * (n_in + 1) * n_out for n_in, n_out in itertools.pairwise(work.sizes)]
    each = [2 * (ranks - 1) * (latency + size / ranks / speed) for size in layers]
    hidden = min(sum(each[1:]), compute * 2 / 3)
    return compute / (compute + sum(each)), compute / (compute + sum(each) - hidden)


def page(times: dict[str, dict[str, list[float]]], exchanged: list[tuple[int, float]]) -> str:
    """Return the page."""
    where = f"{processor()}, {os.cpu_count()} cores, {platform.system()}"
    packages = ", ".join(f"{one} {version(one)}" for one in ("numpy", "mpi4py", "mpich", "torch"))
    text = (
        "# One network over two processes\n\n"
        f"Written by `python benchmarks/scaling.py` on {date.today()}: {where}; Python "
        f"{platform.python_version()}, clearprop {version('clearprop')}, {packages}.\n"
        "Milliseconds of a step at the same batch of all ranks together; one thread and one core a "
        f"rank; medians over {ROUNDS} rounds in which\nthe systems take turns. `speed-up` is the "
        "median of the ratios within a round.\n\n"
        "| work | one process | two ranks | speed-up | PyTorch, one | DDP (gloo), two | speed-up |\n"
        "|---|---|---|---|---|---|---|\n"
    )
    for case, of in times.items():
        ours, mpi, torch, ddp = (of[system] for system in SYSTEMS)
        up = median(a / b for a, b in zip(ours, mpi, strict=True))
        other = median(a / b for a, b in zip(torch, ddp, strict=True))
        work = WORK[case]
        shape = f"{work.sizes[0]}-100x6" if case == "deep100" else "-".join(map(str, work.sizes))
        text += (
            f"| {case} ({shape}), batch {work.batch} | {median(ours) * 1e3:.2f} | "
            f"{median(mpi) * 1e3:.2f} | {up:.2f} | {median(torch) * 1e3:.2f} | "
            f"{median(ddp) * 1e3:.2f} | {other:.2f} |\n"
        )
    text += (
        "\n## The exchange alone\n\nOf so many float32 parameters in one layer, between two ranks "
        "of this machine, with nothing to compute beside it.\n\n| parameters | ms | GB/s |\n"
        "|---|---|---|\n"
    )
    for count, seconds in exchanged:
        text += f"| {count:,} | {seconds * 1e3:.3f} | {4 * count / seconds / 1e9:.2f} |\n"
    text += (
        f"\n## A model of more ranks\n\nEfficiency at {ROWS_A_RANK} rows a rank and step: the time "
        "of a step's computing over that of the step, with no exchange hidden\nbehind computing, "
        "and with as much hidden as can be. docs/scaling.md says what is assumed, and what bounds "
        "it.\n\n| network | link |"
        + "".join(f" {ranks} ranks |" for ranks in RANKS)
        + "\n|---|---|"
        + "---|" * len(RANKS)
        + "\n"
    )
    rows = {case: median(times[case]["Clearprop"]) / WORK[case].batch for case in times}
    macs = {name: sum(a * b for a, b in itertools.pairwise(w.sizes)) for name, w in WORK.items()}
    rows["wide"] = (
        rows["mnist"] / macs["mnist"] * sum(a * b for a, b in itertools.pairwise(WIDE.sizes))
    )
    for name, work in (WORK | {"wide": WIDE}).items():
        for link in LINKS:
            cells = [modelled(work, rows[name], ranks, link) for ranks in RANKS]
            said = " | ".join(f"{100 * low:.0f} to {100 * high:.0f}%" for low, high in cells)
            text += f"| {name} ({'-'.join(map(str, work.sizes))}) | {link} | {said} |\n"
    return text


def main() -> None:
    """Measure all, and write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--system", help=argparse.SUPPRESS)
    options.add_argument("--case", default="", help=argparse.SUPPRESS)
    options.add_argument("--rank", type=int, default=0, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.system:
        worker(asked.system, asked.case, asked.rank)
        return
    times: dict[str, dict[str, list[float]]] = {}
    for case in WORK:
        of = times[case] = {system: [] for system in SYSTEMS}
        for _ in range(ROUNDS):
            for system in SYSTEMS:
                of[system].append(float(launched(system, case)))
        print(case, {system: f"{median(found) * 1e3:.2f} ms" for system, found in of.items()})
    text = page(times, [tuple(one) for one in launched("exchange", "")])
    Path(__file__).with_name("SCALING.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
