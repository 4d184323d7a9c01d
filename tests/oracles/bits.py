"""The bits of the compiled engine: runs over every kernel, and the digests that were recorded.

    python tests/oracles/bits.py               # names the runs whose bits are no longer the recorded
    python tests/oracles/bits.py --record      # writes bits.json beside this file

A digest covers a whole run: parameters, predictions, and every epoch's figures. Data and
first weights are exact in both types, so that a digest is the same on every machine. Runs go over
every kernel, and over every option (`every_option.py`). Where a recorded digest changes, the record
gets the next number, which CHANGELOG.md has to name beside what changed, and why.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # as a program it knows its own folder alone

import clearprop as cp
from clearprop.activations import ACTIVATIONS
from clearprop.losses import LOSSES
from oracles import every_option
from oracles.exact import digest, grid, network_of, targets_of

FILE = Path(__file__).with_suffix(".json")
DTYPES = ("float32", "float64")
SMALL, WIDE = (7, 13, 5, 3), (20, 300, 11, 17, 5)  # WIDE: a chain longer than a block of k
LARGE = (300, 520, 384, 10)  # too large to be fused: layer by layer

OPTIMIZERS: dict[str, Any] = {
    "sgd": cp.SGD(0.05),
    "sgd-shrink": cp.SGD(0.05, shrink=0.998),
    "momentum": cp.SGD(0.05, momentum=0.875),
    "momentum-schedule": cp.SGD(
        cp.step(0.0625, every=3, factor=0.5), momentum=cp.step(0.5, every=4, factor=0.5)
    ),
    "nesterov": cp.SGD(0.05, momentum=0.875, nesterov=True),
    "adam": cp.Adam(0.01),
    "adam-schedule": cp.Adam(cp.step(0.03125, every=5, factor=0.5)),
    "adamw": cp.AdamW(0.01, decay=0.125),
    "rmsprop": cp.RMSprop(0.01),
    "rmsprop-momentum": cp.RMSprop(0.01, momentum=0.5),
    "rprop": cp.RProp(0.01),
}
COURSES: dict[str, dict[str, Any]] = {
    "plain": {},
    "full batch": {"batch_size": None},
    "single rows": {"batch_size": 1, "epochs": 1},
    "in order": {"shuffle": False},
    "l2": {"l2": 0.0625},
    "dropout": {"dropout": 0.25},
    "weights": {"sample_weight": True},
    "shards": {"shards": 4},
    "all": {"l2": 0.0625, "dropout": 0.25, "sample_weight": True, "shards": 3},
    "validation": {"validation": 0.25, "metrics": ("accuracy",), "early_stopping": 2},
}


def run(network: cp.Network, y: np.ndarray, threads: int = 1, **course: Any) -> str:
    """Train as a course says, and return the digest of what came out."""
    n, dtype = len(y), network.dtype
    X = grid(n, network.sizes[0], of=11).astype(dtype)
    if course.pop("sample_weight", False):
        course["sample_weight"] = np.arange(n) % 5 / 4
    settings = {"batch_size": 16, "epochs": 3, "seed": 5, **course}
    history = cp.train(network, X, y, threads=threads, progress=False, **settings)
    return digest(
        network.parameters, network.predict(X), history.loss, history.validation_loss,
        *history.metrics.values(), *history.validation_metrics.values(),
    )  # fmt: skip


def of_functions(hidden: str, output: str, loss: str | cp.Loss, dtype: str, shares: bool) -> str:
    """A run with these functions."""
    network = network_of(SMALL, dtype, activations=hidden, output=output, loss=loss)
    y = targets_of(network.loss.targets, 50, SMALL[-1])
    if shares:
        y = np.eye(SMALL[-1])[y] * 0.75 + 0.25 / SMALL[-1]
        y /= y.sum(axis=1, keepdims=True)
    return run(network, y, optimizer=cp.SGD(0.015625))


def of_penalty(dtype: str) -> str:
    """A run whose cost is mostly penalty, so that its last bits are those of the sum of squares."""
    network = network_of(SMALL, dtype, activations="tanh", output="softmax")
    y = targets_of("labels", 64, SMALL[-1])
    return run(network, y, optimizer=cp.SGD(0.05 / 65), l2=64.0, epochs=24)


def of_run(sizes: tuple[int, ...], optimizer: str, course: str, dtype: str, threads: int) -> str:
    """A run with this optimizer and this course."""
    network = network_of(sizes, dtype, activations="tanh", output="softmax")
    y = targets_of("labels", 100, sizes[-1])
    return run(network, y, threads, optimizer=OPTIMIZERS[optimizer], **COURSES[course])


def of_estimator(regressor: bool, **settings: Any) -> str:
    """A fit of an estimator, which counts its penalty and its costs by batches."""
    from clearprop.estimators import MLPClassifier, MLPRegressor

    X = grid(120, 6, of=3)
    y: Any = np.floor(2 * grid(120, of=4)) if not regressor else grid(120, 2, of=4)
    weights = np.arange(120) % 4 / 2 if settings.pop("weighted", False) else None
    made = MLPRegressor if regressor else MLPClassifier
    mlp = made(
        hidden_layer_sizes=(12, 5), max_iter=6, random_state=1, n_iter_no_change=3, **settings
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged
        mlp.fit(X, y, sample_weight=weights)
        if not settings.get("early_stopping"):
            mlp.partial_fit(X, y)
    answers = mlp.predict(X) if regressor else mlp.predict_proba(X)
    return digest(mlp.network_.parameters, answers, mlp.loss_curve_)


def cases() -> dict[str, Callable[[], str]]:
    """Every run by its name."""
    found: dict[str, Callable[[], str]] = {}

    def add(name: str, of: Callable[..., str], *arguments: Any, **named: Any) -> None:
        found[name] = lambda: of(*arguments, **named)

    for dtype in DTYPES:
        for hidden in sorted(ACTIVATIONS.keys() - {"tanh"}):  # below the losses there is tanh
            add(f"{dtype} hidden {hidden}", of_functions, hidden, "identity", "squared_error",
                dtype, False)  # fmt: skip
        for name, loss in LOSSES.items():
            for output in sorted(loss.partners or ACTIVATIONS):
                add(f"{dtype} {output} {name}", of_functions, "tanh", output, name, dtype, False)
        add(f"{dtype} softmax cross_entropy shares", of_functions, "tanh", "softmax",
            "cross_entropy", dtype, True)  # fmt: skip
        for made in (cp.huber(0.25), cp.quantile(0.75), cp.quantile((0.75, 0.25, 0.125))):
            add(f"{dtype} identity {made}", of_functions, "tanh", "identity", made, dtype, False)
        for optimizer in OPTIMIZERS:
            add(f"{dtype} {optimizer}", of_run, WIDE, optimizer, "all", dtype, 1)
        for course in sorted(COURSES.keys() - {"all"}):
            add(f"{dtype} adam {course}", of_run, WIDE, "adam", course, dtype, 2)
        for optimizer, course in (("momentum", "all"), ("adamw", "plain")):
            add(f"{dtype} large {optimizer} {course}", of_run, LARGE, optimizer, course, dtype, 2)
        add(f"{dtype}, a heavy penalty", of_penalty, dtype)
    for regressor in (False, True):
        kind = "regressor" if regressor else "classifier"
        for name, settings in {
            "adam": {},
            "sgd adaptive": {"solver": "sgd", "learning_rate": "adaptive", "alpha": 0.125},
            "sgd invscaling": {"solver": "sgd", "learning_rate": "invscaling", "power_t": 1.0},
            "stops early": {"early_stopping": True, "alpha": 0.125},
            "float64": {"precision": "float64", "alpha": 0.125},
            "weights": {"weighted": True, "alpha": 0.125, "batch_size": 50},
        }.items():
            add(f"{kind} {name}", of_estimator, regressor, **settings)
    return found


def recorded() -> dict[str, Any]:
    """What stands in the file: the number of the record, and the digests of `runs`."""
    return json.loads(FILE.read_text())


def runs() -> dict[str, dict[str, Callable[[], str]]]:
    """All runs: those over every kernel, and those over every option that are recorded."""
    over_options = {name: of_row(every_option.row_of(name)) for name in recorded()["options"]}
    over_kernels = cases()
    if find_spec("sklearn") is None:
        over_kernels = {name: run for name, run in over_kernels.items() if name.startswith("float")}
    return {"kernels": over_kernels, "options": over_options}


def of_row(row: every_option.Row) -> Callable[[], str]:
    return lambda: every_option.digest_of(row)


def changed(known: dict[str, Any], beginning: str = "") -> list[str]:
    """Which of the runs whose names begin so give other bits than the recorded ones."""
    return [
        f"{kind}: {name}" for kind, of in runs().items() for name, run in of.items()
        if name.startswith(beginning) and known[kind].get(name) not in (None, run())
    ]  # fmt: skip


def record() -> None:
    """Write the file: what has changed makes it a new record, what is new does not."""
    known = recorded()
    others = changed(known)
    rows = [every_option.row_of(name) for name in known["options"]]
    for options in every_option.designs():
        rows = every_option.covering(rows, options)
    names = [*known["options"], *map(every_option.name_of, rows[len(known["options"]) :])]
    digests = {
        "record": known["record"] + bool(others),
        "kernels": {name: case() for name, case in cases().items()},
        "options": dict(zip(names, map(every_option.digest_of, rows), strict=True)),
    }
    FILE.write_text(json.dumps(digests, indent=1) + "\n")
    print(*others, sep="\n")
    if others:
        print(f"{len(others)} runs have other bits. Say in CHANGELOG.md, under Unreleased, which "
              f"results changed and why: `bits, record {digests['record']}`: ...")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--record", action="store_true", help=f"write {FILE.name}")
    if parser.parse_args().record:
        record()
    else:
        print(*changed(recorded()), sep="\n")
