"""`clearprop studio`: a page on which backpropagation is watched."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path
from typing import Any

import click

from clearprop.cli.output import echo
from clearprop.errors import ArgumentError
from clearprop.files.regular_file import open_regular
from clearprop.tables.kinds import STREAM, form_of


@click.command(
    short_help="Watch backpropagation on a page of your own machine.",
    epilog="Example: clearprop studio penguins.csv",
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE] [MODEL]")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Where it is served.  [default: 8317, or a free one]",
)
@click.option("--browser/--no-browser", default=True, help="Whether a browser is opened.")
def studio(files: tuple[Path, ...], port: int | None, browser: bool) -> None:
    """Serve a page on which a network learns, forwards and backwards, number by number.

    FILE is a table (.csv, .parquet, .xlsx, ...) to learn from. MODEL is a file that clearprop
    train or Network.save wrote (.safetensors): the run begins with its weights. Without a table its
    network is shown on inputs that are drawn.

    The page is served to this machine alone, and ends with Ctrl-C.
    """
    from clearprop.studio.server import Server

    place = _place(files)
    server = Server(port)
    address = server.address + place
    echo(f"Studio: {address}  (Ctrl-C ends it)")
    sys.stdout.flush()
    if browser:
        webbrowser.open(address)
    server.run()


def _place(files: tuple[Path, ...]) -> str:
    """Return the place on the page that shows these files, once they are known to be good.

    Raises
    ------
    ClearpropError
        If one is none, or there are two of a kind.
    """
    models = [file for file in files if file.suffix.lower() == ".safetensors"]
    tables = [file for file in files if file not in models]
    for kind, found in (("tables", tables), ("models", models)):
        if len(found) > 1:
            raise click.UsageError(f"Two {kind} are given, {found[0]} and {found[1]}: choose one.")
    if not files:
        return ""
    from clearprop.studio.problems import problem_of
    from clearprop.studio.setup import Setup

    pairs = {}
    if models:
        pairs["weights" if tables else "data"] = _handed("model", models[0])
    if tables:
        if tables[0] == STREAM:
            raise click.UsageError("The studio reads no standard input: give a file.")
        pairs["data"] = _handed("table", tables[0])
    _check(problem_of, Setup.read(pairs))
    given = "&".join(f"{name}={value}" for name, value in pairs.items())
    return f"#start?{given}&play=1"


def _handed(kind: str, path: Path) -> str:
    """Hand a file in, and return what an address calls it."""
    from clearprop.errors import ModelFileError, TableFileError
    from clearprop.studio.handed import MODEL_BYTES, MOST_BYTES, hand_in
    from clearprop.studio.trial import try_to_read

    is_table = kind == "table"
    error, most = (TableFileError, MOST_BYTES) if is_table else (ModelFileError, MODEL_BYTES)
    with open_regular(path, error) as file:
        if is_table:
            form_of(path)
        content = file.read(most + 1)
    if len(content) > most:
        part = ": hand in a part of the table" if is_table else ""
        raise error(f"{path} is too large: the studio takes {most >> 20} MB{part}")
    address = hand_in(kind, path.name, content, called=str(path), stays=True)
    if is_table:
        try_to_read(address)
    return address


def _check(problem_of: Any, setup: Any) -> None:
    """Raise the one line that says why no run can be made of the files."""
    from clearprop.errors import ClearpropError
    from clearprop.studio.handed import without_folder

    try:
        problem_of(setup)
    except ClearpropError as error:
        raise ArgumentError(without_folder(str(error))) from None
