"""A problem: the network and the rows that a setup means, before the first step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import unknown
from clearprop.network import Network
from clearprop.optimizers import SGD, Optimizer
from clearprop.studio.alterations import alter_weights, altered_inputs, altered_targets
from clearprop.studio.sets import DRAWN
from clearprop.studio.setup import Setup

Array = NDArray[Any]


@dataclass(frozen=True)
class Problem:
    """A network with fresh weights, and what it is to learn.

    Attributes
    ----------
    title : str
    network : Network
    X, y : ndarray
        The rows to learn from, as `cp.backprop` takes them.
    X_held, y_held : ndarray
        The rows put aside for validation; none, if there are no such.
    features : list of str
        What each input is.
    classes : list of str
        What each output, or each side of a single one, is; empty for numbers.
    target : str
    names : dict of str to str
        What a reader calls elements: ``{"W1[0,0]": "w1"}``.
    optimizer : Optimizer
        Where the setup names none.
    batch : int
        Rows of a batch, where the setup says nothing.
    notes : list of str
        What is to be said of the data.
    code : list of str
        Lines of Python that make `network`, `X`, `y`, and where there are rows put aside,
        `X_held` and `y_held`.
    """

    title: str
    network: Network
    X: Array
    y: Array
    X_held: Array
    y_held: Array
    features: list[str]
    classes: list[str]
    target: str
    names: dict[str, str] = field(default_factory=dict)
    optimizer: Optimizer = field(default_factory=lambda: SGD(0.1))
    batch: int = 10
    notes: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)

    @property
    def has_labels(self) -> bool:
        """Whether a row's target is one number, the class."""
        is_one = self.y.ndim == 1 or self.y.shape[1] == 1
        return self.network.loss.targets == "labels" and is_one


def problem_of(setup: Setup, own: Mapping[str, Problem] | None = None) -> Problem:
    """Return the problem that a setup means; `own` are those that were handed in, by name.

    Raises
    ------
    UnknownNameError
        If there is no such data, activation, loss, ...
    ArgumentError, ArchitectureError, PairingError, DataError
        If a setting does not fit.
    """
    if setup.data in DRAWN:
        return _altered(setup, _drawn(setup))
    if setup.data in FIXED:
        return _altered(setup, FIXED[setup.data](setup))
    if own and setup.data in own:
        return _altered(setup, _with_network(own[setup.data], setup))
    return unknown("set of data", setup.data, [*DRAWN, *FIXED, *(own or {})])


def _with_network(problem: Problem, setup: Setup) -> Problem:
    """Return a problem with the network that was handed in, or with another that is asked for."""
    asked = (setup.hidden, setup.activation, setup.output, setup.loss, setup.initializer)
    if not any(asked):
        return problem
    given = problem.network
    hidden = given.activations[:-1]
    network = network_of(
        setup, given.sizes[0], given.sizes[-1], hidden=given.sizes[1:-1],
        activation=hidden[0].name if hidden else "tanh", output=given.activations[-1].name,
    )  # fmt: skip
    return replace(problem, network=network, code=[])


def _altered(setup: Setup, found: Problem) -> Problem:
    """Return the problem with what the setup changes of its data and first weights."""
    X, X_held, of_inputs = altered_inputs(setup, found.X, found.X_held)
    y, of_targets = altered_targets(setup, found.y)
    of_weights = alter_weights(setup, found.network)
    code = [*found.code, *of_inputs, *of_targets, *of_weights]
    return replace(found, X=X, X_held=X_held, y=y, code=code)


def _drawn(setup: Setup) -> Problem:
    kind = DRAWN[setup.data]
    rows = setup.rows or kind.rows
    random = np.random.default_rng(setup.seed)
    X, y = kind.draw(rows, setup.noise, random)
    order = random.permutation(rows)
    held = order[: round(setup.share * rows)]
    learned = np.setdiff1d(np.arange(rows), held)
    network = network_of(setup, 2, 1, hidden=kind.hidden, activation="tanh", output="sigmoid")
    return Problem(
        kind.title, network, X[learned], y[learned], X[held], y[held],
        ["x1", "x2"], ["0", "1"], "class",
    )  # fmt: skip


def network_of(
    setup: Setup,
    inputs: int,
    outputs: int,
    *,
    hidden: tuple[int, ...],
    activation: str,
    output: str,
) -> Network:
    """Return a network with fresh weights, by the setup where it says something."""
    sizes = setup.sizes()
    layers = list(hidden) if sizes is None else sizes
    names: Any = (setup.activation or activation).split(",")
    given: dict[str, Any] = {"initializer": setup.initializer} if setup.initializer else {}
    loss: Any = setup.loss or None
    last: Any = setup.output or output
    return Network(
        [inputs, *layers, outputs], names[0] if len(names) == 1 else names, last,
        loss=loss, seed=setup.seed, dtype=setup.precision, **given,
    )  # fmt: skip


def _note(setup: Setup) -> Problem:
    """The 2-2-1 network of the third note, its weights' names, and its sample."""
    network = Network.from_weights(
        [[[0.1, 0.3], [0.2, 0.4]], [[0.5, 0.6]]], activations="sigmoid", loss="squared_error"
    ).astype(setup.precision)
    names = {
        "W1[0,0]": "w1", "W1[1,0]": "w2", "W1[0,1]": "w3", "W1[1,1]": "w4",
        "W2[0,0]": "w5", "W2[0,1]": "w6",
    }  # fmt: skip
    X, y = np.array([[0.5, 1.0]]), np.array([1.0])
    return Problem(
        "The notes' 2-2-1", network, X, y, X[:0], y[:0], ["x1", "x2"], [], "y", names,
        SGD(0.5), 1,
    )  # fmt: skip


def _mazur(setup: Setup) -> Problem:
    """Matt Mazur's 2-2-2 network, in whose example a layer's neurons share their bias."""
    network = Network.from_weights(
        [[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]],
        [[0.35, 0.35], [0.60, 0.60]],
        loss="squared_error",
    ).astype(setup.precision)
    names = {
        "W1[0,0]": "w1", "W1[0,1]": "w2", "W1[1,0]": "w3", "W1[1,1]": "w4",
        "W2[0,0]": "w5", "W2[0,1]": "w6", "W2[1,0]": "w7", "W2[1,1]": "w8",
    }  # fmt: skip
    X, y = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])
    return Problem(
        "Mazur's 2-2-2", network, X, y, X[:0], y[:0], ["i1", "i2"], [], "o", names, SGD(0.5), 1,
    )  # fmt: skip


FIXED = {"note": _note, "mazur": _mazur}
"""Networks whose weights are given. (Another size of hidden layers draws its own.)"""
