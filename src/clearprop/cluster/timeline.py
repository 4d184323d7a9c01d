"""What each step of a rank took: computing, exchanging and waiting."""

from __future__ import annotations

import weakref
from pathlib import Path

from clearprop.errors import FileWriteError


class Timeline:
    """Writes a line for each step.

    Parameters
    ----------
    path : path
        Of a CSV file, which is made anew.

    Raises
    ------
    FileWriteError
        If it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", buffering=1, encoding="ascii")
        except (OSError, ValueError) as error:
            raise FileWriteError(f"the timeline cannot be written: {error}") from None
        weakref.finalize(self, self._file.close)
        self._file.write("step,compute,exchange,wait\n")

    def note(self, step: int, compute: float, exchange: float, wait: float) -> None:
        """Note the seconds of a step."""
        self._file.write(f"{step},{compute:.7f},{exchange:.7f},{wait:.7f}\n")


def timeline_of(folder: Path | None, rank: int) -> Timeline | None:
    """Return the timeline of a rank in a folder; None for no folder."""
    return None if folder is None else Timeline(folder / f"rank-{rank}.csv")
