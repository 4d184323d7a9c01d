"""Model: from a raw table to predictions and back from a file; what it refuses, in one line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import safetensors.numpy
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
    r2_score,
    root_mean_squared_error,
)

import clearprop as cp
from clearprop.files import model_file
from clearprop.tables.columns import read_columns
from clearprop.tables.report import verdict
from clearprop.tables.scores import NumberScores, class_scores
from clearprop.tables.split import split_rows
from clearprop.tables.table_files import write_table
from real_tables import TABLES

PENGUINS = TABLES["penguins"].load()
CARS = TABLES["cars"].load()


@pytest.fixture(scope="module")
def model():
    return cp.Model.fit(PENGUINS, "species", epochs=30, seed=0)


@pytest.fixture(scope="module")
def regression():
    return cp.Model.fit(CARS, "Miles_per_Gallon", epochs=30, seed=0)


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
        assert (counts["island"].rare_or_new, counts["island"].missing) == (2, 1)
        assert (counts["body_mass_g"].out_of_range, counts["body_mass_g"].missing) == (2, 1)
        assert not counts["flipper_length_mm"].rare_or_new

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


class TestFile:
    def test_all_of_it_comes_back(self, model, regression, tmp_path):
        for one, table in ((model, PENGUINS), (regression, CARS)):
            one.save(tmp_path / "m.safetensors")
            back = cp.Model.load(tmp_path / "m.safetensors")
            assert np.array_equal(back.predict(table), one.predict(table))
            assert back.report == one.report
            assert back.history is None
            assert (back.target, back.task, back.classes, back.columns, back.features) == (
                one.target, one.task, one.classes, one.columns, one.features
            )  # fmt: skip
            assert repr(back) == repr(one)

    def test_it_is_names_and_numbers(self, model, tmp_path):
        path = tmp_path / "m.safetensors"
        model.save(path)
        header = model_file.read_header(path, "model")
        assert set(header) == {"network", "inputs", "target", "report"}
        assert [one["column"] for one in header["inputs"]] == model.columns
        arrays = safetensors.numpy.load_file(path)
        assert set(arrays) == {"W1", "b1", "W2", "b2", "W3", "b3"} | {
            f"inputs.{name}" for name in ("median", "mean", "scale", "low", "high")
        }
        split = split_rows(
            344, model._target.labels(read_columns(PENGUINS)["species"]), 0.15, 0.2, 0
        )
        learned = PENGUINS.iloc[split.training]
        assert arrays["inputs.median"][1] == learned["bill_depth_mm"].median()
        assert arrays["inputs.high"][3] == learned["body_mass_g"].max()
        assert b"pickle" not in path.read_bytes()

    def test_loading_and_predicting_need_no_scikit_learn(self, model, tmp_path):
        model.save(tmp_path / "m.safetensors")
        PENGUINS.to_csv(tmp_path / "t.csv", index=False)
        code = (
            "import sys; sys.modules['sklearn'] = None; sys.modules['scipy'] = None\n"
            "import clearprop as cp\n"
            "model = cp.Model.load('m.safetensors')\n"
            "print(*model.predict('t.csv')[:2], model.evaluate('t.csv').rows)"
        )
        done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True)  # fmt: skip
        assert done.stderr == ""
        assert done.stdout == "Adelie Adelie 344\n"

    def test_network_and_model_files_are_told_apart(self, model, tmp_path):
        model.save(tmp_path / "model")
        model.network.save(tmp_path / "network")
        with pytest.raises(
            cp.ModelFileError, match="not a Clearprop network.*cp.Model.load reads it"
        ):
            cp.Network.load(tmp_path / "model")
        with pytest.raises(
            cp.ModelFileError, match="not a Clearprop model.*cp.Network.load reads it"
        ):
            cp.Model.load(tmp_path / "network")

    @pytest.mark.parametrize(
        "damage",
        [
            lambda h, a: h.pop("inputs"),
            lambda h, a: h["inputs"].pop(),
            lambda h, a: h["inputs"][0].update(kind="code"),
            lambda h, a: h["inputs"][0].update(kind="date", parts=["__import__"]),
            lambda h, a: h["target"].update(classes=["a", "b"]),
            lambda h, a: h["target"].update(classes=[["a"], ["b"], ["c"]]),
            lambda h, a: h["target"].update(classes=["a", "a", "b"]),
            lambda h, a: h["target"].update(classes="abc"),
            lambda h, a: h["target"].update(mean=[1, 2, 3]),
            lambda h, a: h["inputs"][0].update(parts=["years since 2000"]),
            lambda h, a: h["inputs"][0].update(categories=[1, 2, 3]),
            lambda h, a: h["inputs"][0].update(date_format="%Q"),
            lambda h, a: h["inputs"][1].update(column="island"),
            lambda h, a: h["report"].update(rows=[]),
            lambda h, a: h["report"].update(rows={}),
            lambda h, a: h["report"].update(verdict=1),
            lambda h, a: h["network"].update(sizes=[15, 10**9, 3]),
            lambda h, a: h["report"].pop("rows"),
            lambda h, a: h["target"].update(scale=0),
            lambda h, a: h["target"].update(mean="x"),
            lambda h, a: a["inputs.scale"].fill(0),
            lambda h, a: a["inputs.median"].fill(np.nan),
            lambda h, a: a.pop("inputs.mean"),
            lambda h, a: a.update({"inputs.mean": a["inputs.mean"][:2]}),
            lambda h, a: a.update({"inputs.mean": a["inputs.mean"].astype("float32")}),
        ],
    )
    def test_damaged_files_are_refused(self, damage, model, tmp_path):
        path = tmp_path / "m.safetensors"
        model.save(path)
        header, arrays = model_file.read_header(path, "model"), safetensors.numpy.load_file(path)
        damage(header, arrays)
        model_file.write(path, "model", header, arrays)
        with pytest.raises(cp.ModelFileError) as caught:
            cp.Model.load(path)
        assert "\n" not in str(caught.value)

    def test_a_user_made_activation_is_asked_for(self, tmp_path):
        bent = cp.Activation(
            "bent", lambda z: np.sqrt(z * z + 1) - 1 + z, lambda z: z / np.sqrt(z * z + 1) + 1
        )
        table = pd.DataFrame({"x": np.linspace(0, 1, 30), "y": np.linspace(0, 1, 30) ** 2})
        model = cp.Model.fit(table, "y", activation=bent, epochs=2, compare=False)
        model.save(tmp_path / "m")
        with pytest.raises(cp.ModelFileError, match="bent"):
            cp.Model.load(tmp_path / "m")
        assert np.array_equal(cp.Model.load(tmp_path / "m", activations={"bent": bent}).predict(table), model.predict(table))  # fmt: skip


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


def test_what_training_takes_where_nobody_says():
    from clearprop.tables.model import _settings

    for n, size in ((50, 8), (600, 8), (1000, 16), (5000, 64), (10**6, 256)):
        settings = _settings(split_rows(n, None, 0.15, 0.2, 0))
        assert settings["batch_size"] == size
        assert settings["optimizer"] == cp.AdamW(decay=0.5)
        assert settings["early_stopping"] == cp.EarlyStopping(20, min_delta=1e-4)
    assert _settings(split_rows(50, None, 0, 0, 0))["early_stopping"] is None


class TestReport:
    def test_what_was_decided(self, regression):
        report = regression.report
        assert report.task == "regression"
        assert report.dropped == {
            "Name": "looks like an identifier: 304 different values in 398 rows, such as 'chevrolet chevelle malibu'"
        }
        assert report.inputs["Year"] == "date, 1 number"
        assert report.inputs["Origin"] == "3 categories"
        assert report.missing == {"Horsepower": 6}
        assert report.rows == {"training": 258, "validation": 60, "test": 80, "without target": 0}
        assert set(report.scores) == {
            "this network",
            "mean",
            "ridge regression",
            "gradient boosting",
        }

    def test_the_scores_are_those_of_the_test_rows(self, model):
        labels = PENGUINS["species"].astype("category").cat.codes.to_numpy().astype(int)
        test = PENGUINS.iloc[split_rows(344, labels, 0.15, 0.2, 0).test]
        scores = model.evaluate(test)
        assert scores.figures == model.report.scores["this network"]
        assert scores.rows == model.report.rows["test"]

    def test_baselines_by_hand(self):
        """The linear baseline is scikit-learn's, fitted to all rows but the test part."""
        from sklearn.linear_model import Ridge

        from clearprop.tables.preparation import prepare

        report = cp.Model.fit(CARS, "Miles_per_Gallon", epochs=1, seed=3).report
        ready = prepare(CARS, "Miles_per_Gallon", task=None, drop=(), keep=(), categorical=(), drop_missing_target=False, validation=0.15, test=0.2, seed=3)  # fmt: skip
        test = ready.split.test
        rest = np.setdiff1d(np.arange(len(CARS)), test)
        ridge = Ridge().fit(ready.X[rest], ready.y[rest]).predict(ready.X[test])
        assert report.scores["ridge regression"]["R2"] == pytest.approx(
            r2_score(ready.y[test], ridge)
        )
        assert report.scores["mean"]["R2"] < 0.05

    def test_honest_where_it_loses(self):
        """A step that a linear network cannot take, and gradient boosting does."""
        rng = np.random.default_rng(0)
        x = rng.uniform(-1, 1, 800)
        table = pd.DataFrame({"x": x, "y": x + np.where(np.abs(x) > 0.5, 1.0, 0.0)})
        report = cp.Model.fit(table, "y", hidden=[], epochs=20).report
        assert "is behind gradient boosting" in report.verdict
        assert "prefer that" in report.verdict

    def test_and_where_it_wins(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(600, 2))
        table = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": np.sin(2 * X[:, 0] + 2 * X[:, 1])})
        report = cp.Model.fit(table, "y", seed=1).report
        assert "is ahead of the best baseline" in report.verdict, report

    @pytest.mark.parametrize(
        ("ahead", "error", "said"),
        [
            (0.1, 0.04, "is ahead of the best baseline, gradient boosting"),
            (0.1, 0.06, "within what chance"),
            (0.0, 0.0, "within what chance"),
            (-0.1, 0.04, "is behind gradient boosting"),
            (-0.1, 0.06, "within what chance"),
        ],
    )
    def test_the_verdict_asks_for_two_standard_errors(self, ahead, error, said):
        scores = {
            "this network": {"R2": 0.5},
            "mean": {"R2": 0.0},
            "gradient boosting": {"R2": 0.5 - ahead},
        }
        leads = {"mean": (0.5, 0.1), "gradient boosting": (ahead, error)}
        assert said in verdict(scores, leads, 100)
        assert "Of 29 test rows nothing follows" in verdict(scores, leads, 29)
        leads["mean"] = (0.1, 0.1)
        assert "learned nothing of use" in verdict(scores, leads, 100)

    def test_gradient_boosting_is_left_out_where_it_takes_minutes(self, monkeypatch):
        from clearprop.tables import baselines

        assert baselines.COST == 2e8
        monkeypatch.setattr(baselines, "COST", 1000)
        report = cp.Model.fit(CARS, "Miles_per_Gallon", epochs=1).report
        assert "gradient boosting" not in report.scores
        assert "Gradient boosting is left out" in report.verdict

    def test_a_figure_that_is_not_defined(self, tmp_path):
        """R2 over test rows that are all the same."""
        y = np.zeros(200)
        y[::40] = np.arange(5) + 0.5
        for seed in range(3):
            model = cp.Model.fit(
                pd.DataFrame({"x": np.arange(200) * 0.5, "y": y}), "y", epochs=1, seed=seed
            )
            model.save(tmp_path / "m")
            assert cp.Model.load(tmp_path / "m").report == model.report
        model = cp.Model.fit(
            pd.DataFrame({"x": np.arange(10) * 0.5, "y": np.arange(10) * 0.5}),
            "y",
            epochs=1,
            test=0.1,
        )
        model.save(tmp_path / "m")
        assert model.report.scores["this network"]["R2"] is None
        assert "  -  " in repr(model.report)

    def test_classes_too_small_to_test(self):
        table = pd.DataFrame(
            {"x": np.arange(44.0), "y": ["a"] * 20 + ["b"] * 20 + ["c", "c", "d", "d"]}
        )
        report = cp.Model.fit(table, "y", epochs=1, keep=["x"]).report
        assert "classes with fewer than three rows are not tested: c, d" in report.notes
        pairs = pd.DataFrame({"x": np.arange(40) * 0.5, "y": [f"c{i // 2}" for i in range(40)]})
        report = cp.Model.fit(pairs, "y", epochs=1).report
        assert report.scores == {}
        assert "no class has three rows" in report.notes[0]

    def test_an_index_is_told(self):
        report = cp.Model.fit(
            CARS.set_index("Horsepower"), "Miles_per_Gallon", epochs=1, compare=False
        ).report
        assert "the index Horsepower is no column" in report.notes[-1]

    def test_an_interrupted_run(self):
        old = signal.signal(signal.SIGINT, signal.default_int_handler)  # CI may run without one

        def ctrl_c():
            os.kill(os.getpid(), signal.SIGINT)

        model = cp.Model.fit(CARS, "Miles_per_Gallon", callbacks=lambda epoch: ctrl_c())
        signal.signal(signal.SIGINT, old)
        assert model.report.training["stopped"] == "interrupted"
        assert list(model.report.scores) == ["this network"]
        assert "training was interrupted" in repr(model.report)

    def test_text_and_json_and_html(self, model):
        text = repr(model.report)
        assert max(map(len, text.splitlines())) <= 80
        assert "sex (11)" in text
        assert json.loads(json.dumps(model.report.to_dict())) == model.report.to_dict()
        html = model.report._repr_html_()
        assert html.count("<table>") == html.count("</table>") == 2

    def test_ten_thousand_columns_fit_on_a_page(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(60, 10_000))
        table = pl.DataFrame(X, schema=[f"c{i}" for i in range(10_000)]).with_columns(
            y=pl.Series(X[:, 0] > 0)
        )
        model = cp.Model.fit(table, "y", hidden=[5], epochs=2)
        assert len(repr(model.report).splitlines()) < 30
        assert "and 9,988 more" in " ".join(repr(model.report).split())
        assert model.network.sizes[0] == 10_000


class TestScores:
    def test_classes_against_scikit_learn(self):
        rng = np.random.default_rng(0)
        shares = rng.dirichlet(np.ones(4), 200)
        y = rng.integers(0, 4, 200)
        scores = class_scores(list("abcd"), y, shares)
        called = shares.argmax(axis=1)
        assert scores.accuracy == pytest.approx(accuracy_score(y, called))
        assert scores.balanced_accuracy == pytest.approx(balanced_accuracy_score(y, called))
        assert scores.log_loss == pytest.approx(log_loss(y, shares))
        assert np.array_equal(scores.confusion, confusion_matrix(y, called))
        precision, recall, f1, _ = precision_recall_fscore_support(y, called)
        np.testing.assert_allclose(scores.precision, precision)
        np.testing.assert_allclose(scores.recall, recall)
        np.testing.assert_allclose(scores.f1, f1)

    def test_numbers_against_scikit_learn(self):
        rng = np.random.default_rng(0)
        y, a = rng.normal(size=(2, 50))
        scores = NumberScores("y", y, a)
        assert scores.r2 == pytest.approx(r2_score(y, a))
        assert scores.root_mean_squared_error == pytest.approx(root_mean_squared_error(y, a))
        assert scores.to_dict()["mae"] == pytest.approx(np.abs(y - a).mean())
        assert "50 rows: R2" in repr(scores)

    def test_what_is_not_defined_is_null(self):
        scores = class_scores(
            ["a", "b", "c"], np.array([0, 0]), np.array([[0.9, 0.1, 0], [0.2, 0.8, 0]])
        )
        assert scores.to_dict()["classes"]["c"] == {
            "rows": 0,
            "precision": None,
            "recall": None,
            "f1": None,
        }
        assert scores.balanced_accuracy == 0.5
        json.dumps(scores.to_dict(), allow_nan=False)
        one = NumberScores("y", np.array([2.0]), np.array([3.0]))
        assert one.to_dict()["r2"] is None

    def test_many_classes_show_the_most_confused(self):
        shares = np.eye(20)[np.arange(20) ^ 1]
        text = repr(class_scores([f"class {i}" for i in range(20)], np.arange(20), shares))
        assert "most often confused" in text
        assert re.search(r"class 0 +class 1 +1", text)

    def test_plots(self, model, regression):
        figure = model.evaluate(PENGUINS).plot()
        assert figure.axes[0].get_ylabel() == "it is"
        axes = regression.evaluate(CARS).plot(figure.axes[0])
        assert axes is figure


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
            ({"epochs": 0}, cp.ArgumentError, "epochs is 0"),
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
                {"body_mass_g": ["heavy"] * 344},
                cp.TypeOfDataError,
                "'body_mass_g', row 0 .from 0. is 'heavy'",
            ),
            ({"body_mass_g": [1.0] * 343 + ["-"]}, cp.TypeOfDataError, "row 343 .from 0. is '-'"),
            ({"body_mass_g": [np.inf] * 344}, cp.NonFiniteDataError, "row 0 .from 0. is inf"),
        ],
    )
    def test_at_prediction(self, change, error, message, model):
        with pytest.raises(error, match=message):
            model.predict(PENGUINS.assign(**change))

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
        monkeypatch.setitem(sys.modules, "sklearn.impute", None)
        with pytest.raises(cp.MissingExtraError, match=r"scikit-learn.*clearprop\[tables\]"):
            self.fit()

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
