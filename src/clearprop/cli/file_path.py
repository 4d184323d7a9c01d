"""The path of a file, which is never empty: "" would be the folder that a command runs in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class FilePath(click.Path):
    """A path; an empty text, as an unset variable of a shell leaves it, is wrong usage."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(path_type=Path, **settings)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, or end the command."""
        if value == "":
            self.fail("'' is no name for a file (is a variable empty?)", param, ctx)
        return super().convert(value, param, ctx)
