"""Model files that nobody vouches for: `load` reads them, or says in one line why not.

Checkpoints too, which a run goes on from.

What loads is read by the safetensors library too, with the same numbers, and saves to a file that
loads as the same.
"""

from __future__ import annotations

import json
import random
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import safetensors.numpy

import clearprop as cp
from clearprop.files.model_file import read_kind

from . import checkpoint_files
from .folders import folder
from .mutation import change_model_file
from .outcome import Fault, Refused, same, tried

MODULES = (
    "clearprop.files", "clearprop.network", "clearprop.topology", "clearprop.errors",
    "clearprop.tables.saved_model", "clearprop.tables.encoding", "clearprop.tables.target",
    "clearprop.tables.intervals", "clearprop.tables.report", "clearprop.tables.model",
    "clearprop.training.checkpoints", "clearprop.training.standing",
)  # fmt: skip
"""Whose branches are counted."""

STRUCTURED = True
"""Inputs are changed by `mutate`."""

BOTH, SAVED = 8, 3
"""Of so many files one is loaded as what it is not, too; of so many that load one is saved."""


@cache
def _folder() -> Path:
    return folder()


def run(data: bytes) -> str:
    """Load a file of these bytes; return what became of it."""
    path = _folder() / "file"
    path.write_bytes(data)
    try:
        kind = tried(lambda: read_kind(path), cp.ModelFileError)
    except Refused:
        kind = ""
    if kind == "checkpoint":
        return checkpoint_files.run(path, _folder())
    made, other = (cp.Model, cp.Network) if kind == "model" else (cp.Network, cp.Model)
    chance = zlib.crc32(data)
    if chance % BOTH == 0:
        _refused(other, path)
    if not kind:
        _refused(made, path)
        return "no model file"
    try:
        loaded = tried(lambda: made.load(path), cp.ModelFileError)
    except Refused:
        return f"{kind} refused"
    repr(loaded)
    if chance % SAVED == 0:
        _saves(made, loaded, data)
    return f"{kind} loaded"


def _refused(made: Any, path: Path) -> None:
    try:
        tried(lambda: made.load(path), cp.ModelFileError)
    except Refused:
        return
    raise Fault(f"{made.__name__} loads what read_kind calls no such file")


def _saves(made: Any, loaded: Any, data: bytes) -> None:
    """Raise `Fault` unless what was loaded is in the file, and saves to one that loads as it is."""
    saved, again = _folder() / "saved", _folder() / "again"
    loaded.save(saved)
    back = made.load(saved)
    back.save(again)
    same("what was loaded and saved, twice", saved.read_bytes(), again.read_bytes())
    same("what is shown of it", repr(loaded), repr(back))
    network = loaded if made is cp.Network else loaded.network
    if made is cp.Model:
        same("the report", loaded.report, back.report)
    theirs = safetensors.numpy.load(data)
    for name, array in network.unflatten(network.parameters).items():
        same(f"array {name}", array.tobytes(), theirs[name].tobytes())


def mutate(data: bytes, r: random.Random, others: Any = None) -> bytes:
    """Return a file that is like another but for a few changes."""
    return change_model_file(data, r, others)


def table(n: int = 40) -> pl.DataFrame:
    """Return a table with every kind of input."""
    return pl.DataFrame(
        {
            "size": [None if i % 7 == 0 else i / 4 for i in range(n)],
            "color": [("red", "blue", "true")[i % 3] for i in range(n)],
            "day": [f"2024-{i % 12 + 1:02d}-{i % 28 + 1:02d}" for i in range(n)],
            "old": [i % 2 == 0 for i in range(n)],
            "price": [i * 1.5 for i in range(n)],
        }
    )


def seeds() -> list[bytes]:
    """Return small files of every kind."""
    rows = table()
    fit: dict[str, Any] = {"hidden": [2], "epochs": 1, "compare": False, "progress": False}
    numbers = rows.select("size", "old", kind=pl.col("price") > 20)
    positive = rows.select("size", "color", price=pl.col("price") + 1)
    made: list[cp.Model | cp.Network] = [
        cp.Model.fit(rows, "price", **fit),
        cp.Model.fit(numbers, "kind", **fit),
        cp.Model.fit(positive, "price", target_transform="log", **fit),
        cp.Model.fit(positive, "price", quantiles=[0.1, 0.5, 0.9], **fit),
        cp.Network([3, 2, 2], "silu", "identity", loss=cp.huber(2.0)),
        cp.Network([2, 1], output="sigmoid", biases=False, dtype="float64"),
        cp.Network([1, 2, 2, 3], ["relu", "tanh", "softmax"]),
        cp.Network([1, 1], output="exp", loss="poisson"),
    ]
    saved = _folder() / "seed"
    found = []
    for one in made:
        one.save(saved)
        found.append(saved.read_bytes())
    without = json.loads(found[4][8 : 8 + int.from_bytes(found[4][:8], "little")])
    del without["__metadata__"]["sha256"]  # as 0.1.0 wrote it
    text = json.dumps(without).encode()
    numbers_ = found[4][8 + int.from_bytes(found[4][:8], "little") :]
    found += checkpoint_files.seeds(_folder())
    return [*found, len(text).to_bytes(8, "little") + text + numbers_]
