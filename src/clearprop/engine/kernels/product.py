"""Matrix products C = A B of any size, from tiles.

k is cut into blocks of `BLOCK`; each element of a block's product is one chain of fused
multiply-adds from +0, in order; blocks are added in order, the bias last. So the bits depend
on nothing but the numbers: not on tiles, vector widths or who computes which part.

B is read in panels of two vectors' width. C belongs to the engine, and its rows have room for
whole vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from numba import types

from clearprop.engine.kernels.arguments import Count, Reals
from clearprop.engine.kernels.decorators import compiled
from clearprop.engine.kernels.machine import vectors_held
from clearprop.engine.kernels.pointers import linked, offset, real_pointer
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.kernels.tile import make_tile

BLOCK = 256
"""k is cut every so many: a constant of the numerics."""


def _make_panel(vectors: int, precision: Precision) -> Callable[..., None]:
    """Return the product of all rows of A with one panel of B, of one or two vectors.

    Rows go through in the tallest tiles that the registers hold, what remains in shorter ones.
    """
    tallest = 12 if vectors_held() == 32 else 6
    tall, of_4, of_2, of_1 = (make_tile(rows, vectors, precision) for rows in (tallest, 4, 2, 1))

    @compiled
    def panel(
        k: Count,
        m: Count,
        a: Reals,
        a_row: Count,
        a_step: Count,
        b: Reals,
        b_step: Count,
        c: Reals,
        c_row: Count,
        mode: Count,
    ) -> None:
        while m >= tallest:
            tall(k, a, a_row, a_step, b, b_step, c, c_row, mode)
            a, c, m = offset(a, tallest * a_row), offset(c, tallest * c_row), m - tallest
        while m >= 4:
            of_4(k, a, a_row, a_step, b, b_step, c, c_row, mode)
            a, c, m = offset(a, 4 * a_row), offset(c, 4 * c_row), m - 4
        if m >= 2:
            of_2(k, a, a_row, a_step, b, b_step, c, c_row, mode)
            a, c, m = offset(a, 2 * a_row), offset(c, 2 * c_row), m - 2
        if m == 1:
            of_1(k, a, a_row, a_step, b, b_step, c, c_row, mode)

    return panel


@cache
def block_product(precision: Precision) -> Callable[..., int]:
    """Return what calls a precision's product of one block of k.

    It takes (k, m, n, a, a_row, a_step, b, b_panel, b_step, c, c_row, mode): the sizes, A m by
    k and B k by n; A's address, the distance of its rows and of its columns; B's address, the
    distance of its panels, and of the rows of a panel; C's; and `tile.ADD`, `tile.ROW`.
    """
    return linked("product.block", precision, _arguments(precision))


def _arguments(precision: Precision) -> list[Any]:
    number, pointer = types.int64, real_pointer(precision)
    a, b, c = [pointer, number, number], [pointer, number, number], [pointer, number]
    return [number, number, number, *a, *b, *c, number]


def build(name: str, precision: Precision) -> tuple[Callable[..., None], list[Any]]:
    """Return the kernel "block"; see `block_product`."""
    lane, width = precision.lanes, precision.panel_width
    wide, narrow = _make_panel(2, precision), _make_panel(1, precision)

    def product(
        k: Count,
        m: Count,
        n: Count,
        a: Reals,
        a_row: Count,
        a_step: Count,
        b: Reals,
        b_panel: Reals,
        b_step: Count,
        c: Reals,
        c_row: Count,
        mode: Count,
    ) -> None:
        while n > 0:
            if n > lane:
                wide(k, m, a, a_row, a_step, b, b_step, c, c_row, mode)
            else:
                narrow(k, m, a, a_row, a_step, b, b_step, c, c_row, mode)
            b, c, n = offset(b, b_panel), offset(c, width), n - width

    return product, _arguments(precision)
