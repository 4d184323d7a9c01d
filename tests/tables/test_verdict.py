"""What a report says of a network beside the baselines: in words, and of models that were fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    log_loss,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
)

import clearprop as cp
from clearprop.tables.comparison import Lead
from clearprop.tables.judgment import judge
from clearprop.tables.preparation import prepare
from clearprop.tables.settings import TableSettings
from clearprop.tables.verdict import few, rows_in_words, verdict

AHEAD, BEHIND = Lead(0.5, 0.1, 1e-6), Lead(-0.5, 0.1, 1e-6)
LEVEL, UNSURE = Lead(0.0, 0.01, 0.99), Lead(0.1, 0.1, 0.3)


class TestWords:
    def test_better_than_naive_by_some_and_worse_by_others(self):
        leads = {"log loss": BEHIND, "Brier": LEVEL, "AUC": AHEAD, "average precision": AHEAD}
        said = verdict("the most frequent class", leads, {}, "90 rows")
        assert said == (
            "This network is better than always answering the most frequent class by AUC and "
            "average precision, but worse by log loss."
        )

    def test_beside_the_other_baselines(self):
        ours = {"R2": AHEAD, "MAE": AHEAD}
        others = {
            "a": {"R2": AHEAD, "MAE": LEVEL},
            "b": {"R2": BEHIND, "MAE": BEHIND},
            "c": {"R2": AHEAD, "MAE": BEHIND},
            "d": {"R2": LEVEL, "MAE": UNSURE},
            "e": {"R2": LEVEL, "MAE": LEVEL},
            "f": {"R2": AHEAD, "MAE": LEVEL},
        }
        assert verdict("the mean", ours, others, "90 rows") == (
            "This network is better than always answering the mean by R2 and MAE. It is ahead of a "
            "and f by R2. It is behind b by R2 and MAE: prefer that here, or try other settings. "
            "It is ahead of c by R2, but behind by MAE. A difference from d or e is not shown on 90 "
            "rows."
        )

    def test_of_no_use(self):
        said = verdict("the mean", {"R2": LEVEL, "MAE": UNSURE}, {"a": {"R2": LEVEL}}, "90 rows")
        assert said == (
            "By no score is this network shown to be better than always answering the mean, on 90 "
            "rows, and its squared error is less than a tenth lower: it has learned nothing of use."
        )
        said = verdict("the mean", {"R2": BEHIND, "MAE": LEVEL}, {}, "90 rows")
        assert said == (
            "This network is worse than always answering the mean by R2, and better by no score: "
            "it has learned nothing of use."
        )

    def test_not_shown_is_not_of_no_use(self):
        said = verdict("the mean", {"R2": UNSURE, "MAE": UNSURE}, {"a": {"R2": AHEAD}, "b": {"R2": BEHIND}}, "40 rows")  # fmt: skip
        assert said == (
            "That this network is better than always answering the mean is not shown, by any "
            "score, on 40 rows: with more rows it may be, or not. It is behind b by R2: prefer that "
            "here, or try other settings."
        )

    def test_few_rows_are_spoken_of_where_they_are_few(self):
        assert few(29, {}).startswith("Of 29 test rows nothing follows")
        assert few(1, {}).startswith("Of 1 test row nothing follows")
        assert few(30, {}) == few(500, {"a": 5, "b": 495}) == few(500, {"a": 1, "b": 2, "c": 3}) == ""  # fmt: skip
        assert few(500, {"a": 496, "b": 4}).startswith("Of 4 test rows of class b nothing follows")
        assert rows_in_words(5000, {}) == rows_in_words(5000, {"a": 2000, "b": 3000}) == "5,000 rows"  # fmt: skip
        assert rows_in_words(800, {"0": 791, "1": 9}) == "800 rows, 9 of them of class 1"


def put_aside(table, target):
    """The rows that `cp.Model.fit` with seed 0 puts aside to test on."""
    ready = prepare(table, target, TableSettings())
    return table.iloc[ready.split.test]


REAL = {"breast cancer": load_breast_cancer, "wine": load_wine, "digits": load_digits}


@pytest.mark.parametrize("name", REAL)
def test_real_classes_against_scikit_learn(name):
    table = REAL[name](as_frame=True).frame
    model = cp.Model.fit(table, "target", seed=0)
    rows = put_aside(table, "target")
    shares, called = model.predict_proba(rows), model.predict(rows)
    ours = model.report.scores["this network"]
    assert ours["log loss"] == pytest.approx(log_loss(rows.target, shares, labels=model.classes))
    assert ours["balanced accuracy"] == pytest.approx(balanced_accuracy_score(rows.target, called))
    if name == "breast cancer":
        assert ours["AUC"] == pytest.approx(roc_auc_score(rows.target, shares[:, 1]))
        assert ours["average precision"] == pytest.approx(
            average_precision_score(rows.target, shares[:, 1])
        )
        assert model.report.scores["most frequent class"]["AUC"] == 0.5
    assert model.report.verdict.startswith(
        "This network is better than always answering the most frequent class by log loss, Brier"
    )


def test_real_numbers_against_scikit_learn():
    table = load_diabetes(as_frame=True).frame
    model = cp.Model.fit(table, "target", seed=0)
    rows = put_aside(table, "target")
    ours = model.report.scores["this network"]
    assert ours["R2"] == pytest.approx(r2_score(rows.target, model.predict(rows)))
    assert ours["MAE"] == pytest.approx(mean_absolute_error(rows.target, model.predict(rows)))
    assert model.report.verdict == (
        "This network is better than always answering the mean or the median by R2 and MAE. A "
        "difference from ridge regression or gradient boosting is not shown on 88 rows."
    )


def test_a_rare_class_is_ranked_though_it_is_not_called():
    """1.3% positive rows, accuracy no better than the naive one, an AUC of 0.98."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=5000)
    table = pd.DataFrame({"x": x, "z": rng.normal(size=5000), "y": (x + rng.normal(0, 0.5, 5000) > 2.55).astype(int)})  # fmt: skip
    report = cp.Model.fit(table.iloc[:4000], "y", seed=0).report
    ours, naive = report.scores["this network"], report.scores["most frequent class"]
    assert ours["accuracy"] <= naive["accuracy"] + 0.005
    assert ours["AUC"] > 0.95
    assert "better than always answering the most frequent class by AUC" in report.verdict
    assert "nothing of use" not in report.verdict
    assert "9 of them of class 1" in report.verdict


def test_a_quarter_of_the_variance_is_of_use():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 3))
    table = pd.DataFrame(X, columns=list("abc")).assign(y=X @ [0.4, 0.3, 0.3] + rng.normal(size=1000))  # fmt: skip
    report = cp.Model.fit(table, "y", hidden=[20], seed=0).report
    assert 0.15 < report.scores["this network"]["R2"] < 0.35
    assert "better than always answering the mean or the median by R2 and MAE" in report.verdict
    assert "ahead of ridge" not in report.verdict


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_of_noise(kind):
    """One in twenty may be taken for more than noise."""
    useless, claims = 0, 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        y = rng.normal(size=500)
        table = pd.DataFrame(rng.normal(size=(500, 3)), columns=list("abc"))
        table["y"] = (y > 0).astype(int) if kind == "classes" else y
        said = cp.Model.fit(table, "y", hidden=[10], epochs=40, seed=seed).report.verdict
        claims += "This network is better" in said or "ahead of" in said
        useless += "it has learned nothing of use" in said
    assert useless >= 7
    assert claims <= 1


def test_a_constant_between_mean_and_median_has_learned_nothing():
    """Of a skew target its absolute errors are smaller than the mean's, in every such sample."""
    y = np.exp(np.random.default_rng(0).normal(size=1500))
    table = pd.DataFrame({"x": np.random.default_rng(1).normal(size=1500), "y": y})
    ready = prepare(table, "y", TableSettings())
    constant = np.full(len(ready.split.test), (y.mean() + np.median(y)) / 2)
    scores, said = judge(ready, constant, compare=True, seed=0)
    assert scores["median"]["MAE"] < scores["this network"]["MAE"] < 0.97 * scores["mean"]["MAE"]
    assert "is better" not in said
    assert "it has learned nothing of use" in said
