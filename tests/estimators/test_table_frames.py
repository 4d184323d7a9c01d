"""Random tables to the estimators of tables: fitted, or refused by them or by scikit-learn."""

from __future__ import annotations

import os
import warnings

import numpy as np
import pandas as pd
import pytest

import clearprop as cp
from clearprop.errors import TableWarning
from clearprop.estimators import TableClassifier, TableRegressor
from random_frames import random_case

N = int(os.environ.get("CLEARPROP_TEST_FRAMES", "300")) // 3
BATCHES = 2
FEWEST = 0.4
"""Of all tables, how many are to be fitted."""


def parts_of(case):
    """Return X and y of a table whose last column is to be predicted."""
    table = case.table
    if case.library == "pandas":
        return table.iloc[:, :-1], table.iloc[:, -1]
    if case.library == "polars":
        return table.drop("goal"), table["goal"]
    return table.remove_column(table.num_columns - 1), table.column(table.num_columns - 1)


def first_row(X):
    return X.iloc[:1] if isinstance(X, pd.DataFrame) else X.slice(0, 1)


def is_fitted(case):
    """Say if the table of a case gave an estimator, which predicts its rows."""
    X, y = parts_of(case)
    kind = TableRegressor if np.asarray(y).dtype == float else TableClassifier
    estimator = kind(hidden=[2], epochs=1, random_state=0)
    try:
        estimator.fit(X, y)
    except (cp.ClearpropError, ValueError, TypeError):  # scikit-learn's, of names and rows
        return False
    found = estimator.predict(X)
    assert found.shape == (len(y),)
    assert estimator.predict(first_row(X))[0] == found[0]
    return True


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_tables(batch):
    fitted = []
    for seed in range(batch, N, BATCHES):
        case = random_case(seed)
        if case.target == "goal":
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                warnings.simplefilter("ignore", TableWarning)
                fitted.append(is_fitted(case))
    assert sum(fitted) > FEWEST * len(fitted)
