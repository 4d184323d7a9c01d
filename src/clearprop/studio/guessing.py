"""Guessing: while it is open what ails a run, no answer names what may have been planted."""

from __future__ import annotations

from clearprop.errors import ArgumentError
from clearprop.studio.illnesses import named
from clearprop.studio.question import Question
from clearprop.studio.setup import Setup


def is_open(setup: Setup, question: Question) -> bool:
    """Whether something was planted in secret, and nobody has guessed."""
    return bool(setup.illness) and named(question.text("guess")) is None


def refuse_while_open(setup: Setup, question: Question, what: str) -> None:
    """Raise `ArgumentError` while it is open, whatever was planted: `what` would name it.

    Examples
    --------
    >>> refuse_while_open(Setup(illness="q"), Question({}), "its program")
    Traceback (most recent call last):
        ...
    clearprop.errors.ArgumentError: its program would tell what is planted in this run: guess first
    """
    if is_open(setup, question):
        raise ArgumentError(f"{what} would tell what is planted in this run: guess first")
