"""Phase: a line on standard error about what is being done, where that takes a while."""

from __future__ import annotations

import sys
import threading
from typing import Self

from clearprop.training.watching.progress import PATIENCE


class Phase:
    """Says what is being done while it is: work that counts no epochs.

    Parameters
    ----------
    wanted : bool or None
        True: say it at once. False: never. None: once it has taken two seconds.
    text : str
        What is being done.
    """

    def __init__(self, wanted: bool | None, text: str) -> None:
        self._wanted = wanted
        self._text = text
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        if self._wanted:
            self._say()
        elif self._wanted is None:
            self._timer = threading.Timer(PATIENCE, self._say)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()

    def _say(self) -> None:
        if sys.stderr is not None:  # a program without a console has none
            sys.stderr.write(f"{self._text}\n")
            sys.stderr.flush()
