"""A table in several files of one shape: the same columns in each, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clearprop.errors import ColumnError, TableFileError
from clearprop.tables import plain_table
from clearprop.tables.plain_table import PlainTable
from clearprop.tables.values import EXACT

if TYPE_CHECKING:
    import polars as pl


class Part(NamedTuple):
    """The table of one file.

    Attributes
    ----------
    path : Path
    frame : polars.DataFrame or PlainTable
    separator : str
        Between the fields of text, whose cells are all text; "" where a file has types.
    """

    path: Path
    frame: pl.DataFrame | PlainTable
    separator: str


def joined(parts: Sequence[Part]) -> pl.DataFrame | PlainTable:
    """Return the rows of all parts, in the columns of the first.

    Raises
    ------
    ColumnError
        If a file has other columns than the first, or holds text in one where that has numbers.
    TableFileError
        If some are text and some have types, or commas and semicolons stand between fields.
    """
    first, *others = parts
    if not others:
        return first.frame
    for part in others:
        _check_shape(first, part)
    plain = [part.frame for part in parts if isinstance(part.frame, PlainTable)]
    if plain:  # of all, as polars is not installed
        return plain_table.joined(plain)
    import polars

    names = first.frame.columns
    return polars.DataFrame({name: _column(name, parts) for name in names})


def conformed(part: Part, head: pl.DataFrame | PlainTable) -> Any:
    """Return some rows of one file in the columns and the types of all files.

    Parameters
    ----------
    part : Part
    head : polars.DataFrame or PlainTable
        What `joined` returns of all files, of which it needs no row.

    Raises
    ------
    ColumnError
        If values of a column are not to be had in its type.
    """
    if isinstance(part.frame, PlainTable):
        return PlainTable({name: part.frame[name] for name in head.columns})
    import polars

    assert isinstance(head, polars.DataFrame)
    return polars.DataFrame({name: _cast(part, name, dtype) for name, dtype in head.schema.items()})


def _cast(part: Part, name: str, dtype: pl.DataType) -> pl.Series:
    import polars

    series = part.frame[name]
    assert isinstance(series, polars.Series)
    if series.dtype == dtype or series.dtype == polars.Null:
        return series.cast(dtype)
    if dtype == polars.Float64:
        series = _as_float(name, part, series)
    try:
        return series.cast(dtype)
    except polars.exceptions.PolarsError:
        raise ColumnError(
            f"{part.path} has values in column {name!r} that are no {dtype}, as it is in another "
            "file: give both one type"
        ) from None


def _check_shape(first: Part, other: Part) -> None:
    for one, two in ((first, other), (other, first)):
        if one.separator and not two.separator:
            raise TableFileError(
                f"{one.path} is text, and {two.path} has types: give files of one kind"
            )
        if one.separator == ";" != two.separator:  # which hints at the marks before decimals
            raise TableFileError(
                f"{one.path} has semicolons between fields, and {two.path} has not: save them alike"
            )
        known = set(two.frame.columns)
        odd = next((name for name in one.frame.columns if name not in known), None)
        if odd is not None:
            raise ColumnError(
                f"{two.path} lacks the column {odd!r}, which {one.path} has: files of one table "
                "have the same columns"
            )


def _column(name: str, parts: Sequence[Part]) -> pl.Series:
    """Return one column of all parts, of a type that takes all of their values as they are."""
    import polars

    series = [part.frame[name] for part in parts]
    there = [
        (one, part) for one, part in zip(series, parts, strict=True) if one.dtype != polars.Null
    ]
    if there:
        (one, first), *_ = there
        for other, part in there:
            if _sort_of(other.dtype) != _sort_of(one.dtype):
                raise ColumnError(
                    f"{part.path} has {_sort_of(other.dtype)} in column {name!r}, and {first.path} "
                    f"has {_sort_of(one.dtype)}: give both one type"
                )
    if len({str(one.dtype) for one, _ in there}) > 1:
        if _sort_of(one.dtype) == "text":
            series = [one.cast(polars.String) for one in series]
        elif _is_float_for_all([one.dtype for one, _ in there]):
            series = [_as_float(name, part, one) for one, part in zip(series, parts, strict=True)]
    frames = [one.to_frame() for one in series]
    try:
        return polars.concat(frames, how="vertical_relaxed").to_series()
    except polars.exceptions.PolarsError:
        kinds = ", ".join(sorted({str(one.dtype) for one, _ in there}))
        raise ColumnError(
            f"column {name!r} is {kinds} in files of one table: give one type"
        ) from None


def _is_float_for_all(dtypes: Sequence[pl.DataType]) -> bool:
    """Whether float64 is what takes all of these types: so polars takes it for UInt64 and Int64."""
    import polars

    signed = any(one.is_signed_integer() for one in dtypes)
    return any(one.is_float() for one in dtypes) or (signed and polars.UInt64 in dtypes)


def _as_float(name: str, part: Part, series: pl.Series) -> pl.Series:
    """Return whole numbers as float64, which has to hold all of them."""
    import polars

    if series.dtype.is_integer() and (series.cast(polars.Float64).abs() >= EXACT).any():
        raise ColumnError(
            f"{part.path} has whole numbers beyond 2**53 in column {name!r}, and another file has "
            "numbers of another type: give both one type"
        )
    return series.cast(polars.Float64) if series.dtype.is_numeric() else series


def _sort_of(dtype: pl.DataType) -> str:
    """Return what a type is, in a word: types of one sort have one that takes both."""
    import polars

    if dtype.is_numeric():
        return "numbers"
    if isinstance(dtype, polars.String | polars.Categorical | polars.Enum):
        return "text"
    if isinstance(dtype, polars.Date | polars.Datetime):
        return "dates"
    return "true or false" if dtype == polars.Boolean else str(dtype)
