"""`clearprop summary`: what is in a model file."""

from __future__ import annotations

from pathlib import Path

import click

import clearprop as cp
from clearprop.cli import options
from clearprop.cli.file_path import FilePath
from clearprop.cli.output import as_json, echo
from clearprop.files import model_file
from clearprop.network import network_header


@click.command(
    short_help="Say what is in a model file.",
    epilog="Example: clearprop summary penguins.safetensors",
)
@click.argument("model", type=FilePath())
@options.json_wanted("it")
def summary(model: Path, json_wanted: bool) -> None:
    """Say what a model predicts, from which columns, and how good it was on its test rows.

    MODEL may also be a file that Network.save wrote.
    """
    if model_file.read_kind(model) == "network":
        network = cp.Network.load(model)
        described = network_header(network)
        echo(as_json(described) if json_wanted else repr(network))
        return
    loaded = cp.Model.load(model)
    if json_wanted:
        echo(as_json({**loaded.report.to_dict(), "features": loaded.features}))
        return
    echo(repr(loaded.report))
    echo(f"\n{loaded.network}")
