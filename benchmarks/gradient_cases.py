"""Functions, points and the right gradients there, to hold gradient checks to.

Each is computed in float64 or float32. A size s stretches the parameters: f(x / s), whose gradient
is f'(x / s) / s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradient_families import FAMILIES, Array, Data, Family

SIZES = (1e-12, 1e-8, 1e-4, 1.0, 1.0, 1.0, 1e4, 1e8, 1e12)


@dataclass(frozen=True)
class Case:
    """A function, a point, and the right gradient there."""

    family: Family
    dtype: Any
    size: float
    x: Array
    data: Data
    seed: int

    @property
    def name(self) -> str:
        """What it is, in a line."""
        kind = np.dtype(self.dtype).name
        return (
            f"{self.family.name}, {kind}, n = {len(self.x):,}, size {self.size:g}, seed {self.seed}"
        )

    def f(self, x: Array) -> Any:
        """The function, computed in the case's type."""
        return self.family.value(np, x.astype(self.dtype) / self.dtype(self.size), *self.data)

    def gradient(self, x: Array) -> Array:
        """Its gradient, in the same type."""
        size = self.dtype(self.size)
        return self.family.slope(x.astype(self.dtype) / size, *self.data) / size


def case_of(family: Family, dtype: Any, size: float, n: int, seed: int) -> Case:
    """Return the case of a family with so many parameters (of networks: samples)."""
    x, data = family.make(np.random.default_rng(seed), n)
    data = tuple(array.astype(dtype) for array in data)
    # A product with a size is rounded, which may lift a point off its kink: take it as it is.
    return Case(family, dtype, size, (x.astype(dtype) * dtype(size)).astype(np.float64), data, seed)


def cases(repeats: int, largest: int, seed: int = 0) -> Iterator[Case]:
    """Yield cases of every family, type and size, with 1 to 100 parameters, and some with more."""
    for number, family in enumerate(FAMILIES):
        for dtype in (np.float64,) if family.double else (np.float64, np.float32):
            rng = np.random.default_rng((seed, number, np.dtype(dtype).itemsize))
            for _ in range(repeats):
                for size in SIZES:
                    n = int(np.exp(rng.uniform(0, np.log(100))))
                    yield case_of(family, dtype, size, n, int(rng.integers(2**31)))
            n = 1000
            while n <= min(largest, family.largest):
                yield case_of(family, dtype, 1.0, n, int(rng.integers(2**31)))
                n *= 10
