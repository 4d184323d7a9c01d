"""The report of a model: what was decided, its scores beside the baselines, its verdict."""

from __future__ import annotations

import json
import os
import signal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.metrics import r2_score

import clearprop as cp
from clearprop.tables.split import split_rows
from example_tables import CARS, PENGUINS


class TestReport:
    def test_what_was_decided(self, regression):
        report = regression.report
        assert report.task == "regression"
        assert report.dropped == {
            "Name": "is text: 304 different values in 398 rows, such as 'chevrolet chevelle malibu', "
            "'buick skylark 320', 'plymouth satellite'; columns={'Name': 'category'} "
            "(--column Name=category) reads it as categories"
        }
        assert report.inputs["Year"] == "date, 1 number"
        assert report.inputs["Origin"] == "3 categories"
        assert report.missing == {"Horsepower": 6}
        assert report.rows == {"training": 258, "validation": 60, "test": 80, "without target": 0}
        assert set(report.scores) == {
            "this network",
            "mean",
            "median",
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
        from clearprop.tables.settings import TableSettings

        report = cp.Model.fit(CARS, "Miles_per_Gallon", epochs=1, seed=3).report
        ready = prepare(CARS, "Miles_per_Gallon", TableSettings(seed=3))
        test = ready.split.test
        rest = np.setdiff1d(np.arange(len(CARS)), test)
        X = ready.encoding.encode(ready.columns, np.float64)
        ridge = Ridge().fit(X[rest], ready.y[rest]).predict(X[test])
        assert report.scores["ridge regression"]["R2"] == pytest.approx(
            r2_score(ready.y[test], ridge)
        )
        assert report.scores["mean"]["R2"] < 0.05
        known = CARS["Miles_per_Gallon"].to_numpy()
        middle = np.abs(known[test] - np.median(known[rest])).mean()
        assert report.scores["median"]["MAE"] == pytest.approx(middle)

    def test_honest_where_it_loses(self):
        """A step that a linear network cannot take, and gradient boosting does."""
        rng = np.random.default_rng(0)
        x = rng.uniform(-1, 1, 800)
        table = pd.DataFrame({"x": x, "y": x + np.where(np.abs(x) > 0.5, 1.0, 0.0)})
        report = cp.Model.fit(table, "y", hidden=[], epochs=20).report
        assert "is better than always answering the mean or the median by" in report.verdict
        assert "It is behind gradient boosting by R2 and MAE: prefer that here" in report.verdict

    def test_and_where_it_wins(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(600, 2))
        table = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": np.sin(2 * X[:, 0] + 2 * X[:, 1])})
        report = cp.Model.fit(table, "y", seed=1).report
        assert "It is ahead of ridge regression and gradient boosting by" in report.verdict, report

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
        assert model.report.verdict in html

    def test_the_scores_of_two_classes_fit_in_80_columns(self):
        table = pd.DataFrame({"x": np.arange(200) * 0.5, "y": ["no", "yes, as far as known"] * 100})
        report = cp.Model.fit(table, "y", epochs=1).report
        assert max(map(len, repr(report).splitlines())) <= 80
        assert list(report.scores["this network"])[4:] == ["AUC", "average precision"]
        for page in (repr(report), report._repr_html_()):
            assert "positive class, of AUC and average precision: yes, as far as known" in page

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
