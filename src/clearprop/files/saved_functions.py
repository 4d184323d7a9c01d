"""How a file names a network's activations and loss, and how they are found again.

A file holds names and numbers, never code. Built-in functions are looked up in their
tables; a function of the maker's own has to be given when the file is loaded.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from typing import Any, NoReturn

from clearprop.activations import ACTIVATIONS, Activation, BuiltInActivation
from clearprop.errors import ArgumentError, ModelFileError, said, shown
from clearprop.losses import LOSSES, BuiltInLoss, Loss

_RENAMED = {"delta": "threshold"}
"""Settings of losses by the names that files of earlier versions have: huber's threshold."""

Path = str | os.PathLike[str]


def find_activation(
    described: dict[str, Any], given: Mapping[str, Activation] | None, path: Path
) -> Activation:
    """Return the activation that a file describes."""
    found: Activation = _find(described, ACTIVATIONS, given, "activations", path)
    return found


def check_given(given: Mapping[str, Any] | None, argument: str) -> None:
    """Raise `ArgumentError` unless each name stands for a function that is called so."""
    if given is not None and not isinstance(given, Mapping):
        raise ArgumentError(f"{argument} is {shown(given)}; give functions by their names")
    for name, function in (given or {}).items():
        if not isinstance(function, Activation | Loss) or function.name != name:
            raise ArgumentError(
                f"{argument}[{shown(name)}] is {shown(function)}, which is not called {shown(name)}"
            )


def describe(function: Activation | Loss) -> dict[str, Any]:
    """Return what a file says of a function: its name and settings, and whether it is built in."""
    described: dict[str, Any] = {
        "name": function.name,
        "built_in": isinstance(function, BuiltInActivation | BuiltInLoss),
    }
    if isinstance(function, BuiltInLoss) and function.settings:
        described["settings"] = dict(function.settings)
    return described


def _find(
    described: dict[str, Any],
    table: Mapping[str, Any],
    given: Mapping[str, Any] | None,
    argument: str,
    path: Path,
) -> Any:
    name = described["name"]
    source = table if described["built_in"] else given or {}
    if name not in source and described["built_in"]:
        raise ModelFileError(
            f"{path} uses {name!r}, which this Clearprop does not have: install a newer one"
        )
    if name not in source:
        raise ModelFileError(
            f"{path} uses a function of its maker's own, {name!r}: load it with "
            f"{argument}={{{name!r}: ...}}"
        )
    return source[name]


def find_loss(described: dict[str, Any], given: Mapping[str, Loss] | None, path: Path) -> Loss:
    """Return the loss that a file describes."""
    found: Loss = _find(described, LOSSES, given, "losses", path)
    if isinstance(found, BuiltInLoss) and found.maker is not None:
        settings = {_RENAMED.get(key, key): value for key, value in described["settings"].items()}
        return found.maker(**settings)
    return found


def named(function: Activation | Loss) -> Any:
    """Return what a pickle says of a function: its name if it is built in, else itself."""
    kind = "activation" if isinstance(function, Activation) else "loss"
    if not isinstance(function, BuiltInActivation | BuiltInLoss):
        reason = _why_no_pickle(function)
        return function if reason is None else _Unpicklable(function, kind, reason)
    return {"kind": kind, **describe(function)}


def found_again(told: Any) -> Any:
    """Return the function of which `named` told this."""
    if isinstance(told, _Unpicklable):  # by `copy.copy`, which pickles nothing
        return told.function
    if not isinstance(told, dict):
        return told
    find = find_activation if told["kind"] == "activation" else find_loss
    return find(told, None, "the pickle")


class _Unpicklable:
    """A function of the user's own that can be copied, but not pickled."""

    def __init__(self, function: Activation | Loss, kind: str, reason: str) -> None:
        self.function, self._kind, self._reason = function, kind, reason

    def __deepcopy__(self, memo: object) -> Activation | Loss:
        return self.function

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise ArgumentError(
            f"{self._kind} {self.function.name!r} cannot be pickled, as other processes need it "
            f"({self._reason}): let its functions use numbers and arrays alone"
        )


def _why_no_pickle(function: Activation | Loss) -> str | None:
    """Return why a function cannot be pickled, or None; cloudpickle takes more than Python's."""
    try:
        pickle.dumps(function)
    except Exception as error:  # pickling runs code of anyone's
        try:
            import cloudpickle

            cloudpickle.dumps(function)
        except ImportError:
            return said(error)
        except Exception as error:
            return said(error)
    return None
