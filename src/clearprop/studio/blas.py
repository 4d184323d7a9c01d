"""BLAS on one thread: a run that goes on beside has the processors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Have BLAS work on one thread, and nobody else in here.

    Its other threads spin for tens of milliseconds after each product, on the processors of
    training. The limit is the whole process's, and has to be taken back by the thread that set it:
    so one at a time.
    """
    with _lock, _libraries().limit(limits=1):
        yield


@cache
def _libraries() -> Any:
    """Return what NumPy has loaded: looked for once, as that takes milliseconds."""
    return ThreadpoolController().select(user_api="blas")
