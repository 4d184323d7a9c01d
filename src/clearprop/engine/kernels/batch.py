"""What a step does beside its layers: which rows, their data, what they cost, and the counters."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.arguments import Count, Plan, Real
from clearprop.engine.kernels.decorators import compiled
from clearprop.engine.kernels.intrinsics import mark, unmarked
from clearprop.engine.kernels.parts import part_size, parts_of
from clearprop.engine.kernels.pointers import (
    LINE_BYTES,
    call,
    doubles,
    get,
    integers,
    line,
    offset,
    prefetch,
    put,
    reals,
)
from clearprop.engine.kernels.precision import Precision


@compiled
def power(base: Real, exponent: Count) -> Any:
    """Base ** exponent for a whole exponent, by squaring: no library decides its bits."""
    result = 1.0
    while exponent > 0:
        if exponent % 2 == 1:
            result *= base
        base *= base
        exponent //= 2
    return result


@compiled
def draw(plan: Plan) -> None:
    """Draw the epoch's order, unless it is there."""
    n, shards = get(plan, P.N), get(plan, P.SHARDS)
    if get(plan, P.DRAWN) != get(plan, P.EPOCH) + 1:
        call(
            get(plan, P.DRAW_ORDER),
            (
                n,
                shards,
                get(plan, P.SHUFFLE),
                get(plan, P.SEED),
                get(plan, P.EPOCH),
                integers(get(plan, P.ORDER)),
                integers(get(plan, P.SORTING)),
            ),
        )
        put(plan, P.DRAWN, get(plan, P.EPOCH) + 1)


@compiled
def lay_rows(plan: Plan, place: Count, count: Count) -> None:
    """Write which of the `count` rows from a place of the order on are a batch's, by shards.

    Rows of stripes that are other processes' are left out.
    """
    shards, own_first = get(plan, P.SHARDS), get(plan, P.FIRST_SHARD)
    order, rows = offset(integers(get(plan, P.ORDER)), place), integers(get(plan, P.BATCH_ROWS))
    starts = integers(get(plan, P.SHARD_STARTS))
    at = 0
    put(starts, 0, 0)
    for shard in range(get(plan, P.OWN_SHARDS)):
        # Place p of the epoch is of stripe p % shards.
        first = (own_first + shard - place) % shards
        for i in range(first, count, shards):
            put(rows, at, get(order, i))
            at += 1
        put(starts, shard + 1, at)
    put(plan, P.BATCH_N, at)


@compiled
def prepare(plan: Plan, total: Real) -> None:
    """Say what an update is told of a step whose weights sum to `total`."""
    batch = doubles(get(plan, P.BATCH_TOTAL))
    put(batch, 0, total)
    if total == 0.0:
        return
    scale = 1.0
    if get(plan, P.WEIGHTS) != 0:
        while total * scale < 0.5 and scale < 2.0**1000:
            scale *= 2.0
    put(batch, 2, scale)
    update = doubles(get(plan, P.UPDATE))
    rates = offset(doubles(get(plan, P.RATES)), 2 * (get(plan, P.NOW) - get(plan, P.FIRST)))
    for _ in range(2):  # for weights, and for biases
        put(update, P.U_RATE, get(rates, 0))
        put(update, P.U_MOMENTUM, get(rates, 1))
        put(update, P.U_INVERSE, 1.0 / (total * scale))
        if get(plan, P.L2_BY_BATCH) != 0:
            put(update, P.U_L2, get(update, P.U_L2_WHOLE) / total)
        if get(plan, P.CORRECTED) != 0:
            updates = get(plan, P.MADE) + 1
            put(update, P.U_CORRECTION, 1.0 / (1.0 - power(get(update, P.U_S0), updates)))
            root = np.sqrt(1.0 - power(get(update, P.U_S1), updates))
            put(update, P.U_ROOT_CORRECTION, 1.0 / root)
        update = offset(update, P.UPDATE_SIZE)


@compiled
def begin(plan: Plan) -> None:
    """Say what the step is about to do: rows, shards, sum of weights, the optimizer's update."""
    draw(plan)
    place, shards = get(plan, P.PLACE), get(plan, P.SHARDS)
    count = part_size(get(plan, P.N), get(plan, P.BATCH), place)
    lay_rows(plan, place, count)
    rows, starts = integers(get(plan, P.BATCH_ROWS)), integers(get(plan, P.SHARD_STARTS))
    total = float(count)
    if get(plan, P.WEIGHTS) != 0:
        weights = doubles(get(plan, P.WEIGHTS))
        total = 0.0
        for shard in range(shards):
            part = 0.0
            for i in range(get(starts, shard), get(starts, shard + 1)):
                part += get(weights, get(rows, i))
            total += part
    prepare(plan, total)


@compiled
def finish(plan: Plan) -> None:
    """Count the batch and its cost, and move on to the next."""
    total = get(doubles(get(plan, P.BATCH_TOTAL)), 0)
    cost = get(doubles(get(plan, P.BATCH_TOTAL)), 1)
    costs = offset(doubles(get(plan, P.COSTS)), 2 * (get(plan, P.EPOCH) - get(plan, P.FIRST_EPOCH)))
    if total != 0.0:
        if get(plan, P.MEAN_BY_ROWS) != 0:
            rows = float(get(plan, P.BATCH_N))
            cost, total = cost / total * rows, rows
        put(costs, 0, get(costs, 0) + cost)
        put(costs, 1, get(costs, 1) + total)
        put(plan, P.MADE, get(plan, P.MADE) + 1)
    put(plan, P.NOW, get(plan, P.NOW) + 1)
    place = get(plan, P.PLACE) + get(plan, P.BATCH_N)
    if place == get(plan, P.N):
        put(plan, P.PLACE, 0)
        put(plan, P.EPOCH, get(plan, P.EPOCH) + 1)
    else:
        put(plan, P.PLACE, place)


class Batch(NamedTuple):
    """The compiled functions of a precision; see below."""

    gather: Callable[..., None]
    write_losses: Callable[..., None]
    penalty_chunks: Callable[..., int]
    penalize: Callable[..., None]
    sum_shards: Callable[..., None]
    sum_up: Callable[..., None]


@cache
def batch(precision: Precision) -> Batch:
    """Return the functions of a precision."""
    real = reals(precision)
    number: Any = precision.arithmetic
    one, zero, cache_line = number(1), number(0), LINE_BYTES // precision.itemsize

    @compiled
    def gather(plan: Plan, first: Count, count: Count) -> None:
        """Copy rows of X and y, and their weights, to where they lie side by side.

        The rows of the next batch are asked for: they lie anywhere in memory.
        """
        first_line, last = line(plan, 0), line(plan, get(plan, P.LAYERS) - 1)
        n_in, row = get(first_line, P.N_IN), get(first_line, P.A_IN_ROW)
        n_out, out_row = get(last, P.N_OUT), get(last, P.ROW)
        rows = integers(get(plan, P.BATCH_ROWS))
        shards, own = get(plan, P.SHARDS), get(plan, P.OWN_SHARDS)
        scale = get(doubles(get(plan, P.BATCH_TOTAL)), 2)
        next_row = get(plan, P.PLACE) + get(plan, P.BATCH_N)
        for i in range(first, first + count):
            sample = get(rows, i)
            held = sample  # where it lies: rows of other processes' stripes are left out
            if own != shards:
                held = sample // shards * own + sample % shards - get(plan, P.FIRST_SHARD)
            source = offset(real(get(plan, P.X)), held * n_in)
            target = offset(real(get(plan, P.BATCH_X)), i * row)
            for j in range(n_in):
                put(target, j, get(source, j))
            if own == shards and next_row + i < get(plan, P.N):
                sample_after = get(integers(get(plan, P.ORDER)), next_row + i)
                following = offset(real(get(plan, P.X)), sample_after * n_in)
                for j in range(0, n_in, cache_line):
                    prefetch(following, j)
            if get(plan, P.LABELS) != 0:
                put(integers(get(plan, P.BATCH_Y)), i, get(integers(get(plan, P.Y)), held))
            else:
                source = offset(real(get(plan, P.Y)), held * n_out)
                target = offset(real(get(plan, P.BATCH_Y)), i * out_row)
                for j in range(n_out):
                    put(target, j, get(source, j))
            if get(plan, P.WEIGHTS) != 0:
                weight = number(get(doubles(get(plan, P.WEIGHTS)), sample) * scale)
                put(real(get(plan, P.BATCH_WEIGHTS)), i, weight)

    @compiled
    def write_losses(plan: Plan, first: Count, count: Count) -> None:
        """Losses and delta^L of some rows; where they are weighted, delta^L is w_i delta^L."""
        last = line(plan, get(plan, P.LAYERS) - 1)
        n, row = get(last, P.N_OUT), get(last, P.ROW)
        a = offset(real(get(last, P.A)), first * row)
        d = offset(real(get(last, P.D)), first * row)
        losses = offset(real(get(plan, P.LOSSES)), first)
        jacobian = get(last, P.JACOBIAN)
        if jacobian != 0:
            for i in range(count * row):
                put(d, i, one)
        y = offset(real(get(plan, P.BATCH_Y)), first * row)
        if get(plan, P.LABELS) != 0:  # the address counts: the kernel reads labels there
            y = real(get(plan, P.BATCH_Y) + 8 * first)
        settings = doubles(get(plan, P.LOSS_SETTINGS))
        if call(get(plan, P.LOSS), (count, n, row, a, d, y, losses, settings)) != 0:
            put(plan, P.STATUS, P.RAISED)
            return
        bad = unmarked(zero)
        for i in range(count):
            delta = offset(d, i * row)
            if jacobian != 0:
                call(jacobian, (n, offset(a, i * row), delta, delta))
            if get(plan, P.WEIGHTS) != 0:
                weight = get(real(get(plan, P.BATCH_WEIGHTS)), first + i)
                for j in range(n):
                    put(delta, j, weight * get(delta, j))
            for j in range(n):
                bad = mark(bad, get(delta, j))
            bad = mark(bad, get(losses, i))
        if bad and get(plan, P.STATUS) == P.RUNNING:
            put(plan, P.STATUS, P.FORWARD_NOT_FINITE)

    @compiled
    def penalty_chunks(plan: Plan) -> Count:
        """How many chunks of weights the penalty sums up."""
        chunks = 0
        if get(plan, P.L2) == 0:
            return 0
        for index in range(get(plan, P.LAYERS)):
            layer = line(plan, index)
            chunks += parts_of(get(layer, P.N_IN) * get(layer, P.N_OUT), P.CHUNK)
        return chunks

    @compiled
    def penalize(plan: Plan, chunk: Count) -> None:
        """The sum of squares of a chunk of weights, in four chains."""
        left = chunk
        index = 0
        layer = line(plan, index)
        count = get(layer, P.N_IN) * get(layer, P.N_OUT)
        while left >= parts_of(count, P.CHUNK):
            left -= parts_of(count, P.CHUNK)
            index += 1
            layer = line(plan, index)
            count = get(layer, P.N_IN) * get(layer, P.N_OUT)
        w = offset(real(get(layer, P.W)), left * P.CHUNK)
        count = part_size(count, P.CHUNK, left * P.CHUNK)
        s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
        whole = count // 4 * 4
        for i in range(0, whole, 4):
            w0, w1 = float(get(w, i)), float(get(w, i + 1))
            w2, w3 = float(get(w, i + 2)), float(get(w, i + 3))
            s0 += w0 * w0
            s1 += w1 * w1
            s2 += w2 * w2
            s3 += w3 * w3
        for i in range(whole, count):
            rest = float(get(w, i))
            s0 += rest * rest
        put(doubles(get(plan, P.PENALTIES)), chunk, (s0 + s1) + (s2 + s3))

    @compiled
    def sum_shards(plan: Plan) -> None:
        """Add the batch's w_i L_i in order to the costs of the own shards."""
        starts, losses = integers(get(plan, P.SHARD_STARTS)), real(get(plan, P.LOSSES))
        weights = real(get(plan, P.BATCH_WEIGHTS))
        costs = offset(doubles(get(plan, P.SHARD_COSTS)), get(plan, P.FIRST_SHARD))
        for shard in range(get(plan, P.OWN_SHARDS)):
            part = get(costs, shard)
            for i in range(get(starts, shard), get(starts, shard + 1)):
                value = float(get(losses, i))
                if get(plan, P.WEIGHTS) != 0:
                    value *= float(get(weights, i))
                part += value
            put(costs, shard, part)

    @compiled
    def sum_up(plan: Plan) -> None:
        """The batch's cost: that of all shards in order, which are 0 then, and the penalty."""
        costs = doubles(get(plan, P.SHARD_COSTS))
        cost = 0.0
        for shard in range(get(plan, P.SHARDS)):
            cost += get(costs, shard)
            put(costs, shard, 0.0)
        cost /= get(doubles(get(plan, P.BATCH_TOTAL)), 2)
        cost /= get(plan, P.COST_OUTPUTS)
        if get(plan, P.L2) != 0:
            squares = 0.0
            for chunk in range(penalty_chunks(plan)):
                squares += get(doubles(get(plan, P.PENALTIES)), chunk)
            l2 = get(doubles(get(plan, P.UPDATE)), P.U_L2)
            cost += get(doubles(get(plan, P.BATCH_TOTAL)), 0) * (0.5 * l2 * squares)
        put(doubles(get(plan, P.BATCH_TOTAL)), 1, cost)

    return Batch(gather, write_losses, penalty_chunks, penalize, sum_shards, sum_up)
