"""Runs the notebook in examples/, and compares (or, with --write, renews) what its cells print.

    python tests/lesson.py --write examples/one_step_on_your_csv.ipynb

The notebook is run in a folder of its own that has the tables of examples/. What its cells print
is compared, numbers up to rounding; pictures and pages are stored, and not compared.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

import numpy as np

import notebooks
from documents import folder_of_examples


def executed(notebook: dict, folder: Path) -> dict:
    """Return the notebook with the outputs that its cells have now."""
    with folder_of_examples(folder):
        return notebooks.executed(notebook)


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
