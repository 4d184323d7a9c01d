"""Runs what documents show, and compares (or, with --write, renews) what they say it prints.

    python tests/documents.py --write README.md docs/notes.md

Three forms are run, in order, in one namespace and one folder a document, which begins with a
copy of the tables in examples/:

- a ``python`` block, whose output is the ``text`` block that follows it, if one does;
- a ``sh`` block that a ``text`` block follows, whose output is what its commands print; numbers
  in it may differ a little, as training does from one processor to the next;
- a row of a table whose last two columns are `call` and `prints`: the call's value, numbers
  to six digits.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from paths import EXAMPLES
from signals import without_phases

BLOCK = re.compile(r"```python\n(?P<code>.*?)```(?:\n\n```text\n(?P<output>.*?)```)?", re.DOTALL)
SHELL = re.compile(r"```sh\n(?P<command>[^`]*?)```\n\n```text\n(?P<output>.*?)```", re.DOTALL)
ROW = re.compile(r"^(?P<left>\|.*\| )`(?P<call>[^`]+)` \| `(?P<output>[^`]*)` \|$", re.MULTILINE)


class Piece(NamedTuple):
    """One thing that was run: where, what the document says, what it printed."""

    line: int
    code: str
    said: str | None
    printed: str


def run(text: str) -> Iterator[tuple[re.Match[str], Piece]]:
    """Run a document's code in order."""
    namespace: dict[str, object] = {"__name__": "__document__"}
    found = [*BLOCK.finditer(text), *SHELL.finditer(text), *ROW.finditer(text)]
    matches = sorted(found, key=lambda match: match.start())
    for match in matches:
        parts = match.groupdict()
        if "call" in parts:
            code, printed = parts["call"], shown(eval(parts["call"], namespace))
        elif "command" in parts:
            code, printed = parts["command"], output_of(parts["command"])
        else:
            code, out = parts["code"], io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(code, f"<{code.strip().splitlines()[0]}>", "exec"), namespace)
            printed = out.getvalue()
        yield match, Piece(text.count("\n", 0, match.start()) + 1, code, parts["output"], printed)


def output_of(commands: str) -> str:
    """What commands print in the current folder, errors and warnings too."""
    folders = [str(Path(sys.executable).parent), os.environ["PATH"]]
    done = subprocess.run(
        commands, shell=True, text=True, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "PATH": os.pathsep.join(folders), "PYTHONUTF8": "1"},
    )  # fmt: skip
    return without_phases(done.stdout)


def alike(said: str, printed: str) -> bool:
    """Whether two outputs of commands have the same words, and numbers close to each other.

    How long training took, in epochs and seconds, is anybody's guess.
    """
    said, printed = (
        re.sub(r"epoch \d+ of \d+|[\d.]+ s\s+\(", "...", text) for text in (said, printed)
    )
    a, b = (re.split(r"(\d[\d,]*(?:\.\d+)?(?:e-?\d+)?)", text) for text in (said, printed))
    if [" ".join(words.split()) for words in a[::2]] != [
        " ".join(words.split()) for words in b[::2]
    ]:
        return False
    numbers = [[float(number.replace(",", "")) for number in part[1::2]] for part in (a, b)]
    return bool(np.allclose(*numbers, rtol=0.05, atol=0.05))


@contextlib.contextmanager
def folder_of_examples(folder: Path) -> Iterator[None]:
    """Work in a folder that holds the tables in examples/; how numbers are printed is put back."""
    for path in EXAMPLES.glob("*.csv"):
        shutil.copy(path, folder)
    with contextlib.chdir(folder), np.printoptions():
        yield


def shown(value: object) -> str:
    """A value in one line, numbers to six digits."""
    if isinstance(value, tuple) and not all(isinstance(item, int) for item in value):
        return "  ".join(map(shown, value))
    if isinstance(value, np.ndarray):
        return " ".join(np.array2string(value, precision=6, suppress_small=True).split())
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def renewed(text: str) -> str:
    """The document with the output that its code prints now."""
    pieces, last = [], 0
    for match, piece in run(text):
        if piece.said is not None:
            pieces += [text[last : match.start("output")], piece.printed]
            last = match.end("output")
    return "".join([*pieces, text[last:]])


if __name__ == "__main__":
    if sys.argv[1:2] != ["--write"]:
        sys.exit(__doc__)
    for path in [Path(name).resolve() for name in sys.argv[2:]]:
        with tempfile.TemporaryDirectory() as folder, folder_of_examples(Path(folder)):
            text = renewed(path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
