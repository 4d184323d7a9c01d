"""How n things are cut into parts of a size, of which the last may be smaller."""

from __future__ import annotations

from clearprop.engine.kernels.arguments import Count
from clearprop.engine.kernels.decorators import compiled


@compiled
def parts_of(n: Count, size: Count) -> Count:
    """How many parts make n."""
    return (n + size - 1) // size


@compiled
def part_size(n: Count, size: Count, first: Count) -> Count:
    """The size of the part that begins at `first`."""
    return size if n - first > size else n - first


@compiled
def padded(n: Count, size: Count) -> Count:
    """N, with the last part made whole."""
    return (n + size - 1) // size * size
