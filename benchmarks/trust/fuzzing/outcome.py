"""What may become of an input that nobody vouches for: it works, or one named error in one line."""

from __future__ import annotations

import resource
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from clearprop.errors import LONGEST, one_line

T = TypeVar("T")

SLOW = 2.0
"""Seconds of processor time that an input may take."""

GROWTH = 300_000
"""Kilobytes that the most memory of the process so far may grow by with one input."""


class Refused(Exception):  # noqa: N818 - no error: all is well
    """What was tried was refused as it should be; of the input nothing more is to be asked."""


class Fault(AssertionError):  # noqa: N818 - it is what is looked for
    """What should not be: the message says it."""


def tried(act: Callable[[], T], *errors: type[BaseException]) -> T:
    """Return what `act` does, or raise `Refused` if it raises one of these very classes.

    Any other exception goes on as it is: a fault. So does one whose text is not one line that a
    terminal may be given.
    """
    try:
        return act()
    except Exception as error:
        if type(error) not in errors:
            raise
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        if isinstance(error, click.ClickException):
            text = one_line(text)  # as the command prints it
        if not text or len(text) > LONGEST or not text.isprintable():
            raise Fault(f"{type(error).__name__} says {text[:200]!r}") from error
        raise Refused(type(error).__name__) from None


def judged(run: Callable[[bytes], str], data: bytes) -> tuple[str, str]:
    """Return what became of an input, or "" and, kind first, what is wrong with that."""
    before, started = most_memory(), time.process_time()
    try:
        outcome = run(data)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a panic of Rust's is no Exception
        frames = traceback.extract_tb(error.__traceback__)
        last = next((f for f in reversed(frames) if "outcome.py" not in f.filename), frames[-1])
        place = f"{Path(last.filename).name}:{last.lineno}"
        return "", f"{type(error).__name__} at {place}: {str(error)[:300]!r}"
    if (seconds := time.process_time() - started) > SLOW:
        return "", f"slow: {seconds:.1f} s of processor time"
    if (growth := most_memory() - before) > GROWTH:
        return "", f"memory: {growth:,} kB more"
    return outcome, ""


def most_memory() -> int:
    """Return the most memory that this process has had, in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def same(what: str, one: object, other: object) -> None:
    """Raise `Fault` unless two things are equal."""
    if one != other:
        raise Fault(f"{what}: {str(one)[:300]!r} and {str(other)[:300]!r}")
