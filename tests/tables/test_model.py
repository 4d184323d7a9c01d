"""Model: from a raw table to predictions; what it refuses, in one line."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.metrics import (
    r2_score,
)

import clearprop as cp
from clearprop.tables.baselines import LEFT_OUT
from clearprop.tables.split import split_rows
from clearprop.tables.table_files import write_table
from example_tables import CARS, PENGUINS


class TestPredict:
    def test_labels_and_probabilities(self, model):
        labels, shares = model.predict(PENGUINS), model.predict_proba(PENGUINS)
        assert model.classes == ["Adelie", "Chinstrap", "Gentoo"]
        assert (labels == PENGUINS["species"]).mean() > 0.97
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
        assert np.array_equal(np.array(model.classes)[shares.argmax(axis=1)], labels)

    def test_numbers_are_in_the_targets_unit(self, regression):
        numbers = regression.predict(CARS)
        assert r2_score(CARS["Miles_per_Gallon"], numbers) > 0.8
        with pytest.raises(cp.ArgumentError, match="no classes: use predict"):
            regression.predict_proba(CARS)

    def test_the_network_and_the_encoding_are_what_predict_uses(self, model, regression):
        outputs = model.network.predict(model.encode(PENGUINS)).astype(float)
        np.testing.assert_allclose(outputs, model.predict_proba(PENGUINS), atol=1e-6)
        assert model.encode(PENGUINS).shape == (len(PENGUINS), len(model.features))
        target = CARS["Miles_per_Gallon"].to_numpy()[np.newaxis].T
        learned = regression.network.predict(regression.encode(CARS))
        slope = np.polyfit(learned[:, 0], regression.predict(CARS), 1)
        assert slope[0] == pytest.approx(target.std(), rel=0.1)

    @pytest.mark.parametrize(
        "convert", [pl.from_pandas, pa.Table.from_pandas, pd.DataFrame.convert_dtypes]
    )
    def test_other_libraries(self, convert, model):
        assert np.array_equal(model.predict_proba(convert(PENGUINS)), model.predict_proba(PENGUINS))

    @pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
    def test_paths(self, ending, model, tmp_path):
        path = tmp_path / f"t.{ending}"
        write_table(pl.from_pandas(PENGUINS).to_dict(as_series=True), path)
        for table in (path, str(path), model.read(path)):
            assert np.array_equal(model.predict(table), model.predict(PENGUINS))

    def test_order_of_columns_and_columns_too_many(self, model):
        shuffled = PENGUINS[PENGUINS.columns[::-1]].assign(extra="x", more=1.0)
        assert np.array_equal(model.predict(shuffled), model.predict(PENGUINS))

    def test_unseen_and_missing_are_predicted_and_counted(self, model):
        odd = PENGUINS.head(4).assign(
            island=["Mars", None, "Dream", "Venus"], body_mass_g=[1e6, None, 4000, 0]
        )
        assert len(model.predict(odd)) == 4
        counts = model.unusual(odd)
        assert (counts["island"].new, counts["island"].missing) == (2, 1)
        assert (counts["body_mass_g"].out_of_range, counts["body_mass_g"].missing) == (2, 1)
        assert not counts["flipper_length_mm"].new

    def test_classes_of_numbers_and_booleans_keep_their_type(self):
        X = np.linspace(-1, 1, 60)
        for values in ([3, 7], [False, True]):
            table = pd.DataFrame({"x": X, "y": np.array(values)[(X > 0).astype(int)]})
            predicted = cp.Model.fit(table, "y", epochs=5, compare=False).predict(table)
            assert predicted.dtype == np.array(values).dtype
            assert set(predicted) <= set(values)

    def test_codes_of_categories_stay_codes(self, tmp_path):
        path = tmp_path / "t.csv"
        rows = [f"{code},{'ab'[i % 2]}" for i, code in enumerate(["007", "7", "12"] * 10)]
        path.write_text("\n".join(["code,y", *rows]))
        model = cp.Model.fit(path, "y", epochs=2, compare=False)
        assert model.features == ["code = 007", "code = 12", "code = 7"]
        path.write_text("code\n7\n12\n")  # all of them look like numbers here
        assert not any(model.unusual(path).values())


class TestNothingLeaks:
    """What is put aside decides nothing: poisoned, it leaves the network as it was."""

    def fits(self, poison):
        rng = np.random.default_rng(0)
        table = pd.DataFrame({"x": rng.normal(size=100), "c": rng.choice(list("ab"), 100)})
        table["y"] = table["x"] * 2 + (table["c"] == "a")
        split = split_rows(100, None, 0.15, 0.2, 0)
        poison(table, split)
        return cp.Model.fit(table, "y", epochs=4, compare=False)

    def test_test_rows(self):
        def poison(table, split):
            table.loc[split.test, ["x", "y"]] *= -1000
            table.loc[split.test, "c"] = "poison"

        clean, dirty = self.fits(lambda table, split: None), self.fits(poison)
        assert np.array_equal(clean.network.parameters, dirty.network.parameters)
        assert clean.features == dirty.features
        assert clean.history.validation_loss == dirty.history.validation_loss
        assert clean.report.scores != dirty.report.scores

    def test_validation_rows(self):
        def poison(table, split):
            table.loc[split.validation, "x"] *= 3
            table.loc[split.validation, "y"] += 1

        clean, dirty = self.fits(lambda table, split: None), self.fits(poison)
        assert clean.history.loss == dirty.history.loss
        assert clean.history.validation_loss != dirty.history.validation_loss


def test_what_training_takes_where_nobody_says(monkeypatch):
    taken = []

    def noted(network, X, y, **settings):
        taken.append(settings)
        return cp.train(network, X, y, **settings | {"epochs": 1})

    monkeypatch.setattr("clearprop.tables.in_memory.train", noted)
    for n, size, patience in (
        (50, 8, 20), (600, 8, 20), (1000, 16, 20), (5000, 64, 20), (153_846, 256, 20),
        (153_848, 1024, 10),
    ):  # fmt: skip
        table = pd.DataFrame({"x": np.sin(np.arange(n)), "y": np.cos(np.arange(n))})
        cp.Model.fit(table, "y", compare=False)
        assert taken[-1]["batch_size"] == size
        assert taken[-1]["optimizer"] == cp.AdamW(decay=0.5)
        assert taken[-1]["early_stopping"] == cp.EarlyStopping(patience, min_delta=1e-4)
    cp.Model.fit(table.head(50), "y", validation=0, test=0, compare=False)
    assert taken[-1]["early_stopping"] is None


class TestRefused:
    def fit(self, table=PENGUINS, target="species", **named):
        return cp.Model.fit(table, target, **{"epochs": 1, "compare": False} | named)

    @pytest.mark.parametrize(
        ("named", "error", "message"),
        [
            ({"target": "Species"}, cp.ColumnError, "did you mean 'species'"),
            (
                {"target": "xyz"},
                cp.ColumnError,
                "no column 'xyz' to predict; it has species, island",
            ),
            (
                {"target": "sex"},
                cp.TargetError,
                "'sex' is missing in 11 of 344 rows.*drop_missing_target",
            ),
            ({"drop": ["specie"]}, cp.ArgumentError, "drop names 'specie'.*did you mean 'species'"),
            (
                {"keep": "year", "drop": "year"},
                cp.ArgumentError,
                "'year' is to be dropped, and to be used",
            ),
            ({"drop": ["species"]}, cp.ArgumentError, "drop names the target"),
            (
                {"drop": PENGUINS.columns[1:]},
                cp.ColumnError,
                "no column is left to learn 'species' from: island",
            ),
            ({"test": 0.6}, cp.ArgumentError, "test is 0.6"),
            ({"validation": -1}, cp.ArgumentError, "validation is -1"),
            ({"seed": -1}, cp.ArgumentError, "seed"),
            ({"hidden": [0]}, cp.ArchitectureError, "0"),
            (
                {"table": PENGUINS.assign(species=[f"p{i % 200}" for i in range(344)])},
                cp.TargetError,
                "200 different values in 344 rows",
            ),
            ({"task": "guess"}, cp.UnknownNameError, "guess"),
            ({"activation": "rely"}, cp.UnknownNameError, "relu"),
            ({"table": PENGUINS.head(9)}, cp.ShapeError, "9 rows with a target; a model takes 10"),
            ({"table": PENGUINS.head(50)}, cp.TargetError, "always Adelie"),
            ({"table": PENGUINS.assign(species=None)}, cp.TargetError, "has no values"),
            (
                {"table": PENGUINS.assign(species=[f"p{i}" for i in range(344)])},
                cp.TargetError,
                "344 different values in 344 rows",
            ),
            (
                {"table": PENGUINS.assign(year=[*range(343), np.inf])},
                cp.NonFiniteDataError,
                "'year', row 343 .from 0. is inf",
            ),
            ({"table": "no.csv"}, cp.FileMissingError, "no file no.csv"),
            ({"table": [[1, 2]]}, cp.TypeOfDataError, "is a list"),
            (
                {"learning_rate": 1},
                cp.UnknownNameError,
                "no setting of training is called 'learning_rate'",
            ),
            ({"epoch": 1}, cp.UnknownNameError, "epoch"),
            ({"epochs": -1}, cp.ArgumentError, "epochs is -1"),
            ({"test": 0.5, "validation": 0.5}, cp.ArgumentError, "take 100% of the rows together"),
        ],
    )
    def test_at_training(self, named, error, message):
        with pytest.raises(error, match=message) as caught:
            self.fit(**named)
        assert "\n" not in str(caught.value)

    def test_a_missing_target_is_dropped_on_request(self):
        model = self.fit(target="sex", drop_missing_target=True)
        assert model.report.rows["without target"] == 11
        assert sum(model.report.classes.values()) == 333
        assert model.evaluate(PENGUINS, drop_missing_target=True).rows == 333
        with pytest.raises(cp.TargetError, match="missing in 11 of 344"):
            model.evaluate(PENGUINS)

    @pytest.mark.parametrize(
        ("change", "error", "message"),
        [
            (
                {"body_mass_g": pd.to_datetime(["2024-01-01"] * 344)},
                cp.TypeOfDataError,
                "'body_mass_g' holds dates, but held numbers in training",
            ),
            ({"body_mass_g": [np.inf] * 344}, cp.NonFiniteDataError, "row 0 .from 0. is inf"),
        ],
    )
    def test_at_prediction(self, change, error, message, model):
        with pytest.raises(error, match=message):
            model.predict(PENGUINS.assign(**change))

    @pytest.mark.parametrize("method", ["predict", "predict_proba", "encode", "evaluate"])
    def test_cells_that_cannot_be_read(self, method, model):
        wrong = PENGUINS.assign(body_mass_g=[1.0] * 343 + ["-"])
        missing = PENGUINS.assign(body_mass_g=[1.0] * 343 + [None])
        said = "'body_mass_g': 1 of 344 cells taken as missing, being no number: '-' in row 343"
        with pytest.warns(cp.TableWarning, match=said) as caught:
            found = getattr(model, method)(wrong)
        assert caught[0].filename == __file__
        same = getattr(model, method)(missing)
        assert repr(same) == repr(found) if method == "evaluate" else np.array_equal(same, found)
        with pytest.raises(cp.TypeOfDataError, match=f"{said}.*unreadable='missing'"):
            getattr(model, method)(wrong, unreadable="error")
        with pytest.raises(cp.UnknownNameError, match="did you mean 'error'"):
            getattr(model, method)(wrong, unreadable="eror")
        assert model.unusual(wrong)["body_mass_g"].missing == 1

    def test_a_column_missing_at_prediction(self, model):
        with pytest.raises(
            cp.ColumnError, match="lacks the column 'island', which the model was trained"
        ):
            model.predict(PENGUINS.drop(columns="island"))
        with pytest.raises(cp.ColumnError, match="there is 'Island': rename it"):
            model.predict(PENGUINS.rename(columns={"island": "Island"}))

    def test_evaluate_without_the_target_or_with_a_new_class(self, model):
        with pytest.raises(cp.ColumnError, match="no column 'species'"):
            model.evaluate(PENGUINS.drop(columns="species"))
        with pytest.raises(cp.TargetError, match="'Emperor', which is no class of training"):
            model.evaluate(PENGUINS.assign(species="Emperor"))

    def test_without_scikit_learn(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "sklearn", None)
        report = cp.Model.fit(PENGUINS, "species", epochs=2).report
        assert report.verdict == LEFT_OUT
        assert list(report.scores) == ["this network"]

    def test_nothing_passed_in_is_changed(self):
        before = PENGUINS.copy()
        self.fit()
        pd.testing.assert_frame_equal(PENGUINS, before)


def test_the_same_seed_gives_the_same_model():
    a, b, c = (
        cp.Model.fit(CARS, "Miles_per_Gallon", epochs=3, seed=s, compare=False) for s in (1, 1, 2)
    )
    assert np.array_equal(a.network.parameters, b.network.parameters)
    assert not np.array_equal(a.network.parameters, c.network.parameters)


def test_the_encoding_learns_from_the_training_rows_alone():
    table = pd.DataFrame({"x": np.arange(100.0) * 1.5, "y": np.sin(np.arange(100.0))})
    split = split_rows(100, None, 0.15, 0.2, 0)
    model = cp.Model.fit(table, "y", epochs=1, compare=False)
    x = table["x"].to_numpy()[split.training]
    np.testing.assert_allclose(model.encode(table)[:, 0], (table["x"] - x.mean()) / x.std())


def test_training_settings_pass_through():
    seen = []
    model = cp.Model.fit(
        CARS, "Miles_per_Gallon", epochs=3, compare=False, validation=0, test=0,
        optimizer=cp.SGD(0.01), callbacks=lambda epoch: seen.append(epoch.epoch), batch_size=None,
    )  # fmt: skip
    assert seen == [1, 2, 3]
    assert model.report.training["best_epoch"] is None
    assert model.report.scores == {}
    assert model.history.epochs[-1].updates == 3
    assert repr(model.report).count("\n") < 20
