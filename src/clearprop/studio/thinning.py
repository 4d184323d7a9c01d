"""Thinning: which steps of a run are looked at, to follow something over the run."""

from __future__ import annotations

MOST = 96
"""Steps that are looked at."""


def apart(n: int, most: int = MOST) -> int:
    """Return how far apart steps up to n are, a power of 2, so that they are fewer than `most`.

    Examples
    --------
    >>> apart(5), apart(9, 4)
    (1, 4)
    """
    found = 1
    while n // found + 1 >= most:
        found *= 2
    return found


def thinned(n: int, most: int = MOST) -> list[int]:
    """Return steps from 0 to n at even distances, a power of 2, and n itself.

    A run keeps where it stood at such steps; and while n grows, they stay where they are.

    Examples
    --------
    >>> thinned(5), thinned(9, 4)
    ([0, 1, 2, 3, 4, 5], [0, 4, 8, 9])
    """
    return sorted({*range(0, n + 1, apart(n, most)), n})


def may_be_thinned(n: int) -> bool:
    """Whether step n is among those of `thinned` for any later one.

    Of a million steps, some 800 are: what is to be told over the run is noted at these.

    Examples
    --------
    >>> [n for n in range(94, 102) if may_be_thinned(n)]
    [94, 96, 98, 100]
    """
    return n % apart(n) == 0
