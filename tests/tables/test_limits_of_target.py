"""A target at its limits, held to repeated rows and to numbers made by hand."""

from __future__ import annotations

import datetime

import numpy as np
import polars as pl
import pytest

import clearprop as cp
from clearprop.tables import target
from clearprop.tables.columns import Column, read_columns
from clearprop.tables.target import Target, detect_target
from clearprop.tables.values import as_text, is_missing


def column_of(*values):
    return read_columns(pl.DataFrame({"y": list(values)}))["y"]


def numbers_of(name, *values):
    return Column(name, "number", np.array(values, float))


class TestTask:
    @pytest.mark.parametrize(
        ("different", "n", "classes"),
        [(2, 2, True), (3, 3, False), (3, 4, False), (3, 5, False), (3, 6, True), (4, 7, False),
         (4, 8, True), (1000, 2000, True), (1001, 2002, False)],
    )  # fmt: skip
    def test_so_many_classes_and_no_more(self, different, n, classes):
        column = column_of(*(f"c{i % different}" for i in range(n)))
        if classes:
            assert len(detect_target(column, "classification")[0].classes) == different
        else:
            with pytest.raises(cp.TargetError, match=f"{different} different values in {n} rows"):
                detect_target(column, "classification")

    @pytest.mark.parametrize(
        ("different", "n", "task"),
        [(2, 2, "classification"), (3, 4, "regression"), (3, 5, "regression"),
         (3, 6, "classification"), (20, 40, "classification"), (21, 63, "regression"),
         (20, 39, "regression")],
    )  # fmt: skip
    def test_whole_numbers_that_are_classes(self, different, n, task):
        found, why = detect_target(column_of(*(i % different for i in range(n))), None)
        assert found.task == task
        assert f"{different} different" in why

    @pytest.mark.parametrize("task", ["Classification", 3, ["regression"], ""])
    def test_a_task_that_does_not_exist(self, task):
        with pytest.raises(cp.UnknownNameError):
            detect_target(column_of(0, 1), task)

    def test_classes_keep_their_type_while_they_are_exact(self):
        for numbers, kind in (((1.0, 2.0), int), ((1.5, 2.0), float), ((2.0**53, 1.0), float),
                              ((2.0**53 - 1, 1.0), int), ((-(2.0**53), 1.0), float)):  # fmt: skip
            made = detect_target(numbers_of("y", *numbers), "classification")[0]
            assert {type(one) for one in made.classes} == {kind}

    def test_names_are_what_cells_say(self):
        assert Target("y", (2.0, 2.5, 10.0)).names == ["2", "2.5", "10"]
        assert Target("y", (False, True)).names == ["false", "true"]
        assert Target("y", (3, 4)).names == ["3", "4"]
        assert Target.name_of(np.float64(3)) == "3"
        assert Target.name_of(np.bool_(True)) == "true"
        assert Target.name_of(" a ") == "a"

        class Odd:
            def __str__(self):
                raise RuntimeError

        assert Target.name_of(Odd()) == ""


class TestScale:
    def test_weights_are_rows_so_many_times(self):
        rng = np.random.default_rng(0)
        numbers, weights = rng.normal(5, 3, 40), rng.integers(0, 4, 40)
        weighted = Target("y").fitted(numbers_of("y", *numbers), weights.astype(float))
        repeated = Target("y").fitted(numbers_of("y", *np.repeat(numbers, weights)))
        assert (weighted.mean, weighted.scale) == pytest.approx((repeated.mean, repeated.scale))
        alone = Target("y").fitted(numbers_of("y", *numbers))
        assert (alone.mean, alone.scale) == pytest.approx((numbers.mean(), numbers.std()))
        assert alone.mean != pytest.approx(weighted.mean, rel=1e-3)

    def test_a_rate_is_divided_by_its_mean(self):
        found = Target("y").fitted(numbers_of("y", 0.0, 2.0, 10.0), is_rate=True)
        assert (found.mean, found.scale) == (0.0, 4.0)
        none = Target("y").fitted(numbers_of("y", 0.0, 0.0), is_rate=True)
        assert (none.mean, none.scale) == (0.0, 1.0)

    def test_what_is_the_same_but_for_rounding_has_the_scale_1(self):
        for off, scale in ((0.0, 1.0), (1e-15, 1.0), (1e-12, 5e-13)):
            found = Target("y").fitted(numbers_of("y", 1.0, 1.0 + off))
            assert found.scale == pytest.approx(scale, rel=1e-3)

    @pytest.mark.parametrize("transform", ["", "log", "log1p"])
    def test_there_and_back(self, transform):
        column = numbers_of("y", 0.5, 3.0, 700.0, 1e-3)
        found = Target("y", transform=transform).fitted(column)
        np.testing.assert_allclose(found.decode(found.encode(column)), column.values, rtol=1e-10)
        forward = {"": np.positive, "log": np.log, "log1p": np.log1p}[transform]
        assert found.mean == pytest.approx(forward(column.values).mean())
        assert found.encode(column) * found.scale + found.mean == pytest.approx(
            forward(column.values)
        )

    def test_no_number_comes_back_below_0(self):
        assert Target("y", transform="log1p").decode(np.array([-1.0, 0.0])).tolist() == [0.0, 0.0]

    @pytest.mark.parametrize(
        ("transform", "number", "taken"),
        [("log", 0.0, False), ("log", 5e-324, True), ("log", -1.0, False),
         ("log1p", 0.0, True), ("log1p", -5e-324, False)],
    )  # fmt: skip
    def test_which_numbers_a_transform_takes(self, transform, number, taken):
        made = Target("y", transform=transform)
        column = numbers_of("y", 1.0, 2.0, number)
        if taken:
            assert np.isfinite(made.encode(column)).all()
        else:
            with pytest.raises(cp.TargetError, match=r"in row 2 \(from 0\), but log"):
                made.encode(column)

    def test_numbers_in_text_are_refused_by_a_regression(self):
        with pytest.raises(cp.TargetError, match="'y' holds 'b', which is no number"):
            detect_target(column_of("b", "c", "b"), "regression")


class TestReading:
    def test_a_regressions_cells(self):
        made = Target("y")
        read, unreadable = made.read(column_of("1.5", "x", None), (), leave_out=True)
        assert read.values[0] == 1.5
        assert np.isnan(read.values[1:]).all()
        assert unreadable.rows[0] == 1
        with pytest.raises(cp.TargetError, match=r"holds 'x' in row 1 \(from 0\), which is no"):
            made.read(column_of("1.5", "x", None), ())
        assert made.read(column_of("1.5", "2"), ())[1] is None
        for kind, said in ((datetime.date(2024, 1, 1), "holds dates"), ([1], "holds List")):
            with pytest.raises(cp.TargetError, match=f"{said}.*but held numbers in training"):
                made.read(column_of(kind, kind), ())

    def test_missing_and_new_values(self):
        made = Target("y", ("a", "b"))
        assert made.labels(column_of("b", "a", "b")).tolist() == [1, 0, 1]
        with pytest.raises(cp.TargetError, match="is missing in 2 of 3 rows"):
            made.labels(column_of(None, "a", None))
        with pytest.raises(cp.TargetError, match="holds 'z', which is no class"):
            made.labels(column_of("z", "a"))
        with pytest.raises(cp.TargetError, match="is missing in 1 of 2 rows"):
            Target("y").numbers(numbers_of("y", 1.0, np.nan))

    def test_a_class_that_is_a_word_for_a_missing_value(self, tmp_path):
        """A third of the classes was to be left out, and nothing said that they are 'NA'."""
        path = tmp_path / "t.csv"
        rows = [f"{i},{('NA', 'EU', 'US')[i * i % 3 + i % 2]}" for i in range(60)]
        path.write_text("\n".join(["x,y", *rows, "9,"]) + "\n")
        with pytest.raises(cp.TargetError) as caught:
            cp.Model.fit(path, "y")
        assert str(caught.value) == (
            "target 'y' is missing in 11 of 61 rows: leave them out with drop_missing_target "
            "(--drop-missing-target); to keep 'NA' as a class, say missing_words=[] "
            "(--missing-words '')"
        )
        numbers = tmp_path / "n.csv"
        numbers.write_text("x,y\n" + "".join(f"{i},{i * 0.7 if i else 'NA'}\n" for i in range(60)))
        with pytest.raises(cp.TargetError, match=r"\(--drop-missing-target\)$"):
            cp.Model.fit(numbers, "y")

    def test_a_column_that_is_not_there(self):
        columns = {"price": numbers_of("price", 1.0), "size": numbers_of("size", 1.0)}
        assert target.find_target(columns, "size") is columns["size"]
        with pytest.raises(
            cp.ColumnError, match="no column 'prize' to predict .did you mean 'price'"
        ):
            target.find_target(columns, "prize")


def test_values_as_text():
    given = (
        " a ",
        True,
        np.bool_(False),
        3,
        np.int64(3),
        3.0,
        -0.0,
        2.5,
        np.float32(0.5),
        1e22,
        None,
    )
    told = (
        "a",
        "true",
        "false",
        "3",
        "3",
        "3",
        "0",
        "2.5",
        "0.5",
        "10000000000000000000000",
        "None",
    )
    assert tuple(map(as_text, given)) == told


def test_what_is_missing():
    import pandas as pd

    assert all(
        map(is_missing, (None, float("nan"), np.datetime64("NaT", "s"), pd.NA, np.float32("nan")))
    )
    assert not any(map(is_missing, (0, "", "nan", False, 1.5)))
