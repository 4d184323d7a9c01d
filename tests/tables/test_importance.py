"""Importance: scikit-learn's as oracle, and intervals that hold what they promise."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.inspection import permutation_importance as theirs

import clearprop as cp
from clearprop.tables.columns import Column
from clearprop.tables.importance import Lost, _t, permutation_importance
from clearprop.tables.target import Target
from example_tables import CARS, PENGUINS
from figures import inside


class Classifier(ClassifierMixin, BaseEstimator):
    """A model in scikit-learn's interface, raw columns in."""

    def __init__(self, model):
        self.model, self.classes_ = model, np.array(model.classes)

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return self.model.predict_proba(X)


class Regressor(RegressorMixin, BaseEstimator):
    def __init__(self, model):
        self.model = model

    def fit(self, X, y):
        return self

    def predict(self, X):
        return self.model.predict(X)


@pytest.mark.parametrize("task", ["classes", "numbers"])
def test_expectations_are_those_of_scikit_learn(task, model, regression):
    if task == "classes":
        ours, table, target, wrapped = model, PENGUINS, "species", Classifier(model)
        scoring = "neg_log_loss"
    else:
        ours, table, target, wrapped = regression, CARS, "Miles_per_Gallon", Regressor(regression)
        scoring = "r2"
    found = ours.importance(table, repeats=30, seed=1)
    X = table[ours.columns]
    oracle = theirs(wrapped, X, table[target], scoring=scoring, n_repeats=30, random_state=0)
    for name, mean, std in zip(
        X.columns, oracle.importances_mean, oracle.importances_std, strict=True
    ):
        error = std * np.sqrt(2 / 30)  # of the difference of two means of 30 repeats
        assert abs(found.columns[name].mean - mean) < 4.5 * error + 1e-7, name


def one_column_each(n):
    return {name: slice(k, k + 1) for k, name in enumerate("abc"[:n])}


class TestIntervals:
    """Simulated rows, whose true importance is known, contain it in 95% of cases or a bit more."""

    def numbers(self, n, seed):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(n, 3))
        y = X[:, 0] + 0.3 * X[:, 1] + rng.normal(size=n)
        outputs = lambda X: X @ [0.8, 0.3, 0.15]  # noqa: E731
        return outputs, Target("y"), y, X

    def true_numbers(self):
        return {"a": (1.64 - 0.04) / 2.09, "b": 0.18 / 2.09, "c": 0.0}

    def classes(self, n, seed):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(n, 3))
        X[:, 1] = rng.random(n) < 0.5
        y = rng.random(n) < 1 / (1 + np.exp(-(1.5 * X[:, 0] + X[:, 1] - 0.5)))

        def outputs(X):
            p = 1 / (1 + np.exp(-(X @ [1.8, 1.1, 0.2] - 0.5)))
            return np.stack([1 - p, p], axis=1)

        return outputs, Target("y", (0, 1)), y.astype(float), X

    def true_classes(self):
        outputs, _, y, X = self.classes(400_000, 10**6)
        label = y.astype(int)

        def cost(X):
            return -np.log(outputs(X)[np.arange(len(y)), label]).mean()

        found = {}
        for k, name in enumerate("ab"):
            shuffled = X.copy()
            shuffled[:, k] = np.random.default_rng(k).permutation(X[:, k])
            found[name] = cost(shuffled) - cost(X)
        return found | {"c": 0.0}

    @pytest.mark.parametrize(("task", "repeats", "most"), [("numbers", 20, 0.98), ("classes", 20, 0.98), ("classes", 5, 1.0)])  # fmt: skip
    def test_cover(self, task, repeats, most):
        make, true = getattr(self, task), getattr(self, f"true_{task}")()
        runs, held = 250, dict.fromkeys("abc", 0)
        for seed in range(runs):
            outputs, target, y, X = make(100, seed)
            goal = Column("y", "number", y)
            found = permutation_importance(
                outputs, target, goal, X, one_column_each(3), repeats, seed
            )
            for name, lost in found.columns.items():
                held[name] += lost.low <= true[name] <= lost.high
        for name, times in held.items():
            # Three standard errors of 250 runs below 95%.
            assert 0.91 <= times / runs <= most, name

    def test_students_quantile(self):
        for freedom in (9, 12, 30, 100, 10**6):
            assert _t(freedom) == pytest.approx(student.ppf(0.975, freedom), rel=1e-3)


class TestShuffling:
    def found(self, table, **settings):
        seen = []

        def outputs(X):
            seen.append(X.copy())
            return X[:, 0]

        X = table.copy()
        goal = Column("y", "number", np.arange(len(X), dtype=float))
        permutation_importance(
            outputs, Target("y"), goal, X, {"a": slice(0, 2), "b": slice(2, 3)}, 2, 0, **settings
        )
        return X, seen

    def test_inputs_of_a_column_move_together_and_others_stay(self):
        table = np.random.default_rng(0).normal(size=(40, 3))
        X, (_, first, again, other, _) = self.found(table)
        assert np.array_equal(X, table)
        assert np.array_equal(first[:, 2], table[:, 2])
        assert not np.array_equal(first[:, :2], table[:, :2])
        assert sorted(map(tuple, first[:, :2])) == sorted(map(tuple, table[:, :2]))
        assert not np.array_equal(first, again)
        assert np.array_equal(other[:, :2], table[:, :2])

    def test_a_column_alone_has_all_its_inputs(self, model):
        sizes = [b.stop - b.start for b in model._encoding.places]
        assert sum(sizes) == len(model.features)
        for name, block in zip(model.columns, model._encoding.places, strict=True):
            assert all(feature.startswith(name) for feature in model.features[block])


class TestResult:
    def test_seeds_and_repeats(self, model):
        one, same = (model.importance(PENGUINS, seed=3) for _ in range(2))
        assert one == same
        assert one != model.importance(PENGUINS, seed=4)
        assert one.repeats == 5
        assert model.importance(PENGUINS, repeats=1).repeats == 1

    def test_score_is_that_of_evaluate(self, model, regression):
        found = model.importance(PENGUINS, repeats=1)
        assert (found.score, found.value) == (
            "log loss", pytest.approx(model.evaluate(PENGUINS).figures["log loss"])
        )  # fmt: skip
        found = regression.importance(CARS, repeats=1)
        assert found.value == pytest.approx(regression.evaluate(CARS).figures["R2"])
        assert found.score == "R2"

    def test_columns_that_do_not_matter_are_said_not_to_be_shown(self):
        rng = np.random.default_rng(0)
        table = pd.DataFrame({f"noise {k}": rng.normal(size=600) for k in range(5)})
        table["signal"] = rng.normal(size=600)
        table["y"] = table["signal"] + 0.5 * rng.normal(size=600)
        model = cp.Model.fit(table[:300], "y", compare=False, epochs=60, progress=False)
        found = model.importance(table[300:])
        assert next(iter(found.columns)) == "signal"
        assert found.columns["signal"].low > 0.5
        assert len(found.not_shown) >= 3
        page = repr(found)
        assert "Not shown to matter on 300 rows: " in page
        assert all(name in page.partition("Not shown")[2] for name in found.not_shown)
        assert "Not shown to matter on 300 rows" in found._repr_html_()
        assert json.loads(json.dumps(found.to_dict()))["not_shown"] == found.not_shown

    def test_zero_is_inside_at_the_end(self):
        assert not Lost(0.0, 0.0, 0.0).is_shown
        assert Lost(-0.2, -0.3, -0.1).is_shown

    def test_picture(self, model):
        figure = model.importance(PENGUINS).plot()
        inside(figure)
        names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
        assert names == list(model.importance(PENGUINS).columns)

    def test_too_few_rows_and_a_target_that_stays(self, model, regression):
        with pytest.raises(cp.ShapeError, match="10 rows or more, not 9"):
            model.importance(PENGUINS.head(9))
        same = CARS.head(30).assign(Miles_per_Gallon=5.0)
        with pytest.raises(cp.TargetError, match="always 5 in these rows: there is no R2"):
            regression.importance(same)
        with pytest.raises(cp.ColumnError, match="no column 'species'"):
            model.importance(PENGUINS.drop(columns="species"))

    def test_rows_without_a_target(self, regression):
        table = CARS.copy()
        table.loc[3, "Miles_per_Gallon"] = np.nan
        with pytest.raises(cp.TargetError, match="is missing in 1 of"):
            regression.importance(table)
        found = regression.importance(table, drop_missing_target=True)
        assert found.rows == len(CARS) - 1


def test_of_several_files(model, tmp_path):
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path, part in zip(paths, (PENGUINS[:100], PENGUINS[100:]), strict=True):
        part.to_csv(path, index=False)
    assert model.importance(paths).to_dict() == model.importance(PENGUINS).to_dict()
