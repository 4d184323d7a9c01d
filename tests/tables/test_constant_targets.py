"""A target that is the same in all rows, where the mean of equal numbers is another number.

Three times 0.1 have a mean above 0.1, and a standard deviation of 1.4e-17.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from clearprop.errors import TargetError
from clearprop.tables.columns import read_columns
from clearprop.tables.scores import NumberScores
from clearprop.tables.target import detect_target
from example_tables import CARS

ROUNDED = [(3, 0.1), (6, 1.1), (7, 1e6 + 0.1), (3, 99.9), (6, 0.1), (59, -0.1), (7, 1.1e-300)]
EXACT = [(4, 0.5), (10, 0.0), (8, 3.0)]


def column(values):
    return read_columns(pl.DataFrame({"y": values}))["y"]


def target_of(values):
    """A regression target of these training rows, while another row holds another number."""
    return detect_target(column([*values, 1e9]), "regression")[0]


def test_these_are_rounded():
    for n, value in ROUNDED[:5]:
        assert np.full(n, value).std() > 0


@pytest.mark.parametrize(("n", "value"), ROUNDED + EXACT)
@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_not_divided_by_its_rounding(n, value, weighted):
    one = column([value] * n)
    weights = np.random.default_rng(0).random(n) if weighted else None
    target = target_of([value] * n).fitted(one, weights)
    assert target.scale == 1
    assert target.mean == pytest.approx(value, rel=1e-15)
    assert np.abs(target.encode(one)).max() <= 1e-15 * abs(value)
    assert target.decode(np.zeros(n)) == pytest.approx(value, rel=1e-15)


def test_numbers_that_differ_in_the_last_places_are_not_all_the_same():
    one = column([1.0, 1.0 + 1e-9, 1.0 - 1e-9])
    target = target_of(one.values).fitted(one)
    assert target.scale == pytest.approx(np.sqrt(2 / 3) * 1e-9, rel=1e-6)


@pytest.mark.parametrize(("n", "value"), ROUNDED + EXACT)
def test_there_is_no_r2(n, value):
    true = np.full(n, value)
    assert np.isnan(NumberScores("y", true, true + 0.5).r2)


def test_importance_says_so(regression):
    table = pl.DataFrame(CARS).head(30).with_columns(pl.lit(0.1).alias("Miles_per_Gallon"))
    with pytest.raises(TargetError, match="is always 0.1 in these rows"):
        regression.importance(table)
