"""z = W a + b, with W^T packed for this product alone, or beforehand.

k is cut in blocks. A panel of W^T holds one row more than k: the biases, in the last block, which
the product adds in the end.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from clearprop.engine.kernels.arguments import Address, Count, Reals
from clearprop.engine.kernels.decorators import compiled
from clearprop.engine.kernels.packing import make_copy_some, packing
from clearprop.engine.kernels.parts import padded, part_size, parts_of
from clearprop.engine.kernels.pointers import offset, reals
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.kernels.product import BLOCK, block_product
from clearprop.engine.kernels.tile import ADD
from clearprop.engine.kernels.tile import ROW as WITH_ROW


class Affine(NamedTuple):
    """The compiled functions of a precision; see below."""

    panel_size: Callable[..., int]
    pack: Callable[..., None]
    affine: Callable[..., None]


@cache
def make_affine(precision: Precision) -> Affine:
    """Return the functions of a precision."""
    product, width = block_product(precision), precision.panel_width
    pack_columns = packing(precision).columns
    lane, real = precision.lanes, reals(precision)
    copy_some = make_copy_some(precision)

    @compiled
    def panel_size(k: Count) -> Count:
        """Numbers of a panel: k rows, the biases, and what transposes of squares write beyond."""
        return (k + 1 if k % lane == 0 else padded(k, lane)) * width

    @compiled
    def pack(
        n_in: Count,
        start: Count,
        k: Count,
        first: Count,
        columns: Count,
        w: Reals,
        b: Address,
        packed: Reals,
    ) -> None:
        """Pack k columns of W from `start` on, its rows from `first` on; biases if b is not 0."""
        panel = panel_size(k)
        pack_columns(offset(w, first * n_in + start), n_in, k, columns, packed, panel)
        if b != 0 and start + k == n_in:
            j = 0
            while j < columns:
                some = part_size(columns, lane, j)
                at = j // width * panel + k * width + j % width
                copy_some(offset(real(b), first + j), offset(packed, at), some)
                j += lane

    @compiled
    def affine(
        n_in: Count,
        first: Count,
        columns: Count,
        w: Reals,
        b: Address,
        rows: Count,
        a_in: Reals,
        a_row: Count,
        out: Reals,
        out_row: Count,
        packed: Reals,
        ready: Count,
    ) -> None:
        """Write z to columns of `out` from `first` on; with `ready`, W is packed already."""
        start = 0
        while start < n_in:
            k = part_size(n_in, BLOCK, start)
            if ready == 0:
                pack(n_in, start, k, first, columns, w, b, packed)
            mode = ADD if start else 0
            if b != 0 and start + k == n_in:
                mode |= WITH_ROW
            panel = panel_size(k)
            product(
                k,
                rows,
                columns,
                offset(a_in, start),
                a_row,
                1,
                packed,
                panel,
                width,
                offset(out, first),
                out_row,
                mode,
            )
            if ready != 0:
                packed = offset(packed, parts_of(columns, width) * panel)
            start += k

    return Affine(panel_size, pack, affine)
