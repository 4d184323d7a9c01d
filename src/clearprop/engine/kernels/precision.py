"""Precisions: the floating types that kernels keep numbers in, compute with, and sum up in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from clearprop.engine.kernels.machine import vector_bytes
from clearprop.errors import ArgumentError


@dataclass(frozen=True)
class Precision:
    """The types of a kernel's numbers, as NumPy's scalars; Numba's are made from them.

    Examples
    --------
    >>> FLOAT32.itemsize, FLOAT32.panel_width // FLOAT32.lanes
    (4, 2)
    """

    name: str
    """What compiled code is kept under."""

    storage: type[np.generic]
    """Of parameters, activations and data in memory."""

    arithmetic: type[np.generic]
    """Of numbers that have been read, and of what is computed from them."""

    accumulation: type[np.generic]
    """Of the sums of matrix products and of rows."""

    @property
    def itemsize(self) -> int:
        """The bytes of a number in memory."""
        return np.dtype(self.storage).itemsize

    @property
    def lanes(self) -> int:
        """How many sums a vector of this processor holds."""
        return vector_bytes() // np.dtype(self.accumulation).itemsize

    @property
    def panel_width(self) -> int:
        """How many columns of a matrix are packed and multiplied together: two vectors."""
        return 2 * self.lanes


FLOAT32 = Precision("float32", np.float32, np.float32, np.float32)
FLOAT64 = Precision("float64", np.float64, np.float64, np.float64)

PRECISIONS = {precision.name: precision for precision in (FLOAT32, FLOAT64)}
"""Every precision by its name."""


def precision_of(dtype: DTypeLike) -> Precision:
    """Return the precision of a network whose parameters have this type.

    Raises
    ------
    ArgumentError
        If no kernels compute with it.

    Examples
    --------
    >>> precision_of("float64").itemsize
    8
    """
    name = np.dtype(dtype).name
    if name not in PRECISIONS:
        raise ArgumentError(
            f"the compiled engine has no kernels for {name}: use {' or '.join(PRECISIONS)}"
        )
    return PRECISIONS[name]
