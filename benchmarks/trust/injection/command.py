"""`clearprop train` with checkpoints, as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl

import clearprop as cp
from injection import shim
from injection.runs import CHECKPOINTS, PENGUINS, of_model
from injection.server import LIMIT, Ended

COMMAND = "command"
_ARGUMENTS = [
    "train", str(PENGUINS), "--target", "species", "--hidden", "16,8", "--epochs", "30",
    "--batch-size", "8", "--dropout", "0.1", "--checkpoint-every", "10 steps", "--resume", "--no-compare",
    "--threads", "1", "--seed", "2",
]  # fmt: skip


def run_command(
    folder: Path, *, kill_after: float | None = None, plan: str = "", journal: Path | None = None
) -> Ended:
    """Train by `clearprop train` in a process of its own; a checkpoint every ten steps."""
    made = folder / "model.safetensors"
    command = [
        sys.executable, "-m", "clearprop", *_ARGUMENTS, "--checkpoint", str(folder / CHECKPOINTS),
        "--out", str(made), "--force",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, env=shim.environment(folder, plan=plan, journal=journal), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=LIMIT if kill_after is None else kill_after)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
        if kill_after is None:
            return Ended(False, {"outcome": "hung"}, said)
    if process.returncode < 0:
        return Ended(True, said=said)
    if process.returncode != 0:
        return Ended(False, {"outcome": "error", "status": process.returncode}, said)
    table = pl.read_csv(PENGUINS, null_values="NA")
    return Ended(False, {"outcome": "done", **of_model(cp.Model.load(made), table)}, said)
