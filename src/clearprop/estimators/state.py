"""The state of an estimator as a pickle or skops has it: names, numbers and scikit-learn's objects.

Nothing of this package but the estimator itself is in it, unless it was passed in.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from clearprop.estimators.solver import Solver
from clearprop.files.saved_functions import found_again, named
from clearprop.network import Network

FUNCTIONS = ("activation", "output_activation", "loss")
"""The parameters that may be functions, or lists of them."""


def packed(state: dict[str, Any]) -> dict[str, Any]:
    """Return an estimator's attributes, with names and numbers in place of own objects."""
    changed = {name: _each(named, state[name]) for name in FUNCTIONS if name in state}
    if "network_" in state:
        changed["network_"] = state["network_"].__getstate__()
    if "_solver" in state:
        solver = state["_solver"]
        changed["_solver"] = {field.name: getattr(solver, field.name) for field in fields(solver)}
    return {**state, **changed}


def unpacked(state: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of which `packed` made this."""
    changed = {name: _each(found_again, state[name]) for name in FUNCTIONS if name in state}
    if isinstance(state.get("network_"), dict):  # a pickle of 0.1.0 has the objects
        changed["network_"] = network = Network.__new__(Network)
        network.__setstate__(state["network_"])
    if isinstance(state.get("_solver"), dict):
        changed["_solver"] = Solver(**state["_solver"])
    return {**state, **changed}


def _each(change: Any, given: Any) -> Any:
    """Return what was given, with each function in it changed; lists stay lists."""
    if isinstance(given, list | tuple):
        return type(given)(change(one) for one in given)
    return change(given)
