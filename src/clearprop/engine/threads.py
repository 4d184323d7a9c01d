"""How many threads to use, and compiled code on several of them at once."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

from clearprop.engine.kernels import plan as P
from clearprop.engine.layout import Plan
from clearprop.workers import in_dask_worker

STEP = 1e6
"""Multiply-adds of a step that each thread should have, for meeting the others to pay."""

CALL = 1e7
"""Multiply-adds of one call that each thread should have, for starting it to pay."""


MOST_THREADS = 1024
"""Threads that a run may ask for."""


def cores() -> int:
    """Return how many cores this process may use.

    Its affinity, its container's share and OMP_NUM_THREADS count; by the last, joblib and others
    share cores among the processes that they start. A Dask worker counts one core for a task, and
    runs as many at once as it has threads: without OMP_NUM_THREADS, a task has that one.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    allowed = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    asked = int(first) if first.isdecimal() else int(in_dask_worker())
    return max(1, min(allowed, _container_share(), asked or allowed))


@cache
def _container_share() -> int:
    """Return the cores that a Linux control group grants, rounded up; many where none says.

    It is asked once a process.
    """
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            folder = Path("/sys/fs/cgroup/cpu")
            quota = (folder / "cpu.cfs_quota_us").read_text()
            period = (folder / "cpu.cfs_period_us").read_text()
        except OSError:
            return 1 << 10
    try:
        share = float(quota) / float(period)
    except ValueError:  # "max"
        return 1 << 10
    return math.ceil(share) if share > 0 else 1 << 10


def worth_trying(
    wanted: int | None, multiply_adds: float, each: float, most: int
) -> tuple[int, ...]:
    """Return the numbers of threads that may pay for so much work, from the largest on.

    Parameters
    ----------
    wanted : int or None
        The only one, if that is given.
    multiply_adds, each : float
        The work, and how much of it is enough for one thread.
    most : int
        How many find something to do.
    """
    if wanted is not None:
        return (wanted,)
    number = max(1, min(int(multiply_adds // each), most, cores()))
    return tuple(number >> halved for halved in range(number.bit_length()))


def run_together(function: Callable[..., int], plan: Plan, threads: int) -> None:
    """Run a kernel (plan, thread) on so many threads, of which the caller is the first.

    With fewer, where the system starts no more. All have ended when this returns or raises.
    """
    team = plan.arrays["team"]
    if threads == 1:
        plan[P.THREADS], team[P.MEMBERS] = 1, 0
        function(plan.address, 0)
        return
    team[:] = 0
    plan[P.THREADS] = 0
    helpers: list[_Helper] = []
    try:
        _start(helpers, function, plan, threads)
        plan[P.THREADS] = 1 + len(helpers)
        function(plan.address, 0)  # which opens the gate
    finally:
        if team[P.GATE] == 0:  # Ctrl-C came before: who waits there is sent home
            plan[P.THREADS] = 0
            function(plan.address, 0)
        _join(helpers)


class _Helper(threading.Thread):
    """A thread that says itself when its work has ended.

    In Python 3.11 and 3.12 a thread whose `join` was interrupted counts as ended, and may go on.
    """

    def __init__(self, function: Callable[..., int], plan: Plan, number: int) -> None:
        super().__init__(name=f"clearprop-{number}", daemon=True)
        self._work = function, plan.address, number
        self.ended = threading.Event()

    def run(self) -> None:
        function, address, number = self._work
        try:
            function(address, number)
        finally:
            self.ended.set()


def _start(helpers: list[_Helper], function: Callable[..., int], plan: Plan, threads: int) -> None:
    for number in range(1, threads):
        helper = _Helper(function, plan, number)
        helpers.append(helper)
        try:
            helper.start()
        except RuntimeError:  # no more threads to be had
            helpers.pop()
            return


def _join(helpers: list[_Helper]) -> None:
    """Wait for all, whatever comes in between: they write to memory that is used again."""
    interrupted: KeyboardInterrupt | None = None
    for helper in helpers:
        while True:
            try:
                while not helper.ended.wait(1.0) and helper.ident is not None:
                    pass  # without an identity it never began: Ctrl-C broke into its start
                break
            except KeyboardInterrupt as error:
                interrupted = error
    if interrupted is not None:
        raise interrupted
