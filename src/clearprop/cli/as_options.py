"""Messages in the words of the command: what a keyword says in Python, an option says here."""

from __future__ import annotations

import re

import click

_VALUE = r"(True|False|'[^']*'|[\w.]+)"


def as_options(text: str, command: click.Command | None) -> str:
    """Return a message with options of a command where it names keywords with a value.

    Examples
    --------
    >>> from clearprop.cli.train import train
    >>> as_options("resume=True goes on, or say task='regression'; compare=False is faster", train)
    '--resume goes on, or say --task regression; --no-compare is faster'

    What is quoted stays:

    >>> as_options("no column 'seed=3' among 'a', 'b'", train)
    "no column 'seed=3' among 'a', 'b'"
    """
    for option in () if command is None else command.params:
        if isinstance(option, click.Option) and option.name:
            text = re.sub(rf"(?<![\w'\"=/.-]){option.name}={_VALUE}", _Said(option), text)
    return text


class _Said:
    """What an option says, of a match with its value."""

    def __init__(self, option: click.Option) -> None:
        self.option = option

    def __call__(self, found: re.Match[str]) -> str:
        value, option = found.group(1), self.option
        if value == "True" and option.is_flag:
            return option.opts[-1]
        if value == "False" and option.secondary_opts:
            return option.secondary_opts[-1]
        return f"{option.opts[-1]} {value.strip(chr(39))}"
