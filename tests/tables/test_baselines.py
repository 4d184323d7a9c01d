"""Baselines: what they learn from, and that they say so while they do."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, TargetEncoder

import clearprop as cp
from clearprop.tables import baselines
from clearprop.tables.baseline_inputs import (
    BaselineInputs,
    for_boosting,
    for_linear,
    with_mean_targets,
)
from clearprop.tables.baselines import sample
from clearprop.tables.preparation import prepare
from clearprop.tables.settings import TableSettings
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
        ready, _ = tried(CARS, "Miles_per_Gallon")
        inputs = for_boosting(ready.encoding, ready.columns, ready.columns).learned.shape[1]
        inputs += baselines.OVERHEAD
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


def tried(table, target, seed=0, test=None, **options):
    """What the baselines predict for the rows of `test`, having learned from those of a table."""
    whole = table if test is None else pd.concat([table, test], ignore_index=True)
    ready = prepare(whole, target, TableSettings(**options))
    rows = np.arange(len(whole))
    learned = rows[: len(table)]
    tested = rows if test is None else rows[len(table) :]
    return ready, baselines.baselines(
        ready.encoding,
        {name: one.take(learned) for name, one in ready.columns.items()},
        {name: one.take(tested) for name, one in ready.columns.items()},
        ready.y[learned],
        len(ready.target.classes),
        seed,
    )


@pytest.mark.parametrize("counts", [[11_000, 1], [12, 1]])
def test_two_classes_of_which_one_has_one_row(counts):
    y = np.repeat(["often", "once"], counts)
    x = np.random.default_rng(0).normal(size=(len(y), 2))
    _, shares = tried(pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": y}), "y")
    assert set(shares) == {"most frequent class", "logistic regression", "gradient boosting"}
    for name, one in shares.items():
        assert one.shape == (len(y), 2), name
        np.testing.assert_allclose(one.sum(axis=1), 1)


def shops(n, seed=0, classes=False):
    """Each shop decides y, but for noise; of a thousand, each has a few rows."""
    rng = np.random.default_rng(seed)
    effect = np.random.default_rng(1).normal(size=1000)
    shop = rng.integers(0, 1000, n)
    y = effect[shop] + rng.normal(0, 0.3, n)
    return pd.DataFrame(
        {
            "shop": [f"shop {k:04}" for k in shop],
            "x": rng.normal(size=n),
            "y": np.where(y > 0, "up", "down") if classes else y,
        }
    )


class TestTheTableAsItIs:
    def test_no_category_is_rare_to_a_baseline(self):
        """Held to scikit-learn's own pipelines on the raw table."""
        learned, tested = shops(6000), shops(2000, seed=2)
        ready, found = tried(learned, "y", test=tested)
        options = {"handle_unknown": "ignore"}
        for name, first, model in (
            ("ridge regression", OneHotEncoder(**options), Ridge()),
            ("gradient boosting", TargetEncoder(), HistGradientBoostingRegressor()),
        ):
            steps = make_column_transformer((first, ["shop"]), remainder="passthrough")
            theirs = make_pipeline(steps, model).fit(learned[["shop", "x"]], learned.y)
            expected = theirs.score(tested[["shop", "x"]], tested.y)
            predicted = found[name] * ready.target.scale + ready.target.mean
            assert expected > 0.85
            assert abs(r2_score(tested.y, predicted) - expected) < 0.01, name

    def test_of_classes_too(self):
        learned, tested = shops(6000, classes=True), shops(2000, seed=2, classes=True)
        _, found = tried(learned, "y", test=tested)
        for name in ("logistic regression", "gradient boosting"):
            assert roc_auc_score(tested.y == "up", found[name][:, 1]) > 0.9, name

    def test_few_categories_are_gradient_boostings_own(self):
        """It splits them in two as it likes: no order of codes has to fit."""
        rng = np.random.default_rng(0)
        good = set(rng.permutation(200)[:100].tolist())
        code = rng.integers(0, 200, 9000)
        table = pd.DataFrame({"c": [f"v{k:03}" for k in code], "y": [float(k in good) + rng.normal(0, 0.1) for k in code]})  # fmt: skip
        ready, found = tried(table[:8000], "y", test=table[8000:])
        inputs = for_boosting(ready.encoding, ready.columns, ready.columns)
        assert (inputs.categorical, inputs.targeted) == ((0,), ())
        predicted = found["gradient boosting"] * ready.target.scale + ready.target.mean
        assert r2_score(table.y[8000:], predicted) > 0.95
        raw = table[["c"]].astype("category")
        theirs = HistGradientBoostingRegressor(categorical_features="from_dtype", random_state=0)
        theirs.fit(raw[:8000], (table.y[:8000] - ready.target.mean) / ready.target.scale)
        np.testing.assert_allclose(theirs.predict(raw[8000:]), found["gradient boosting"])

    @pytest.mark.parametrize("n_classes", [0, 2, 3])
    def test_a_rows_own_target_does_not_show(self, n_classes):
        """A category of one row has the mean of other rows, whichever these are."""
        rng = np.random.default_rng(0)
        y = rng.integers(0, n_classes, 1000) if n_classes else rng.normal(size=1000)
        X = np.column_stack([rng.normal(size=1000), np.arange(1000.0), np.arange(1000.0) % 3])
        raw = BaselineInputs(X, X, categorical=(2,), targeted=(1,))
        found = with_mean_targets(raw, y, n_classes, seed=0)
        assert (found.categorical, found.targeted) == ((1,), ())
        assert np.array_equal(found.learned[:, :2], X[:, [0, 2]])
        means = found.learned[:, 2:]
        assert means.shape[1] == (3 if n_classes == 3 else 1)
        assert all(len(np.unique(one.round(12))) <= 5 for one in means.T)
        encoder = TargetEncoder().fit(X[:, [1]], y)  # of other rows, all targets count
        assert np.array_equal(found.tested[:, 2:], encoder.transform(X[:, [1]]))
        again, other = (with_mean_targets(raw, y, n_classes, seed) for seed in (0, 1))
        assert np.array_equal(found.learned, again.learned)
        if not n_classes:  # of classes, each part has the same share
            assert not np.array_equal(found.learned, other.learned)

    def test_inputs(self):
        when = pd.to_datetime(["2024-01-05", None, "2024-03-09", "2024-06-01"] * 30)
        table = pd.DataFrame(
            {
                "n": [1.0, None, 3.0, 4.0] * 30,
                "c": ["a", "b", None, "c"] * 30,
                "b": [True, False, True, None] * 30,
                "d": when,
                "y": [1.5, 2.5, 3.5, 0.5] * 30,
            }
        )
        ready, _ = tried(table, "y")
        first = {name: one.take(np.arange(3)) for name, one in ready.columns.items()}
        inputs = for_boosting(ready.encoding, first, ready.columns)
        assert inputs.categorical == (1, 2)
        np.testing.assert_array_equal(
            inputs.tested[:4, :3],
            [[1, 0, 1], [np.nan, 1, 0], [3, np.nan, 1], [4, np.nan, np.nan]],
        )
        assert np.isnan(inputs.tested[1, 3:]).all()
        years = ready.encoding.inputs[3].values_of(ready.columns["d"])[0]
        np.testing.assert_array_equal(inputs.tested[:, 3], years)
        linear = for_linear(ready.encoding, ready.columns, first)
        X = ready.encoding.encode(first, np.float64)
        names = ready.encoding.features
        plain = [names.index(n) for n in names if " = " not in n]
        flags = [names.index(n) for n in names if " = " in n]
        np.testing.assert_array_equal(linear.tested, X[:, plain + flags])

    @pytest.mark.parametrize("classes", [True, False])
    def test_a_table_of_all_kinds(self, classes):
        """Missing values, dates, booleans, a constant, and test rows unlike any learned from."""
        rng = np.random.default_rng(0)
        n = 900
        table = pd.DataFrame(
            {
                "n": rng.normal(size=n),
                "always": [3.0] * n,
                "many": [f"m{k}" for k in rng.integers(0, 400, n)],
                "few": rng.choice(["a", "b"], n),
                "b": rng.random(n) > 0.5,
                "d": pd.Timestamp("2024-01-01")
                + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
                "never": [None] * n,
            }
        )
        table = table.mask(rng.random(table.shape) < 0.1)
        test = table[:6].assign(many="new", few="other", n=np.nan, d=pd.NaT, b=None)
        table["y"] = rng.choice(["u", "v", "w"], n) if classes else rng.normal(size=n)
        test["y"] = table.y[:6]
        _, found = tried(table, "y", test=test)
        assert len(found) == (3 if classes else 4)
        for name, one in found.items():
            assert one.shape == ((6, 3) if classes else (6,)), name
            assert np.isfinite(one).all(), name
        _, again = tried(table, "y", test=test)
        for name, one in found.items():
            assert np.array_equal(one, again[name]), name

    def test_a_column_without_values_to_learn_from(self):
        table = shops(60)
        table["late"] = [None] * 60
        test = table[:5].assign(late="here")
        _, found = tried(table, "y", test=test)
        assert all(np.isfinite(one).all() for one in found.values())

    def test_sparse_where_most_is_zero(self):
        ready, _ = tried(shops(2000), "y")
        inputs = for_linear(ready.encoding, ready.columns, ready.columns)
        assert inputs.learned.nnz == 2 * 2000
        ready, _ = tried(PENGUINS, "species")
        assert isinstance(
            for_linear(ready.encoding, ready.columns, ready.columns).learned, np.ndarray
        )


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
        monkeypatch.setattr(phase, "PATIENCE", 0.05)
        for wanted, said in ((None, "slow work\n"), (False, ""), (True, "slow work\n")):
            told, until = "", time.monotonic() + 60
            with Phase(wanted, "slow work"):
                time.sleep(0.3)
                while (told := told + capsys.readouterr().err) != said:
                    assert time.monotonic() < until, told
                    time.sleep(0.01)
            assert capsys.readouterr().err == ""

    def test_a_program_without_a_console(self, monkeypatch):
        monkeypatch.setattr("sys.stderr", None)
        with Phase(True, "work"):
            pass
