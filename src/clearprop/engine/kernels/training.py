"""A run of steps in one call: gather, forward, loss, backward, gradients and updates.

Every thread runs the same function. Between two phases all meet; inside one, parts are claimed.
What has to be done once is done by the last to come, while the others wait.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from numba import types

from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.arguments import Address, Count, Plan, Team
from clearprop.engine.kernels.batch import batch, begin, finish
from clearprop.engine.kernels.decorators import compiled, inlined, written_out
from clearprop.engine.kernels.gradients import make_gradient
from clearprop.engine.kernels.layers import layers
from clearprop.engine.kernels.packed_layers import packing_of_layers
from clearprop.engine.kernels.parts import part_size, parts_of
from clearprop.engine.kernels.pointers import doubles, get, integers, line, put
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.kernels.team import claim, meet, meeting, pass_gate

ROWS = 32
"""Rows of a part of the phases that gather, and that compute losses."""


def phase(parts: Callable[..., Any], part: Callable[..., None]) -> Callable[..., None]:
    """Return what claims parts of a phase until there are no more.

    It takes (plan, team, threads, thread, index, scratch). `parts` (plan, index) says how many
    there are for a layer, counted from 0, and `part` (plan, index, number, scratch) does one.
    It is inlined: in small networks a step takes a microsecond, and calls are a tenth of it.
    """

    @inlined
    def run(
        plan: Plan, team: Team, threads: Count, thread: Count, index: Count, scratch: Address
    ) -> None:
        count = parts(plan, index)
        number = claim(team, threads, thread, count)
        while number >= 0:
            part(plan, index, number, scratch)
            number = claim(team, threads, thread, count)

    return run


@compiled
def dropped_below(plan: Plan, index: Count) -> Count:
    """The number of the layer whose units are dropped before layer `index`, or 0."""
    return index if get(plan, P.DROPOUT) != 0 else 0


@compiled
def dropped(plan: Plan, index: Count) -> Count:
    """The number of layer `index` if its units are dropped, or 0; the last one's are not."""
    return dropped_below(plan, index + 1) if index + 1 < get(plan, P.LAYERS) else 0


@compiled
def row_parts(plan: Plan, index: Count) -> Count:
    """How many parts of `ROWS` rows a batch has."""
    return parts_of(get(plan, P.BATCH_N), ROWS)


@compiled
def forward_parts(plan: Plan, index: Count) -> Count:
    """How many parts of rows and columns a^l has."""
    layer = line(plan, index)
    across = parts_of(get(layer, P.N_OUT), get(layer, P.F_COLUMNS))
    return parts_of(get(plan, P.BATCH_N), get(layer, P.F_ROWS)) * across


@compiled
def backward_parts(plan: Plan, index: Count) -> Count:
    """How many parts of rows and columns delta^(l-1) has."""
    layer = line(plan, index)
    across = parts_of(get(layer, P.N_IN), get(layer, P.B_COLUMNS))
    return parts_of(get(plan, P.BATCH_N), get(layer, P.B_ROWS)) * across


@compiled
def gradient_parts(plan: Plan, index: Count) -> Count:
    """How many parts the gradients of all layers have."""
    parts = 0
    for each in range(get(plan, P.LAYERS)):
        parts += get(line(plan, each), P.G_PARTS)
    return parts


@compiled
def layer_parts(plan: Plan, index: Count) -> Count:
    """How many parts the gradient of a layer has."""
    return get(line(plan, index), P.G_PARTS)


@compiled
def layer_of(plan: Plan, part: Count) -> Any:
    """The layer of a part of the gradients, and the part's number in it: the last is first."""
    index = get(plan, P.LAYERS) - 1
    while part >= get(line(plan, index), P.G_PARTS):
        part -= get(line(plan, index), P.G_PARTS)
        index -= 1
    return line(plan, index), part


@compiled
def move_on(plan: Plan) -> None:
    """End a step, and begin the next one, if there is one."""
    finish(plan)
    if get(plan, P.UPDATE_FLAG) != 0:
        put(plan, P.STATUS, P.UPDATE_NOT_FINITE)
    elif get(plan, P.NOW) < get(plan, P.LAST):
        begin(plan)


meet_and_begin, meet_and_move_on = meeting(begin), meeting(move_on)


class Phases(NamedTuple):
    """The compiled phases of a step: (plan, team, threads, thread, index, scratch)."""

    gather: Callable[..., None]
    loss: Callable[..., None]
    forward: Callable[..., None]
    backward: Callable[..., None]
    fused: Callable[..., None]
    gradient: Callable[..., None]
    layer_gradient: Callable[..., None]
    packing: Callable[..., None]


@cache
def phases(precision: Precision) -> Phases:
    """Return the phases of a precision."""
    gather, write_losses, penalty_chunks, penalize, _, _ = batch(precision)
    forward, backward = layers(precision)
    gradient, pack_rows = make_gradient(precision), packing_of_layers(precision).rows

    @compiled
    def gather_part(plan: Plan, index: Count, part: Count, scratch: Address) -> None:
        """Rows of the batch, side by side."""
        first = part * ROWS
        gather(plan, first, part_size(get(plan, P.BATCH_N), ROWS, first))

    @compiled
    def forward_part(plan: Plan, index: Count, part: Count, scratch: Address) -> None:
        """Some rows and columns of a^l."""
        layer, count = line(plan, index), get(plan, P.BATCH_N)
        rows, columns, n = get(layer, P.F_ROWS), get(layer, P.F_COLUMNS), get(layer, P.N_OUT)
        down = parts_of(count, rows)
        top, first = part % down * rows, part // down * columns
        some, across = part_size(count, rows, top), part_size(n, columns, first)
        epoch = get(plan, P.EPOCH)
        forward(plan, layer, dropped(plan, index), epoch, top, some, first, across, scratch)

    @compiled
    def backward_part(plan: Plan, index: Count, part: Count, scratch: Address) -> None:
        """Some rows and columns of delta^(l-1)."""
        layer, below, count = line(plan, index), line(plan, index - 1), get(plan, P.BATCH_N)
        rows, columns, n = get(layer, P.B_ROWS), get(layer, P.B_COLUMNS), get(layer, P.N_IN)
        down = parts_of(count, rows)
        top, first = part % down * rows, part // down * columns
        some, across = part_size(count, rows, top), part_size(n, columns, first)
        number, epoch = dropped_below(plan, index), get(plan, P.EPOCH)
        backward(plan, layer, below, number, epoch, top, some, first, across, scratch)

    @compiled
    def loss_parts(plan: Plan, index: Count) -> Count:
        return penalty_chunks(plan) + row_parts(plan, index)

    @compiled
    def loss_part(plan: Plan, index: Count, part: Count, scratch: Address) -> None:
        """What some rows cost, and their delta^L; or the squares of some weights."""
        chunks = penalty_chunks(plan)
        if part < chunks:
            penalize(plan, part)
        else:
            first = (part - chunks) * ROWS
            write_losses(plan, first, part_size(get(plan, P.BATCH_N), ROWS, first))

    @compiled
    def through(plan: Plan, top: Count, rows: Count, scratch: Address) -> None:
        """Some rows through all layers, forward and backward."""
        last, epoch = get(plan, P.LAYERS) - 1, get(plan, P.EPOCH)
        gather(plan, top, rows)
        for index in range(last + 1):
            layer, number = line(plan, index), dropped(plan, index)
            forward(plan, layer, number, epoch, top, rows, 0, get(layer, P.N_OUT), scratch)
        if get(plan, P.STATUS) == P.RAISED:
            return
        write_losses(plan, top, rows)
        for back in range(last):
            index = last - back
            layer, below = line(plan, index), line(plan, index - 1)
            number, n = dropped_below(plan, index), get(layer, P.N_IN)
            backward(plan, layer, below, number, epoch, top, rows, 0, n, scratch)

    @compiled
    def fused_parts(plan: Plan, index: Count) -> Count:
        return penalty_chunks(plan) + parts_of(get(plan, P.BATCH_N), get(plan, P.BLOCK_ROWS))

    @compiled
    def fused_part(plan: Plan, index: Count, part: Count, scratch: Address) -> None:
        """Gather, forward, loss and backward of a block of rows; or the squares of some weights."""
        chunks, rows = penalty_chunks(plan), get(plan, P.BLOCK_ROWS)
        if part < chunks:
            penalize(plan, part)
        else:
            top = (part - chunks) * rows
            through(plan, top, part_size(get(plan, P.BATCH_N), rows, top), scratch)

    @compiled
    def gradient_part(plan: Plan, index: Count, part: Count, scratch: Address) -> None:
        """Gradients of some weights, and their update."""
        layer, inside = layer_of(plan, part)
        down = parts_of(get(layer, P.N_OUT), get(layer, P.G_ROWS))
        top, first = inside % down * get(layer, P.G_ROWS), inside // down * get(layer, P.G_COLUMNS)
        gradient(plan, layer, top, first, scratch)

    @compiled
    def layer_gradient_part(plan: Plan, index: Count, part: Count, scratch: Address) -> None:
        """Gradients of some weights of layer `index`."""
        layer = line(plan, index)
        down = parts_of(get(layer, P.N_OUT), get(layer, P.G_ROWS))
        top, first = part % down * get(layer, P.G_ROWS), part // down * get(layer, P.G_COLUMNS)
        gradient(plan, layer, top, first, scratch)

    @compiled
    def packing_part(plan: Plan, index: Count, part: Count, scratch: Address) -> None:
        """Some weights into panels: cut as the gradients are, after which the new are packed."""
        layer, inside = layer_of(plan, part)
        rows, top = get(layer, P.G_ROWS), inside * get(layer, P.G_ROWS)
        pack_rows(layer, top, part_size(get(layer, P.N_OUT), rows, top))

    return Phases(
        gather=phase(row_parts, gather_part),
        loss=phase(loss_parts, loss_part),
        forward=phase(forward_parts, forward_part),
        backward=phase(backward_parts, backward_part),
        fused=phase(fused_parts, fused_part),
        gradient=phase(gradient_parts, gradient_part),
        layer_gradient=phase(layer_parts, layer_gradient_part),
        packing=phase(gradient_parts, packing_part),
    )


def build(name: str, precision: Precision) -> tuple[Callable[..., None], list[Any]]:
    """Return the kernel "run" (plan, thread): from batch NOW to before batch LAST."""
    of, sum_shards, sum_up = phases(precision), batch(precision).sum_shards, batch(precision).sum_up
    gather_phase, loss_phase, forward_phase = of.gather, of.loss, of.forward
    backward_phase, fused_phase = of.backward, of.fused
    gradient_phase, packing_phase = of.gradient, of.packing

    @written_out
    def deltas(plan: Plan, team: Team, threads: Count, thread: Count, scratch: Address) -> Count:
        """All phases up to the deltas of every layer; returns the status."""
        if get(plan, P.FUSED) != 0:
            fused_phase(plan, team, threads, thread, 0, scratch)
            return meet(plan, team, threads)
        gather_phase(plan, team, threads, thread, 0, scratch)
        meet(plan, team, threads)
        count = get(plan, P.LAYERS)
        for index in range(count):
            forward_phase(plan, team, threads, thread, index, scratch)
            meet(plan, team, threads)
        loss_phase(plan, team, threads, thread, 0, scratch)
        status = meet(plan, team, threads)
        for back in range(1, count):
            if status == P.RUNNING:
                backward_phase(plan, team, threads, thread, count - back, scratch)
                status = meet(plan, team, threads)
        return status

    @written_out
    def step(plan: Plan, team: Team, threads: Count, thread: Count, scratch: Address) -> Count:
        """One batch, which has begun; returns the status."""
        if get(doubles(get(plan, P.BATCH_TOTAL)), 0) != 0.0:  # else no sample counts
            status = deltas(plan, team, threads, thread, scratch)
            if status != P.RUNNING:
                return status
            if thread == 0:
                sum_shards(plan)
                sum_up(plan)
            gradient_phase(plan, team, threads, thread, 0, scratch)
        return meet_and_move_on(plan, team, threads)

    def run(plan: Plan, thread: Count) -> None:
        team = integers(get(plan, P.TEAM))
        pass_gate(team, thread)
        threads = get(plan, P.THREADS)
        if thread >= threads:
            return
        scratch = get(plan, P.SCRATCH) + thread * get(plan, P.SCRATCH_BYTES)
        left = get(plan, P.LAST) - get(plan, P.NOW)
        if left <= 0:
            return
        if get(plan, P.FUSED) != 0:
            packing_phase(plan, team, threads, thread, 0, scratch)
        meet_and_begin(plan, team, threads)
        status = P.RUNNING
        while left > 0 and status == P.RUNNING:
            status = step(plan, team, threads, thread, scratch)
            left -= 1

    return run, [types.CPointer(types.int64), types.int64]
