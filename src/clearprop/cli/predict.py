"""`clearprop predict`: a model's predictions for the raw rows of a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import clearprop as cp
from clearprop.cli import options
from clearprop.cli.output import check_out, echo, echo_document
from clearprop.cli.sources import Table
from clearprop.errors import ArgumentError, nearest, shown
from clearprop.tables.columns import names_of
from clearprop.tables.encoding import much_unlike
from clearprop.tables.kinds import STREAM
from clearprop.tables.outputs import KnownRows
from clearprop.tables.predictions import UNREADABLE
from clearprop.tables.table_files import as_bytes, check_writer, write_table
from clearprop.tables.text import aligned, shortened
from clearprop.tables.workbooks import NO_DAY

if TYPE_CHECKING:
    import polars as pl


@click.command(
    short_help="Predict the rows of a table.",
    epilog="Example: clearprop predict penguins.safetensors new.csv --out predictions.csv",
)
@click.argument("model", type=click.Path(path_type=Path))
@options.table()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
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
    cells = table.cells()
    carried = carried_columns(cells.frame, None if carry_all else carry)
    frame = loaded._as_read(cells)
    rows = loaded._columns(frame, unreadable)  # read, encoded and predicted once
    columns: dict[str, Any] = {"prediction": loaded.predict(rows)}
    if probabilities:
        shares = loaded.predict_proba(rows).T
        columns |= {f"probability_{c}": p for c, p in zip(loaded.classes, shares, strict=True)}
    if why:
        columns["why"] = loaded.why(rows)
    if attributions:
        shares = loaded.attributions(rows).T
        columns |= {f"adds_{name}": one for name, one in zip(loaded.columns, shares, strict=True)}
    if interval is not None:
        ends = loaded.predict_interval(rows, interval).T
        columns |= dict(zip(("lower", "upper"), ends, strict=True))
    if quantiles:
        found = loaded.predict_quantiles(rows).T
        columns |= {f"quantile_{q}": v for q, v in zip(loaded.quantiles, found, strict=True)}
    if report:
        say_unusual(loaded, rows, names_of(frame))
    else:
        warn_unusual(loaded, rows)
    columns = carried_before(carried, columns)
    if out is None:
        echo_document(as_bytes(columns))
    else:
        write_table(columns, out)
        echo(f"{len(columns['prediction']):,} predictions in {out}")


def carried_columns(table: Any, names: Sequence[str] | None) -> dict[str, Any]:
    """Return columns of a table by name, all of them for None.

    Raises
    ------
    ArgumentError
        If the table has no such column.
    """
    there = {str(name).strip(): name for name in table.columns}
    for name in names or ():
        if name.strip() not in there:
            near = nearest(name, there)
            hint = f" (did you mean {near!r}?)" if near else ""
            raise ArgumentError(f"--carry names {shown(name)}, which the table does not have{hint}")
    chosen = there if names is None else [name.strip() for name in names]
    columns = (table[there[name]] for name in chosen)
    return {name: _as_it_stood(column) for name, column in zip(chosen, columns, strict=True)}


def _as_it_stood(column: pl.Series | list[str]) -> pl.Series | list[str | None]:
    """Return a column as it is written: empty cells without quotes, a workbook's times alone."""
    if isinstance(column, list):
        return [cell or None for cell in column]
    import polars

    if column.dtype == polars.String:
        return column.replace("", None)
    is_dated = column.dtype == polars.Datetime and column.null_count() < len(column)
    return column.dt.time() if is_dated and (column.dt.date() == NO_DAY.date()).all() else column


def carried_before(carried: dict[str, Any], columns: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a table, then those that the model makes.

    Raises
    ------
    ArgumentError
        If some of both have one name.
    """
    both = [name for name in carried if name in columns]
    if both:
        raise ArgumentError(
            f"the table has a column {both[0]!r}, as the predictions do: rename it, or choose "
            "others by --carry"
        )
    return carried | columns


def say_unusual(model: cp.Model, rows: KnownRows, names: Sequence[str]) -> None:
    """Print which columns hold values unlike those of training, and which are not known."""
    n = f"{rows.n:,} row{'s' if rows.n > 1 else ''}"
    found = {name: counts for name, counts in model.unusual(rows).items() if counts}
    known = {*model.columns, *model.report.dropped, model.target}
    new = [name for name in names if name not in known]
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


def warn_unusual(model: cp.Model, rows: KnownRows) -> None:
    """Print one line if much of a column is unlike training's, which nobody may have meant."""
    odd = much_unlike(model.unusual(rows), model.report.missing, rows.n)
    if odd:
        say(f"Much of {shortened(odd)} is unlike the rows the model learned from: see --report.")


def say(text: str) -> None:
    """Print to standard error, apart from the predictions."""
    echo(text, err=True)
