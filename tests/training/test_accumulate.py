"""Micro-batches: a step of several batches is that of one batch of all their rows."""

import numpy as np
import pytest

import clearprop as cp

rng = np.random.default_rng(0)
X = rng.normal(size=(130, 5))
y = (X[:, 0] > 0).astype(int)
w = rng.uniform(0, 3, 130)


def trained(**asked):
    network = cp.Network([5, 12, 2], "tanh", "softmax", seed=0, dtype="float64")
    settings = {"epochs": 3, "l2": 1e-3, "dropout": 0.2, "optimizer": "adam"} | asked
    return network, cp.train(network, X, y, progress=False, **settings)


@pytest.mark.parametrize("weights", [None, w])
@pytest.mark.parametrize("shards", [1, 3, 4])
def test_a_step_of_micro_batches_is_that_of_one_batch(weights, shards):
    one, history = trained(batch_size=48, shards=shards, sample_weight=weights)
    many, other = trained(batch_size=16, accumulate=3, shards=shards, sample_weight=weights)
    assert np.allclose(one.parameters, many.parameters, rtol=0, atol=1e-12)
    assert np.allclose(history.loss, other.loss, rtol=1e-13)
    assert [e.updates for e in other.epochs] == [3, 6, 9]  # of 48, 48 and 34 rows


def test_both_engines_make_the_same_steps():
    one, history = trained(batch_size=16, accumulate=3)
    other, reference = trained(batch_size=16, accumulate=3, engine="reference")
    assert np.allclose(one.parameters, other.parameters, rtol=0, atol=1e-12)
    assert np.allclose(history.loss, reference.loss, rtol=1e-12)


def test_a_step_has_no_more_rows_than_there_are():
    one, _ = trained(batch_size=130)
    many, history = trained(batch_size=50, accumulate=1000)
    assert np.allclose(one.parameters, many.parameters, rtol=0, atol=1e-12)
    assert history.epochs[-1].updates == 3


def test_the_bits_are_the_same_with_any_number_of_threads():
    one, _ = trained(batch_size=16, accumulate=3, shards=5, threads=1)
    two, _ = trained(batch_size=16, accumulate=3, shards=5, threads=2)
    assert np.array_equal(one.parameters, two.parameters)


def test_what_is_refused():
    with pytest.raises(cp.ArgumentError, match="accumulate=2 adds up micro-batches of batch_size"):
        trained(batch_size=None, accumulate=2)
    with pytest.raises(cp.ArgumentError, match="accumulate is 0"):
        trained(accumulate=0)


def test_a_run_with_other_micro_batches_does_not_go_on(tmp_path):
    kept = {"checkpoint": tmp_path, "resume": True}
    trained(batch_size=32, accumulate=2, **kept)
    with pytest.raises(cp.CheckpointMismatchError, match="micro_batch is 16, the run has 32"):
        trained(batch_size=16, accumulate=4, epochs=5, **kept)
