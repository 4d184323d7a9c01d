"""A run of steps in one call: gather, forward, loss, backward, gradients and updates.

Every thread runs the same function. Between two phases all meet; inside one, parts are claimed.
What has to be done once is done by the last to come, while the others wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit, types

from clearprop.engine.kernels.batch import batch, begin, finish
from clearprop.engine.kernels.gradients import make_gradient
from clearprop.engine.kernels.layers import layers
from clearprop.engine.kernels.packed_layers import packing_of_layers
from clearprop.engine.kernels.plan import (
    B_COLUMNS,
    B_ROWS,
    BATCH_N,
    BATCH_TOTAL,
    BLOCK_ROWS,
    DROPOUT,
    EPOCH,
    F_COLUMNS,
    F_ROWS,
    FUSED,
    G_COLUMNS,
    G_PARTS,
    G_ROWS,
    GENERATION,
    LAST,
    LAYERS,
    N_IN,
    N_OUT,
    NOW,
    RAISED,
    RUNNING,
    SCRATCH,
    SCRATCH_BYTES,
    STATUS,
    STRIDE,
    TABLE,
    TEAM,
    THREADS,
    UPDATE_FLAG,
    UPDATE_NOT_FINITE,
    VERDICT,
)
from clearprop.engine.kernels.pointers import doubles, get, integers, offset, put
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.kernels.team import (
    arrive,
    atomic_get,
    claim,
    meet,
    pass_gate,
    release,
    wait_while,
)

compiled = njit(error_model="numpy", nogil=True)

GATHERED, LOST = 32, 32
"""Rows of a part of the phases that gather, and that compute losses."""


@compiled
def pieces_of(n: Any, size: Any) -> Any:
    """How many parts of a size make n."""
    return (n + size - 1) // size


@compiled
def piece(n: Any, size: Any, first: Any) -> Any:
    """The size of the part that begins at `first`."""
    return size if n - first > size else n - first


def build(name: str, precision: Precision) -> tuple[Callable[..., None], list[Any]]:
    """Return the kernel "run" (plan, thread): from batch NOW to before batch LAST."""
    gather, lose, penalty_chunks, penalize, sum_up = batch(precision)
    forward, backward = layers(precision)
    gradient, pack_rows = make_gradient(precision), packing_of_layers(precision).rows

    @compiled
    def line(plan: Any, index: Any) -> Any:
        """The table's line of a layer, counted from 0."""
        return offset(plan, TABLE + index * STRIDE)

    @compiled
    def dropped_below(plan: Any, index: Any) -> Any:
        """The number of the layer whose units are dropped before layer `index`, or 0."""
        return index if get(plan, DROPOUT) != 0 else 0

    @compiled
    def gather_phase(plan: Any, team: Any, threads: Any, thread: Any) -> None:
        """Rows of the batch, side by side."""
        count = get(plan, BATCH_N)
        pieces = pieces_of(count, GATHERED)
        part = claim(team, threads, thread, pieces)
        while part >= 0:
            first = part * GATHERED
            gather(plan, first, piece(count, GATHERED, first))
            part = claim(team, threads, thread, pieces)

    @compiled
    def forward_phase(
        plan: Any, team: Any, threads: Any, thread: Any, index: Any, scratch: Any
    ) -> None:
        """All of a^l, cut in rows and columns."""
        layer, count = line(plan, index), get(plan, BATCH_N)
        rows, columns, n = get(layer, F_ROWS), get(layer, F_COLUMNS), get(layer, N_OUT)
        down = pieces_of(count, rows)
        dropped = dropped_below(plan, index + 1) if index + 1 < get(plan, LAYERS) else 0
        pieces = down * pieces_of(n, columns)
        part = claim(team, threads, thread, pieces)
        while part >= 0:
            top, first = part % down * rows, part // down * columns
            some, across = piece(count, rows, top), piece(n, columns, first)
            forward(plan, layer, dropped, get(plan, EPOCH), top, some, first, across, scratch)
            part = claim(team, threads, thread, pieces)

    @compiled
    def backward_phase(
        plan: Any, team: Any, threads: Any, thread: Any, index: Any, scratch: Any
    ) -> None:
        """All of delta^(l-1), cut in rows and columns."""
        layer, below, count = line(plan, index), line(plan, index - 1), get(plan, BATCH_N)
        rows, columns, n = get(layer, B_ROWS), get(layer, B_COLUMNS), get(layer, N_IN)
        down = pieces_of(count, rows)
        dropped, epoch = dropped_below(plan, index), get(plan, EPOCH)
        pieces = down * pieces_of(n, columns)
        part = claim(team, threads, thread, pieces)
        while part >= 0:
            top, first = part % down * rows, part // down * columns
            some, across = piece(count, rows, top), piece(n, columns, first)
            backward(plan, layer, below, dropped, epoch, top, some, first, across, scratch)
            part = claim(team, threads, thread, pieces)

    @compiled
    def loss_phase(plan: Any, team: Any, threads: Any, thread: Any) -> None:
        """What every row costs, delta^L, and the squares of weights."""
        count = get(plan, BATCH_N)
        chunks = penalty_chunks(plan)
        pieces = chunks + pieces_of(count, LOST)
        part = claim(team, threads, thread, pieces)
        while part >= 0:
            if part < chunks:
                penalize(plan, part)
            else:
                first = (part - chunks) * LOST
                lose(plan, first, piece(count, LOST, first))
            part = claim(team, threads, thread, pieces)

    @compiled
    def through(plan: Any, top: Any, rows: Any, scratch: Any) -> None:
        """Some rows through all layers, forward and backward."""
        last, epoch = get(plan, LAYERS) - 1, get(plan, EPOCH)
        gather(plan, top, rows)
        for index in range(last + 1):
            layer = line(plan, index)
            dropped = dropped_below(plan, index + 1) if index < last else 0
            forward(plan, layer, dropped, epoch, top, rows, 0, get(layer, N_OUT), scratch)
        if get(plan, STATUS) == RAISED:
            return
        lose(plan, top, rows)
        for back in range(last):
            index = last - back
            layer, below = line(plan, index), line(plan, index - 1)
            n = get(layer, N_IN)
            dropped = dropped_below(plan, index)
            backward(plan, layer, below, dropped, epoch, top, rows, 0, n, scratch)

    @compiled
    def fused_phase(plan: Any, team: Any, threads: Any, thread: Any, scratch: Any) -> None:
        """Gather, forward, loss and backward, a block of rows at a time."""
        count, rows = get(plan, BATCH_N), get(plan, BLOCK_ROWS)
        chunks = penalty_chunks(plan)
        pieces = chunks + pieces_of(count, rows)
        part = claim(team, threads, thread, pieces)
        while part >= 0:
            if part < chunks:
                penalize(plan, part)
            else:
                top = (part - chunks) * rows
                through(plan, top, piece(count, rows, top), scratch)
            part = claim(team, threads, thread, pieces)

    @compiled
    def deltas(plan: Any, team: Any, threads: Any, thread: Any, scratch: Any) -> Any:
        """All phases up to the deltas of every layer; returns the status."""
        if get(plan, FUSED) != 0:
            fused_phase(plan, team, threads, thread, scratch)
            return meet(plan, team, threads)
        gather_phase(plan, team, threads, thread)
        meet(plan, team, threads)
        count = get(plan, LAYERS)
        for index in range(count):
            forward_phase(plan, team, threads, thread, index, scratch)
            meet(plan, team, threads)
        loss_phase(plan, team, threads, thread)
        status = meet(plan, team, threads)
        for back in range(1, count):
            if status == RUNNING:
                backward_phase(plan, team, threads, thread, count - back, scratch)
                status = meet(plan, team, threads)
        return status

    @compiled
    def gradient_pieces(plan: Any) -> Any:
        """How many parts the last phase has."""
        pieces = 0
        for index in range(get(plan, LAYERS)):
            pieces += get(line(plan, index), G_PARTS)
        return pieces

    @compiled
    def layer_of(plan: Any, part: Any) -> Any:
        """The layer of a part of the last phase, and the part's number in it: the last is first."""
        index = get(plan, LAYERS) - 1
        while part >= get(line(plan, index), G_PARTS):
            part -= get(line(plan, index), G_PARTS)
            index -= 1
        return line(plan, index), part

    @compiled
    def gradient_phase(plan: Any, team: Any, threads: Any, thread: Any, scratch: Any) -> None:
        """Gradients and updates; meanwhile the first thread sums the cost up."""
        if thread == 0:
            sum_up(plan)
        pieces = gradient_pieces(plan)
        part = claim(team, threads, thread, pieces)
        while part >= 0:
            layer, inside = layer_of(plan, part)
            down = pieces_of(get(layer, N_OUT), get(layer, G_ROWS))
            top, first = inside % down * get(layer, G_ROWS), inside // down * get(layer, G_COLUMNS)
            gradient(plan, layer, top, first, scratch)
            part = claim(team, threads, thread, pieces)

    @compiled
    def packing_phase(plan: Any, team: Any, threads: Any, thread: Any) -> None:
        """All weights into panels, by the parts of the last phase, which later packs the new."""
        pieces = gradient_pieces(plan)
        part = claim(team, threads, thread, pieces)
        while part >= 0:
            layer, inside = layer_of(plan, part)
            rows, top = get(layer, G_ROWS), inside * get(layer, G_ROWS)
            pack_rows(layer, top, piece(get(layer, N_OUT), rows, top))
            part = claim(team, threads, thread, pieces)

    @compiled
    def move_on(plan: Any) -> None:
        """End a step, and begin the next one, if there is one."""
        finish(plan)
        if get(plan, UPDATE_FLAG) != 0:
            put(plan, STATUS, UPDATE_NOT_FINITE)
        elif get(plan, NOW) < get(plan, LAST):
            begin(plan)

    @compiled
    def step(plan: Any, team: Any, threads: Any, thread: Any, scratch: Any) -> Any:
        """One batch, which has begun; returns the status."""
        if get(doubles(get(plan, BATCH_TOTAL)), 0) != 0.0:  # else no sample counts
            status = deltas(plan, team, threads, thread, scratch)
            if status != RUNNING:
                return status
            gradient_phase(plan, team, threads, thread, scratch)
        meeting = atomic_get(team, GENERATION)
        if arrive(team, threads):
            move_on(plan)
            release(plan, team, threads)
        else:
            wait_while(team, GENERATION, meeting)
        return get(team, VERDICT)

    def run(plan: Any, thread: Any) -> None:
        team = integers(get(plan, TEAM))
        pass_gate(team, thread)
        threads = get(plan, THREADS)
        if thread >= threads:
            return
        scratch = get(plan, SCRATCH) + thread * get(plan, SCRATCH_BYTES)
        left = get(plan, LAST) - get(plan, NOW)
        if left <= 0:
            return
        if get(plan, FUSED) != 0:
            packing_phase(plan, team, threads, thread)
        meeting = atomic_get(team, GENERATION)
        if arrive(team, threads):
            begin(plan)
            release(plan, team, threads)
        else:
            wait_while(team, GENERATION, meeting)
        status = RUNNING
        while left > 0 and status == RUNNING:
            status = step(plan, team, threads, thread, scratch)
            left -= 1

    return run, [types.CPointer(types.int64), types.int64]
