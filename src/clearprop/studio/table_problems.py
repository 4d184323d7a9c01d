"""Problems of tables: how columns become inputs is `Model.fit`'s to decide, without an epoch."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from clearprop.errors import ArgumentError, ShapeError, TableWarning, shown
from clearprop.example_data.penguins import PENGUINS
from clearprop.network import Network
from clearprop.optimizers import Adam
from clearprop.studio.handed import handed_in
from clearprop.studio.model_problems import Loaded, check_own, load
from clearprop.studio.problem import (
    Own,
    Problem,
    Scale,
    network_of,
    outputs_of,
    python,
    targets_of,
)  # fmt: skip
from clearprop.studio.setup import MOST_ROWS, Setup
from clearprop.tables.columns import names_of
from clearprop.tables.model import Model
from clearprop.tables.report import Report
from clearprop.tables.table_files import read_table

TABLES = {"penguins": (PENGUINS, "Penguins of three species", "species")}
"""Tables that come along: where they lie, what they are called, and their target."""

GOALS = ("target", "label", "class", "species", "y", "outcome", "diagnosis", "quality")
"""Names of columns that are likely to be what is predicted."""


@dataclass(frozen=True)
class Source:
    """A table, and what it is called.

    Attributes
    ----------
    path : Path
        Where it lies.
    title : str
    target : str
        Its target, where it is known; "" else.
    code : tuple of str
        Lines of Python that say ``path``.
    """

    path: Path
    title: str
    target: str
    code: tuple[str, ...]


def source_of(data: str) -> Source:
    """Return the table that an address names.

    Raises
    ------
    ArgumentError, FileMissingError, TableFileError
        If there is none.
    """
    if data in TABLES:
        path, title, target = TABLES[data]
        line = "from clearprop.example_data.penguins import PENGUINS as path"
        return Source(path, title, target, (line,))
    file = handed_in(data)
    if not file.text:
        return Source(file.path, file.name, "", (f"path = {python(file.called)}",))
    code = (
        "import tempfile",
        "from pathlib import Path",
        "",
        'path = Path(tempfile.mkdtemp(), "table.csv")',
        f"path.write_bytes({file.text.encode()!r})",
    )
    return Source(file.path, "Your table", "", code)


def columns_of(data: str) -> list[str]:
    """Return the names of a table's columns, in their order."""
    return list(names_of(read_table(source_of(data).path).frame))


def target_of(setup: Setup) -> str:
    """Return the column that is predicted: by itself one that is called so, or the last."""
    source = source_of(setup.data)
    if setup.target or source.target:
        return setup.target or source.target
    names = columns_of(setup.data)
    known = {name.strip().lower(): name for name in reversed(names)}
    return next((known[goal] for goal in GOALS if goal in known), names[-1])


def chosen(columns: str) -> list[str]:
    """Return what a list with commas between names, what has commas in it in quotes.

    Examples
    --------
    >>> chosen('mass,"length, mm",zip:category')
    ['mass', 'length, mm', 'zip:category']
    """
    return next(csv.reader(io.StringIO(columns)), [])


def kinds_of(columns: str, names: Collection[str]) -> dict[str, str]:
    """Return the columns that are chosen, with what each is read as; "": as by itself.

    Raises
    ------
    ArgumentError
        If one is no column of the table.

    Examples
    --------
    >>> kinds_of("mass,zip:category", ["mass", "zip", "kind"])
    {'mass': '', 'zip': 'category'}
    """
    found = {}
    for one in chosen(columns):
        name, _, kind = (one, "", "") if one in names else one.rpartition(":")
        if name not in names:
            raise ArgumentError(f"columns names {shown(one)}, which the table does not have")
        found[name] = kind
    return found


def report_of(setup: Setup) -> Report:
    """Return what was decided about a setup's table."""
    return _fitted(setup.data, target_of(setup), setup.columns, setup.share, setup.seed).report


def of_table(setup: Setup) -> Problem:
    """Return the problem of a table; its network learns in the inputs that `Model.fit` makes.

    Raises
    ------
    ClearpropError
        As `Model.fit` does.
    """
    start = load(setup.weights) if setup.weights else None
    if start is not None and isinstance(start.model, Model):
        return _of_model(setup, start, start.model)
    source, target = source_of(setup.data), target_of(setup)
    model = _fitted(setup.data, target, setup.columns, setup.share, setup.seed)
    table = _read(model, source.path)
    assert model.split is not None
    learned, held = model.split.training, model.split.validation
    X, labels = _encoded(model, table[learned])
    X_held, labels_held = X[:0], labels[:0]
    settings = _settings(columns_of(setup.data), target, setup.columns, setup.share, setup.seed)
    code = [
        *source.code,
        "model = cp.Model.fit(",
        f"    path, {python(target)},",
        *(f"    {line}," for line in _arguments(settings)),
        ")",
        "table = model.read(path)",
        "learned, held = table[model.split.training], table[model.split.validation]",
        "X, y = model.encode(learned), model.encode_target(learned)",
    ]
    if len(held):
        X_held, labels_held = _encoded(model, table[held])
        code.append("X_held, y_held = model.encode(held), model.encode_target(held)")
    network, made, notes = _network(setup, start, len(model.features), model)
    y, encoded = targets_of(network, labels) if model.classes else (labels, "")
    if encoded:
        code.append(f"y = {encoded}")
        labels_held, _ = targets_of(network, labels_held)
        if len(held):
            code.append(f"y_held = {encoded.replace('[y]', '[y_held]')}")
    return Problem(
        source.title, network, X, y, X_held, labels_held, model.features,
        [str(one) for one in model.classes], target, optimizer=Adam(0.01), batch=16,
        notes=[*model.report.notes, *notes, *_scaled(model)], code=[*code, *made],
        scales=_scales(model), target_scale=_target_scale(model),
    )  # fmt: skip


def _scales(model: Model) -> dict[int, Scale]:
    """Return how each column of numbers was scaled, by the place of its input."""
    encoding, found, at = model._encoding, {}, 0
    for one, place in zip(encoding.inputs, encoding.places, strict=True):
        if one.kind == "number":
            mean, scale = (float(encoding.statistics[name][at]) for name in ("mean", "scale"))
            found[place.start] = Scale(mean, scale, place.start + 1 if one.missing else None)
        at += len(one.values)
    return found


def _target_scale(model: Model) -> Scale | None:
    """Return how a target that is a number, and nothing but scaled, was scaled."""
    target = model._target
    return None if target.classes or target.transform else Scale(target.mean, target.scale)


def _scaled(model: Model) -> list[str]:
    """Say that numbers are scaled, as no reader would know their column again."""
    which = ["numbers"] if _scales(model) else []
    which += ["the target"] if _target_scale(model) else []
    if not which:
        return []
    scaled = "are scaled: they have mean 0 and deviation 1 over the rows to learn from"
    return [f"{' and '.join(which)} {scaled}"]


def _network(
    setup: Setup, start: Loaded | None, inputs: int, model: Model
) -> tuple[Network, list[str], list[str]]:
    if start is not None:
        check_own(setup, start)
        network = start.network.astype(setup.precision)
        if network.sizes[0] != inputs:
            raise ShapeError(
                f"{start.name} takes {network.sizes[0]} inputs, but the table makes {inputs}"
            )
        return network, start.code(setup.precision), [f"the run begins where {start.name} stands"]
    if model.classes:
        own = Own((8,), "tanh", "softmax")
        network, made = network_of(setup, inputs, outputs_of(setup, own, len(model.classes)), own)
    else:
        network, made = network_of(setup, inputs, 1, Own((8,), "tanh", "identity"))
    return network, [made], []


def _of_model(setup: Setup, start: Loaded, model: Model) -> Problem:
    """Return the problem of a table that is encoded as by a model, from the model's weights on."""
    check_own(setup, start)
    source = source_of(setup.data)
    if setup.target not in ("", model.target):
        raise ArgumentError(f"{start.name} predicts {model.target!r}: leave the target as it is")
    table = _read(model, source.path)
    X, y = model.encode(table), model.encode_target(table)
    _check_rows(len(X), source)
    n, share = len(X), setup.share
    order = np.random.default_rng(setup.seed).permutation(n)
    held, learned = order[: round(share * n)], np.sort(order[round(share * n) :])
    network = start.network.astype(setup.precision)
    code = [
        *source.code,
        *start.code(setup.precision),
        "table = model.read(path)",
        "X, y = model.encode(table), model.encode_target(table)",
        f"order = np.random.default_rng({setup.seed}).permutation(len(X))",
        f"held, learned = order[:{len(held)}], np.sort(order[{len(held)}:])",
        "X, y, X_held, y_held = X[learned], y[learned], X[held], y[held]",
    ]
    notes = [f"the run begins where {start.name} stands, and columns are read as it reads them"]
    return Problem(
        source.title, network, X[learned], y[learned], X[held], y[held], model.features,
        [str(one) for one in model.classes], model.target, optimizer=Adam(0.01), batch=16,
        notes=[*notes, *_scaled(model)], code=code,
        scales=_scales(model), target_scale=_target_scale(model),
    )  # fmt: skip


@lru_cache(maxsize=8)
def _fitted(data: str, target: str, columns: str, share: float, seed: int) -> Model:
    """Return what `Model.fit` makes of a table before the first epoch."""
    source = source_of(data)
    frame = read_table(source.path).frame
    _check_rows(frame.height, source)
    settings = _settings(list(names_of(frame)), target, columns, share, seed)
    return Model.fit(source.path, target, **settings)


def _check_rows(n: int, source: Source) -> None:
    if n > MOST_ROWS:
        raise ShapeError(
            f"{source.title} has {n:,} rows; the studio takes {MOST_ROWS:,}: hand in a part of it"
        )


def _settings(
    names: list[str], target: str, columns: str, share: float, seed: int
) -> dict[str, Any]:
    """Return what `Model.fit` is told beside the table and its target."""
    given: dict[str, Any] = {}
    if columns:
        wanted = kinds_of(columns, names)
        given["drop"] = [name for name in names if name not in (*wanted, target)]
        given["keep"] = [name for name in wanted if name != target]
        if kinds := {name: kind for name, kind in wanted.items() if kind}:
            given["columns"] = kinds
    return given | {
        "drop_missing_target": True, "validation": share, "test": 0, "hidden": [], "epochs": 0,
        "compare": False, "progress": False, "seed": seed,
    }  # fmt: skip


def _arguments(settings: dict[str, Any]) -> list[str]:
    """Return lines of arguments: those that say something of the data, and the others."""
    written = {name: f"{name}={python(value)}" for name, value in settings.items()}
    own = [written.pop(name) for name in ("drop", "keep", "columns") if name in written]
    return [*own, ", ".join(written.values())]


def _encoded(model: Model, table: Any) -> tuple[Any, Any]:
    """Return the inputs and targets of rows; what of them is missing is in the report."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)
        return model.encode(table), model.encode_target(table)


def _read(model: Model, path: Path) -> Any:
    """Return the table as a model reads it; what was guessed is in the model's report."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)
        return model.read(path)
