"""The command `clearprop`: signals are handled before anything else is imported.

It stands beside the package, as importing any part of that imports most of it.
"""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import NoReturn


def leave(number: int, frame: FrameType | None = None) -> NoReturn:
    """Handle a signal: end the process at once, in a line."""
    end("clearprop: interrupted", 128 + number)


def end(line: str, code: int) -> NoReturn:
    """End the process at once: a thread may go on for long, and nobody waits for it."""
    with suppress(OSError):  # nobody reads it
        os.write(2, f"{line}\n".encode(errors="replace"))
    os._exit(code)


def handle_signals() -> None:
    """Let Ctrl-C and SIGTERM end the process in a line; one that is ignored stays so."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, leave)


def main() -> None:
    """Run the command."""
    handle_signals()
    from clearprop.cli import main as command

    command()


def _is_dash_m() -> bool:
    """Whether Python is importing the package for `python -m clearprop`."""
    arguments = getattr(sys, "argv", None) or [""]
    return arguments[0] == "-m" and sys.orig_argv[-len(arguments)] in ("clearprop", "-mclearprop")


if _is_dash_m():
    handle_signals()
