"""cp.stream of tables: files, folders and LazyFrames, as numbers and for models."""

import numpy as np
import polars as pl
import pytest

import clearprop as cp
from clearprop.errors import ArgumentError, ColumnError, TypeOfDataError
from framed_streams import mixed

QUICK = {"epochs": 3, "progress": False, "batch_size": 20}


@pytest.fixture
def table():
    X = np.random.default_rng(0).normal(size=(500, 3))
    return pl.DataFrame(
        {"a": X[:, 0], "b": X[:, 1], "y": (X[:, 0] > 0).astype(int), "c": X[:, 2] > 0}
    )


@pytest.fixture(params=["parquet", "csv", "folder", "lazy"])
def source(request, table, tmp_path):
    whole = tmp_path / "t.parquet"
    table.write_parquet(whole, row_group_size=50)
    if request.param == "lazy":
        return pl.scan_parquet(whole)
    if request.param == "csv":
        table.with_columns(pl.col("c").cast(pl.Int8)).write_csv(tmp_path / "t.csv")
        return tmp_path / "t.csv"
    if request.param == "folder":
        folder = tmp_path / "folder"
        folder.mkdir()
        for part in range(5):
            table[100 * part : 100 * part + 100].write_parquet(folder / f"{part}.parquet")
        return folder
    return whole


def network(outputs=2):
    return cp.Network([3, 6, outputs], "tanh", "softmax" if outputs == 2 else "identity", seed=0)


class TestNumbers:
    def test_a_window_that_holds_all_gives_the_bits_of_memory(self, table, source):
        found, same = network(), network()
        cp.train(found, cp.stream(source, target="y", window=500), **QUICK)
        cp.train(same, table.select("a", "b", "c").to_numpy(), table["y"].to_numpy(), **QUICK)
        np.testing.assert_array_equal(found.parameters, same.parameters)

    def test_a_smaller_one_learns(self, table, source):
        found = network()
        history = cp.train(
            found, cp.stream(source, target="y", window=120), **QUICK | {"epochs": 40}
        )
        assert history.loss[-1] < 0.5 * history.loss[0]

    def test_several_targets(self, table, tmp_path):
        path = tmp_path / "t.parquet"
        table.write_parquet(path)
        found, same = (cp.Network([2, 4, 2], "tanh", "identity", seed=0) for _ in range(2))
        cp.train(found, cp.stream(path, target=["b", "y"], window=500), **QUICK)
        y = table.select("b", "y").to_numpy()
        cp.train(same, table.select("a", "c").to_numpy(), y, **QUICK)
        np.testing.assert_array_equal(found.parameters, same.parameters)

    def test_what_is_no_number_is_told_with_its_place(self, table, tmp_path):
        path = tmp_path / "t.csv"
        words = table["b"].cast(pl.String).to_list()
        words[321] = "many"
        table.with_columns(pl.Series("b", words), pl.col("c").cast(pl.Int8)).write_csv(path)
        with pytest.raises(TypeOfDataError, match=r"t.csv.*'b' holds 'many' in row 321 \(from 0\)"):
            cp.train(network(), cp.stream(path, target="y", window=500), **QUICK)

    def test_a_missing_number_is_refused(self, table, tmp_path):
        path = tmp_path / "t.parquet"
        table.with_columns(pl.Series("b", [None, *table["b"][1:]])).write_parquet(path)
        with pytest.raises(cp.DataError, match="t.parquet, row group 0.* nan"):
            cp.train(network(), cp.stream(path, target="y", window=500), **QUICK)

    def test_dates_are_refused(self, tmp_path):
        mixed(50).select("day", "z").write_parquet(tmp_path / "t.parquet")
        one = cp.Network([1, 1], "identity")
        with pytest.raises(TypeOfDataError, match="'day' holds Datetime.* cp.Model.fit"):
            cp.train(one, cp.stream(tmp_path / "t.parquet", target="z"), **QUICK)


class TestModels:
    def test_of_what_cp_stream_returns(self, source):
        settings = {"hidden": [4], "epochs": 1, "compare": False, "progress": False}
        named = cp.Model.fit(cp.stream(source, target="y", window=100), "y", **settings)
        model = cp.Model.fit(cp.stream(source, window=100), "y", **settings)
        np.testing.assert_array_equal(named.network.parameters, model.network.parameters)
        assert sum(model.report.rows.values()) == 500
        assert model.split is None


class TestErrors:
    def test_without_a_target(self, source):
        with pytest.raises(ArgumentError, match="names no target: cp.stream"):
            cp.train(network(), cp.stream(source), **QUICK)

    def test_no_such_target(self, source):
        for target in ("z", ["a", "z"]):
            with pytest.raises(ColumnError, match="no column 'z'"):
                cp.stream(source, target=target)
        with pytest.raises(ArgumentError, match="target is"):
            cp.stream(source, target=3)

    def test_what_is_of_tables_alone(self):
        X = np.zeros((4, 2))
        for settings in ({"target": "y"}, {"encoding": "utf-8"}, {"sheet": "one"}):
            with pytest.raises(ArgumentError, match="the stream is of no table"):
                cp.stream(X, X, **settings)
        with pytest.raises(ArgumentError, match="skip_bad is of files"):
            cp.stream(X, X, skip_bad=True)

    def test_what_is_of_arrays_alone(self, source):
        with pytest.raises(ArgumentError):
            cp.stream(source, np.zeros(500))
        with pytest.raises(ArgumentError, match="sample_weight of a table is a column"):
            cp.stream(source, sample_weight=np.zeros(500))

    def test_what_is_of_files_alone(self):
        with pytest.raises(ArgumentError, match="not of a LazyFrame"):
            cp.stream(pl.LazyFrame({"a": [1]}), skip_bad=True)
