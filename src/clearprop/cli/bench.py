"""`clearprop bench`: how fast training is on this machine, beside the libraries installed here."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from clearprop.bench.cases import CASES
from clearprop.bench.page import microseconds
from clearprop.bench.rounds import compare, thread_counts
from clearprop.bench.summary import document
from clearprop.bench.systems import SYSTEMS, is_installed
from clearprop.cli import options
from clearprop.cli.output import echo
from clearprop.engine.threads import cores

SHORT = ("digits", "digits32", "nielsen", "deep100")
"""The cases by default, which take a minute or two."""

PEERS = ("torch", "jax", "sklearn")
"""The peers by default: compiling takes PyTorch half a minute for each case."""

WIDTH = 100


@click.command(
    short_help="Time training beside PyTorch, JAX and scikit-learn.",
    epilog="Example: clearprop bench digits deep100 --system clearprop --system jax",
)
@click.argument("cases", nargs=-1, type=click.Choice(list(CASES)), metavar="[CASE]...")
@click.option(
    "--system",
    "systems",
    multiple=True,
    type=click.Choice(list(SYSTEMS)),
    help="Which to time; may be repeated. All that are installed but compile by default.",
)
@click.option(
    "--seconds",
    default=0.3,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="How long each process times calls; one call at least.",
)
@options.json_wanted("every measurement")
def bench(
    cases: tuple[str, ...], systems: tuple[str, ...], seconds: float, json_wanted: bool
) -> None:
    """Time training on this machine, beside the other libraries that are installed.

    CASE is one of xor, digits, digits32, nielsen, deep100, mnist, wide and million; without any,
    four that take a minute or two. Each is trained in a fresh process by every system, at one
    thread and at all cores, from the same weights, on the same data; compilation and warm-up are
    not timed. The time is said in microseconds a step. benchmarks/compare.py repeats it over
    several rounds.
    """
    asked = [system for system in SYSTEMS if system in (systems or ("clearprop", *PEERS))]
    chosen = [system for system in asked if is_installed(system)]
    with _teller() as tell:
        rounds = {
            name: compare(CASES[name], chosen, 1, seconds, tell=tell)
            for name in dict.fromkeys(cases or SHORT)
        }
    found = document(rounds, cores(), seconds, mnist=False)
    if json_wanted:
        echo(json.dumps(found, indent=2))
    else:
        _show(found, chosen)
    missing = [SYSTEMS[system].title for system in asked if system not in chosen]
    if missing:
        echo(f"Not installed: {', '.join(missing)}.", err=True)
    if "clearprop" in chosen and not all(
        case["summary"]["share"] for case in found["cases"].values()
    ):
        click.get_current_context().exit(1)  # why is on standard error


@contextmanager
def _teller() -> Iterator[Callable[[str], None]]:
    """Give what says what is under way: in place on a terminal, in lines elsewhere."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status("") as status:
            yield status.update
    else:
        yield lambda what: echo(what, err=True)


def _show(found: dict[str, Any], systems: list[str]) -> None:
    """Print a table with a row for each case and number of threads."""
    ours, peers = "clearprop" in systems, len(systems) > ("clearprop" in systems)
    table = Table(box=None, pad_edge=False)
    table.add_column("case", no_wrap=True)
    heads = [SYSTEMS[system].title for system in systems]
    for head in ("threads", *heads, *["ratio"] * (ours and peers), *["of limit"] * ours):
        table.add_column(head, justify="right")
    for name, case in found["cases"].items():
        for row in _rows(name, case["summary"], systems):
            table.add_row(*row)
    echo("Microseconds a step\n")
    narrow = sys.stdout.isatty() and Console().width < WIDTH
    Console(width=None if narrow else WIDTH, highlight=False).print(table)
    echo(f"\n{found['processor']}, {found['system']}, Python {found['python']}")
    if ours and peers:
        echo("ratio: the fastest other's time over Clearprop's, each at its better threads")
    if ours:
        echo("of limit: Clearprop's multiply-adds a second, of what so many cores can do")


def _rows(name: str, summary: dict[str, Any], systems: list[str]) -> Iterator[list[str]]:
    """Yield a case's rows: the name and the ratio in the first."""
    peers = len(systems) > ("clearprop" in systems)
    for number, threads in enumerate(thread_counts()):
        keys = [f"{system} {threads}" for system in systems]
        if not any(key in summary["step"] for key in keys):
            continue
        cells = [microseconds(summary["step"][k]) if k in summary["step"] else "-" for k in keys]
        row = ["" if number else name, str(threads), *cells]
        if "clearprop" in systems:
            share, ratio = summary["share"].get(str(threads)), summary["ratio"]
            if peers:
                row.append("" if number else "-" if ratio is None else f"{ratio:.2f}")
            row.append("-" if share is None else f"{share:.0%}")
        yield row
