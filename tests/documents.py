"""Runs what documents show, and compares (or, with --write, renews) what they say it prints.

    python tests/documents.py --write README.md docs/notes.md

Two forms are run, in order, in one namespace a document:

- a ``python`` block, whose output is the ``text`` block that follows it, if one does;
- a row of a table whose last two columns are `call` and `prints`: the call's value, numbers
  to six digits.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

BLOCK = re.compile(r"```python\n(?P<code>.*?)```(?:\n\n```text\n(?P<output>.*?)```)?", re.DOTALL)
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
    matches = sorted([*BLOCK.finditer(text), *ROW.finditer(text)], key=lambda match: match.start())
    for match in matches:
        parts = match.groupdict()
        if "call" in parts:
            code, printed = parts["call"], shown(eval(parts["call"], namespace))
        else:
            code, out = parts["code"], io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(code, f"<{code.strip().splitlines()[0]}>", "exec"), namespace)
            printed = out.getvalue()
        yield match, Piece(text.count("\n", 0, match.start()) + 1, code, parts["output"], printed)


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
    for name in sys.argv[2:]:
        Path(name).write_text(renewed(Path(name).read_text(encoding="utf-8")), encoding="utf-8")
