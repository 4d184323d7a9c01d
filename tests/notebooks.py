"""Runs a notebook, in a process of its own: what Jupyter's libraries warn of is theirs.

As a program, it reads a notebook and prints it with what its cells show.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import Any


def of_cells(codes: list[str]) -> dict[str, Any]:
    """A notebook with these cells."""
    cells = [
        {"cell_type": "code", "id": f"cell-{number}", "metadata": {}, "source": code,
         "execution_count": None, "outputs": []}
        for number, code in enumerate(codes)
    ]  # fmt: skip
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": spec}, "cells": cells}


def executed(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return the notebook with the outputs that its cells have now."""
    done = subprocess.run(
        [sys.executable, "-P", "-W", "ignore", __file__],
        input=json.dumps(notebook), capture_output=True, text=True, encoding="utf-8", timeout=400,
        env=os.environ | {"PYTHONUTF8": "1"},
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


def outputs_of(notebook: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """What each cell shows, its texts in one piece: a file has their lines."""

    def whole(value: Any) -> Any:
        return "".join(value) if isinstance(value, list) else value

    return [
        [
            {**one, "text": whole(one.get("text", "")),
             "data": {kind: whole(value) for kind, value in one.get("data", {}).items()}}
            for one in cell["outputs"]
        ]
        for cell in notebook["cells"]
    ]  # fmt: skip


def main() -> None:
    import nbformat
    from nbclient import NotebookClient
    from traitlets.config import Config

    notebook = nbformat.reads(sys.stdin.read(), as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        config = Config()
        if os.name == "posix":  # a port that was free may be another's once the kernel binds it
            config.KernelManager.update({"transport": "ipc", "ip": f"{folder}/kernel"})
        NotebookClient(
            notebook, timeout=300, kernel_name="python3", record_timing=False, config=config
        ).execute()
    nbformat.validate(notebook)
    print(nbformat.writes(notebook))


if __name__ == "__main__":
    main()
