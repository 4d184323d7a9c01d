"""A step that several processes share: the kernels that one of them calls, a layer at a time.

    begin
    for each of the step's batches: deltas; for each layer, from the last on: gradient, backward
    update                                                       # with the sums of all processes

Between `gradient` and the next call, the caller sends the layer's sums on their way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types

from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.arguments import Address, Count, Plan
from clearprop.engine.kernels.batch import batch, draw, finish, lay_rows, prepare
from clearprop.engine.kernels.decorators import compiled
from clearprop.engine.kernels.parts import part_size, parts_of
from clearprop.engine.kernels.pointers import (
    address_of,
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
from clearprop.engine.kernels.team import meet, meeting, pass_gate
from clearprop.engine.kernels.training import phase, phases

PARAMETERS = 1 << 14
"""Parameters of a part of an update."""


@compiled
def begin(plan: Plan) -> None:
    """Say what the step is about to do: the sum of the weights of all rows, the update."""
    draw(plan)
    place, shards = get(plan, P.PLACE), get(plan, P.SHARDS)
    count = part_size(get(plan, P.N), get(plan, P.STEP), place)
    put(plan, P.STEP_N, count)
    total = float(count)
    if get(plan, P.WEIGHTS) != 0:
        order = offset(integers(get(plan, P.ORDER)), place)
        weights = doubles(get(plan, P.WEIGHTS))
        total = 0.0
        for shard in range(shards):
            part = 0.0
            for i in range((shard - place) % shards, count, shards):
                part += get(weights, get(order, i))
            total += part
    prepare(plan, total)


@compiled
def lay(plan: Plan) -> None:
    """Lay this batch's own rows side by side."""
    at = get(plan, P.STEP_AT)
    count = part_size(get(plan, P.STEP_N), get(plan, P.BATCH), at)
    lay_rows(plan, get(plan, P.PLACE) + at, count)


@compiled
def end(plan: Plan) -> None:
    """End a step: count it, and move on."""
    put(plan, P.BATCH_N, get(plan, P.STEP_N))
    finish(plan)
    if get(plan, P.UPDATE_FLAG) != 0:
        put(plan, P.STATUS, P.UPDATE_NOT_FINITE)


@compiled
def weight_parts(plan: Plan, index: Count) -> Count:
    """How many parts the weights of a layer are updated in."""
    layer = line(plan, index)
    return parts_of(get(layer, P.N_IN) * get(layer, P.N_OUT), PARAMETERS)


@compiled
def update_parts(plan: Plan, index: Count) -> Count:
    """How many parts all layers are updated in; the biases of each are one."""
    parts = 0
    for each in range(get(plan, P.LAYERS)):
        parts += weight_parts(plan, each) + 1
    return parts


meet_and_lay, meet_and_end = meeting(lay), meeting(end)


def build(name: str, precision: Precision) -> tuple[Callable[..., None], list[Any]]:
    """Return a kernel (plan, thread) of those above, or "end", for a step without an update."""
    makers: dict[str, Callable[[], Callable[..., None]]] = {
        "begin": lambda: _alone(begin),
        "end": lambda: _alone(end),
        "deltas": lambda: _deltas(precision),
        "gradient": lambda: _of_layer(phases(precision).layer_gradient),
        "backward": lambda: _of_layer(phases(precision).backward),
        "update": lambda: _update(precision),
    }
    return makers[name](), [types.CPointer(types.int64), types.int64]


def _alone(does: Callable[..., None]) -> Callable[..., None]:
    """Return the kernel of what one thread does."""

    def kernel(plan: Plan, thread: Count) -> None:
        does(plan)

    return kernel


def _of_layer(phase: Callable[..., None]) -> Callable[..., None]:
    """Return the kernel of a phase of the layer under way."""

    def kernel(plan: Plan, thread: Count) -> None:
        team = integers(get(plan, P.TEAM))
        pass_gate(team, thread)
        threads = get(plan, P.THREADS)
        if thread < threads:
            scratch = get(plan, P.SCRATCH) + thread * get(plan, P.SCRATCH_BYTES)
            phase(plan, team, threads, thread, get(plan, P.LAYER), scratch)

    return kernel


def _deltas(precision: Precision) -> Callable[..., None]:
    """Return the kernel of all that comes before the first gradient."""
    of, sum_shards = phases(precision), batch(precision).sum_shards
    gather_phase, forward_phase, loss_phase = of.gather, of.forward, of.loss
    fused_phase, packing_phase = of.fused, of.packing

    def kernel(plan: Plan, thread: Count) -> None:
        team = integers(get(plan, P.TEAM))
        pass_gate(team, thread)
        threads = get(plan, P.THREADS)
        if thread >= threads:
            return
        scratch = get(plan, P.SCRATCH) + thread * get(plan, P.SCRATCH_BYTES)
        if get(plan, P.FUSED) != 0 and get(plan, P.STEP_AT) == 0:
            packing_phase(plan, team, threads, thread, 0, scratch)
        meet_and_lay(plan, team, threads)
        if get(plan, P.FUSED) != 0:
            fused_phase(plan, team, threads, thread, 0, scratch)
        else:
            gather_phase(plan, team, threads, thread, 0, scratch)
            meet(plan, team, threads)
            for index in range(get(plan, P.LAYERS)):
                forward_phase(plan, team, threads, thread, index, scratch)
                meet(plan, team, threads)
            loss_phase(plan, team, threads, thread, 0, scratch)
        meet(plan, team, threads)
        if thread == 0:
            sum_shards(plan)

    return kernel


def _update(precision: Precision) -> Callable[..., None]:
    """Return the kernel that updates all parameters with GRADIENT, and ends the step."""
    real, sum_up = reals(precision), batch(precision).sum_up

    @compiled
    def update_part(plan: Plan, index: Count, part: Count, scratch: Address) -> None:
        each = 0
        while part > weight_parts(plan, each):
            part -= weight_parts(plan, each) + 1
            each += 1
        layer = line(plan, each)
        is_bias = part == weight_parts(plan, each)
        at = 0 if is_bias else part * PARAMETERS
        if is_bias:
            w, state, state_2 = get(layer, P.B), get(layer, P.B_STATE), get(layer, P.B_STATE_2)
            count, told = get(layer, P.N_OUT), P.UPDATE_SIZE
        else:
            w, state, state_2 = get(layer, P.W), get(layer, P.W_STATE), get(layer, P.W_STATE_2)
            count = part_size(get(layer, P.N_IN) * get(layer, P.N_OUT), PARAMETERS, at)
            told = 0
        if w == 0:  # no biases
            return
        call(
            get(plan, P.OPTIMIZER),
            (
                count,
                offset(real(w), at),
                offset(real(get(plan, P.GRADIENT) + w - get(plan, P.PARAMETERS)), at),
                offset(real(state), at),
                offset(real(state_2), at),
                offset(doubles(get(plan, P.UPDATE)), told),
                integers(address_of(plan) + 8 * P.UPDATE_FLAG),
            ),
        )

    update_phase = phase(update_parts, update_part)

    def kernel(plan: Plan, thread: Count) -> None:
        team = integers(get(plan, P.TEAM))
        pass_gate(team, thread)
        threads = get(plan, P.THREADS)
        if thread >= threads:
            return
        if thread == 0:
            sum_up(plan)
        update_phase(plan, team, threads, thread, 0, 0)
        meet_and_end(plan, team, threads)

    return kernel
