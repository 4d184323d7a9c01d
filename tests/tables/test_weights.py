"""Weights of rows and classes: against repeated rows, scikit-learn's weights, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_sample_weight

import clearprop as cp
from clearprop.tables.in_memory import make_ready
from clearprop.tables.settings import TableSettings, check_settings
from example_tables import PENGUINS

QUICK = {"hidden": 3, "progress": False, "compare": False}
FULL = {"validation": 0, "test": 0, "batch_size": None, "epochs": 20, "optimizer": cp.SGD(0.5)}


def _names(n=60):
    """A table of categories alone, whose inputs are the same however often a row is there."""
    draw = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "a": draw.choice(list("abc"), n),
            "b": draw.choice(list("de"), n),
            "y": draw.choice(["no", "yes"], n),
            "w": draw.integers(0, 4, n).astype(float),
        }
    )


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_weight_of_2_is_the_row_twice(task):
    table = _names()
    if task == "regression":
        table["y"] = np.random.default_rng(1).normal(size=len(table))
    repeated = table.loc[np.repeat(table.index, table["w"].astype(int))]
    one = cp.Model.fit(table, "y", weight="w", task=task, **FULL, **QUICK)
    other = cp.Model.fit(repeated.drop(columns="w"), "y", task=task, **FULL, **QUICK)
    assert one.history.epochs[0].loss == pytest.approx(other.history.epochs[0].loss, rel=1e-5)
    np.testing.assert_allclose(one.network.parameters, other.network.parameters, atol=2e-5)
    even = cp.Model.fit(table.drop(columns="w"), "y", task=task, **FULL, **QUICK)
    assert not np.allclose(one.network.parameters, even.network.parameters, atol=1e-3)


def test_the_validation_loss_is_weighted():
    table = _names()
    settings = {"validation": table, "test": 0, "epochs": 3, "early_stopping": None}
    model = cp.Model.fit(table, "y", weight="w", **settings, **QUICK)
    expected = log_loss(table["y"], model.predict_proba(table), sample_weight=table["w"])
    assert model.history.epochs[-1].validation_loss == pytest.approx(expected, rel=1e-5)


def test_the_column_is_no_input_and_the_report_says_so():
    model = cp.Model.fit(_names(), "y", weight="w", **QUICK)
    assert "w" not in model.columns
    assert model.report.dropped["w"] == "weighs the rows (weight)"
    assert any("the scores count every test row once" in note for note in model.report.notes)


def _weights(table, target, **settings):
    ready = make_ready(table, target, TableSettings(**settings))
    return ready.weights[ready.split.training], ready.y[ready.split.training]


def test_balanced_is_scikit_learns():
    weights, y = _weights(PENGUINS, "species", class_weight="balanced")
    np.testing.assert_allclose(weights, compute_sample_weight("balanced", y))


def test_balanced_counts_repeated_rows():
    table = _names()
    weights, y = _weights(table, "y", class_weight="balanced", weight="w")
    assert weights[y == 0].sum() == pytest.approx(weights[y == 1].sum())


def test_a_mapping_is_scikit_learns():
    given = {"Gentoo": 5, "Adelie": 0.5}
    weights, y = _weights(PENGUINS, "species", class_weight=given)
    np.testing.assert_array_equal(weights, compute_sample_weight({0: 0.5, 1: 1, 2: 5}, y))


@pytest.mark.parametrize("values", [[1, 2, 3], [True, False], [1.5, 2.5], ["1", "x"]])
def test_classes_of_any_type_may_be_named(values):
    table = _names().assign(y=np.resize(np.array(values, dtype=object), 60))
    weights, _ = _weights(
        table, "y", task="classification", class_weight={values[0]: 3, str(values[1]).lower(): 2}
    )
    assert set(weights[weights != 1]) == {2, 3}


def test_baselines_get_the_weights():
    settings = {"class_weight": {"yes": 9}, "validation": 0, "weight": "w"}
    table = _names(400)
    model = cp.Model.fit(table, "y", **settings, **QUICK | {"compare": True, "epochs": 1})
    ready = make_ready(table, "y", TableSettings(**settings))
    rows, test = ready.split.training, ready.split.test
    weights = table["w"][rows] * np.where(ready.y[rows] == 1, 9, 1)
    linear = LogisticRegression(max_iter=1000).fit(ready.inputs(rows), ready.y[rows], weights)
    accuracy = linear.score(ready.inputs(test), ready.y[test])
    assert model.report.scores["logistic regression"]["accuracy"] == pytest.approx(accuracy)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([-1.0] + [1.0] * 59, "weight 'w' is -1 in row 0"),
        ([1.0, None] + [1.0] * 58, "weight 'w' is missing in row 1"),
        ([0.0] * 60, "all rows to learn from have weight 0"),
        (["a", "b"] * 30, "weight 'w' holds text, not numbers"),
        ([1.0, np.inf] + [1.0] * 58, "weight 'w' is inf in row 1"),
    ],
)
def test_weights_that_are_none(column, message):
    with pytest.raises(cp.DataError, match=message):
        cp.Model.fit(_names().assign(w=column), "y", weight="w", **QUICK)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weight": "v"}, "weight names 'v', which the table does not have"),
        ({"weight": "w", "keep": ["w"]}, "'w' is the rows' weight, and to be used: choose one"),
        ({"class_weight": {"yess": 2}}, "'yess' .did you mean 'yes'.*; the classes are no, yes"),
        ({"class_weight": {"yes": -2}}, "class_weight of 'yes' is -2; it must be a number of 0"),
        ({"class_weight": "even"}, "class_weight is 'even'; it must be 'balanced'"),
        ({"class_weight": {"yes": 0, "no": 0}}, "all rows to learn from have weight 0"),
    ],
)
def test_refused(settings, message):
    with pytest.raises(cp.ClearpropError, match=message):
        cp.Model.fit(_names(), "y", **settings, **QUICK)


def test_class_weights_of_a_number():
    with pytest.raises(cp.ArgumentError, match="'w' is predicted as a number"):
        cp.Model.fit(_names(), "w", task="regression", class_weight="balanced", **QUICK)


def test_settings_have_one_default_each():
    """Those of `Model.fit` and those of the dataclass, which tests and others begin with."""
    import inspect

    given = {
        name: p.default
        for name, p in inspect.signature(cp.Model.fit).parameters.items()
        if p.default is not p.empty and name not in ("verbose", "trained")
    }
    assert check_settings(**given) == TableSettings(hidden=[100, 50])


@pytest.mark.parametrize("own", [False, True])
def test_rows_that_are_left_out_need_no_weight(own, tmp_path):
    """As they need no group and no time."""
    table = _names()
    gaps = table.copy()
    gaps.loc[3, ["y", "w"]] = None
    settings = {"weight": "w", "drop_missing_target": True, **QUICK}
    learn, test = (table, gaps) if own else (gaps, 0.2)
    model = cp.Model.fit(learn, "y", test=test, epochs=1, **settings)
    assert model.report.rows["without target"] == 1
    gaps.loc[7, "w"] = None
    with pytest.raises(cp.DataError, match="weight 'w' is missing in row 7"):
        cp.Model.fit(learn, "y", test=test, epochs=1, **settings)
    gaps.loc[7, "w"] = -2
    gaps.to_csv(tmp_path / "gaps.csv", index=False)
    learn, test = (table, tmp_path / "gaps.csv") if own else (tmp_path / "gaps.csv", 0.2)
    with pytest.raises(cp.DataError, match="weight 'w' is -2.0 in row 7"):
        cp.Model.fit(learn, "y", test=test, epochs=1, **settings)
