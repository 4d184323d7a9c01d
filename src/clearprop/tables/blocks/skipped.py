"""What was left out of a table, as it could not be read."""

from __future__ import annotations

TOLD = 3
"""Places that are named."""


class Skipped:
    """Counts what is skipped, and knows the first of it.

    Attributes
    ----------
    places : int
        How many.
    rows : int
        How many rows there were at least.
    most : int or None
        How many at most: lines behind a quote that is not closed may be one row, or each its own.
        None where nobody knows, as behind the end of a truncated file.
    first : list of str
        What was wrong with the first of them.

    Examples
    --------
    >>> skipped = Skipped()
    >>> skipped.add("sales.parquet, row group 3 is damaged", 1000)
    >>> print(skipped)
    skipped 1 place (1,000 rows): sales.parquet, row group 3 is damaged
    >>> skipped.add("b.csv lines 2 to 9 cannot be read", 1, 8)
    >>> str(skipped)[:34]
    'skipped 2 places (1,001 to 1,008 r'
    """

    def __init__(self) -> None:
        self.places = self.rows = 0
        self.most: int | None = 0
        self.first: list[str] = []

    def add(self, what: str, rows: int | None = None, most: int | None = None) -> None:
        """Count one more, and the rows that it had: so many, or from `rows` to `most`."""
        self.places += 1
        if rows is None:
            self.most = None
        else:
            self.rows += rows
        if rows is not None and self.most is not None:
            self.most += rows if most is None else most
        if len(self.first) < TOLD:
            self.first.append(what)

    def copy(self) -> Skipped:
        """Return a count that goes on from this one."""
        other = Skipped()
        other.places, other.rows, other.most = self.places, self.rows, self.most
        other.first = [*self.first]
        return other

    def __bool__(self) -> bool:
        return self.places > 0

    def __str__(self) -> str:
        plural = "" if self.places == 1 else "s"
        others = self.places - len(self.first)
        more = f"; and {others:,} more" if others else ""
        told = f"{'; '.join(self.first)}{more}"
        return f"skipped {self.places:,} place{plural}{self._rows_told()}: {told}"

    def _rows_told(self) -> str:
        plural = "" if (self.most or self.rows) == 1 else "s"
        if self.most is None:
            return f" (at least {self.rows:,} row{plural})" if self.rows else ""
        if self.most == self.rows:
            return f" ({self.rows:,} row{plural})" if self.rows else ""
        return f" ({self.rows:,} to {self.most:,} rows)"
