"""Checkpoints that nobody vouches for: a run goes on from one, or says in one line why not.

A run that goes on comes to its end, or diverges from numbers that are in the file; taken up again,
it is finished, with the same numbers.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

import clearprop as cp
from clearprop.files.model_file import read_header
from clearprop.training.checkpoints import identity

from .outcome import Refused, same, tried

RUNS: tuple[dict[str, Any], ...] = (
    {"batch_size": 2, "optimizer": "adam", "dropout": 0.2},
    {"batch_size": 3, "optimizer": "adam", "validation": 0.25, "metrics": ["accuracy"],
     "early_stopping": 2},
    {"batch_size": 4, "optimizer": cp.SGD(cp.step(0.1, 3, 0.5), momentum=0.9), "frozen": ["b1"]},
    {"batch_size": 5, "optimizer": cp.RMSprop(), "precision": "float64", "engine": "reference"},
)  # fmt: skip
"""Runs whose checkpoints are changed; each is known by its size of batches."""

EPOCHS, AGAIN, BEGUN = 4, 2, 8
"""Of so many files that are gone on from, one is taken up again; of so many, one is begun in."""


@cache
def _data() -> tuple[Any, Any]:
    draw = np.random.default_rng(0)
    return draw.normal(size=(12, 2)), np.arange(12) % 2


def train(run: Mapping[str, Any], folder: Path, **more: Any) -> tuple[cp.Network, cp.History]:
    """Train one of the runs, and keep it in a folder."""
    network = cp.Network([2, 3, 2], "tanh", output="softmax", seed=0)
    given: dict[str, Any] = {"epochs": EPOCHS, "threads": 1, "progress": False, **run, **more}
    with patch.object(identity, "version", lambda name: "any"):  # so that those that are kept fit
        return network, cp.train(network, *_data(), checkpoint=folder, **given)


def run(path: Path, work: Path) -> str:
    """Let a run go on from the file at `path`; return what became of it."""
    folder = work / "kept"
    folder.mkdir(exist_ok=True)
    for one in folder.iterdir():
        one.unlink()
    data = path.read_bytes()
    try:
        header = read_header(path, "checkpoint")
        batches, said = header["batches"], header["identity"]["settings"]["batch_size"]
        wanted = next(one for one in RUNS if str(one["batch_size"]) == said)
    except Exception:  # as damaged as it may be
        wanted, batches = RUNS[0], 0
    known = type(batches) is int and 0 <= batches < 10**12
    (folder / f"checkpoint-{batches if known else 0:012}.safetensors").write_bytes(data)
    chance = zlib.crc32(data) // 8
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if chance % BEGUN == 0:
            with suppress(Refused):
                tried(lambda: train(wanted, folder), cp.ArgumentError)
        try:
            network, history = tried(
                lambda: train(wanted, folder, resume=True), cp.ModelFileError,
                cp.CheckpointMismatchError, cp.DivergenceError, cp.NonFiniteError,
            )  # fmt: skip
        except Refused:
            return "checkpoint refused"
        if chance % AGAIN == 0:
            back, again = train(wanted, folder, resume=True)
            same("parameters", network.parameters.tobytes(), back.parameters.tobytes())
            same(
                "the run",
                (history.stopped, len(history.epochs)),
                (again.stopped, len(again.epochs)),
            )
    return "checkpoint loaded"


def seeds(work: Path) -> list[bytes]:
    """Return checkpoints of each run: in the middle of an epoch, between two, and at its end."""
    found = []
    for place, one in enumerate(RUNS):
        folder = work / f"seeds-{place}"
        train(one, folder, checkpoint_every="5 steps")
        found += [path.read_bytes() for path in sorted(folder.glob("*.safetensors"))[-2:]]
    return found
