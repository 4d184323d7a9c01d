"""Streams: what a caller makes of files, memory maps or batches to train on."""

from __future__ import annotations

from clearprop.checks.settings import count
from clearprop.streams.source import Rows, Tables

WINDOW = 1_000_000
"""Rows of a window, unless somebody says otherwise."""


class Stream:
    """A source of rows, and how many of them are in memory, and shuffled, together.

    Made by `cp.stream`.

    Attributes
    ----------
    source : Source
        Of numbers, or of tables' rows.
    window : int
        Rows; a run rounds them up to whole batches.
    target : str, list of str, or None
        The column of a table that is to be predicted.
    """

    def __init__(
        self, source: Rows | Tables, window: int = WINDOW, target: str | list[str] | None = None
    ) -> None:
        self.source, self.target = source, target
        self.window = count("window", window, 1)
