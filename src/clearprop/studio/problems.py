"""Problems: what each setup means, by its data."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from clearprop.errors import unknown
from clearprop.example_data.digits import load_digits
from clearprop.optimizers import SGD
from clearprop.studio.alterations import alter_weights, altered_inputs, altered_targets
from clearprop.studio.fixed_problems import FIXED
from clearprop.studio.model_problems import of_model
from clearprop.studio.problem import Own, Problem, network_of, outputs_of, targets_of
from clearprop.studio.sets import DRAWN
from clearprop.studio.setup import Setup
from clearprop.studio.table_problems import TABLES, of_table

__all__ = ["FIXED", "SETS", "Problem", "problem_of"]

SETS = (*DRAWN, "digits", *TABLES, *FIXED)
"""Data that comes along, by name."""


def problem_of(setup: Setup, own: Mapping[str, Problem] | None = None) -> Problem:
    """Return the problem that a setup means; `own` are those that were handed in, by name.

    Raises
    ------
    UnknownNameError
        If there is no such data, activation, loss, ...
    ArgumentError, ArchitectureError, PairingError, DataError
        If a setting does not fit.
    FileMissingError
        If a table or a model is not here any more.
    """
    return _altered(setup, _unaltered(setup, own))


def _unaltered(setup: Setup, own: Mapping[str, Problem] | None) -> Problem:
    kind = setup.data.partition(":")[0]
    if kind in ("table", "inline") or setup.data in TABLES:
        return of_table(setup)
    if kind == "model":
        return of_model(setup)
    if setup.data in DRAWN:
        return _drawn(setup)
    if setup.data == "digits":
        return _digits(setup)
    if setup.data in FIXED:
        return FIXED[setup.data](setup)
    if own and setup.data in own:
        return _with_network(own[setup.data], setup)
    return unknown("set of data", setup.data, [*SETS, *(own or {})])


def _with_network(problem: Problem, setup: Setup) -> Problem:
    """Return a problem with the network that was handed in, or with another that is asked for."""
    asked = (setup.hidden, setup.activation, setup.output, setup.loss, setup.initializer)
    if not any(asked):
        return replace(problem, network=problem.network.copy())  # which is changed in place
    given = problem.network
    kinds = given.activations
    own = Own(given.sizes[1:-1], kinds[0].name if len(kinds) > 1 else "tanh", kinds[-1].name)
    network, _ = network_of(setup, given.sizes[0], given.sizes[-1], own)
    return replace(problem, network=network, code=[])


def _altered(setup: Setup, found: Problem) -> Problem:
    """Return the problem with what the setup changes of its data and first weights."""
    X, X_held, of_inputs = altered_inputs(setup, found.X, found.X_held)
    y, of_targets = altered_targets(setup, found.y)
    of_weights = alter_weights(setup, found.network)
    code = [*found.code, *of_inputs, *of_targets, *of_weights] if found.code else []
    scales = {} if of_inputs else found.scales
    return replace(found, X=X, X_held=X_held, y=y, code=code, scales=scales)


def _drawn(setup: Setup) -> Problem:
    kind = DRAWN[setup.data]
    rows = setup.rows or kind.rows
    random = np.random.default_rng(setup.seed)
    X, labels = kind.draw(rows, setup.noise, random)
    order = random.permutation(rows)
    held = order[: round(setup.share * rows)]
    learned = np.setdiff1d(np.arange(rows), held)
    own = Own(kind.hidden, "tanh", "sigmoid")
    network, made = network_of(setup, 2, outputs_of(setup, own, 2), own)
    y, encoded = targets_of(network, labels)
    code = [
        "",
        *_source(setup.data),
        "",
        "",
        f"random = np.random.default_rng({setup.seed})",
        f"X, y = {setup.data}({rows}, {setup.noise}, random)",
        *([f"y = {encoded}"] if encoded else []),
        f"held = random.permutation({rows})[:{len(held)}]",
        f"learned = np.setdiff1d(np.arange({rows}), held)",
        "X, y, X_held, y_held = X[learned], y[learned], X[held], y[held]",
        made,
    ]
    return Problem(
        kind.title, network, X[learned], y[learned], X[held], y[held],
        ["x1", "x2"], ["0", "1"], "class", code=code,
    )  # fmt: skip


def _source(name: str) -> list[str]:
    """Return the source of the function that draws a set, without types."""
    lines = inspect.getsource(DRAWN[name].draw).rstrip().split("\n")
    return [f"def {name}(rows, noise, random):", *lines[1:]]


def _digits(setup: Setup) -> Problem:
    """Scanned digits, a network of 16 hidden neurons."""
    digits = load_digits(setup.seed, setup.share)
    own = Own((16,), "tanh", "softmax")
    network, made = network_of(setup, 64, 10, own)
    y, encoded = targets_of(network, digits.y)
    y_held, _ = targets_of(network, digits.y_test)
    X, code = digits.X, [
        "from clearprop.example_data.digits import load_digits",
        "",
        f"digits = load_digits(seed={setup.seed}, share={setup.share})",
        "X, X_held = digits.X, digits.X_test",
        *(
            f"{to} = {encoded.replace('[y]', f'[{labels}]') if encoded else labels}"
            for to, labels in (("y", "digits.y"), ("y_held", "digits.y_test"))
        ),
    ]  # fmt: skip
    if 0 < setup.rows < len(X):
        X, y = X[: setup.rows], y[: setup.rows]
        code.append(f"X, y = X[:{setup.rows}], y[:{setup.rows}]")
    pixels = [f"pixel {row},{column}" for row in range(8) for column in range(8)]
    return Problem(
        "Scanned digits, 8 x 8 pixels", network, X, y, digits.X_test, y_held, pixels,
        [str(digit) for digit in range(10)], "digit", optimizer=SGD(0.1), batch=32,
        code=[*code, made],
    )  # fmt: skip
