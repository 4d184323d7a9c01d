"""Intrinsics: what Python has no word for, as LLVM instructions.

A fused multiply-add rounds once. LLVM may not make or break one on its own here (no
`fastmath`), and turns loops of these scalars into vectors of any width with the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_FLOATS = {32: (types.float32, types.int32, ir.FloatType(), ir.IntType(32)),
           64: (types.float64, types.int64, ir.DoubleType(), ir.IntType(64))}  # fmt: skip


def _emit_fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    name = f"llvm.fma.f{32 if isinstance(a.type, ir.FloatType) else 64}"
    module = builder.module
    function = module.globals.get(name) or ir.Function(
        module, ir.FunctionType(a.type, [a.type] * 3), name=name
    )
    return builder.call(function, [a, b, c])


@intrinsic
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a b + c, rounded once; all of one floating type."""
    if not (a == b == c and a in (types.float32, types.float64)):
        raise TypeError(f"fma takes three numbers of one floating type, not {a}, {b}, {c}")

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _emit_fma(builder, *arguments)

    return a(a, b, c), code


_MANTISSA = {32: 23, 64: 52}
_BIAS = {32: 127, 64: 1023}
_TWO_THIRDS = {32: 0x3F2AAAAB, 64: 0x3FE5555555555555}


@intrinsic
def times_power_of_two(typing: Any, y: Any, shifted: Any) -> Any:
    """Return y 2^n for the n in the low bits of ``shifted = n + 1.5 * 2^mantissa``.

    In two steps, so that the largest and the subnormal numbers come out, rounded once.
    """
    _, _, real, word = _FLOATS[y.bitwidth]
    mantissa, bias = _MANTISSA[y.bitwidth], _BIAS[y.bitwidth]
    magic = ((bias + mantissa) << mantissa) | (1 << (mantissa - 1))

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def power(exponent: Any) -> Any:
            biased = builder.add(exponent, ir.Constant(word, bias))
            return builder.bitcast(builder.shl(biased, ir.Constant(word, mantissa)), real)

        value, t = arguments
        n = builder.sub(builder.bitcast(t, word), ir.Constant(word, magic))
        half = builder.ashr(n, ir.Constant(word, 1))
        value = builder.fmul(value, power(half))
        return builder.fmul(value, power(builder.sub(n, half)))

    return y(y, shifted), code


def _exponent_bits(builder: Any, x: Any, bits: int, word: Any) -> Any:
    """Emit e 2^mantissa, as an integer, for x = m 2^e with m in [2/3, 4/3)."""
    mask = ir.Constant(word, -(1 << _MANTISSA[bits]))
    offset = builder.sub(builder.bitcast(x, word), ir.Constant(word, _TWO_THIRDS[bits]))
    return builder.and_(offset, mask)


@intrinsic
def exponent_of(typing: Any, x: Any) -> Any:
    """Return e, as a float, for normal x = m 2^e > 0 with m in [2/3, 4/3)."""
    bits = x.bitwidth
    _, _, real, word = _FLOATS[bits]

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        shifted = _exponent_bits(builder, arguments[0], bits, word)
        e = builder.ashr(shifted, ir.Constant(word, _MANTISSA[bits]))
        return builder.sitofp(e, real)

    return x(x), code


@intrinsic
def mantissa_of(typing: Any, x: Any) -> Any:
    """Return m in [2/3, 4/3) for normal x = m 2^e > 0."""
    bits = x.bitwidth
    _, _, real, word = _FLOATS[bits]

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        shifted = _exponent_bits(builder, arguments[0], bits, word)
        return builder.bitcast(builder.sub(builder.bitcast(arguments[0], word), shifted), real)

    return x(x), code


def polynomial(coefficients: Sequence[float], bits: int) -> Callable[[Any], Any]:
    """Return a compiled c_0 + x (c_1 + x (c_2 + ...)), one chain of fused multiply-adds.

    Parameters
    ----------
    coefficients : sequence of float
        c_0, c_1, ..., rounded to the type.
    bits : {32, 64}
        Of the floating type of x.
    """
    number, _, real, _ = _FLOATS[bits]

    @intrinsic
    def chain(typing: Any, x: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            constants = [ir.Constant(real, float(c)) for c in coefficients]
            value = constants[-1]
            for constant in constants[-2::-1]:
                value = _emit_fma(builder, value, arguments[0], constant)
            return value

        return number(number), code

    return chain


@intrinsic
def mark(typing: Any, marked: Any, x: Any) -> Any:
    """Return 1 if marked is 1, or x is NaN or infinite (all bits of its exponent are set).

    As wide as x is, so that loops that mark become vectors; begin with `unmarked`.
    """
    bits = x.bitwidth
    _, number, _, word = _FLOATS[bits]
    mask = ir.Constant(word, ((1 << (bits - 1 - _MANTISSA[bits])) - 1) << _MANTISSA[bits])

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        exponent = builder.and_(builder.bitcast(arguments[1], word), mask)
        found = builder.zext(builder.icmp_unsigned("==", exponent, mask), word)
        return builder.or_(arguments[0], found)

    return number(number, x), code


@intrinsic
def unmarked(typing: Any, x: Any) -> Any:
    """Return the 0 that marking numbers of x's type begins with."""
    _, number, _, word = _FLOATS[x.bitwidth]

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return ir.Constant(word, 0)

    return number(x), code


@intrinsic
def square_root(typing: Any, x: Any) -> Any:
    """Return the root of x, rounded correctly, as one instruction."""
    _, _, real, _ = _FLOATS[x.bitwidth]

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        name = f"llvm.sqrt.f{x.bitwidth}"
        function = builder.module.globals.get(name) or ir.Function(
            builder.module, ir.FunctionType(real, [real]), name=name
        )
        return builder.call(function, arguments)

    return x(x), code
