"""The engine's random numbers: `clearprop.numerics.random`'s, number for number.

The order of an epoch sorts rows by 64-bit keys: into buckets by their first bits, about one key
each, then by insertion, which has little left to do. Dropout draws 32 bits a unit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types, uint64

from clearprop.engine.kernels.arguments import Count, Doubles, Integers, Reals, Word
from clearprop.engine.kernels.decorators import inlined
from clearprop.engine.kernels.pointers import get, offset, put, real_pointer
from clearprop.engine.kernels.precision import Precision

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_K0, _K1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_SHUFFLE, _DROPOUT = np.uint64(3), np.uint64(4)  # clearprop.numerics.random.Purpose
_PURPOSES = np.uint64(16)


@inlined
def philox(c0: Word, c1: Word, c2: Word, c3: Word, seed: Word) -> tuple[Word, Word, Word, Word]:
    """Philox4x32-10: four 32-bit words from four, and a 64-bit seed, all as uint64."""
    k0, k1 = seed & _LOW, seed >> _HALF
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _LOW, (p0 >> _HALF) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _K0) & _LOW, (k1 + _K1) & _LOW
    return c0, c1, c2, c3


def draw_order(
    n: Count,
    shards: Count,
    shuffle: Count,
    seed: Count,
    epoch: Count,
    order: Integers,
    room: Integers,
) -> None:
    """Write an epoch's order of n rows; `clearprop.training.batches.epoch_order` says which it is.

    `room` holds 4 n + 2 numbers.
    """
    if shuffle == 0:
        for i in range(n):
            put(order, i, i)
        return
    for stripe in range(shards if shards < n else n):
        rows = (n - stripe + shards - 1) // shards
        bits = 0
        while (1 << bits) < rows:
            bits += 1
        buckets = 1 << bits
        shift = uint64(64 - bits)
        keys, sorted_keys, sorted_rows = room, offset(room, n), offset(room, 2 * n)
        starts = offset(room, 3 * n)
        if buckets > rows + 1:
            buckets, shift = buckets // 2, shift + uint64(1)
        for bucket in range(buckets + 1):
            put(starts, bucket, 0)
        pairs = (rows + 1) // 2
        for block in range(pairs):
            words = philox(uint64(block), uint64(stripe), uint64(epoch), _SHUFFLE, uint64(seed))
            put(keys, 2 * block, types.int64((words[0] << _HALF) | words[1]))
            if 2 * block + 1 < rows:
                put(keys, 2 * block + 1, types.int64((words[2] << _HALF) | words[3]))
        for i in range(rows):
            bucket = types.int64(uint64(get(keys, i)) >> shift) if buckets > 1 else 0
            put(starts, bucket + 1, get(starts, bucket + 1) + 1)
        for bucket in range(buckets):
            put(starts, bucket + 1, get(starts, bucket) + get(starts, bucket + 1))
        for i in range(rows):
            key = get(keys, i)
            bucket = types.int64(uint64(key) >> shift) if buckets > 1 else 0
            at = get(starts, bucket)
            put(starts, bucket, at + 1)
            put(sorted_keys, at, key)
            put(sorted_rows, at, i)
        for i in range(1, rows):
            key, row = uint64(get(sorted_keys, i)), get(sorted_rows, i)
            at = i
            while at > 0 and uint64(get(sorted_keys, at - 1)) > key:
                put(sorted_keys, at, get(sorted_keys, at - 1))
                put(sorted_rows, at, get(sorted_rows, at - 1))
                at -= 1
            put(sorted_keys, at, types.int64(key))
            put(sorted_rows, at, row)
        for i in range(rows):
            put(order, stripe + i * shards, stripe + shards * get(sorted_rows, i))


def dropout(precision: Precision) -> Callable[..., None]:
    """Return the kernel that drops units of one row: `a` and `d` times 0 or the factor.

    It takes (first, n, sample, layer, epoch, seed, below, factor, a, d, room): units from `first`
    on, a multiple of 4, are drawn for the n numbers of a and d; `room` holds n + 4 numbers.
    """
    real: Any = precision.arithmetic
    zero = real(0)

    def drop(
        first: Count,
        n: Count,
        sample: Count,
        layer: Count,
        epoch: Count,
        seed: Count,
        below: Count,
        factor: Doubles,
        a: Reals,
        d: Reals,
        room: Integers,
    ) -> None:
        kept = real(get(factor, 0))
        purpose = _DROPOUT + _PURPOSES * uint64(layer)
        c1, c2, key = uint64(sample), uint64(epoch), uint64(seed)
        for block in range((n + 3) // 4):
            words = philox(uint64(first // 4 + block), c1, c2, purpose, key)
            put(room, 4 * block, types.int64(words[0]))
            put(room, 4 * block + 1, types.int64(words[1]))
            put(room, 4 * block + 2, types.int64(words[2]))
            put(room, 4 * block + 3, types.int64(words[3]))
        for j in range(n):
            share = kept if get(room, j) >= below else zero
            put(a, j, get(a, j) * share)
            put(d, j, get(d, j) * share)

    return drop


def build(name: str, precision: Precision) -> tuple[Callable[..., None], list[Any]]:
    """Return a kernel: "order" or "dropout"."""
    number, whole = types.int64, types.CPointer(types.int64)
    if name == "order":
        return draw_order, [number] * 5 + [whole, whole]
    pointer, doubles = real_pointer(precision), types.CPointer(types.float64)
    return dropout(precision), [number] * 7 + [doubles, pointer, pointer, whole]
