"""The processor's limit: fused multiply-adds a second on numbers that stay in registers.

Independent chains of vector fmas, enough of them to keep every unit busy while one waits for
its own last result; nothing is read from memory. No product of matrices can be faster.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from clearprop.engine.kernels.machine import vectors_held
from clearprop.engine.kernels.precision import FLOAT32
from clearprop.errors import missing_extra

BLOCKS = 5
SECONDS = 0.01
"""Of a block, about."""


def _make_chains(count: int, width: int) -> Callable[[int], float]:
    """Return a compiled function that takes so many turns, each an fma in every chain."""
    try:
        from llvmlite import ir
        from numba import njit, types
        from numba.extending import intrinsic
    except ImportError:
        missing_extra("Numba", "clearprop bench", "compile")
    vector, int64 = ir.VectorType(ir.FloatType(), width), ir.IntType(64)

    @intrinsic
    def chains(typing: Any, turns: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            fma = ir.Function(
                builder.module,
                ir.FunctionType(vector, [vector] * 3),
                name=f"llvm.fma.v{width}f32",
            )
            factor = ir.Constant(vector, [0.999] * width)
            before = builder.block
            loop, end = builder.append_basic_block("turn"), builder.append_basic_block("end")
            builder.branch(loop)
            builder.position_at_end(loop)
            turn = builder.phi(int64)
            turn.add_incoming(ir.Constant(int64, 0), before)
            held = [builder.phi(vector) for _ in range(count)]
            sums = [builder.call(fma, [chain, factor, factor]) for chain in held]
            for number, (chain, following) in enumerate(zip(held, sums, strict=True)):
                # Chains of equal numbers would be made one.
                chain.add_incoming(ir.Constant(vector, [float(number)] * width), before)
                chain.add_incoming(following, loop)
            next_turn = builder.add(turn, ir.Constant(int64, 1))
            turn.add_incoming(next_turn, loop)
            builder.cbranch(builder.icmp_signed("<", next_turn, arguments[0]), loop, end)
            builder.position_at_end(end)
            total = sums[0]
            for other in sums[1:]:
                total = builder.fadd(total, other)
            number = builder.extract_element(total, ir.Constant(ir.IntType(32), 0))
            for lane in range(1, width):
                place = ir.Constant(ir.IntType(32), lane)
                number = builder.fadd(number, builder.extract_element(total, place))
            return number

        return types.float32(types.int64), code

    @njit("float32(int64)", nogil=True)
    def run(turns: int) -> float:
        return chains(turns)

    return run


class FmaRate:
    """The float32 fmas that some cores do together.

    Parameters
    ----------
    threads : int
        How many cores, each with a thread.
    """

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads
        self._chains, self._width = 24 if vectors_held() == 32 else 12, FLOAT32.lanes
        self._run = _make_chains(self._chains, self._width)
        self._turns = 10_000
        self._turns = max(1, int(self._turns * SECONDS / self._block(None)))

    def measure(self) -> float:
        """Return floating-point operations a second, two for each fma: the best of some blocks."""
        with ThreadPoolExecutor(self._threads) as pool:
            best = min(self._block(pool) for _ in range(BLOCKS))
        return 2.0 * self._threads * self._chains * self._width * self._turns / best

    def _block(self, pool: ThreadPoolExecutor | None) -> float:
        started = time.perf_counter()
        if pool is None or self._threads == 1:
            self._run(self._turns)
        else:
            list(pool.map(self._run, [self._turns] * self._threads))
        return time.perf_counter() - started
