"""`clearprop check`: a model's gradient held to what the cost itself says."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np

import clearprop as cp
from clearprop.cli import options
from clearprop.cli.file_path import FilePath
from clearprop.cli.output import as_json, check_picture, echo, write_picture
from clearprop.cli.samples import note_network, rows_of
from clearprop.cli.sources import Table


@click.command(
    short_help="Check a model's gradient on rows of a table.",
    epilog="Example: clearprop check penguins.safetensors penguins.csv --rows 8",
)
@click.argument("model", type=FilePath(), required=False)
@options.table(required=False)
@click.option(
    "--rows",
    default=32,
    show_default=True,
    type=click.IntRange(1),
    metavar="N",
    help="How many rows at most, from all over the table; few suffice.",
)
@options.seed("For the parameters and directions that are checked of a large network.")
@options.plot("differences by their step, for the worst parameter")
@options.drop_missing_target
@options.force("--plot")
@options.json_wanted("the result")
@click.pass_context
def check(
    context: click.Context,
    model: Path | None,
    table: Table,
    rows: int,
    seed: int,
    plot: Path | None,
    drop_missing_target: bool,
    force: bool,
    json_wanted: bool,
) -> None:
    """Hold backpropagation's gradient to what the cost itself says, and name what is wrong.

    In double precision, on rows evenly spaced over the table. Without MODEL and FILE, the 2-2-1
    network of the note is checked. Each derivative is right, wrong, or not determined (as at the
    kink of a relu); of the last it is said what would determine it. Exit code 1: one is wrong or
    not determined.
    """
    check_picture(plot, replace=force)
    if model is None:
        sample = note_network()
        network, X, y, told = sample.network, sample.X, sample.y, f"{sample.title}, one sample"
        names = sample.names
    else:
        names = {}
        network, X, y = rows_of(model, table, drop_missing_target=drop_missing_target)
        told = f"{model}, on {min(rows, len(X)):,} of {len(X):,} rows of {table}"
        if rows < len(X):  # not the first ones, as tables are sorted often
            chosen = np.linspace(0, len(X) - 1, rows).round().astype(int)
            X, y, told = X[chosen], y[chosen], f"{told}, evenly spaced"
    found = cp.check_gradients(network, X, y, seed=seed, names=names)
    if plot is not None:
        write_picture(found.plot(), plot)
    echo(as_json(_figures(found, len(X))) if json_wanted else f"{told}\n{found!r}")
    if not found:
        context.exit(1)


def _figures(found: cp.GradientCheck, rows: int) -> dict[str, Any]:
    return {
        "passed": found.passed,
        "outcome": found.outcome,
        "note": found.note,
        "method": found.method,
        "rows": rows,
        "parameters": found.n_parameters,
        "checked": len(found.derivatives),
        "worst": asdict(found.worst),
        "faults": [asdict(one) for one in found.derivatives if one.outcome == "wrong"],
        "not_determined": [
            asdict(one) for one in found.derivatives if one.outcome == "not determined"
        ],
    }
