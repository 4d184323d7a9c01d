"""Lines of equal height on a grid, by marching squares.

Each cell has four corners, and each corner is above the level or is not. Where an edge joins one
above to one that is not, the line crosses it, where the height between the two would be the level.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Edge = tuple[int, int, bool]
"""Row, column, and whether it goes along the second axis, from there on."""

Line = list[tuple[float, float]]

# Corners: 1 at (i, j), 2 at (i + 1, j), 4 at (i + 1, j + 1), 8 at (i, j + 1), those above added up.
# Edges: 0 between 1 and 2, 1 between 2 and 4, 2 between 8 and 4, 3 between 1 and 8.
_PAIRS = {1: [(3, 0)], 2: [(0, 1)], 3: [(3, 1)], 4: [(1, 2)], 6: [(0, 2)], 7: [(3, 2)]}
_PAIRS |= {15 - code: pairs for code, pairs in _PAIRS.items()}
_CUT_0_AND_2, _CUT_1_AND_3 = [(3, 0), (1, 2)], [(0, 1), (3, 2)]


def isolines(first: Array, second: Array, heights: Array, level: float) -> list[Line]:
    """Return the lines on which a surface has a height; a closed one ends where it begins.

    Parameters
    ----------
    first, second : ndarray
        The values on the axes.
    heights : ndarray, shape (len(second), len(first))
        Cells with a corner that is not finite are left out.
    level : float

    Examples
    --------
    >>> import numpy as np
    >>> isolines(np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.array([[0.0, 4.0], [0.0, 4.0]]), 1)
    [[(0.25, 0.0), (0.25, 1.0)]]
    """
    above = heights > level
    sound = np.isfinite(heights)
    corners = above[:-1, :-1] + 2 * above[:-1, 1:] + 4 * above[1:, 1:] + 8 * above[1:, :-1]
    whole = sound[:-1, :-1] & sound[:-1, 1:] & sound[1:, 1:] & sound[1:, :-1]
    next_to: dict[Edge, list[Edge]] = {}
    for j, i in np.argwhere(whole & (corners > 0) & (corners < 15)).tolist():
        edges = (j, i, False), (j, i + 1, True), (j + 1, i, False), (j, i, True)
        for one, other in _pairs(int(corners[j, i]), heights[j : j + 2, i : i + 2], level):
            next_to.setdefault(edges[one], []).append(edges[other])
            next_to.setdefault(edges[other], []).append(edges[one])
    return [
        [_crossing(edge, first, second, heights, level) for edge in chain]
        for chain in _chains(next_to)
    ]


def _pairs(code: int, corners: Array, level: float) -> list[tuple[int, int]]:
    if code not in (5, 10):
        return _PAIRS[code]
    return _CUT_1_AND_3 if (code == 5) == (corners.mean() > level) else _CUT_0_AND_2


def _chains(next_to: dict[Edge, list[Edge]]) -> list[list[Edge]]:
    """Return the edges in the order in which lines cross them; open lines first."""
    found, passed = [], set()
    for start in [*(e for e, others in next_to.items() if len(others) == 1), *next_to]:
        if start in passed:
            continue
        chain, edge = [start], start
        passed.add(start)
        while (on := next((e for e in next_to[edge] if e not in passed), None)) is not None:
            passed.add(on)
            chain.append(on)
            edge = on
        if len(next_to[start]) == 2 and start in next_to[edge]:
            chain.append(start)
        found.append(chain)
    return found


def _crossing(
    edge: Edge, first: Array, second: Array, heights: Array, level: float
) -> tuple[float, float]:
    j, i, upwards = edge
    end = (j + 1, i) if upwards else (j, i + 1)
    share = (level - heights[j, i]) / (heights[end] - heights[j, i])
    if upwards:
        return float(first[i]), float(second[j] + share * (second[j + 1] - second[j]))
    return float(first[i] + share * (first[i + 1] - first[i])), float(second[j])
