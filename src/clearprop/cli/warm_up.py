"""`clearprop warm-up`: compile the engine ahead, for container builds and the like."""

from __future__ import annotations

import time

import click

from clearprop.cli.output import echo
from clearprop.engine.functions import KERNELS
from clearprop.engine.kernels import cache, library
from clearprop.engine.kernels.loading import load
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
    """Compile every kernel that was not built ahead, and keep the code in the cache folder.

    Where Clearprop was installed with kernels for this processor, there is nothing to do.

    The environment variable CLEARPROP_CACHE names the folder, which has to be yours alone to write;
    later runs find the code there, and need no write access.
    """
    chosen = list(PRECISIONS.values()) if precision == "both" else [PRECISIONS[precision]]
    every = [(name, one) for name in KERNELS for one in chosen]
    kernels = [kernel for kernel in every if library.address(*kernel) is None]
    if not kernels:
        echo(f"all {len(every)} kernels were built ahead: there is nothing to compile")
        return
    reason = cache.refusal()
    if reason is not None:
        raise FileWriteError(
            f"compiled code cannot be kept: {reason}; name another folder in the variable "
            "CLEARPROP_CACHE"
        )
    started = time.perf_counter()
    for kernel in kernels:
        load(*kernel)
    seconds = time.perf_counter() - started
    lost = sum(cache.read(f"{name}-{one.name}") is None for name, one in kernels)
    if lost:
        raise FileWriteError(
            f"{lost} of {len(kernels)} kernels could not be kept in {cache.folder()}: "
            "see whether the disk is full"
        )
    echo(f"{len(kernels)} kernels in {cache.folder()} ({seconds:.1f} s)")
