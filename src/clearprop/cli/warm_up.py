"""`clearprop warm-up`: compile the engine ahead, for container builds and the like."""

from __future__ import annotations

import time

import click

from clearprop.cli.output import echo
from clearprop.engine.functions import KERNELS
from clearprop.engine.kernels.compiler import folder, is_writable, load
from clearprop.engine.kernels.precision import PRECISIONS
from clearprop.errors import FileWriteError


@click.command(
    name="warm-up",
    short_help="Compile the engine ahead of its first use.",
    epilog="Example: clearprop warm-up --precision float32",
)
@click.option(
    "--precision",
    type=click.Choice([*PRECISIONS, "both"]),
    default="float32",
    show_default=True,
    help="Which floating types to compile for.",
)
def warm_up(precision: str) -> None:
    """Compile every kernel for this processor, and keep the code in the cache folder.

    The environment variable CLEARPROP_CACHE names the folder; later runs find the code there, and
    need no write access.
    """
    if not is_writable():
        raise FileWriteError(
            f"cannot write to {folder()}: name another folder in the variable CLEARPROP_CACHE"
        )
    started = time.perf_counter()
    chosen = list(PRECISIONS.values()) if precision == "both" else [PRECISIONS[precision]]
    for name in KERNELS:
        for one in chosen:
            load(name, one)
    seconds = time.perf_counter() - started
    echo(f"{len(KERNELS) * len(chosen)} kernels in {folder()} ({seconds:.1f} s)")
