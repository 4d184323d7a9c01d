"""Descriptions: one text, in every process, for all that computes the same numbers.

Code is known by its name alone; what it was given is part of the text: the attributes of an
object, what `functools.partial` holds, what a function has from around it. Of objects that are no
functions, in attributes, the class alone is said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from types import CellType, FunctionType, MethodType
from typing import Any

import numpy as np

_WHOLE = 2.0**53
"""Up to here a float that is whole is written as an int."""


def described(value: Any) -> str:
    """Return a text for a setting: a number, a text, a function, an object with attributes.

    Examples
    --------
    >>> described((1.0, np.float64(0.1), None, "b1"))
    '(1, 0.1, None, b1)'
    >>> described({"b": 2, "a": [True]})
    '{a: (True), b: 2}'
    """
    return _described(value, ())


def _described(value: Any, around: tuple[int, ...]) -> str:
    if id(value) in around:  # it holds itself
        return "..."
    within = (*around, id(value))
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        value = int(value)
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool | int | float | np.number):
        return repr(value)
    if isinstance(value, np.ndarray) and value.dtype != object:
        digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return f"{value.dtype} of shape {value.shape} (SHA-256 {digest[:16]})"
    if isinstance(value, np.ndarray | list | tuple):
        return f"({', '.join(_described(one, within) for one in value)})"
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(_described(one, within) for one in value))}}}"
    if isinstance(value, Mapping):
        return f"{{{_named(value, within, ': ')}}}"
    if isinstance(value, partial):
        given = [_described(one, within) for one in (value.func, *value.args)]
        given += [_named(value.keywords, within)] if value.keywords else []
        return f"partial({', '.join(given)})"
    if isinstance(value, type) or hasattr(value, "__qualname__"):
        return f"{_module(value)}.{value.__qualname__}{_given_to(value, within)}"
    kind = type(value)
    ours = kind.__module__.startswith("clearprop.")
    name = kind.__qualname__ if ours else described(kind)
    said: dict[str, Any] = {}
    if is_dataclass(value):
        said = {field.name: getattr(value, field.name) for field in fields(value)}
        return f"{name}({', '.join(f'{n}={_described(v, within)}' for n, v in said.items())})"
    if not ours and (len(around) == 0 or callable(value)):  # not all that a logger holds
        said = getattr(value, "__dict__", {})
    return f"{name}({_named(said, within)})"


def _given_to(function: Any, within: tuple[int, ...]) -> str:
    """Return in brackets what a function has beside its code; nothing where there is none."""
    if _module(function).startswith("clearprop."):
        return ""
    if isinstance(function, MethodType):
        return f" of {_described(function.__self__, within)}"
    if not isinstance(function, FunctionType):
        return ""
    held = [_content(cell) for cell in function.__closure__ or ()]
    given = dict(zip(function.__code__.co_freevars, held, strict=True))
    given |= {f"default {at}": one for at, one in enumerate(function.__defaults__ or ())}
    given |= function.__kwdefaults__ or {}
    return f"({_named(given, within)})" if given else ""


def _module(named: Any) -> str:
    """Return where it was made; what has a name need not say that, as a generator."""
    return getattr(named, "__module__", None) or ""


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it has none yet
        return None


def _named(given: Mapping[Any, Any], within: tuple[int, ...], between: str = "=") -> str:
    """Return what has names, in one order whatever it was given in."""
    said = ((_described(n, within), _described(v, within)) for n, v in given.items())
    return ", ".join(f"{name}{between}{one}" for name, one in sorted(said))
