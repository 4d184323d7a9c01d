"""From columns to inputs, held to scikit-learn's transformers; targets; splits."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import clearprop as cp
from clearprop.numerics.random import Purpose
from clearprop.tables.columns import read_columns
from clearprop.tables.conventions import decide
from clearprop.tables.detection import detect_inputs
from clearprop.tables.encoding import Unusual
from clearprop.tables.fitted_encoding import fit_encoding, most_categories
from clearprop.tables.split import put_aside, split_rows
from clearprop.tables.target import detect_target
from example_tables import PENGUINS


def fitted(table):
    """The encoding of a table, and its columns as they are read."""
    columns = decide(read_columns(table), typed=True, decimal=".", missing=(), wishes={})
    detected = detect_inputs(columns, np.arange(len(table)), drop=(), keep=(), categorical=())
    most = most_categories(detected.inputs, detected.columns)
    return fit_encoding(detected.inputs, detected.columns, (), most), detected.columns


def encoded(encoding, table):
    """A table's inputs, all of whose cells can be read."""
    columns, unreadable = encoding.read(read_columns(table))
    assert not unreadable
    return encoding.encode(columns)


def test_the_inputs_are_those_of_scikit_learns_transformers():
    table = PENGUINS.drop(columns="species")
    encoding, columns = fitted(table)
    numbers = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "year"]
    scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    oracle = make_column_transformer(
        (scaled, numbers), (OneHotEncoder(), ["island", "sex"]), sparse_threshold=0
    ).fit(table)
    theirs = dict(zip(oracle.get_feature_names_out(), oracle.transform(table).T, strict=True))
    ours = dict(zip(encoding.features, encoding.encode(columns, np.float64).T, strict=True))
    for name in numbers:
        np.testing.assert_allclose(ours[name], theirs[f"pipeline__{name}"], rtol=1e-12, atol=1e-12)
    for name in (
        "island = Biscoe",
        "island = Dream",
        "island = Torgersen",
        "sex = female",
        "sex = male",
    ):
        np.testing.assert_array_equal(
            ours[name], theirs[f"onehotencoder__{name.replace(' = ', '_')}"]
        )
    np.testing.assert_array_equal(ours["sex is missing"], theirs["onehotencoder__sex_nan"])
    np.testing.assert_array_equal(ours["body_mass_g is missing"], table["body_mass_g"].isna())
    assert len(ours) == 5 + 3 + 2 + 5


class TestEncoding:
    TABLE = pl.DataFrame(
        {
            "n": [1.0, 2.0, None, 6.0] * 3,
            "c": ["a", "b", "b", None, "a", "b", "a", "b", "rare", "a", "b", "seldom"],
            "d": [f"2024-01-{d:02}" for d in range(1, 13)],
            "b": [True, False] * 6,
        }
    )

    def row(self, **values):
        given = {"n": 2.0, "c": "a", "d": "2024-01-05", "b": True} | values
        encoding, _ = fitted(self.TABLE)
        X = encoded(encoding, pl.DataFrame({k: [v] for k, v in given.items()}))
        return dict(zip(encoding.features, X[0], strict=True))

    def test_names(self):
        assert list(self.row()) == [
            "n", "n is missing", "c = a", "c = b", "c is rare or new", "c is missing",
            "d: years since 2000", "d: sine of the week", "d: cosine of the week",
            "b = false", "b = true",
        ]  # fmt: skip

    def test_missing(self):
        row = self.row(n=None, c=None)
        assert row["n"] == self.row(n=2.0)["n"]  # the median
        assert (row["n is missing"], row["c is missing"], row["c = a"]) == (1, 1, 0)

    def test_missing_where_training_had_none(self):
        assert self.row(b=None)["b = true"] == 0
        np.testing.assert_allclose(self.row(d=None)["d: years since 2000"], 0, atol=1e-9)

    @pytest.mark.parametrize("word", ["rare", "seldom", "never seen"])
    def test_rare_and_unseen(self, word):
        row = self.row(c=word)
        assert (row["c is rare or new"], row["c = a"], row["c = b"], row["c is missing"]) == (
            1,
            0,
            0,
            0,
        )

    @pytest.mark.parametrize("value", [True, 1, "True", "true", 1.0])
    def test_booleans_in_other_clothes(self, value):
        assert self.row(b=value)["b = true"] == 1

    @pytest.mark.parametrize("value", ["yes", "Y", "t", "1"])
    def test_words_for_true(self, value):
        assert self.row(b=value)["b = true"] == 1

    @pytest.mark.parametrize(
        ("column", "expected"), [("n", "number"), ("d", "date such as 2024-12-31")]
    )
    @pytest.mark.parametrize("text", ["1_0", "0x10", "1,5", "one", "$5", "12.5 kg"])
    def test_what_cannot_be_read(self, text, column, expected):
        encoding, _ = fitted(self.TABLE)
        table = self.TABLE.with_columns(pl.lit("NA").alias(column))
        wrong = table.with_columns(
            pl.when(pl.int_range(12) == 7)
            .then(pl.lit(text))
            .otherwise(pl.col(column))
            .alias(column)
        )
        columns, (unreadable,) = encoding.read(read_columns(wrong))
        assert columns[column].missing.all()
        assert str(unreadable) == (
            f"{column!r}: 1 of 12 cells taken as missing, being no {expected}: {text!r} in row 7 "
            "(from 0)"
        )

    def test_far_values_end_somewhere(self):
        assert self.row(n=1e50)["n"] == 1e6
        assert self.row(n=-1e50)["n"] == -1e6

    def test_codes_of_two_kinds(self):
        encoding, _ = fitted(pl.DataFrame({"c": ["1", "2", "10"] * 5}))
        for values in ([1, 2, 10], [1.0, 2.0, 10.0], ["1.0", "2", "10.0"]):
            assert encoded(encoding, pl.DataFrame({"c": values})).sum() == 3
        padded, _ = fitted(pl.DataFrame({"c": ["01", "02", "10"] * 5}))
        with pytest.raises(cp.TypeOfDataError, match="'c' holds numbers, but codes such as '01'"):
            padded.read(read_columns(pl.DataFrame({"c": [1, 2, 10]})))

    def test_numbers_as_text_and_as_booleans(self):
        assert self.row(n="2.0") == self.row(n=2)
        assert self.row(n=True) == self.row(n=1.0)

    def test_dates_of_both_types(self):
        encoding, _ = fitted(self.TABLE)
        as_dates = self.TABLE.with_columns(pl.col("d").str.to_date())
        assert np.array_equal(encoded(encoding, self.TABLE), encoded(encoding, as_dates))

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"d": 3}, "column 'd' holds numbers, but held dates in training"),
            ({"n": datetime.date(2024, 1, 1)}, "column 'n' holds dates, but held numbers"),
            ({"n": [1]}, "column 'n' holds List.*, but held numbers"),
            ({"c": [1]}, "column 'c' holds List.*, but held categories"),
        ],
    )
    def test_other_types_than_in_training(self, values, message):
        with pytest.raises(cp.TypeOfDataError, match=message) as caught:
            self.row(**values)
        assert "\n" not in str(caught.value)

    def test_infinity(self):
        with pytest.raises(cp.NonFiniteDataError, match="column 'n', row 0 .from 0. is inf"):
            self.row(n=float("inf"))
        with pytest.raises(cp.NonFiniteDataError, match="column 'n', row 0 .from 0. is -inf"):
            self.row(n="-Infinity")

    def test_missing_columns(self):
        encoding, columns = fitted(self.TABLE)
        columns = {"N": columns["n"], "b": columns["b"]}
        with pytest.raises(cp.ColumnError, match="lacks the columns 'n', 'c', 'd'.*there is 'N'"):
            encoding.read(columns)

    def test_unusual(self):
        encoding, _ = fitted(self.TABLE)
        table = pl.DataFrame(
            {"n": [0.0, 7.0, None, 3.0], "c": ["a", "new", None, "rare"], "d": ["2024-01-01", "2023-12-31", None, "2025-01-01"], "b": [True] * 4}
        )  # fmt: skip
        assert encoding.unusual(encoding.read(read_columns(table))[0]) == {
            "n": Unusual(1, 2, 0), "c": Unusual(1, 0, 1), "d": Unusual(1, 2, 0), "b": Unusual(0, 0, 0)
        }  # fmt: skip

    def test_many_categories(self):
        """All have an input where there is room; those that share one are known, too."""
        n = 4000
        table = pl.DataFrame({"c": [f"v{i % 1000}" for i in range(n)], "x": range(0, 2 * n, 2)})
        encoding, columns = fitted(table)
        assert encoding.encode(columns).shape == (n, 1001)
        assert not encoding.unusual(columns)["c"]
        few = fit_encoding(encoding.inputs, columns, (), 100)
        X = few.encode(columns)
        assert X.shape == (n, 101)
        assert few.features.count("c is rare or new") == 1
        np.testing.assert_array_equal(X[:, :100].sum(axis=1), 1)
        assert not few.unusual(columns)["c"]
        new, _ = few.read(
            read_columns(pl.DataFrame({"c": ["v999", "v1000", None], "x": [0.0] * 3}))
        )
        assert few.unusual(new)["c"] == Unusual(1, 0, 1)

    def test_room_is_shared(self, monkeypatch):
        n = 1200
        columns = {f"c{k}": [f"v{i % k}" for i in range(n)] for k in (150, 300, 400)}
        inputs, read = (found := fitted(pl.DataFrame(columns)))[0].inputs, found[1]
        assert most_categories(inputs, read) == 401
        monkeypatch.setattr("clearprop.tables.fitted_encoding.DENSE", 4 * n * 600)
        assert most_categories(inputs, read) == (600 - 3 - 150) // 2
        monkeypatch.setattr("clearprop.tables.fitted_encoding.DENSE", 4 * n * 50)
        assert most_categories(inputs, read) == 100

    def test_numbers_too_large(self):
        with pytest.raises(
            cp.NonFiniteDataError, match=r"'n' is 1e\+300 in row 0 .*most is 1e.150"
        ):
            fitted(pl.DataFrame({"n": [1e300, -1e300, 3.0]}))

    def test_a_column_without_values_among_the_training_rows(self):
        table = pl.DataFrame({"n": [1.0, 2.0, None, None], "c": ["a", "b", None, None]})
        encoding, columns = fitted(table)
        rows = {name: column.take([2, 3]) for name, column in columns.items()}
        encoding = fit_encoding(encoding.inputs, rows, (), 100)
        assert np.isfinite(encoding.encode(columns)).all()


def target(*values, task=None):
    return detect_target(read_columns(pl.DataFrame({"y": list(values)}))["y"], task)


class TestTarget:
    @pytest.mark.parametrize(
        ("values", "classes"),
        [
            (["b", "a"] * 3, ("a", "b")),
            ([True, False] * 3, (False, True)),
            ([0, 1, 2] * 3, (0, 1, 2)),
            ([0.0, 1.0] * 3, (0, 1)),
            ([10, 9, 2] * 3, (2, 9, 10)),
            ([0.5, 1.5] * 3, ()),
            (list(range(21)) * 3, ()),
        ],
    )
    def test_tasks(self, values, classes):
        found, _ = target(*values)
        assert found.classes == classes
        assert [type(c) for c in found.classes] == [type(c) for c in classes]

    def test_a_task_that_was_asked_for(self):
        assert target(*[0, 1, 2] * 3, task="regression")[0].task == "regression"
        assert target(*[0.5, 1.5] * 3, task="classification")[0].classes == (0.5, 1.5)

    def test_numbers_come_back_in_their_unit(self):
        column = read_columns(pl.DataFrame({"y": [100.0, 200.0, 600.0]}))["y"]
        found = detect_target(column, "regression")[0].fitted(column)
        np.testing.assert_allclose(found.encode(column) * found.scale + found.mean, column.values)
        np.testing.assert_allclose(
            [found.encode(column).mean(), found.encode(column).std()], [0, 1], atol=1e-15
        )

    @pytest.mark.parametrize(
        ("values", "task", "message"),
        [
            (["x"] * 9, None, "'y' is always x: there is nothing to learn"),
            ([3] * 9, "regression", "'y' is always 3"),
            (
                [f"v{i}" for i in range(9)],
                None,
                "9 different values in 9 rows, too many for classes: is it an id",
            ),
            ([i + 0.5 for i in range(9)], "classification", "too many for classes: use regression"),
            (["a", "b"] * 5, "regression", "'y' holds 'a', which is no number"),
            ([[1], [2]], None, "holds List"),
            ([datetime.date(2024, 1, 1), datetime.date(2024, 1, 2)] * 4, None, "holds dates"),
        ],
    )
    def test_what_cannot_be_learned(self, values, task, message):
        with pytest.raises(cp.TargetError, match=message) as caught:
            target(*values, task=task)
        assert "\n" not in str(caught.value)

    def test_the_scale_is_that_of_the_rows_given(self):
        column = read_columns(pl.DataFrame({"y": [1.0, 3.0, 1000.0]}))["y"]
        found = detect_target(column, "regression")[0].fitted(column.take(np.array([0, 1])))
        assert (found.mean, found.scale) == (2.0, 1.0)
        flat = detect_target(column, "regression")[0].fitted(column.take(np.array([0, 0, 0])))
        assert flat.scale == 1

    def test_booleans_in_words(self):
        found, _ = target(*[True, False] * 3)
        for values in ([1, 0], ["yes", "no"], ["True", "false"]):
            column = read_columns(pl.DataFrame({"y": values}))["y"]
            assert found.labels(column).tolist() == [1, 0]

    def test_classes_as_other_doors_write_them(self):
        found, _ = target(*[0, 1] * 3)
        for values in (["0.0", "1.0"], ["0", "1"], [0.0, 1.0]):
            column = read_columns(pl.DataFrame({"y": values}))["y"]
            assert found.labels(column).tolist() == [0, 1]

    def test_a_task_that_nobody_asked_for_is_never_refused(self):
        assert target(*range(15), *range(5))[0].task == "regression"
        assert target(*[0, 1, 2, 3, 4] * 4)[0].task == "classification"
        assert target(*list(range(20)) * 3)[0].task == "classification"

    def test_other_errors(self):
        with pytest.raises(cp.NonFiniteDataError, match="row 1 .from 0. is inf"):
            target(0.5, float("inf"), 2.0)
        with pytest.raises(cp.UnknownNameError, match="did you mean 'regression'"):
            target(1.0, 2.0, task="regresion")
        column = read_columns(pl.DataFrame({"y": [1e300, -1e300]}))["y"]
        with pytest.raises(cp.NonFiniteDataError, match="too large"):
            detect_target(column, "regression")[0].fitted(column)

    def test_a_new_class(self):
        found, _ = target(*["a", "b"] * 3)
        column = read_columns(pl.DataFrame({"y": ["a", "z"]}))["y"]
        with pytest.raises(
            cp.TargetError, match=r"'y' holds 'z', which is no class of training \(a, b\)"
        ):
            found.labels(column)


class TestSplit:
    def test_parts_are_all_rows_once(self):
        labels = np.repeat([0, 1, 2], [60, 30, 10])
        split = split_rows(100, labels, 0.15, 0.2, seed=0)
        together = np.concatenate([split.training, split.validation, split.test])
        assert sorted(together) == list(range(100))
        assert (len(split.validation), len(split.test)) == (15, 20)
        np.testing.assert_array_equal(np.bincount(labels[split.test]), [12, 6, 2])
        assert all(9 <= np.bincount(labels[split.validation])[0] <= 10 for _ in (0,))

    def test_a_class_of_few_rows_is_all_learned(self):
        labels = np.array([0] * 50 + [1] * 50 + [2] * 2 + [3])
        split = split_rows(len(labels), labels, 0.2, 0.3, seed=3)
        assert set(labels[split.training]) == {0, 1, 2, 3}
        assert not {2, 3} & set(labels[split.test])

    @pytest.mark.parametrize(
        "sizes", [[2] * 45 + [10], [2] * 40 + [15, 15], [2] * 30 + [50, 50], [3, 4, 5], [3] * 30]
    )
    @pytest.mark.parametrize("shares", [(0.15, 0.2), (0.5, 0.3), (0.3, 0.5)])
    def test_every_class_stays_and_gives_its_share(self, sizes, shares):
        labels = np.repeat(np.arange(len(sizes)), sizes)
        split = split_rows(len(labels), labels, *shares, seed=0)
        assert set(labels[split.training]) == set(labels)
        tested = np.bincount(labels[split.test], minlength=len(sizes))
        for size, count in zip(sizes, tested, strict=True):
            assert abs(count - (shares[1] * size if size > 2 else 0)) <= 1

    def test_the_parts_are_drawn_apart(self):
        a, b = (
            put_aside(np.arange(40), None, 0.2, 0, p)[1] for p in (Purpose.TEST, Purpose.VALIDATION)
        )
        assert a.tolist() != b.tolist()

    def test_validation_is_drawn_from_what_the_test_left(self):
        split = split_rows(60, None, 0.2, 0.25, seed=4)
        left, tested = put_aside(np.arange(60), None, 0.25, 4, Purpose.TEST)
        learned, watched = put_aside(left, None, 0.2 / 0.75, 4, Purpose.VALIDATION)
        for ours, expected in zip(
            (split.training, split.validation, split.test), (learned, watched, tested), strict=True
        ):
            assert ours.tolist() == expected.tolist()

    def test_the_seed_decides(self):
        a, b, c = (split_rows(50, None, 0.2, 0.2, seed=s).test for s in (1, 1, 2))
        assert a.tolist() == b.tolist() != c.tolist()

    def test_no_share(self):
        split = split_rows(20, None, 0.0, 0.0, seed=0)
        assert len(split.training) == 20
        assert not len(split.validation) + len(split.test)

    def test_at_least_one(self):
        stay, aside = put_aside(np.arange(10), None, 0.01, 0, Purpose.TEST)
        assert (len(stay), len(aside)) == (9, 1)
        labels = np.zeros(10, dtype=int)
        assert len(put_aside(np.arange(10), labels, 0.01, 0, Purpose.TEST)[1]) == 1


def test_pandas_and_polars_encode_alike():
    encoding, columns = fitted(PENGUINS)
    other = encoded(encoding, pl.from_pandas(PENGUINS))
    assert np.array_equal(encoding.encode(columns), other)
    assert pd.api.types.is_string_dtype(PENGUINS["sex"])
