"""Messages that name what is wrong, in the caller's own words and labels."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.neural_network as theirs

import clearprop as cp
from clearprop.estimators import MLPClassifier, MLPRegressor
from estimator_cases import multilabel

X = np.random.default_rng(0).normal(size=(60, 3))
Z = X[:, 0]


def of_refusal(call):
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    return message


class TestFitsThatCannotGoOn:
    @pytest.mark.parametrize("again", ["partial_fit", "fit"])
    def test_other_targets(self, again):
        estimator = MLPRegressor(hidden_layer_sizes=(4,), warm_start=again == "fit", random_state=0)
        estimator.partial_fit(X, Z)
        before = estimator.predict(X)
        message = of_refusal(lambda: getattr(estimator, again)(X, np.c_[Z, Z]))
        assert message.startswith("y has 2 columns, but the fitted network has 1 output: ")
        assert "only fit with warm_start=False makes another network" in message
        np.testing.assert_array_equal(estimator.predict(X), before)  # nothing was changed
        assert estimator.n_outputs_ == 1
        estimator.partial_fit(X, Z)

    def test_fewer_targets(self):
        estimator = MLPRegressor(hidden_layer_sizes=(4,)).partial_fit(X, np.c_[Z, Z])
        message = of_refusal(lambda: estimator.partial_fit(X, Z))
        assert message.startswith("y has 1 column, but the fitted network has 2 outputs: ")

    def test_other_hidden_layers(self):
        estimator = MLPRegressor(hidden_layer_sizes=(4,)).partial_fit(X, Z)
        message = of_refusal(
            lambda: estimator.set_params(hidden_layer_sizes=(5, 2)).partial_fit(X, Z)
        )
        assert message.startswith(
            "hidden_layer_sizes is now (5, 2), but the fitted network has (4,)"
        )

    def test_other_inputs(self):
        estimator = MLPRegressor(hidden_layer_sizes=(4,)).partial_fit(X, Z)
        message = of_refusal(lambda: estimator.partial_fit(X[:, :2], Z))
        assert message.startswith("X has 2 features, but MLPRegressor is expecting 3 features")

    def test_several_labels_and_one(self):
        Xm, Y = multilabel()
        for maker in (theirs.MLPClassifier, MLPClassifier):
            several = maker(random_state=0).partial_fit(Xm, Y, classes=range(4))
            several.partial_fit(Xm, Y.argmax(axis=1))  # one label a row, of the four
            message = of_refusal(lambda e=several: e.partial_fit(Xm, Y[:, :2]))
            assert message == "classes [0 1 2 3] mismatch with the labels [0 1] found in the data"
            one = maker(random_state=0).partial_fit(Xm, Y.argmax(axis=1), classes=range(4))
            message = of_refusal(lambda e=one: e.partial_fit(Xm, Y))
            assert message == "The object was not fitted with multilabel input."


class TestLabels:
    @pytest.mark.parametrize("labels", [["no", "yes"], [False, True], [3, 7]])
    def test_they_are_the_callers_own(self, labels):
        y = np.array(labels)[[0] * 59 + [1]]
        few = MLPClassifier(early_stopping=True, random_state=0)
        assert of_refusal(lambda: few.fit(X, y)).endswith(f"members are: [{labels[1]!r}]")
        known = MLPClassifier(random_state=0).partial_fit(X, y, classes=labels)
        message = of_refusal(lambda: known.partial_fit(X[:2], np.array(["p", "q"])))
        assert str(np.array(labels)) in message
        assert "['p' 'q']" in message
        message = of_refusal(lambda: MLPClassifier(class_weight={labels[1]: -1}).fit(X, y))
        assert f"class_weight of {labels[1]!r} is -1" in message


class TestSizes:
    @pytest.mark.parametrize("sizes", [(True,), True, (4, False), (np.True_,), (2.0,), ("4",)])
    def test_whole_numbers(self, sizes):
        message = of_refusal(lambda: MLPRegressor(hidden_layer_sizes=sizes).fit(X, Z))
        assert "hidden_layer_sizes" in message

    def test_numpys_are_taken(self):
        estimator = MLPRegressor(hidden_layer_sizes=np.array([4, 2])).partial_fit(X, Z)
        assert estimator.network_.sizes == (3, 4, 2, 1)


@pytest.mark.parametrize(
    "settings",
    [
        {"output": "softmax", "loss": "squared_error"},
        {"output": "identity"},
        {"output": "sigmoid"},
    ],
)
def test_labels_that_a_loss_does_not_take(settings):
    labels = np.array([0, 1, 2])
    with pytest.raises(cp.ShapeError) as caught:
        cp.train(cp.Network([3, 4, 3], **settings), X[:3], labels, epochs=1)
    message = str(caught.value)
    assert "labels become rows by np.eye(3)[y]; the loss cross_entropy, after softmax" in message
    cp.train(cp.Network([3, 4, 3], **settings), X[:3], np.eye(3)[labels], epochs=1)
    cp.train(cp.Network([3, 3], output="softmax"), X[:3], labels, loss="cross_entropy", epochs=1)
