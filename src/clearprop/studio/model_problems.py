"""Problems of model files: a network whose run begins where the file left it.

A model without a table is shown on inputs that are drawn, each number of mean 0 and deviation 1, as
the columns of a table are once they are encoded; the targets are drawn too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError
from clearprop.files import model_file
from clearprop.network import Network
from clearprop.optimizers import Adam
from clearprop.studio.handed import handed_in
from clearprop.studio.problem import Problem, python
from clearprop.studio.setup import Setup
from clearprop.tables.model import Model

Array = NDArray[Any]

ROWS = 100
"""Inputs that are drawn, where there is no table."""


@dataclass(frozen=True)
class Loaded:
    """A model file that was handed in: a model of a table, or a network alone."""

    name: str
    called: str
    model: Model | Network

    @property
    def network(self) -> Network:
        """Its network."""
        return self.model.network if isinstance(self.model, Model) else self.model

    def code(self, precision: str) -> list[str]:
        """Return lines of Python that load it, and say `network`."""
        lines = [f"network = cp.Network.load({python(self.called)})"]
        if isinstance(self.model, Model):
            lines = [f"model = cp.Model.load({python(self.called)})", "network = model.network"]
        if str(self.network.dtype) != precision:
            lines.append(f"network = network.astype({python(precision)})")
        return lines


def load(address: str) -> Loaded:
    """Return the model that an address names.

    Raises
    ------
    FileMissingError, ModelFileError
        If there is none.
    """
    file = handed_in(address)
    return Loaded(file.name, file.called, read(file.path))


def read(path: Path) -> Model | Network:
    """Return the model, or the network alone, in a file."""
    return Network.load(path) if model_file.read_kind(path) == "network" else Model.load(path)


def check_own(setup: Setup, start: Loaded) -> None:
    """Raise `ArgumentError` where another network is asked for than that of a file."""
    for name in ("hidden", "activation", "output", "loss", "initializer"):
        if getattr(setup, name):
            raise ArgumentError(
                f"{start.name} says what the network is: leave {name} out, or begin without it"
            )


def of_model(setup: Setup) -> Problem:
    """Return the problem of a model without a table: on inputs and targets that are drawn."""
    start = load(setup.data)
    check_own(setup, start)
    network = start.network.astype(setup.precision)
    rows, inputs, outputs = setup.rows or ROWS, network.sizes[0], network.sizes[-1]
    random = np.random.default_rng(setup.seed)
    X, (y, line) = random.normal(size=(rows, inputs)), _targets(network, rows, outputs, random)
    held = round(setup.share * rows)
    code = [
        *start.code(setup.precision),
        f"random = np.random.default_rng({setup.seed})",
        f"X = random.normal(size=({rows}, {inputs}))",
        f"y = {line}",
        f"X, y, X_held, y_held = X[{held}:], y[{held}:], X[:{held}], y[:{held}]",
    ]
    features = [f"x{i + 1}" for i in range(inputs)]
    classes: list[str] = []
    target, wanted = "y", ""
    if isinstance(start.model, Model):
        features, classes = start.model.features, [str(one) for one in start.model.classes]
        target = start.model.target
        wanted = f"; hand in a table with the columns {', '.join(start.model.columns)}"
    notes = [f"these rows are drawn, none of a table, and so are their targets{wanted}"]
    return Problem(
        f"{start.name}, on drawn inputs", network, X[held:], y[held:], X[:held], y[:held],
        features, classes, target, optimizer=Adam(0.001), batch=16, notes=notes, code=code,
    )  # fmt: skip


def _targets(
    network: Network, rows: int, outputs: int, random: np.random.Generator
) -> tuple[Array, str]:
    """Return targets that a network's loss takes, and the code that draws them."""
    kind = network.loss.targets
    if kind == "labels":
        return random.integers(0, outputs, rows), f"random.integers(0, {outputs}, {rows})"
    if kind == "unit":
        made = random.integers(0, 2, (rows, outputs))
        return made, f"random.integers(0, 2, ({rows}, {outputs}))"
    if kind == "nonnegative":
        return random.poisson(1.0, (rows, outputs)), f"random.poisson(1.0, ({rows}, {outputs}))"
    columns = 1 if kind == "shared" else outputs
    return random.normal(size=(rows, columns)), f"random.normal(size=({rows}, {columns}))"
