"""Forward passes without a backward one: blocks of rows stream through all layers.

A block's activations stay in the cache, in two buffers that take turns. Threads claim blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types

from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.affine import make_affine
from clearprop.engine.kernels.arguments import Address, Count, Line, Plan, Reals
from clearprop.engine.kernels.decorators import compiled
from clearprop.engine.kernels.intrinsics import mark, unmarked
from clearprop.engine.kernels.parts import padded, part_size, parts_of
from clearprop.engine.kernels.pointers import (
    call,
    doubles,
    get,
    integers,
    line,
    offset,
    put,
    reals,
)
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.kernels.team import claim, pass_gate


def build(name: str, precision: Precision) -> tuple[Callable[..., None], list[Any]]:
    """Return the kernel "run" (plan, thread)."""
    real, size, lane = reals(precision), precision.itemsize, precision.lanes
    affine = make_affine(precision).affine
    zero: Any = precision.arithmetic(0)

    @compiled
    def activate(plan: Plan, layer: Line, a: Reals, rows: Count) -> None:
        """Turn rows of z into activations."""
        function, row, n = get(layer, P.VALUE), get(layer, P.ROW), get(layer, P.N_OUT)
        if get(layer, P.JACOBIAN) == 0:
            n = padded(n, lane)
            if row == n:
                rows, n = 1, rows * row
        for i in range(rows):
            if call(function, (n, offset(a, i * row))) != 0:
                put(plan, P.STATUS, P.RAISED)

    @compiled
    def lose(
        plan: Plan, layer: Line, first: Count, rows: Count, a: Reals, d: Reals, y: Reals
    ) -> None:
        """Write the losses of rows."""
        n, row = get(layer, P.N_OUT), get(layer, P.ROW)
        losses = offset(real(get(plan, P.OUT_LOSSES)), first)
        if get(plan, P.LABELS) != 0:  # the address counts: the kernel reads labels there
            y = real(get(plan, P.Y) + 8 * first)
        else:
            source = offset(real(get(plan, P.Y)), first * n)
            for i in range(rows):
                for j in range(n):
                    put(y, i * row + j, get(source, i * n + j))
        settings = doubles(get(plan, P.LOSS_SETTINGS))
        if call(get(plan, P.LOSS), (rows, n, row, a, d, y, losses, settings)) != 0:
            put(plan, P.STATUS, P.RAISED)

    @compiled
    def block(plan: Plan, first: Count, rows: Count, scratch: Address) -> None:
        """All layers for some rows."""
        room = get(plan, P.BLOCK_ROWS) * get(plan, P.WIDEST)
        old, new = real(scratch), real(scratch + size * room)
        packed = real(scratch + size * 4 * room)
        layers = get(plan, P.LAYERS)
        n_in = get(line(plan, 0), P.N_IN)
        a_in, a_row = offset(real(get(plan, P.X)), first * n_in), n_in
        bad = unmarked(zero)
        for i in range(rows * n_in):
            bad = mark(bad, get(a_in, i))
        for index in range(layers):
            layer = line(plan, index)
            n_in, n, row = get(layer, P.N_IN), get(layer, P.N_OUT), get(layer, P.ROW)
            columns = get(layer, P.F_COLUMNS)
            w, b = real(get(layer, P.W)), get(layer, P.B)
            column = 0
            while column < n:
                some = part_size(n, columns, column)
                affine(n_in, column, some, w, b, rows, a_in, a_row, new, row, packed, 0)
                column += columns
            if index == layers - 1 and get(plan, P.OUT_LOSSES) != 0:
                d, y = real(scratch + size * 2 * room), real(scratch + size * 3 * room)
                if get(layer, P.ACTIVATION) == 0:
                    lose(plan, layer, first, rows, new, d, y)
                    activate(plan, layer, new, rows)
                else:
                    activate(plan, layer, new, rows)
                    lose(plan, layer, first, rows, new, d, y)
            else:
                activate(plan, layer, new, rows)
            a_in, a_row = new, row
            old, new = new, old
        output = offset(real(get(plan, P.OUTPUT)), first * n)
        for i in range(rows):
            for j in range(n):
                value = get(a_in, i * a_row + j)
                bad = mark(bad, value)
                put(output, i * n + j, value)
        if bad:
            put(plan, P.STATUS, P.FORWARD_NOT_FINITE)

    def run(plan: Plan, thread: Count) -> None:
        team = integers(get(plan, P.TEAM))
        pass_gate(team, thread)
        threads = get(plan, P.THREADS)
        if thread >= threads:
            return
        scratch = get(plan, P.SCRATCH) + thread * get(plan, P.SCRATCH_BYTES)
        n, rows = get(plan, P.N), get(plan, P.BLOCK_ROWS)
        pieces = parts_of(n, rows)
        part = claim(team, threads, thread, pieces)
        while part >= 0:
            first = part * rows
            block(plan, first, part_size(n, rows, first), scratch)
            part = claim(team, threads, thread, pieces)

    return run, [types.CPointer(types.int64), types.int64]
