"""`clearprop summary`: what is in a model file."""

from __future__ import annotations

import json
from pathlib import Path

import click

import clearprop as cp
from clearprop.cli import options
from clearprop.files import model_file
from clearprop.network import network_header


@click.command(
    short_help="Say what is in a model file.",
    epilog="Example: clearprop summary penguins.safetensors",
)
@click.argument("model", type=click.Path(path_type=Path))
@options.json_wanted("it")
def summary(model: Path, json_wanted: bool) -> None:
    """Say what a model predicts, from which columns, and how good it was on its test rows.

    MODEL may also be a file that Network.save wrote.
    """
    if model_file.read_kind(model) == "network":
        network = cp.Network.load(model)
        described = network_header(network)
        click.echo(json.dumps(described, indent=2) if json_wanted else repr(network))
        return
    loaded = cp.Model.load(model)
    if json_wanted:
        click.echo(json.dumps({**loaded.report.to_dict(), "features": loaded.features}, indent=2))
        return
    click.echo(repr(loaded.report))
    click.echo(f"\n{loaded.network}")
