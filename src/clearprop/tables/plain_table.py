"""A table of text where polars is not installed: columns of Python's own texts, and their CSV."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

SEPARATORS = ",;\t|"
"""What may stand between the fields of a text file."""

_ODD = re.compile(f'[{SEPARATORS}"\r\n\ufeff]')

_HUNDRED_THOUSANDTHS = re.compile(r"(-?)(\d)\.?(\d*)e-05")


def polars_if_there() -> Any:
    """Return polars, or None where it is not installed."""
    try:
        import polars
    except ImportError:
        return None
    return polars


class PlainColumn(NamedTuple):
    """A column of a `PlainTable`."""

    name: str
    texts: list[str]

    def __len__(self) -> int:
        return len(self.texts)


class PlainTable:
    """The table of a text file: its cells as they stand there, "" where one is empty.

    It stands for the `polars.DataFrame` that is read where polars is installed: every method that
    takes a table takes it.

    Parameters
    ----------
    columns : mapping of str to list of str
        By name, all of one length.

    Examples
    --------
    >>> table = PlainTable({"island": ["Dream", "Biscoe"], "mass": ["3750", ""]})
    >>> table.columns, table.height, table["mass"], table[1:2]["island"]
    (['island', 'mass'], 2, ['3750', ''], ['Biscoe'])
    """

    def __init__(self, columns: Mapping[str, list[str]]) -> None:
        self._columns = dict(columns)

    @property
    def columns(self) -> list[str]:
        """The names of its columns, in their order."""
        return list(self._columns)

    @property
    def height(self) -> int:
        """The number of rows."""
        return len(next(iter(self._columns.values()), ()))

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self._columns)

    def __getitem__(self, key: Any) -> Any:
        """Return the cells of a column by its name, or the table of some rows.

        Rows are a slice, or their numbers in an array.
        """
        if isinstance(key, slice):
            return PlainTable({name: texts[key] for name, texts in self._columns.items()})
        if isinstance(key, np.ndarray):
            columns = self._columns.items()
            return PlainTable({name: [texts[n] for n in key] for name, texts in columns})
        return self._columns[key]

    def __len__(self) -> int:
        return self.height

    def __repr__(self) -> str:
        return f"PlainTable of {self.height:,} rows: {', '.join(self._columns)}"

    def iter_columns(self) -> Iterator[PlainColumn]:
        """Yield the columns, in their order."""
        yield from (PlainColumn(name, texts) for name, texts in self._columns.items())


def joined(tables: Sequence[PlainTable]) -> PlainTable:
    """Return the rows of tables, which have the same columns in any order, one after another."""
    return PlainTable(
        {name: [cell for table in tables for cell in table[name]] for name in tables[0].columns}
    )


def csv_of(columns: Mapping[str, Any], separator: str) -> str:
    """Return columns as the text of a CSV: what polars writes, in each character.

    But a name with any of `SEPARATORS` in it is in quotes, as the first line says what is between
    the fields of all.

    Parameters
    ----------
    columns : mapping of str to sequence
        Texts, numbers, truths, and None for an empty cell.
    separator : str
        Between the fields of a line.

    Examples
    --------
    >>> print(csv_of({"a": [0.5, 1e-5], "b": ["x,y", None]}, ","), end="")
    a,b
    0.5,"x,y"
    0.00001,
    """
    odd = re.compile(f'[{re.escape(separator)}"\r\n]')

    def field(value: object) -> str:
        if isinstance(value, str):
            return _quoted(value) if value == "" or odd.search(value) else value
        if isinstance(value, float):
            return _float(value)
        if isinstance(value, bool):
            return str(value).lower()
        return "" if value is None else str(value)

    cells = [map(field, np.asarray(one, object).tolist()) for one in columns.values()]
    lines = (f"{separator.join(line)}\n" for line in zip(*cells, strict=True))
    return header_of(columns, separator) + "".join(lines)


def header_of(names: Iterable[str], separator: str) -> str:
    """Return the first line of a CSV.

    Examples
    --------
    >>> print(header_of(["a", "b;c"], ","), end="")
    a,"b;c"
    """
    fields = (_quoted(name) if name == "" or _ODD.search(name) else name for name in names)
    return f"{separator.join(fields)}\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _float(value: float) -> str:
    """Return the shortest digits that are the number; below 0.00001 they have an exponent."""
    if value != value:
        return "NaN"
    text = repr(value)
    small = _HUNDRED_THOUSANDTHS.fullmatch(text)
    return f"{small[1]}0.0000{small[2]}{small[3]}" if small else text.replace("e-0", "e-")
