"""What was left out of a table, as it could not be read."""

from __future__ import annotations

TOLD = 3
"""Places that are named."""


class Skipped:
    """Counts what is skipped, and knows the first of it.

    Attributes
    ----------
    places, rows : int
        How many places, and how many rows, as far as the file says that there are some.
    first : list of str
        What was wrong with the first of them.

    Examples
    --------
    >>> skipped = Skipped()
    >>> skipped.add("sales.parquet, row group 3 is damaged", 1000)
    >>> print(skipped)
    skipped 1 place (1,000 rows): sales.parquet, row group 3 is damaged
    """

    def __init__(self) -> None:
        self.places = self.rows = 0
        self.first: list[str] = []

    def add(self, what: str, rows: int | None = None) -> None:
        """Count one more, and the rows that it had."""
        self.places += 1
        self.rows += rows or 0
        if len(self.first) < TOLD:
            self.first.append(what)

    def copy(self) -> Skipped:
        """Return a count that goes on from this one."""
        other = Skipped()
        other.places, other.rows, other.first = self.places, self.rows, [*self.first]
        return other

    def __bool__(self) -> bool:
        return self.places > 0

    def __str__(self) -> str:
        plural = "" if self.places == 1 else "s"
        rows = f" ({self.rows:,} rows)" if self.rows else ""
        others = self.places - len(self.first)
        more = f"; and {others:,} more" if others else ""
        return f"skipped {self.places:,} place{plural}{rows}: {'; '.join(self.first)}{more}"
