"""Sums and maxima of a row, in sixteen chains: element j goes to chain j % 16.

The chains are joined in pairs that lie 8, 4, 2 and 1 apart. So the bits do not depend on the
width of a processor's vectors, and a sum takes a sixteenth of the time of one chain.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from clearprop.engine.kernels.intrinsics import number_type
from clearprop.engine.kernels.pointers import real_pointer
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.kernels.tile import Emitter

CHAINS = 16

Combine = Callable[[Any, Any, Any], Any]
Read = Callable[[Any, Any], Any]


def _add(builder: Any, x: Any, y: Any) -> Any:
    return builder.fadd(x, y)


def _larger(builder: Any, x: Any, y: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", y, x), y, x)


def _as_it_is(builder: Any, x: Any) -> Any:
    return x


def _zero_for_one(builder: Any, x: Any) -> Any:
    zero, one = (ir.Constant(x.type, [value] * CHAINS) for value in (0.0, 1.0))
    return builder.select(builder.fcmp_ordered("==", x, one), zero, x)


def _reduction(
    precision: Precision, start: float, combine: Combine, read: Read = _as_it_is
) -> Callable[..., Any]:
    """Return the intrinsic (pointer, count), which reads nothing beyond `count`, at least 1."""
    number = number_type(precision.accumulation)
    int64 = ir.IntType(64)

    @intrinsic
    def reduce(typing: Any, row: Any, count: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            row, count = arguments
            emit = Emitter(builder, precision, CHAINS)
            nothing = ir.Constant(emit.vector, [start] * CHAINS)
            step, zero = ir.Constant(int64, CHAINS), ir.Constant(int64, 0)
            before = builder.block
            loop, body, end = (builder.append_basic_block(name) for name in ("rows", "some", "end"))
            builder.branch(loop)
            builder.position_at_end(loop)
            at, chains = builder.phi(int64), builder.phi(emit.vector)
            at.add_incoming(zero, before)
            chains.add_incoming(nothing, before)
            following = builder.add(at, step)
            builder.cbranch(builder.icmp_signed("<=", following, count), body, end)
            builder.position_at_end(body)
            some = read(builder, emit.load(row, at))
            chains.add_incoming(combine(builder, chains, some), body)
            at.add_incoming(following, body)
            builder.branch(loop)
            builder.position_at_end(end)
            left = builder.sub(count, at)
            some = read(builder, emit.load_some(row, at, left))
            rest = builder.select(emit.mask(left), some, nothing)
            value = combine(builder, chains, rest)
            half = CHAINS // 2
            while half:
                mask = [lane + half if lane < half else lane for lane in range(CHAINS)]
                lanes = ir.Constant(ir.VectorType(ir.IntType(32), CHAINS), mask)
                value = combine(builder, value, builder.shuffle_vector(value, value, lanes))
                half //= 2
            return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))

        return number(real_pointer(precision), types.int64), code

    return reduce


@cache
def total_of(precision: Precision) -> Callable[..., Any]:
    """Return the sum of a row: (pointer, count)."""
    return _reduction(precision, 0.0, _add)


@cache
def others_of(precision: Precision) -> Callable[..., Any]:
    """Return the sum of those numbers of a row that are not 1: (pointer, count)."""
    return _reduction(precision, 0.0, _add, _zero_for_one)


@cache
def largest_of(precision: Precision) -> Callable[..., Any]:
    """Return the largest number of a row, any NaN passed over: (pointer, count)."""
    return _reduction(precision, float("-inf"), _larger)
