"""The parts of a step's phases: a block of a^l, of delta^(l-1), or of W^l's gradient and update.

Each part is computed by one thread, in memory that no other part writes. `layer` is the layer's
line in the plan's table.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from clearprop.kernels.intrinsics import mark, unmarked
from clearprop.kernels.machine import lanes, panel_width
from clearprop.kernels.packing import make_copy_some, packing
from clearprop.kernels.plan import (
    A_IN,
    A_IN_ROW,
    ACTIVATION,
    B_STATE,
    B_STATE_2,
    BATCH_ROWS,
    DROP_ROWS,
    DROPOUT,
    FORWARD_NOT_FINITE,
    G_COLUMNS,
    G_DIRECT,
    G_ROWS,
    JACOBIAN,
    KEPT,
    MOMENT,
    MOMENT_SIZE,
    N_IN,
    N_OUT,
    OPTIMIZER,
    RAISED,
    ROW,
    SEED,
    SHARD_STARTS,
    SHARDS,
    STATUS,
    UPDATE_FLAG,
    W_STATE,
    W_STATE_2,
    A,
    B,
    D,
    W,
)
from clearprop.kernels.pointers import (
    address_of,
    call,
    doubles,
    get,
    integers,
    offset,
    put,
    reals,
)
from clearprop.kernels.product import BLOCK, block_product
from clearprop.kernels.tile import ADD
from clearprop.kernels.tile import ROW as WITH_ROW

compiled = njit(error_model="numpy", nogil=True)

TILE_ROWS = 24
"""Rows of a gradient that are summed before they are used; a multiple of every tile's."""

COPIED = 64
"""Rows of W shorter than this are updated together."""


class Parts(NamedTuple):
    """The compiled parts for one floating type; see the functions below."""

    affine: Callable[..., None]
    forward: Callable[..., None]
    backward: Callable[..., None]
    gradient: Callable[..., None]
    bias_gradient: Callable[..., None]


@cache
def make_affine(bits: int) -> Callable[..., None]:
    """Return z = W a + b for some rows and columns, in place of the output's numbers.

    It takes (n_in, first, columns, w, b, rows, a_in, a_row, out, out_row, packed): W is read
    from row `first` on, and `out` written from that column on; b is an address, or 0.
    """
    product, pack, width = block_product(bits), packing(bits), panel_width(bits)
    lane = lanes(bits)
    copy_some, real = make_copy_some(lane, bits), reals(bits)

    @compiled
    def affine(
        n_in: Any,
        first: Any,
        columns: Any,
        w: Any,
        b: Any,
        rows: Any,
        a_in: Any,
        a_row: Any,
        out: Any,
        out_row: Any,
        packed: Any,
    ) -> None:
        start = 0
        while start < n_in:
            k = BLOCK if n_in - start > BLOCK else n_in - start
            panel = (k + 1) * width
            pack.columns(offset(w, first * n_in + start), n_in, k, columns, packed, panel)
            mode = ADD if start else 0
            if b != 0 and start + k == n_in:
                mode |= WITH_ROW
                j = 0
                while j < columns:
                    some = lane if columns - j > lane else columns - j
                    at = j // width * panel + k * width + j % width
                    copy_some(offset(real(b), first + j), offset(packed, at), some)
                    j += lane
            product(
                k,
                rows,
                columns,
                offset(a_in, start),
                a_row,
                1,
                packed,
                panel,
                width,
                offset(out, first),
                out_row,
                mode,
            )
            start += k

    return affine


@cache
def parts(bits: int) -> Parts:
    """Return the compiled parts for float32 or float64."""
    product, pack, width = block_product(bits), packing(bits), panel_width(bits)
    lane, real = lanes(bits), reals(bits)
    size = bits // 8
    affine = make_affine(bits)
    number: Any = np.dtype(f"float{bits}").type
    one, zero = number(1), number(0)

    @compiled
    def drop(
        plan: Any,
        index: Any,
        epoch: Any,
        row: Any,
        first: Any,
        n: Any,
        a: Any,
        d: Any,
        room: Any,
    ) -> None:
        """Dropout of units of one row of layer `index`, counted from 1."""
        sample = get(integers(get(plan, BATCH_ROWS)), row)
        call(
            get(plan, DROP_ROWS),
            (
                first,
                n,
                sample,
                index,
                epoch,
                get(plan, SEED),
                get(plan, DROPOUT),
                doubles(get(plan, KEPT)),
                a,
                d,
                room,
            ),
        )

    @compiled
    def activate(
        plan: Any, layer: Any, a: Any, d: Any, rows: Any, first: Any, columns: Any
    ) -> None:
        """The activation of rows of z, whole vectors of them; row by row for softmax."""
        function, row = get(layer, ACTIVATION), get(layer, ROW)
        n = get(layer, N_OUT)
        if get(layer, JACOBIAN) == 0 and first + columns == n:
            columns = (n + lane - 1) // lane * lane - first
        if get(layer, JACOBIAN) == 0 and columns == row:
            if call(function, (rows * row, a, d)) != 0:
                put(plan, STATUS, RAISED)
            return
        for r in range(rows):
            at = r * row + first
            if call(function, (columns, offset(a, at), offset(d, at))) != 0:
                put(plan, STATUS, RAISED)

    @compiled
    def forward(
        plan: Any,
        layer: Any,
        index: Any,
        epoch: Any,
        top: Any,
        rows: Any,
        first: Any,
        columns: Any,
        scratch: Any,
    ) -> None:
        """Rows from `top` on and columns from `first` on of z^l, then a^l and f'(z^l)."""
        row, a_row = get(layer, ROW), get(layer, A_IN_ROW)
        a = offset(real(get(layer, A)), top * row)
        d = offset(real(get(layer, D)), top * row)
        a_in = offset(real(get(layer, A_IN)), top * a_row)
        w, b = real(get(layer, W)), get(layer, B)
        packed = real(scratch)
        affine(get(layer, N_IN), first, columns, w, b, rows, a_in, a_row, a, row, packed)
        if get(layer, ACTIVATION) == 0:
            return
        activate(plan, layer, a, d, rows, first, columns)
        if index > 0:
            bits_at = integers(scratch + size * (2 * columns + 32))
            for r in range(rows):
                at = r * row + first
                other = offset(d, at)
                if get(layer, JACOBIAN) != 0:  # d keeps a as it is
                    other = offset(packed, columns + 16)
                drop(plan, index, epoch, top + r, first, columns, offset(a, at), other, bits_at)

    @compiled
    def backward(
        plan: Any,
        layer: Any,
        below: Any,
        index: Any,
        epoch: Any,
        top: Any,
        rows: Any,
        first: Any,
        columns: Any,
        scratch: Any,
    ) -> None:
        """(W^l)^T delta^l, times f'(z^(l-1)), which it replaces: delta^(l-1)."""
        n_in, n_out = get(layer, N_IN), get(layer, N_OUT)
        row, row_below = get(layer, ROW), get(below, ROW)
        delta = offset(real(get(layer, D)), top * row)
        out = offset(real(get(below, D)), top * row_below + first)
        w = real(get(layer, W))
        sums_row = (columns + lane - 1) // lane * lane
        sums = real(scratch)
        packed = offset(sums, rows * sums_row)
        start = 0
        while start < n_out:
            k = BLOCK if n_out - start > BLOCK else n_out - start
            pack.rows(offset(w, start * n_in + first), n_in, k, columns, packed, k * width)
            mode = ADD if start else 0
            product(
                k,
                rows,
                columns,
                offset(delta, start),
                row,
                1,
                packed,
                k * width,
                width,
                sums,
                sums_row,
                mode,
            )
            start += k
        bad = unmarked(zero)
        if get(below, JACOBIAN) != 0:
            bits_at = integers(address_of(packed) + size * (n_in // 2 * 2 + 32))
            for r in range(rows):
                line = offset(sums, r * sums_row)
                if index > 0:
                    drop(plan, index, epoch, top + r, 0, n_in, line, packed, bits_at)
                target = offset(out, r * row_below)
                call(get(below, JACOBIAN), (n_in, target, line, target))
                for j in range(n_in):
                    bad = mark(bad, get(target, j))
        else:
            for r in range(rows):
                line, target = offset(sums, r * sums_row), offset(out, r * row_below)
                for j in range(columns):
                    value = get(line, j) * get(target, j)
                    bad = mark(bad, value)
                    put(target, j, value)
        if bad:
            put(plan, STATUS, FORWARD_NOT_FINITE)

    @compiled
    def sums_of_shard(
        layer: Any,
        begin: Any,
        end: Any,
        top: Any,
        rows: Any,
        first: Any,
        columns: Any,
        packed: Any,
        sums: Any,
        sums_row: Any,
    ) -> None:
        """Sum over the samples of one shard of delta^l (a^(l-1))^T, for a block of W^l."""
        row, a_row = get(layer, ROW), get(layer, A_IN_ROW)
        direct = get(layer, G_DIRECT) != 0
        if begin == end:
            for i in range(rows * sums_row):
                put(sums, i, zero)
        start = begin
        while start < end:
            k = BLOCK if end - start > BLOCK else end - start
            mode = ADD if start > begin else 0
            delta = offset(real(get(layer, D)), start * row + top)
            if direct:
                a_in = offset(real(get(layer, A_IN)), start * a_row + first)
                product(k, rows, columns, delta, 1, row, a_in, width, a_row, sums, sums_row, mode)
            else:
                wide = (columns + width - 1) // width * width
                block = offset(packed, start * wide)
                product(
                    k, rows, columns, delta, 1, row, block, k * width, width, sums, sums_row, mode
                )
            start += k

    @compiled
    def add_in_tree(sums: Any, count: Any, shard: Any, shards: Any, held: Any) -> Any:
        """Add what lies on top: blocks of `count` numbers, one a level. Return how many are left.

        Shards are added in pairs, pairs in pairs, and so on; in the end what remains.
        """
        done = shard + 1
        while held > 1 and (done % 2 == 0 or shard + 1 == shards):
            older, newer = offset(sums, (held - 2) * count), offset(sums, (held - 1) * count)
            for i in range(count):
                put(older, i, get(older, i) + get(newer, i))
            held, done = held - 1, done // 2
        return held

    @compiled
    def pack_samples(plan: Any, layer: Any, first: Any, columns: Any, packed: Any) -> None:
        """The columns of a^(l-1), block by block of each shard, as panels."""
        wide = (columns + width - 1) // width * width
        starts, a_row = integers(get(plan, SHARD_STARTS)), get(layer, A_IN_ROW)
        for shard in range(get(plan, SHARDS)):
            start, end = get(starts, shard), get(starts, shard + 1)
            while start < end:
                k = BLOCK if end - start > BLOCK else end - start
                source = offset(real(get(layer, A_IN)), start * a_row + first)
                pack.rows(source, a_row, k, columns, offset(packed, start * wide), k * width)
                start += k

    @compiled
    def update(plan: Any, layer: Any, at: Any, count: Any, sums: Any) -> None:
        """The optimizer, for a run of weights from place `at` of W^l on."""
        states = get(layer, W_STATE), get(layer, W_STATE_2)
        flag = integers(address_of(plan) + 8 * UPDATE_FLAG)
        call(
            get(plan, OPTIMIZER),
            (
                count,
                offset(real(get(layer, W)), at),
                sums,
                offset(real(states[0]), at),
                offset(real(states[1]), at),
                doubles(get(plan, MOMENT)),
                flag,
            ),
        )

    @compiled
    def gradient(plan: Any, layer: Any, top: Any, first: Any, scratch: Any) -> None:
        """The gradient of a part of W^l, and its update, a few rows at a time."""
        n_in, n_out = get(layer, N_IN), get(layer, N_OUT)
        left, right = n_out - top, n_in - first
        rows = get(layer, G_ROWS) if get(layer, G_ROWS) < left else left
        columns = get(layer, G_COLUMNS) if get(layer, G_COLUMNS) < right else right
        shards = get(plan, SHARDS)
        starts = integers(get(plan, SHARD_STARTS))
        sums_row = (columns + lane - 1) // lane * lane
        levels = 1
        while (1 << (levels - 1)) < shards:
            levels += 1
        sums = real(scratch)
        packed = offset(sums, levels * TILE_ROWS * sums_row + lane)
        if get(layer, G_DIRECT) == 0:
            pack_samples(plan, layer, first, columns, packed)
        done = 0
        while done < rows:
            some = TILE_ROWS if rows - done > TILE_ROWS else rows - done
            held = 0
            for shard in range(shards):
                target = offset(sums, held * some * sums_row)
                sums_of_shard(
                    layer,
                    get(starts, shard),
                    get(starts, shard + 1),
                    top + done,
                    some,
                    first,
                    columns,
                    packed,
                    target,
                    sums_row,
                )
                held = add_in_tree(sums, some * sums_row, shard, shards, held + 1)
            at = (top + done) * n_in + first
            if columns == n_in and n_in < COPIED:
                for i in range(1, some):
                    for j in range(n_in):
                        put(sums, i * n_in + j, get(sums, i * sums_row + j))
                update(plan, layer, at, some * n_in, sums)
            else:
                for i in range(some):
                    update(plan, layer, at + i * n_in, columns, offset(sums, i * sums_row))
            done += some

    @compiled
    def bias_gradient(plan: Any, layer: Any, scratch: Any) -> None:
        """The gradient of b^l and its update: the product of a row of ones with delta^l."""
        n, row = get(layer, N_OUT), get(layer, ROW)
        count = (n + lane - 1) // lane * lane
        starts, shards = integers(get(plan, SHARD_STARTS)), get(plan, SHARDS)
        ones = real(scratch)
        put(ones, 0, one)
        sums = offset(ones, 16)
        held = 0
        for shard in range(shards):
            begin, end = get(starts, shard), get(starts, shard + 1)
            target = offset(sums, held * count)
            if begin == end:
                for i in range(count):
                    put(target, i, zero)
            start = begin
            while start < end:
                k = BLOCK if end - start > BLOCK else end - start
                delta = offset(real(get(layer, D)), start * row)
                mode = ADD if start > begin else 0
                product(k, 1, n, ones, 0, 0, delta, width, row, target, count, mode)
                start += k
            held = add_in_tree(sums, count, shard, shards, held + 1)
        call(
            get(plan, OPTIMIZER),
            (
                n,
                real(get(layer, B)),
                sums,
                real(get(layer, B_STATE)),
                real(get(layer, B_STATE_2)),
                offset(doubles(get(plan, MOMENT)), MOMENT_SIZE),
                integers(address_of(plan) + 8 * UPDATE_FLAG),
            ),
        )

    return Parts(affine, forward, backward, gradient, bias_gradient)
