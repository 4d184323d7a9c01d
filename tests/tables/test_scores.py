"""Scores of a table, against scikit-learn's."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    confusion_matrix,
    log_loss,
    mean_squared_error,
    precision_recall_fscore_support,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)

from clearprop.tables.scores import NumberScores, class_scores
from example_tables import CARS, PENGUINS


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
        of_each = np.eye(4)[y]
        assert scores.brier == pytest.approx(4 * mean_squared_error(of_each, shares))
        assert "AUC" not in scores.figures
        assert "positive_class" not in scores.to_dict()
        np.testing.assert_allclose(scores.precision, precision)
        np.testing.assert_allclose(scores.recall, recall)
        np.testing.assert_allclose(scores.f1, f1)

    def test_two_classes_against_scikit_learn(self):
        """scikit-learn too takes the second class for the positive one."""
        rng = np.random.default_rng(0)
        shares = rng.dirichlet(np.ones(2), 200)
        y = rng.integers(0, 2, 200)
        words = np.array(["bad", "good"])[y]
        scores = class_scores(["bad", "good"], y, shares)
        assert scores.brier == pytest.approx(brier_score_loss(y, shares[:, 1]))
        assert scores.auc == pytest.approx(roc_auc_score(words, shares[:, 1]))
        precision = average_precision_score(words, shares[:, 1], pos_label="good")
        assert scores.average_precision == pytest.approx(precision)
        told = scores.to_dict()
        assert list(told)[:8] == ["rows", "accuracy", "balanced_accuracy", "log_loss", "brier", "auc", "average_precision", "positive_class"]  # fmt: skip
        assert told["positive_class"] == "good"
        text = repr(scores)
        assert "positive class, of AUC and average precision: good" in text
        assert max(map(len, text.splitlines())) <= 80
        assert f"average precision {precision:.4f}" in text

    def test_numbers_against_scikit_learn(self):
        rng = np.random.default_rng(0)
        y, a = rng.normal(size=(2, 50))
        scores = NumberScores("y", y, a)
        assert scores.r2 == pytest.approx(r2_score(y, a))
        assert scores.root_mean_squared_error == pytest.approx(root_mean_squared_error(y, a))
        assert scores.to_dict()["mae"] == pytest.approx(np.abs(y - a).mean())
        assert "50 rows: R2" in repr(scores)

    def test_rows_are_those_of_the_table_though_some_are_left_out(self, regression):
        table = CARS.copy()
        table.loc[[0, 3], regression.target] = None
        page = repr(regression.evaluate(table, drop_missing_target=True))
        first = int(page.split("error\n")[1].split()[0])
        errors = np.abs(regression.predict(table) - table[regression.target])
        assert first == errors.argmax() > 3

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
        alone = class_scores(["a", "b"], np.array([0, 0]), np.array([[0.9, 0.1], [0.2, 0.8]]))
        assert alone.to_dict()["auc"] is alone.to_dict()["average_precision"] is None
        assert "AUC -" in repr(alone)
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
