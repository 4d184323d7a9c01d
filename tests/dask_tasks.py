"""What the tests of Dask run in its workers, which import it by this name."""

from __future__ import annotations

import io
import os
import signal
import sys

import numpy as np

import clearprop as cp


def thread_counts():
    """The cores that a task may use, and the threads of every BLAS and OpenMP in the process."""
    from threadpoolctl import threadpool_info

    from clearprop.engine.threads import cores

    return cores(), {library["num_threads"] for library in threadpool_info()}


def has_compiled():
    """Whether this process has compiled anything: Numba is imported for that alone."""
    return "numba" in sys.modules


def printed(progress):
    """What training prints where a terminal would show a bar, after no time at all."""
    from clearprop.training.watching import progress as module

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    usual, module.PATIENCE, sys.stderr = (module.PATIENCE, sys.stderr), 0.0, Terminal()
    try:
        network = cp.Network([1, 1], "identity", loss="squared_error", seed=0)
        cp.train(network, np.ones((8, 1)), np.ones(8), epochs=3, progress=progress)
        return sys.stderr.getvalue()
    finally:
        module.PATIENCE, sys.stderr = usual


class Counting:
    """A callback that notes each fit's begin in a file; the process that made it is no worker."""

    def __init__(self, path):
        self.path = str(path)
        self.made_by = os.getpid()

    def __call__(self, epoch):
        assert os.getpid() != self.made_by
        if epoch.epoch == 1:
            with open(f"{self.path}/begun", "a") as file:  # noqa: PTH123
                file.write(f"{os.getpid()}\n")


class Killing(Counting):
    """One that kills, once, the worker that makes it the third fit to come to its third epoch."""

    def __call__(self, epoch):
        super().__call__(epoch)
        if epoch.epoch == 3:
            for place in "123":
                try:
                    os.close(os.open(f"{self.path}/{place}", os.O_CREAT | os.O_EXCL))
                except FileExistsError:
                    continue
                if place == "3":
                    os.kill(os.getpid(), signal.SIGKILL)
                return


def holding_a_lock():
    """A callback that copies, and that no pickle takes."""
    import threading

    lock = threading.Lock()

    def callback(epoch):
        with lock:
            pass

    return callback


class Fatal(Counting):
    """A callback that kills every worker that calls it."""

    def __call__(self, epoch):
        super().__call__(epoch)
        os.kill(os.getpid(), signal.SIGKILL)
