"""TableClassifier and TableRegressor: tables of any kind, labels of any kind, scikit-learn's tools."""

from __future__ import annotations

import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

import clearprop as cp
from clearprop.estimators import TableClassifier, TableRegressor
from example_tables import PENGUINS

QUICK = {"hidden": [8], "epochs": 40, "random_state": 0}
X, Y = PENGUINS.drop(columns="species"), PENGUINS["species"]
MASS = PENGUINS.dropna(subset="body_mass_g").reset_index(drop=True)


def classifier(**settings):
    return TableClassifier(**QUICK | settings)


def regressor(**settings):
    return TableRegressor(**QUICK | settings)


class TestTools:
    def test_cross_validation_of_raw_columns(self):
        assert cross_val_score(classifier(), X, Y, cv=3).min() > 0.9
        numbers = MASS.drop(columns="body_mass_g")
        folds = KFold(3, shuffle=True, random_state=0)
        assert cross_val_score(regressor(), numbers, MASS["body_mass_g"], cv=folds).min() > 0.6
        shares = cross_val_predict(classifier(), X, Y, cv=3, method="predict_proba")
        assert (np.unique(Y)[shares.argmax(axis=1)] == Y).mean() > 0.9

    def test_search_and_calibration(self):
        search = GridSearchCV(classifier(), {"l2": [0.0, 10.0], "hidden": [[8], [4, 4]]}, cv=2)
        assert search.fit(X, Y).best_params_["l2"] == 0
        calibrated = CalibratedClassifierCV(classifier(), cv=2).fit(X, Y)
        assert calibrated.score(X, Y) > 0.9

    @pytest.mark.parametrize("container", ["pandas", "polars"])
    def test_pipelines_that_set_output(self, container):
        numbers = list(X.select_dtypes("number").columns)
        scale = ColumnTransformer([("scale", StandardScaler(), numbers)], remainder="passthrough",
                                  verbose_feature_names_out=False)  # fmt: skip
        pipeline = make_pipeline(scale, classifier()).set_output(transform=container)
        table = X if container == "pandas" else pl.from_pandas(X)
        assert pipeline.fit(table, Y).score(table, Y) > 0.9
        assert set(pipeline[-1].feature_names_in_) == set(X.columns)

    def test_permutation_importance(self):
        fitted = classifier().fit(X, Y)
        found = permutation_importance(fitted, X, Y, n_repeats=2, random_state=0)
        assert X.columns[found.importances_mean.argmax()] == "bill_length_mm"

    def test_pickle_joblib_and_clone(self, tmp_path):
        fitted = classifier(early_stopping=cp.EarlyStopping(3)).fit(X, Y)
        joblib.dump(fitted, tmp_path / "fitted.joblib")
        for back in (pickle.loads(pickle.dumps(fitted)), joblib.load(tmp_path / "fitted.joblib")):
            np.testing.assert_array_equal(back.predict_proba(X), fitted.predict_proba(X))
        again = clone(fitted)
        with pytest.raises(NotFittedError):
            again.predict(X)
        np.testing.assert_array_equal(again.fit(X, Y).predict_proba(X), fitted.predict_proba(X))

    def test_tags(self):
        for kind in (TableClassifier, TableRegressor):
            tags = get_tags(kind()).input_tags
            assert tags.allow_nan
            assert tags.string
            assert tags.categorical
            assert not tags.sparse


class TestModel:
    """What is fitted is a `Model`, by the settings of its own."""

    def test_it_is_the_model_of_the_joined_table(self):
        fitted = classifier(columns={"island": "category"}, drop=["year"], l2=1e-3).fit(X, Y)
        model = cp.Model.fit(
            PENGUINS, "species", hidden=[8], epochs=40, seed=0, test=0, compare=False, l2=1e-3,
            columns={"island": "category"}, drop=["year"], progress=False,
        )  # fmt: skip
        np.testing.assert_array_equal(fitted.predict_proba(X), model.predict_proba(X))
        np.testing.assert_array_equal(fitted.classes_, model.classes)
        np.testing.assert_array_equal(fitted.model_.predict(X), fitted.predict(X))
        assert fitted.model_.target == "species"
        assert fitted.loss_curve_ == model.history.loss
        assert fitted.n_iter_ == len(fitted.loss_curve_) > 1
        assert list(fitted.feature_names_in_) == list(X.columns)
        assert fitted.n_features_in_ == X.shape[1]

    def test_it_can_be_saved(self, tmp_path):
        fitted = classifier().fit(X, Y)
        fitted.model_.save(tmp_path / "m.safetensors")
        back = cp.Model.load(tmp_path / "m.safetensors")
        np.testing.assert_array_equal(back.predict(X), fitted.predict(X))

    def test_settings_go_through(self):
        seen = []
        fitted = classifier(
            optimizer=cp.SGD(0.1), batch_size=50, early_stopping=None, dropout=0.1, epochs=3,
            callbacks=[seen.append], activation="tanh", precision="float64", threads=1,
        ).fit(X, Y)  # fmt: skip
        assert fitted.n_iter_ == len(seen) == 3
        assert fitted.model_.network.activations[0].name == "tanh"
        with pytest.raises(cp.ArgumentError, match="epochs"):
            classifier(epochs=-1).fit(X, Y)
        with pytest.raises(cp.ArgumentError, match="columns is 3"):
            classifier(columns=3).fit(X, Y)

    def test_weights_are_a_column_of_the_model(self):
        weights = np.where(X["year"] == 2007, 3.0, 1.0)
        fitted = classifier().fit(X, Y, sample_weight=weights)
        model = cp.Model.fit(
            PENGUINS.assign(w=weights), "species", hidden=[8], epochs=40, seed=0, test=0,
            compare=False, progress=False, weight="w",
        )  # fmt: skip
        np.testing.assert_array_equal(fitted.predict_proba(X), model.predict_proba(X))
        assert (fitted.predict_proba(X) != classifier().fit(X, Y).predict_proba(X)).any()
        with pytest.raises(ValueError, match="Negative values"):
            classifier().fit(X, Y, -weights)

    def test_what_a_number_is_learned_by(self):
        numbers, mass = MASS.drop(columns="body_mass_g"), MASS["body_mass_g"]
        for settings in (
            {"loss": "huber"},
            {"loss": cp.huber(0.5), "target_transform": "log"},
            {"loss": "poisson"},
            {"quantiles": [0.1, 0.5, 0.9]},
            {"quantiles": (0.5,), "target_transform": "log1p"},
        ):
            fitted = clone(regressor(epochs=3, **settings)).fit(numbers, mass)
            model = cp.Model.fit(
                MASS, "body_mass_g", task="regression", hidden=[8], epochs=3, seed=0, test=0,
                compare=False, progress=False, **settings,
            )  # fmt: skip
            np.testing.assert_array_equal(fitted.predict(numbers), model.predict(numbers))
            np.testing.assert_array_equal(
                fitted.predict_interval(numbers, 0.8), model.predict_interval(numbers, 0.8)
            )
            if "quantiles" in settings:
                found = fitted.predict_quantiles(numbers)
                np.testing.assert_array_equal(found, model.predict_quantiles(numbers))
        with pytest.raises(cp.ArgumentError, match="gives no quantiles"):
            regressor(epochs=1).fit(numbers, mass).predict_quantiles(numbers)
        with pytest.raises(cp.ArgumentError, match="quantiles have a loss of their own"):
            regressor(quantiles=[0.5], loss="huber").fit(numbers, mass)

    def test_intervals_of_arrays_and_weighted_rows(self):
        rng = np.random.default_rng(0)
        table = rng.normal(size=(300, 2))
        y = table[:, 0] + rng.normal(size=300)
        fitted = regressor(quantiles=[0.05, 0.5, 0.95]).fit(table, y, rng.random(300))
        lower, upper = fitted.predict_interval(table).T
        assert ((lower <= y) & (y <= upper)).mean() > 0.8

    @pytest.mark.parametrize(
        "labels", [["a", "b"], [" a", "a"], [0, 1], [True, False], ["", "NA"]], ids=str
    )
    def test_weights_of_classes(self, labels):
        """Labels that no cell holds are named as they are, too."""
        rng = np.random.default_rng(0)
        table, y = rng.normal(size=(200, 2)), np.array(labels)[np.arange(200) % 2]
        rare = y == labels[0]
        even = classifier(epochs=30).fit(table, y)
        for given in ({labels[0]: 50}, {labels[0]: 50.0, labels[1]: 1}):
            fitted = classifier(epochs=30, class_weight=given).fit(table, y)
            assert (fitted.predict(table) == labels[0]).mean() > 0.9
        by_row = classifier(epochs=30).fit(table, y, np.where(rare, 50.0, 1.0))
        np.testing.assert_array_equal(by_row.predict_proba(table), fitted.predict_proba(table))
        assert (even.predict_proba(table) != fitted.predict_proba(table)).any()
        few = np.flatnonzero(~rare | (np.arange(200) < 40))
        balanced = classifier(epochs=30, class_weight="balanced").fit(table[few], y[few])
        plain = classifier(epochs=30).fit(table[few], y[few])
        assert (balanced.predict_proba(table) != plain.predict_proba(table)).any()
        with pytest.raises(cp.ArgumentError, match="class_weight names 'c'; the classes are"):
            classifier(class_weight={"c": 1}).fit(table, y)

    def test_the_name_of_the_target_is_free(self):
        table = X.assign(species=1.0).rename(columns={"year": "species_"})
        assert classifier().fit(table, Y).model_.target == "species__"
        assert classifier().fit(table, Y.to_numpy()).model_.target == "y"
        assert (
            classifier().fit(table.rename(columns={"sex": "y"}), Y.rename(7)).model_.target == "y_"
        )

    def test_random_states(self):
        shares = [
            classifier(random_state=state).fit(X, Y).predict_proba(X)
            for state in (0, np.int64(0), np.random.RandomState(5), np.random.RandomState(5), None)
        ]
        np.testing.assert_array_equal(shares[0], shares[1])
        np.testing.assert_array_equal(shares[2], shares[3])
        assert (shares[0] != shares[2]).any()
        assert (shares[0] != shares[4]).any()
        with pytest.raises(ValueError, match="'random_state' parameter of TableClassifier"):
            classifier(random_state="x").fit(X, Y)


class TestTables:
    def test_pandas_polars_and_pyarrow_are_one(self):
        expected = classifier().fit(X, Y).predict_proba(X)
        polars = pl.from_pandas(X)
        arrow = polars.to_arrow()
        for table, y in ((polars, pl.Series("species", Y.tolist())), (arrow, pa.array(Y.tolist()))):
            fitted = classifier().fit(table, y)
            assert list(fitted.feature_names_in_) == list(X.columns)
            np.testing.assert_array_equal(fitted.predict_proba(table), expected)
            np.testing.assert_array_equal(fitted.predict_proba(X), expected)

    def test_rows_go_with_their_labels_whatever_the_index_says(self):
        expected = classifier().fit(X, Y).predict_proba(X)
        shuffled = X.set_index(np.arange(len(X))[::-1])
        np.testing.assert_array_equal(classifier().fit(shuffled, Y).predict_proba(X), expected)
        twice = X.set_index(np.zeros(len(X)))
        np.testing.assert_array_equal(classifier().fit(twice, Y).predict_proba(X), expected)

    @pytest.mark.parametrize("kind", ["numbers", "objects", "lists"])
    def test_columns_of_arrays_are_numbered(self, kind):
        table = X if kind != "numbers" else X.select_dtypes("number")
        array = table.to_numpy()
        given = array.tolist() if kind == "lists" else array
        fitted = classifier(categorical=["x0"]).fit(given, Y)
        assert fitted.model_.columns == [f"x{i}" for i in range(table.shape[1])]
        assert not hasattr(fitted, "feature_names_in_")
        assert fitted.score(given, Y) > 0.6
        names = dict(zip(table.columns, fitted.model_.columns, strict=True))
        with pytest.warns(UserWarning, match="was fitted without feature names"):
            shares = fitted.predict_proba(table)
        np.testing.assert_array_equal(
            shares, fitted.model_.predict_proba(table.rename(columns=names))
        )

    def test_arrays_after_tables_go_by_place(self):
        numbers = X.select_dtypes("number")
        fitted = classifier().fit(numbers, Y)
        with pytest.warns(UserWarning, match="does not have valid feature names"):
            shares = fitted.predict_proba(numbers.to_numpy())
        np.testing.assert_array_equal(shares, fitted.predict_proba(numbers))

    def test_columns_called_by_numbers(self):
        table = X.set_axis(range(X.shape[1]), axis=1)
        fitted = classifier().fit(table, Y)
        assert not hasattr(fitted, "feature_names_in_")
        assert fitted.score(table, Y) > 0.9

    @pytest.mark.parametrize("dtype", ["float16", "longdouble", "int8", "bool", "U5", "datetime64[D]", "timedelta64[s]"])  # fmt: skip
    def test_arrays_of_any_type(self, dtype):
        numbers = np.random.default_rng(0).integers(0, 2 if dtype == "bool" else 9, (60, 2))
        array = numbers.astype("int64").astype(dtype)
        fitted = classifier().fit(array, numbers[:, 0] > numbers[:, 0].mean())
        assert fitted.predict_proba(array[:3]).shape == (3, 2)

    def test_other_columns_are_refused_as_scikit_learn_does_it(self):
        fitted = classifier().fit(X, Y)
        with pytest.raises(ValueError, match="feature names should match those"):
            fitted.predict(X.rename(columns={"sex": "gender"}))
        with pytest.raises(ValueError, match="must be in the same order"):
            fitted.predict(X[X.columns[::-1]])
        with pytest.raises(ValueError, match="has 2 features, but TableClassifier is expecting 7"):
            classifier(epochs=1).fit(X.to_numpy(), Y).predict([[1, 2]])
        with pytest.raises(ValueError, match="Expected a 2-dim|Expected 2D array, got"):
            classifier().fit(X["year"], Y)
        with pytest.raises(cp.ColumnError, match="called 'year'"):
            classifier().fit(pd.concat([X, X["year"]], axis=1), Y)
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            classifier().fit(X, Y[:20])


class TestLabels:
    @pytest.mark.parametrize(
        "labels",
        [
            ["None", "NA", "x"], ["$10", "$5", "$7"], ["1,5", "2", "10"], ["True", "False", "no"],
            ["2024-01-01", "2023-01-01", "x"], ["", " a", "a"], ["a\0", "a", "b"], [3, 1, 2],
            ["\ud800", "a", "b"], [1.0, 2.0, 0.0], [2**60, 2**60 + 1, 3], [True, False, True],
            ["007", "7", "8"],
        ],
        ids=str,
    )  # fmt: skip
    @pytest.mark.parametrize("words", [None, "NA", ["NA", "x"]], ids=str)
    def test_labels_come_back_as_they_were(self, labels, words):
        y = np.array(labels, dtype=object if isinstance(labels[0], str) else None)
        y = y[Y.map({"Adelie": 0, "Chinstrap": 1, "Gentoo": 2})]
        fitted = classifier(missing_words=words).fit(X, y)
        np.testing.assert_array_equal(fitted.classes_, np.unique(y))
        assert fitted.predict(X).dtype == y.dtype
        assert (fitted.predict(X) == y).mean() > 0.9

    @pytest.mark.parametrize(
        "make",
        [pl.Series, pa.array, pa.chunked_array, list, pd.Categorical, np.array,
         lambda y: pd.DataFrame({"y": y})["y"], lambda y: pl.Series(y, dtype=pl.Categorical),
         lambda y: pd.Series(y, dtype="string[pyarrow]")],
    )  # fmt: skip
    def test_containers_of_labels(self, make):
        y = [Y.tolist()] if make is pa.chunked_array else Y.tolist()
        assert classifier().fit(X, make(y)).score(X, Y) > 0.9

    def test_labels_that_are_missing(self):
        for gap in (None, np.nan, pd.NA):
            with pytest.raises(ValueError, match="y is missing in 1 of 344|NaN"):
                classifier().fit(X, Y.astype(object).where(Y.index > 0, gap))

    def test_what_cannot_be_a_target(self):
        with pytest.raises(cp.TargetError, match="one class alone, 'a'"):
            classifier().fit(X, ["a"] * len(X))
        with pytest.raises(cp.TargetError, match="holds int and str: make texts"):
            classifier().fit(X, np.array(["a", 1] * 172, dtype=object))
        with pytest.raises(ValueError, match="Unknown label type"):
            classifier().fit(X, np.linspace(0, 1, len(X)))
        with pytest.raises(ValueError, match="could not convert string to float"):
            regressor().fit(X, Y)
        with pytest.warns(DataConversionWarning):
            regressor(epochs=1).fit(X, np.arange(len(X))[:, None])

    def test_an_interruption_is_a_warning(self):
        import signal

        with pytest.warns(UserWarning, match="Training interrupted by user"):
            fitted = classifier(callbacks=[lambda epoch: signal.raise_signal(signal.SIGINT)]).fit(
                X, Y
            )
        assert fitted.n_iter_ == 1
