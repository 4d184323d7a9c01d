"""Forward passes without a backward one: blocks of rows stream through all layers.

A block's activations stay in the cache, in two buffers that take turns. Threads claim blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit, types

from clearprop.engine.kernels.affine import make_affine
from clearprop.engine.kernels.intrinsics import mark, unmarked
from clearprop.engine.kernels.plan import (
    ACTIVATION,
    BLOCK_ROWS,
    F_COLUMNS,
    FORWARD_NOT_FINITE,
    JACOBIAN,
    LABELS,
    LAYERS,
    LOSS,
    LOSS_SETTINGS,
    N_IN,
    N_OUT,
    OUT_LOSSES,
    OUTPUT,
    RAISED,
    ROW,
    SCRATCH,
    SCRATCH_BYTES,
    STATUS,
    STRIDE,
    TABLE,
    TEAM,
    THREADS,
    VALUE,
    WIDEST,
    B,
    N,
    W,
    X,
    Y,
)
from clearprop.engine.kernels.pointers import (
    call,
    doubles,
    get,
    integers,
    offset,
    put,
    reals,
)
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.kernels.team import claim, pass_gate

compiled = njit(error_model="numpy", nogil=True)


def build(name: str, precision: Precision) -> tuple[Callable[..., None], list[Any]]:
    """Return the kernel "run" (plan, thread)."""
    real, size, lane = reals(precision), precision.itemsize, precision.lanes
    affine = make_affine(precision).affine
    zero: Any = precision.arithmetic(0)

    @compiled
    def activate(plan: Any, layer: Any, a: Any, rows: Any) -> None:
        """Turn rows of z into activations."""
        function, row, n = get(layer, VALUE), get(layer, ROW), get(layer, N_OUT)
        if get(layer, JACOBIAN) == 0:
            if row == (n + lane - 1) // lane * lane:
                rows, n = 1, rows * row
            else:
                n = (n + lane - 1) // lane * lane
        for i in range(rows):
            if call(function, (n, offset(a, i * row))) != 0:
                put(plan, STATUS, RAISED)

    @compiled
    def lose(plan: Any, layer: Any, first: Any, rows: Any, a: Any, d: Any, y: Any) -> None:
        """Write the losses of rows."""
        n, row = get(layer, N_OUT), get(layer, ROW)
        losses = offset(real(get(plan, OUT_LOSSES)), first)
        settings = doubles(get(plan, LOSS_SETTINGS))
        if get(plan, LABELS) != 0:
            labels = offset(integers(get(plan, Y)), first)
            raised = call(get(plan, LOSS), (rows, n, row, a, d, labels, losses, settings))
        else:
            source = offset(real(get(plan, Y)), first * n)
            for i in range(rows):
                for j in range(n):
                    put(y, i * row + j, get(source, i * n + j))
            raised = call(get(plan, LOSS), (rows, n, row, a, d, y, losses, settings))
        if raised != 0:
            put(plan, STATUS, RAISED)

    @compiled
    def block(plan: Any, first: Any, rows: Any, scratch: Any) -> None:
        """All layers for some rows."""
        room = get(plan, BLOCK_ROWS) * get(plan, WIDEST)
        old, new = real(scratch), real(scratch + size * room)
        packed = real(scratch + size * 4 * room)
        layers = get(plan, LAYERS)
        n_in = get(plan, TABLE + N_IN)
        a_in, a_row = offset(real(get(plan, X)), first * n_in), n_in
        bad = unmarked(zero)
        for i in range(rows * n_in):
            bad = mark(bad, get(a_in, i))
        for index in range(layers):
            layer = offset(plan, TABLE + index * STRIDE)
            n_in, n, row = get(layer, N_IN), get(layer, N_OUT), get(layer, ROW)
            columns = get(layer, F_COLUMNS)
            w, b = real(get(layer, W)), get(layer, B)
            column = 0
            while column < n:
                some = columns if n - column > columns else n - column
                affine(n_in, column, some, w, b, rows, a_in, a_row, new, row, packed, 0)
                column += columns
            if index == layers - 1 and get(plan, OUT_LOSSES) != 0:
                d, y = real(scratch + size * 2 * room), real(scratch + size * 3 * room)
                if get(layer, ACTIVATION) == 0:
                    lose(plan, layer, first, rows, new, d, y)
                    activate(plan, layer, new, rows)
                else:
                    activate(plan, layer, new, rows)
                    lose(plan, layer, first, rows, new, d, y)
            else:
                activate(plan, layer, new, rows)
            a_in, a_row = new, row
            old, new = new, old
        output = offset(real(get(plan, OUTPUT)), first * n)
        for i in range(rows):
            for j in range(n):
                value = get(a_in, i * a_row + j)
                bad = mark(bad, value)
                put(output, i * n + j, value)
        if bad:
            put(plan, STATUS, FORWARD_NOT_FINITE)

    def run(plan: Any, thread: Any) -> None:
        team = integers(get(plan, TEAM))
        pass_gate(team, thread)
        threads = get(plan, THREADS)
        if thread >= threads:
            return
        scratch = get(plan, SCRATCH) + thread * get(plan, SCRATCH_BYTES)
        n, rows = get(plan, N), get(plan, BLOCK_ROWS)
        pieces = (n + rows - 1) // rows
        part = claim(team, threads, thread, pieces)
        while part >= 0:
            first = part * rows
            block(plan, first, rows if n - first > rows else n - first, scratch)
            part = claim(team, threads, thread, pieces)

    return run, [types.CPointer(types.int64), types.int64]
