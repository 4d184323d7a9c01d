"""How large the numbers of each column are, and columns standardized: for what looks at a failure.

Rows come by their numbers, as the engines take them; a matrix need not be in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Doubles = NDArray[np.float64]

_BLOCK = 1 << 20
"""Numbers that are looked at together."""

_SAMPLE = 64
"""Blocks of so many that are looked at, where not all are."""


def reaches(X: Any) -> Doubles:
    """Return the largest magnitude of each column, shape (n_0,)."""
    found = np.zeros(X.shape[1])
    for rows in _blocks(X):
        np.maximum(found, np.abs(X[rows]).max(axis=0).astype(np.float64), out=found)
    return found


@dataclass(frozen=True)
class Standardized:
    """Rows whose columns are divided by their standard deviation, their mean taken off."""

    X: Any
    reach: Doubles
    center: Doubles
    spread: Doubles

    @property
    def shape(self) -> tuple[int, ...]:
        """That of X."""
        return self.X.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of X."""
        return self.X.dtype

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, rows: Any) -> Array:
        given = self.X[rows]
        wide = (given.astype(np.float64) / self.reach - self.center) / self.spread
        return wide.astype(given.dtype)


def standardized(X: Any, columns: Sequence[int]) -> Standardized:
    """Return X with these of its columns standardized, the others as they are."""
    chosen = np.zeros(X.shape[1], dtype=bool)
    chosen[list(columns)] = True
    reach = np.where(chosen, reaches(X), 1.0)
    reach[reach == 0] = 1.0
    sums, squares = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    seen = 0
    for rows in _blocks(X, _SAMPLE):  # of numbers up to 1: no square overflows
        block = X[rows].astype(np.float64) / reach
        sums += block.sum(axis=0)
        squares += (block * block).sum(axis=0)
        seen += len(block)
    mean = sums / seen
    spread = np.sqrt(np.maximum(squares / seen - mean * mean, 0.0))
    spread[~chosen | (spread < 1e-12)] = 1.0
    return Standardized(X, reach, np.where(chosen, mean, 0.0), spread)


def in_words(sizes: Doubles, columns: Sequence[int], names: Sequence[str] | None, of: str) -> str:
    """Return what columns reach, the largest first: "x[3] reaches 1e+12, x[0] 4e+06".

    Examples
    --------
    >>> in_words(np.array([4.0, 1e12, 300.0, 200.0]), [0, 1, 2, 3], None, "x")
    'x[1] reaches 1e+12, x[2] 300, x[3] 200 (and 1 more)'
    """
    order = sorted(columns, key=lambda column: -sizes[column])
    named = [f"{of}[{column}]" if names is None else repr(names[column]) for column in order]
    said = [f"{name} {sizes[column]:.3g}" for name, column in zip(named, order, strict=True)]
    said[0] = f"{named[0]} reaches {sizes[order[0]]:.3g}"
    return ", ".join(said[:3]) + (f" (and {len(said) - 3} more)" if len(said) > 3 else "")


def _blocks(X: Any, most: int | None = None) -> list[slice]:
    """Return slices of rows; of a matrix that is not in memory, or up to `most`, here and there."""
    size = max(1, _BLOCK // max(1, X.shape[1]))
    blocks = [slice(start, start + size) for start in range(0, len(X), size)]
    if most is None and not isinstance(X, np.ndarray):
        most = _SAMPLE
    return blocks if most is None else blocks[:: -(-len(blocks) // most)]
