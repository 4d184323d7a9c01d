"""What the parameters of the estimators may be: scikit-learn's constraints, and ours beside."""

from __future__ import annotations

from numbers import Integral, Real
from os import PathLike
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from sklearn.utils._param_validation import (
    Interval,
    InvalidParameterError,
    Options,
    StrOptions,
    validate_parameter_constraints,
)

from clearprop.activations import ACTIVATIONS, Activation
from clearprop.engine.threads import MOST_THREADS
from clearprop.errors import one_line, shown
from clearprop.losses import LOSSES, Loss

OWN_NAMES = {"logistic": "sigmoid"}
"""scikit-learn's names of activations that are called otherwise here."""

HIDDEN = {"logistic", *(name for name, f in ACTIVATIONS.items() if not f.row_wise)}

Solver: TypeAlias = Literal["lbfgs", "sgd", "adam"]

LearningRate: TypeAlias = Literal["constant", "invscaling", "adaptive"]
"""Its schedules, of "sgd"."""

CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
    "activation": [StrOptions(HIDDEN), Activation, list, tuple],
    "solver": [StrOptions(set(get_args(Solver)))],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "learning_rate": [StrOptions(set(get_args(LearningRate)))],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    "beta_1": [Interval(Real, 0, 1, closed="left")],
    "beta_2": [Interval(Real, 0, 1, closed="left")],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
    "max_fun": [Interval(Integral, 1, None, closed="left")],
    "output_activation": [StrOptions({"logistic", *ACTIVATIONS}), Activation, None],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "optimizer": [str, object, None],
    "scoring": [str, callable, None],
    "callbacks": [callable, list, tuple, None],
    "progress": ["boolean"],
    "precision": [StrOptions({"float32", "float64"}), None],
    "threads": [Interval(Integral, 1, MOST_THREADS, closed="both"), None],
    "checkpoint": [str, PathLike, None],
    "checkpoint_every": [str, Interval(Integral, 1, None, closed="left"), None],
    "resume": ["boolean"],
}
"""Of both estimators; those from ``output_activation`` on are not scikit-learn's."""

NO_SEED = (
    "checkpoint needs random_state: give a whole number, so that a later fit can be the same run"
)

OF_NUMBERS = {name for name, f in LOSSES.items() if f.targets in ("real", "nonnegative")}

LOSS: list[Any] = [StrOptions(OF_NUMBERS), Loss]
"""Of the regressor."""


def check_parameters(caller: str, constraints: dict[str, list[Any]], given: dict[str, Any]) -> None:
    """Raise `InvalidParameterError` as scikit-learn does, for any value whatever.

    scikit-learn's own check shows a value at full length, if it can be shown, compares it though it
    may not let itself be compared, and takes whole numbers that no float holds.
    """
    for name, value in given.items():
        if name not in constraints:  # of a class that derives from ours
            continue
        constraint = {name: constraints[name]}
        try:
            validate_parameter_constraints(constraint, {name: value}, caller)
            if isinstance(value, Real):
                float(value)
        except Exception:  # a value may do anything
            try:
                validate_parameter_constraints(constraint, {name: ...}, caller)
            except InvalidParameterError as error:
                words = str(error).replace("Got Ellipsis", f"Got {shown(value)}")
                raise InvalidParameterError(one_line(words)) from None


def activation_of(spec: Any) -> Any:
    """Return an activation by the name that it has here."""
    return OWN_NAMES.get(spec, spec) if isinstance(spec, str) else spec
