"""`clearprop graph`: a network as the graph of its computations, as a picture or as DOT."""

from __future__ import annotations

from pathlib import Path

import click

from clearprop.cli import options
from clearprop.cli.file_path import FilePath
from clearprop.cli.output import check_out, echo, echo_document
from clearprop.cli.samples import network_of, note_network, sample_of
from clearprop.cli.sources import Table
from clearprop.explaining.graph.computation_graph import ComputationGraph, computation_graph
from clearprop.files.whole_file import write_whole

ENDINGS = {".svg": "svg", ".dot": "dot", ".gv": "dot"}
"""What the ending of --out says the format is."""


@click.command(
    short_help="Draw the computation graph of a network.",
    epilog="Example: clearprop graph --out graph.svg",
)
@click.argument("model", required=False, type=FilePath())
@options.table(required=False)
@click.option("--row", type=click.IntRange(0), help="Which row of FILE, from 0.  [default: 0]")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["svg", "dot"]),
    help="A picture, or text for Graphviz.  [default: by the ending of --out, or svg]",
)
@click.option(
    "--detailed/--folded",
    default=None,
    help="Every multiplication, or a layer at a time.  [default: by the network's size]",
)
@click.option(
    "--of",
    metavar="NAME",
    help="Light the ways from an element, such as W1[0,1], to the cost.",
)
@click.option(
    "--out",
    type=FilePath(),
    metavar="FILE",
    help="Where it goes.  [default: print it]",
)
@options.force("--out")
def graph(
    model: Path | None,
    table: Table,
    row: int | None,
    kind: str | None,
    detailed: bool | None,
    of: str | None,
    out: Path | None,
    force: bool,
) -> None:
    """Draw values going forward and gradients coming back.

    MODEL and FILE: a model that clearprop train wrote, and a table with its target; the numbers
    are those of one row. MODEL alone, which may also be a file that Network.save wrote: the
    structure. Neither: a network of 2-2-1 neurons, small enough to follow every number.
    """
    kind = _kind(kind, out)
    if row is not None and not table.is_given:
        raise click.UsageError("--row is a row of FILE: give a table.")
    check_out(out, model, *table.files, replace=force)
    drawn = _graph_of(model, table, row or 0, detailed, of)
    content = (drawn.svg() if kind == "svg" else drawn.dot()).encode()
    if out is None:
        echo_document(content)
    else:
        write_whole(out, content)
        echo(f"{drawn}\n  in {out}")


def _kind(kind: str | None, out: Path | None) -> str:
    """Return the format: the one asked for, or that of the ending."""
    if kind is not None or out is None:
        return kind or "svg"
    found = ENDINGS.get(out.suffix.lower())
    if found is None:
        raise click.BadParameter(
            f"{out} is neither picture nor DOT; end it with {', '.join(ENDINGS)}, or give --format"
        )
    return found


def _graph_of(
    model: Path | None, table: Table, row: int, detailed: bool | None, of: str | None
) -> ComputationGraph:
    if model is not None and not table.is_given:
        return computation_graph(network_of(model), detailed=detailed, of=of)
    sample = note_network() if model is None else sample_of(model, table, row)
    names = {f"x[{i}]": name for i, name in enumerate(sample.features)} | sample.names
    return computation_graph(
        sample.network, sample.X, sample.y, detailed=detailed, names=names, of=of
    )
