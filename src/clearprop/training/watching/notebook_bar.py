"""A progress bar in a notebook: one output, which is drawn anew in place."""

from __future__ import annotations

import html
import sys
import time
from typing import Any


class NotebookBar:
    """A bar, the time left or taken, and a line of text, below the running cell.

    A notebook's page keeps what is printed: escape codes would stand there as they are, and lines
    would fill it. This is one output with an id, which Jupyter replaces: the page, and the
    file, hold its last state alone.
    """

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._handle: Any = None

    @property
    def drawn(self) -> bool:
        """Whether the bar has been shown."""
        return self._handle is not None

    def draw(self, share: float, text: str, *, over: bool) -> None:
        """Show that a share (0 to 1) of the run is done, and that it is over if it is."""
        from IPython.display import display

        spent = time.monotonic() - self._started
        if over:
            clock = f"{_clock(spent)} taken"
        elif share > 0:
            clock = f"{_clock(spent * (1 - share) / share)} left "
        else:
            clock = "-:-- left "
        words = f"{clock}  {text}"
        bar = (
            '<div style="display:flex;align-items:center;gap:0.8em">'
            f'<progress value="{share:.4f}" max="1" style="width:10em;flex:none"></progress>'
            f'<span style="font-family:monospace;white-space:pre-wrap">{html.escape(words)}</span>'
            "</div>"
        )
        shown = {"text/html": bar, "text/plain": f"{share:4.0%}  {words}"}
        if self._handle is None:
            show: Any = display
            self._handle = show(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)


def in_notebook() -> bool:
    """Return whether this program runs in a Jupyter kernel; imports nothing to find out."""
    interactive = sys.modules.get("IPython.core.getipython")
    shell = interactive.get_ipython() if interactive is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
