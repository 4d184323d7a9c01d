"""Runs the notebook in examples/, and compares (or, with --write, renews) what its cells print.

    python tests/lesson.py --write examples/one_step_on_your_csv.ipynb

The notebook is run in a folder of its own that has the tables of examples/. What its cells print
is compared, numbers up to rounding; pictures and pages are stored, and not compared.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from documents import folder_of_examples

# Run by itself: what Jupyter's libraries warn of is theirs.
RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.reads(sys.stdin.read(), as_version=4)
NotebookClient(notebook, timeout=300, kernel_name="python3", record_timing=False).execute()
nbformat.validate(notebook)
print(nbformat.writes(notebook))
"""


def executed(notebook: dict, folder: Path) -> dict:
    """Return the notebook with the outputs that its cells have now."""
    with folder_of_examples(folder):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", RUN],
            input=json.dumps(notebook), capture_output=True, text=True, timeout=400,
            encoding="utf-8",
        )  # fmt: skip
    if done.returncode:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


def printed(notebook: dict) -> list[str]:
    """Return what each cell of code prints."""
    return [
        "".join(
            "".join(output["text"]) for output in cell["outputs"] if output["output_type"] == "stream"
        )
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]  # fmt: skip


def alike(said: str, now: str) -> bool:
    """Whether two prints have the same words, and the same numbers up to their last digits."""
    a, b = (re.split(r"(\d+(?:\.\d+)?(?:e[-+]?\d+)?)", text) for text in (said, now))
    if a[::2] != b[::2]:
        return False
    numbers = [np.array(part[1::2], float) for part in (a, b)]
    return bool(np.allclose(*numbers, rtol=1e-5, atol=1e-9))


if __name__ == "__main__":
    if sys.argv[1:2] != ["--write"]:
        sys.exit(__doc__)
    for path in map(Path, sys.argv[2:]):
        with tempfile.TemporaryDirectory() as scratch:
            new = executed(json.loads(path.read_text(encoding="utf-8")), Path(scratch))
        path.write_text(json.dumps(new, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
