"""Random tables of every type: each gives a model that predicts its rows alike, or one error line.

CLEARPROP_TEST_FRAMES=5000 goes through so many of them. A failure names the seed of its table:
`random_case(seed)` makes it again.
"""

from __future__ import annotations

import os
import traceback
import warnings
from contextlib import suppress

import numpy as np
import pyarrow as pa
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


def fault_of(seed):
    """Return what is wrong with a seed's table, None if nothing is, and whether it gave a model."""
    case = random_case(seed)
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
