"""Which run a checkpoint is of: settings, network and data, and what differs in another run.

Functions of the user's own are known by their names alone: `saved_functions` and `described` say
which. Data are known by their SHA-256, as they are computed with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data
from clearprop.files.saved_functions import describe
from clearprop.network import Network
from clearprop.optimizers import Optimizer
from clearprop.training.checkpoints.described import described
from clearprop.training.job import Job
from clearprop.training.shared import data_of, data_of_all
from clearprop.training.streamed_rows import SHA, StreamedRows

Array = NDArray[Any]

Identity = dict[str, dict[str, Any]]
"""Under "settings" texts by name; under "data" of each array its shape, type and SHA-256.

A stream has "parts" in place of the SHA-256: texts by name.
"""

_LONGEST = 200

_PARTS = 5
"""Parts in which streams differ that are named."""

_ROWS = 4096
"""Rows of data that are looked at together."""


def identity_of(
    network: Network,
    job: Job,
    rule: Optimizer,
    engine: str,
    training: Data | StreamedRows,
    held_out: Data | StreamedRows | None,
    more: Mapping[str, object],
) -> Identity:
    """Return what has to be the same for a run to go on to the same bits.

    Parameters
    ----------
    network : Network
        The caller's.
    job : Job
    rule : Optimizer
    engine : str
    training : Data or StreamedRows
        What is learned from.
    held_out : Data or StreamedRows, optional
        For validation.
    more : mapping of str to object
        Other settings by name.
    """
    parts = {"": data_of_all(job, training)}
    if held_out is not None:
        parts["validation "] = data_of(held_out)
    return {
        "settings": settings_of(network, job, rule, engine, more),
        "data": {
            f"{of}{name}": rows.identity() if isinstance(rows, StreamedRows) else _described(rows)
            for of, data in parts.items()
            for name, rows in data.items()
            if rows is not None
        },
    }


def settings_of(
    network: Network, job: Job, rule: Optimizer, engine: str, more: Mapping[str, object]
) -> dict[str, str]:
    """Return the settings of a run by name, as texts."""
    work, settings, held = job.network, job.settings, job.constraints
    said = {
        "Clearprop": version("clearprop"),
        "the network": "-".join(map(str, work.sizes)),
        "biases": work.has_biases,
        "activations": [_function(f) for f in work.activations],
        "loss": _function(work.loss),
        "the network's dtype": network.dtype.name,
        "precision": work.dtype.name,
        "engine": engine,
        "optimizer": rule,
        **{
            field.name: getattr(settings, field.name)
            for field in fields(settings)
            if field.name not in ("epochs", "micro_batch")
        },
        **({} if settings.micro_batch is None else {"micro_batch": settings.micro_batch}),
        "frozen": () if held is None else sorted(set(held.frozen_names)),
        "shared": () if held is None else held.shared_names,
        **more,
    }
    return {name: _short(described(value)) for name, value in said.items()}


def differences(now: Identity, then: Mapping[str, Any]) -> list[str]:
    """Return what differs between a run and that of a checkpoint, a few words each."""
    said = []
    settings = dict(then["settings"])
    for name in {**now["settings"], **settings}:
        here, there = now["settings"].get(name, "not set"), settings.get(name, "not set")
        if here != there:
            said.append(f"{name} is {here}, the run has {there}")
    known = dict(then["data"])
    for name in {**now["data"], **known}:
        one, other = now["data"].get(name), known.get(name)
        if other is None or one is None:
            here, there = ("given", "none") if one else ("missing", "it")
            said.append(f"{name} is {here}, the run has {there}")
        elif one["shape"] != other["shape"]:
            shapes = [f"({', '.join(map(str, found['shape']))})" for found in (one, other)]
            said.append(f"{name} has shape {shapes[0]}, the run's has {shapes[1]}")
        elif one["dtype"] != other["dtype"]:
            said.append(f"{name} is {one['dtype']}, the run's is {other['dtype']}")
        elif one != other and "parts" not in one:
            said.append(f"{name} holds other numbers")
        if one is not None and other is not None and "parts" in one:
            parts = _different_parts(one["parts"], other.get("parts", {}))
            said += [f"the {name} differs in its {parts}"] * bool(parts)
    return said


def _different_parts(now: Mapping[str, str], then: Mapping[str, str]) -> str:
    """Return what differs between two streams, with both values where they are short."""
    said = []
    for part in {**now, **then}:
        both = [one.get(part, "not set") for one in (now, then)]
        if both[0] != both[1]:
            is_shown = not any(one.startswith(SHA) for one in both)
            said.append(f"{part} ({both[0]}, the run has {both[1]})" if is_shown else part)
    if len(said) > _PARTS:  # it is of another kind
        said[_PARTS:] = [f"and {len(said) - _PARTS} more"]
    return ", ".join(said)


def digest(array: Array) -> str:
    """Return the SHA-256 of an array's numbers, taken in blocks of rows."""
    found = hashlib.sha256()
    for start in range(0, len(array), _ROWS):  # of a sparse matrix, dense rows come out
        block = np.ascontiguousarray(array[start : start + _ROWS])
        found.update(block.reshape(-1).view(np.uint8).data)
    return found.hexdigest()


def _described(array: Array) -> dict[str, Any]:
    return {"shape": list(array.shape), "dtype": array.dtype.name, "sha256": digest(array)}


def _function(function: Any) -> str:
    said = describe(function)
    settings = ", ".join(f"{name}={value!r}" for name, value in said.get("settings", {}).items())
    own = "" if said["built_in"] else " (of one's own)"
    return f"{said['name']}{f'({settings})' if settings else ''}{own}"


def _short(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    digest = hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()
    return f"{text[: _LONGEST - 40]}... (SHA-256 {digest[:16]})"
