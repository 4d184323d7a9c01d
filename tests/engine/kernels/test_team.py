"""Threads that wait for each other: who waits long sleeps, and is woken."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from numba import njit

from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels import team
from clearprop.engine.kernels.pointers import integers


@njit(nogil=True)
def gate(address, thread):
    team.pass_gate(integers(address), thread)


@pytest.mark.skipif(team._FUTEX is None, reason="threads can sleep at a number on Linux alone")
def test_who_waits_takes_no_core():
    room = np.zeros(P.team_size(2), np.int64)
    gate(room.ctypes.data, 0)  # compiled; nobody waits
    room[:] = 0
    waiting = threading.Thread(target=gate, args=(room.ctypes.data, 1))
    waiting.start()
    own = time.pthread_getcpuclockid(waiting.ident)  # others of this process may be busy
    until = time.monotonic() + 60
    while room[P.GATE + 1] == 0 and time.monotonic() < until:
        time.sleep(0.01)  # until it has looked often enough
    assert room[P.GATE + 1] == 1  # one sleeps
    time.sleep(0.1)  # or is about to
    busy = time.clock_gettime(own)
    time.sleep(0.5)
    busy = time.clock_gettime(own) - busy
    assert waiting.is_alive()
    gate(room.ctypes.data, 0)
    waiting.join(60)
    assert not waiting.is_alive()
    assert busy < 0.05
    assert room[P.GATE : P.GATE + 2].tolist() == [1, 0]
