"""class_weight: batches that lack a class, weights that cannot be, names that are no class."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import SGDClassifier

from clearprop.estimators import MLPClassifier
from estimator_cases import iris, multilabel, quiet

X = np.random.default_rng(0).normal(size=(60, 3))
LETTERS = np.repeat(["a", "b", "c"], 20)


def partial(y, rows, class_weight, classes, **more):
    estimator = MLPClassifier((4,), class_weight=class_weight, random_state=0)
    return estimator.partial_fit(X[rows], y[rows], classes=classes, **more)


class TestBatchesThatLackAClass:
    @pytest.mark.parametrize("rows", [slice(40), slice(20, 60), slice(20), slice(60)], ids=str)
    def test_a_batch_counts_as_with_weights_for_its_samples(self, rows):
        named = partial(LETTERS, rows, {"c": 5.0, "a": 0.5}, list("abc"))
        by_hand = np.select([LETTERS == "c", LETTERS == "a"], [5.0, 0.5], 1.0)[rows]
        weighted = partial(LETTERS, rows, None, list("abc"), sample_weight=by_hand)
        np.testing.assert_array_equal(named.coefs_[0], weighted.coefs_[0])

    def test_later_batches(self):
        estimator = partial(LETTERS, slice(60), {"c": 5.0}, list("abc"))
        for rows in (slice(40), slice(20, 60), slice(5)):
            estimator.partial_fit(X[rows], LETTERS[rows])
        assert np.isfinite(estimator.coefs_[0]).all()

    def test_scikit_learn_takes_them_too(self):
        theirs = SGDClassifier(class_weight={"c": 5.0})
        theirs.partial_fit(X[:40], LETTERS[:40], classes=list("abc"))

    def test_a_class_that_is_in_the_validation_share_alone(self):
        y = LETTERS.copy()
        y[1:20] = "b"  # one row of "a"
        for seed in range(20):
            estimator = MLPClassifier(
                (4,), class_weight={"a": 2.0}, early_stopping=True, random_state=seed, max_iter=2,
                validation_fraction=0.5,
            )  # fmt: skip
            quiet(estimator, X, y)

    def test_labels_of_which_a_batch_has_one_value(self):
        Xm, Y = multilabel()
        chosen = [{0: 1.0, 1: 2.0}, {1: 3.0}, {}, {0: 0.5}]
        weights = np.prod(
            [np.where(Y[:, k] == 1, w.get(1, 1.0), w.get(0, 1.0)) for k, w in enumerate(chosen)],
            axis=0,
        )
        rows = Y[:, 1] == 0
        named = MLPClassifier((4,), class_weight=chosen, random_state=0)
        weighted = MLPClassifier((4,), random_state=0)
        named.partial_fit(Xm[rows], Y[rows], classes=range(4))
        weighted.partial_fit(Xm[rows], Y[rows], weights[rows], classes=range(4))
        np.testing.assert_array_equal(named.coefs_[0], weighted.coefs_[0])

    @pytest.mark.parametrize(
        "y", [LETTERS == "a", (LETTERS == "a").astype(float), LETTERS.astype(object)]
    )
    def test_labels_of_any_kind(self, y):
        name = y[0].item() if isinstance(y[0], np.generic) else y[0]
        weights = np.where(y == y[0], 3.0, 1.0)
        named = quiet(
            MLPClassifier((4,), class_weight={name: 3.0}, random_state=0, max_iter=3), X, y
        )
        by_hand = quiet(MLPClassifier((4,), random_state=0, max_iter=3), X, y, weights)
        np.testing.assert_array_equal(named.coefs_[0], by_hand.coefs_[0])


class TestRefusals:
    @pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf"), "3", None, 1j])
    @pytest.mark.parametrize("solver", ["adam", "lbfgs"])
    def test_weights_that_cannot_be(self, weight, solver):
        estimator = MLPClassifier((4,), class_weight={"b": weight}, solver=solver)
        with pytest.raises(ValueError, match="class_weight of 'b' is .*finite numbers, 0 or more"):
            estimator.fit(X, LETTERS)
        estimator.set_params(solver="adam")
        with pytest.raises(ValueError, match="class_weight of 'b' is"):
            estimator.partial_fit(X, LETTERS, classes=list("abc"))

    def test_of_labels(self):
        Xm, Y = multilabel()
        with pytest.raises(ValueError, match="class_weight of 1 is -2"):
            MLPClassifier((4,), class_weight=[{}, {1: -2}, {}, {}]).fit(Xm, Y)
        for wrong in ({1: 2.0}, [{1: 2.0}]):
            with pytest.raises(ValueError, match="of 4 labels a row must be a list of 4 dicts"):
                MLPClassifier((4,), class_weight=wrong).fit(Xm, Y)
        with pytest.raises(ValueError, match="a list, for several labels a row: give a dict"):
            MLPClassifier((4,), class_weight=[{"a": 1.0}]).fit(X, LETTERS)

    def test_a_name_that_is_no_class(self):
        with pytest.raises(ValueError, match=r"names 'd', but the classes are \['a', 'b', 'c'\]"):
            MLPClassifier((4,), class_weight={"d": 5.0}).fit(X, LETTERS)
        more = {
            "a": 1.0,
            "b": 1.0,
            "c": 2.0,
            "d": 5.0,
        }  # scikit-learn lets it be where all are named
        quiet(MLPClassifier((4,), class_weight=more, max_iter=2), X, LETTERS)

    def test_what_is_left_does_not_count(self):
        Xi, y = iris()
        with pytest.raises(ValueError, match="no sample that counts"):
            MLPClassifier(class_weight={0: 0.0, 1: 0.0, 2: 0.0}).fit(Xi, y)
