"""Room: how much memory a run takes, and whether that is more than the studio gives.

A parameter vector of P numbers is held some 6 times by a run that has made no step: the problem's
network, the one that steps change, the engine's, its copy, and two of an optimizer's state. Where a
run stood holds 3, and a step 7: its network, gradient, update, and the state before and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from clearprop.errors import ArgumentError

MOST_BYTES = 1 << 30
"""What all runs together keep."""

PART_BYTES = 64 << 20
"""What a run's standings take at most, and its latest steps as much, unless two take more."""

LEAST = 2
"""Standings, and steps, that a run keeps in any case."""

_BEGUN, _STANDING, _STEP = 6, 3, 7
_BY_ROW = 4
"""z, a, delta and da of a row."""


def parameters_of(sizes: Sequence[int]) -> int:
    """Return how many weights and biases a network of these sizes has."""
    return sum((size + 1) * to for size, to in pairwise(sizes))


def standing_bytes(vector: int) -> int:
    """Return what a standing takes; `vector` is what the parameters do."""
    return _STANDING * vector + 1000


def step_bytes(sizes: Sequence[int], vector: int, rows: int, number: int) -> int:
    """Return what a step takes, of a batch of so many rows and numbers of so many bytes."""
    return _STEP * vector + _BY_ROW * rows * sum(sizes) * number


def begun_bytes(vector: int, data: int) -> int:
    """Return what a run takes before its first step; `data` are the bytes of its rows."""
    return _BEGUN * vector + 3 * data


def check_room(
    sizes: Sequence[int], dtype: Any, rows: int = 1, data: int = 0, stages: int = 1
) -> None:
    """Raise `ArgumentError` if a run of such a network takes more than all runs may.

    Parameters
    ----------
    sizes : sequence of int
        Of the layers, the input's first.
    dtype : dtype
    rows : int
        Of a batch.
    data : int
        Bytes of the rows to learn from.
    stages : int
        Of a run whose settings change on the way, each of which is begun.

    Examples
    --------
    >>> check_room([2, 100, 1], "float64")
    >>> check_room([2, 4096, 4096, 1], "float64")
    Traceback (most recent call last):
        ...
    clearprop.errors.ArgumentError: a run of 2-4096-4096-1, 16,797,697 parameters, would take \
3.5 GB of memory, and the studio gives 1.1 GB: take fewer neurons
    """
    number = np.dtype(dtype).itemsize
    vector = number * parameters_of(sizes)
    needed = stages * begun_bytes(vector, data) + sum(
        max(LEAST * one, PART_BYTES)
        for one in (standing_bytes(vector), step_bytes(sizes, vector, rows, number))
    )
    if needed > MOST_BYTES:
        shape = "-".join(map(str, sizes[:8])) + ("-..." if len(sizes) > 8 else "")
        of_rows = f" and batches of {rows:,} rows" if rows > 1 else ""
        raise ArgumentError(
            f"a run of {shape}, {vector // number:,} parameters{of_rows}, would take "
            f"{needed / 1e9:.1f} GB of memory, and the studio gives {MOST_BYTES / 1e9:.1f} GB: "
            f"take fewer neurons{' or smaller batches' if rows > 1 else ''}"
            f"{', or change settings at fewer steps' if stages > 1 else ''}"
        )
