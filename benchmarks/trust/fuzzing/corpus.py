"""The inputs that are kept with the tests: a text file a target, an input a line, in base64.

python benchmarks/trust/fuzzing/corpus.py FOLDER  # takes those of a campaign, the shortest first
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "tests" / "fuzz"

MOST = {"names": 25_000, "texts": 25_000, "model_files": 110_000, "tables": 110_000}
"""Bytes of a target's file."""


def read_corpus(name: str) -> list[bytes]:
    """Return the inputs of a target."""
    lines = (FOLDER / f"{name}.txt").read_text().splitlines()
    return [base64.b64decode(line) for line in lines]


def write_corpus(name: str, inputs: Iterable[bytes]) -> None:
    """Write the inputs of a target, in an order that is always the same."""
    lines = {base64.b64encode(one).decode() for one in inputs}
    content = "".join(f"{line}\n" for line in sorted(lines, key=lambda line: (len(line), line)))
    (FOLDER / f"{name}.txt").write_text(content)


def _chosen(name: str, folder: Path) -> Iterator[bytes]:
    """Yield the inputs that are there, those that led to faults, and others while there is room."""
    first = read_corpus(name)
    first += [
        file.read_bytes() for file in folder.glob(f"findings/{name}-*") if file.suffix != ".txt"
    ]
    yield from first
    room = MOST[name] - sum(map(_size, first))
    for one in sorted((file.read_bytes() for file in (folder / name).iterdir()), key=len):
        room -= _size(one)
        if room < 0:
            return
        yield one


def _size(content: bytes) -> int:
    return -(-len(content) // 3) * 4 + 1


if __name__ == "__main__":
    for target in MOST:
        write_corpus(target, [*_chosen(target, Path(sys.argv[1]))])
