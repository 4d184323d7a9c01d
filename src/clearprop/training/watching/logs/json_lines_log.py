"""A log as JSON lines."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from clearprop.training.watching.logs.text_log import TextLog


@dataclass(eq=False)
class JSONLinesLog(TextLog):
    """A callback that writes each epoch's figures as a JSON object, one a line.

    The names are those of `History.to_frame`: epoch, loss, validation_loss, each metric and its
    ``validation_`` twin, updates, seconds. A figure that is not finite, for which JSON has no
    word, is null. Every epoch is in the file as soon as it is over.

    Parameters
    ----------
    path : path
    if_exists : {"fail", "append", "replace", "number"}
        What to do about a file that stands there. "append" is for a run that goes on: if it was
        resumed at an epoch that the file has already, that epoch and later ones are written
        anew; a line that a crash left half written is removed. "number" gives each run a file:
        run.jsonl, run-2.jsonl, ...; so do the clones that a search of scikit-learn's makes of a log
        with "fail". `written` is the file in use.

    Raises
    ------
    FileWriteError
        If the file cannot be written, exists, or (with "append") is no such log.
    ArgumentError
        If `if_exists` is none of the four.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> import clearprop as cp
    >>> path = Path(tempfile.mkdtemp(), "run.jsonl")
    >>> network = cp.Network([2, 2], output="softmax")
    >>> X, y = [[0, 1], [1, 0]], [0, 1]
    >>> history = cp.train(network, X, y, epochs=3, callbacks=[cp.JSONLinesLog(path)])
    >>> [json.loads(line)["epoch"] for line in path.read_text().splitlines()]
    [1, 2, 3]
    """

    def _line(self, row: dict[str, float]) -> str:
        finite = {name: value if math.isfinite(value) else None for name, value in row.items()}
        return json.dumps(finite) + "\n"

    def _epoch_of(self, line: str) -> int:
        return int(json.loads(line)["epoch"])
