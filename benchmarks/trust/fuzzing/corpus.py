"""The inputs that are kept with the tests: a text file a target, an input a line, in base64."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "tests" / "fuzz"


def read_corpus(name: str) -> list[bytes]:
    """Return the inputs of a target."""
    lines = (FOLDER / f"{name}.txt").read_text().splitlines()
    return [base64.b64decode(line) for line in lines]


def write_corpus(name: str, inputs: Iterable[bytes]) -> None:
    """Write the inputs of a target, in an order that is always the same."""
    lines = sorted({base64.b64encode(one).decode() for one in inputs}, key=lambda x: (len(x), x))
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))
