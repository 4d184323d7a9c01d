"""Runs over every option of training, each with each other: a pairwise covering design.

A full product would be some hundred million runs. Here every two levels of every two options meet in
one run at least of float32, and in one of float64, whose kernels are others: that takes 300. A run's name holds its levels, so that a new option or level
adds runs, and leaves those that are recorded as they are.

Levels of `FREE` change no bit: how many threads, and where a run is cut, its standing taken out and
put into a new run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import numpy as np

import clearprop as cp
from clearprop.activations import ACTIVATIONS
from clearprop.cost import evaluate
from clearprop.engine.settings import Accounting
from clearprop.losses import LOSSES
from clearprop.training.job import check_data, check_job, split
from clearprop.training.loop import Loop
from clearprop.training.watching.early_stopping import EarlyStopping, StoppingRule
from clearprop.training.watching.metrics import METRICS
from oracles.exact import digest, grid, network_of, targets_of

N, EPOCHS = 40, 2
SIZES = {"small": (7, 13, 5, 3), "wide": (20, 300, 17, 4), "large": (300, 520, 384, 10)}
"""A chain longer than a block of k; and what is too large to be fused."""

LOSS_SETTINGS: dict[str, Any] = {
    "huber": cp.huber(0.25), "quantile": cp.quantile(0.75), "quantiles": None,
}  # fmt: skip
ENDS = [
    *(f"{output} {name}" for name, loss in LOSSES.items() for output in sorted(loss.partners)),
    *(f"identity {name}" for name, loss in LOSSES.items() if not loss.partners),
    "identity quantiles", "tanh squared_error", "softmax squared_error", "softmax shares",
]  # fmt: skip
RULES: dict[str, Any] = {
    "sgd": cp.SGD(0.0078125), "sgd-shrink": cp.SGD(0.0078125, shrink=0.998),
    "momentum": cp.SGD(0.00390625, momentum=0.875),
    "momentum-schedule": cp.SGD(
        cp.step(0.0078125, every=2, factor=0.5), momentum=cp.step(0.5, every=2, factor=0.5)
    ),
    "nesterov": cp.SGD(0.0078125, momentum=0.875, nesterov=True),
    "adam": cp.Adam(0.0025), "adam-options": cp.Adam(0.01, beta1=0.5, beta2=0.75, epsilon=0.125),
    "adam-schedule": cp.Adam(cp.step(0.00390625, every=2, factor=0.5)),
    "adamw": cp.AdamW(0.0025, decay=0.125), "rmsprop": cp.RMSprop(0.00125),
    "rmsprop-options": cp.RMSprop(0.00125, alpha=0.75, epsilon=0.125, momentum=0.5),
    "rprop": cp.RProp(0.00125),
    "rprop-options": cp.RProp(0.00125, cut=0.25, grow=1.5, smallest=0.001, largest=0.0625),
}  # fmt: skip
ACCOUNTING = {
    "own": Accounting(), "by-batch": Accounting(l2_by_batch=True),
    "by-rows": Accounting(mean_by_rows=True), "by-outputs": Accounting(True, True, 3),
}  # fmt: skip

OPTIONS: dict[str, list[str]] = {  # a new one goes to the end: names hold the levels in this order
    "precision": ["float32", "float64", "float32-in-float64"],
    "sizes": [*SIZES],
    "hidden": sorted(ACTIVATIONS),
    "end": ENDS,
    "optimizer": [*RULES],
    "batch": ["16", "7", "1", "all"],
    "order": ["shuffled", "in-order"],
    "biases": ["biases", "no-biases"],
    "l2": ["no-l2", "l2"],
    "dropout": ["no-dropout", "dropout"],
    "weights": ["no-weights", "weights", "large-weights"],
    "shards": ["1-shard", "3-shards", "4-shards"],
    "held": ["free", "frozen", "shared"],
    "watched": ["unwatched", "validation", "stopping"],
    "accounting": [*ACCOUNTING],
}
FREE: dict[str, list[str]] = {
    "threads": ["1-thread", "2-threads", "3-threads"],
    "cuts": ["whole", "cut-in-epoch", "cut-after-epoch", "cut-twice"],
}
Row = dict[str, str]
Options = dict[str, list[str]]


def name_of(row: Row) -> str:
    return ", ".join(row[option] for option in OPTIONS)


def row_of(name: str) -> Row:
    """The levels of a run; of options that came after it was recorded, the first."""
    levels = name.split(", ")
    return {option: levels[place] if place < len(levels) else OPTIONS[option][0]
            for place, option in enumerate(OPTIONS)}  # fmt: skip


def pairs_of(row: Row) -> Iterator[tuple[str, str, str, str]]:
    for one, other in combinations(row, 2):
        yield one, row[one], other, row[other]


def uncovered(rows: Iterable[Row], options: Options) -> set[tuple[str, ...]]:
    """Which two levels of two options meet in no run."""
    wanted: set[tuple[str, ...]] = {
        (one, a, other, b)
        for one, other in combinations(options, 2)
        for a, b in product(options[one], options[other])
    }
    for row in rows:
        if all(row[option] in levels for option, levels in options.items()):
            wanted.difference_update(pairs_of(row))
    return wanted


def designs() -> list[Options]:
    """The options whose levels all have to meet: those of each type, then all together."""
    return [*(OPTIONS | {"precision": [dtype]} for dtype in ("float32", "float64")), OPTIONS]


def covering(rows: list[Row], options: Options) -> list[Row]:
    """Return the runs that are there, and those by which every two levels meet.

    Greedy: a new run begins with a pair that lacks, and takes for each option the level by which
    most pairs are met.
    """
    rows = [*rows]
    left = uncovered(rows, options)
    while left:
        one, a, other, b = min(left)
        row = {one: a, other: b}
        for option in sorted(options, key=lambda each: -len(options[each])):
            if option not in row:
                met = [sum(pair in left for pair in pairs_with(row, option, level))
                       for level in options[option]]  # fmt: skip
                row[option] = options[option][met.index(max(met))]
        rows.append({option: row[option] for option in options})
        left.difference_update(pairs_of(rows[-1]))
    return rows


def pairs_with(row: Row, option: str, level: str) -> Iterator[tuple[str, str, str, str]]:
    """The pairs that a level of an option makes with those of a run."""
    places = [*OPTIONS]
    for other, its in row.items():
        first = places.index(option) < places.index(other)
        yield (option, level, other, its) if first else (other, its, option, level)


def free_levels(number: int) -> Row:
    """Threads and cuts for the run of this number: each pair comes again every twelve runs."""
    every = [*product(*FREE.values())]
    return dict(zip(FREE, every[(5 * number + 1) % len(every)], strict=True))


def made(row: Row) -> tuple[cp.Network, Any, Any, Any]:
    """The network, the job, validation data, and the stopping rule of a run."""
    dtype, sizes = row["precision"][:7], SIZES[row["sizes"]]
    output, name = row["end"].split(" ")
    loss = LOSS_SETTINGS.get(name, "cross_entropy" if name == "shares" else name)
    if name == "quantiles":
        loss = cp.quantile(tuple((k + 1) / 16 for k in range(sizes[-1])))
    network = network_of(
        sizes, dtype, activations=row["hidden"], output=output, loss=loss,
        biases=row["biases"] == "biases",
    )  # fmt: skip
    scale = {0: 0.5, 1: 0.125, 2: 2.0**-6}  # an exponential of an exponential is soon infinite
    network.parameters[:] *= scale[(row["hidden"], output).count("exp")]
    y = targets_of(network.loss.targets, N, sizes[-1])
    if name == "shares":
        y = (np.eye(sizes[-1])[y] + 1) / (1 + sizes[-1])
    weights = {"no-weights": None, "weights": np.arange(N) % 5 / 4}
    weights["large-weights"] = (np.arange(N) % 3 + 1) * 2.0**200
    held: dict[str, Any] = {"free": {}, "frozen": {"frozen": ["W2[0,0]", "W1"]}}
    held["shared"] = {"shared": [("W1[0,0]", "W1[1,1]", "W2[0,1]")]}
    if row["held"] == "shared":
        network["W1[1,1]"] = network["W2[0,1]"] = network["W1[0,0]"]
    # The run has a network of its own, as `train` makes one: early stopping gives back another.
    work = network.astype("float64" if row["precision"].endswith("in-float64") else dtype)
    X = grid(N, sizes[0], of=11).astype(dtype)
    job = check_job(
        work, check_data(work, X, y, weights[row["weights"]]), epochs=EPOCHS, seed=5,
        batch_size=None if row["batch"] == "all" else int(row["batch"]),
        shuffle=row["order"] == "shuffled", l2=0.0625 * (row["l2"] == "l2"),
        dropout=0.25 * (row["dropout"] == "dropout"), shards=int(row["shards"][0]),
        **held[row["held"]],
    )  # fmt: skip
    job = replace(job, settings=replace(job.settings, accounting=ACCOUNTING[row["accounting"]]))
    held_out = stopping = None
    if row["watched"] != "unwatched":
        job, held_out = split(job, 0.25)
    if row["watched"] == "stopping":
        stopping = StoppingRule(EarlyStopping(1), (), has_validation=True)
    return network, job, held_out, stopping


def digest_of(row: Row, free: Row | None = None) -> str:
    """Train, predict and evaluate; the digest of all numbers, or of what is said of a divergence."""
    free = free or {option: levels[0] for option, levels in FREE.items()}
    epoch = made(row)[1].epoch_batches
    cuts = {"whole": [], "cut-in-epoch": [epoch + epoch // 2], "cut-after-epoch": [epoch],
            "cut-twice": [epoch // 3, epoch + epoch // 3]}[free["cuts"]]  # fmt: skip
    standing = history = None
    for stop in [*cuts, None]:
        network, job, held_out, stopping = made(row)
        metrics = (
            [METRICS["mean_absolute_error"]]
            if network.loss.targets != "labels"
            else [METRICS["accuracy"]]
        )
        loop = Loop(
            network, job, RULES[row["optimizer"]], held_out=held_out, stopping=stopping,
            metrics=metrics if held_out else (), threads=int(free["threads"][0]), progress=False,
            standing=standing, history=history,
        )  # fmt: skip
        done = 0 if standing is None else standing.batches
        try:
            history = loop.run(None if stop is None else stop - done)
        except cp.DivergenceError as error:
            return f"{type(error).__name__}: {str(error).split(';')[0]}"
        standing = loop.standing.copy()
        if history.stopped == "early stopping":
            break
    cost, output = evaluate(network, check_data(network, job.data.X, job.data.y, job.data.weights))
    return digest(
        network.parameters, network.predict(job.data.X), output, cost, history.loss,
        history.validation_loss, *history.metrics.values(), *history.validation_metrics.values(),
        [history.best_epoch or 0, len(history.epochs), *(e.updates for e in history.epochs)],
    )  # fmt: skip
