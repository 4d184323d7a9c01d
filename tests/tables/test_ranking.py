"""AUC and average precision, and what each row adds to them, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from clearprop.tables.ranking import average_precision, roc_auc

BOTH = [(roc_auc, roc_auc_score), (average_precision, average_precision_score)]
IDS = ["auc", "average precision"]


@pytest.mark.parametrize(("ours", "theirs"), BOTH, ids=IDS)
@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.5, 0.5000001, 1.0]) | st.floats(0, 1)),
             min_size=2, max_size=40)
)  # fmt: skip
@settings(max_examples=200)
def test_against_scikit_learn_with_ties(ours, theirs, rows):
    positive, scores = (np.array(column) for column in zip(*rows, strict=True))
    if positive.all() or not positive.any():
        return
    value, influence = ours(positive, scores)
    assert value == pytest.approx(theirs(positive, scores), abs=1e-12)
    assert influence.sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("ours", "theirs"), BOTH, ids=IDS)
def test_the_influence_is_the_derivative_by_a_rows_weight(ours, theirs, ties):
    rng = np.random.default_rng(0)
    n, step = 30, 1e-6
    positive = rng.random(n) < 0.4
    scores = rng.integers(0, 6, n) / 5 if ties else rng.normal(size=n)
    value, influence = ours(positive, scores)
    for i in range(n):
        weights = np.ones(n)
        weights[i] += step
        moved = theirs(positive, scores, sample_weight=weights)
        assert influence[i] == pytest.approx(n * (moved - value) / step, abs=1e-3)


def test_the_standard_error_is_that_of_many_samples():
    rng = np.random.default_rng(0)
    found = {"auc": ([], []), "precision": ([], [])}
    for _ in range(400):
        positive = rng.random(300) < 0.3
        scores = rng.normal(size=300) + positive
        for name, figure in (("auc", roc_auc), ("precision", average_precision)):
            value, influence = figure(positive, scores)
            found[name][0].append(value)
            found[name][1].append(influence.std() / np.sqrt(300))
    for values, errors in found.values():
        assert np.mean(errors) == pytest.approx(np.std(values), rel=0.1)


def test_what_is_not_defined():
    scores = np.array([0.1, 0.2])
    for positive in (np.array([False, False]), np.array([True, True])):
        value, influence = roc_auc(positive, scores)
        assert np.isnan(value)
        assert not influence.any()
    assert np.isnan(average_precision(np.array([False, False]), scores)[0])
    assert average_precision(np.array([True, True]), scores)[0] == 1
