"""What the classics have in common: their arguments, their table of figures, their pages.

A classic is a script that measures, and tells what it found beside what was published. Its long form
writes what it measured to docs/classics/NAME.json, and from that its page and its picture.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from clearprop.bench.summary import processor
from clearprop.errors import ClearpropError

PAGES = Path(__file__).parents[2] / "docs" / "classics"
WHITE = {"facecolor": "white", "dpi": 100, "bbox_inches": "tight"}

Found = dict[str, Any]
"""What was measured: numbers, texts, lists and dictionaries, as JSON has them."""


@dataclass(frozen=True)
class Row:
    """A figure beside the published one."""

    what: str
    published: str
    source: str
    measured: str


@dataclass(frozen=True)
class Classic:
    """An experiment.

    Attributes
    ----------
    name, title : str
        Of the script and of its page.
    question : str
        What was asked, and how it was done here: the beginning of the page.
    measure : callable
        Takes (short, data), where `data` is the folder of MNIST's files or None, and returns what
        was found.
    tell : callable
        Takes what was found, and returns the figures beside the published ones.
    draw : callable
        Takes what was found, and returns the picture.
    lesson : callable
        Takes what was found, and returns what one learns from it.
    sources : tuple of str
        Where the published numbers stand, in full.
    needs_data : bool
        Whether it reads MNIST.
    """

    name: str
    title: str
    question: str
    measure: Callable[[bool, Path | None], Found]
    tell: Callable[[Found], list[Row]]
    draw: Callable[[Found], Figure]
    lesson: Callable[[Found], str]
    sources: tuple[str, ...]
    needs_data: bool = False


def main(classic: Classic, arguments: list[str] | None = None) -> int:
    """Run a classic's script, by the command line where no arguments are given; return its exit code."""
    parser = argparse.ArgumentParser(description=f"{classic.title}.")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--short", action="store_true", help="in seconds; writes nothing")
    form.add_argument("--write", action="store_true", help="write the page of the long form")
    form.add_argument(
        "--again", action="store_true", help="write the page anew from what was measured"
    )
    if classic.needs_data:
        parser.add_argument(
            "--data", type=Path, metavar="FOLDER",
            help="of MNIST's four files, as they were published; without it, OpenML is asked",
        )  # fmt: skip
    asked = parser.parse_args(arguments)
    if asked.again:
        kept = PAGES / f"{classic.name}.json"
        if not kept.exists():
            print(f"{classic.name}: there is no {kept}; --write measures it", file=sys.stderr)
            return 1
        write(classic, json.loads(kept.read_text(encoding="utf-8")))
        return 0
    started = time.perf_counter()
    try:
        found = classic.measure(asked.short, getattr(asked, "data", None))
    except ClearpropError as error:
        print(f"{classic.name}: {error}", file=sys.stderr)
        return 1
    seconds = time.perf_counter() - started
    show(classic, found, seconds)
    if asked.write:
        write(classic, {"found": found, "measured": circumstances(seconds)})
    return 0


def show(classic: Classic, found: Found, seconds: float) -> None:
    """Print the figures beside the published ones."""
    table = Table(title=f"{classic.title} ({seconds:.0f} s)", title_justify="left")
    for heading in ("", "published", "measured", "source"):
        table.add_column(heading)
    for row in classic.tell(found):
        table.add_row(row.what, row.published, row.measured, row.source)
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def circumstances(seconds: float) -> dict[str, Any]:
    """Return where and when something was measured."""
    packages = ("clearprop", "numpy")
    return {
        "date": date.today().isoformat(),
        "seconds": round(seconds),
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
    }


def write(classic: Classic, kept: dict[str, Any]) -> None:
    """Write what was measured, then the picture and the page made from it."""
    PAGES.mkdir(parents=True, exist_ok=True)
    text = json.dumps(kept, indent=1, default=_plain)
    whole(PAGES / f"{classic.name}.json", text.encode() + b"\n")
    kept = json.loads(text)
    matplotlib.use("agg")
    picture = io.BytesIO()
    classic.draw(kept["found"]).savefig(picture, format="png", **WHITE)
    whole(PAGES / f"{classic.name}.png", picture.getvalue())
    whole(PAGES / f"{classic.name}.md", page(classic, kept).encode())


def whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole, or as it was."""
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def page(classic: Classic, kept: dict[str, Any]) -> str:
    """Return the page: the question, the figures, the picture, what one learns."""
    found, when = kept["found"], kept["measured"]
    folder = " --data FOLDER" if classic.needs_data else ""
    versions = ", ".join(f"{name} {number}" for name, number in when["packages"].items())
    table = [
        "| | published | measured | source |",
        "|---|---|---|---|",
        *(
            f"| {r.what} | {r.published} | **{r.measured}** | {r.source} |"
            for r in classic.tell(found)
        ),
    ]
    return "\n".join(
        [
            f"# {classic.title}", "", classic.question, "",
            *table, "",
            f"![{classic.title}]({classic.name}.png)", "",
            "## What one learns", "", classic.lesson(found), "",
            "## Sources", "", *(f"- {source}" for source in classic.sources), "",
            "## To run it", "",
            "```bash",
            f"python examples/classics/{classic.name}.py --short{folder}    # in seconds",
            f"python examples/classics/{classic.name}.py --write{folder}    # all of it; writes this page",
            "```", "",
            f"Measured {when['date']} in {when['seconds']:,} s: {when['processor']}, {when['cores']} "
            f"cores; Python {when['python']}, {versions}. Every number stands in "
            f"[{classic.name}.json]({classic.name}.json).",
            "",
        ]
    )  # fmt: skip


def spread(values: Any, digits: int = 0) -> str:
    """Return "median M, from A to B" of some numbers, and "none" of none.

    >>> spread([3, 1, 2])
    'median 2, from 1 to 3'
    """
    if not len(values):
        return "none"
    low, middle, high = (f"{float(v):,.{digits}f}" for v in np.quantile(values, [0, 0.5, 1]))
    return f"median {middle}, from {low} to {high}"


def _plain(value: Any) -> Any:
    """NumPy's numbers as JSON's."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)
