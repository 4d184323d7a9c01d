"""How panels of B are packed: copies and transposes in registers, with care at the edges.

A panel holds `width` columns of B, row after row, and zeros where the matrix ends: so products
read whole vectors and never past an array.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from clearprop.engine.kernels.arguments import Count, Reals
from clearprop.engine.kernels.pointers import linked, offset, real_pointer
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.kernels.tile import Emitter

_INT = ir.IntType(64)


def make_copy(precision: Precision) -> Callable[..., None]:
    """Return the intrinsic that copies one vector: (source, target)."""

    @intrinsic
    def copy(typing: Any, source: Any, target: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            emit, zero = Emitter(builder, precision), ir.Constant(_INT, 0)
            emit.store(emit.load(arguments[0], zero), arguments[1], zero)
            return context.get_dummy_value()

        return types.void(real_pointer(precision), real_pointer(precision)), code

    return copy


def make_copy_some(precision: Precision) -> Callable[..., None]:
    """Return the intrinsic that writes one vector, `count` numbers and zeros.

    It takes (source, target, count), and reads nothing beyond `count`.
    """

    @intrinsic
    def copy_some(typing: Any, source: Any, target: Any, count: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            emit, zero = Emitter(builder, precision), ir.Constant(_INT, 0)
            emit.store(emit.load_some(arguments[0], zero, arguments[2]), arguments[1], zero)
            return context.get_dummy_value()

        return types.void(real_pointer(precision), real_pointer(precision), types.int64), code

    return copy_some


def _transposed(builder: Any, rows: list[Any]) -> list[Any]:
    """Exchange blocks of 1, 2, 4, ... off the diagonal, by shuffles of two rows."""
    lane = len(rows)
    mask = ir.VectorType(ir.IntType(32), lane)
    half = 1
    while half < lane:
        upper = [k if not k & half else lane + (k ^ half) for k in range(lane)]
        lower = [k | half if not k & half else lane + k for k in range(lane)]
        for i in range(lane):
            if not i & half:
                pair = rows[i], rows[i + half]
                rows[i] = builder.shuffle_vector(*pair, ir.Constant(mask, upper))
                rows[i + half] = builder.shuffle_vector(*pair, ir.Constant(mask, lower))
        half *= 2
    return rows


def make_transpose(precision: Precision) -> Callable[..., None]:
    """Return the intrinsic that transposes a square: as many rows as a vector has numbers.

    It takes (source, source_row, target, target_row): addresses and distances of rows.
    """

    @intrinsic
    def transpose(typing: Any, source: Any, source_row: Any, target: Any, target_row: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            source, source_row, target, target_row = arguments
            emit = Emitter(builder, precision)
            places = [ir.Constant(_INT, i) for i in range(emit.lanes)]
            rows = [emit.load(source, builder.mul(source_row, place)) for place in places]
            for row, place in zip(_transposed(builder, rows), places, strict=True):
                emit.store(row, target, builder.mul(target_row, place))
            return context.get_dummy_value()

        pointer = real_pointer(precision)
        return types.void(pointer, types.int64, pointer, types.int64), code

    return transpose


def make_transpose_some(precision: Precision) -> Callable[..., None]:
    """Return the intrinsic that transposes a part of a square, and zeros beside it.

    It takes (source, source_row, target, target_row, rows, columns), and reads nothing beyond
    these rows and columns; the whole square is written.
    """

    @intrinsic
    def transpose_some(
        typing: Any,
        source: Any,
        source_row: Any,
        target: Any,
        target_row: Any,
        rows: Any,
        columns: Any,
    ) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            source, source_row, target, target_row, rows, columns = arguments
            emit = Emitter(builder, precision)
            places = [ir.Constant(_INT, i) for i in range(emit.lanes)]
            none = ir.Constant(_INT, 0)
            parts = []
            for place in places:
                there = builder.icmp_signed("<", place, rows)
                count = builder.select(there, columns, none)
                start = builder.select(there, builder.mul(source_row, place), none)
                parts.append(emit.load_some(source, start, count))
            for row, place in zip(_transposed(builder, parts), places, strict=True):
                emit.store(row, target, builder.mul(target_row, place))
            return context.get_dummy_value()

        pointer, number = real_pointer(precision), types.int64
        return types.void(pointer, number, pointer, number, number, number), code

    return transpose_some


class Packing(NamedTuple):
    """The two ways to pack, for B = M and for B = M^T.

    Both take (source, source_row, k, n, panels, panel): the matrix and the distance of its rows
    there; the rows and columns of B; where panels go, and their distance. `columns` writes whole
    squares: a panel needs k rows, rounded up to a vector's numbers.
    """

    rows: Callable[..., int]
    columns: Callable[..., int]


@cache
def packing(precision: Precision) -> Packing:
    """Return what calls the packing of a precision."""
    names = "packing.rows", "packing.columns"
    return Packing(*(linked(name, precision, _arguments(precision)) for name in names))


def _arguments(precision: Precision) -> list[Any]:
    number, pointer = types.int64, real_pointer(precision)
    return [pointer, number, number, number, pointer, number]


def build(name: str, precision: Precision) -> tuple[Callable[..., None], list[Any]]:
    """Return a kernel: "rows" or "columns"; see `Packing`."""
    lane, width = precision.lanes, precision.panel_width
    copy, copy_some = make_copy(precision), make_copy_some(precision)
    transpose, transpose_some = make_transpose(precision), make_transpose_some(precision)

    def rows(
        source: Reals, source_row: Count, k: Count, n: Count, panels: Reals, panel: Reals
    ) -> None:
        first = 0
        while first + width <= n:
            for i in range(k):
                line, target = offset(source, i * source_row + first), offset(panels, i * width)
                copy(line, target)
                copy(offset(line, lane), offset(target, lane))
            panels = offset(panels, panel)
            first += width
        while first < n:  # the last panel, one vector at a time
            some = n - first if n - first < lane else lane
            for i in range(k):
                copy_some(offset(source, i * source_row + first), offset(panels, i * width), some)
            panels = offset(panels, lane)
            first += lane

    def columns(
        source: Reals, source_row: Count, k: Count, n: Count, panels: Reals, panel: Reals
    ) -> None:
        whole = k // lane * lane
        first = 0
        half = 0
        while first < n:  # `lane` columns of B, which are rows of the source
            line, target = offset(source, first * source_row), offset(panels, half)
            some = n - first
            if some >= lane:
                some = lane
                for i in range(0, whole, lane):
                    transpose(offset(line, i), source_row, offset(target, i * width), width)
            else:
                for i in range(0, whole, lane):
                    transpose_some(
                        offset(line, i), source_row, offset(target, i * width), width, some, lane
                    )
            if whole < k:
                transpose_some(
                    offset(line, whole),
                    source_row,
                    offset(target, whole * width),
                    width,
                    some,
                    k - whole,
                )
            first += lane
            half = lane - half
            if half == 0:
                panels = offset(panels, panel)

    return {"rows": rows, "columns": columns}[name], _arguments(precision)
