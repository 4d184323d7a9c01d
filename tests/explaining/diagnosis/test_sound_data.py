"""What looks like an illness of the data and is none: nothing is said of it."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp


def normal(n=200, columns=4, seed=0):
    return np.random.default_rng(seed).normal(size=(n, columns))


def test_a_network_that_gives_its_inputs_back_leaks_nothing():
    X = normal()
    assert cp.diagnose(cp.Network([4, 3, 4], "tanh", "identity", seed=1), X, X)


def test_of_one_column_a_line_is_no_leak():
    x = normal(columns=1)
    assert cp.diagnose(cp.Network([1, 8, 1], "tanh", "identity", seed=1), x, 2 * x + 1)


def test_yes_and_no_in_a_column_each_are_no_duplicates():
    X = normal()
    X[:, 2] = X[:, 0] > 0
    X[:, 3] = 1 - X[:, 2]
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    network = cp.Network([4, 8, 2], "relu", "softmax", seed=1)
    assert cp.diagnose(network, X, y)
    X[:, 3] = X[:, 2]
    (finding,) = cp.diagnose(network, X, y).findings
    assert (finding.kind, finding.evidence) == ("duplicate inputs", "x[3] is x[2] on all 200 rows")


def test_rows_weighted_so_that_classes_count_alike_are_balanced():
    X = normal(1000)
    y = (X[:, 0] > np.quantile(X[:, 0], 0.97)).astype(int)
    network = cp.Network([4, 8, 1], "relu", "sigmoid", seed=1)
    (finding,) = cp.diagnose(network, X, y).findings
    assert finding.kind == "imbalanced classes"
    assert finding.evidence.startswith("97.0% of the rows are of class 0:")
    assert cp.diagnose(network, X, y, sample_weight=np.where(y == 1, 97 / 3, 1.0))


def test_of_several_questions_a_row_yes_may_be_rare():
    X = normal(1000)
    y = (X[:, :2] > np.quantile(X[:, :2], 0.97, axis=0)).astype(float)
    assert cp.diagnose(cp.Network([4, 8, 2], "relu", "sigmoid", seed=1), X, y)


@pytest.mark.parametrize("shape", ["parity", "spirals", "one column of 60"])
def test_what_only_several_columns_or_near_rows_tell_is_told(shape):
    rng = np.random.default_rng(3)
    if shape == "parity":
        X = normal(300, 2)
        y = X[:, 0] * X[:, 1] > 0
    elif shape == "spirals":
        y = np.arange(300) % 2
        turn = rng.uniform(1, 8, 300)
        at = turn + np.pi * y
        X = np.column_stack([turn * np.cos(at), turn * np.sin(at)]) / 5
    else:
        X = normal(300, 60)
        y = X[:, 7] + rng.normal(size=300) > 0
    network = cp.Network([X.shape[1], 16, 2], "relu", "softmax", seed=1)
    assert cp.diagnose(network, X, y.astype(int))
    shuffled = np.random.default_rng(4).permutation(y.astype(int))  # one in 15 does well by chance
    found = cp.diagnose(network, X, shuffled).findings
    assert [finding.kind for finding in found] == ["unrelated targets"]


def test_validation_is_rows_and_targets():
    X = normal()
    network = cp.Network([4, 8, 1], "relu", "identity", seed=1)
    with pytest.raises(cp.ArgumentError, match=r"give \(X, y\)"):
        cp.diagnose(network, X, X[:, 0] + X[:, 1], validation=0.2)


def test_a_diagnosis_is_the_same_twice():
    X = normal()
    network = cp.Network([4, 8, 1], "relu", "identity", seed=1)
    one, two = (
        repr(cp.diagnose(network, X, X[:, 0] + X[:, 1] ** 2, optimizer=cp.SGD(50.0)))
        for _ in range(2)
    )
    assert one == two
    assert "learning rate too large" in one
