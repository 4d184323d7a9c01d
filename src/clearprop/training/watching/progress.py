"""Progress of a run: a bar on a terminal or in a notebook, plain lines elsewhere.

Bars of a terminal and lines go to standard error, a notebook's bar to the cell's output.
"""

from __future__ import annotations

import math
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from clearprop.training.watching.epochs import Epoch
from clearprop.training.watching.notebook_bar import NotebookBar, in_notebook
from clearprop.workers import in_worker

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

PATIENCE = 2.0
"""Seconds that a run may take unseen where nobody asked for progress."""

LINES = 20
"""Plain lines a run prints at most, but for one that stops early."""


class Progress:
    """Shows a run of `epochs` epochs, whose engine counts to `total`.

    Parameters
    ----------
    wanted : bool or None
        True: show it. False: never. None: once the run has taken two seconds, but not in a worker
        (`clearprop.workers`). There, lines stand for a bar.
    epochs, total : int
        Epochs, and what `update` gets when the run is over.

    Attributes
    ----------
    total : int
        It may become known on the way.
    """

    def __init__(self, wanted: bool | None, epochs: int, total: int) -> None:
        self._in_worker = in_worker()
        self._wanted = False if wanted is None and self._in_worker else wanted
        self._epochs = epochs
        self.total = total
        self._every = max(1, math.ceil(epochs / LINES))
        self._started = time.monotonic()
        self._next = 0.0
        self._done = 0
        self._bar: Bar | None = None
        self._notebook = NotebookBar() if in_notebook() and not self._in_worker else None
        self._last: Epoch | None = None
        self._unprinted: Epoch | None = None

    def __enter__(self) -> Self:
        return self

    def _shown(self) -> bool:
        if sys.stderr is None and self._notebook is None:  # a program without a console
            return False
        if self._wanted is None:
            return time.monotonic() - self._started >= PATIENCE
        return self._wanted

    def _has_bar(self) -> bool:
        return self._notebook is not None or self._on_terminal()

    def update(self, done: int) -> None:
        """Say how much of the run is done; redraws ten times a second at most."""
        self._done = done
        now = time.monotonic()
        if now >= self._next:
            self._next = now + 0.1
            self._draw()

    def _draw(self, *, over: bool = False) -> None:
        if not self._shown():
            return
        if self._notebook is not None:
            self._notebook.draw(self._done / self.total, self._text(), over=over)
            return
        if not self._on_terminal():
            return
        if self._bar is None:
            self._bar = _make_bar()
            self._bar.start()
            self._bar.add_task("training", total=self.total, text="")
        self._bar.update(
            self._bar.tasks[0].id, total=self.total, completed=self._done, text=self._text()
        )

    def _on_terminal(self) -> bool:
        """Whether a bar can be drawn: those of several workers would be drawn over one another."""
        return not self._in_worker and sys.stderr.isatty()

    def _text(self) -> str:
        last = self._last
        number = f"{1 if last is None else last.epoch:>{len(str(self._epochs))}}/{self._epochs}"
        return number if last is None else f"{number}  {last.summary('val')}"

    def due(self, first: int, last: int) -> range:
        """Return the epochs from first to last that a line may be printed of."""
        return range(-(-first // self._every) * self._every, last + 1, self._every)

    def epoch(self, epoch: Epoch) -> None:
        """Say that an epoch is over."""
        self._last = self._unprinted = epoch
        if epoch.epoch % self._every == 0 or epoch.epoch == self._epochs:
            self._print_line()

    def say(self, line: str) -> None:
        """Print a line, unless nothing is to be shown."""
        if self._wanted is not False and sys.stderr is not None:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    def _print_line(self) -> None:
        if self._unprinted is not None and self._shown() and not self._has_bar():
            sys.stderr.write(f"{self._unprinted.line(of=self._epochs)}\n")
            sys.stderr.flush()
            self._unprinted = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._draw()
            self._bar.stop()
        if self._notebook is not None and (kind is None or self._notebook.drawn):
            self._draw(over=True)
        self._print_line()


def _make_bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    def fixed(width: int) -> Column:
        return Column(min_width=width, max_width=width, no_wrap=True)

    return Bar(
        BarColumn(bar_width=10, table_column=fixed(10)),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True, table_column=fixed(5)),
        TextColumn(
            "{task.fields[text]}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)
        ),
        console=Console(stderr=True),
        expand=True,
    )
