"""`clearprop studio`: a page on which backpropagation is watched."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import click

from clearprop.cli.file_path import FilePath
from clearprop.cli.output import echo
from clearprop.errors import ArgumentError, shown
from clearprop.files.regular_file import open_regular
from clearprop.files.whole_file import check_can_write
from clearprop.tables.kinds import STREAM, form_of

STEPS = 200
"""Of a run that a replay holds."""


@click.command(
    short_help="Watch backpropagation on a page of your own machine.",
    epilog="Example: clearprop studio penguins.csv",
)
@click.argument("files", nargs=-1, type=FilePath(), metavar="[FILE] [MODEL]")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Where it is served.  [default: 8317, or a free one]",
)
@click.option("--browser/--no-browser", default=True, help="Whether a browser is opened.")
@click.option("--at", metavar="ADDRESS", help="What is shown, such as '#hill?data=moons&n=60'.")
@click.option(
    "--replay",
    type=FilePath(dir_okay=False),
    metavar="FILE",
    help="Write the run as one HTML file that needs no server, and end.",
)
@click.option("--force", is_flag=True, help="Replace the replay's file if it exists.")
def studio(
    files: tuple[Path, ...], port: int | None, browser: bool, at: str | None, replay: Path | None,
    force: bool,
) -> None:  # fmt: skip
    """Serve a page on which a network learns, forwards and backwards, number by number.

    FILE is a table (.csv, .parquet, .xlsx, ...) to learn from. MODEL is a file that clearprop
    train or Network.save wrote (.safetensors): the run begins with its weights. Without a table its
    network is shown on inputs that are drawn.

    The page is served to this machine alone, and ends with Ctrl-C.
    """
    if replay is not None:
        check_can_write(replay, replace=force)
        _write(replay, _place(files, at))
        return
    from clearprop.studio.server import Server

    place = _place(files, at)
    server = Server(port)
    address = server.address + place
    echo(f"Studio: {address}  (Ctrl-C ends it)")
    sys.stdout.flush()
    if browser:
        webbrowser.open(address)
    server.run()


def _write(path: Path, place: str) -> None:
    """Write the replay of the run at a place of the page."""
    from clearprop.studio.contents import Place
    from clearprop.studio.question import Question
    from clearprop.studio.replay import write_replay
    from clearprop.studio.runs import Run
    from clearprop.studio.setup import Setup
    from clearprop.studio.telling import Telling

    pairs = _pairs(place)
    question = Question(pairs)
    here = Place(max(question.whole("n", 0), 0), max(question.whole("sample", 0), 0))
    write_replay(path, Run(Setup.read(pairs)), STEPS, here=here, told=Telling(None))
    echo(f"Wrote {path} ({path.stat().st_size / 1e6:.1f} MB)")


def _pairs(place: str) -> dict[str, str]:
    """Return the pairs of a place of the page, "#hill?data=moons&n=60"."""
    return dict(parse_qsl(place.partition("?")[2]))


def _place(files: tuple[Path, ...], at: str | None = None) -> str:
    """Return the place on the page that shows these files, once they are known to be good.

    Where one is asked for, that.

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
    from clearprop.studio.problems import problem_of
    from clearprop.studio.setup import Setup

    if at is not None and not at.startswith("#"):
        raise ArgumentError(f"--at is {shown(at)}; it begins with #, such as '#hill?data=moons'")
    if not files:
        if at is not None:
            _check(problem_of, Setup.read(_pairs(at)))
        return at or ""

    pairs = {}
    if models:
        pairs["weights" if tables else "data"] = _handed("model", models[0])
    if tables:
        if tables[0] == STREAM:
            raise click.UsageError("The studio reads no standard input: give a file.")
        pairs["data"] = _handed("table", tables[0])
    given = {**pairs, **(_pairs(at) if at is not None else {"play": "1"})}
    _check(problem_of, Setup.read(given))
    return f"{(at or '#start').partition('?')[0]}?{urlencode(given, safe='[],;:=')}"


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
