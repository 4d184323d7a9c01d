"""Ctrl-C as a request: the update under way is finished, and the run ends in good order."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Self


class Interrupt:
    """While this is entered, a first Ctrl-C sets `requested`; a second one interrupts at once.

    It takes over from Python's own handler only, in the main thread only: a program that
    has a handler of its own keeps it.
    """

    def __init__(self) -> None:
        self.requested = False
        self._entered = False

    def __enter__(self) -> Self:
        in_main = threading.current_thread() is threading.main_thread()
        if in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._request)
            self._entered = True
        return self

    def _request(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._entered:
            signal.signal(signal.SIGINT, signal.default_int_handler)
