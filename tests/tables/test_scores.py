"""Scores of a table, against scikit-learn's."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
    r2_score,
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
