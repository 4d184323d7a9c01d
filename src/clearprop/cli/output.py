"""What commands print and write: lines, documents, JSON, pictures."""

from __future__ import annotations

import io
import json
import math
import sys
from pathlib import Path
from typing import Any

import click

from clearprop.errors import ArgumentError
from clearprop.files.whole_file import check_can_write, write_whole
from clearprop.printable import printable

PICTURES = (".png", ".svg", ".pdf")


def echo(text: str = "", *, err: bool = False) -> None:
    """Print lines for people, without control characters: names in a file may hold anything.

    Every command prints by this or `echo_document`.
    """
    click.echo(printable(text), err=err)


def echo_document(content: str | bytes) -> None:
    """Print what a program may read, just as it is; on a terminal, without control characters."""
    if sys.stdout.isatty():
        content = printable(content if isinstance(content, str) else content.decode())
    click.echo(content, nl=False)


def check_out(path: Path | None, *sources: Path | None, replace: bool) -> None:
    """Refuse, before any work, a path that cannot be written, or that is read.

    Raises
    ------
    FileWriteError
        If it cannot be written, or a file stands there and is not to be replaced.
    ArgumentError
        If it is one of the sources.
    """
    if path is None:
        return
    check_can_write(path, replace=replace)
    for source in sources:
        if source is not None and path.exists() and source.exists() and path.samefile(source):
            raise ArgumentError(f"--out is {source}, which is read: choose another name")


def check_picture(path: Path | None, *, replace: bool) -> None:
    """Refuse, before any work, a path that a picture cannot go to.

    Raises
    ------
    click.BadParameter
        If its ending is of no kind of picture.
    FileWriteError
        If it cannot be written, or a file stands there and is not to be replaced.
    """
    if path is None:
        return
    if path.suffix.lower() not in PICTURES:
        raise click.BadParameter(f"{path} is no picture; end it with {', '.join(PICTURES)}")
    check_can_write(path, replace=replace)


def write_picture(figure: Any, path: Path) -> None:
    """Write a matplotlib figure in the format that the path ends with."""
    picture = io.BytesIO()
    figure.savefig(picture, format=path.suffix[1:].lower(), dpi=150)
    write_whole(path, picture.getvalue())


def as_json(value: Any) -> str:
    """Return JSON of dictionaries, lists and numbers; NaN and infinity, which it lacks, as null."""
    # ASCII alone, of which json leaves one control character as it is.
    return json.dumps(_plain(value), indent=2).replace("\x7f", "\\u007f")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
