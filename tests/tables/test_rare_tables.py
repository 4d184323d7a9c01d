"""What seldom comes: settings that exclude each other, columns of odd types, what a system says."""

from __future__ import annotations

import datetime
import io
import os
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest

import clearprop as cp
from clearprop.tables import memory, sources
from clearprop.tables.kinds import STREAM
from clearprop.tables.moments import moment_of
from clearprop.tables.plain_table import PlainTable
from clearprop.tables.table_files import read_table
from clearprop.tables.target import Target

N = 60


def table(**more):
    rng = np.random.default_rng(0)
    x = rng.normal(size=N).round(4)
    return pd.DataFrame({"x": x, "y": (2 * x + rng.normal(size=N)).round(4), **more})


def fit(data, **settings):
    quick = {"epochs": 2, "compare": False, "progress": False}
    return cp.Model.fit(data, "y", **quick | settings)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"loss": cp.quantile([0.1, 0.9])}, cp.ArgumentError, "say quantiles=[...] in its place"),
        ({"quantiles": [0.5], "loss": "huber"}, cp.ArgumentError, "leave loss out"),
        ({"quantiles": [0.5], "task": "classification"}, cp.ArgumentError, "are of numbers"),
        ({"missing_words": ["none", 3]}, cp.ArgumentError, "missing_words holds 3; a word is a text"),
        ({"validation": 0.5, "test": 0.45}, cp.ArgumentError, "take 95% of the rows together"),
    ],
)  # fmt: skip
def test_settings_that_exclude_each_other(settings, error, message):
    with pytest.raises(error) as info:
        fit(table(), **settings)
    assert message in str(info.value)


class TestDividing:
    def test_too_few_groups(self):
        with pytest.raises(cp.ColumnError, match="split_group 'g' .*group"):
            fit(table(g=["a", "b"] * (N // 2)), split_group="g")

    def test_too_few_times(self):
        with pytest.raises(cp.ColumnError, match="split_time 't' "):
            fit(table(t=[datetime.date(2020, 1, 1)] * N), split_time="t")

    @pytest.mark.parametrize("values", [["a", "b", "c"] * (N // 3), [True, False] * (N // 2)])
    def test_times_that_are_none(self, values):
        with pytest.raises(cp.ColumnError, match="'t' holds .*, not dates or numbers"):
            fit(table(t=values), split_time="t")


def test_rows_whose_target_has_another_type_than_in_training():
    model = fit(table())
    dates = table(y=pd.date_range("2020-01-01", periods=N))
    with pytest.raises(cp.TargetError, match="'y' holds dates, but held numbers in training"):
        model.evaluate(dates)


class TestColumns:
    def test_numbers_read_as_categories_of_a_table_with_types(self):
        codes = [1, 2, 3] * (N // 3)
        model = fit(pl.DataFrame(table(code=codes).to_dict("list")), columns={"code": "category"})
        one = {part.column: part for part in model._encoding.inputs}["code"]
        assert one.kind == "category"
        assert sorted(one.categories) == ["1", "2", "3"]

    def test_words_read_as_numbers_of_a_table_with_types(self):
        model = fit(table(flag=[True, False] * (N // 2)), columns={"flag": "number"})
        kinds = {part.column: part.kind for part in model._encoding.inputs}
        assert kinds["flag"] == "number"

    def test_a_moment_beyond_the_calendar_is_missing(self):
        zone = datetime.timezone(datetime.timedelta(hours=-5))
        last = datetime.datetime(9999, 12, 31, 23, tzinfo=zone)
        assert np.isnat(moment_of("t", last))
        noon = datetime.datetime(2020, 1, 1, 12, tzinfo=zone)
        assert moment_of("t", noon) == datetime.datetime(2020, 1, 1, 17)

    def test_a_class_that_cannot_be_written(self):
        class Shy:
            def __str__(self):
                raise RuntimeError

            __repr__ = __str__

        assert Target.name_of(Shy()) == ""
        assert Target.name_of(np.int64(3)) == Target.name_of(3) == "3"


class TestPlainTable:
    def test_length_and_text(self):
        plain = PlainTable({"a": ["1", "2"], "b": ["x", "y"]})
        assert len(plain) == 2
        assert repr(plain) == "PlainTable of 2 rows: a, b"
        assert len(plain[:1]) == 1


class TestMemory:
    """What a process may use is the least of what the machine, its limit and its container say."""

    def test_a_container_has_the_last_word(self, tmp_path, monkeypatch):
        monkeypatch.setattr(memory, "_GROUPS", tmp_path)
        (tmp_path / "memory.max").write_text("max\n")
        alone = memory.memory()
        (tmp_path / "memory.max").write_text("123456789\n")
        assert memory.memory() == 123456789 < alone

    def test_a_limit_of_the_process(self, monkeypatch):
        resource = pytest.importorskip("resource")
        monkeypatch.setattr(resource, "getrlimit", lambda which: (1_000_000, -1))
        assert memory.memory() == 1_000_000

    def test_a_system_that_does_not_say(self, monkeypatch):
        monkeypatch.setattr(memory, "sys", SimpleNamespace(platform="win32"))
        monkeypatch.delattr(os, "sysconf")
        monkeypatch.setattr(memory, "_GROUPS", memory._GROUPS / "none")
        assert memory.memory() == 16 * 10**9


class TestSources:
    def test_an_empty_list(self):
        with pytest.raises(cp.ArgumentError, match="list of files is empty: give one at least"):
            read_table([])

    def test_standard_input_that_is_closed(self, monkeypatch):
        monkeypatch.setattr(sys, "stdin", None)
        with pytest.raises(cp.TableFileError, match="standard input is closed: pipe a table"):
            sources.bytes_of(STREAM)

    def test_standard_input_that_fails(self, monkeypatch):
        class Broken(io.RawIOBase):
            def read(self, size=-1):
                raise OSError(5, "Input/output error")

        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Broken()))
        with pytest.raises(cp.TableFileError, match="standard input cannot be read: Input/output"):
            sources.bytes_of(STREAM)

    def test_a_file_that_fails_while_it_is_read(self, tmp_path, monkeypatch):
        (tmp_path / "t.csv").write_text("x,y\n1,2\n")

        def failing(*arguments):
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(sources, "open_regular", failing)
        with pytest.raises(cp.TableFileError, match=r"t\.csv cannot be read: Input/output error"):
            fit(tmp_path / "t.csv")

    def test_a_folder_that_may_not_be_listed(self, tmp_path, monkeypatch):
        def failing(path):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(type(tmp_path), "iterdir", failing)
        with pytest.raises(cp.TableFileError, match="cannot be read: Permission denied"):
            fit(tmp_path)

    @pytest.mark.parametrize(
        "name", ["a\0b.csv", "\ud800.csv", "csv" * 2000], ids=["zero", "surrogate", "long"]
    )
    def test_names_that_no_file_can_have(self, name, tmp_path):
        with pytest.raises(cp.ClearpropError, match="csv"):
            fit(tmp_path / name)
