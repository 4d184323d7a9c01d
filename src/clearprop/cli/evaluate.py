"""`clearprop evaluate`: how well a model does on rows whose target is known."""

from __future__ import annotations

import io
import json
from pathlib import Path

import click

import clearprop as cp
from clearprop.whole_file import check_can_write, write_whole

PICTURES = (".png", ".svg", ".pdf")


@click.command(
    short_help="Judge a model on other rows.",
    epilog="Example: clearprop evaluate penguins.safetensors more.csv --plot matrix.png",
)
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="PICTURE",
    help="Draw the confusion matrix, or predicted over true values (.png, .svg, .pdf).",
)
@click.option("--drop-missing-target", is_flag=True, help="Leave out rows without a target.")
@click.option("--force", is_flag=True, help="Replace a file that stands at --plot.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def evaluate(
    model: Path,
    file: Path,
    plot: Path | None,
    drop_missing_target: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Compare a model's predictions with the target column of a table.

    For classes: accuracy, log loss, a table by class and the confusion matrix. For numbers: R2,
    RMSE and MAE in the target's own unit. Rows that the model was trained on flatter it.
    """
    if plot is not None:
        if plot.suffix.lower() not in PICTURES:
            raise click.BadParameter(f"{plot} is no picture; end it with {', '.join(PICTURES)}")
        check_can_write(plot, replace=force)
    scores = cp.Model.load(model).evaluate(file, drop_missing_target=drop_missing_target)
    if plot is not None:
        picture = io.BytesIO()
        scores.plot().savefig(picture, format=plot.suffix[1:].lower(), dpi=150)
        write_whole(plot, picture.getvalue())
    click.echo(json.dumps(scores.to_dict(), indent=2) if as_json else repr(scores))
