"""Predictions for dask DataFrames: lazily, and to the bit those of the rows in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clearprop as cp
from clearprop.estimators import MLPClassifier, MLPRegressor, TableClassifier, TableRegressor
from estimator_cases import multilabel, quiet
from example_tables import CARS, PENGUINS

dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")

NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]


@pytest.fixture(autouse=True)
def _here():
    """What is lazy is computed in this thread."""
    with dask.config.set(scheduler="synchronous"):
        yield


def parts(table, n=5):
    """The table as a dask DataFrame, with an index of its own and a partition without rows."""
    table = table.set_index(pd.Index(np.arange(len(table)) * 3 + 7, name="row"))
    made = dd.from_pandas(table, npartitions=n)
    return dd.concat([made, dd.from_pandas(table.iloc[:1], npartitions=1).query("row < 0")])


def same(lazy, values, table):
    """Whether what is lazy says what it will be, and is that to the bit."""
    assert isinstance(lazy, dd.Series if values.ndim == 1 else dd.DataFrame)
    computed = lazy.compute()
    np.testing.assert_array_equal(computed.to_numpy(), values)
    assert computed.index.tolist() == [3 * i + 7 for i in range(len(table))]
    if values.ndim == 1:
        assert (lazy.name, lazy.dtype) == (computed.name, computed.dtype)
        return
    assert list(lazy.columns) == list(computed.columns)
    assert list(lazy.dtypes) == list(computed.dtypes)


class TestModels:
    @pytest.mark.parametrize("n", [1, 5, 40])
    def test_of_classes(self, model, n):
        same(model.predict(parts(PENGUINS, n)), model.predict(PENGUINS), PENGUINS)
        shares = model.predict_proba(parts(PENGUINS, n))
        same(shares, model.predict_proba(PENGUINS), PENGUINS)
        assert list(shares.columns) == model.classes
        assert model.predict(parts(PENGUINS)).name == "species"

    def test_of_numbers(self, regression):
        same(regression.predict(parts(CARS)), regression.predict(CARS), CARS)
        ends = regression.predict_interval(parts(CARS), 0.8)
        same(ends, regression.predict_interval(CARS, 0.8), CARS)
        assert list(ends.columns) == ["lower", "upper"]

    def test_of_quantiles(self):
        settings = {"quantiles": [0.1, 0.5, 0.9], "epochs": 3, "compare": False}
        model = cp.Model.fit(CARS, "Miles_per_Gallon", drop_missing_target=True, **settings)
        found = model.predict_quantiles(parts(CARS))
        same(found, model.predict_quantiles(CARS), CARS)
        assert list(found.columns) == [0.1, 0.5, 0.9]

    def test_nothing_is_computed_before_it_is_asked_for(self, model):
        def never(rows):
            raise AssertionError("a partition was computed")

        table = parts(PENGUINS).map_partitions(never, meta=parts(PENGUINS)._meta)
        lazy = model.predict(table)
        with pytest.raises(AssertionError, match="a partition was computed"):
            lazy.compute()

    def test_what_was_asked_wrongly_is_said_at_once(self, model, regression):
        table = parts(PENGUINS)
        with pytest.raises(cp.errors.ColumnError, match="body_mass_g"):
            model.predict(table.drop(columns="body_mass_g"))
        with pytest.raises(cp.errors.ArgumentError, match="no quantiles"):
            model.predict_quantiles(table)
        with pytest.raises(cp.errors.ArgumentError, match="level"):
            regression.predict_interval(parts(CARS), 1.5)

    def test_what_is_wrong_with_a_row_is_said_by_its_partition(self, model):
        table = PENGUINS.astype({"body_mass_g": object})
        table.loc[200, "body_mass_g"] = "heavy"
        with dask.config.set({"dataframe.convert-string": False}):
            lazy = model.predict(parts(table), unreadable="error")
            with pytest.raises(cp.errors.TypeOfDataError, match="'heavy'") as caught:
                lazy.compute()
            assert "\n" not in str(caught.value)
            with pytest.warns(cp.errors.TableWarning, match="'heavy'"):
                same(model.predict(parts(table)), model.predict(table), table)

    @pytest.mark.parametrize(
        "call",
        [
            lambda model, table: model.evaluate(table),
            lambda model, table: model.encode(table),
            lambda model, table: model.unusual(table),
            lambda model, table: cp.Model.fit(table, "species"),
            lambda model, table: TableClassifier().fit(table, PENGUINS["species"]),
        ],
    )
    def test_what_needs_the_rows_here_says_so(self, model, call):
        with pytest.raises(cp.errors.TypeOfDataError, match=r"dask.*table\.compute\(\)"):
            call(model, parts(PENGUINS))


class TestEstimators:
    def test_of_tables(self):
        X, y = PENGUINS.drop(columns="species"), PENGUINS["species"]
        classifier = TableClassifier(epochs=3, random_state=0).fit(X, y)
        same(classifier.predict(parts(X)), classifier.predict(X), X)
        same(classifier.predict_proba(parts(X)), classifier.predict_proba(X), X)
        quantiles = {"quantiles": [0.2, 0.5, 0.8], "epochs": 3, "random_state": 0}
        regressor = TableRegressor(**quantiles).fit(PENGUINS[["species", "sex"]], X.index * 1.0)
        for method in ("predict", "predict_quantiles", "predict_interval"):
            predict = getattr(regressor, method)
            same(
                predict(parts(PENGUINS[["species", "sex"]])),
                predict(PENGUINS[["species", "sex"]]),
                X,
            )

    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_of_classes(self, dtype):
        X = PENGUINS[NUMBERS].fillna(0).astype(dtype) / 1000
        estimator = quiet(MLPClassifier(max_iter=3, random_state=0), X, PENGUINS["species"])
        for method in ("predict", "predict_proba", "predict_log_proba"):
            same(getattr(estimator, method)(parts(X)), getattr(estimator, method)(X), X)
        score = estimator.score(X, PENGUINS["species"])
        assert estimator.score(parts(X), PENGUINS["species"]) == score

    def test_of_several_labels_and_numbers(self):
        X, Y = multilabel()
        X = pd.DataFrame(X, columns=list("abcdef"))
        for maker in (MLPClassifier, MLPRegressor):
            estimator = quiet(maker(max_iter=3, random_state=0), X, Y)
            same(estimator.predict(parts(X)), estimator.predict(X), X)
        estimator = quiet(MLPRegressor(max_iter=3, random_state=0), X, Y[:, 0])
        same(estimator.predict(parts(X)), estimator.predict(X), X)

    def test_other_columns_are_refused_at_once(self):
        X = PENGUINS[NUMBERS].fillna(0)
        estimator = quiet(MLPClassifier(max_iter=1), X, PENGUINS["species"])
        with pytest.raises(ValueError, match="feature names should match"):
            estimator.predict(parts(X[NUMBERS[::-1]]))
        with pytest.raises(ValueError, match="not fitted yet"):
            MLPClassifier().predict(parts(X))
