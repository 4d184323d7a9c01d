"""The command line: parse, call, print.

Exit codes: 0 done; 1 the data or the model is at fault, said in one line; 2 wrong usage; 130 ended
by Ctrl-C, and 143 by SIGTERM, with nothing saved.
"""

from __future__ import annotations

import errno
import io
import warnings
from collections.abc import Callable
from typing import Any

import click

import clearprop
from clearprop.cli import signals
from clearprop.cli.as_options import as_options
from clearprop.cli.bench import bench
from clearprop.cli.check import check
from clearprop.cli.demo import demo
from clearprop.cli.diagnose import diagnose
from clearprop.cli.evaluate import evaluate
from clearprop.cli.explain import explain
from clearprop.cli.export import export
from clearprop.cli.find_lr import find_lr
from clearprop.cli.graph import graph
from clearprop.cli.output import echo
from clearprop.cli.predict import predict
from clearprop.cli.studio import studio
from clearprop.cli.summary import summary
from clearprop.cli.train import train
from clearprop.cli.warm_up import warm_up
from clearprop.errors import (
    CheckpointWarning,
    ClearpropError,
    MissingExtraError,
    TableWarning,
    one_line,
)

NOTED = (TableWarning, CheckpointWarning)

_LESS = "take fewer rows or columns, or shorter cells, or end other programs"


def _notes(others: Callable[..., None], ctx: click.Context) -> Callable[..., None]:
    """Return what shows a warning of ours as a line, once, and other warnings as before."""
    said: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *where: Any) -> None:
        if not issubclass(category, NOTED):
            others(message, category, *where)
        elif str(message) not in said:
            said.add(str(message))
            echo(f"Note: {as_options(str(message), _invoked(ctx))}.", err=True)

    return show


class _OneLine(click.Group):
    """Turns what Clearprop raises on purpose, and signals, into one line and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        return signals.run(lambda: self._invoke(ctx))

    def _invoke(self, ctx: click.Context) -> object:
        try:
            with warnings.catch_warnings():
                for category in NOTED:
                    warnings.simplefilter("always", category)
                warnings.showwarning = _notes(warnings.showwarning, ctx)
                return super().invoke(ctx)
        except (click.ClickException, ClearpropError, OSError, MemoryError) as error:
            if isinstance(error, MissingExtraError) and signals.heard():
                raise  # what was being imported is there, but was interrupted
            ctx.exit(_say(error, _invoked(ctx)))


def _invoked(ctx: click.Context) -> click.Command | None:
    """Return the command that was asked for, if it came to that."""
    return main.commands.get(ctx.invoked_subcommand or "")


def _say(
    error: click.ClickException | ClearpropError | OSError | MemoryError,
    command: click.Command | None,
) -> int:
    """Print an error in one line, and return the exit code; or raise it."""
    if isinstance(error, click.ClickException):
        said = io.StringIO()
        error.show(said)  # it quotes what was typed, or what a shell made of *
        for line in said.getvalue().rstrip("\n").split("\n"):
            echo(one_line(line), err=True)
        return error.exit_code
    if isinstance(error, ClearpropError):
        echo(f"clearprop: {as_options(str(error), command)}", err=True)
        return 1
    if isinstance(error, MemoryError):
        why = one_line(f" ({error})") if str(error) else ""
        echo(f"clearprop: the memory does not suffice{why}: {_LESS}", err=True)
        return 1
    if error.errno != errno.ENOSPC:  # a broken pipe is click's to handle
        raise error
    echo(f"clearprop: could not write the output: {error.strerror}", err=True)
    return 1


@click.group(cls=_OneLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(clearprop.__version__, prog_name="clearprop")
def main() -> None:
    """Backpropagation in the clear: train networks, and see every number on the way.

    Begin with: clearprop demo. With a table of your own: clearprop train FILE --target COLUMN

    Ctrl-C, or SIGTERM, ends a command in one line; the exit code is 130 (143), or 0 where what was
    learned has been saved.
    """


COMMANDS = (
    demo, train, predict, evaluate, summary, export,
    explain, graph, check, diagnose, find_lr,
    studio, bench, warm_up,
)  # fmt: skip

for command in COMMANDS:
    main.add_command(command)
