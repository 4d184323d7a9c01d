"""Signals in a command: Ctrl-C and SIGTERM end it in a line and an exit code, and no traceback."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

import click

import clearprop_command
from clearprop.cli.output import echo
from clearprop.errors import printable
from clearprop.interruption import SIGNALS, interrupting


class _Interrupted(KeyboardInterrupt):
    """What the first signal raises."""


_heard = 0
"""The number of the signal that has interrupted the command."""

_over = False
"""Whether the command is, so that nothing is left to interrupt."""

_saved = ""
"""What a line about an interruption says is there."""


def run(command: Callable[[], Any]) -> Any:
    """Return what a command returns; the first signal interrupts it, the second is obeyed at once.

    Where this process calls the command, and is not the command itself, signals are left alone;
    what Ctrl-C then raises ends in the line and the exit code too.
    """
    global _heard, _over, _saved
    _heard, _over, _saved = 0, False, ""
    ours = [n for n in SIGNALS if signal.getsignal(n) is clearprop_command.leave]
    try:
        if ours:
            _take_hooks()
        for number in ours:
            signal.signal(number, _interrupt)
        result = command()
        _over = True
    except BaseException as error:
        _over = True
        foreign = _heard and not isinstance(error, click.exceptions.Exit)
        if not isinstance(error, KeyboardInterrupt) and not foreign:
            raise  # else it came of the signal: some libraries raise errors of their own then
        _end(ours)
    finally:  # from here a handler in Python may be called when it cannot run any more
        for number in ours:
            signal.signal(number, signal.SIG_IGN)
    return result


def heard() -> bool:
    """Whether a signal has interrupted the command, from which other errors may come."""
    return bool(_heard)


def saved(what: str) -> None:
    """Note what no interruption can lose any more: "the model is saved in F".

    A signal then ends the command with exit code 0.
    """
    global _saved
    _saved = what


def _interrupt(number: int, frame: FrameType | None) -> None:
    global _heard
    if _heard:
        clearprop_command.end(*_ending())
    if not _over:
        _heard = number
        raise _Interrupted


interrupting.append(_interrupt)


def _ending() -> tuple[str, int]:
    """Return the line about an interruption, and the exit code."""
    line = "clearprop: interrupted"
    if _saved:
        return printable(f"{line}; {_saved}"), 0
    return line, 128 + (_heard or signal.SIGINT)


def _end(ours: Sequence[int]) -> NoReturn:
    line, code = _ending()
    if ours:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        clearprop_command.end(line, code)
    echo(line, err=True)
    raise click.exceptions.Exit(code)


def _take_hooks() -> None:
    """Leave at once where an interruption comes to nothing but a traceback: in `__del__`, say."""
    unraisable, uncaught = sys.unraisablehook, sys.excepthook

    def of_unraisable(what: Any) -> None:
        if isinstance(what.exc_value, KeyboardInterrupt):
            clearprop_command.end(*_ending())
        unraisable(what)

    def of_uncaught(kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, KeyboardInterrupt):
            clearprop_command.end(*_ending())
        uncaught(kind, error, trace)

    sys.unraisablehook, sys.excepthook = of_unraisable, of_uncaught
