"""Baselines: what they learn from, and that they say so while they do."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

import clearprop as cp
from clearprop.tables import baselines
from clearprop.tables.baselines import sample
from clearprop.training.watching import phase
from clearprop.training.watching.phase import Phase
from example_tables import CARS, PENGUINS


class TestSample:
    def test_a_hundred_thousand_rows_at_most(self):
        assert baselines.MOST_ROWS == 100_000
        y = np.random.default_rng(0).normal(size=130_000)
        rows = sample(y, 0, seed=1)
        assert len(rows) == 100_000
        assert (np.diff(rows) > 0).all()
        assert np.array_equal(rows, sample(y, 0, seed=1))
        assert not np.array_equal(rows, sample(y, 0, seed=2))
        assert np.array_equal(sample(y[:100_000], 0, seed=1), np.arange(100_000))

    def test_each_class_gives_its_share_and_none_is_lost(self, monkeypatch):
        monkeypatch.setattr(baselines, "MOST_ROWS", 100)
        y = np.repeat([0, 1, 2, 3, 4], [700, 250, 45, 4, 1])
        counts = np.bincount(y[sample(y, 5, seed=0)])
        assert np.abs(counts[:3] - [70, 25, 4.5]).max() <= 1
        assert counts[3] >= 1
        assert counts[4] == 1

    def test_the_report_says_so(self, monkeypatch):
        whole = cp.Model.fit(CARS, "Miles_per_Gallon", epochs=1).report
        assert "sample" not in whole.verdict
        monkeypatch.setattr(baselines, "MOST_ROWS", 100)
        report = cp.Model.fit(CARS, "Miles_per_Gallon", epochs=1).report
        assert "The baselines learned from a sample of 100 of 318 rows." in report.verdict
        assert report.scores["this network"] == whole.scores["this network"]
        for name in ("mean", "ridge regression", "gradient boosting"):
            assert report.scores[name] != whole.scores[name]

    def test_gradient_boosting_is_left_out_where_a_sample_too_takes_minutes(self, monkeypatch):
        assert baselines.COST == 2e8
        monkeypatch.setattr(baselines, "MOST_ROWS", 100)
        inputs = cp.Model.fit(CARS, "Miles_per_Gallon", epochs=1).network.sizes[0]
        monkeypatch.setattr(baselines, "COST", 100 * inputs)
        report = cp.Model.fit(CARS, "Miles_per_Gallon", epochs=1).report
        assert "gradient boosting" in report.scores
        monkeypatch.setattr(baselines, "COST", 100 * inputs - 1)
        report = cp.Model.fit(CARS, "Miles_per_Gallon", epochs=1).report
        assert "gradient boosting" not in report.scores
        assert "Gradient boosting is left out" in report.verdict


def test_a_class_of_one_row_in_more_rows_than_gradient_boosting_takes_whole():
    """scikit-learn's puts rows of each class aside then, and raises."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=13_000)
    y = np.where(x + rng.normal(size=13_000) > 0, "yes", "no").astype(object)
    y[7] = "once"
    table = pd.DataFrame({"x": x, "y": y})
    scores = cp.Model.fit(table, "y", epochs=1, batch_size=256).report.scores
    assert scores["gradient boosting"]["log loss"] < 1.05 * scores["logistic regression"]["log loss"]  # fmt: skip


@pytest.mark.parametrize("counts", [[11_000, 1], [3, 1]])
def test_two_classes_of_which_one_has_one_row(counts):
    y = np.repeat([0, 1], counts)
    X = np.random.default_rng(0).normal(size=(len(y), 2))
    shares = baselines.baselines(X, y, X[:5] if len(y) > 5 else X, 2, 0)
    for name, one in shares.items():
        assert one.shape == (min(len(y), 5), 2), name
        np.testing.assert_allclose(one.sum(axis=1), 1)


class TestProgress:
    def test_each_baseline_says_that_it_learns(self, capsys):
        cp.Model.fit(PENGUINS, "species", epochs=1, progress=True)
        told = capsys.readouterr().err
        for name in ("most frequent class", "logistic regression", "gradient boosting"):
            assert f"for comparison, {name} learns from 275 rows\n" in told
        assert told.startswith("the table is read and prepared\n")

    def test_unless_it_is_quick_or_to_be_quiet(self, capsys):
        for progress in (None, False):
            cp.Model.fit(PENGUINS, "species", epochs=1, progress=progress)
        assert capsys.readouterr().err == ""

    def test_what_takes_a_while_says_so(self, capsys, monkeypatch):
        assert phase.PATIENCE == 2
        monkeypatch.setattr(phase, "PATIENCE", 0.05)
        for wanted, said in ((None, "slow work\n"), (False, ""), (True, "slow work\n")):
            with Phase(wanted, "slow work"):
                time.sleep(0.3)
            assert capsys.readouterr().err == said

    def test_a_program_without_a_console(self, monkeypatch):
        monkeypatch.setattr("sys.stderr", None)
        with Phase(True, "work"):
            pass
