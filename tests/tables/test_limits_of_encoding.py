"""Inputs, categories and statistics at their limits, held to scikit-learn and to numbers made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import clearprop as cp
from clearprop.tables import dates, fitted_encoding
from clearprop.tables.cells import AS_IT_IS, Reading, read
from clearprop.tables.columns import Column
from clearprop.tables.encoding import Encoding, Input, Unusual, much_unlike
from clearprop.tables.fitted_encoding import fit_encoding, most_categories, typical_value
from clearprop.tables.numeric_inputs import numeric_inputs


def numbers_of(name, *values):
    return Column(name, "number", np.array(values, float))


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

    def test_an_input_has_what_it_is_said_to_have_and_no_more(self):
        k = Input("k", "category", ("a", "b"))
        assert k.flags == ("k = a", "k = b")
        assert replace(k, rare=1).flags == (*k.flags, "k is rare or new")
        assert replace(k, missing=True).flags == (*k.flags, "k is missing")
        assert Input("x", "number").flags == k.values == Input("d", "date").values == ()
        assert replace(k, kind="date", parts=("day",)).values == ("k: day",)

    @pytest.mark.parametrize("kind", ["boolean", "category"])
    @pytest.mark.parametrize("reading", [AS_IT_IS, Reading(unit=None)], ids=["now", "0.1.0"])
    def test_neither_true_nor_false_is_new_or_missing(self, kind, reading):
        one = Input("t", kind, ("false", "true"), reading=reading)
        column = Column("t", "text", np.array([1, 0]), ["maybe", "true"])
        found, unreadable = read(column, kind, reading, ())
        assert one.places_of(found).tolist() == [1, -1 if one.is_truth else 2]
        assert one.is_truth == (unreadable is not None)

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
        with pytest.raises(cp.ColumnError, match="lacks the columns 'k', 'g', which the"):
            encoding.check_names(["x"])
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
            with pytest.raises(cp.NonFiniteDataError, match=r"'x' is -?[12].*e\+150 in row [01]"):
                statistics(*values)
        nothing = statistics(np.nan, np.nan)
        assert {name: one.tolist() for name, one in nothing.items()} == {
            "median": [0.0], "mean": [0.0], "scale": [1.0], "low": [0.0], "high": [0.0]
        }  # fmt: skip
