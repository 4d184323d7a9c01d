"""`clearprop export`: a model as a file that other programs run."""

from __future__ import annotations

from pathlib import Path

import click

import clearprop as cp
from clearprop.cli.file_path import FilePath
from clearprop.cli.output import check_out, echo
from clearprop.export.c_source import name_from
from clearprop.export.torch_program import as_program
from clearprop.files import model_file
from clearprop.files.whole_file import write_whole
from clearprop.tables.text import shortened

ENDINGS = {"onnx": ".onnx", "c": ".h", "torch": ".pt2"}
"""What files are called unless --out says it."""


@click.command(
    short_help="Write a model for ONNX, C or PyTorch.",
    epilog="Example: clearprop export penguins.safetensors --to onnx",
)
@click.argument("model", type=FilePath())
@click.option(
    "--to",
    "consumer",
    type=click.Choice(list(ENDINGS)),
    required=True,
    help="An ONNX file, a header in C99, or a program of torch.export.",
)
@click.option(
    "--out",
    type=FilePath(),
    metavar="FILE",
    help="Where it goes.  [default: MODEL with the ending .onnx, .h or .pt2]",
)
@click.option("--force", is_flag=True, help="Replace a file that stands there.")
def export(model: Path, consumer: str, out: Path | None, force: bool) -> None:
    """Write a model in the form that another program runs, without Clearprop.

    What the file takes are the raw columns of a table. ONNX takes numbers and text; C and PyTorch
    take numbers, with 1 and 0 for true and false. A model with a column that the other program
    cannot take is refused, and the reason given.

    MODEL may also be a file that Network.save wrote; the file then takes the network's inputs.
    """
    alone = model_file.read_kind(model) == "network"
    loaded = cp.Network.load(model) if alone else cp.Model.load(model)
    out = model.with_suffix(ENDINGS[consumer]) if out is None else out
    check_out(out, model, replace=force)
    says = _WRITERS[consumer](loaded, out)
    echo(f"{out}\n  {says}")


def _write_onnx(loaded: cp.Network | cp.Model, out: Path) -> str:
    proto = loaded.to_onnx(out)
    inputs, outputs = (
        shortened((one.name for one in found), most=6)
        for found in (proto.graph.input, proto.graph.output)
    )
    return f"{inputs} -> {outputs}; opset {proto.opset_import[0].version}"


def _write_c(loaded: cp.Network | cp.Model, out: Path) -> str:
    name = name_from(out.stem)
    write_whole(out, loaded.to_c(name).encode())
    real = "float" if _takes(loaded)[1] == "float32" else "double"
    return f"void {name}_predict(const {real} *x, {real} *y); link with -lm"


def _write_torch(loaded: cp.Network | cp.Model, out: Path) -> str:
    width, dtype = _takes(loaded)
    write_whole(out, as_program(loaded.to_torch(), width, dtype))
    return f'torch.export.load("{out}").module() takes {dtype} rows of {width} numbers'


def _takes(loaded: cp.Network | cp.Model) -> tuple[int, str]:
    """Return how many numbers of which type a row has."""
    if isinstance(loaded, cp.Network):
        return loaded.sizes[0], loaded.dtype.name
    return len(loaded.columns), "float64"


_WRITERS = {"onnx": _write_onnx, "c": _write_c, "torch": _write_torch}
"""What writes the file, and returns what is to be known about it."""
