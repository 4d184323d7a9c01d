"""Training in joblib's workers, which map large arrays of what they are sent read-only."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp

joblib = pytest.importorskip("joblib")

RNG = np.random.default_rng(0)
X, Y = RNG.random((50, 600), np.float32), RNG.integers(0, 2, 50)


def trained(network, engine, optimizer):
    before = network.predict(X)
    history = cp.train(network, X, Y, epochs=2, engine=engine, optimizer=optimizer, progress=False)
    return history.stopped, network.parameters.copy(), before


@pytest.mark.parametrize(
    ("engine", "optimizer"), [("compiled", "adam"), ("compiled", "lbfgs"), ("reference", "sgd")]
)
def test_a_network_above_a_megabyte(engine, optimizer):
    network = cp.Network([600, 600, 2], output="softmax")
    assert network.parameters.nbytes > 1e6  # from there on joblib maps
    answers = joblib.Parallel(2)(joblib.delayed(trained)(network, engine, optimizer) for _ in "ab")
    before = network.predict(X)
    _, expected, _ = trained(network, engine, optimizer)
    for stopped, parameters, predicted in answers:
        assert stopped == "completed"
        if engine == "compiled":
            np.testing.assert_array_equal(parameters, expected)
        else:  # BLAS, which has one thread in a worker, sums in another order
            np.testing.assert_allclose(parameters, expected, atol=1e-6)
        np.testing.assert_array_equal(predicted, before)


def test_a_file_that_is_mapped(tmp_path):
    network = cp.Network([600, 600, 2], output="softmax")
    joblib.dump(network, tmp_path / "network")
    written = (tmp_path / "network").read_bytes()
    for mode in ("r", "r+", "c"):
        mapped = joblib.load(tmp_path / "network", mmap_mode=mode)
        mapped["W1"] = 0.0
        assert trained(mapped, "compiled", "adam")[0] == "completed"
        assert (tmp_path / "network").read_bytes() == written  # the file is nobody's memory


@pytest.mark.parametrize("warm_start", [False, True])
def test_an_estimator(warm_start):
    from clearprop.estimators import MLPClassifier

    estimator = MLPClassifier([600], max_iter=2, warm_start=warm_start, random_state=0)
    with pytest.warns(match="Maximum iterations"):
        estimator.fit(X, Y)

    def again(estimator):
        estimator.partial_fit(X, Y)
        return estimator.coefs_[0].copy()

    answers = joblib.Parallel(2)(joblib.delayed(again)(estimator) for _ in "ab")
    expected = again(estimator)
    for found in answers:
        np.testing.assert_array_equal(found, expected)


def test_an_estimator_with_a_best_epoch_that_improves(tmp_path):
    """The best parameters of the fit before, which are mapped too, are replaced."""
    from clearprop.estimators import MLPClassifier

    estimator = MLPClassifier(
        [600], solver="sgd", max_iter=2, warm_start=True, early_stopping=True, random_state=0
    )
    with pytest.warns(match="Maximum iterations"):
        estimator.fit(X, Y)
    joblib.dump(estimator, tmp_path / "estimator")
    mapped = joblib.load(tmp_path / "estimator", mmap_mode="r")
    for one in (mapped, estimator):
        one.best_validation_score_ = -1.0  # whatever comes is better
        with pytest.warns(match="Maximum iterations"):
            one.fit(X, Y)
    np.testing.assert_array_equal(mapped._best, estimator._best)
