"""Ctrl-C: noted where work has to end in good order, else an interruption at once.

Signals are the program's: only handlers that raise `KeyboardInterrupt` are replaced, for the time
of a run. Python's own is one, of Ctrl-C alone; the command line adds its own, of SIGTERM too.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

SIGNALS = (signal.SIGINT, signal.SIGTERM)

interrupting: list[Any] = [signal.default_int_handler]
"""The handlers that a run may replace, as they raise `KeyboardInterrupt`."""

Result = TypeVar("Result")


class Interrupt:
    """While this is entered, a first Ctrl-C sets `requested`; a second one interrupts at once.

    In the main thread only, and not where a program has a handler of its own. One may be entered
    within another: both are asked.

    Attributes
    ----------
    requested : int
        The signal's number; 0 if none has come.

    Raises
    ------
    KeyboardInterrupt
        On entering, where one around it has been asked already.
    """

    def __init__(self) -> None:
        self.requested = 0
        self._outer: Interrupt | None = None
        self._frame: FrameType | None = None
        """Whose `with` this is, while it is entered in the main thread."""

    def __enter__(self) -> Self:
        global _innermost
        if not _in_main():
            return self
        self._outer = _around()
        if self._outer is not None:
            self._outer.obey()
        self._frame = sys._getframe(1)
        _innermost = self
        if self._outer is None:
            try:
                _give_back()  # where one is left that is entered no more
                _usual.clear()
                _usual.update({n: h for n in SIGNALS if (h := signal.getsignal(n)) in interrupting})
                _take_over()
            except BaseException:  # Ctrl-C, before it was only noted
                self._leave()
                raise
        return self

    def obey(self) -> None:
        """Interrupt, if that has been requested."""
        if self.requested:
            _usual[self.requested](self.requested, None)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._frame is not None:
            self._leave()

    def _leave(self) -> None:
        global _innermost
        _innermost, self._frame = self._outer, None
        if self._outer is None:
            _give_back()


_innermost: Interrupt | None = None
"""Of those that are entered in the main thread, the last."""

_usual: dict[int, Any] = {}
"""The handlers that they have replaced."""


def _note(number: int, frame: FrameType | None) -> None:
    _give_back()
    asked = _innermost
    while asked is not None:
        asked.requested = number
        asked = asked._outer


def _around() -> Interrupt | None:
    """Return the innermost of those in whose blocks this thread still is.

    A second Ctrl-C may break into leaving one, before a line of that has run.
    """
    if _innermost is None:
        return None
    running = set()
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        running.add(id(frame))
        frame = frame.f_back
    found: Interrupt | None = _innermost
    while found is not None and id(found._frame) not in running:
        found = found._outer
    return found


def _take_over() -> None:
    for number in _usual:
        signal.signal(number, _note)
    if _innermost is not None and _innermost.requested:  # the first came before the second was here
        _give_back()


def _give_back() -> None:
    try:
        for number, handler in _usual.items():
            if signal.getsignal(number) is _note:
                signal.signal(number, handler)
    finally:  # one that is back may interrupt before the other is
        if _note in map(signal.getsignal, _usual):
            _give_back()


def _in_main() -> bool:
    return threading.current_thread() is threading.main_thread()


class AtOnce:
    """Lets Ctrl-C interrupt in this block, though it would only be noted around it."""

    def __init__(self) -> None:
        self._noted = False

    def __enter__(self) -> None:
        self._noted = _in_main() and _innermost is not None and not _innermost.requested
        if self._noted:
            _give_back()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._noted:
            _take_over()


def aside(function: Callable[[], Result]) -> Result:
    """Return what a function returns that nothing may break into; Ctrl-C need not wait for it.

    Numba is one: interrupted while it is imported or knows half of its types, it compiles nothing
    more in this process. So it runs in a thread of its own, which no signal reaches, and comes to
    its end there though Ctrl-C has interrupted who waits for it.
    """
    if not _in_main():  # no signal comes here
        return function()
    results: list[Result] = []
    errors: list[BaseException] = []
    ended = threading.Event()  # `join` would not do: see engine.threads

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:  # raised where it is waited for
            errors.append(error)
        finally:
            ended.set()

    with AtOnce():
        try:
            threading.Thread(target=run, name="clearprop-aside").start()
        except RuntimeError:  # no more threads to be had
            return function()
        while not ended.wait(0.1):  # Windows hears Ctrl-C in between
            pass
    if errors:
        raise errors[0]
    return results[0]
