"""Options that mean the same in every command that has them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from clearprop.cli.file_path import FilePath
from clearprop.cli.sources import Table

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def table(*, required: bool = True) -> Decorator:
    """Return FILE..., --encoding and --sheet, which a command gets as one `table`."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def with_table(
            files: tuple[Path, ...], encoding: str | None, sheet: str | None, **others: Any
        ) -> Any:
            if not files and (encoding or sheet):
                raise click.UsageError("--encoding and --sheet are of FILE: give a table.")
            return command(table=Table(files, encoding, sheet), **others)

        path = FilePath(allow_dash=True)
        metavar = "FILE..." if required else "[FILE]..."
        files = click.argument("files", nargs=-1, required=required, type=path, metavar=metavar)
        return files(_encoding(_sheet(with_table)))

    return decorate


_encoding: Decorator = click.option(
    "--encoding",
    metavar="NAME",
    help="Of text, such as windows-1250. [default: UTF-8; else a guess that a note tells]",
)

_sheet: Decorator = click.option(
    "--sheet", metavar="NAME", help="Of a workbook. [default: the first with a header]"
)

drop_missing_target: Decorator = click.option(
    "--drop-missing-target", is_flag=True, help="Leave out rows without a target."
)


def seed(purpose: str) -> Decorator:
    """Return --seed, for what is drawn at random."""
    return click.option(
        "--seed",
        default=0,
        show_default=True,
        type=click.IntRange(0, 2**64 - 1),
        metavar="N",
        help=purpose,
    )


def plot(drawn: str) -> Decorator:
    """Return --plot, for a picture of what the command found."""
    return click.option(
        "--plot",
        type=FilePath(),
        metavar="PICTURE",
        help=f"Draw {drawn} (.png, .svg, .pdf).",
    )


def force(option: str) -> Decorator:
    """Return --force, for the file that another option names."""
    return click.option("--force", is_flag=True, help=f"Replace a file that stands at {option}.")


def json_wanted(printed: str) -> Decorator:
    """Return --json, for programs that read what the command prints."""
    return click.option("--json", "json_wanted", is_flag=True, help=f"Print {printed} as JSON.")
