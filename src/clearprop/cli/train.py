"""`clearprop train`: from a data file to a model file, with a report."""

from __future__ import annotations

import io
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import click

import clearprop as cp
from clearprop.cli import options, signals
from clearprop.cli.file_path import FilePath
from clearprop.cli.output import as_json, echo
from clearprop.cli.settings_file import read_settings, write_settings
from clearprop.cli.sources import Table
from clearprop.cli.train_settings import keywords, train_settings
from clearprop.cluster.launcher import launched
from clearprop.errors import ArgumentError, ClearpropError, FileWriteError, TableWarning
from clearprop.files.whole_file import check_can_write
from clearprop.tables.kinds import is_table_name
from clearprop.tables.report import NOT_JUDGED


@click.command(
    short_help="Learn from a table, and report how good it is.",
    epilog="Example: clearprop train penguins.csv --target species --out penguins.safetensors",
)
@options.table()
@train_settings
@click.option(
    "--out",
    type=FilePath(),
    metavar="MODEL",
    help="Where the model goes. [default: FILE's name, ending with .safetensors, here]",
)
@click.option(
    "--settings",
    type=FilePath(),
    metavar="TOML",
    is_eager=True,
    expose_value=False,
    callback=read_settings,
    help="Read settings from a file; those given here win.",
)
@click.option(
    "--save-settings",
    type=FilePath(),
    metavar="TOML",
    help="Write the settings that were given, for --settings.",
)
@click.option(
    "--window",
    type=click.IntRange(1),
    metavar="ROWS",
    help="Learn from a table larger than memory, of which so many rows are there at a time.",
)
@click.option(
    "--skip-bad",
    is_flag=True,
    help="With --window: leave out rows that cannot be read, and say which and how many.",
)
@options.force("--out or --save-settings")
@options.json_wanted("the report")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--verbose", is_flag=True, help="Print a line of each epoch, on standard error.")
@click.option(
    "--timeline",
    type=FilePath(),
    metavar="FOLDER",
    help="Under mpiexec: write what each step took on each rank.",
)
def train(timeline: Path | None, **asked: Any) -> None:
    """Train a network on a table, and report how good it is.

    FILE is a CSV, TSV, text, Excel, Parquet, Arrow or JSON lines file with a header, packed too
    (.csv.gz, .csv.zst); several of one shape, a folder of them, or - for standard input. Columns
    are detected, encoded and standardized; a part of the rows is put aside to stop training by,
    another to test on, where baselines are tried too. The model predicts raw rows: clearprop
    predict. Other files than text, baselines and speed take: pip install "clearprop[tables]".

    Settings that are not given are those of cp.Model.fit. A settings file has them by their names
    here, such as: batch-size = 32

    Ctrl-C, or SIGTERM, ends training after the update under way, and baselines at once; the model
    is saved, and the exit code is 0. Before training nothing is saved, and it is 130, or 143. With
    --checkpoint, a run that was interrupted or killed goes on with --resume, to the same numbers.

    Under mpiexec -n 4, or srun, four processes train one network, to the bits of one process with
    as many --shards, which have to be 4 or more.

    With --window ROWS the table may be larger than memory: it is read again and again, so many rows
    at a time. If the window holds all of them, the numbers are those without it.
    """
    if launched()[1] == 1:
        if timeline is not None:
            raise click.UsageError("--timeline is for a run over several processes, by mpiexec.")
        _train(**asked)
        return
    cluster = cp.cluster.mpi(timeline=timeline)
    try:
        with cluster.run(), _display(on=cluster.rank == 0):
            _train(cluster=cluster, **asked)
    except ClearpropError:
        if cluster.rank and cluster.root_knows:  # and says it
            raise SystemExit(1) from None
        raise


@contextmanager
def _display(*, on: bool) -> Iterator[None]:
    """Print as usual, or nothing."""
    if on:
        yield
        return
    nowhere = io.StringIO()
    with redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


def _train(
    table: Table,
    out: Path | None,
    save_settings: Path | None,
    window: int | None,
    skip_bad: bool,
    force: bool,
    json_wanted: bool,
    quiet: bool,
    verbose: bool,
    cluster: cp.cluster.MPI | None = None,
    **typed: Any,
) -> None:
    """Do what the command asks for, as one of a cluster's processes if there is one."""
    if quiet and (verbose or json_wanted):
        raise click.UsageError(f"--quiet and --{'verbose' if verbose else 'json'}: choose one.")
    if skip_bad and window is None:
        raise click.UsageError("--skip-bad is of --window ROWS: give both.")
    settings = keywords(typed)
    out = Path(f"{table.stem}.safetensors") if out is None else out
    check_paths(table.files, out, save_settings, replace=force)

    def save_first(model: cp.Model) -> None:
        save(model, out, replace=force)
        signals.saved(f"the model is saved in {out}")

    with warnings.catch_warnings():
        if quiet:
            warnings.simplefilter("ignore", TableWarning)
        model = cp.Model.fit(
            **table.whole() if window is None else {"table": table.stream(window, skip_bad)},
            cluster=cluster,
            trained=save_first if cluster is None or cluster.rank == 0 else None,
            progress=False if json_wanted or quiet else None,
            verbose=verbose,
            **settings,
        )
    if cluster is not None and cluster.rank:
        return
    save(model, out, replace=True)  # with what the baselines say
    if save_settings is not None:
        check_can_write(save_settings, replace=force)
        write_settings(save_settings, typed)
    if quiet:
        return
    folder = settings.get("checkpoint")
    if folder is not None and model.history is not None and model.history.stopped == "interrupted":
        echo(
            f"clearprop: interrupted; the same command with --resume --force goes on from {folder}",
            err=True,
        )
    if NOT_JUDGED in model.report.notes:
        echo(f"clearprop: interrupted while judging; the model is saved in {out}", err=True)
    if json_wanted:
        echo(as_json({"model": str(out), **model.report.to_dict()}))
        return
    echo(repr(model.report))
    size = out.stat().st_size / 1000
    echo(f"\nSaved in {out} ({size:,.0f} kB). Next: clearprop predict {out} FILE")


def check_paths(
    files: Sequence[Path], out: Path, save_settings: Path | None, *, replace: bool
) -> None:
    """Refuse, before any work, files that cannot be written, or that are read."""
    check_can_write(out, replace=replace)
    if is_table_name(out):
        raise ArgumentError(f"--out {out} ends like a table; a model is a .safetensors file")
    for file in files:
        if out.exists() and file.exists() and out.samefile(file):
            raise ArgumentError(f"--out is {file}, the table itself: choose another name")
    if save_settings is None:
        return
    check_can_write(save_settings, replace=replace)
    if save_settings.suffix.lower() != ".toml":
        raise ArgumentError(f"--save-settings {save_settings} is no .toml file")


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
