"""What a network is to the engine: sizes, functions, and where its parameters lie."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from numpy.typing import NDArray

from clearprop.activations import Activation
from clearprop.losses import Loss

Array = NDArray[Any]


@dataclass(frozen=True)
class Topology:
    """Sizes, functions, and the flat vector of parameters: W1, b1, W2, b2, ..."""

    sizes: tuple[int, ...]
    activations: tuple[Activation, ...]
    loss: Loss
    has_biases: bool
    parameters: Array

    @property
    def bits(self) -> int:
        """Of the floating type."""
        return self.parameters.dtype.itemsize * 8

    def places(self) -> list[tuple[int, int | None]]:
        """Return where in the flat vector W^l and b^l begin; None for no biases."""
        found: list[tuple[int, int | None]] = []
        start = 0
        for n_in, n_out in pairwise(self.sizes):
            weights, start = start, start + n_in * n_out
            found.append((weights, start if self.has_biases else None))
            start += n_out if self.has_biases else 0
        return found
