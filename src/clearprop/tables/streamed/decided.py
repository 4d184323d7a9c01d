"""Decided: what a sample of a stream's rows says of its columns, before all rows are gone through.

How cells are read, which columns are used, and as what: what `prepare` decides by all rows of a
table in memory. Whatever is counted or measured, the pass over all rows does (`fitted`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError, ColumnError, TargetError
from clearprop.tables import dates, wild_values
from clearprop.tables.detection import Detected, detect_inputs
from clearprop.tables.preparation import as_asked, say_roles, stand_ins_told
from clearprop.tables.settings import TableSettings
from clearprop.tables.streamed.draws import TRAINING, Parts
from clearprop.tables.streamed.sample import SURE, rank_error
from clearprop.tables.table_files import Cells
from clearprop.tables.target import Target, detect_target
from clearprop.tables.text import shortened
from clearprop.tables.weights import WeightColumn, weight_column
from clearprop.tables.whole_table import WholeTable, read_whole
from clearprop.tables.wild_values import Edges

Rows = NDArray[np.int64]

MOST_VALIDATION = 100_000
"""Rows to stop by at most: as many say enough, and they are in memory."""

_WHOLE = (
    "takes all rows of a table at once: leave it out, or give a window (--window) that holds all "
    "rows"
)


@dataclass(frozen=True)
class Decided:
    """What a sample says of a stream.

    Attributes
    ----------
    read : WholeTable
        The sample's columns.
    rows : ndarray of int, shape (m,)
        The numbers of the sample's rows in the stream.
    n : int
        The rows of the stream.
    parts : Parts
        Which rows are learned from, stopped by and tested on.
    target : Target
        Without mean, scale and classes, which all rows say.
    reason : str
        Why the task is what it is.
    detected : Detected
        The sample's columns that are used, and why others are not.
    edges : dict of str to Edges or None
        Of numbers and dates: where values would be wild.
    weighing : WeightColumn or None
    """

    read: WholeTable
    rows: Rows
    n: int
    parts: Parts
    target: Target
    reason: str
    detected: Detected
    edges: Mapping[str, Edges | None]
    weighing: WeightColumn | None

    @property
    def learned(self) -> Rows:
        """The places of the sample's rows that are learned from and have a target."""
        missing = self.read.whole[self.read.target].column.missing
        return np.flatnonzero((self.parts.of_rows(self.rows) == TRAINING) & ~missing)


def check_streamed(settings: TableSettings) -> None:
    """Raise `ArgumentError` for what takes all rows at once, where the window does not hold them.

    Parameters
    ----------
    settings : TableSettings
    """
    for name in ("split_group", "split_time"):
        if getattr(settings, name) is not None:
            raise ArgumentError(f"{name} {_WHOLE}")
    for part in ("validation", "test"):
        if getattr(settings, f"own_{part}") is not None:
            raise ArgumentError(
                f"a table for {part} {_WHOLE}; a share, such as {part}=0.1, puts rows aside"
            )


def decide_by(
    sample: Cells, rows: Rows, n: int, target: str, settings: TableSettings, window: int
) -> Decided:
    """Return what a sample of a stream's rows says.

    Parameters
    ----------
    sample : Cells
    rows : ndarray of int, shape (m,)
        The numbers of its rows in the stream, ascending.
    n : int
        The rows of the stream.
    target : str
        The column to predict.
    settings : TableSettings
    window : int
        Rows that may be in memory at once.

    Raises
    ------
    ArgumentError
        For a setting that takes all rows at once.
    ColumnError, TargetError
        As `prepare` raises them.
    """
    check_streamed(settings)
    read = read_whole(sample, target, settings)
    whole = read.whole
    goal = whole[read.target].column
    present = np.flatnonzero(~goal.missing)
    if not len(present):
        raise TargetError(f"target {goal.name!r} has no values {_by(len(rows))}")
    try:
        aim, reason = detect_target(goal.take(present), settings.task, whole[read.target].reading)
    except TargetError as error:
        raise TargetError(f"{_by(len(rows))} of the stream's {n:,}: {error}") from None
    aim = as_asked(aim, settings)
    most = min(MOST_VALIDATION, window)
    parts = Parts(settings.seed, min(settings.validation, most / n), settings.test)
    learned = present[parts.of_rows(rows[present]) == TRAINING]
    if not len(learned):
        raise TargetError(f"no row with a target is left to learn from {_by(len(rows))}")
    inputs = {name: one for name, one in whole.items() if name != read.target}
    detected = detect_inputs(inputs, learned, **read.named)
    judged = {
        name: why if why == "as asked for" else f"{why} (judged {_by(len(rows))})"
        for name, why in detected.dropped.items()
    }
    notes = [f"{_by(len(rows))}: {note}" for note in _notes(detected, read)]
    detected = replace(detected, dropped=judged, notes=[*read.said, *notes])
    say_roles(read.roles, detected, settings)
    if not detected.inputs:
        reasons = shortened(f"{name} ({why})" for name, why in detected.dropped.items())
        raise ColumnError(f"no column is left to learn {read.target!r} from: {reasons}")
    detected.notes[len(read.said) : len(read.said)] = _told_first(len(rows), n, learned, detected)
    if parts.validation < settings.validation:
        detected.notes.append(
            f"{parts.validation:.2%} of the rows are put aside to stop by, in place of "
            f"{settings.validation:.0%}: about {most:,} are in memory"
        )
    edges = {}
    for one in detected.inputs:
        has_one = one.kind == "number" or dates.YEARS in one.parts
        numbers = wild_values.numbers_of(detected.columns[one.column]) if has_one else None
        edges[one.column] = None if numbers is None else wild_values.edges_by(numbers)
    return Decided(
        read, rows, n, parts, aim, reason, detected, edges, weight_column(read.roles, whole)
    )


def _by(rows: int) -> str:
    return f"by a sample of {rows:,} rows"


def _told_first(m: int, n: int, learned: Rows, detected: Detected) -> list[str]:
    values = {
        one.column: int(np.count_nonzero(~detected.columns[one.column].missing[learned]))
        for one in detected.inputs
        if one.kind in ("number", "date")
    }
    fewest = min(values, key=values.__getitem__, default="")
    few = ""
    if fewest and 0 < values[fewest] < len(learned):  # medians are of the values that are there
        few = f" (of {fewest!r}, which has the fewest values, {rank_error(values[fewest]):.2%})"
    return [
        f"the stream has more rows than its window: of its {n:,} rows a sample of {m:,} decides "
        "what the columns are; a draw for each row, which part it is in",
        f"medians are those of {len(learned):,} sampled rows to learn from: their ranks are within "
        f"{rank_error(len(learned)):.2%}{few} of those of all, {SURE:.0%} sure; counts, means, "
        "scales and ranges are of all rows",
    ]


def _notes(detected: Detected, read: WholeTable) -> list[str]:
    """Return what the sample says; cells that cannot be read, the pass over all rows counts."""
    unread = [str(one.unreadable) for one in read.whole.values() if one.unreadable is not None]
    own = [*detected.notes, *read.whole[read.target].notes]
    said = [note for note in own if not any(note.startswith(text) for text in unread)]
    return said + stand_ins_told(detected.columns.values(), read.words, read.raw)
