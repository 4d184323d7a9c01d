"""Random tables of every type of pandas, polars and pyarrow, by seed."""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from random_columns import LIBRARIES
from random_values import pick


@dataclass
class Case:
    """A table, and what is to be predicted of it how."""

    table: Any
    target: Any
    settings: dict[str, Any]
    library: str
    kinds: list[str]


NAMES = [
    "", " ", " a ", "a", "a\nb", "a\0", "é", "e\u0301", "x" * 3000, "\ud800", "y", "id", "a: years", "\x1b[2J",
    "a is missing", "None", "a,b", '"',
]  # fmt: skip
LABELS = [
    0,
    1,
    -1,
    2.5,
    None,
    float("nan"),
    True,
    ("a", 1),
    dt.date(2024, 1, 1),
    b"a",
    pd.Timestamp(0),
]


PLAIN = {
    "pandas": {
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float64", "Int8",
        "Int16", "Int32", "Int64", "UInt8", "Float64", "boolean", "str", "string[python]", "string[pyarrow]",
        "category of text", "object of texts", "datetime64[us]", "datetime, UTC",
        "arrow date32", "arrow timestamp[us, UTC]", "arrow dictionary of text",
    },
    "polars": {
        "bool", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float64", "text",
        "categorical", "enum", "date", "datetime[us, None]", "datetime[us, UTC]",
    },
    "pyarrow": {
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float64", "string",
        "large_string", "date32", "timestamp[us, None]", "timestamp[us, UTC]", "dictionary of text",
    },
}  # fmt: skip
"""The types that all libraries and files have."""


def random_case(seed, plain=False):
    """Return the table of a seed; a plain one is of types that all libraries and files have."""
    rng = np.random.default_rng(seed)
    library = list(LIBRARIES)[seed % 3]
    n = int(rng.choice([12, 20, 33, 60, rng.integers(0, 12)], p=[0.3, 0.3, 0.2, 0.15, 0.05]))
    made = LIBRARIES[library]
    known = sorted(PLAIN[library]) if plain else list(made)
    kinds = [str(k) for k in rng.choice(known, rng.integers(1, 5))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what makes the values
        columns = [made[kind](rng, n) for kind in kinds]
        names = [f"c{i}" for i in range(len(kinds))]
        if not plain:
            names = _names(rng, names, library)
        target = names[int(rng.integers(0, len(names)))]
        task = str(rng.choice(["classification", "regression", ""])) or None
        if rng.random() < 0.75:
            columns.append(_easy(rng, n, library, task))
            kinds.append("easy")
            target = "goal"
            names.append(target)
        table = BUILD[library](rng, columns, names, plain)
    settings: dict[str, Any] = {
        "task": task,
        "drop_missing_target": bool(rng.random() < 0.8),
        "seed": int(rng.integers(0, 99)),
    }
    for setting in ("keep", "categorical"):
        if rng.random() < 0.4:
            settings[setting] = [name for name in names if name is not target]
    return Case(table, target, settings, library, kinds)


def _names(rng, names, library):
    n = len(names)
    if rng.random() < 0.2:
        odd = int(rng.integers(0, n))
        names[odd] = pick(rng, NAMES + LABELS * (library == "pandas"), 1)[0]
        if library != "pandas" and names[odd] == "\ud800":
            names[odd] = "\ud7ff"
    if library != "polars" and rng.random() < 0.03:
        names = [names[0]] * n
    return names


def _easy(rng, n, library, task):
    """Return a column that can be predicted."""
    values = [float(v) for v in rng.normal(size=n)]
    if task == "classification" or rng.random() < 0.1:
        values = pick(rng, ["u", "v"], n)
    return {"pandas": list, "polars": pl.Series, "pyarrow": pa.array}[library](values)


def _of_pandas(rng, columns, names, plain):
    index = None
    if rng.random() < 0.3 and columns:
        index = rng.integers(0, 5, len(columns[0]))
    series = {}
    for place, column in enumerate(columns):
        is_object = isinstance(column, np.ndarray) and column.dtype.kind == "O"
        dtype = object if is_object else None
        series[place] = pd.Series(column, index=index, dtype=dtype)
    table = pd.DataFrame(series, index=index)
    if rng.random() < 0.05 and not plain:
        table.columns = pd.MultiIndex.from_tuples(
            [(str(name), f"{i}") for i, name in enumerate(names)]
        )
    else:
        table.columns = pd.Index(names, dtype=object, tupleize_cols=False)
    return table


def _of_polars(rng, columns, names, plain):
    return pl.DataFrame([column.alias(name) for name, column in zip(names, columns, strict=True)])


def _of_pyarrow(rng, columns, names, plain):
    chunked = []
    for column in columns:
        cut = int(rng.integers(0, len(column) + 1))
        parts = [column[:cut], column[cut:cut], column[cut:]] if rng.random() < 0.5 else [column]
        chunked.append(pa.chunked_array(parts, column.type))
    return pa.table(chunked, names=names)


BUILD = {"pandas": _of_pandas, "polars": _of_polars, "pyarrow": _of_pyarrow}
