"""Memory for a plan: where batches, activations and deltas lie, and how phases are cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.settings import RunSettings
from clearprop.errors import ArgumentError

Array = NDArray[Any]

LINE_BYTES = 64
"""Of a cache line: where arrays of the engine begin."""

HALF_L2 = 128 << 10
"""Bytes of a packed block of weights, so that it stays in the second-level cache."""

K_BLOCK = 256
"""`clearprop.engine.kernels.product.BLOCK`; a test says so."""

TILE_ROWS = 24
"""`clearprop.engine.kernels.gradients.TILE_ROWS`; a test says so."""

G_STEP = 48
"""Rows of a gradient's part are a multiple of it: of tiles, and of every vector's numbers."""

FUSED_BYTES = 768 << 10
"""Bytes of all packed weights, and of a batch's widest activations, up to which a step is fused:
they stay in the second-level cache."""


def aligned_zeros(count: int, dtype: Any) -> Array:
    """Return an array of zeros that begins at a cache line."""
    size = np.dtype(dtype).itemsize
    try:
        raw = np.zeros(count * size + LINE_BYTES, np.uint8)
    except (MemoryError, ValueError):
        raise ArgumentError(
            f"a run's arrays need {count * size / 1e9:,.0f} GB of memory, which there are not: "
            "take a smaller batch_size, or fewer threads"
        ) from None
    start = -raw.ctypes.data % LINE_BYTES
    return raw[start : start + count * size].view(dtype)


def padded(count: int, step: int) -> int:
    """Return the multiple of `step` from `count` on."""
    return -(-count // step) * step


def thread_bytes(needed: int) -> int:
    """Return the bytes of a thread's room: whole pages, so that threads share none."""
    return padded(needed + LINE_BYTES, 4096)


def row_length(n: int, precision: Precision) -> int:
    """Return the distance of rows of n numbers: whole vectors, and no power of two.

    Rows that lie 256 bytes or a multiple of it apart would share few lines of a cache.
    """
    length = padded(n, precision.lanes)
    if length * precision.itemsize % 256 == 0:
        length += LINE_BYTES // precision.itemsize
    return length


@dataclass
class Plan:
    """The array that compiled code is told, and the arrays whose addresses it holds."""

    layers: int
    numbers: NDArray[np.int64] = field(init=False)
    address: int = field(init=False)
    arrays: dict[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.numbers = aligned_zeros(P.TABLE + P.STRIDE * self.layers, np.int64)
        self.address = self.numbers.ctypes.data
        self[P.LAYERS] = self.layers

    def __getitem__(self, slot: int) -> int:
        return int(self.numbers[slot])

    def __setitem__(self, slot: int, value: int) -> None:
        self.numbers[slot] = value

    def line(self, layer: int) -> NDArray[np.int64]:
        """Return the line of a layer, counted from 0."""
        start = P.TABLE + P.STRIDE * layer
        return self.numbers[start : start + P.STRIDE]

    def give(self, slot: int, name: str, array: Array) -> Array:
        """Write the address of an array, and keep it alive."""
        self.arrays[name] = array
        self[slot] = array.ctypes.data
        return array

    def make(self, name: str, count: int, dtype: Any) -> int:
        """Return the address of so many zeros, which are kept."""
        array = self.arrays[name] = aligned_zeros(count, dtype)
        return array.ctypes.data


@dataclass(frozen=True)
class Cut:
    """The largest part of a phase: so many rows and columns."""

    rows: int
    columns: int

    def parts(self, rows: int, columns: int) -> int:
        """Return how many parts that makes."""
        return -(-rows // self.rows) * -(-columns // self.columns)


def cut_product(k: int, rows: int, columns: int, threads: int, precision: Precision) -> Cut:
    """Cut a product with packed weights: columns first, so that each is packed once."""
    width = precision.panel_width
    fitting = HALF_L2 // precision.itemsize // (min(k, K_BLOCK) + 1) // width * width
    wide, tall = min(padded(columns, width), max(fitting, width)), min(rows, 256)
    while threads > 1 and Cut(tall, wide).parts(rows, columns) < 4 * threads:
        if wide > 2 * width:
            wide = padded(wide // 2, width)
        elif tall > 48:
            tall = padded(tall // 2, 12)
        else:
            break
    return Cut(tall, wide)


def cut_gradient(batch: int, rows: int, columns: int, threads: int, precision: Precision) -> Cut:
    """Cut a gradient (rows = n_out, columns = n_in), whose samples are packed by columns."""
    width = precision.panel_width
    fitting = 2 * HALF_L2 // precision.itemsize // batch // width * width
    wide = min(padded(columns, width), max(fitting, 2 * width))
    tall = padded(rows, G_STEP)
    while threads > 1 and Cut(tall, wide).parts(rows, columns) < 4 * threads:
        if tall > 2 * G_STEP:
            tall = padded(tall // 2, G_STEP)
        elif wide > 4 * width:
            wide = padded(wide // 2, width)
        elif tall > G_STEP:
            tall = padded(tall // 2, G_STEP)
        else:
            break
    return Cut(tall, wide)


def cut_fused_gradient(
    rows: int, columns: int, layers: int, threads: int, precision: Precision
) -> Cut:
    """Cut a gradient into rows: some parts a thread, of all layers together."""
    width = precision.panel_width
    parts = 1 if threads == 1 else -(-4 * threads // layers)
    return Cut(padded(-(-rows // parts), width), padded(columns, width))


def panels_forward(n_in: int, n_out: int, precision: Precision) -> int:
    """Return the numbers of W packed for forward: `clearprop.engine.kernels.affine`."""
    lane, wide = precision.lanes, padded(n_out, precision.panel_width)
    blocks = [min(K_BLOCK, n_in - start) for start in range(0, n_in, K_BLOCK)]
    return wide * sum(k + 1 if k % lane == 0 else padded(k, lane) for k in blocks)


def panels_backward(n_in: int, n_out: int, precision: Precision) -> int:
    """Return the numbers of W packed for backward."""
    return n_out * padded(n_in, precision.panel_width)


def cut_rows(batch: int, threads: int) -> int:
    """Return how many rows go through all layers together, so that threads end at one time.

    Tiles have 12 rows (or 6); others are lower, and cost a little more. A block costs about as
    much beside as two rows do.
    """

    def cost(rows: int) -> float:
        return rows + 0.5 * (rows % 12 != 0) + 2

    def turns(rows: int) -> float:
        blocks = [rows] * (batch // rows) + [batch % rows] * (batch % rows > 0)
        dealt = [len(blocks) * member // threads for member in range(threads + 1)]
        return max(sum(map(cost, blocks[a:b])) for a, b in pairwise(dealt))

    candidates = {min(rows, batch) for rows in range(4, 100, 4)}
    return min(candidates, key=lambda rows: (turns(rows), rows))


def is_fused(sizes: Sequence[int], batch: int, precision: Precision) -> bool:
    """Whether weights, packed for forward and backward, and activations stay near the cores."""
    pairs = list(pairwise(sizes))
    numbers = sum(panels_forward(*pair, precision) for pair in pairs)
    numbers += sum(panels_backward(*pair, precision) for pair in pairs[1:])
    widest = batch * max(row_length(n, precision) for n in sizes)
    return max(numbers, widest) * precision.itemsize <= FUSED_BYTES


def most_threads(sizes: Sequence[int], batch: int, precision: Precision) -> int:
    """Return how many threads have something to do while a fused step updates."""
    if not is_fused(sizes, batch, precision):
        return max(sizes) * batch
    weights = [n_in * n_out for n_in, n_out in pairwise(sizes)]
    width = precision.panel_width  # rows of W^l that cannot be shared out
    largest = max(n_in * min(n_out, width) for n_in, n_out in pairwise(sizes))
    return max(1, round(sum(weights) / largest))


def phase_rooms(
    line: NDArray[np.int64],
    is_first: bool,
    batch: int,
    shards: int,
    precision: Precision,
    drops: tuple[bool, bool],
) -> dict[str, int]:
    """Return how many numbers of a thread's room each phase of a layer, which is cut, takes.

    Where steps are fused, weights lie packed elsewhere. `drops` says whether this layer's units are
    dropped, and those of one below whose activation takes whole rows.
    """
    n_in, n_out, lanes = int(line[P.N_IN]), int(line[P.N_OUT]), precision.lanes
    width, fused = precision.panel_width, line[P.PACKED_F] != 0
    f_columns, b_columns = min(int(line[P.F_COLUMNS]), n_out), min(int(line[P.B_COLUMNS]), n_in)
    g_rows, g_columns = min(int(line[P.G_ROWS]), n_out), min(int(line[P.G_COLUMNS]), n_in)
    word = 8 // precision.itemsize  # random bits are kept in 8 bytes a unit, four units at a time
    deltas = min(int(line[P.B_ROWS]), batch) * padded(b_columns, lanes)
    levels = 1 + (shards - 1).bit_length()  # of sums of shards that wait to be added
    sums = levels * padded(g_columns, lanes)
    rooms = {
        "forward": 0 if fused else panels_forward(min(n_in, K_BLOCK), f_columns, precision),
        "gradient": sums * min(TILE_ROWS, g_rows) if line[P.G_DIRECT] else
        sums * TILE_ROWS + lanes + batch * padded(g_columns, width),
        "bias gradient": 16 + levels * padded(g_rows, lanes),
    }  # fmt: skip
    if drops[0]:
        rooms["dropout"] = 2 * n_out + 32 + word * padded(n_out, 4)
    if not is_first:
        panels = 0 if fused else min(n_out, K_BLOCK) * padded(b_columns, width)
        rooms["backward"] = deltas + panels
    if drops[1]:
        rooms["dropout of deltas"] = deltas + n_in // 2 * 2 + 32 + word * padded(n_in, 4)
    return rooms


def lay_out_layers(
    plan: Plan,
    sizes: Sequence[int],
    batch: int,
    shards: int,
    threads: int,
    precision: Precision,
    row_wise: Sequence[bool],
) -> None:
    """Give every layer its activations and deltas, cut its phases, and make room for threads.

    `row_wise` says of each layer whether its activation takes whole rows.
    """
    dtype, size = precision.storage, precision.itemsize
    width = precision.panel_width
    rows_of = [row_length(n, precision) for n in sizes]
    scratch, dropout = 0, plan[P.DROP_ROWS] != 0
    fused = is_fused(sizes, batch, precision)
    plan[P.FUSED] = fused
    if fused:
        plan[P.BLOCK_ROWS] = cut_rows(batch, threads)
    plan.give(P.BATCH_X, "a0", aligned_zeros(batch * rows_of[0], dtype))
    for layer, (n_in, n_out) in enumerate(pairwise(sizes)):
        line = plan.line(layer)
        line[P.N_IN], line[P.N_OUT] = n_in, n_out
        line[P.A_IN], line[P.A_IN_ROW] = plan.arrays[f"a{layer}"].ctypes.data, rows_of[layer]
        for slot, symbol in ((P.A, "a"), (P.D, "delta")):
            line[slot] = plan.make(f"{symbol}{layer + 1}", batch * rows_of[layer + 1], dtype)
        line[P.ROW] = rows_of[layer + 1]
        forward = cut_product(n_in, batch, n_out, threads, precision)
        backward = cut_product(n_out, batch, n_in, threads, precision)
        if row_wise[layer]:
            forward = Cut(forward.rows, padded(n_out, width))
        if layer and row_wise[layer - 1]:
            backward = Cut(backward.rows, padded(n_in, width))
        if fused:
            line[P.PACKED_F] = plan.make(
                f"W{layer + 1} forward", panels_forward(n_in, n_out, precision), dtype
            )
            line[P.PACKED_B] = 0
            if layer:
                line[P.PACKED_B] = plan.make(
                    f"W{layer + 1} backward", panels_backward(n_in, n_out, precision), dtype
                )
            gradient = cut_fused_gradient(n_out, n_in, len(sizes) - 1, threads, precision)
            backward = Cut(plan[P.BLOCK_ROWS], padded(n_in, width))
        else:
            gradient = cut_gradient(batch, n_out, n_in, threads, precision)
        line[P.F_ROWS], line[P.F_COLUMNS] = forward.rows, forward.columns
        line[P.B_ROWS], line[P.B_COLUMNS] = backward.rows, backward.columns
        line[P.G_ROWS], line[P.G_COLUMNS] = gradient.rows, gradient.columns
        line[P.G_PARTS] = gradient.parts(n_out, n_in)
        line[P.G_DIRECT] = fused or batch * rows_of[layer] * size <= HALF_L2
        below = layer > 0 and row_wise[layer - 1]
        drops = dropout and layer + 2 < len(sizes), dropout and below
        rooms = phase_rooms(line, layer == 0, batch, shards, precision, drops)
        scratch = max(scratch, *rooms.values())
    plan[P.SCRATCH_BYTES] = thread_bytes(scratch * size)
    plan.give(P.SCRATCH, "scratch", aligned_zeros(threads * plan[P.SCRATCH_BYTES] // 8, np.int64))


def lay_out_batch(
    plan: Plan, sizes: Sequence[int], batch: int, labels: bool, precision: Precision
) -> None:
    """Make room for a batch: its rows, targets, weights, losses and the parts of its penalty.

    The layers are laid out before.
    """
    dtype, row = precision.storage, int(plan.line(len(sizes) - 2)[P.ROW])
    plan.give(P.BATCH_ROWS, "batch rows", aligned_zeros(batch, np.int64))
    plan.give(P.SHARD_STARTS, "shard starts", aligned_zeros(plan[P.SHARDS] + 1, np.int64))
    plan.give(P.SHARD_COSTS, "shard costs", aligned_zeros(plan[P.SHARDS], np.float64))
    targets = aligned_zeros(batch, np.int64) if labels else aligned_zeros(batch * row, dtype)
    plan.give(P.BATCH_Y, "batch y", targets)
    plan.give(P.BATCH_WEIGHTS, "batch weights", aligned_zeros(batch, dtype))
    plan.give(P.LOSSES, "losses", aligned_zeros(batch, dtype))
    plan.give(P.BATCH_TOTAL, "batch total", aligned_zeros(3, np.float64))
    chunks = sum(-(-n * m // P.CHUNK) for n, m in pairwise(sizes))
    plan.give(P.PENALTIES, "penalties", aligned_zeros(chunks, np.float64))


def lay_out_order(plan: Plan, n: int, shuffle: bool) -> None:
    """Make room for an epoch's order, and for drawing it."""
    plan.give(P.ORDER, "order", aligned_zeros(n, np.int64))
    plan.give(P.SORTING, "sorting", aligned_zeros(4 * n + 2 if shuffle else 0, np.int64))


def lay_out_run(
    plan: Plan,
    sizes: Sequence[int],
    n: int,
    batch: int,
    settings: RunSettings,
    labels: bool,
    threads: int,
    precision: Precision,
    row_wise: Sequence[bool],
) -> None:
    """Make all the room that a training run on n rows needs, `batch` of them at a time."""
    plan.give(P.TEAM, "team", aligned_zeros(P.team_size(threads), np.int64))
    lay_out_order(plan, n, settings.draws_order(n))
    lay_out_layers(plan, sizes, batch, settings.shards, threads, precision, row_wise)
    lay_out_batch(plan, sizes, batch, labels, precision)
