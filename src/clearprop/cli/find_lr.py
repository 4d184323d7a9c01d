"""`clearprop find-lr`: a learning rate for a model's network, from fresh weights."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

import clearprop as cp
from clearprop.cli import options
from clearprop.cli.file_path import FilePath
from clearprop.cli.output import as_json, check_picture, echo, write_picture
from clearprop.cli.samples import rows_or_note
from clearprop.cli.sources import Table
from clearprop.cli.train_settings import HIDDEN_ACTIVATIONS
from clearprop.initializers import InitializerName
from clearprop.losses import LOSSES
from clearprop.optimizers import OPTIMIZERS, OptimizerName

INITIALIZER: InitializerName = "glorot_uniform"
"""What `Model.fit` draws the first weights with, whatever the activation."""


@click.command(
    name="find-lr",
    short_help="Find a learning rate for a model's network.",
    epilog="Example: clearprop find-lr penguins.safetensors penguins.csv --plot rates.png",
)
@click.argument("model", type=FilePath(), required=False)
@options.table(required=False)
@click.option(
    "--optimizer",
    default="adam",
    show_default=True,
    type=click.Choice(sorted(set(OPTIMIZERS) - {"lbfgs", "rprop"})),
    help="Whose learning rate is sought.",
)
@click.option(
    "--batch-size",
    default=32,
    show_default=True,
    type=click.IntRange(1),
    metavar="N",
    help="Rows of an update.",
)
@options.seed("For the fresh weights and the order of rows.")
@options.plot("the cost against the learning rate")
@options.drop_missing_target
@options.force("--plot")
@options.json_wanted("the sweep")
def find_lr(
    model: Path | None,
    table: Table,
    optimizer: OptimizerName,
    batch_size: int,
    seed: int,
    plot: Path | None,
    drop_missing_target: bool,
    force: bool,
    json_wanted: bool,
) -> None:
    """Try learning rates from small to large, an update each, and suggest one to train with.

    The trained weights of MODEL would say little of a rate to begin with: the sweep starts from
    fresh ones of the same network, drawn as Model.fit and clearprop train draw them. Without
    MODEL and FILE, it starts from the 2-2-1 network of the note as it is, on its one sample. The
    exit code is 0 where no rate lowers the cost, too.
    """
    check_picture(plot, replace=force)
    network, X, y, told = rows_or_note(model, table, drop_missing_target=drop_missing_target)
    start = network if model is None else fresh(network, seed)
    search = cp.find_learning_rate(
        start, X, y, optimizer=optimizer, batch_size=batch_size, seed=seed
    )
    if plot is not None:
        write_picture(search.plot(), plot)
    if json_wanted:
        weights = "the note's" if model is None else INITIALIZER
        echo(as_json(_figures(search, optimizer, batch_size, seed, weights)))
        return
    if model is None:
        echo(f"{told}: {optimizer}\n{search!r}")
        return
    sizes = "-".join(map(str, network.sizes))
    echo(
        f"{sizes} of {model} with fresh weights ({INITIALIZER}, as Model.fit draws them for every "
        f"activation; seed {seed}), on {len(X):,} rows of {table}: {optimizer}, batches of "
        f"{min(batch_size, len(X))}\n{search!r}"
    )
    if search.suggested is not None:
        rate = f"{search.suggested:.2g}"
        asked = ["--optimizer", optimizer, "--learning-rate", rate, "--batch-size", str(batch_size)]
        if drop_missing_target:
            asked.append("--drop-missing-target")
        echo(f"Next: {shlex.join([*_train_again(model, table, optimizer), *asked])}")


def _train_again(model: Path, table: Table, optimizer: str) -> list[str]:
    """Return the command that trains a network like a model's on a file, as far as it is known.

    The new model goes beside the old one, which the default name may be that of.
    """
    loaded = cp.Model.load(model)
    network, names = loaded.network, [f.name for f in loaded.network.activations[:-1]]
    command = ["clearprop", "train", *map(str, table.files)]
    for option, value in (("--encoding", table.encoding), ("--sheet", table.sheet)):
        command += [option, value] if value is not None else []
    command += ["--target", loaded.target, "--task", loaded.task]
    command += ["--hidden", ",".join(map(str, network.sizes[1:-1]))]
    if len(set(names)) == 1 and names[0] in HIDDEN_ACTIVATIONS:
        command += ["--activation", names[0]]
    if loaded.quantiles:
        command += ["--quantiles", ",".join(map(str, loaded.quantiles))]
    elif loaded.task == "regression" and network.loss.name in LOSSES:
        inside = ", ".join(f"{value!r}" for value in getattr(network.loss, "settings", {}).values())
        command += ["--loss", f"{network.loss.name}({inside})" if inside else network.loss.name]
    if transform := loaded.target_transform:
        command += ["--target-transform", transform]
    out = model.with_name(f"{model.stem}-{optimizer}.safetensors")
    number = 1
    while out.exists():
        number += 1
        out = model.with_name(f"{model.stem}-{optimizer}-{number}.safetensors")
    return [*command, "--out", str(out)]


def fresh(network: cp.Network, seed: int) -> cp.Network:
    """Return a network of the same topology, with weights as before any training."""
    return cp.Network(
        network.sizes,
        list(network.activations),
        loss=network.loss,
        biases=network.has_biases,
        initializer=INITIALIZER,
        dtype=network.dtype,
        seed=seed,
    )


def _figures(
    search: cp.LearningRateSearch, optimizer: str, batch_size: int, seed: int, weights: str
) -> dict[str, Any]:
    return {
        "suggested": search.suggested,
        "reason": search.reason,
        "diverged": search.diverged,
        "optimizer": optimizer,
        "batch_size": batch_size,
        "weights": weights,
        "seed": seed,
        "rates": search.rates.tolist(),
        "losses": search.losses.tolist(),
        "smoothed": search.smoothed.tolist(),
    }
