"""Per-sample gradients: against a loop over backprop, against PyTorch, and against their mean."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import cases
import clearprop as cp

CASES = cases.gradient_cases()


def looped(network, X, y, **settings):
    """What the function stands for: backpropagation of one sample after the other."""
    records = [cp.backprop(network, X[i : i + 1], y[i : i + 1], **settings) for i in range(len(X))]
    return (
        np.array([record.gradient for record in records]),
        np.array([record.losses[0] for record in records]),
    )


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_equals_a_loop_and_its_mean_is_the_gradient(case):
    network = case.network()
    X, y, weight = case.data()
    found = cp.per_sample_gradients(network, X, y, block=2)  # 2 + 2 + 1 rows
    gradients, losses = looped(network, X, y)
    size = 1 + np.abs(gradients).max()
    np.testing.assert_allclose(found.array, gradients, rtol=1e-12, atol=1e-14 * size)
    np.testing.assert_allclose(found.losses, losses, rtol=1e-12, atol=1e-14)
    record = cp.backprop(network, X, y, sample_weight=weight)
    np.testing.assert_allclose(
        record.omega @ found.array, record.gradient, rtol=1e-11, atol=1e-13 * size
    )


@pytest.mark.parametrize(
    ("output", "loss"), [("softmax", "cross_entropy"), ("identity", "squared_error")]
)
@pytest.mark.parametrize("biases", [True, False])
def test_equals_pytorchs_vmap_of_grad(output, loss, biases):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    network = cp.Network(
        [5, 7, 6, 4], "tanh", output, loss, biases and cp.uniform(0.5), dtype="float64", seed=2
    )
    X = rng.normal(size=(9, 5))
    y = rng.integers(0, 4, 9) if output == "softmax" else rng.normal(size=(9, 4))

    def cost(parameters, x, target):
        a = x
        for layer in (1, 2, 3):
            a = parameters[f"W{layer}"] @ a + (parameters[f"b{layer}"] if biases else 0)
            a = torch.tanh(a) if layer < 3 else a
        if loss == "cross_entropy":
            return torch.nn.functional.cross_entropy(a, target)
        return 0.5 * ((a - target) ** 2).sum()

    named = network.unflatten(network.parameters)
    parameters = {name: torch.from_numpy(array.copy()) for name, array in named.items()}
    theirs = torch.func.vmap(torch.func.grad(cost), in_dims=(None, 0, 0))(
        parameters, torch.from_numpy(X), torch.from_numpy(y)
    )
    ours = cp.per_sample_gradients(network, X, y, block=4)
    assert ours.keys() == [f"d{name}" for name in theirs]
    for name, array in theirs.items():
        np.testing.assert_allclose(ours[f"d{name}"], array.numpy(), rtol=1e-11, atol=1e-13)


def test_parts_are_views_by_their_names():
    network = cp.Network([3, 4, 2], output="softmax", seed=1)
    X, y = np.random.default_rng(0).random((6, 3)), np.arange(6) % 2
    found = cp.per_sample_gradients(network, X, y)
    assert {name: part.shape for name, part in dict(found).items()} == {
        "dW1": (6, 4, 3), "db1": (6, 4), "dW2": (6, 2, 4), "db2": (6, 2),
    }  # fmt: skip
    for i, row in enumerate(found.array):
        for name, view in network.unflatten(row).items():
            np.testing.assert_array_equal(found[f"d{name}"][i], view)
    assert all(np.shares_memory(part, found.array) for part in dict(found).values())
    np.testing.assert_array_equal(found["dW2[1,3]"], found["dW2"][:, 1, 3])
    np.testing.assert_array_equal(found["db1[2]"], found["db1"][:, 2])
    assert np.asarray(found) is found.array
    assert np.linalg.norm(found, axis=1).shape == (6,)
    with pytest.raises(cp.ElementError, match="per-sample gradients are dW1, db1, dW2, db2"):
        found["W1"]
    with pytest.raises(cp.ElementError, match="has dW1 to dW2"):
        found["dW3"]
    with pytest.raises(cp.ElementError, match="indices of dW2 run over"):
        found["dW2[2,0]"]


def test_without_biases_there_are_none():
    network = cp.Network([2, 3, 1], biases=False)
    found = cp.per_sample_gradients(network, [[1.0, 2.0]], [1.0])
    assert found.keys() == ["dW1", "dW2"]
    assert repr(found) == (
        "Gradients of 1 sample for 9 parameters, float32\n  dW1  (1, 3, 2)  dW2  (1, 1, 3)"
    )
    with pytest.raises(cp.ElementError, match="no biases"):
        found["db1"]


@pytest.mark.parametrize("dtype", ["float32", "float64", "longdouble", "complex128"])
def test_data_types(dtype):
    network = cp.Network([3, 5, 2], "tanh", dtype=dtype, seed=1)
    X, y = np.random.default_rng(0).random((7, 3)), np.random.default_rng(1).random((7, 2))
    found = cp.per_sample_gradients(network, X, y, block=3)
    gradients, _ = looped(network, X, y)
    assert found.array.dtype == network.dtype
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(found.array, gradients, rtol=tolerance, atol=tolerance / 10)


def test_functions_of_ones_own_and_another_loss():
    cube = cp.Activation("cube", lambda z: z**3, lambda z: 3 * z**2)
    fourth = cp.Loss("fourth", lambda a, y: ((a - y) ** 4).sum(), lambda a, y: 4 * (a - y) ** 3)
    network = cp.Network([2, 3, 1], [cube, "identity"], dtype="float64", seed=3)
    X, y = np.random.default_rng(0).random((5, 2)), np.arange(5.0)
    for loss in (fourth, "absolute_error", cp.huber(0.5), None):
        found = cp.per_sample_gradients(network, X, y, loss=loss)
        gradients, losses = looped(network, X, y, loss=loss)
        np.testing.assert_allclose(found.array, gradients, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(found.losses, losses, rtol=1e-12)
    assert network.loss.name == "squared_error"


def test_any_table_of_numbers_and_nothing_passed_in_changes():
    pandas = pytest.importorskip("pandas")
    network = cp.Network([2, 2], output="softmax", seed=1)
    before = network.parameters.copy()
    X, y = np.random.default_rng(0).random((5, 2)), np.arange(5) % 2
    kept = X.copy(), y.copy()
    table = pandas.DataFrame(X, columns=["a", "b"])
    found = cp.per_sample_gradients(network, table, pandas.Series(y))
    np.testing.assert_array_equal(found.array, cp.per_sample_gradients(network, X, y).array)
    np.testing.assert_array_equal(network.parameters, before)
    np.testing.assert_array_equal(X, kept[0])
    np.testing.assert_array_equal(y, kept[1])
    network.parameters[:] = 0  # the result has a network of its own
    np.testing.assert_array_equal(found.network.parameters, before)


def test_blocks_of_any_size_give_the_same():
    network = cp.Network([3, 8, 2], "tanh", dtype="float64", seed=1)
    X, y = np.random.default_rng(0).random((50, 3)), np.random.default_rng(1).random((50, 2))
    whole = cp.per_sample_gradients(network, X, y, block=1000).array
    for block in (1, 7, 49, 50):
        np.testing.assert_allclose(
            cp.per_sample_gradients(network, X, y, block=block).array, whole, rtol=1e-12, atol=1e-15
        )


def test_memory_beside_the_result_is_that_of_a_block(tmp_path):
    network = cp.Network([4, 400, 1], "tanh", seed=1)
    X, y = np.ones((4000, 4), np.float32), np.ones((4000, 1), np.float32)
    out = np.memmap(tmp_path / "gradients", np.float32, "w+", shape=(4000, network.n_parameters))
    peaks = {}
    for block in (100, 4000):
        tracemalloc.start()
        found = cp.per_sample_gradients(network, X, y, block=block, out=out)
        peaks[block] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert found.array is out
    assert peaks[4000] > 20e6  # z, a, da and delta of 400 units: what the blocks spare
    assert peaks[100] < 2e6


def test_memory_of_ones_own():
    network = cp.Network([2, 3, 1], seed=1)
    X, y = np.random.default_rng(0).random((5, 2)), np.arange(5.0)
    fresh = cp.per_sample_gradients(network, X, y).array
    for out in (np.full((5, 13), np.nan, "f4"), np.full((13, 5), np.nan, "f4").T):
        assert cp.per_sample_gradients(network, X, y, out=out).array is out
        np.testing.assert_array_equal(out, fresh)
    for wrong, error, words in [
        (np.zeros((5, 12), "f4"), cp.ShapeError, r"out must have shape \(5, 13\), .* \(5, 12\)"),
        (np.zeros((5, 13)), cp.ArgumentError, "out holds float64, but the network is float32"),
        ([[0.0]], cp.ArgumentError, "out is a list; it must be an array to write into"),
        (np.broadcast_to(np.float32(0), (5, 13)), cp.ArgumentError, "an array to write into"),
    ]:
        with pytest.raises(error, match=words):
            cp.per_sample_gradients(network, X, y, out=wrong)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"network": "n"}, cp.ArgumentError, "the first argument is a str"),
        ({"X": [[1.0]]}, cp.ShapeError, "X has 1 columns"),
        ({"X": [[1.0, np.nan]]}, cp.NonFiniteDataError, "X at row 0, column 1 is nan"),
        ({"X": np.zeros((0, 2))}, cp.ShapeError, "X has no rows"),
        ({"y": [0, 1]}, cp.ShapeError, "X has 1 rows, but y has 2"),
        ({"y": [5]}, cp.TargetError, r"y\[0\] is 5"),
        ({"loss": "poisson"}, cp.PairingError, "poisson"),
        ({"loss": "no"}, cp.UnknownNameError, "no loss is called"),
        ({"block": 0}, cp.ArgumentError, "block is 0; it must be a number of rows, 1 or more"),
        ({"block": 2.5}, cp.ArgumentError, "block is 2.5"),
    ],
)
def test_what_does_not_fit_is_refused(change, error, words):
    given = {"network": cp.Network([2, 3], output="softmax"), "X": [[1.0, 2.0]], "y": [1]} | change
    with pytest.raises(error, match=words):
        cp.per_sample_gradients(**given)


def test_numbers_that_overflow_stay_as_backprop_has_them():
    network = cp.Network.from_weights([[[1e200]], [[1e200]]], None, "identity")
    found = cp.per_sample_gradients(network, [[1e200], [0.0]], [0.0, 0.0])
    assert np.isinf(found.losses[0])
    assert not np.isfinite(found.array[0]).any()
    assert np.isfinite(found.array[1]).all()
