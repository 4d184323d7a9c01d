"""`clearprop predict`: a model's predictions for the raw rows of a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

import clearprop as cp
from clearprop.cli import options
from clearprop.cli.file_path import FilePath
from clearprop.cli.output import check_out, echo, echo_document
from clearprop.cli.sources import Table
from clearprop.tables.encoding import much_unlike
from clearprop.tables.kinds import STREAM
from clearprop.tables.known_blocks import KnownBlocks
from clearprop.tables.predicted_files import Wanted
from clearprop.tables.predictions import UNREADABLE
from clearprop.tables.table_files import check_writer
from clearprop.tables.text import aligned, shortened
from clearprop.tables.writing import TableWriter, table_writer


@click.command(
    short_help="Predict the rows of a table.",
    epilog="Example: clearprop predict penguins.safetensors new.csv --out predictions.csv",
)
@click.argument("model", type=FilePath())
@options.table()
@click.option(
    "--out",
    type=FilePath(),
    metavar="FILE",
    help="Where predictions go, in the format of its ending. [default: -, print as CSV]",
)
@click.option(
    "--carry", multiple=True, metavar="COLUMN",
    help="Put a column of the table before the predictions, as it stands there. Repeatable.",
)  # fmt: skip
@click.option("--carry-all", is_flag=True, help="Put all columns of the table before them.")
@click.option("--probabilities", is_flag=True, help="Add a column for each class.")
@click.option(
    "--interval",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="LEVEL",
    help="Add lower and upper ends that hold the number with this probability, such as 0.9.",
)
@click.option("--quantiles", is_flag=True, help="Add a column for each quantile learned.")
@click.option(
    "--why", is_flag=True, help="Add a column that says which columns add most to each prediction."
)
@click.option(
    "--attributions", is_flag=True, help="Add a column for each column: what it adds, as a number."
)
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
@click.option(
    "--skip-bad", is_flag=True, help="Go on behind rows that cannot be read, and count them."
)
@options.force("--out")
def predict(
    model: Path,
    table: Table,
    out: Path | None,
    carry: tuple[str, ...],
    carry_all: bool,
    probabilities: bool,
    why: bool,
    attributions: bool,
    interval: float | None,
    quantiles: bool,
    report: bool,
    unreadable: str,
    skip_bad: bool,
    force: bool,
) -> None:
    """Predict the target for each row of a table.

    The columns may stand in any order, and more than the model needs do no harm. Missing values
    and categories never seen in training are predicted with; --report counts them. Cells that
    cannot be read as in training are missing values, which a note counts and shows.

    What a column adds is counted from a row of medians and most frequent values: in log-odds of
    the class that is predicted, in the target's unit, or in its logarithm where that is learned.
    """
    out = None if out == STREAM else out
    if out is not None:
        check_writer(out)
    check_out(out, model, *table.files, replace=force)
    if carry and carry_all:
        raise click.UsageError("--carry-all has all columns: leave --carry out.")
    loaded = cp.Model.load(model)
    source = table.blocks(loaded, skip_bad)
    rows = loaded._known_blocks(source, unreadable)
    names = None if carry_all else carry
    wanted = Wanted(names, probabilities, why, attributions, interval, quantiles)
    with table_writer(out) if out else _printed() as file:
        loaded._predict_into(rows, source, wanted, file.add)
    if report:
        say_unusual(loaded, rows)
    else:
        warn_unusual(loaded, rows)
    if out is not None:
        echo(f"{file.rows:,} predictions in {out}")


@contextmanager
def _printed() -> Iterator[TableWriter]:
    """Give what prints rows as CSV."""
    writer = TableWriter(STREAM, echo_document)
    yield writer
    writer.end()


def say_unusual(model: cp.Model, rows: KnownBlocks) -> None:
    """Print which columns hold values unlike those of training, and which are not known."""
    n = f"{rows.n:,} row{'s' if rows.n > 1 else ''}"
    found = {name: counts for name, counts in rows.unusual.items() if counts}
    known = {*model.columns, *model.report.dropped, model.target}
    new = [name for name in rows.names if name not in known]
    if found:
        lines = [["column", "missing", "out of range", "new"]]
        for name, c in found.items():
            counts = (c.missing, c.out_of_range, c.new)
            lines.append([name, *(f"{count:,}" if count else "-" for count in counts)])
        say(f"In {n}, values unlike those the model learned from:")
        say("\n".join(aligned(lines)))
    else:
        say(f"All values of {n} are like those the model learned from.")
    if new:
        say(f"Columns the model does not know, and leaves alone: {shortened(new)}")


def warn_unusual(model: cp.Model, rows: KnownBlocks) -> None:
    """Print one line if much of a column is unlike training's, which nobody may have meant."""
    odd = much_unlike(rows.unusual, model.report.missing, rows.n)
    if odd:
        say(f"Much of {shortened(odd)} is unlike the rows the model learned from: see --report.")


def say(text: str) -> None:
    """Print to standard error, apart from the predictions."""
    echo(text, err=True)
