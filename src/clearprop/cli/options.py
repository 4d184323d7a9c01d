"""Options that mean the same in every command that has them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

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
        type=click.Path(path_type=Path),
        metavar="PICTURE",
        help=f"Draw {drawn} (.png, .svg, .pdf).",
    )


def force(option: str) -> Decorator:
    """Return --force, for the file that another option names."""
    return click.option("--force", is_flag=True, help=f"Replace a file that stands at {option}.")


def json_wanted(printed: str) -> Decorator:
    """Return --json, for programs that read what the command prints."""
    return click.option("--json", "json_wanted", is_flag=True, help=f"Print {printed} as JSON.")
