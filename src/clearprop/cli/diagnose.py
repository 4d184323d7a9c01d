"""`clearprop diagnose`: what ails a model, layer by layer."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

import clearprop as cp
from clearprop.cli import notation, options
from clearprop.cli.file_path import FilePath
from clearprop.cli.output import as_json, check_picture, echo, write_picture
from clearprop.cli.samples import rows_or_note
from clearprop.cli.sources import Table
from clearprop.cli.train_settings import Text
from clearprop.explaining.plots.gradient_flow import plot_gradient_flow


@click.command(
    short_help="Say what is wrong with a model's layers.",
    epilog="Example: clearprop diagnose penguins.safetensors penguins.csv --optimizer adam",
)
@click.argument("model", type=FilePath(), required=False)
@options.table(required=False)
@click.option(
    "--optimizer",
    type=Text(notation.optimizer_of_steps),
    metavar="NAME",
    help="Train copies with it for a few updates, to see whether its learning rate fits: sgd, "
    'adam, adamw, rmsprop, rprop, or such as "sgd(0.5)".',
)
@options.plot("the sizes of deltas and gradients by layer")
@options.drop_missing_target
@options.force("--plot")
@options.json_wanted("the figures and findings")
def diagnose(
    model: Path | None,
    table: Table,
    optimizer: str | None,
    plot: Path | None,
    drop_missing_target: bool,
    force: bool,
    json_wanted: bool,
) -> None:
    """Look at a model on a table: inputs, targets, units, deltas, gradients, the learning rate.

    Without MODEL and FILE, the 2-2-1 network of the note is looked at, on its one sample. Each
    finding says what is wrong, where, how it shows, and what to do. Findings are advice: the exit
    code is 0 with and without them.
    """
    check_picture(plot, replace=force)
    network, X, y, told = rows_or_note(model, table, drop_missing_target=drop_missing_target)
    rule = None if optimizer is None else notation.optimizer_of_steps(optimizer)
    found = cp.diagnose(network, X, y, optimizer=rule)
    if plot is not None:
        write_picture(plot_gradient_flow(cp.backprop(network, X, y)), plot)
    echo(as_json(asdict(found)) if json_wanted else f"{told}\n{found!r}")
