"""Numbers without a variance are named by their rows, in memory and in a stream."""

import re

import numpy as np
import polars as pl
import pytest

import clearprop as cp
from framed_streams import framed

N = 2_000
QUICK = {"hidden": [4], "epochs": 1, "compare": False, "progress": False}


def table(**columns):
    rng = np.random.default_rng(0)
    x = rng.normal(size=N)
    return pl.DataFrame({"x": x, "y": x + rng.normal(size=N), **columns})


def in_memory(frame, **settings):
    cp.Model.fit(frame, "y", **QUICK, **settings)


def streamed(frame, **settings):
    cp.Model.fit(framed(frame, 500), "y", **QUICK, **settings)


def large(frame, column, fit, **settings):
    """The rows of the message, and of the value that is farthest from 0."""
    with pytest.raises(cp.NonFiniteDataError, match="too large to be standardized") as error:
        fit(frame, **settings)
    said = re.search(rf"'{column}' is (\S+) in row (\d+) \(from 0\)", str(error.value))
    assert said is not None, error.value
    row = int(said[2])
    assert float(said[1]) == pytest.approx(frame[column][row], rel=1e-5)
    return row, str(error.value)


@pytest.mark.parametrize("fit", [in_memory, streamed])
def test_a_column(fit):
    sizes = 10.0 ** np.random.default_rng(1).uniform(-200, 200, N)
    row, text = large(table(far=sizes), "far", fit)
    assert sizes[row] > 1e150
    if fit is streamed:
        assert text.startswith(f"table, part {row // 100}: column 'far' is ")


@pytest.mark.parametrize("fit", [in_memory, streamed])
@pytest.mark.parametrize("value", [1e200, -1e200])
def test_a_target(fit, value):
    frame = table()
    y = frame["y"].to_numpy().copy()
    y[1234:1240] = value  # some of them to learn from
    row, text = large(frame.with_columns(y=y), "y", fit)
    assert 1234 <= row < 1240
    if fit is streamed:
        assert text.startswith("table, part 12: target 'y' is ")


def test_rows_without_target_count():
    frame = table()
    y = frame["y"].to_list()
    y[:100] = [None] * 100
    y[1234:1240] = [1e200] * 6
    row, _ = large(frame.with_columns(y=pl.Series(y)), "y", in_memory, drop_missing_target=True)
    assert 1234 <= row < 1240
