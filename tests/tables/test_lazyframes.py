"""LazyFrames and streams where rows are needed: what a checkpoint knows, and what is said."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

import clearprop as cp
from clearprop.estimators import MLPRegressor
from clearprop.tables.blocks import lazy
from clearprop.tables.blocks.lazy import LazyTable

N = 300
X = np.random.default_rng(0).normal(size=N)


def frame(**columns):
    return pl.DataFrame({"x": X, "y": 2 * X, **columns})


def net():
    return cp.Network([1, 1], "identity", loss="squared_error", seed=0)


def test_a_checkpoint_knows_all_rows(tmp_path):
    rows = frame(many=[[k] for k in range(N)], raw=[b"\xff"] * N)
    late = rows.with_columns(x=pl.when(pl.int_range(N) == N - 1).then(7.0).otherwise("x"))
    known = LazyTable(rows.lazy()).identity()
    assert LazyTable(rows.lazy()).identity() == known
    others = [late, rows[:-1], rows.with_columns(pl.col("x").cast(pl.Float32)), rows[::-1]]
    for other in others:
        assert LazyTable(other.lazy()).identity() != known
    settings = {"window": 64, "target": "y"}
    kept = {"epochs": 2, "checkpoint": tmp_path / "kept", "progress": False}
    cp.train(net(), cp.stream(frame().lazy(), **settings), **kept)
    cp.train(net(), cp.stream(frame().lazy(), **settings), **kept, resume=True)
    with pytest.raises(cp.ArgumentError, match="the stream differs in its cells: give"):
        cp.train(
            net(), cp.stream(late.lazy().select("x", "y"), **settings), **kept, resume=True
        )  # fmt: skip


def every_kind():
    """A frame of every kind of column that is compared, gaps among the cells."""
    days = date(2024, 1, 1)
    cells = {
        "whole": range(N), "text": [f"{k}" * (k % 20) for k in range(N)],
        "truth": [k % 3 == 0 for k in range(N)], "day": [days + timedelta(k) for k in range(N)],
        "moment": [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(0, k) for k in range(N)],
        "span": [timedelta(0, k) for k in range(N)], "exact": [Decimal(k) / 100 for k in range(N)],
    }  # fmt: skip
    gaps = {name: [None if k % 7 == 0 else c[k] for k in range(N)] for name, c in cells.items()}
    member = pl.Series([*"abc"] * (N // 3), dtype=pl.Enum([*"abc"]))
    return pl.DataFrame({**gaps, "member": member, "nothing": pl.Series([None] * N)})


def test_where_blocks_are_cut_does_not_matter(monkeypatch):
    """Passes are alike, too, as what is compared of a row hangs on nothing but its cells and number."""
    table = LazyTable(every_kind().hstack(frame()).lazy())
    known = table.identity()
    for rows in (17, 100, 1):
        monkeypatch.setattr(lazy, "ROWS", rows)
        assert len(list(table.blocks())) == -(-N // rows)
        assert table.identity() == known


@pytest.mark.parametrize("name", every_kind().columns[:-1])
def test_two_rows_that_change_places_are_seen_by_any_column(name, monkeypatch):
    column = every_kind().select(name)
    order = np.arange(N)
    order[[1, 6]] = 6, 1
    passes = iter([column, column, column[order]])
    table = LazyTable(column.lazy())
    monkeypatch.setattr(LazyTable, "_frames", lambda _: (one for one in [next(passes)]))
    for _ in range(2):
        list(table.blocks())
    with pytest.raises(cp.TableFileError, match="gave its rows in another order"):
        list(table.blocks())


def test_last_bits_and_codes_of_categories_may_be_others(monkeypatch):
    """Sums of several threads end otherwise each time, and words have the numbers they came in."""
    words = [["u", "v"][k % 2] for k in range(N)]
    passes = iter([
        frame(k=range(N), c=pl.Series(words).cast(pl.Categorical)),
        frame(k=range(N), c=pl.Series(["v", *words]).cast(pl.Categorical)[1:]).with_columns(
            x=pl.Series(np.nextafter(X, 9))
        ),
    ])  # fmt: skip
    table = LazyTable(frame(k=range(N), c=pl.Series(words).cast(pl.Categorical)).lazy())
    monkeypatch.setattr(LazyTable, "_frames", lambda _: (one for one in [next(passes)]))
    for _ in range(2):
        list(table.blocks())


DRAWN = iter(range(100))


def draw(rows):
    """Give rows in another order at each call, also where polars has one thread, and none of others."""
    return rows.sample(fraction=1, shuffle=True, seed=next(DRAWN))


PLANS = {
    "group": lambda rows: rows.group_by("k").agg(pl.len(), pl.col("x").mean()),
    "drawn anew": lambda rows: rows.map_batches(draw),
    "unique": lambda rows: rows.unique("k"),
}


@pytest.mark.parametrize("plan", PLANS)
def test_rows_in_another_order_are_refused(plan):
    """Rows would be put aside by their numbers, and others of them in each pass."""
    n = 20_000
    rows = pl.DataFrame({"k": np.arange(n), "x": np.arange(n) / 7, "y": np.arange(n) % 2}).lazy()
    shaken = PLANS[plan](rows).with_columns(y=pl.col("k") % 2)
    with pytest.raises(cp.TableFileError, match="gave its rows in another order than before"):
        cp.Model.fit(cp.stream(shaken, window=1000), "y", compare=False, progress=False)
    kept = LazyTable(shaken.sort("k"))
    for _ in range(3):
        assert sum(one.rows for one in kept.blocks()) == n


def test_a_file_that_changes_between_passes_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    rows = frame(k=range(N))
    rows.write_csv(path)
    table = LazyTable(pl.scan_csv(path))
    for _ in range(2):
        list(table.blocks())
    for other in (rows[::-1], rows.with_columns(k=pl.col("k") + 1)):
        assert len(other) == len(rows)
        other.write_csv(path)
        with pytest.raises(cp.TableFileError, match="or others: keep their order"):
            list(table.blocks())


@pytest.mark.parametrize(
    ("value", "column", "said"),
    [(None, "x", "no value"), (np.nan, "x", "no value"), (np.inf, "x", "inf"),
     (None, "y", "no value")],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["lazy", "parquet", "csv"])
def test_a_value_that_is_missing_is_named(value, column, said, kind, tmp_path):
    values = [*X.tolist()]
    values[77] = value
    rows = frame(**{column: pl.Series(values)})
    given = rows.lazy()
    if kind != "lazy":
        given = tmp_path / f"t.{kind}"
        getattr(rows, f"write_{kind}")(given)
    stream = cp.stream(given, target="y", window=64)
    text = rf"column '{column}' has {said} in row 77 \(from 0\)"
    with pytest.raises(cp.NonFiniteDataError, match=text):
        cp.train(net(), stream, epochs=1)


@pytest.fixture(scope="module")
def model():
    noise = np.random.default_rng(1).normal(size=N)
    return cp.Model.fit(
        frame(y=X + noise), "y", hidden=[3], epochs=1, compare=False, progress=False
    )


CALLS = {
    "fit": lambda model, table: cp.Model.fit(table, "y"),
    "evaluate": lambda model, table: model.evaluate(table),
    "importance": lambda model, table: model.importance(table),
    "encode": lambda model, table: model.encode(table),
    "validation": lambda model, table: cp.Model.fit(frame(), "y", validation=table),
    "test": lambda model, table: cp.Model.fit(frame(), "y", test=table),
}


@pytest.mark.parametrize("name", CALLS)
def test_where_a_table_in_memory_is_needed(name, model, tmp_path):
    with pytest.raises(cp.TypeOfDataError, match=r"give table.collect\(\).* cp.stream\(table\)"):
        CALLS[name](model, frame().lazy())
    if name != "fit":
        frame().write_parquet(tmp_path / "t.parquet")
        with pytest.raises(cp.TypeOfDataError, match="is a stream.*the path of a file"):
            CALLS[name](model, cp.stream(tmp_path / "t.parquet"))


def test_where_numbers_are_needed():
    for call in (
        lambda rows: cp.train(net(), rows),
        lambda rows: cp.train(net(), rows, X),
        lambda rows: net().predict(rows),
        lambda rows: MLPRegressor().fit(rows, X),
    ):
        with pytest.raises((cp.TypeOfDataError, TypeError), match=r"collect\(\)"):
            call(frame().lazy().select("x"))


def test_where_arrays_are_needed():
    stream = cp.stream(X[:, None], 2 * X, window=64)
    fitted = MLPRegressor(hidden_layer_sizes=[2], solver="lbfgs").fit(X[:20, None], X[:20])
    for call in (
        lambda: net().predict(stream),
        lambda: cp.backprop(net(), stream, None),
        lambda: fitted.predict(stream),
        lambda: fitted.score(stream, X),
    ):
        with pytest.raises(cp.TypeOfDataError, match="X is a stream.*give arrays"):
            call()
    with pytest.raises(cp.TypeOfDataError, match=r"give X.collect\(\)"):
        fitted.predict(frame().lazy().select("x"))


def test_a_target_named_twice():
    with pytest.raises(cp.ArgumentError, match="names 'y' twice"):
        cp.train(net(), cp.stream(frame().lazy(), target=["y", "y"]))


@pytest.mark.parametrize("kind", ["lazy", "folder"])
def test_no_target(kind, tmp_path):
    frame().write_parquet(tmp_path / "t.parquet")
    stream = cp.stream(frame().lazy() if kind == "lazy" else tmp_path)
    for call in (lambda: cp.train(net(), stream), lambda: MLPRegressor().fit(stream)):
        with pytest.raises(cp.ArgumentError, match=r"names no column.*target='NAME'.* has x, y"):
            call()
