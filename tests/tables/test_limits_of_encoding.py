"""Encoding and target at their limits, held to Python's datetime, to repeated rows and to hand-made numbers."""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import clearprop as cp
from clearprop.tables import dates, fitted_encoding, moments, target
from clearprop.tables.columns import Column, read_columns
from clearprop.tables.encoding import Encoding, Input, Unusual, much_unlike
from clearprop.tables.fitted_encoding import fit_encoding, most_categories, typical_value
from clearprop.tables.numeric_inputs import numeric_inputs
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

    def test_a_column_that_is_not_there(self):
        columns = {"price": numbers_of("price", 1.0), "size": numbers_of("size", 1.0)}
        assert target.find_target(columns, "size") is columns["size"]
        with pytest.raises(
            cp.ColumnError, match="no column 'prize' to predict .did you mean 'price'"
        ):
            target.find_target(columns, "prize")


class TestInputs:
    @pytest.fixture
    def encoding(self):
        """A number of mean 3 and a category with a rare one and gaps."""
        columns = {
            "x": numbers_of("x", 0.0, 6.0, 0.0, 6.0, 0.0, 6.0, 3.0),
            "k": Column("k", "text", np.array([0] * 3 + [1] * 3 + [2]), ["a", "b", "c"]),
            "g": Column("g", "text", np.array([0] * 3 + [1] * 3 + [-1]), ["u", "v"]),
        }
        inputs = [Input("x", "number"), Input("k", "category"), Input("g", "category")]
        return fit_encoding(inputs, columns, (), 100)

    def columns(self, x, k, g):
        return {
            "x": numbers_of("x", *x),
            "k": Column("k", "text", np.array(k), ["a", "b", "c", "new"]),
            "g": Column("g", "text", np.array(g), ["u", "v", "w"]),
        }

    def test_their_names_and_places(self, encoding):
        assert encoding.features == [
            "x", "k = a", "k = b", "k is rare or new", "g = u", "g = v", "g is missing"
        ]  # fmt: skip
        assert encoding.places == [slice(0, 1), slice(1, 4), slice(4, 7)]

    def test_by_hand(self, encoding):
        scale = np.sqrt(54 / 7)
        X = encoding.encode(self.columns([3.0, 9.0, np.nan], [0, 3, 2], [1, 2, -1]), np.float64)
        assert pytest.approx(
            np.array([
                [0, 1, 0, 0, 0, 1, 0],
                [6 / scale, 0, 0, 1, 0, 0, 0],
                [0, 0, 0, 1, 0, 0, 1],
            ])
        ) == X  # fmt: skip

    def test_no_number_is_farther_than_a_million(self, encoding):
        x = encoding.encode(self.columns([1e300, -1e300, 1e6], [0] * 3, [0] * 3))[:, 0]
        assert x[:2].tolist() == [1e6, -1e6]
        assert x[2] == pytest.approx((1e6 - 3) / np.sqrt(54 / 7))

    def test_what_is_unlike_training(self, encoding):
        tiny = 1e-12
        found = encoding.unusual(
            self.columns([0.0, 6.0, -tiny, 6 + tiny, np.nan], [0, 1, 2, 3, -1], [0, 1, 2, -1, -1])
        )
        assert found == {"x": Unusual(1, 2, 0), "k": Unusual(1, 0, 1), "g": Unusual(2, 0, 1)}
        assert [bool(Unusual(*one)) for one in np.eye(3, dtype=int)] == [True] * 3
        assert not Unusual(0, 0, 0)

    def test_much_is_more_than_a_fifth(self):
        found = {
            "a": Unusual(2, 0, 0), "b": Unusual(3, 0, 0), "c": Unusual(0, 3, 0),
            "d": Unusual(0, 0, 3), "e": Unusual(3, 0, 0), "f": Unusual(9, 0, 3),
        }  # fmt: skip
        assert much_unlike(found, {"e", "f"}, 10) == ["b", "c", "d", "f"]

    def test_blocks_of_rows_are_the_rows(self, encoding, monkeypatch):
        monkeypatch.setattr("clearprop.tables.encoding.BLOCK", 4)
        columns = self.columns(range(10), [0, 1] * 5, [0, -1] * 5)
        blocks = list(encoding.blocks(columns, np.float64))
        assert [len(one) for one in blocks] == [4, 4, 2]
        monkeypatch.undo()
        np.testing.assert_array_equal(np.concatenate(blocks), encoding.encode(columns, np.float64))

    def test_columns_that_are_not_there(self, encoding):
        columns = self.columns([1.0], [0], [0])
        encoding.check_names(columns)
        with pytest.raises(cp.ColumnError, match="lacks the columns 'x', 'k', 'g', which the"):
            encoding.check_names({})
        del columns["k"]
        with pytest.raises(
            cp.ColumnError, match=r"lacks the column 'k', .* \(there is 'kk': rename"
        ):
            encoding.check_names({**columns, "kk": None, "other": None})

    def test_wild_values_are_taken_in_and_told(self, encoding):
        one = replace(encoding.inputs[0], within=(0.0, 4.0))
        columns = {"x": numbers_of("x", 1.0, 3.0, 100.0), "y": numbers_of("y", 5.0, 7.0, 9.0)}
        made = fit_encoding([one, Input("y", "number")], columns, (), 9)
        assert made.statistics["mean"] == pytest.approx([8 / 3, 7.0])
        assert made.statistics["low"].tolist() == [1.0, 5.0]
        assert made.statistics["high"].tolist() == [100.0, 9.0]
        assert made.unusual(columns)["x"] == Unusual(0, 0, 0)
        date = Column("d", "date", np.array(["2000-01-01", "2000-07-02", "2001-01-01"], "M8[us]"))
        columns = {"y": columns["y"], "d": date, **columns}
        inputs = [Input("y", "number"), Input("d", "date", parts=dates.PARTS[:3]), one]
        made = fit_encoding(inputs, columns, (), 9)
        assert made.statistics["low"][[0, 4]].tolist() == [5.0, 1.0]
        assert made.statistics["high"][[0, 4]].tolist() == [9.0, 100.0]

    def test_numbers_for_consumers_that_know_nothing_else(self):
        columns = {
            "t": Column("t", "boolean", np.array([0, 1, 0, 1, 0, 1]), ["false", "true"]),
            "x": numbers_of("x", 1.0, 2.0, np.nan, 4.0, 5.0, 6.0),
            "z": numbers_of("z", 1.0, 2.0, 3.0, 4.0, 5.0, 8.0),
        }
        made = fit_encoding(
            [Input("t", "boolean"), Input("x", "number"), Input("z", "number")],
            columns,
            ("-999",),
            9,
        )
        t, x, z = numeric_inputs(made, "C")
        assert (t.column, t.flags, t.missing, t.missing_flag) == (
            "t", ((True, False), (False, True)), (), False
        )  # fmt: skip
        assert (x.column, x.flags, x.missing_flag, x.median) == ("x", (), True, 4.0)
        assert (z.median, z.mean) == (3.5, pytest.approx(23 / 6))
        assert x.missing == (-999.0,)
        with pytest.raises(cp.ArgumentError, match="'k' holds categories"):
            numeric_inputs(Encoding((Input("k", "category", ("a",)),), {}), "C")
        with pytest.raises(cp.ArgumentError, match="'d' holds dates"):
            numeric_inputs(Encoding((Input("d", "date"),), {}), "C")
        rare = Encoding((Input("t", "boolean", ("true",), rare=1),), {})
        assert numeric_inputs(rare, "C")[0].flags == ((False, True), (True, False))


class TestCategories:
    def sized(self, n, *sizes):
        columns = {
            f"k{i}": Column(f"k{i}", "text", np.arange(n) % size, [f"w{j}" for j in range(size)])
            for i, size in enumerate(sizes)
        }
        return [Input(name, "category") for name in columns], columns

    def test_all_where_there_is_room_and_one_more(self):
        assert most_categories(*self.sized(500, 7, 300)) == 301
        assert most_categories(*self.sized(500, 7)) == 100
        assert most_categories(*self.sized(500, 99)) == 100
        assert most_categories(*self.sized(500, 100)) == 101

    def test_what_small_ones_leave_larger_ones_share(self, monkeypatch):
        monkeypatch.setattr(fitted_encoding, "DENSE", 4 * 1000 * 903)  # 900 inputs beside one each
        monkeypatch.setattr(fitted_encoding, "LEAST_CATEGORIES", 10)
        most = most_categories(*self.sized(1000, 100, 500, 450))
        assert most == 400
        assert type(most) is int
        assert most_categories(*self.sized(1000, 100, 400, 400)) == 401
        assert most_categories(*self.sized(1000, 20, 40, 1000)) == 840
        monkeypatch.setattr(fitted_encoding, "DENSE", 4 * 1000 * 13)
        assert most_categories(*self.sized(1000, 100, 500, 450)) == 10

    @pytest.mark.parametrize(
        ("counts", "most", "frequent", "rare"),
        [
            ([3, 2, 3], 9, ["a", "c"], ["b"]),
            ([3, 4, 5], 4, ["a", "b", "c"], []),
            ([3, 4, 5], 3, ["b", "c"], ["a"]),
            ([5, 3, 4], 2, ["a"], ["b", "c"]),
            ([4, 0, 4], 9, ["a", "c"], []),
        ],
    )
    def test_frequent_and_rare(self, counts, most, frequent, rare):
        column = Column("k", "text", np.repeat(np.arange(3), counts), ["a", "b", "c"])
        made = fit_encoding([Input("k", "category")], {"k": column}, (), most).inputs[0]
        assert (list(made.categories), list(made.rare_words), made.rare) == (
            frequent,
            rare,
            len(rare),
        )

    def test_the_typical_value(self):
        text = Column("k", "text", np.array([1, 1, 0, 0, 2, -1, -1, -1]), ["b", "a", "c", "zz"])
        assert typical_value("category", text) == "a"
        assert typical_value("category", Column("k", "text", np.array([-1, -1]), ["b"])) is None
        days = np.array(["2024-01-05", "NaT", "2024-01-01", "2024-01-03", "2024-01-02"], "M8[us]")
        assert typical_value("date", Column("d", "date", days))[:10] == "2024-01-02"
        assert typical_value("date", Column("d", "date", days[:1]))[:10] == "2024-01-05"
        assert typical_value("date", Column("d", "date", days[1:2])) is None
        assert typical_value("number", numbers_of("x", 1.0)) is None

    def test_statistics_of_many_columns_are_those_of_each(self, monkeypatch):
        rng = np.random.default_rng(1)
        columns = {f"x{i}": numbers_of(f"x{i}", *rng.normal(i, 1 + i, 11)) for i in range(7)}
        inputs = [Input(name, "number") for name in columns]
        whole = fit_encoding(inputs, columns, (), 9).statistics
        for name, expected in (("mean", np.mean), ("scale", np.std), ("median", np.median),
                               ("low", np.min), ("high", np.max)):  # fmt: skip
            found = [expected(column.values) for column in columns.values()]
            assert whole[name] == pytest.approx(found, rel=1e-13)
        monkeypatch.setattr(fitted_encoding, "CELLS", 25)  # three columns at a time
        for name, parts in fit_encoding(inputs, columns, (), 9).statistics.items():
            np.testing.assert_array_equal(parts, whole[name])

    def test_scales_of_columns_that_are_the_same_but_for_rounding(self):
        from sklearn.preprocessing import StandardScaler

        off = np.array([0, 1, 0, 1, 1, 0, 1.0])
        for mean in (1.0, 1e5, 0.3, 1e-9, -7e8):
            for ulps in (0, 1, 3, 1000, 1e6, 1e10):
                values = mean + off * ulps * np.spacing(abs(mean))
                made = fit_encoding([Input("x", "number")], {"x": numbers_of("x", *values)}, (), 9)
                scaler = StandardScaler().fit(values[:, None])
                assert made.statistics["scale"][0] == scaler.scale_[0], (mean, ulps)
                assert made.statistics["mean"][0] == scaler.mean_[0]

    def test_numbers_that_have_no_variance(self):
        def statistics(*values):
            column = numbers_of("x", *values)
            return fit_encoding([Input("x", "number")], {"x": column}, (), 9).statistics

        assert statistics(1e150, -1e150)["scale"] == pytest.approx([1e150])
        for values in ((1.1e150, 0.0), (-1.1e150, 0.0), (np.nan, 2e150)):
            with pytest.raises(cp.NonFiniteDataError, match=r"'x' holds numbers beyond 1e\+150"):
                statistics(*values)
        nothing = statistics(np.nan, np.nan)
        assert {name: one.tolist() for name, one in nothing.items()} == {
            "median": [0.0], "mean": [0.0], "scale": [1.0], "low": [0.0], "high": [0.0]
        }  # fmt: skip


class TestDates:
    def test_the_parts_are_those_of_pythons_datetime(self):
        rng = np.random.default_rng(2)
        seconds = rng.integers(-3_000_000_000, 3_000_000_000, 200)
        moments_there = [
            datetime.datetime(2000, 1, 1) + datetime.timedelta(seconds=int(s)) for s in seconds
        ]
        found = dates.parts(dates.PARTS, np.array([*moments_there, None], "M8[us]"))
        assert np.isnan(found[:, -1]).all()
        for moment, numbers in zip(moments_there, found.T, strict=False):
            day = datetime.timedelta(days=1)
            start, end = (
                datetime.datetime(moment.year, 1, 1),
                datetime.datetime(moment.year + 1, 1, 1),
            )
            time = moment - datetime.datetime.combine(moment.date(), datetime.time())
            turns = [
                (moment - start) / (end - start),
                (moment.weekday() + time / day) / 7,
                time / day,
            ]
            years = (moment - datetime.datetime(2000, 1, 1)) / day / 365.2425
            circles = [f(2 * np.pi * turn) for turn in turns for f in (np.sin, np.cos)]
            assert numbers == pytest.approx([years, *circles], abs=1e-9)

    @pytest.mark.parametrize(
        ("texts", "parts"),
        [
            (["2024-01-05", "2024-01-05"], "years"),
            (["2024-01-01", "2024-07-01"], "years year"),
            (["2023-07-01", "2024-07-01"], "years"),
            (["2024-07-01", "2024-07-09"], "years week"),
            (["2024-07-01", "2024-08-09"], "years year week"),
            (["2024-07-01T10", "2024-07-01T11"], "day"),
            (["2024-07-01T10", "2024-07-02T10"], "years week"),
            (["2024-01-01T10", "2024-12-01T10", "NaT"], "years year"),
            (["2012-12-01", "2024-11-01"], "years year"),
        ],
    )
    def test_only_what_varies_is_kept(self, texts, parts):
        found = dates.parts_that_vary(np.array(texts, "M8[us]"))
        expected = ["years since 2000"] * ("years" in parts.split())
        for circle in ("year", "week", "day"):
            if circle in parts.split():
                expected += [f"sine of the {circle}", f"cosine of the {circle}"]
        assert list(found) == expected

    def test_what_each_format_looks_like(self):
        assert dates.example("ISO 8601") == "2024-12-31"
        assert dates.example("%d.%m.%Y, %H:%M:%S") == "31.12.2024, 23:59:58"
        assert dates.example("%d-%b-%y") == "31-Dec-24"

    def test_the_format_that_reads_the_most(self):
        words = ["31.12.2023", "01.02.2024", "never", "soon"]
        for allowed, found in ((1, (None, 2)), (2, ("%d.%m.%Y", 2)), (3, ("%d.%m.%Y", 2))):
            assert dates.find_format(words, [5, 5, 1, 1], allowed) == found
        assert dates.find_format(words, [5, 5, 2, 1], 2) == (None, 3)
        assert dates.find_format(["01/02/2024"], [9], 0) == ("%m/%d/%Y", 0)
        assert dates.find_format([], [], 0) == (None, 1)

    def test_the_format_of_many_texts(self):
        day = datetime.date(2000, 1, 1)
        words = [f"{day + datetime.timedelta(i):%d.%m.%Y}" for i in range(1500)]
        assert dates.find_format(words, [1] * 1500, 0) == ("%d.%m.%Y", 0)
        wrong = np.random.default_rng(3).permutation(1500)[:900]
        mixed = [f"w{i}" if i in set(wrong) else word for i, word in enumerate(words)]
        assert dates.find_format(mixed, [1] * 1500, 900) == ("%d.%m.%Y", 900)
        few = [word if i % 10 == 0 else f"w{i}" for i, word in enumerate(words)]
        assert dates.find_format(few, [1] * 1500, 1400) == (None, 1401)  # not a quarter of them

    def test_day_and_month(self):
        assert dates.day_first("%m/%d/%Y %H:%M") == "%d/%m/%Y %H:%M"
        assert dates.day_first("%m-%d-%Y") == "%d-%m-%Y"
        assert dates.day_first("%d/%m/%Y") == "%d/%m/%Y"
        assert dates.is_ambiguous(["01/02/2024", "x"], "%m/%d/%Y")
        assert not dates.is_ambiguous(["01/02/2024", "01/13/2024"], "%m/%d/%Y")
        assert not dates.is_ambiguous(["01.02.2024"], "%d.%m.%Y")

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("9:05", 32700),
            ("9:05:07", 32707),
            ("9:05:07.25", 32707.25),
            ("9", None),
            ("25:00", None),
        ],
    )
    def test_times_of_day(self, text, seconds):
        found = dates.parse([text, None], dates.TIME)
        assert np.isnat(found[1])
        of_day = moments.seconds_of_day(found)
        assert of_day[0] == seconds if seconds is not None else np.isnan(of_day[0])

    def test_zones_and_digits(self):
        found = dates.parse(
            ["2024-01-31T12:00+02:00", "2024-01-31 12:00 UTC", "20240131"], "ISO 8601"
        )
        assert found[0] == np.datetime64("2024-01-31T10:00")
        assert found[1] == np.datetime64("2024-01-31T12:00")
        assert np.isnat(found[2])


class TestMoments:
    @pytest.mark.parametrize(
        ("unit", "count", "seconds"),
        [("s", 90, 90), ("ms", 90, 0.09), ("us", 90, 9e-5), ("ns", 90_000, 9e-5), ("m", 3, 180),
         ("D", 2, 172_800)],
    )  # fmt: skip
    def test_durations_of_every_unit(self, unit, count, seconds):
        found = moments.seconds_of(np.array([count, "NaT"], f"m8[{unit}]"))
        assert found[0] == pytest.approx(seconds, rel=1e-15)
        assert np.isnan(found[1])
        assert moments.seconds_in(np.timedelta64(count, unit)) == pytest.approx(seconds, rel=1e-15)

    def test_durations_of_python(self):
        assert (
            moments.seconds_in(datetime.timedelta(days=1, seconds=2, microseconds=3))
            == 86402.000003
        )
        assert np.isnan(moments.seconds_in(None))

    def test_a_day_begins_at_0_and_ends_before_24_hours(self):
        def of_day(*texts):
            return moments.seconds_of_day(np.array(texts, "M8[us]"))

        assert of_day("1900-01-01", "1900-01-01T23:59:59.5", "NaT")[:2].tolist() == [0.0, 86399.5]
        assert of_day("1900-01-01", "1900-01-02") is None
        assert of_day("1899-12-31T23:59:59") is None

    def test_dates_of_every_unit(self):
        for unit in ("D", "s", "ms", "us", "ns"):
            found = moments.moment_of("d", np.datetime64("2024-02-03", unit))
            assert found == np.datetime64("2024-02-03", "us")
            assert found.dtype == "M8[us]"
        assert np.isnat(moments.moment_of("d", np.datetime64("NaT", "D")))
        with pytest.raises(cp.NonFiniteDataError, match="'d' holds dates too far away"):
            moments.moment_of("d", np.datetime64(10**9, "Y"))
        zone = datetime.timezone(datetime.timedelta(hours=2))
        there = datetime.datetime(2024, 2, 3, 4, tzinfo=zone)
        assert moments.moment_of("d", there) == datetime.datetime(2024, 2, 3, 2)
        assert np.isnat(moments.moment_of("d", datetime.datetime(1, 1, 1, tzinfo=zone)))
        assert moments.moment_of("d", None) is None


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
        map(is_missing, (None, float("nan"), np.datetime64("NaT"), pd.NA, np.float32("nan")))
    )
    assert not any(map(is_missing, (0, "", "nan", False, 1.5)))
