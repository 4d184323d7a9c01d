"""The parts of a pass forward and backward: blocks of a^l, and of delta^(l-1).

Each part is computed by one thread, in memory that no other part writes. `layer` is the layer's
line in the plan's table.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.affine import make_affine
from clearprop.engine.kernels.arguments import Address, Count, Line, Plan, Reals
from clearprop.engine.kernels.decorators import compiled
from clearprop.engine.kernels.intrinsics import mark, unmarked
from clearprop.engine.kernels.packed_layers import packing_of_layers
from clearprop.engine.kernels.packing import packing
from clearprop.engine.kernels.parts import padded, part_size
from clearprop.engine.kernels.pointers import (
    address_of,
    call,
    doubles,
    get,
    integers,
    offset,
    put,
    reals,
)
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.kernels.product import BLOCK, block_product
from clearprop.engine.kernels.tile import ADD


class Layers(NamedTuple):
    """The compiled parts of a precision; see the functions below."""

    forward: Callable[..., None]
    backward: Callable[..., None]


@cache
def layers(precision: Precision) -> Layers:
    """Return the compiled parts of a precision."""
    product, width = block_product(precision), precision.panel_width
    pack_rows = packing(precision).rows
    lane, real = precision.lanes, reals(precision)
    size = precision.itemsize
    affine = make_affine(precision).affine
    backward_block = packing_of_layers(precision).backward_block
    zero: Any = precision.arithmetic(0)

    @compiled
    def drop(
        plan: Plan,
        index: Count,
        epoch: Count,
        row: Count,
        first: Count,
        n: Count,
        a: Reals,
        d: Reals,
        room: Address,
    ) -> None:
        """Dropout of units of one row of layer `index`, counted from 1."""
        sample = get(integers(get(plan, P.BATCH_ROWS)), row)
        call(
            get(plan, P.DROP_ROWS),
            (
                first,
                n,
                sample,
                index,
                epoch,
                get(plan, P.SEED),
                get(plan, P.DROPOUT),
                doubles(get(plan, P.KEPT)),
                a,
                d,
                room,
            ),
        )

    @compiled
    def activate(
        plan: Plan, layer: Line, a: Reals, d: Reals, rows: Count, first: Count, columns: Count
    ) -> None:
        """The activation of rows of z, whole vectors of them; row by row for softmax."""
        function, row = get(layer, P.ACTIVATION), get(layer, P.ROW)
        n = get(layer, P.N_OUT)
        if get(layer, P.JACOBIAN) == 0 and first + columns == n:
            columns = padded(n, lane) - first
        if get(layer, P.JACOBIAN) == 0 and columns == row:
            if call(function, (rows * row, a, d)) != 0:
                put(plan, P.STATUS, P.RAISED)
            return
        for r in range(rows):
            at = r * row + first
            if call(function, (columns, offset(a, at), offset(d, at))) != 0:
                put(plan, P.STATUS, P.RAISED)

    @compiled
    def forward(
        plan: Plan,
        layer: Line,
        index: Count,
        epoch: Count,
        top: Count,
        rows: Count,
        first: Count,
        columns: Count,
        scratch: Address,
    ) -> None:
        """Rows from `top` on and columns from `first` on of z^l, then a^l and f'(z^l)."""
        row, a_row = get(layer, P.ROW), get(layer, P.A_IN_ROW)
        a = offset(real(get(layer, P.A)), top * row)
        d = offset(real(get(layer, P.D)), top * row)
        a_in = offset(real(get(layer, P.A_IN)), top * a_row)
        w, b = real(get(layer, P.W)), get(layer, P.B)
        packed = real(scratch)
        panels = packed if get(layer, P.PACKED_F) == 0 else real(get(layer, P.PACKED_F))
        n_in, ready = get(layer, P.N_IN), get(layer, P.PACKED_F)
        affine(n_in, first, columns, w, b, rows, a_in, a_row, a, row, panels, ready)
        if get(layer, P.ACTIVATION) == 0:
            return
        activate(plan, layer, a, d, rows, first, columns)
        if index > 0:
            bits_at = integers(scratch + size * (2 * columns + 32))
            for r in range(rows):
                at = r * row + first
                other = offset(d, at)
                if get(layer, P.JACOBIAN) != 0:  # d keeps a as it is
                    other = offset(packed, columns + 16)
                drop(plan, index, epoch, top + r, first, columns, offset(a, at), other, bits_at)

    @compiled
    def backward(
        plan: Plan,
        layer: Line,
        below: Line,
        index: Count,
        epoch: Count,
        top: Count,
        rows: Count,
        first: Count,
        columns: Count,
        scratch: Address,
    ) -> None:
        """(W^l)^T delta^l, times f'(z^(l-1)), which it replaces: delta^(l-1)."""
        n_in, n_out = get(layer, P.N_IN), get(layer, P.N_OUT)
        row, row_below = get(layer, P.ROW), get(below, P.ROW)
        delta = offset(real(get(layer, P.D)), top * row)
        out = offset(real(get(below, P.D)), top * row_below + first)
        w = real(get(layer, P.W))
        sums_row = padded(columns, lane)
        sums = real(scratch)
        packed = offset(sums, rows * sums_row)
        start = 0
        while start < n_out:
            k = part_size(n_out, BLOCK, start)
            if get(layer, P.PACKED_B) == 0:
                source = offset(w, start * n_in + first)
                pack_rows(source, n_in, k, columns, packed, k * width)
                panels = packed
            else:
                panels = backward_block(layer, start)
            mode = ADD if start else 0
            product(
                k,
                rows,
                columns,
                offset(delta, start),
                row,
                1,
                panels,
                k * width,
                width,
                sums,
                sums_row,
                mode,
            )
            start += k
        bad = unmarked(zero)
        if get(below, P.JACOBIAN) != 0:
            bits_at = integers(address_of(packed) + size * (n_in // 2 * 2 + 32))
            for r in range(rows):
                line = offset(sums, r * sums_row)
                if index > 0:
                    drop(plan, index, epoch, top + r, 0, n_in, line, packed, bits_at)
                target = offset(out, r * row_below)
                call(get(below, P.JACOBIAN), (n_in, target, line, target))
                for j in range(n_in):
                    bad = mark(bad, get(target, j))
        else:
            for r in range(rows):
                line, target = offset(sums, r * sums_row), offset(out, r * row_below)
                for j in range(columns):
                    value = get(line, j) * get(target, j)
                    bad = mark(bad, value)
                    put(target, j, value)
        if bad and get(plan, P.STATUS) == P.RUNNING:
            put(plan, P.STATUS, P.FORWARD_NOT_FINITE)

    return Layers(forward, backward)
