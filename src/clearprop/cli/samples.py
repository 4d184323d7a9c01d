"""The network and the rows that a command is about: MODEL, FILE and --row N, or the note's own.

What a row means to a network, its model knows: the columns become inputs and the target a label
or a standardized number, just as they did in training.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

import clearprop as cp
from clearprop.cli.sources import Table
from clearprop.errors import ArgumentError, ModelFileError, TargetError, printable
from clearprop.files import model_file
from clearprop.tables.columns import Column, check_finite, names_of, read_columns
from clearprop.tables.preparation import rows_with_target
from clearprop.tables.target import Target, check_target_name

Array = NDArray[Any]


LISTED = 12
"""Classes that are named one by one."""


class Sample(NamedTuple):
    """A network and one sample, in the shapes `clearprop.backprop` takes.

    Attributes
    ----------
    network : Network
    X : ndarray, float64, shape (1, n_0)
    y : ndarray, shape (1,)
        A label, or a number as the network learned it (standardized).
    names : dict of str to str
        What a reader calls elements of the network, such as ``{"W1[0,0]": "w1"}``.
    features : tuple of str
        What each input is.
    outputs : str
        What the outputs are, in words; "" where nobody knows.
    title : str
        Where the sample is from, in a few words.
    """

    network: cp.Network
    X: Array
    y: Array
    names: dict[str, str]
    features: tuple[str, ...]
    outputs: str
    title: str


class Rows(NamedTuple):
    """A network and all rows of a table, in the shapes `clearprop.backprop` takes.

    Attributes
    ----------
    network : Network
    X : ndarray, float64, shape (n, n_0)
    y : ndarray, shape (n,)
        Labels, or numbers as the network learned them (standardized).
    """

    network: cp.Network
    X: Array
    y: Array


def note_network() -> Sample:
    """Return the 2-2-1 network of the third note, with its weights' names and a sample.

    w1 and w3 lead into the first hidden neuron, w2 and w4 into the second, w5 and w6 into the
    output. Sigmoids, no biases, E = (y - a)^2 / 2.
    """
    weights = [[[0.1, 0.3], [0.2, 0.4]], [[0.5, 0.6]]]
    names = {
        "W1[0,0]": "w1", "W1[1,0]": "w2", "W1[0,1]": "w3", "W1[1,1]": "w4",
        "W2[0,0]": "w5", "W2[0,1]": "w6",
    }  # fmt: skip
    network = cp.Network.from_weights(weights, activations="sigmoid", loss="squared_error")
    title = "the 2-2-1 network of the note"
    x, y = np.array([[0.5, 1.0]]), np.array([1.0])
    return Sample(network, x, y, names, ("x1", "x2"), "", title)


def network_of(model: Path) -> cp.Network:
    """Return the network in a file that `Model.save` or `Network.save` wrote.

    Raises
    ------
    FileMissingError, ModelFileError
        If there is none.
    """
    if model_file.read_kind(model) == "network":
        return cp.Network.load(model)
    return cp.Model.load(model).network


def sample_of(model: Path, table: Table, row: int) -> Sample:
    """Return a model's network and one row of a table, counted from 0.

    Raises
    ------
    click.UsageError
        If there is no table.
    FileMissingError, ModelFileError
        If there is no model, or the file holds a network alone.
    ArgumentError
        If the table has no such row.
    TargetError
        If the row has no target, or one that training did not have.
    DataError
        If the table does not fit the model.
    """
    loaded, X, goal = _read(model, table)
    n = len(goal.values)
    if not 0 <= row < n:
        plural = "" if n == 1 else "s"
        raise ArgumentError(
            f"there is no row {row}: {table} has {n:,} row{plural}, counted from 0 to {n - 1}"
        )
    if goal.missing[row]:
        raise TargetError(
            f"{table} has no {loaded.target!r} in row {row}, so that nothing can be said of its "
            "loss: choose another row"
        )
    check_finite(goal)  # here, where rows have the table's numbers
    y = _target_of(loaded).encode(goal.take(np.array([row])))
    title = printable(f"row {row} of {table}")
    outputs = printable(_outputs(loaded))
    features = tuple(map(printable, loaded.features))
    return Sample(loaded.network, X[row : row + 1], y, {}, features, outputs, title)


def _outputs(model: cp.Model) -> str:
    """Say what the outputs of a model's network are."""
    target, last = _target_of(model), len(model.network.sizes) - 1
    if target.task == "regression":
        learned = f"{target.transform}({target.column})" if target.transform else target.column
        unit = f"less {target.mean:.6g} and divided by {target.scale:.6g}"
        if model.quantiles:
            names = (f"a{last}[{k}] of {q}" for k, q in enumerate(model.quantiles))
            return f"quantiles of {learned}, {', '.join(names)}; they, and y, are {unit}"
        return f"a{last}[0] and y[0] are {learned}, {unit}"
    if len(target.classes) > LISTED:
        return f"a{last} has the probabilities of the {len(target.classes)} {target.column}s"
    names = (f"a{last}[{k}] of {value}" for k, value in enumerate(target.classes))
    return f"probabilities, {', '.join(names)}"


def rows_of(model: Path, table: Table, *, drop_missing_target: bool = False) -> Rows:
    """Return a model's network and all rows of a table.

    Raises
    ------
    click.UsageError
        If there is no table.
    FileMissingError, ModelFileError
        If there is no model, or the file holds a network alone.
    TargetError
        If a row has no target (unless such rows are to be left out), or one that training did
        not have.
    DataError
        If the table does not fit the model.
    """
    loaded, X, goal = _read(model, table)
    check_finite(goal)
    rows = rows_with_target(goal, drop_missing_target)
    return Rows(loaded.network, X[rows], _target_of(loaded).encode(goal.take(rows)))


def rows_or_note(
    model: Path | None, table: Table, *, drop_missing_target: bool
) -> tuple[cp.Network, Array, Array, str]:
    """Return what `rows_of` does, or the note's network and sample without a model; and its name.

    Raises
    ------
    ClearpropError, click.UsageError
        As `rows_of` does.
    """
    if model is None:
        sample = note_network()
        return sample.network, sample.X, sample.y, f"{sample.title}, on one sample"
    network, X, y = rows_of(model, table, drop_missing_target=drop_missing_target)
    return network, X, y, f"{model}, on {table}"


def _read(model: Path, table: Table) -> tuple[cp.Model, Array, Column]:
    """Return a model, and the inputs and the target's column of a table."""
    if not table.is_given:
        raise click.UsageError(f"Missing argument 'FILE': a table for {model}.")
    if model_file.read_kind(model) == "network":
        raise ModelFileError(
            f"{model} holds a network alone, which does not say what a table's columns mean: give "
            "a model that clearprop train wrote"
        )
    loaded = cp.Model.load(model)
    rows = table.read(loaded)
    check_target_name(loaded.target, names_of(rows))
    X = loaded.encode(rows)
    return loaded, X, loaded._goal(read_columns(rows, {loaded.target}))


def _target_of(model: cp.Model) -> Target:
    return model._target
