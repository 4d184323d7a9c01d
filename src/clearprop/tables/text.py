"""Text: lists, figures and columns of words, as reports and messages show them."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Sequence

from clearprop.display.text_table import text_table


def aligned(rows: Sequence[Sequence[str]], indent: str = "  ") -> list[str]:
    """Return lines of text columns, the first to the left and the others to the right."""
    columns = max(map(len, rows), default=0)
    return [indent + line for line in text_table(rows, right=range(1, columns))]


def brief(figure: float | None) -> str:
    """Return a figure with four decimals, with one if it is large, or "-" if there is none."""
    if figure is None or not math.isfinite(figure):
        return "-"
    return f"{figure:.4f}" if abs(figure) < 100 else f"{figure:,.1f}"


def shortened(names: Iterable[object], most: int = 8, between: str = ", ") -> str:
    """Return the first names, and how many more there are."""
    listed = [str(name) for name in names]
    more = f"{between}and {len(listed) - most:,} more" if len(listed) > most else ""
    return between.join(listed[:most]) + more


def cut(text: str, most: int = 30) -> str:
    """Return a text whose end is left out where it is long."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def examples(values: Iterable[str], most: int = 3) -> str:
    """Return the first values in quotes, long ones cut."""
    return ", ".join(repr(cut(value)) for value, _ in zip(values, range(most), strict=False))


def setting(argument: str, name: str, how: str = "") -> str:
    """Return what is said of a column, in Python and on the command line.

    Examples
    --------
    >>> print(setting("keep", "id"))
    keep=['id'] (--keep id)
    >>> print(setting("columns", "zip code", "category"))
    columns={'zip code': 'category'} (--column 'zip code=category')
    """
    option, value = (f"--{argument}", name) if not how else ("--column", f"{name}={how}")
    equals = "=" if value.startswith("-") else " "
    python = f"columns={{{name!r}: {how!r}}}" if how else f"{argument}=[{name!r}]"
    return f"{python} ({option}{equals}{shlex.quote(value)})"
