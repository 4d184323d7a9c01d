"""Weights of whole layers, packed for forward and backward, where a step is fused.

A thread packs rows of W^l: columns of the panels for forward, rows of those for backward.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.affine import make_affine
from clearprop.engine.kernels.arguments import Count, Line
from clearprop.engine.kernels.decorators import compiled
from clearprop.engine.kernels.packing import packing
from clearprop.engine.kernels.parts import padded, part_size, parts_of
from clearprop.engine.kernels.pointers import get, offset, reals
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.kernels.product import BLOCK


class PackedLayers(NamedTuple):
    """The compiled functions of a precision; see below."""

    rows: Callable[..., None]
    backward_block: Callable[..., Any]


@cache
def packing_of_layers(precision: Precision) -> PackedLayers:
    """Return the functions of a precision."""
    width, real = precision.panel_width, reals(precision)
    panel_size, pack_affine, _ = make_affine(precision)
    pack_rows = packing(precision).rows

    @compiled
    def backward_block(layer: Line, start: Count) -> Count:
        """The panels for backward of the rows of W^l from `start` on, a multiple of BLOCK."""
        across = padded(get(layer, P.N_IN), width)
        return offset(real(get(layer, P.PACKED_B)), start * across)

    @compiled
    def rows(layer: Line, top: Count, count: Count) -> None:
        """Pack rows of W^l and their biases; `top` is a multiple of a panel's width."""
        n_in, n_out = get(layer, P.N_IN), get(layer, P.N_OUT)
        w, b = real(get(layer, P.W)), get(layer, P.B)
        panels = real(get(layer, P.PACKED_F))
        start = 0
        while start < n_in:
            k = part_size(n_in, BLOCK, start)
            panel = panel_size(k)
            target = offset(panels, top // width * panel)
            pack_affine(n_in, start, k, top, count, w, b, target)
            panels = offset(panels, parts_of(n_out, width) * panel)
            start += k
        if get(layer, P.PACKED_B) == 0:
            return
        row = top
        while row < top + count:
            start = row // BLOCK * BLOCK
            k = part_size(n_out, BLOCK, start)
            some = start + k - row if start + k < top + count else top + count - row
            target = offset(backward_block(layer, start), (row - start) * width)
            pack_rows(offset(w, row * n_in), n_in, some, n_in, target, k * width)
            row += some

    return PackedLayers(rows, backward_block)
