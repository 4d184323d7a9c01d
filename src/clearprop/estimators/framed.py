"""X and y of scikit-learn's interface as one table, such as `Model.fit` takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ColumnError, missing_extra
from clearprop.tables.columns import names_of

Array = NDArray[Any]


def is_frame(X: object) -> bool:
    """Whether X is a pandas, polars or pyarrow table, rather than an array."""
    import narwhals as nw

    return bool(nw.dependencies.is_into_dataframe(X))


def frame_of(X: Array, names: Sequence[str]) -> Any:
    """Return the columns of an array (n, d) as a table of these names, each of its own type."""
    try:
        import polars
    except ImportError:
        missing_extra("polars", "an estimator of tables", "tables")
    return polars.DataFrame(
        [_series(polars, name, X[:, place]) for place, name in enumerate(names)]
    )


def _series(polars: Any, name: str, values: Array) -> Any:
    kind = values.dtype.kind
    if kind in "OUSV":  # each value may be anything: `read_columns` looks at all
        return polars.Series(name, values.tolist(), dtype=polars.Object)
    if kind in "Mm":
        values = values.astype(f"{values.dtype.type.__name__}[us]")
    elif kind == "f" and values.itemsize not in (4, 8):
        values = values.astype(np.float64)
    return polars.Series(name, np.ascontiguousarray(values))


def renamed(table: Any, names: Sequence[str]) -> Any:
    """Return a table whose columns have these names, in their order."""
    import narwhals as nw

    there = names_of(table)
    if there == list(names):
        return table
    frame = nw.from_native(table, eager_only=True)
    return frame.rename(dict(zip(frame.columns, names, strict=True))).to_native()


def free_name(wanted: object, names: Sequence[str]) -> str:
    """Return a name that no column has: the one wanted if it is a text, else "y"."""
    name = wanted.strip() if isinstance(wanted, str) and wanted.strip() else "y"
    while name in names:
        name += "_"
    return name


def joined(table: Any, name: str, values: list[Any] | Array) -> Any:
    """Return a table with one more column."""
    import narwhals as nw

    frame = nw.from_native(table, eager_only=True)
    if not frame.columns:
        raise ColumnError("the table has no columns")
    series = nw.new_series(name, values, backend=frame.implementation)
    return frame.with_columns(series).to_native()
