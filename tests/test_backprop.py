from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import clearprop as cp
from clearprop.cost import cost_of
from clearprop.record import where_not_finite

X = np.array([[0.5, -0.2, 0.1], [0.3, 0.8, -0.7]])


@pytest.fixture
def record():
    network = cp.Network([3, 4, 2], "tanh", output="softmax", dtype="float64", seed=1)
    return cp.backprop(network, X, [1, 0])


def test_the_augmented_reading_gives_the_same_numbers():
    """A bias is the weight from one more neuron, which always gives 1."""
    network = cp.Network(
        [3, 4, 2], "tanh", output="softmax", biases=cp.normal(1.0), dtype="float64", seed=1
    )
    record = cp.backprop(network, X, [1, 0])
    # Layer 1 gets a further input 1 and passes it on by a neuron that gives 1: the identity.
    W1 = np.zeros((5, 4))
    W1[:4, :3], W1[:4, 3], W1[4, 3] = network["W1"], network["b1"], 1.0
    W2 = np.column_stack([network["W2"], network["b2"]])
    ones = np.ones((2, 1))
    a1 = np.hstack([record["a1"], ones])
    z1 = np.hstack([X, ones]) @ W1.T
    np.testing.assert_allclose(np.tanh(z1[:, :4]), record["a1"], rtol=1e-14)
    assert (z1[:, 4] == 1).all()
    # The output layer alone is a network without biases over (a1, 1).
    top = cp.Network.from_weights([W2], activations="softmax")
    augmented = cp.backprop(top, a1, [1, 0])
    np.testing.assert_allclose(augmented["L"], record["L"], rtol=1e-14)
    np.testing.assert_allclose(augmented["dW1"][:, :4], record["dW2"], rtol=1e-13)
    np.testing.assert_allclose(augmented["dW1"][:, 4], record["db2"], rtol=1e-13)
    # And below it: delta1 from the augmented da, times the augmented input.
    delta1 = augmented.dx[:, :4] * (1 - record["a1"] ** 2)
    dW1 = delta1.T @ np.hstack([X, ones]) / 2
    np.testing.assert_allclose(dW1[:, :3], record["dW1"], rtol=1e-13)
    np.testing.assert_allclose(dW1[:, 3], record["db1"], rtol=1e-13)


def test_one_layer_with_a_constant_input_equals_biases_through_training():
    """Both readings make the same updates, in full runs too."""
    r = np.random.default_rng(0)
    X, y = r.random((20, 3)), r.integers(0, 2, 20)
    biased = cp.Network([3, 2], output="softmax", biases=cp.normal(1.0), dtype="float64", seed=2)
    W = np.column_stack([biased["W1"], biased["b1"]])
    augmented = cp.Network.from_weights([W], activations="softmax")
    cp.train(biased, X, y, epochs=5, batch_size=7)
    cp.train(augmented, np.column_stack([X, np.ones(20)]), y, epochs=5, batch_size=7)
    np.testing.assert_allclose(augmented["W1"][:, :3], biased["W1"], rtol=1e-10)
    np.testing.assert_allclose(augmented["W1"][:, 3], biased["b1"], rtol=1e-10)


@pytest.mark.parametrize(
    ("output", "loss"),
    [("softmax", None), ("sigmoid", None), ("softplus", "poisson"), ("identity", "huber")],
)
def test_the_cost_as_a_function_of_parameters_is_the_records(output, loss):
    """By the same forms, which are finite where those of a and y alone are not."""
    network = cp.Network([3, 5, 4, 2], "tanh", output=output, loss=loss, dtype="float64", seed=1)
    network["W3"] *= 2000
    given = X, (network.predict(X) < 0.5).astype(float), None, [1, 3], 1e-3  # wrong altogether
    record = cp.backprop(network, *given)
    cost = cost_of(record)
    if network.loss.fused:
        with np.errstate(all="ignore"):
            assert not np.isfinite(network.loss.value(record.a[-1], record.y)).all()
    assert np.isfinite(record.loss)
    assert cost(network.parameters) == record.loss
    network.parameters[:] /= 3000
    assert cost(network.parameters) == cp.backprop(network, *given).loss


class TestRecord:
    def test_the_grammar_names_every_number(self, record):
        shapes = {
            "x": (2, 3), "a0": (2, 3), "z1": (2, 4), "a1": (2, 4), "z2": (2, 2), "a2": (2, 2),
            "delta2": (2, 2), "delta1": (2, 4), "da2": (2, 2), "da1": (2, 4), "da0": (2, 3),
            "dx": (2, 3), "W1": (4, 3), "b1": (4,), "W2": (2, 4), "b2": (2,), "dW1": (4, 3),
            "db1": (4,), "dW2": (2, 4), "db2": (2,), "L": (), "x[2]": (2,), "z1[3]": (2,),
            "delta2[1]": (2,), "dW2[1,3]": (), "dW2[ 1 , 3 ]": (), "db1[0]": (), "W1[3,2]": (),
            "da2[0]": (2,),
        }  # fmt: skip
        assert {name: np.shape(record[name]) for name in shapes} == shapes

    def test_names_and_attributes_are_the_same(self, record):
        for layer in (1, 2):
            assert record[f"z{layer}"] is record.z[layer - 1]
            assert record[f"a{layer}"] is record.a[layer]
            assert record[f"delta{layer}"] is record.delta[layer - 1]
            np.testing.assert_array_equal(record[f"dW{layer}"], record.dW[layer - 1])
            np.testing.assert_array_equal(record[f"db{layer}"], record.db[layer - 1])
        assert record.dx is record["da0"]
        assert record["L"] == record.loss

    def test_the_backward_equations_hold_between_its_parts(self, record):
        np.testing.assert_allclose(record["delta2"], record["a2"] - np.eye(2)[[1, 0]])
        np.testing.assert_allclose(record["dW2"], record["delta2"].T @ record["a1"] / 2)
        np.testing.assert_allclose(record["da1"], record["delta2"] @ record["W2"])
        np.testing.assert_allclose(record["delta1"], record["da1"] * (1 - record["a1"] ** 2))
        np.testing.assert_allclose(record["dW1"], record["delta1"].T @ record["x"] / 2)
        np.testing.assert_allclose(record["da2"], -record.y / record["a2"])  # -y_j / p_j

    def test_what_has_no_name(self, record):
        for name in ("z3", "a3", "delta0", "z0", "dW3", "L[0]", "delta2[2]", "z1[4]", "loss"):
            with pytest.raises(cp.ElementError):
                record[name]
        bare = cp.backprop(cp.Network([3, 2], biases=False), X, [[0, 1]] * 2)
        assert bare.db == ()
        with pytest.raises(cp.ElementError, match="no biases"):
            bare["db1"]

    def test_the_first_that_is_not_finite_is_named(self, record):
        assert where_not_finite(record) is None
        record.gradient[-1] = np.inf
        assert str(where_not_finite(record)) == "db2 holds inf"
        arrays = {"z1": record.z[0], "a1": record.a[1], "z2": record.z[1], "a2": record.a[2],
                  "L_i": record.losses[:, None], "delta2": record.delta[1],
                  "delta1": record.delta[0]}  # fmt: skip
        for name, array in reversed(arrays.items()):
            array[1, 0] = np.nan
            found = where_not_finite(record)
            assert found == (name, None if name == "L_i" else int(name[-1]), str(found))
            assert str(found) == f"{name}[0] is nan for row 1"
            assert str(where_not_finite(record, " of all")) == f"{found} of all"

    def test_it_keeps_the_network_as_it_was(self):
        network = cp.Network([3, 2], seed=1)
        record = cp.backprop(network, X, [[0, 1]] * 2)
        W = network["W1"].copy()
        network.parameters[:] = 0
        np.testing.assert_array_equal(record["W1"], W)

    def test_repr_lists_the_notes_sequence(self, record):
        lines = repr(record).splitlines()
        assert lines[0].startswith("Record of 2 samples through 3-4-2, loss cross_entropy: L = ")
        assert lines[2] == "  delta2  (2, 2)  dW2  (2, 4)  db2  (2,)  da1  (2, 4)"
        assert lines[3] == "  delta1  (2, 4)  dW1  (4, 3)  db1  (4,)  da0  (2, 3)"
        assert record._repr_html_().startswith("<table>")


def test_the_loss_is_summed_in_double_precision():
    n = 100_000
    network = cp.Network([1, 1], activations="identity", biases=False)
    network["W1"] = 1
    y = np.full(n, 0.1, dtype="float32")
    cost = float(cp.backprop(network, np.ones((n, 1)), y).loss)
    assert cost == pytest.approx(0.5 * float(np.float32(1) - np.float32(0.1)) ** 2, rel=1e-7)


@pytest.mark.parametrize("l2", [-1, np.nan, np.inf])
def test_l2_out_of_range(l2):
    with pytest.raises(cp.ArgumentError, match="l2"):
        cp.backprop(cp.Network([3, 2]), X, np.ones((2, 2)), l2=l2)


def test_the_specification_stays_short():
    """It should read like the two equations: the file's lines, documentation and all."""
    file = Path(sys.modules["clearprop.backprop"].__file__)  # the package's name is the function's
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 140
