"""The parts of a pass forward and backward: blocks of a^l, and of delta^(l-1).

Each part is computed by one thread, in memory that no other part writes. `layer` is the layer's
line in the plan's table.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from numba import njit

from clearprop.engine.kernels.affine import make_affine
from clearprop.engine.kernels.intrinsics import mark, unmarked
from clearprop.engine.kernels.packed_layers import packing_of_layers
from clearprop.engine.kernels.packing import packing
from clearprop.engine.kernels.plan import (
    A_IN,
    A_IN_ROW,
    ACTIVATION,
    BATCH_ROWS,
    DROP_ROWS,
    DROPOUT,
    FORWARD_NOT_FINITE,
    JACOBIAN,
    KEPT,
    N_IN,
    N_OUT,
    PACKED_B,
    PACKED_F,
    RAISED,
    ROW,
    RUNNING,
    SEED,
    STATUS,
    A,
    B,
    D,
    W,
)
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

compiled = njit(error_model="numpy", nogil=True)


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
        panels = packed if get(layer, PACKED_F) == 0 else real(get(layer, PACKED_F))
        n_in, ready = get(layer, N_IN), get(layer, PACKED_F)
        affine(n_in, first, columns, w, b, rows, a_in, a_row, a, row, panels, ready)
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
            if get(layer, PACKED_B) == 0:
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
        if bad and get(plan, STATUS) == RUNNING:
            put(plan, STATUS, FORWARD_NOT_FINITE)

    return Layers(forward, backward)
