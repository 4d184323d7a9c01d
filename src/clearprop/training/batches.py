"""Batches: in which order an epoch takes the rows, and how rows are dealt to shards.

The rows are dealt like cards to `shards` stripes: stripe s has rows s, s + shards,
s + 2 shards, ... Each epoch shuffles every stripe alone. Then the stripes are taken in
turn: place p of the epoch holds the (p // shards)-th row of stripe p % shards, and batch k
holds places k B to (k + 1) B - 1, the last one what remains.

So each batch takes B / shards rows of every stripe where shards divides B; where it does
not, the numbers differ by one at most, and the stripes take turns in giving one more. Who
owns a stripe knows its part of each batch without knowing the others' shuffles: one process
with eight shards sees the batches of eight processes with one each.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from clearprop.numerics.random import permutation


def epoch_order(n: int, shards: int, shuffle: bool, seed: int, epoch: int) -> NDArray[np.int64]:
    """Return the row numbers 0..n-1 in the order in which an epoch takes them.

    Parameters
    ----------
    n, shards : int
        Rows, and the stripes that they are dealt to.
    shuffle : bool
        Whether stripes are shuffled; if not, the order is 0, 1, 2, ...
    seed, epoch : int
        Which shuffle; epochs count from 0.

    Examples
    --------
    >>> epoch_order(7, 2, shuffle=True, seed=0, epoch=0) % 2  # stripes 0 and 1 take turns
    array([0, 1, 0, 1, 0, 1, 0])
    """
    order = np.arange(n)
    if shuffle:
        for stripe in range(min(shards, n)):  # the others have no rows
            rows = order[stripe::shards].copy()
            order[stripe::shards] = rows[permutation(seed, rows.size, epoch=epoch, stripe=stripe)]
    return order


def batches(order: NDArray[np.int64], batch_size: int) -> Iterator[NDArray[np.int64]]:
    """Cut an epoch's order into batches of `batch_size` rows; the last may be shorter."""
    for start in range(0, order.size, batch_size):
        yield order[start : start + batch_size]
