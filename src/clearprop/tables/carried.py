"""Columns of a table that stand before its predictions, as they stood there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clearprop.errors import ArgumentError, nearest, shown
from clearprop.streams.block import TableBlock
from clearprop.tables.workbooks import NO_DAY

if TYPE_CHECKING:
    import polars as pl


class Carried:
    """Which columns are carried, and how.

    Parameters
    ----------
    names : sequence of str, optional
        None: all.
    head : polars.DataFrame or PlainTable
        The table's columns; no row is needed.
    made : collection of str
        The columns that the model makes.

    Raises
    ------
    ArgumentError
        If the table has no such column, or the model makes one of that name.
    """

    def __init__(self, names: Sequence[str] | None, head: Any, made: Collection[str]) -> None:
        there = {str(name).strip(): name for name in head.columns}
        for name in names or ():
            if name.strip() not in there:
                near = nearest(name, there)
                hint = f" (did you mean {near!r}?)" if near else ""
                raise ArgumentError(
                    f"--carry names {shown(name)}, which the table does not have{hint}"
                )
        chosen = there if names is None else [name.strip() for name in names]
        both = [name for name in chosen if name in made]
        if both:
            raise ArgumentError(
                f"the table has a column {both[0]!r}, as the predictions do: rename it, or choose "
                "others by --carry"
            )
        self._names = {name: there[name] for name in chosen}
        self._head = head
        self._of_day: set[str] = set()

    def look(self, blocks: Iterable[TableBlock]) -> None:
        """Find the columns that are times of day alone: all rows decide together."""
        dated = self._dated()
        for block in blocks if dated else ():
            for name in [*dated]:
                days = block.frame[self._names[name]].drop_nulls().dt.date()
                dated[name] |= len(days) > 0
                if not (days == NO_DAY.date()).all():
                    del dated[name]
            if not dated:
                break
        self._of_day = {name for name, there in dated.items() if there}

    def _dated(self) -> dict[str, bool]:
        schema: Mapping[str, Any] = getattr(self._head, "schema", {})
        if not schema:
            return {}
        import polars

        names = self._names.items()
        return {name: False for name, theirs in names if schema[theirs] == polars.Datetime}

    def of(self, frame: Any) -> dict[str, Any]:
        """Return the carried columns of some rows, as they are written."""
        return {
            name: _as_it_stood(frame[theirs], name in self._of_day)
            for name, theirs in self._names.items()
        }


def _as_it_stood(column: pl.Series | list[str], is_of_day: bool) -> pl.Series | list[str | None]:
    """Return a column as it is written: empty cells without quotes, a workbook's times alone."""
    if isinstance(column, list):
        return [cell or None for cell in column]
    import polars

    if column.dtype == polars.String:
        return column.replace("", None)
    return column.dt.time() if is_of_day else column
