"""`clearprop explain`: how a number of a network comes about, with the numbers of one row."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

import clearprop as cp
from clearprop.cli import notation, options
from clearprop.cli.file_path import FilePath
from clearprop.cli.output import as_json, check_out, echo, echo_document
from clearprop.cli.samples import Sample, network_of, note_network, sample_of
from clearprop.cli.sources import Table
from clearprop.cli.train_settings import Text
from clearprop.explaining.derivation.explanation import SUPERSCRIPTS
from clearprop.explaining.derivation.expressions import Symbol
from clearprop.files.whole_file import write_whole

FORMATS = ("text", "latex", "mathml", "html", "json")


@click.command(
    short_help="Derive a number of a network, step by step.",
    epilog='Example: clearprop explain penguins.safetensors penguins.csv --row 3 --of "W2[1,3]"',
)
@click.argument("model", required=False, type=FilePath())
@options.table(required=False)
@click.option("--row", type=click.IntRange(0), help="Which row of FILE, from 0.  [default: 0]")
@click.option(
    "--of",
    metavar="ELEMENT",
    help="What to derive: W2[1,3], b1[0], delta1[2], z1[0], a2[1], L, ...  [default: the whole "
    "pass, forward and backward]",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS),
    help="[default: by the ending of --out, or text]",
)
@click.option("--x", metavar="NUMBERS", help="A sample of your own: 0.5,-1.2 (with --y).")
@click.option("--y", metavar="NUMBERS", help="Its target: a number or numbers, or a label.")
@click.option(
    "--optimizer",
    type=Text(notation.optimizer_of_steps),
    metavar="NAME",
    help='Show the step that it makes: sgd, adam, adamw, rmsprop, rprop, or such as "sgd(0.5)".',
)
@click.option(
    "--largest",
    type=click.IntRange(1),
    default=6,
    show_default=True,
    metavar="N",
    help="How many terms of a sum, paths and neurons are shown.",
)
@click.option(
    "--superscripts",
    type=click.Choice(SUPERSCRIPTS),
    default="plain",
    show_default=True,
    help="How layers are written in mathematics; parentheses read as no power: a^(2).",
)
@click.option(
    "--one-based", is_flag=True, help="Count neurons and samples from 1 in what is shown."
)
@click.option("--out", type=FilePath(), metavar="FILE", help="Where it goes. [default: print]")
@options.force("--out")
def explain(
    model: Path | None,
    table: Table,
    row: int | None,
    of: str | None,
    kind: str | None,
    x: str | None,
    y: str | None,
    optimizer: str | None,
    largest: int,
    superscripts: str,
    one_based: bool,
    out: Path | None,
    force: bool,
) -> None:
    """Show how a number comes about: formulas, the numbers put in, values, and words.

    MODEL and FILE: a model that clearprop train wrote, and a table with its target; the numbers
    are those of one row. MODEL with --x and --y: a sample of your own, also for a file that
    Network.save wrote. Neither: a network of 2-2-1 neurons with the weights w1 to w6, small
    enough to follow every number; --of w1 shows its chain rule.
    """
    if row is not None and not table.is_given:
        raise click.UsageError("--row is a row of FILE: give a model and a table.")
    if (x is None) != (y is None) or (x is not None and table.is_given):
        raise click.UsageError("--x and --y belong together, and stand for FILE and --row.")
    kind = kind or _kind_of(out)
    check_out(out, model, *table.files, replace=force)
    if x is not None and y is not None:
        sample = _own_sample(model, x, y)
    elif model is None:
        sample = note_network()
        inputs = {f"x[{i}]": name for i, name in enumerate(sample.features)}
        sample = sample._replace(names={**sample.names, **inputs, "y[0]": "y"}, features=())
    else:
        sample = sample_of(model, table, row or 0)
    derivation = cp.explain(
        sample.network, sample.X, sample.y, of, names=sample.names, largest=largest,
        optimizer=None if optimizer is None else notation.optimizer_of_steps(optimizer),
        superscripts=superscripts, one_based=one_based,
    )  # fmt: skip
    derivation = replace(derivation, words=(*derivation.words, *_origin(sample, derivation)))
    written = _written(derivation, kind)
    if out is None:
        echo_document(f"{written}\n")
    else:
        write_whole(out, f"{written}\n".encode())
        echo(f"{derivation.title}\n  in {out}")


ENDINGS = {".tex": "latex", ".mml": "mathml", ".html": "html", ".htm": "html", ".json": "json"}
"""What the ending of --out says the format is."""


def _kind_of(out: Path | None) -> str:
    return ENDINGS.get(out.suffix.lower(), "text") if out is not None else "text"


def _own_sample(model: Path | None, x: str, y: str) -> Sample:
    """Return a sample that was written on the command line."""
    note = note_network()
    network = note.network if model is None else network_of(model)
    names = note.names if model is None else {}
    target: np.ndarray = _numbers("--y", y)
    if network.loss.targets == "labels" and len(target) == 1:
        target = target.astype(int) if float(target[0]).is_integer() else target
    elif network.sizes[-1] > 1 or len(target) > 1:
        target = target[None]
    return Sample(network, _numbers("--x", x)[None], target, names, (), "", "--x and --y")


def _numbers(option: str, text: str) -> np.ndarray:
    try:
        return np.array([float(number) for number in text.split(",")])
    except ValueError:
        raise click.BadParameter(f"{option} is {text!r}; give numbers, as 0.5,-1.2") from None


def _written(derivation: cp.Derivation, kind: str) -> str:
    if kind == "json":
        return as_json(derivation.to_dict())
    text: str = getattr(derivation, f"to_{kind}")()
    return text.rstrip("\n")


def _origin(sample: Sample, derivation: cp.Derivation) -> list[str]:
    """Say where the numbers are from, and what the inputs are that occur."""
    used = {code for equation in derivation for code in equation.depends_on}
    numbers = sorted(
        int(found[1]) for code in used if (found := re.fullmatch(r"x\[(\d+)\]", code)) is not None
    )
    said = [f"The numbers are those of {sample.title}."]
    if sample.outputs:
        said.append(f"Outputs: {sample.outputs}.")
    if numbers and sample.features:
        called = [derivation.names.text(Symbol(f"x[{i}]", 0.0)) for i in numbers]
        features = (sample.features[i] for i in numbers)
        inputs = "; ".join(f"{x}: {name}" for x, name in zip(called, features, strict=True))
        said.append(f"Inputs, as the model encodes them: {inputs}.")
    return said
