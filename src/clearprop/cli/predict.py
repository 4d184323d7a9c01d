"""`clearprop predict`: a model's predictions for the raw rows of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import clearprop as cp
from clearprop.tables.columns import read_columns
from clearprop.tables.files import as_bytes, kind_of, write_table
from clearprop.tables.scores import aligned
from clearprop.whole_file import check_can_write


@click.command(
    epilog="Example: clearprop predict penguins.safetensors new.csv --out predictions.csv"
)
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where predictions go, in the format of its ending. [default: print as CSV]",
)
@click.option("--probabilities", is_flag=True, help="Add a column for each class.")
@click.option(
    "--report",
    is_flag=True,
    help="Say which values are unlike those of training, on standard error.",
)
@click.option("--force", is_flag=True, help="Replace a file that stands at --out.")  # fmt: skip
def predict(
    model: Path, file: Path, out: Path | None, probabilities: bool, report: bool, force: bool
) -> None:
    """Predict the target for each row of a table.

    The columns may stand in any order, and more than the model needs do no harm. Missing values
    and categories never seen in training are predicted with; --report counts them.
    """
    if out is not None:
        kind_of(out)
        check_can_write(out, replace=force)
    loaded = cp.Model.load(model)
    table = loaded.read(file)
    columns: dict[str, Any] = {"prediction": loaded.predict(table)}
    if probabilities:
        shares = loaded.predict_proba(table).T
        columns |= {f"probability_{c}": p for c, p in zip(loaded.classes, shares, strict=True)}
    if report:
        say_unusual(loaded, table)
    if out is None:
        click.echo(as_bytes(columns, "CSV"), nl=False)
    else:
        write_table(columns, out)
        click.echo(f"{len(columns['prediction']):,} predictions in {out}")


def say_unusual(model: cp.Model, table: Any) -> None:
    """Print which columns hold values that are unlike those of training."""
    n = len(table)
    found = {name: counts for name, counts in model.unusual(table).items() if counts}
    names = set(read_columns(table))
    new = sorted(names - set(model.columns) - set(model.report.dropped) - {model.target})
    if found:
        click.echo(f"Of {n:,} rows, unlike the rows the model learned from:", err=True)
        rows = [["column", "missing", "out of range", "never seen"]]
        rows += [
            [name, *(f"{count:,}" if count else "-" for count in
                     (c.missing, c.out_of_range, c.unseen))]
            for name, c in found.items()
        ]  # fmt: skip
        click.echo("\n".join(aligned(rows)), err=True)
    else:
        click.echo(f"All {n:,} rows are like those the model learned from.", err=True)
    if new:
        click.echo(f"Columns the model does not know, and leaves alone: {', '.join(new)}", err=True)
