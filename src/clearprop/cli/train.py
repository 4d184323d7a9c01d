"""`clearprop train`: from a data file to a model file, with a report."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

import clearprop as cp
from clearprop.activations import ACTIVATIONS
from clearprop.cli import options, signals
from clearprop.cli.output import as_json, echo
from clearprop.errors import ArgumentError, FileWriteError
from clearprop.files.whole_file import check_can_write
from clearprop.tables.conventions import FEW
from clearprop.tables.report import NOT_JUDGED
from clearprop.tables.table_files import KINDS
from clearprop.tables.target import TASKS

HIDDEN_ACTIVATIONS = sorted(name for name, f in ACTIVATIONS.items() if not f.row_wise)


def parse_sizes(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    """Return "100,50" as (100, 50), and "" as (), or raise `click.BadParameter`."""
    try:
        sizes = tuple(int(part) for part in value.split(",")) if value.strip() else ()
    except ValueError:
        sizes = (0,)
    if any(size < 1 for size in sizes):
        raise click.BadParameter(f"{value!r} is no list of layer sizes such as 100,50")
    return sizes


def parse_quantiles(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[float, ...] | None:
    """Return "0.05,0.5,0.95" as numbers, or raise `click.BadParameter`."""
    try:
        return None if value is None else tuple(float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is no list of quantiles such as 0.05,0.5,0.95"
        ) from None


def parse_columns(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    """Return "km=number, comma" as {"km": "number, comma"}, or raise `click.BadParameter`."""
    columns = {}
    for value in values:
        name, equals, how = value.rpartition("=")
        if not (name and equals):
            raise click.BadParameter(f"{value!r} is not of the form NAME=HOW, such as km=number")
        columns[name] = how
    return columns


@click.command(
    short_help="Learn from a table, and report how good it is.",
    epilog="Example: clearprop train penguins.csv --target species --out penguins.safetensors",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--target", required=True, metavar="COLUMN", help="The column to predict.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="MODEL",
    help="Where the model goes. [default: FILE's name, ending with .safetensors, here]",
)
@click.option(
    "--task", type=click.Choice(TASKS), help="What to predict. [default: by the target's values]"
)
@click.option(
    "--hidden",
    default="100,50",
    show_default=True,
    metavar="SIZES",
    callback=parse_sizes,
    help='Sizes of the hidden layers; "" for none.',
)
@click.option(
    "--quantiles",
    metavar="LIST",
    callback=parse_quantiles,
    help="The quantiles of a number to learn, such as 0.05,0.5,0.95, in place of its mean.",
)
@click.option(
    "--activation",
    default="relu",
    show_default=True,
    metavar="NAME",
    type=click.Choice(HIDDEN_ACTIVATIONS),
    help="Of the hidden layers.",
)
@click.option(
    "--epochs",
    default=200,
    show_default=True,
    type=click.IntRange(1),
    metavar="N",
    help="At most; training stops once the validation rows gain no more.",
)
@options.seed("For the rows put aside, first weights and shuffles.")
@click.option("--drop", multiple=True, metavar="COLUMN", help="Leave a column out. Repeatable.")
@click.option(
    "--keep",
    multiple=True,
    metavar="COLUMN",
    help="Use a column though it looks like an identifier. Repeatable.",
)
@click.option(
    "--categorical",
    multiple=True,
    metavar="COLUMN",
    help="Read a column of numbers as names of things. Repeatable.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME=HOW",
    callback=parse_columns,
    help='How a column is read, such as "km=number, comma", "when=date, day first", '
    '"code=category". Repeatable.',
)
@options.missing_words
@click.option(
    "--unreadable",
    default=FEW,
    show_default=True,
    type=click.FloatRange(0, 0.5),
    metavar="SHARE",
    help="Cells that may be no numbers or dates in a column of such: missing values, with a note.",
)
@click.option(
    "--max-categories",
    type=click.IntRange(2),
    metavar="N",
    help="Values of a column with an input of their own. [default: as many as there is room for]",
)
@options.drop_missing_target
@options.force("--out")
@options.json_wanted("the report")
def train(
    file: Path,
    target: str,
    out: Path | None,
    task: str | None,
    hidden: tuple[int, ...],
    quantiles: tuple[float, ...] | None,
    activation: str,
    epochs: int,
    seed: int,
    drop: tuple[str, ...],
    keep: tuple[str, ...],
    categorical: tuple[str, ...],
    columns: dict[str, str],
    missing_words: tuple[str, ...],
    unreadable: float,
    max_categories: int | None,
    drop_missing_target: bool,
    force: bool,
    json_wanted: bool,
) -> None:
    """Train a network on a table, and report how good it is.

    FILE is a CSV, TSV, Parquet, Arrow or JSON lines file with a header. Columns are detected,
    encoded and standardized; a part of the rows is put aside to stop training by, another to
    test on, where baselines are tried too. The model predicts raw rows: clearprop predict.

    Ctrl-C, or SIGTERM, ends training after the update under way, and baselines at once; the model
    is saved, and the exit code is 0. Before training nothing is saved, and it is 130, or 143.
    """
    out = Path(f"{file.stem}.safetensors") if out is None else out
    check_can_write(out, replace=force)
    if out.suffix.lower() in KINDS:
        raise ArgumentError(f"--out {out} ends like a table; a model is a .safetensors file")
    if out.exists() and file.exists() and out.samefile(file):
        raise ArgumentError(f"--out is {file}, the table itself: choose another name")

    def save_first(model: cp.Model) -> None:
        save(model, out, replace=force)
        signals.saved(f"the model is saved in {out}")

    model = cp.Model.fit(
        file,
        target,
        trained=save_first,
        hidden=hidden,
        quantiles=quantiles,
        task=task,
        activation=activation,
        drop=drop,
        keep=keep,
        categorical=categorical,
        columns=columns,
        missing_words=missing_words or None,
        unreadable=unreadable,
        max_categories=max_categories,
        drop_missing_target=drop_missing_target,
        epochs=epochs,
        seed=seed,
        progress=False if json_wanted else None,
    )
    save(model, out, replace=True)  # with what the baselines say
    if NOT_JUDGED in model.report.notes:
        echo(f"clearprop: interrupted while judging; the model is saved in {out}", err=True)
    if json_wanted:
        echo(as_json({"model": str(out), **model.report.to_dict()}))
        return
    echo(repr(model.report))
    size = out.stat().st_size / 1000
    echo(f"\nSaved in {out} ({size:,.0f} kB). Next: clearprop predict {out} FILE")


def save(model: cp.Model, out: Path, *, replace: bool) -> None:
    """Write the model; if that fails now, after training, write it where it still goes.

    Raises
    ------
    FileWriteError
        If the model is not at `out`; the message says where it is.
    """
    try:
        check_can_write(out, replace=replace)  # again: training takes its time
        model.save(out)
    except FileWriteError as error:
        try:
            refuge = Path(tempfile.mkdtemp(prefix="clearprop-"))
        except OSError:
            raise error from None
        try:
            model.save(refuge / out.name)
        except FileWriteError:
            refuge.rmdir()
            raise error from None
        raise FileWriteError(f"{error}; the model is in {refuge / out.name} instead") from None
