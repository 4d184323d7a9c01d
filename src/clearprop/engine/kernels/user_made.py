"""Loops around functions of the user's own, which Numba compiles with them.

Theirs are compiled to raise where an index lies beside an array: others' memory is there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import carray, njit, types

from clearprop.engine.kernels.arguments import Count, Doubles, Reals
from clearprop.engine.kernels.pointers import get, offset, put, real_pointer
from clearprop.engine.kernels.precision import Precision

Loop = tuple[Callable[..., None], list[Any]]


def activation_loops(
    f: Callable[[Any], Any], derivative: Callable[[Any], Any], precision: Precision
) -> tuple[Loop, Loop]:
    """Return the loops (count, a, d) and (count, a), as in `kernels.activations`."""
    value, slope = njit(f, boundscheck=True), njit(derivative, boundscheck=True)
    real: Any = precision.arithmetic

    def training(count: Count, a: Reals, d: Reals) -> None:
        for i in range(count):
            z = get(a, i)
            put(d, i, real(slope(z)))
            put(a, i, real(value(z)))

    def values(count: Count, a: Reals) -> None:
        for i in range(count):
            put(a, i, real(value(get(a, i))))

    pointer = real_pointer(precision)
    return (training, [types.int64, pointer, pointer]), (values, [types.int64, pointer])


def loss_loop(
    value: Callable[[Any, Any], Any], derivative: Callable[[Any, Any], Any], precision: Precision
) -> Loop:
    """Return the loop (rows, n, row, a, d, y, losses, settings); see `kernels.losses`."""
    cost, slopes = njit(value, boundscheck=True), njit(derivative, boundscheck=True)
    real: Any = precision.arithmetic

    def loss(
        rows: Count,
        n: Count,
        row: Count,
        a: Reals,
        d: Reals,
        y: Reals,
        losses: Reals,
        settings: Doubles,
    ) -> None:
        for i in range(rows):
            outputs, targets = carray(a, (n,)), carray(y, (n,))
            put(losses, i, real(cost(outputs, targets)))
            da = slopes(outputs, targets)
            if len(da) != n:
                raise ValueError("the derivative is not of the outputs' shape")
            for j in range(n):
                put(d, j, real(da[j]) * get(d, j))
            a, d, y = offset(a, row), offset(d, row), offset(y, row)

    pointer, number = real_pointer(precision), types.int64
    arguments = [number, number, number, pointer, pointer, pointer, pointer]
    return loss, [*arguments, types.CPointer(types.float64)]
