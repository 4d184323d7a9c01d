"""A run of steps in one call: gather, forward, loss, backward, gradients and updates.

Every thread runs the same function. Between two phases all meet; inside one, parts are claimed.
What has to be done once is done by thread 0 alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types

from clearprop.kernels.intrinsics import mark, unmarked
from clearprop.kernels.layers import parts
from clearprop.kernels.plan import (
    A_IN_ROW,
    B_COLUMNS,
    B_ROWS,
    BATCH,
    BATCH_N,
    BATCH_ROWS,
    BATCH_TOTAL,
    BATCH_WEIGHTS,
    BATCH_X,
    BATCH_Y,
    CHUNK,
    CORRECTED,
    COSTS,
    DRAW_ORDER,
    DRAWN,
    DROPOUT,
    EPOCH,
    F_COLUMNS,
    F_ROWS,
    FIRST,
    FIRST_EPOCH,
    FORWARD_NOT_FINITE,
    G_COLUMNS,
    G_PARTS,
    G_ROWS,
    JACOBIAN,
    L2,
    LABELS,
    LAST,
    LAYERS,
    LOSS,
    LOSS_SETTINGS,
    LOSSES,
    M_CORRECTION,
    M_INVERSE,
    M_L2,
    M_MOMENTUM,
    M_RATE,
    M_ROOT_CORRECTION,
    M_S0,
    M_S1,
    MADE,
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
    SCRATCH,
    SCRATCH_BYTES,
    SEED,
    SHARD_STARTS,
    SHARDS,
    SHUFFLE,
    SORTING,
    STATUS,
    STRIDE,
    TABLE,
    TEAM,
    THREADS,
    UPDATE_FLAG,
    UPDATE_NOT_FINITE,
    WEIGHTS,
    A,
    D,
    N,
    W,
    X,
    Y,
)
from clearprop.kernels.pointers import call, doubles, get, integers, offset, put, reals
from clearprop.kernels.team import claim, meet, wait_for_start

compiled = njit(error_model="numpy", nogil=True)

GATHERED, LOST = 32, 32
"""Rows of a part of the phases that gather, and that compute losses."""


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
    if place == 0 and get(plan, DRAWN) != get(plan, EPOCH) + 1:
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
    put(doubles(get(plan, BATCH_TOTAL)), 0, total)
    if total == 0.0:
        return
    moment = doubles(get(plan, MOMENT))
    rates = offset(doubles(get(plan, RATES)), 2 * (get(plan, NOW) - get(plan, FIRST)))
    for _ in range(2):  # for weights, and for biases
        put(moment, M_RATE, get(rates, 0))
        put(moment, M_MOMENTUM, get(rates, 1))
        put(moment, M_INVERSE, 1.0 / total)
        if get(plan, CORRECTED) != 0:
            updates = get(plan, MADE) + 1
            put(moment, M_CORRECTION, 1.0 / (1.0 - power(get(moment, M_S0), updates)))
            root = np.sqrt(1.0 - power(get(moment, M_S1), updates))
            put(moment, M_ROOT_CORRECTION, 1.0 / root)
        moment = offset(moment, MOMENT_SIZE)


@compiled
def finish(plan: Any, cost: Any) -> None:
    """Count the batch, with w_i L_i summed up to `cost`, and move on to the next."""
    total = get(doubles(get(plan, BATCH_TOTAL)), 0)
    costs = offset(doubles(get(plan, COSTS)), 2 * (get(plan, EPOCH) - get(plan, FIRST_EPOCH)))
    if total != 0.0:
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


def build(name: str, bits: int) -> tuple[Callable[..., None], list[Any]]:
    """Return the kernel "run" (plan, thread): from batch NOW to before batch LAST."""
    real = reals(bits)
    number: Any = np.dtype(f"float{bits}").type
    one, zero = number(1), number(0)
    work = parts(bits)

    @compiled
    def gather(plan: Any, first: Any, count: Any) -> None:
        """Copy rows of X and y, and their weights, to where they lie side by side."""
        table = offset(plan, TABLE)
        n_in, row = get(table, N_IN), get(table, A_IN_ROW)
        last = offset(table, (get(plan, LAYERS) - 1) * STRIDE)
        n_out, out_row = get(last, N_OUT), get(last, ROW)
        rows = integers(get(plan, BATCH_ROWS))
        for i in range(first, first + count):
            sample = get(rows, i)
            source = offset(real(get(plan, X)), sample * n_in)
            target = offset(real(get(plan, BATCH_X)), i * row)
            for j in range(n_in):
                put(target, j, get(source, j))
            if get(plan, LABELS) != 0:
                put(integers(get(plan, BATCH_Y)), i, get(integers(get(plan, Y)), sample))
            else:
                source = offset(real(get(plan, Y)), sample * n_out)
                target = offset(real(get(plan, BATCH_Y)), i * out_row)
                for j in range(n_out):
                    put(target, j, get(source, j))
            if get(plan, WEIGHTS) != 0:
                weight = number(get(doubles(get(plan, WEIGHTS)), sample))
                put(real(get(plan, BATCH_WEIGHTS)), i, weight)

    @compiled
    def lose(plan: Any, first: Any, count: Any) -> None:
        """Losses and delta^L of some rows; where they are weighted, delta^L is w_i delta^L."""
        last = offset(plan, TABLE + (get(plan, LAYERS) - 1) * STRIDE)
        n, row = get(last, N_OUT), get(last, ROW)
        a = offset(real(get(last, A)), first * row)
        d = offset(real(get(last, D)), first * row)
        losses = offset(real(get(plan, LOSSES)), first)
        y_row = 1 if get(plan, LABELS) != 0 else row
        jacobian = get(last, JACOBIAN)
        if jacobian != 0:
            for i in range(count * row):
                put(d, i, one)
        settings = doubles(get(plan, LOSS_SETTINGS))
        if get(plan, LABELS) != 0:
            labels = offset(integers(get(plan, BATCH_Y)), first)
            raised = call(get(plan, LOSS), (count, n, row, a, d, labels, losses, settings))
        else:
            y = offset(real(get(plan, BATCH_Y)), first * y_row)
            raised = call(get(plan, LOSS), (count, n, row, a, d, y, losses, settings))
        if raised != 0:
            put(plan, STATUS, RAISED)
            return
        bad = unmarked(zero)
        for i in range(count):
            line = offset(d, i * row)
            if jacobian != 0:
                call(jacobian, (n, offset(a, i * row), line, line))
            if get(plan, WEIGHTS) != 0:
                weight = get(real(get(plan, BATCH_WEIGHTS)), first + i)
                for j in range(n):
                    put(line, j, weight * get(line, j))
            for j in range(n):
                bad = mark(bad, get(line, j))
            bad = mark(bad, get(losses, i))
        if bad:
            put(plan, STATUS, FORWARD_NOT_FINITE)

    @compiled
    def penalty_chunks(plan: Any) -> Any:
        """How many chunks of weights the penalty sums up."""
        chunks = 0
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
    def cost_of(plan: Any) -> Any:
        """The sum of w_i L_i in order, shard by shard in a tree, and the penalty's share."""
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
        if get(plan, L2) != 0:
            squares = 0.0
            for chunk in range(penalty_chunks(plan)):
                squares += get(doubles(get(plan, PENALTIES)), chunk)
            l2 = get(doubles(get(plan, MOMENT)), M_L2)
            cost += get(doubles(get(plan, BATCH_TOTAL)), 0) * (0.5 * l2 * squares)
        return cost

    @compiled
    def gradients_part(plan: Any, part: Any, scratch: Any) -> None:
        """A part of the last phase: layers from the last, and of each its weights, its biases."""
        index = get(plan, LAYERS) - 1
        layer = offset(plan, TABLE + index * STRIDE)
        while part >= get(layer, G_PARTS):
            part -= get(layer, G_PARTS)
            index -= 1
            layer = offset(plan, TABLE + index * STRIDE)
        across = (get(layer, N_IN) + get(layer, G_COLUMNS) - 1) // get(layer, G_COLUMNS)
        down = (get(layer, N_OUT) + get(layer, G_ROWS) - 1) // get(layer, G_ROWS)
        if part == across * down:
            work.bias_gradient(plan, layer, scratch)
        else:
            top = part % down * get(layer, G_ROWS)
            work.gradient(plan, layer, top, part // down * get(layer, G_COLUMNS), scratch)

    @compiled
    def step(plan: Any, team: Any, threads: Any, thread: Any, scratch: Any) -> Any:
        """One batch; returns the status."""
        if thread == 0:
            begin(plan)
        status = meet(plan, team, threads)
        count, layers, epoch = get(plan, BATCH_N), get(plan, LAYERS), get(plan, EPOCH)
        if get(doubles(get(plan, BATCH_TOTAL)), 0) == 0.0:  # no sample counts
            meet(plan, team, threads)
            if thread == 0:
                finish(plan, 0.0)
            return meet(plan, team, threads)
        pieces = (count + GATHERED - 1) // GATHERED
        part = claim(team, threads, -1)
        while part < pieces:
            first = part * GATHERED
            gather(plan, first, GATHERED if count - first > GATHERED else count - first)
            part = claim(team, threads, part)
        for index in range(layers):
            layer = offset(plan, TABLE + index * STRIDE)
            status = meet(plan, team, threads)
            rows, columns, n = get(layer, F_ROWS), get(layer, F_COLUMNS), get(layer, N_OUT)
            down = (count + rows - 1) // rows
            pieces = down * ((n + columns - 1) // columns)
            dropped = index + 1 if index + 1 < layers and get(plan, DROPOUT) != 0 else 0
            part = claim(team, threads, -1)
            while part < pieces:
                top, first = part % down * rows, part // down * columns
                work.forward(
                    plan,
                    layer,
                    dropped,
                    epoch,
                    top,
                    rows if count - top > rows else count - top,
                    first,
                    columns if n - first > columns else n - first,
                    scratch,
                )
                part = claim(team, threads, part)
        status = meet(plan, team, threads)
        pieces = (count + LOST - 1) // LOST
        chunks = penalty_chunks(plan) if get(plan, L2) != 0 else 0
        part = claim(team, threads, -1)
        while part < pieces + chunks:
            if part < chunks:
                penalize(plan, part)
            else:
                first = (part - chunks) * LOST
                lose(plan, first, LOST if count - first > LOST else count - first)
            part = claim(team, threads, part)
        status = meet(plan, team, threads)
        if status != RUNNING:
            return status
        for back in range(1, layers):
            index = layers - back
            layer, below = (
                offset(plan, TABLE + index * STRIDE),
                offset(plan, TABLE + (index - 1) * STRIDE),
            )
            rows, columns, n = get(layer, B_ROWS), get(layer, B_COLUMNS), get(layer, N_IN)
            down = (count + rows - 1) // rows
            pieces = down * ((n + columns - 1) // columns)
            dropped = index if get(plan, DROPOUT) != 0 else 0
            part = claim(team, threads, -1)
            while part < pieces:
                top, first = part % down * rows, part // down * columns
                work.backward(
                    plan,
                    layer,
                    below,
                    dropped,
                    epoch,
                    top,
                    rows if count - top > rows else count - top,
                    first,
                    columns if n - first > columns else n - first,
                    scratch,
                )
                part = claim(team, threads, part)
            status = meet(plan, team, threads)
            if status != RUNNING:
                return status
        pieces = 0
        for index in range(layers):
            pieces += get(plan, TABLE + index * STRIDE + G_PARTS)
        cost = cost_of(plan) if thread == 0 else 0.0
        part = claim(team, threads, -1)
        while part < pieces:
            gradients_part(plan, part, scratch)
            part = claim(team, threads, part)
        meet(plan, team, threads)
        if thread == 0:
            finish(plan, cost)
            if get(plan, UPDATE_FLAG) != 0:
                put(plan, STATUS, UPDATE_NOT_FINITE)
        return meet(plan, team, threads)

    def run(plan: Any, thread: Any) -> None:
        team = integers(get(plan, TEAM))
        wait_for_start(team)
        threads = get(plan, THREADS)
        if thread >= threads:
            return
        scratch = get(plan, SCRATCH) + thread * get(plan, SCRATCH_BYTES)
        left = get(plan, LAST) - get(plan, NOW)
        meet(plan, team, threads)
        while left > 0:
            if step(plan, team, threads, thread, scratch) != RUNNING:
                return
            left -= 1

    return run, [types.CPointer(types.int64), types.int64]
