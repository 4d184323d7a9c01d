"""Intrinsics: what Python has no word for, as LLVM instructions.

A fused multiply-add rounds once. LLVM may not make or break one on its own here (no
`fastmath`), and turns loops of these scalars into vectors of any width with the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import from_dtype, types
from numba.extending import intrinsic


class Format(NamedTuple):
    """How the numbers of a floating type lie in their bits, which are a whole number, the word."""

    number: Any
    """LLVM's type of the numbers."""
    word: Any
    """LLVM's type of their words."""
    whole: Any
    """Numba's type of their words."""
    mantissa: int
    """Bits of the mantissa, the last of a word."""
    bias: int
    """What is added to an exponent; all its bits are 1 in twice that and one."""
    two_thirds: int
    """The word of 2/3."""


FORMATS = {
    types.float32: Format(ir.FloatType(), ir.IntType(32), types.int32, 23, 127, 0x3F2AAAAB),
    types.float64: Format(
        ir.DoubleType(), ir.IntType(64), types.int64, 52, 1023, 0x3FE5555555555555
    ),
}
"""Of Numba's floating types."""


def number_type(real: type[np.generic]) -> Any:
    """Return Numba's type for a NumPy scalar's."""
    return from_dtype(np.dtype(real))


def declared(builder: Any, name: str, result: Any, arguments: Sequence[Any]) -> Any:
    """Return the declaration of a function in the module that is being built."""
    found = builder.module.globals.get(name)
    return found or ir.Function(builder.module, ir.FunctionType(result, arguments), name=name)


def _emit_fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    letter = "f32" if isinstance(a.type, ir.FloatType) else "f64"
    function = declared(builder, f"llvm.fma.{letter}", a.type, [a.type] * 3)
    return builder.call(function, [a, b, c])


@intrinsic
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a b + c, rounded once; all of one floating type."""
    if not (a == b == c and a in FORMATS):
        raise TypeError(f"fma takes three numbers of one floating type, not {a}, {b}, {c}")

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _emit_fma(builder, *arguments)

    return a(a, b, c), code


@intrinsic
def magnitude(typing: Any, x: Any) -> Any:
    """Return |x|."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = FORMATS[x].number
        function = declared(builder, f"llvm.fabs.f{x.bitwidth}", kind, [kind])
        return builder.call(function, arguments)

    return x(x), code


@intrinsic
def with_sign_of(typing: Any, x: Any, y: Any) -> Any:
    """Return |x| with the sign of y, be it that of a zero."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = FORMATS[x].number
        function = declared(builder, f"llvm.copysign.f{x.bitwidth}", kind, [kind, kind])
        return builder.call(function, arguments)

    return x(x, y), code


@intrinsic
def times_power_of_two(typing: Any, y: Any, shifted: Any) -> Any:
    """Return y 2^n for the n in the low bits of ``shifted = n + 1.5 * 2^mantissa``.

    In two steps, so that the largest and the subnormal numbers come out, rounded once.
    """
    real, word, _, mantissa, bias, _ = FORMATS[y]
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


def _exponent_bits(builder: Any, x: Any, form: Format) -> Any:
    """Emit e 2^mantissa, as an integer, for x = m 2^e with m in [2/3, 4/3)."""
    mask = ir.Constant(form.word, -(1 << form.mantissa))
    offset = builder.sub(builder.bitcast(x, form.word), ir.Constant(form.word, form.two_thirds))
    return builder.and_(offset, mask)


@intrinsic
def exponent_of(typing: Any, x: Any) -> Any:
    """Return e, as a float, for normal x = m 2^e > 0 with m in [2/3, 4/3)."""
    form = FORMATS[x]

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        shifted = _exponent_bits(builder, arguments[0], form)
        e = builder.ashr(shifted, ir.Constant(form.word, form.mantissa))
        return builder.sitofp(e, form.number)

    return x(x), code


@intrinsic
def mantissa_of(typing: Any, x: Any) -> Any:
    """Return m in [2/3, 4/3) for normal x = m 2^e > 0."""
    form = FORMATS[x]

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        shifted = _exponent_bits(builder, arguments[0], form)
        mantissa = builder.sub(builder.bitcast(arguments[0], form.word), shifted)
        return builder.bitcast(mantissa, form.number)

    return x(x), code


def polynomial(coefficients: Sequence[float], real: type[np.generic]) -> Callable[[Any], Any]:
    """Return a compiled c_0 + x (c_1 + x (c_2 + ...)), one chain of fused multiply-adds.

    Parameters
    ----------
    coefficients : sequence of float
        c_0, c_1, ..., rounded to the type.
    real : type
        Of x, a NumPy scalar's.
    """
    number = number_type(real)

    @intrinsic
    def chain(typing: Any, x: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            constants = [ir.Constant(arguments[0].type, float(c)) for c in coefficients]
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
    _, word, whole, mantissa, bias, _ = FORMATS[x]
    mask = ir.Constant(word, (2 * bias + 1) << mantissa)

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        exponent = builder.and_(builder.bitcast(arguments[1], word), mask)
        found = builder.zext(builder.icmp_unsigned("==", exponent, mask), word)
        return builder.or_(arguments[0], found)

    return whole(whole, x), code


@intrinsic
def unmarked(typing: Any, x: Any) -> Any:
    """Return the 0 that marking numbers of x's type begins with."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return ir.Constant(FORMATS[x].word, 0)

    return FORMATS[x].whole(x), code


@intrinsic
def square_root(typing: Any, x: Any) -> Any:
    """Return the root of x, rounded correctly, as one instruction."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = FORMATS[x].number
        function = declared(builder, f"llvm.sqrt.f{x.bitwidth}", kind, [kind])
        return builder.call(function, arguments)

    return x(x), code
