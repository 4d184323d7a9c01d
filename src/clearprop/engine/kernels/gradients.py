"""The gradient of W^l and b^l, and the update while it is hot: the parts of a step's last phase.

Each part is computed by one thread, in memory that no other part writes. `layer` is the layer's
line in the plan's table.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.arguments import Address, Count, Integers, Line, Plan, Reals
from clearprop.engine.kernels.decorators import compiled
from clearprop.engine.kernels.packed_layers import packing_of_layers
from clearprop.engine.kernels.packing import make_copy, packing
from clearprop.engine.kernels.parts import padded, part_size
from clearprop.engine.kernels.pointers import (
    LINE_BYTES,
    address_of,
    call,
    doubles,
    get,
    integers,
    offset,
    prefetch,
    put,
    reals,
)
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.kernels.product import BLOCK, block_product
from clearprop.engine.kernels.tile import ADD

TILE_ROWS = 24
"""Rows of a gradient that are summed before they are used; a multiple of every tile's."""


@compiled
def node_starts(plan: Plan) -> Integers:
    """Where in the batch each shard begins whose sums are wanted."""
    return offset(integers(get(plan, P.SHARD_STARTS)), get(plan, P.NODE_FIRST))


def make_update(
    precision: Precision, parameters: int, state: int, state_2: int, told: int
) -> Callable[..., None]:
    """Return the optimizer for a run of parameters: (plan, layer, at, count, sums).

    The first three are the places in a layer's line, `told` is where in what the optimizer is told.
    Where sums are wanted APART, they are written, or added, there, and nothing is updated.
    """
    real = reals(precision)

    @compiled
    def update(plan: Plan, layer: Line, at: Count, count: Count, sums: Reals) -> None:
        if get(plan, P.APART) != 0:
            place = get(layer, parameters) - get(plan, P.PARAMETERS)
            target = offset(real(get(plan, P.APART) + place), at)
            if get(plan, P.APART_ADDS) != 0:
                for i in range(count):
                    put(target, i, get(target, i) + get(sums, i))
            else:
                for i in range(count):
                    put(target, i, get(sums, i))
            return
        call(
            get(plan, P.OPTIMIZER),
            (
                count,
                offset(real(get(layer, parameters)), at),
                sums,
                offset(real(get(layer, state)), at),
                offset(real(get(layer, state_2)), at),
                offset(doubles(get(plan, P.UPDATE)), told),
                integers(address_of(plan) + 8 * P.UPDATE_FLAG),
            ),
        )

    return update


@cache
def make_gradient(precision: Precision) -> Callable[..., None]:
    """Return the part (plan, layer, top, first, scratch) of a precision."""
    product, width = block_product(precision), precision.panel_width
    pack_block = packing(precision).rows
    lane, real = precision.lanes, reals(precision)
    pack_rows, copy = packing_of_layers(precision).rows, make_copy(precision)
    number: Any = precision.arithmetic
    one, zero, line = number(1), number(0), LINE_BYTES // precision.itemsize

    @compiled
    def sums_of_shard(
        layer: Line,
        begin: Count,
        end: Count,
        top: Count,
        rows: Count,
        first: Count,
        columns: Count,
        packed: Reals,
        sums: Reals,
        sums_row: Count,
    ) -> None:
        """Sum over the samples of one shard of delta^l (a^(l-1))^T, for a block of W^l."""
        row, a_row = get(layer, P.ROW), get(layer, P.A_IN_ROW)
        direct = get(layer, P.G_DIRECT) != 0
        if begin == end:
            for i in range(rows * sums_row):
                put(sums, i, zero)
        start = begin
        while start < end:
            k = part_size(end, BLOCK, start)
            mode = ADD if start > begin else 0
            delta = offset(real(get(layer, P.D)), start * row + top)
            if direct:
                a_in = offset(real(get(layer, P.A_IN)), start * a_row + first)
                product(k, rows, columns, delta, 1, row, a_in, width, a_row, sums, sums_row, mode)
            else:
                wide = padded(columns, width)
                block = offset(packed, start * wide)
                product(
                    k, rows, columns, delta, 1, row, block, k * width, width, sums, sums_row, mode
                )
            start += k

    @compiled
    def add_in_tree(sums: Reals, count: Count, shard: Count, shards: Count, held: Count) -> Count:
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
    def pack_samples(plan: Plan, layer: Line, first: Count, columns: Count, packed: Reals) -> None:
        """The columns of a^(l-1), block by block of each shard, as panels."""
        wide = padded(columns, width)
        starts, a_row = node_starts(plan), get(layer, P.A_IN_ROW)
        for shard in range(get(plan, P.NODE_SHARDS)):
            start, end = get(starts, shard), get(starts, shard + 1)
            while start < end:
                k = part_size(end, BLOCK, start)
                source = offset(real(get(layer, P.A_IN)), start * a_row + first)
                pack_block(source, a_row, k, columns, offset(packed, start * wide), k * width)
                start += k

    @compiled
    def ask_for(layer: Line, top: Count, rows: Count, first: Count, columns: Count) -> None:
        """Ask for weights and the optimizer's state, which are far away in a large layer."""
        n_in = get(layer, P.N_IN)
        for address in (get(layer, P.W), get(layer, P.W_STATE), get(layer, P.W_STATE_2)):
            if address != 0:
                for i in range(top, top + rows):
                    for j in range(0, columns, line):
                        prefetch(real(address), i * n_in + first + j)

    update_weights = make_update(precision, P.W, P.W_STATE, P.W_STATE_2, 0)
    update_biases = make_update(precision, P.B, P.B_STATE, P.B_STATE_2, P.UPDATE_SIZE)

    @compiled
    def bias_gradient(plan: Plan, layer: Line, top: Count, rows: Count, scratch: Address) -> None:
        """The gradient of some of b^l and its update: a row of ones times delta^l."""
        row, count = get(layer, P.ROW), padded(rows, lane)
        starts, shards = node_starts(plan), get(plan, P.NODE_SHARDS)
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
                k = part_size(end, BLOCK, start)
                delta = offset(real(get(layer, P.D)), start * row + top)
                mode = ADD if start > begin else 0
                product(k, 1, rows, ones, 0, 0, delta, width, row, target, count, mode)
                start += k
            held = add_in_tree(sums, count, shard, shards, held + 1)
        update_biases(plan, layer, top, rows, sums)

    @compiled
    def gradient(plan: Plan, layer: Line, top: Count, first: Count, scratch: Address) -> None:
        """The gradient of a part of W^l, and its update, a few rows at a time; biases beside it.

        Where weights are packed, the new ones are, while they are hot.
        """
        n_in, n_out = get(layer, P.N_IN), get(layer, P.N_OUT)
        rows = part_size(n_out, get(layer, P.G_ROWS), top)
        columns = part_size(n_in, get(layer, P.G_COLUMNS), first)
        starts, shards = node_starts(plan), get(plan, P.NODE_SHARDS)
        sums_row = padded(columns, lane)
        levels = 1
        while (1 << (levels - 1)) < shards:
            levels += 1
        sums = real(scratch)
        packed = offset(sums, levels * TILE_ROWS * sums_row + lane)
        if get(layer, P.G_DIRECT) == 0:
            pack_samples(plan, layer, first, columns, packed)
        done = 0
        while done < rows:
            some = part_size(rows, TILE_ROWS, done)
            if get(layer, P.PACKED_F) == 0:
                ask_for(layer, top + done, some, first, columns)
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
            if columns == n_in:
                if sums_row != n_in:  # rows of W follow each other without a gap
                    for i in range(1, some):
                        j = 0
                        while j < n_in:
                            copy(offset(sums, i * sums_row + j), offset(sums, i * n_in + j))
                            j += lane
                update_weights(plan, layer, at, some * n_in, sums)
            else:
                for i in range(some):
                    update_weights(plan, layer, at + i * n_in, columns, offset(sums, i * sums_row))
            done += some
        if first == 0 and get(layer, P.B) != 0:
            bias_gradient(plan, layer, top, rows, scratch)
        if get(layer, P.PACKED_F) != 0 and get(plan, P.APART) == 0:
            pack_rows(layer, top, rows)

    return gradient
