"""Random columns of every type of pandas, polars and pyarrow, by the name of the type."""

from __future__ import annotations

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from random_values import (
    WORDS,
    floats,
    ints,
    moments,
    objects,
    pick,
    texts,
    with_gaps,
)

# Each is made of a generator of random numbers and a number of rows.


def _numpy():
    made = {"bool": lambda r, n: r.random(n) < 0.5}
    for bits in (8, 16, 32, 64):
        for kind, low, high in (
            ("int", -(2 ** (bits - 1)), 2 ** (bits - 1) - 1),
            ("uint", 0, 2**bits - 1),
        ):
            made[f"{kind}{bits}"] = lambda r, n, d=f"{kind}{bits}", a=low, b=high: np.array(
                ints(r, n, a, b), dtype=d
            )
    for name in ("float16", "float32", "float64", "longdouble"):
        made[name] = lambda r, n, d=name: floats(r, n).astype(d)
    for name in ("complex64", "complex128"):
        made[name] = lambda r, n, d=name: (floats(r, n) + 1j).astype(d)
    for unit in ("s", "ms", "us", "ns"):
        made[f"datetime64[{unit}]"] = lambda r, n, u=unit: np.array(
            with_gaps(r, moments(r, n, *_range(u)), np.datetime64("NaT", u)),
            dtype=f"datetime64[{u}]",
        )
        made[f"timedelta64[{unit}]"] = lambda r, n, u=unit: _durations(r, n, u)
        made[f"far datetime64[{unit}]"] = lambda r, n, u=unit: np.array(
            ints(r, n, -(2**63) + 1, 2**63 - 1)
        ).astype(f"datetime64[{u}]")
    made["bytes"] = lambda r, n: np.array(pick(r, [b"a", b"b\xff"], n))
    return made


def _range(unit):
    """Return the first and the last moment of a type, as far as Python has it."""
    if unit == "ns":
        return dt.datetime(1677, 9, 22), dt.datetime(2262, 4, 11)
    return dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59)


def _durations(r, n, unit):
    values = np.array(ints(r, n, -(2**62), 2**62), dtype=np.int64)
    return np.where(
        r.random(n) < 0.05, np.timedelta64("NaT", unit), values.astype(f"timedelta64[{unit}]")
    )


def _nested(r, n, make):
    return [None if r.random() < 0.1 else make(int(r.integers(0, 3))) for _ in range(n)]


def _decimals(r, n):
    return with_gaps(r, [decimal.Decimal(int(v)) / 100 for v in r.integers(-999, 999, n)])


def _adder(made):
    def add(name, type_, values):
        made[name] = lambda r, n: pa.array(values(r, n), type_)

    return add


def _arrow_values(made):
    add = _adder(made)
    made |= {
        "null": lambda r, n: pa.nulls(n),
        "bool": lambda r, n: pa.array(with_gaps(r, [bool(v) for v in r.random(n) < 0.5])),
    }

    for bits in (8, 16, 32, 64):
        add(
            f"int{bits}",
            getattr(pa, f"int{bits}")(),
            lambda r, n, b=bits: with_gaps(r, ints(r, n, -(2 ** (b - 1)), 2 ** (b - 1) - 1)),
        )
        add(
            f"uint{bits}",
            getattr(pa, f"uint{bits}")(),
            lambda r, n, b=bits: with_gaps(r, ints(r, n, 0, 2**b - 1)),
        )
    add("float16", pa.float16(), lambda r, n: with_gaps(r, list(floats(r, n).astype(np.float16))))
    add("float32", pa.float32(), lambda r, n: with_gaps(r, list(floats(r, n).astype(np.float32))))
    add("float64", pa.float64(), lambda r, n: with_gaps(r, list(floats(r, n))))
    for name, type_ in (("decimal32", "decimal32"), ("decimal64", "decimal64"), ("decimal128", "decimal128"), ("decimal256", "decimal256")):  # fmt: skip
        if hasattr(pa, type_):
            add(name, getattr(pa, type_)(9, 2), _decimals)
    for name, digits in (("decimal128", 38), ("decimal256", 76)):
        add(
            f"large {name}",
            getattr(pa, name)(digits, 0),
            lambda r, n, k=digits: with_gaps(
                r, [decimal.Decimal(v) for v in ints(r, n, -(10**k) + 1, 10**k - 1)]
            ),
        )
    for name in ("string", "large_string", "string_view"):
        add(name, getattr(pa, name)(), lambda r, n: with_gaps(r, texts(r, n)))
    for name in ("binary", "large_binary", "binary_view"):
        add(name, getattr(pa, name)(), lambda r, n: with_gaps(r, pick(r, [b"", b"a\xff"], n)))
    add(
        "fixed_size_binary",
        pa.binary(2),
        lambda r, n: with_gaps(r, pick(r, [b"ab", b"\xff\x00"], n)),
    )


def _arrow_times(made):
    add = _adder(made)
    for unit in ("s", "ms", "us", "ns"):
        for zone in (None, "UTC", "Europe/Berlin", "+05:30", "Asia/Kathmandu"):
            add(f"timestamp[{unit}, {zone}]", pa.timestamp(unit, zone), lambda r, n, u=unit: with_gaps(r, moments(r, n, *_range(u))))  # fmt: skip
        add(
            f"far timestamp[{unit}]",
            pa.timestamp(unit, "UTC"),
            lambda r, n: with_gaps(r, ints(r, n, -(2**63), 2**63 - 1)),
        )
        add(
            f"duration[{unit}]",
            pa.duration(unit),
            lambda r, n: with_gaps(r, ints(r, n, -(2**62), 2**62)),
        )
    for name, type_ in (("time32[s]", pa.time32("s")), ("time32[ms]", pa.time32("ms"))):
        add(name, type_, lambda r, n: with_gaps(r, ints(r, n, 0, 86399)))
    for name, type_ in (("time64[us]", pa.time64("us")), ("time64[ns]", pa.time64("ns"))):
        add(name, type_, lambda r, n: with_gaps(r, ints(r, n, 0, 86_399_999_999)))
    add("date32", pa.date32(), lambda r, n: with_gaps(r, [v.date() for v in moments(r, n)]))
    add("date64", pa.date64(), lambda r, n: with_gaps(r, [v.date() for v in moments(r, n)]))
    add("far date32", pa.date32(), lambda r, n: with_gaps(r, ints(r, n, -(2**31), 2**31 - 1)))
    add(
        "far date64",
        pa.date64(),
        lambda r, n: [v * 86_400_000 for v in ints(r, n, -(2**36), 2**36)],
    )
    add("month_day_nano", pa.month_day_nano_interval(), lambda r, n: with_gaps(r, [(int(v), 1, 5) for v in r.integers(0, 9, n)]))  # fmt: skip


def _arrow_others(made):
    add = _adder(made)
    lists = {"list": pa.list_, "large_list": pa.large_list, "list_view": pa.list_view}
    for name, type_ in lists.items():
        add(name, type_(pa.int8()), lambda r, n: _nested(r, n, lambda k: [k] * k))
    add(
        "fixed_size_list", pa.list_(pa.float32(), 2), lambda r, n: _nested(r, n, lambda k: [k, 1.5])
    )
    add("map", pa.map_(pa.string(), pa.int8()), lambda r, n: _nested(r, n, lambda k: [("a", k)]))
    add("struct", pa.struct({"a": pa.int8(), "b": pa.string()}), lambda r, n: _nested(r, n, lambda k: {"a": k}))  # fmt: skip
    made["union"] = lambda r, n: pa.UnionArray.from_sparse(
        pa.array([i % 2 for i in range(n)], pa.int8()),
        [pa.array(range(n), pa.int64()), pa.array(["a"] * n, pa.string())],
    )
    made["run_end_encoded"] = lambda r, n: pa.RunEndEncodedArray.from_arrays(
        pa.array(range(1, n + 1), pa.int32()), pa.array(texts(r, n), pa.string())
    )
    for name, values in (("text", texts), ("number", lambda r, n: list(floats(r, n))), ("int", lambda r, n: ints(r, n, 0, 9)), ("date", moments)):  # fmt: skip
        made[f"dictionary of {name}"] = lambda r, n, v=values: pa.array(
            with_gaps(r, v(r, n))
        ).dictionary_encode()
    made["ordered dictionary"] = lambda r, n: pa.DictionaryArray.from_arrays(
        pa.array(r.integers(0, 4, n), pa.int8()), WORDS, ordered=True
    )
    made["uuid"] = lambda r, n: pa.array([bytes(r.bytes(16)) for _ in range(n)], pa.uuid())
    made["bool8"] = lambda r, n: pa.ExtensionArray.from_storage(
        pa.bool8(), pa.array(r.integers(0, 2, n), pa.int8())
    )
    made["tensor"] = lambda r, n: pa.FixedShapeTensorArray.from_numpy_ndarray(np.zeros((n + 1, 2)))[
        :n
    ]
    made["json"] = lambda r, n: pa.array(['{"a": 1}'] * n, pa.json_(pa.string()))


def _arrow():
    made = {}
    _arrow_values(made)
    _arrow_times(made)
    _arrow_others(made)
    return made


ARROW, NUMPY = _arrow(), _numpy()


def _pandas_categories():
    return {
        "category of text": lambda r, n: pd.Categorical(
            with_gaps(r, texts(r, n)), ordered=r.random() < 0.5
        ),
        "category of int": lambda r, n: pd.Categorical(with_gaps(r, ints(r, n, -9, 9))),
        "category of float": lambda r, n: pd.Categorical(floats(r, n)),
        "category of bool": lambda r, n: pd.Categorical(r.random(n) < 0.5),
        "category of dates": lambda r, n: pd.Categorical(
            pd.array(moments(r, n), dtype="datetime64[us]")
        ),
        "category of intervals": lambda r, n: pd.cut(r.normal(size=n), 3),
        "category of periods": lambda r, n: pd.Categorical(
            pd.period_range("2024-01", periods=max(n, 1), freq="M")[:n]
        ),
        "category of tuples": lambda r, n: pd.Categorical.from_codes(
            r.integers(-1, 2, n), pd.Index([(1, 2), (3,)], tupleize_cols=False)
        ),
        "category of nothing": lambda r, n: pd.Categorical([None] * n),
        "category with unused": lambda r, n: pd.Categorical(
            pick(r, WORDS[:2], n), categories=[*WORDS, "", " red"]
        ),
    }


def _pandas():
    made = dict(NUMPY)
    for bits in (8, 16, 32, 64):
        for kind, low in (("Int", -(2 ** (bits - 1))), ("UInt", 0)):
            made[f"{kind}{bits}"] = lambda r, n, d=f"{kind}{bits}", a=low, b=2 ** (bits - 1) - 1: (
                pd.array(with_gaps(r, ints(r, n, a, b)), dtype=d)
            )
    for name in ("Float32", "Float64"):
        made[name] = lambda r, n, d=name: pd.array(with_gaps(r, list(floats(r, n))), dtype=d)
    made["boolean"] = lambda r, n: pd.array(with_gaps(r, [bool(v) for v in r.random(n) < 0.5]), dtype="boolean")  # fmt: skip
    for name in ("string[python]", "string[pyarrow]", "str"):
        made[name] = lambda r, n, d=name: pd.array(with_gaps(r, texts(r, n)), dtype=d)
    made |= _pandas_categories()
    made |= {
        "period[D]": lambda r, n: pd.PeriodIndex(
            with_gaps(r, moments(r, n, *_range("ns")), pd.NaT), freq="D"
        ),
        "period[M]": lambda r, n: pd.PeriodIndex(moments(r, n, *_range("ns")), freq="M"),
        "interval": lambda r, n: pd.array(
            with_gaps(r, [pd.Interval(int(v), int(v) + 1) for v in r.integers(0, 4, n)], np.nan),
            dtype="interval",
        ),
        "sparse float": lambda r, n: pd.arrays.SparseArray(floats(r, n)),
        "sparse int": lambda r, n: pd.arrays.SparseArray(r.integers(0, 3, n), fill_value=0),
        "sparse bool": lambda r, n: pd.arrays.SparseArray(r.random(n) < 0.5),
        "object": lambda r, n: _of_objects(objects(r, n)),
        "object of texts": lambda r, n: _of_objects(with_gaps(r, texts(r, n))),
        "object of ints": lambda r, n: _of_objects(
            with_gaps(r, ints(r, n, -(2**80), 2**80), np.nan)
        ),
        "object of decimals": lambda r, n: _of_objects(_decimals(r, n)),
        "object of surrogates": lambda r, n: _of_objects(pick(r, ["\ud800", "a", "b"], n)),
    }
    for zone in ("UTC", "Europe/Berlin", "Asia/Kathmandu"):
        made[f"datetime, {zone}"] = lambda r, n, z=zone: (
            pd.DatetimeIndex(with_gaps(r, moments(r, n, *_range("ns")), pd.NaT))
            .tz_localize("UTC")
            .tz_convert(z)
        )
    for name, make in ARROW.items():
        if name not in ("union", "run_end_encoded"):  # which pandas takes and then cannot show
            made[f"arrow {name}"] = lambda r, n, m=make: pd.arrays.ArrowExtensionArray(m(r, n))
    return made


def _of_objects(values):
    array = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        array[row] = value
    return array


def _polars():
    made = {
        "null": lambda r, n: pl.Series([None] * n, dtype=pl.Null),
        "bool": lambda r, n: pl.Series(
            with_gaps(r, [bool(v) for v in r.random(n) < 0.5]), dtype=pl.Boolean
        ),
        "categorical": lambda r, n: pl.Series(with_gaps(r, texts(r, n)), dtype=pl.Categorical),
        "enum": lambda r, n: pl.Series(with_gaps(r, pick(r, WORDS, n)), dtype=pl.Enum(WORDS)),
        "object": lambda r, n: pl.Series(objects(r, n), dtype=pl.Object),
        "object of texts": lambda r, n: pl.Series(with_gaps(r, texts(r, n)), dtype=pl.Object),
        "text": lambda r, n: pl.Series(with_gaps(r, texts(r, n)), dtype=pl.String),
        "binary": lambda r, n: pl.Series(
            with_gaps(r, pick(r, [b"", b"a\xff"], n)), dtype=pl.Binary
        ),
        "decimal": lambda r, n: pl.Series(_decimals(r, n), dtype=pl.Decimal(10, 2)),
        "large decimal": lambda r, n: pl.Series(
            [decimal.Decimal(v) for v in ints(r, n, -(10**37), 10**37)], dtype=pl.Decimal(38, 0)
        ),
        "date": lambda r, n: pl.Series(
            with_gaps(r, [v.date() for v in moments(r, n)]), dtype=pl.Date
        ),
        "far date": lambda r, n: pl.Series(ints(r, n, -(2**31), 2**31 - 1), dtype=pl.Int32).cast(
            pl.Date
        ),
        "time": lambda r, n: pl.Series(
            with_gaps(r, [v.time() for v in moments(r, n)]), dtype=pl.Time
        ),
        "list": lambda r, n: pl.Series(_nested(r, n, lambda k: [k] * k), dtype=pl.List(pl.Int8)),
        "list of nothing": lambda r, n: pl.Series([[]] * n, dtype=pl.List(pl.Null)),
        "array": lambda r, n: pl.Series(
            _nested(r, n, lambda k: [k, 1]), dtype=pl.Array(pl.Int8, 2)
        ),
        "struct": lambda r, n: pl.Series(
            _nested(r, n, lambda k: {"a": k}), dtype=pl.Struct({"a": pl.Int8})
        ),
    }
    for name in ("Int8", "Int16", "Int32", "Int64", "Int128", "UInt8", "UInt16", "UInt32", "UInt64", "UInt128"):  # fmt: skip
        if hasattr(pl, name):
            dtype = getattr(pl, name)
            bits = int(name.lstrip("UInt"))
            low, high = (
                (0, 2**bits - 1) if name[0] == "U" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
            )
            made[name] = lambda r, n, d=dtype, a=low, b=high: pl.Series(
                with_gaps(r, ints(r, n, a, b)), dtype=d
            )
    for name in ("Float16", "Float32", "Float64"):
        if hasattr(pl, name):
            dtype = getattr(pl, name)
            made[name] = lambda r, n, d=dtype: pl.Series(
                with_gaps(r, list(floats(r, n))), dtype=pl.Float64
            ).cast(d)
    for unit in ("ms", "us", "ns"):
        for zone in (None, "UTC", "Europe/Berlin", "Asia/Kathmandu"):
            made[f"datetime[{unit}, {zone}]"] = lambda r, n, u=unit, z=zone: (
                pl.Series(with_gaps(r, moments(r, n, *_range(u))), dtype=pl.Datetime(u))
                .dt.replace_time_zone("UTC")
                .dt.convert_time_zone(z or "UTC")
                .cast(pl.Datetime(u, z))
            )
        made[f"far datetime[{unit}]"] = lambda r, n, u=unit: pl.Series(
            ints(r, n, -(2**63), 2**63 - 1), dtype=pl.Int64
        ).cast(pl.Datetime(u, "UTC"))
        made[f"duration[{unit}]"] = lambda r, n, u=unit: pl.Series(
            with_gaps(r, ints(r, n, -(2**62), 2**62)), dtype=pl.Int64
        ).cast(pl.Duration(u))
    return made


PANDAS, POLARS = _pandas(), _polars()
LIBRARIES = {"pandas": PANDAS, "polars": POLARS, "pyarrow": ARROW}
