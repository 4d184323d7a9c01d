"""Random tables of every type: each gives a model that predicts its rows alike, or one error line.

CLEARPROP_TEST_FRAMES=5000 goes through so many of them. A failure names the seed of its table:
`random_case(seed)` makes it again.
"""

from __future__ import annotations

import os
import traceback
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import clearprop as cp
from clearprop.errors import LONGEST, shown
from random_frames import random_case

N = int(os.environ.get("CLEARPROP_TEST_FRAMES", "300"))
BATCHES = 6

FIT = {"hidden": [2], "epochs": 1, "compare": False, "progress": False}

FEWEST = 0.4
"""Of all tables, how many are to give a model: a test in which all refuse would show nothing."""


def row_of(table, row):
    """Return a table of one row, of any library."""
    if hasattr(table, "iloc"):
        return table.iloc[row : row + 1]
    return table.slice(row, 1)


def in_order(table, rows):
    """Return a table's rows in another order."""
    if hasattr(table, "iloc"):
        with suppress(NotImplementedError):  # pandas cannot do it for all types of Arrow's
            return table.iloc[rows]
        return table
    if hasattr(table, "clone"):
        return table[rows]
    return pa.concat_tables([table.slice(row, 1) for row in rows])  # not all types have `take`


def predictions(model, table):
    if model.classes:
        return model.predict_proba(table)
    return model.predict(table)


def check(case):
    """Raise what is wrong with a case; return whether it gave a model."""
    try:
        model = cp.Model.fit(case.table, case.target, **FIT, **case.settings)
    except cp.ClearpropError as error:
        message = str(error)
        assert message.isprintable(), message
        assert 20 < len(message) <= LONGEST, message
        return False
    assert str(model.report)
    every = predictions(model, case.table)
    assert np.isfinite(every).all()
    n = len(every)
    other = in_order(case.table, list(range(n))[::-1])
    if other is not case.table:
        np.testing.assert_array_equal(predictions(model, other), every[::-1])
    for row in range(0, n, max(1, n // 6)):
        alone = predictions(model, row_of(case.table, row))
        np.testing.assert_array_equal(alone, every[[row]], err_msg=f"row {row}")
    return True


def forms_of(case, folder):
    """Return the same table of plain types in the other libraries and in files."""
    table = case.table
    frame = pl.from_pandas(table) if case.library == "pandas" else pl.DataFrame(table)
    frame.write_parquet(folder / "a.parquet")
    frame.write_csv(folder / "a.csv")
    frame.write_ipc(folder / "a.arrow")
    pq.write_table(frame.to_arrow(), folder / "b.parquet", compression="none")
    forms = {
        "polars": frame,
        "pyarrow": frame.to_arrow(),
        "pandas of pyarrow": frame.to_pandas(use_pyarrow_extension_array=True),
        **{name: folder / name for name in ("a.parquet", "b.parquet", "a.arrow", "a.csv")},
    }
    if b"\0" in forms["a.csv"].read_bytes():  # which is refused: it is no text
        del forms["a.csv"]
    if not any(has_large_gaps(column) for column in frame):
        forms["pandas"] = frame.to_pandas()
    return forms


def has_large_gaps(column):
    """Whether pandas would make floats of whole numbers that are no floats."""
    whole = column.dtype.is_integer() and column.null_count() > 0
    return whole and (column.cast(pl.Float64).abs() > 2**53).any()


def check_forms(case, folder):
    """Raise what is wrong with predictions in other libraries and files; say if there was a model."""
    try:
        model = cp.Model.fit(case.table, case.target, **FIT, **case.settings)
    except cp.ClearpropError:
        return False
    every = predictions(model, case.table)
    for name, form in forms_of(case, folder).items():
        np.testing.assert_array_equal(predictions(model, form), every, err_msg=name)
        if not isinstance(form, Path):
            alone = predictions(model, row_of(form, 1))
            np.testing.assert_array_equal(alone, every[[1]], err_msg=f"row 1, {name}")
    return True


def fault_of(seed, check=check, plain=False):
    """Return what is wrong with a seed's table, None if nothing is, and whether it gave a model."""
    case = random_case(seed, plain)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", cp.errors.TableWarning)
        try:
            return None, check(case)
        except BaseException as error:  # a panic of polars is no Exception
            if isinstance(error, KeyboardInterrupt):
                raise
            where = traceback.extract_tb(error.__traceback__)[-1]
            said = " ".join(shown(str(error), 300).split())
            return (
                f"seed {seed}, {case.library}, {case.kinds}: {type(error).__name__} {said} "
                f"({where.filename.rsplit('/', 1)[-1]}:{where.lineno})"
            ), False


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_table_gives_a_model_or_one_of_our_errors(batch):
    seeds = range(batch, N, BATCHES)
    faults, models = zip(*(fault_of(seed) for seed in seeds), strict=True)
    assert not [fault for fault in faults if fault]
    assert sum(models) > FEWEST * len(seeds)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_predictions_are_the_same_in_other_libraries_and_files(batch, tmp_path):
    seeds = range(batch, N // 3, BATCHES)
    found = [fault_of(seed, lambda case: check_forms(case, tmp_path), True) for seed in seeds]
    faults, models = zip(*found, strict=True)
    assert not [fault for fault in faults if fault]
    assert sum(models) > FEWEST * len(seeds)
