"""What is no data yet: a polars LazyFrame, whose rows nobody has computed, and a stream."""

from __future__ import annotations

import sys

from clearprop.errors import TypeOfDataError


def is_lazy(data: object) -> bool:
    """Whether something is a polars LazyFrame."""
    polars = sys.modules.get("polars")  # who has one has imported it
    return polars is not None and isinstance(data, polars.LazyFrame)


def check_computed(data: object, what: str) -> None:
    """Raise `TypeOfDataError` for a LazyFrame or a stream in place of rows that are numbers."""
    if is_lazy(data):
        raise TypeOfDataError(
            f"{what} is a LazyFrame, whose rows are not computed: give {what}.collect() where they "
            "fit into memory; training takes cp.stream(frame, target='NAME') for X and y"
        )
    streams = sys.modules.get("clearprop.streams.stream")  # as above; it stands above this file
    if streams is not None and isinstance(data, streams.Stream):
        raise TypeOfDataError(
            f"{what} is a stream, whose rows are not in memory: give arrays here; cp.train and fit "
            "take streams"
        )
