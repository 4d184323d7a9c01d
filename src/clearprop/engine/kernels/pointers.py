"""Pointers: memory by address, for kernels that take nothing but addresses and whole numbers.

Loops over `get` and `put` become vectors, as there is no test for negative indices in them and
nothing that could raise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from clearprop.engine.kernels.compiler import stand_in
from clearprop.engine.kernels.decorators import compiled
from clearprop.engine.kernels.intrinsics import declared, number_type
from clearprop.engine.kernels.plan import STRIDE, TABLE
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.kernels.symbols import symbol_of

LINE_BYTES = 64
"""Of a cache line."""


def _caster(kind: Any) -> Callable[[Any], Any]:
    @intrinsic
    def cast(typing: Any, address: Any) -> Any:
        pointer = types.CPointer(kind)

        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(pointer))

        return pointer(types.int64), code

    return cast


integers = _caster(types.int64)
"""The int64 numbers that lie at an address."""

doubles = _caster(types.float64)
"""The float64 numbers that lie at an address."""


@cache
def reals(precision: Precision) -> Callable[[Any], Any]:
    """Return the intrinsic for the numbers of a precision that lie at an address."""
    return _caster(number_type(precision.storage))


def real_pointer(precision: Precision) -> Any:
    """Return Numba's type of pointers to numbers of a precision."""
    return types.CPointer(number_type(precision.storage))


@intrinsic
def offset(typing: Any, pointer: Any, count: Any) -> Any:
    """Return the pointer moved on by a number of elements."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.gep(arguments[0], [arguments[1]], inbounds=True)

    return pointer(pointer, types.int64), code


@intrinsic
def get(typing: Any, pointer: Any, index: Any) -> Any:
    """Return the element at an index."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(builder.gep(arguments[0], [arguments[1]], inbounds=True))

    return pointer.dtype(pointer, types.int64), code


@intrinsic
def put(typing: Any, pointer: Any, index: Any, value: Any) -> Any:
    """Write the element at an index."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], builder.gep(arguments[0], [arguments[1]], inbounds=True))
        return context.get_dummy_value()

    return types.void(pointer, types.int64, pointer.dtype), code


@intrinsic
def prefetch(typing: Any, pointer: Any, index: Any) -> Any:
    """Ask for the cache line of the element at an index, which is about to be read."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        place = builder.gep(arguments[0], [arguments[1]], inbounds=True)
        kinds = [byte, number, number, number]
        function = declared(builder, "llvm.prefetch.p0", ir.VoidType(), kinds)
        read, near, data = (ir.Constant(number, value) for value in (0, 2, 1))
        builder.call(function, [builder.bitcast(place, byte), read, near, data])
        return context.get_dummy_value()

    return types.void(pointer, types.int64), code


@intrinsic
def address_of(typing: Any, pointer: Any) -> Any:
    """Return a pointer as a number."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ptrtoint(arguments[0], ir.IntType(64))

    return types.int64(pointer), code


_BYTES = ir.IntType(8).as_pointer()


def _kernel_type(values: Sequence[Any]) -> Any:
    """Return LLVM's type of a kernel that takes these values, by Numba's convention.

    It takes a place for its result and one for an exception before them, and returns a status.
    """
    places = [_BYTES.as_pointer()] * 2
    return ir.FunctionType(ir.IntType(32), [*places, *(value.type for value in values)])


def _call_kernel(builder: Any, kernel: Any, values: Sequence[Any]) -> Any:
    """Emit the call of a kernel, and its status as an int64."""
    result = cgutils.alloca_once(builder, _BYTES)
    problem = cgutils.alloca_once(builder, _BYTES)
    status = builder.call(kernel, [result, problem, *values])
    return builder.sext(status, ir.IntType(64))


def linked(name: str, precision: Precision, kinds: Sequence[Any]) -> Callable[..., Any]:
    """Return the intrinsic that calls another kernel, whose code is linked when it is loaded.

    So the callers need not be compiled together with it. It returns 0, or another number if the
    kernel raised. `kinds` are the Numba types of the arguments.
    """
    symbol = symbol_of(name, precision)
    stand_in(symbol)

    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind = _kernel_type(given)
        return _call_kernel(builder, declared(builder, symbol, kind.return_type, kind.args), given)

    names = ", ".join(f"x{i}" for i in range(len(kinds)))
    scope = {"signature": types.int64(*kinds), "code": code}
    exec(f"def kernel(typing, {names}):\n    return signature, code", scope)
    return intrinsic(scope["kernel"])


@intrinsic
def call(typing: Any, function: Any, arguments: Any) -> Any:
    """Call the compiled function at an address; return 0, or another number if it raised.

    `arguments` is a tuple.
    """
    kinds = list(arguments.types)

    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        values = cgutils.unpack_tuple(builder, given[1], len(kinds))
        kernel = builder.inttoptr(given[0], _kernel_type(values).as_pointer())
        return _call_kernel(builder, kernel, values)

    return types.int64(types.int64, arguments), code


@compiled
def line(plan: Any, index: Any) -> Any:
    """The line of the plan's table for a layer, counted from 0."""
    return offset(plan, TABLE + index * STRIDE)
