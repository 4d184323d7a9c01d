"""Notation: a text such as "sgd(momentum=0.9)" for what Python makes by a call; nothing is run."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from clearprop.errors import ArgumentError, shown, unknown
from clearprop.initializers import INITIALIZERS
from clearprop.losses import LOSSES, huber, quantile
from clearprop.optimizers import LBFGS, OPTIMIZERS
from clearprop.schedules import (
    constant,
    cosine,
    exponential,
    inverse_scaling,
    step,
    warmup_cosine,
)

Maker = Callable[..., Any]

_CALL = re.compile(r"([A-Za-z_][A-Za-z_0-9]*)\s*(?:\(([^()]*)\))?")
_WORDS = {"true": True, "false": False, "none": None}

_SCHEDULES: dict[str, Maker] = {
    maker.__name__: maker
    for maker in (constant, step, exponential, cosine, warmup_cosine, inverse_scaling)
}


def _as_it_is(found: Any) -> Maker:
    """Return a maker without settings."""
    return lambda: found  # a dictionary's method would do, but has no signature in Python 3.11


_LOSSES: dict[str, Maker] = {name: _as_it_is(found) for name, found in LOSSES.items()}
_LOSSES |= {"huber": huber, "quantile": quantile}


def optimizer(text: str) -> Any:
    """Return the optimizer that a text such as "adam" or "sgd(momentum=0.9)" means."""
    return _made(text, "optimizer", OPTIMIZERS)


def optimizer_of_steps(text: str) -> Any:
    """Return an optimizer that makes a step from one gradient, as L-BFGS does not."""
    found = optimizer(text)
    if isinstance(found, LBFGS):
        raise ArgumentError("L-BFGS searches along its steps: take one that makes single steps")
    return found


def loss(text: str) -> Any:
    """Return the loss that a text such as "poisson" or "huber(0.5)" means."""
    return _made(text, "loss", _LOSSES)


def initializer(text: str) -> Any:
    """Return the initializer that a text such as "he_normal" or "uniform(0.1)" means."""
    return "auto" if text == "auto" else _made(text, "initializer", INITIALIZERS)


def schedule(text: str, initial: float) -> Any:
    """Return the schedule that a text such as "cosine" or "step(100, 0.5)" means.

    It begins with `initial`, which the text leaves out.
    """
    return _made(text, "schedule", _SCHEDULES, initial)


def _made(text: str, kind: str, makers: Mapping[str, Maker], *first: Any) -> Any:
    """Return what a maker makes of the numbers in brackets.

    Raises
    ------
    UnknownNameError
        If no maker has the name.
    ArgumentError
        If it is not of the form NAME or NAME(NUMBER, NAME=NUMBER), or the maker takes no such
        numbers.
    """
    found = _CALL.fullmatch(text.strip())
    if found is None:
        raise ArgumentError(f"{kind} is {shown(text)}; write it as NAME or NAME(0.5, name=2)")
    name, inside = found[1].lower(), (found[2] or "").strip()
    if name not in makers:
        unknown(kind, found[1], makers)
    positional, named = list(first), {}
    for part in inside.split(",") if inside else ():
        key, equals, value = part.rpartition("=")
        if equals:
            named[key.strip()] = _value(kind, value)
        else:
            positional.append(_value(kind, value))
    takes = inspect.signature(makers[name])
    try:
        takes.bind(*positional, **named)
    except TypeError as error:
        known = list(takes.parameters)[len(first) :]
        settings = f"has the settings {', '.join(known)}" if known else "has no settings"
        raise ArgumentError(f"{kind} {shown(text)}: {name} {settings} ({error})") from None
    return makers[name](*positional, **named)


def _value(kind: str, text: str) -> Any:
    text = text.strip()
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    raise ArgumentError(f"{kind} holds {shown(text)}; what stands in brackets is a number")
