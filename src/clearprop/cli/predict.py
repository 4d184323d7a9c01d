"""`clearprop predict`: a model's predictions for the raw rows of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import clearprop as cp
from clearprop.cli import options
from clearprop.cli.output import check_out, echo, echo_document
from clearprop.tables.columns import names_of
from clearprop.tables.predictions import UNREADABLE
from clearprop.tables.table_files import as_bytes, kind_of, write_table
from clearprop.tables.text import aligned, shortened

MANY = 0.2
"""The share of a column's values that makes their oddness worth a line nobody asked for."""


@click.command(
    short_help="Predict the rows of a table.",
    epilog="Example: clearprop predict penguins.safetensors new.csv --out predictions.csv",
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
    "--interval",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="LEVEL",
    help="Add lower and upper ends that hold the number with this probability, such as 0.9.",
)
@click.option("--quantiles", is_flag=True, help="Add a column for each quantile learned.")
@click.option(
    "--report",
    is_flag=True,
    help="Say which values are unlike those of training, on standard error.",
)
@click.option(
    "--unreadable",
    default="missing",
    show_default=True,
    type=click.Choice(UNREADABLE),
    help="What a cell is that cannot be read as in training.",
)
@options.force("--out")
def predict(
    model: Path,
    file: Path,
    out: Path | None,
    probabilities: bool,
    interval: float | None,
    quantiles: bool,
    report: bool,
    unreadable: str,
    force: bool,
) -> None:
    """Predict the target for each row of a table.

    The columns may stand in any order, and more than the model needs do no harm. Missing values
    and categories never seen in training are predicted with; --report counts them. Cells that
    cannot be read as in training are missing values, which a note counts and shows.
    """
    if out is not None:
        kind_of(out)
    check_out(out, model, file, replace=force)
    loaded = cp.Model.load(model)
    table = loaded.read(file)
    columns: dict[str, Any] = {"prediction": loaded.predict(table, unreadable=unreadable)}
    if probabilities:
        shares = loaded.predict_proba(table).T
        columns |= {f"probability_{c}": p for c, p in zip(loaded.classes, shares, strict=True)}
    if interval is not None:
        ends = loaded.predict_interval(table, interval).T
        columns |= dict(zip(("lower", "upper"), ends, strict=True))
    if quantiles:
        found = loaded.predict_quantiles(table).T
        columns |= {f"quantile_{q:g}": v for q, v in zip(loaded.quantiles, found, strict=True)}
    if report:
        say_unusual(loaded, table)
    else:
        warn_unusual(loaded, table)
    if out is None:
        echo_document(as_bytes(columns, "CSV"))
    else:
        write_table(columns, out)
        echo(f"{len(columns['prediction']):,} predictions in {out}")


def say_unusual(model: cp.Model, table: Any) -> None:
    """Print which columns hold values that are unlike those of training."""
    n = f"{len(table):,} row{'s' if len(table) > 1 else ''}"
    found = {name: counts for name, counts in model.unusual(table).items() if counts}
    known = {*model.columns, *model.report.dropped, model.target}
    new = [name for name in names_of(table) if name not in known]
    if found:
        rows = [["column", "missing", "out of range", "new"]]
        for name, c in found.items():
            counts = (c.missing, c.out_of_range, c.new)
            rows.append([name, *(f"{count:,}" if count else "-" for count in counts)])
        say(f"In {n}, values unlike those the model learned from:")
        say("\n".join(aligned(rows)))
    else:
        say(f"All values of {n} are like those the model learned from.")
    if new:
        say(f"Columns the model does not know, and leaves alone: {shortened(new)}")


def warn_unusual(model: cp.Model, table: Any) -> None:
    """Print one line if much of a column is unlike training's, which nobody may have meant."""
    odd = []
    for name, c in model.unusual(table).items():
        missing = 0 if name in model.report.missing else c.missing
        if max(missing, c.out_of_range, c.new) > MANY * len(table):
            odd.append(name)
    if odd:
        say(f"Much of {shortened(odd)} is unlike the rows the model learned from: see --report.")


def say(text: str) -> None:
    """Print to standard error, apart from the predictions."""
    echo(text, err=True)
