"""`clearprop evaluate`: how well a model does on rows whose target is known."""

from __future__ import annotations

from pathlib import Path

import click

import clearprop as cp
from clearprop.cli import options
from clearprop.cli.file_path import FilePath
from clearprop.cli.output import as_json, check_picture, echo, write_picture
from clearprop.cli.sources import Table


@click.command(
    short_help="Judge a model on other rows.",
    epilog="Example: clearprop evaluate penguins.safetensors more.csv --plot matrix.png",
)
@click.argument("model", type=FilePath())
@options.table()
@options.plot("the confusion matrix, or predicted over true values")
@click.option(
    "--importance", is_flag=True, help="Say what is lost where a column is shuffled among the rows."
)
@options.seed("For the shuffling.")
@options.drop_missing_target
@options.force("--plot")
@options.json_wanted("the figures")
def evaluate(
    model: Path,
    table: Table,
    plot: Path | None,
    importance: bool,
    seed: int,
    drop_missing_target: bool,
    force: bool,
    json_wanted: bool,
) -> None:
    """Compare a model's predictions with the target column of a table.

    For classes: accuracy, balanced accuracy, log loss and Brier score, of two also AUC and average
    precision; a table by class and the confusion matrix. For numbers: R2, and RMSE and MAE in
    the target's own unit. --importance adds what the log loss, or R2, loses where a column is
    shuffled. Rows that the model was trained on flatter it.
    """
    check_picture(plot, replace=force)
    loaded = cp.Model.load(model)
    rows = table.read(loaded)
    scores = loaded.evaluate(rows, drop_missing_target=drop_missing_target)
    if plot is not None:
        write_picture(scores.plot(), plot)
    found = scores.to_dict()
    pages = [repr(scores)]
    if importance:
        lost = loaded.importance(rows, seed=seed, drop_missing_target=drop_missing_target)
        found["importance"] = lost.to_dict()
        pages.append(repr(lost))
    echo(as_json(found) if json_wanted else "\n\n".join(pages))
