"""Threads in lockstep: a barrier that spins a little and then sleeps, and parts that are claimed.

Ordinary threads run the same compiled function. Each claims the parts of a phase that are dealt
to it, then those that others have not come to; at its end all meet at the barrier. A thread that
loses its core delays the others by one part at most.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.arguments import Count, Plan, Team
from clearprop.engine.kernels.decorators import compiled
from clearprop.engine.kernels.intrinsics import declared
from clearprop.engine.kernels.pointers import get, offset, put

SPINS = 2000
"""Looks at the barrier, a few nanoseconds each, before a thread gives its core to others."""

_FUTEX = {"x86_64": 202, "aarch64": 98}.get(platform.machine()) if sys.platform == "linux" else None
"""The number of the system call by which Linux lets a thread sleep at a number in memory."""

_WAIT, _WAKE, _ALL = 128, 129, 0x7FFFFFFF
"""What it is to do, for threads of one process; and how many are to be woken."""


@intrinsic
def atomic_add(typing: Any, pointer: Any, index: Any, value: Any) -> Any:
    """Add to the number at an index, and return what it was."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.gep(arguments[0], [arguments[1]], inbounds=True)
        return builder.atomic_rmw("add", place, arguments[2], "seq_cst")

    return types.int64(pointer, types.int64, types.int64), code


@intrinsic
def atomic_get(typing: Any, pointer: Any, index: Any) -> Any:
    """Return the number at an index, after all that was written before it."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.gep(arguments[0], [arguments[1]], inbounds=True)
        return builder.load_atomic(place, "seq_cst", 8)

    return types.int64(pointer, types.int64), code


def _call_futex(builder: Any, pointer: Any, index: Any, operation: int, value: Any) -> None:
    """futex(place, operation, value, no timeout), on the lower half of a number."""
    word = ir.IntType(64)
    place = builder.ptrtoint(builder.gep(pointer, [index], inbounds=True), word)
    given = [ir.Constant(word, _FUTEX), place, ir.Constant(word, operation), value]
    function = declared(builder, "syscall", word, [word] * 5)
    builder.call(function, [*given, ir.Constant(word, 0)])


@intrinsic
def sleep_while(typing: Any, pointer: Any, index: Any, value: Any) -> Any:
    """Sleep at a number that has this value, until somebody wakes who sleeps there.

    Where no futex is known, let another thread have this core once.
    """

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if _FUTEX is None:
            name = "SwitchToThread" if sys.platform == "win32" else "sched_yield"
            builder.call(declared(builder, name, ir.IntType(32), []), [])
        else:
            half = builder.trunc(arguments[2], ir.IntType(32))
            value = builder.zext(half, ir.IntType(64))
            _call_futex(builder, arguments[0], arguments[1], _WAIT, value)
        return context.get_dummy_value()

    return types.void(pointer, types.int64, types.int64), code


@intrinsic
def wake_all(typing: Any, pointer: Any, index: Any) -> Any:
    """Wake all threads that sleep at a number."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if _FUTEX is not None:
            everybody = ir.Constant(ir.IntType(64), _ALL)
            _call_futex(builder, arguments[0], arguments[1], _WAKE, everybody)
        return context.get_dummy_value()

    return types.void(pointer, types.int64), code


@compiled
def wait_while(team: Team, place: Count, value: Any) -> None:
    """Wait until the number at a place is another: look for a while, then sleep.

    Who sleeps is counted beside the number, so that nobody is woken without need. The number is
    looked at again after that: who changes it sees the count, or the change is seen here.
    """
    looks = 0
    while atomic_get(team, place) == value:
        looks += 1
        if looks > SPINS:
            atomic_add(team, place + 1, 1)
            if atomic_get(team, place) == value:
                sleep_while(team, place, value)
            atomic_add(team, place + 1, -1)


@compiled
def raise_at(team: Team, place: Count) -> None:
    """Raise the number at a place, and let those who wait for that go on."""
    atomic_add(team, place, 1)
    if atomic_add(team, place + 1, 0) != 0:
        wake_all(team, place)


@compiled
def pass_gate(team: Team, thread: Count) -> None:
    """Wait until it is known how many threads have started; the first one knows."""
    if thread == 0:
        raise_at(team, P.GATE)
    else:
        wait_while(team, P.GATE, 0)


@compiled
def arrive(team: Team, threads: Count) -> Count:
    """Say that this thread is here; whether it is the last, who has to let the others go."""
    return atomic_add(team, P.ARRIVED, 1) == threads - 1


@compiled
def release(plan: Plan, team: Team, threads: Count) -> None:
    """Let all go on: the parts of the next phase may be claimed. For the last to arrive."""
    put(team, P.ARRIVED, 0)
    for member in range(threads):
        put(team, P.MEMBERS + member * P.LINE, 0)
    put(team, P.VERDICT, get(plan, P.STATUS))
    raise_at(team, P.GENERATION)


def meeting(last: Callable[..., None]) -> Callable[..., Any]:
    """Return what waits until all threads are here: (plan, team, threads).

    The last to come calls `last` (plan) while the others wait. All are told the run's status.
    """

    @compiled
    def meet(plan: Plan, team: Team, threads: Count) -> Count:
        if threads == 1:
            last(plan)
            return get(plan, P.STATUS)
        generation = atomic_get(team, P.GENERATION)
        if arrive(team, threads):
            last(plan)
            release(plan, team, threads)
        else:
            wait_while(team, P.GENERATION, generation)
        return get(team, P.VERDICT)

    return meet


@compiled
def _nothing(plan: Plan) -> None:
    """What there is to do before a phase."""


meet = meeting(_nothing)
"""Wait until all threads are here."""


@compiled
def claim(team: Team, threads: Count, thread: Count, pieces: Count) -> Count:
    """Return a part of a phase of so many that nobody has had, or -1 if there is none.

    Parts are dealt in runs, the same in every step: what a thread wrote there is still in its
    cache. Who is done with its own run goes on with those of the others.
    """
    own = offset(team, P.MEMBERS + thread * P.LINE)
    if threads == 1:
        part = get(own, 0)
        if part < pieces:
            put(own, 0, part + 1)
            return part
        put(own, 0, 0)
        return -1
    helped = get(own, 1)
    while helped < threads:
        member = (thread + helped) % threads
        part = pieces * member // threads
        part += atomic_add(team, P.MEMBERS + member * P.LINE, 1)
        if part < pieces * (member + 1) // threads:
            put(own, 1, helped)
            return part
        helped += 1
    put(own, 1, 0)
    return -1
