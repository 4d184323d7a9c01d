"""Too large: numbers that are finite, but whose squares no float64 holds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import NonFiniteDataError

Array = NDArray[Any]

LARGEST = 1e150
"""Numbers beyond this have no variance in float64."""


def too_large(
    what: str, values: Array, rows: NDArray[np.int64] | None, where: str = ""
) -> NonFiniteDataError:
    """Return what is said of the value that is farthest from 0, in its row of the table.

    Examples
    --------
    >>> print(too_large("column 'x'", np.array([1.0, 1e200]), np.array([7, 9])))
    column 'x' is 1e+200 in row 9 (from 0), too large to be standardized: most is 1e+150
    """
    at = int(np.nanargmax(np.abs(values)))
    row = at if rows is None else int(rows[at])
    place = f"{where}: " if where else ""
    return NonFiniteDataError(
        f"{place}{what} is {values[at]:g} in row {row} (from 0), too large to be standardized: "
        f"most is {LARGEST:g}"
    )
