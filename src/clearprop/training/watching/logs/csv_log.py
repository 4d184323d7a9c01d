"""A log as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass

from clearprop.training.watching.logs.text_log import TextLog


@dataclass(eq=False)
class CSVLog(TextLog):
    """A callback that writes each epoch's figures as a line of a CSV file.

    The columns are those of `History.to_frame`: epoch, loss, validation_loss, each metric and
    its ``validation_`` twin, updates, seconds. Numbers are written in full: read back, they are
    the same. Every epoch is in the file as soon as it is over.

    Parameters
    ----------
    path : path
    if_exists : {"fail", "append", "replace", "number"}
        What to do about a file that stands there. "append" is for a run that goes on: if it was
        resumed at an epoch that the file has already, that epoch and later ones are written
        anew; a line that a crash left half written is removed. "number" gives each run a file:
        run.csv, run-2.csv, ...; so do the clones that a search of scikit-learn's makes of a log
        with "fail". `written` is the file in use.

    Raises
    ------
    FileWriteError
        If the file cannot be written, exists, or (with "append") has other columns; the last is
        known after the first epoch.
    ArgumentError
        If `if_exists` is none of the four.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import clearprop as cp
    >>> path = Path(tempfile.mkdtemp(), "run.csv")
    >>> network = cp.Network([2, 2], output="softmax")
    >>> X, y = [[0, 1], [1, 0]], [0, 1]
    >>> history = cp.train(network, X, y, epochs=3, callbacks=[cp.CSVLog(path)])
    >>> path.read_text().splitlines()[0]
    'epoch,loss,updates,seconds'
    """

    def _header(self, row: dict[str, float]) -> str:
        return _as_csv(row)

    def _line(self, row: dict[str, float]) -> str:
        # "NaN" is read as a number by pandas and by polars; Python's "nan" by pandas alone.
        return _as_csv("NaN" if math.isnan(value) else value for value in row.values())

    def _epoch_of(self, line: str) -> int:
        return int(line.partition(",")[0])


def _as_csv(cells: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
