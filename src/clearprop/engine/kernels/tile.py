"""The micro-kernel of every matrix product: a tile of C, held in registers over a loop in k.

    C[i, j] = A[i, 0] B[0, j] + A[i, 1] B[1, j] + ...

Each element is one chain of fused multiply-adds from +0, in the order of k: the same bits for
every tile shape and vector width. A number of A is spread over a vector, B and C are vectors
along j.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from clearprop.engine.kernels.arguments import Count
from clearprop.engine.kernels.intrinsics import FORMATS, declared, number_type
from clearprop.engine.kernels.pointers import real_pointer
from clearprop.engine.kernels.precision import Precision

_INT = ir.IntType(64)
_INDEX = ir.IntType(32)

ADD = 1
"""Mode: add to what C holds. Without it, C is written."""

ROW = 2
"""Mode: in the end, add to each row of C the row of B after the last one (a bias)."""


def fence(builder: Any) -> None:
    """Keep LLVM from moving loads across this place; it costs no instruction.

    Without it, LLVM unrolls the loop in k and moves the loads of all steps to its head, which
    takes more registers than there are: the sums are spilled, and half the speed is lost.
    """
    kind = ir.FunctionType(ir.VoidType(), [])
    builder.call(ir.InlineAsm(kind, "", "~{memory}", side_effect=True), [])


class Emitter:
    """Loads and stores of unaligned vectors, and what is computed with them."""

    def __init__(self, builder: Any, precision: Precision, lanes: int = 0) -> None:
        self.builder, self.align = builder, precision.itemsize
        self.lanes = lanes or precision.lanes
        number = number_type(precision.accumulation)
        self.vector = ir.VectorType(FORMATS[number].number, self.lanes)
        self.suffix = f"v{self.lanes}f{number.bitwidth}"

    def place(self, pointer: Any, index: Count) -> Any:
        """Return the address of a vector that begins at an index."""
        element = self.builder.gep(pointer, [index], inbounds=True)
        return self.builder.bitcast(element, self.vector.as_pointer())

    def load(self, pointer: Any, index: Count) -> Any:
        """Return the vector that begins at an index."""
        loaded = self.builder.load(self.place(pointer, index))
        loaded.align = self.align
        return loaded

    def store(self, value: Any, pointer: Any, index: Count) -> None:
        """Write the vector that begins at an index."""
        stored = self.builder.store(value, self.place(pointer, index))
        stored.align = self.align

    def mask(self, count: Count) -> Any:
        """Return which lanes are among the first `count`."""
        builder = self.builder
        lanes = ir.Constant(ir.VectorType(_INT, self.lanes), list(range(self.lanes)))
        nothing = ir.Constant(lanes.type, ir.Undefined)
        first = builder.insert_element(nothing, count, ir.Constant(_INDEX, 0))
        spread = ir.Constant(ir.VectorType(_INDEX, self.lanes), [0] * self.lanes)
        return builder.icmp_signed("<", lanes, builder.shuffle_vector(first, nothing, spread))

    def load_some(self, pointer: Any, index: Count, count: Count) -> Any:
        """Return the vector whose first `count` lanes are loaded and the others 0."""
        builder, kind, mask = self.builder, self.vector, self.mask(count)
        arguments = [kind.as_pointer(), _INDEX, mask.type, kind]
        function = declared(builder, f"llvm.masked.load.{self.suffix}.p0", kind, arguments)
        align, zero = ir.Constant(_INDEX, self.align), ir.Constant(kind, [0.0] * self.lanes)
        return builder.call(function, [self.place(pointer, index), align, mask, zero])

    def spread(self, pointer: Any, index: Count) -> Any:
        """Return a vector whose every lane is the number at an index."""
        number = self.builder.load(self.builder.gep(pointer, [index], inbounds=True))
        nothing = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(nothing, number, ir.Constant(_INDEX, 0))
        lanes = ir.Constant(ir.VectorType(_INDEX, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first, nothing, lanes)


def make_tile(rows: int, vectors: int, precision: Precision) -> Callable[..., None]:
    """Return the intrinsic for a tile of `rows` by ``vectors * precision.lanes``.

    It takes (k, a, a_row, a_step, b, b_step, c, c_row, mode): the length of the chains, at
    least 1; A's address, the distance of its rows and of its columns; B's address and the
    distance of its rows; C's likewise; and how to end, see `ADD` and `ROW`.
    """
    pointer, int64, lanes = real_pointer(precision), types.int64, precision.lanes
    shape = [(i, v) for i in range(rows) for v in range(vectors)]

    @intrinsic
    def tile(
        typing: Any,
        k: Any,
        a: Any,
        a_row: Any,
        a_step: Any,
        b: Any,
        b_step: Any,
        c: Any,
        c_row: Any,
        mode: Any,
    ) -> Any:
        signature = types.void(int64, pointer, int64, int64, pointer, int64, pointer, int64, int64)

        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            k, a, a_row, a_step, b, b_step, c, c_row, mode = arguments
            emit = Emitter(builder, precision)
            fma = declared(builder, f"llvm.fma.{emit.suffix}", emit.vector, [emit.vector] * 3)

            def number(value: int) -> Any:
                return ir.Constant(_INT, value)

            def in_c(i: int, v: int) -> Any:
                return builder.add(builder.mul(c_row, number(i)), number(v * lanes))

            starts = [
                builder.gep(a, [builder.mul(a_row, number(i))], inbounds=True) for i in range(rows)
            ]
            before = builder.block
            loop, end = builder.append_basic_block("k"), builder.append_basic_block("end")
            builder.branch(loop)
            builder.position_at_end(loop)
            step, in_a, in_b = builder.phi(_INT), builder.phi(_INT), builder.phi(_INT)
            for counter in (step, in_a, in_b):
                counter.add_incoming(number(0), before)
            chains = {place: builder.phi(emit.vector) for place in shape}
            for chain in chains.values():
                chain.add_incoming(ir.Constant(emit.vector, [0.0] * lanes), before)
            row = [emit.load(b, builder.add(in_b, number(v * lanes))) for v in range(vectors)]
            sums = {}
            for i in range(rows):
                factor = emit.spread(starts[i], in_a)
                for v in range(vectors):
                    sums[i, v] = builder.call(fma, [factor, row[v], chains[i, v]])
            for place in shape:
                chains[place].add_incoming(sums[place], loop)
            fence(builder)
            following = builder.add(step, number(1))
            step.add_incoming(following, loop)
            in_a.add_incoming(builder.add(in_a, a_step), loop)
            in_b.add_incoming(builder.add(in_b, b_step), loop)
            builder.cbranch(builder.icmp_signed("<", following, k), loop, end)
            builder.position_at_end(end)

            def where(bit: int, change: Callable[[], dict[Any, Any]]) -> None:
                """If the mode has this bit, change the sums."""
                wanted = builder.icmp_signed("!=", builder.and_(mode, number(bit)), number(0))
                with builder.if_else(wanted) as (then, otherwise):
                    with then:
                        changed = change()
                        after = builder.block
                    with otherwise:
                        unchanged = builder.block
                for place in shape:
                    joined = builder.phi(emit.vector)
                    joined.add_incoming(changed[place], after)
                    joined.add_incoming(sums[place], unchanged)
                    sums[place] = joined

            where(
                ADD,
                lambda: {
                    place: builder.fadd(emit.load(c, in_c(*place)), sums[place]) for place in shape
                },
            )

            def with_row() -> dict[Any, Any]:
                last = builder.mul(k, b_step)
                row = [emit.load(b, builder.add(last, number(v * lanes))) for v in range(vectors)]
                return {(i, v): builder.fadd(sums[i, v], row[v]) for i, v in shape}

            where(ROW, with_row)
            for place in shape:
                emit.store(sums[place], c, in_c(*place))
            return context.get_dummy_value()

        return signature, code

    return tile
