"""Dask DataFrames: predictions of their rows, partition by partition, lazily."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial, wraps
from typing import Any, TypeVar, cast

from clearprop.checks.lazy import is_lazy
from clearprop.errors import TypeOfDataError
from clearprop.streams.stream import Stream

Method = TypeVar("Method", bound=Callable[..., Any])


def by_partition(
    names: Callable[[Any], Any], example: Callable[[Any], Any] | None = None
) -> Callable[[Method], Method]:
    """Let a method that predicts the rows of a table take a dask DataFrame, too.

    What it returns then is lazy: a Series where it returns a vector for a table in memory, or a
    DataFrame where it returns a matrix, with the index of the rows. An error in what was asked
    comes at once, one in the rows from the worker that has them.

    Parameters
    ----------
    names : callable
        Of the object that predicts: what the Series is called, or the columns of the DataFrame.
    example : callable, optional
        Of the dask DataFrame: rows for which the method says what it returns; None: one without
        any value.
    """

    def decorate(method: Method) -> Method:
        @wraps(method)
        def call(self: Any, table: Any, *args: Any, **kwargs: Any) -> Any:
            if not is_dask(table):
                return method(self, table, *args, **kwargs)
            rows = (example or without_values)(table)
            made = _framed(method(self, rows, *args, **kwargs), rows.index, names(self))
            return _lazily(self, method.__name__, table, made.iloc[:0], args, kwargs)

        return cast("Method", call)

    return decorate


def is_dask(table: object) -> bool:
    """Whether a table is a dask DataFrame."""
    kind = getattr(sys.modules.get("dask.dataframe"), "DataFrame", None)
    return kind is not None and isinstance(table, kind)


def check_in_memory(table: object) -> None:
    """Raise `TypeOfDataError` for a table whose rows are elsewhere, where they are needed here."""
    if is_dask(table):
        raise TypeOfDataError(
            "the table is a dask DataFrame, whose rows are not here: give table.compute() where "
            "they fit into memory; predict and its kin take it as it is"
        )
    if is_lazy(table):
        raise TypeOfDataError(
            "the table is a LazyFrame, whose rows are not computed: give table.collect() where "
            "they fit into memory; fit takes cp.stream(table), predict and its kin take it as it is"
        )
    if isinstance(table, Stream):
        raise TypeOfDataError(
            "the table is a stream, which fit, predict and its kin take: give a table in memory, "
            "or the path of a file"
        )


def without_values(table: Any) -> Any:
    """Return one row of a dask DataFrame's columns, all of it missing."""
    return table._meta.reindex([0])


def made_up(table: Any) -> Any:
    """Return rows of a dask DataFrame's columns and types, whose values dask makes up."""
    return table._meta_nonempty


def _lazily(
    owner: Any, method: str, table: Any, empty: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    from dask.delayed import delayed

    # A task of its own, so that a worker gets it once for all partitions.
    sent = delayed(owner, pure=True, traverse=False)
    predicted = partial(_of_partition, method=method, empty=empty, args=args, kwargs=kwargs)
    return table.map_partitions(predicted, sent, meta=empty, enforce_metadata=False)


def _of_partition(
    rows: Any,
    owner: Any,
    *,
    method: str,
    empty: Any,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> Any:
    """Return what is predicted for the rows of one partition, of which there may be none."""
    if not len(rows):
        return empty
    names = empty.name if empty.ndim == 1 else empty.columns
    return _framed(getattr(owner, method)(rows, *args, **kwargs), rows.index, names)


def _framed(values: Any, index: Any, names: Any) -> Any:
    """Return predictions beside an index, as a Series or a DataFrame."""
    import pandas

    if values.ndim == 1:
        return pandas.Series(values, index=index, name=names)
    return pandas.DataFrame(values, index=index, columns=names)
