"""What a step does beside its layers: which rows, their data, what they cost, and the counters."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from clearprop.engine.kernels.intrinsics import mark, unmarked
from clearprop.engine.kernels.plan import (
    A_IN_ROW,
    BATCH,
    BATCH_N,
    BATCH_ROWS,
    BATCH_TOTAL,
    BATCH_WEIGHTS,
    BATCH_X,
    BATCH_Y,
    CHUNK,
    CORRECTED,
    COST_OUTPUTS,
    COSTS,
    DRAW_ORDER,
    DRAWN,
    EPOCH,
    FIRST,
    FIRST_EPOCH,
    FORWARD_NOT_FINITE,
    JACOBIAN,
    L2,
    L2_BY_BATCH,
    LABELS,
    LAYERS,
    LOSS,
    LOSS_SETTINGS,
    LOSSES,
    M_CORRECTION,
    M_INVERSE,
    M_L2,
    M_L2_WHOLE,
    M_MOMENTUM,
    M_RATE,
    M_ROOT_CORRECTION,
    M_S0,
    M_S1,
    MADE,
    MEAN_BY_ROWS,
    MOMENT,
    MOMENT_SIZE,
    N_IN,
    N_OUT,
    NOW,
    ORDER,
    PENALTIES,
    PLACE,
    RAISED,
    RATES,
    ROW,
    RUNNING,
    SEED,
    SHARD_STARTS,
    SHARDS,
    SHUFFLE,
    SORTING,
    STATUS,
    STRIDE,
    TABLE,
    WEIGHTS,
    A,
    D,
    N,
    W,
    X,
    Y,
)
from clearprop.engine.kernels.pointers import (
    LINE_BYTES,
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

compiled = njit(error_model="numpy", nogil=True)


@compiled
def power(base: Any, exponent: Any) -> Any:
    """Base ** exponent for a whole exponent, by squaring: no library decides its bits."""
    result = 1.0
    while exponent > 0:
        if exponent % 2 == 1:
            result *= base
        base *= base
        exponent //= 2
    return result


@compiled
def begin(plan: Any) -> None:
    """Say what the step is about to do: rows, shards, sum of weights, the optimizer's moment."""
    n, place = get(plan, N), get(plan, PLACE)
    shards = get(plan, SHARDS)
    if get(plan, DRAWN) != get(plan, EPOCH) + 1:
        call(
            get(plan, DRAW_ORDER),
            (
                n,
                shards,
                get(plan, SHUFFLE),
                get(plan, SEED),
                get(plan, EPOCH),
                integers(get(plan, ORDER)),
                integers(get(plan, SORTING)),
            ),
        )
        put(plan, DRAWN, get(plan, EPOCH) + 1)
    count = get(plan, BATCH) if n - place > get(plan, BATCH) else n - place
    put(plan, BATCH_N, count)
    order, rows = offset(integers(get(plan, ORDER)), place), integers(get(plan, BATCH_ROWS))
    starts = integers(get(plan, SHARD_STARTS))
    at = 0
    put(starts, 0, 0)
    for shard in range(shards):
        first = (shard - place) % shards  # place p of the epoch is of stripe p % shards
        for i in range(first, count, shards):
            put(rows, at, get(order, i))
            at += 1
        put(starts, shard + 1, at)
    total = float(count)
    if get(plan, WEIGHTS) != 0:
        weights = doubles(get(plan, WEIGHTS))
        total = 0.0
        for shard in range(shards):
            part = 0.0
            for i in range(get(starts, shard), get(starts, shard + 1)):
                part += get(weights, get(rows, i))
            total += part
    batch = doubles(get(plan, BATCH_TOTAL))
    put(batch, 0, total)
    if total == 0.0:
        return
    scale = 1.0
    if get(plan, WEIGHTS) != 0:
        while total * scale < 0.5 and scale < 2.0**1000:
            scale *= 2.0
    put(batch, 2, scale)
    moment = doubles(get(plan, MOMENT))
    rates = offset(doubles(get(plan, RATES)), 2 * (get(plan, NOW) - get(plan, FIRST)))
    for _ in range(2):  # for weights, and for biases
        put(moment, M_RATE, get(rates, 0))
        put(moment, M_MOMENTUM, get(rates, 1))
        put(moment, M_INVERSE, 1.0 / (total * scale))
        if get(plan, L2_BY_BATCH) != 0:
            put(moment, M_L2, get(moment, M_L2_WHOLE) / total)
        if get(plan, CORRECTED) != 0:
            updates = get(plan, MADE) + 1
            put(moment, M_CORRECTION, 1.0 / (1.0 - power(get(moment, M_S0), updates)))
            root = np.sqrt(1.0 - power(get(moment, M_S1), updates))
            put(moment, M_ROOT_CORRECTION, 1.0 / root)
        moment = offset(moment, MOMENT_SIZE)


@compiled
def finish(plan: Any) -> None:
    """Count the batch and its cost, and move on to the next."""
    total = get(doubles(get(plan, BATCH_TOTAL)), 0)
    cost = get(doubles(get(plan, BATCH_TOTAL)), 1)
    costs = offset(doubles(get(plan, COSTS)), 2 * (get(plan, EPOCH) - get(plan, FIRST_EPOCH)))
    if total != 0.0:
        if get(plan, MEAN_BY_ROWS) != 0:
            rows = float(get(plan, BATCH_N))
            cost, total = cost / total * rows, rows
        put(costs, 0, get(costs, 0) + cost)
        put(costs, 1, get(costs, 1) + total)
        put(plan, MADE, get(plan, MADE) + 1)
    put(plan, NOW, get(plan, NOW) + 1)
    place = get(plan, PLACE) + get(plan, BATCH_N)
    if place == get(plan, N):
        put(plan, PLACE, 0)
        put(plan, EPOCH, get(plan, EPOCH) + 1)
    else:
        put(plan, PLACE, place)


class Batch(NamedTuple):
    """The compiled functions of a precision; see below."""

    gather: Callable[..., None]
    lose: Callable[..., None]
    penalty_chunks: Callable[..., int]
    penalize: Callable[..., None]
    sum_up: Callable[..., None]


@cache
def batch(precision: Precision) -> Batch:
    """Return the functions of a precision."""
    real = reals(precision)
    number: Any = precision.arithmetic
    one, zero, line = number(1), number(0), LINE_BYTES // precision.itemsize

    @compiled
    def gather(plan: Any, first: Any, count: Any) -> None:
        """Copy rows of X and y, and their weights, to where they lie side by side.

        The rows of the next batch are asked for: they lie anywhere in memory.
        """
        table = offset(plan, TABLE)
        n_in, row = get(table, N_IN), get(table, A_IN_ROW)
        last = offset(table, (get(plan, LAYERS) - 1) * STRIDE)
        n_out, out_row = get(last, N_OUT), get(last, ROW)
        rows = integers(get(plan, BATCH_ROWS))
        scale = get(doubles(get(plan, BATCH_TOTAL)), 2)
        next_row = get(plan, PLACE) + get(plan, BATCH_N)
        for i in range(first, first + count):
            sample = get(rows, i)
            source = offset(real(get(plan, X)), sample * n_in)
            target = offset(real(get(plan, BATCH_X)), i * row)
            for j in range(n_in):
                put(target, j, get(source, j))
            if next_row + i < get(plan, N):
                sample_after = get(integers(get(plan, ORDER)), next_row + i)
                following = offset(real(get(plan, X)), sample_after * n_in)
                for j in range(0, n_in, line):
                    prefetch(following, j)
            if get(plan, LABELS) != 0:
                put(integers(get(plan, BATCH_Y)), i, get(integers(get(plan, Y)), sample))
            else:
                source = offset(real(get(plan, Y)), sample * n_out)
                target = offset(real(get(plan, BATCH_Y)), i * out_row)
                for j in range(n_out):
                    put(target, j, get(source, j))
            if get(plan, WEIGHTS) != 0:
                weight = number(get(doubles(get(plan, WEIGHTS)), sample) * scale)
                put(real(get(plan, BATCH_WEIGHTS)), i, weight)

    @compiled
    def lose(plan: Any, first: Any, count: Any) -> None:
        """Losses and delta^L of some rows; where they are weighted, delta^L is w_i delta^L."""
        last = offset(plan, TABLE + (get(plan, LAYERS) - 1) * STRIDE)
        n, row = get(last, N_OUT), get(last, ROW)
        a = offset(real(get(last, A)), first * row)
        d = offset(real(get(last, D)), first * row)
        losses = offset(real(get(plan, LOSSES)), first)
        jacobian = get(last, JACOBIAN)
        if jacobian != 0:
            for i in range(count * row):
                put(d, i, one)
        settings = doubles(get(plan, LOSS_SETTINGS))
        if get(plan, LABELS) != 0:
            labels = offset(integers(get(plan, BATCH_Y)), first)
            raised = call(get(plan, LOSS), (count, n, row, a, d, labels, losses, settings))
        else:
            y = offset(real(get(plan, BATCH_Y)), first * row)
            raised = call(get(plan, LOSS), (count, n, row, a, d, y, losses, settings))
        if raised != 0:
            put(plan, STATUS, RAISED)
            return
        bad = unmarked(zero)
        for i in range(count):
            delta = offset(d, i * row)
            if jacobian != 0:
                call(jacobian, (n, offset(a, i * row), delta, delta))
            if get(plan, WEIGHTS) != 0:
                weight = get(real(get(plan, BATCH_WEIGHTS)), first + i)
                for j in range(n):
                    put(delta, j, weight * get(delta, j))
            for j in range(n):
                bad = mark(bad, get(delta, j))
            bad = mark(bad, get(losses, i))
        if bad and get(plan, STATUS) == RUNNING:
            put(plan, STATUS, FORWARD_NOT_FINITE)

    @compiled
    def penalty_chunks(plan: Any) -> Any:
        """How many chunks of weights the penalty sums up."""
        chunks = 0
        if get(plan, L2) == 0:
            return 0
        for index in range(get(plan, LAYERS)):
            layer = offset(plan, TABLE + index * STRIDE)
            chunks += (get(layer, N_IN) * get(layer, N_OUT) + CHUNK - 1) // CHUNK
        return chunks

    @compiled
    def penalize(plan: Any, chunk: Any) -> None:
        """The sum of squares of a chunk of weights, in four chains."""
        left = chunk
        index = 0
        layer = offset(plan, TABLE)
        count = get(layer, N_IN) * get(layer, N_OUT)
        while left >= (count + CHUNK - 1) // CHUNK:
            left -= (count + CHUNK - 1) // CHUNK
            index += 1
            layer = offset(plan, TABLE + index * STRIDE)
            count = get(layer, N_IN) * get(layer, N_OUT)
        w = offset(real(get(layer, W)), left * CHUNK)
        count = CHUNK if count - left * CHUNK > CHUNK else count - left * CHUNK
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
        put(doubles(get(plan, PENALTIES)), chunk, (s0 + s1) + (s2 + s3))

    @compiled
    def sum_up(plan: Any) -> None:
        """The batch's cost: w_i L_i in order, shard by shard, and the penalty's share."""
        starts, losses = integers(get(plan, SHARD_STARTS)), real(get(plan, LOSSES))
        weights = real(get(plan, BATCH_WEIGHTS))
        cost = 0.0
        for shard in range(get(plan, SHARDS)):
            part = 0.0
            for i in range(get(starts, shard), get(starts, shard + 1)):
                value = float(get(losses, i))
                if get(plan, WEIGHTS) != 0:
                    value *= float(get(weights, i))
                part += value
            cost += part
        cost /= get(doubles(get(plan, BATCH_TOTAL)), 2)
        cost /= get(plan, COST_OUTPUTS)
        if get(plan, L2) != 0:
            squares = 0.0
            for chunk in range(penalty_chunks(plan)):
                squares += get(doubles(get(plan, PENALTIES)), chunk)
            l2 = get(doubles(get(plan, MOMENT)), M_L2)
            cost += get(doubles(get(plan, BATCH_TOTAL)), 0) * (0.5 * l2 * squares)
        put(doubles(get(plan, BATCH_TOTAL)), 1, cost)

    return Batch(gather, lose, penalty_chunks, penalize, sum_up)
