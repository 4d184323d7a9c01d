"""What goes to other processes: errors as they are, functions of one's own by name or not at all."""

from __future__ import annotations

import copy
import pickle
import threading

import cloudpickle
import numpy as np
import pytest

import clearprop as cp
from clearprop import errors
from clearprop.estimators import MLPClassifier, MLPRegressor
from estimator_cases import diabetes, iris, quiet

KINDS = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_is_the_same_after_its_journey(kind):
    if kind is errors.DivergenceError:
        found = errors.NotFinite("z2", 2, "z2[0] is inf for row 3")
        error = kind("in epoch 2", found, "epoch 1", epoch=2, step=5).by("l2", "seen", "lower it")
    else:
        error = kind("what went wrong: do this")
    error.__cause__ = None
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert str(back) == str(error)
    assert {k: v for k, v in vars(back).items() if k != "found"} == {
        k: v for k, v in vars(error).items() if k != "found"
    }


def locked():
    """An activation that copies, and that no pickle takes."""
    lock = threading.Lock()

    def f(z):
        with lock:
            return z * 0.5

    return cp.Activation("halved", f, lambda z: 0.5)


def locked_loss():
    lock = threading.Lock()

    def value(a, y):
        with lock:
            return ((a - y) ** 2).sum()

    return cp.Loss("own_square", value, lambda a, y: 2 * (a - y))


@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps])
def test_what_no_pickle_takes_is_named(dumps):
    network = cp.Network([2, 3, 1], [locked(), "identity"], loss="squared_error", seed=0)
    with pytest.raises(errors.ArgumentError, match="activation 'halved' cannot be pickled.*lock"):
        dumps(network)
    for one in (
        MLPClassifier(activation=locked()),
        MLPClassifier(activation=[locked(), "relu"]),
    ):
        with pytest.raises(errors.ArgumentError, match="activation 'halved'"):
            dumps(one)
    with pytest.raises(errors.ArgumentError, match="loss 'own_square' cannot be pickled") as caught:
        dumps(MLPRegressor(locked_loss()))
    assert "\n" not in str(caught.value)


def test_what_no_pickle_takes_is_copied_as_ever():
    network = cp.Network([2, 3, 1], [locked(), "identity"], loss="squared_error", seed=0)
    for back in (copy.deepcopy(network), copy.copy(network), network.copy()):
        assert back.activations == network.activations
        np.testing.assert_array_equal(back.predict([[1, 2]]), network.predict([[1, 2]]))
    estimator = MLPRegressor(locked_loss())
    for back in (copy.deepcopy(estimator), copy.copy(estimator)):
        assert back.loss is estimator.loss


def test_what_cloudpickle_takes_goes_by_it():
    halved = cp.Activation("halved", lambda z: 0.5 * z, lambda z: 0.5 + 0 * z)
    network = cp.Network([2, 3, 1], [halved, "identity"], loss="squared_error", seed=0)
    back = pickle.loads(cloudpickle.dumps(network))
    np.testing.assert_array_equal(back.predict([[1, 2]]), network.predict([[1, 2]]))
    X, y = iris()
    estimator = quiet(MLPClassifier([5], activation=halved, max_iter=2, random_state=0), X, y)
    back = pickle.loads(cloudpickle.dumps(estimator))
    np.testing.assert_array_equal(back.predict_proba(X), estimator.predict_proba(X))


def test_models_and_estimators_predict_the_same_after_their_journey(model, regression):
    from example_tables import CARS, PENGUINS

    for one, table in ((model, PENGUINS), (regression, CARS)):
        back = pickle.loads(pickle.dumps(one))
        np.testing.assert_array_equal(back.predict(table), one.predict(table))
    X, y = diabetes()
    estimator = quiet(MLPRegressor(cp.huber(1.5), max_iter=2, random_state=0), X, y)
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(estimator)).predict(X), estimator.predict(X)
    )
