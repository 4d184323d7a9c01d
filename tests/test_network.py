from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import clearprop as cp


@pytest.fixture
def network():
    return cp.Network([3, 4, 2], activations="tanh", output="softmax", seed=1)


class TestParameters:
    def test_weights_and_biases_are_views_into_one_flat_vector(self, network):
        assert network.n_parameters == network.parameters.size == 3 * 4 + 4 + 4 * 2 + 2
        network.parameters[:] = np.arange(26)
        np.testing.assert_array_equal(network["W1"], np.arange(12).reshape(4, 3))
        np.testing.assert_array_equal(network.biases[0], np.arange(12, 16))
        network.weights[1][1, 3] = -7
        assert network.parameters[12 + 4 + 7] == -7 == network["W2[1,3]"]

    @pytest.mark.parametrize(
        "again", [copy.deepcopy, copy.copy, lambda n: pickle.loads(pickle.dumps(n))]
    )
    def test_copies_keep_their_views(self, network, again):
        for original in (network, cp.Network([2, 1], loss=cp.quantile(0.9))):
            twin = again(original)
            np.testing.assert_array_equal(twin.parameters, original.parameters)
            twin["W1"] = 5.0
            assert (twin.parameters[: twin["W1"].size] == 5).all()
            assert not (original["W1"] == 5).any()
            assert twin.activations == original.activations  # the table's own entries
            assert repr(twin) == repr(original)

    def test_nothing_detaches(self, network):
        with pytest.raises(TypeError):
            network.weights[0] = np.zeros((4, 3))
        for name in (
            "W1",
            "weight",
            "weights",
            "biases",
            "parameters",
            "sizes",
            "activations",
            "loss",
            "dtype",
        ):
            with pytest.raises(AttributeError):
                setattr(network, name, None)

    def test_writing_by_name(self, network):
        network["W1"] = np.ones((4, 3))
        network["b2[1]"] = 0.5
        network["b1"] = 0
        assert network.parameters[:12].sum() == 12
        assert network.biases[1][1] == 0.5
        with pytest.raises(cp.ShapeError, match=r"W1 has shape \(4, 3\), not \(3, 4\)"):
            network["W1"] = np.ones((3, 4))
        with pytest.raises(cp.ShapeError):
            network["b1"] = np.ones((1, 4))

    def test_unflatten_names_parts_of_any_vector(self, network):
        parts = network.unflatten(np.arange(26))
        assert list(parts) == ["W1", "b1", "W2", "b2"]
        assert parts["W2"][1, 3] == 23

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("W3", "has W1 to W2, of sizes 3-4-2"),
            ("W0", "has W1 to W2"),
            ("W1[4,0]", r"run over \[0..3, 0..2\]"),
            ("W1[-1,0]", "run over"),
            ("W1[0]", r"has 2 index\(es\), not 1"),
            ("b1[0,0]", r"has 1 index\(es\), not 2"),
            ("z1", "belongs to a record"),
            ("q1", "names no element"),
            ("W1[0,0", "names no element"),
            ("W1[0,0]]", "names no element"),
            ("", "names no element"),
            ("W", "names no element"),
        ],
    )
    def test_names_that_name_nothing(self, network, name, message):
        with pytest.raises(cp.ElementError, match=message):
            network[name]

    def test_a_network_without_biases(self):
        network = cp.Network([3, 2], biases=False)
        assert network.biases == ()
        assert network.n_parameters == 6
        with pytest.raises(cp.ElementError, match="no biases"):
            network["b1"]
        assert "none" in repr(network)

    def test_the_networks_of_the_notes(self):
        """60,600 parameters for six layers of 100 x 100; six for 2-2-1 without biases."""
        assert cp.Network([100] * 7).n_parameters == 60_600
        assert "60,600" in repr(cp.Network([100] * 7))
        assert cp.Network([2, 2, 1], biases=False).n_parameters == 6


class TestMaking:
    def test_seeds_reproduce(self):
        a, b, c = (cp.Network([5, 4, 3], seed=seed) for seed in (7, 7, 8))
        np.testing.assert_array_equal(a.parameters, b.parameters)
        assert not np.array_equal(a.parameters, c.parameters)

    def test_activations_for_all_or_one_per_layer(self):
        names = [f.name for f in cp.Network([1, 2, 3, 4], ["relu", "tanh", "sigmoid"]).activations]
        assert names == ["relu", "tanh", "sigmoid"]
        network = cp.Network([1, 2, 3, 4], ["relu", "tanh", "sigmoid"], output="softmax")
        assert network.activations[-1].name == "softmax"

    def test_the_default_is_relu_and_an_output_of_any_sign(self):
        assert repr(cp.Network([1, 2, 3]).activations) == "(relu, identity)"
        assert repr(cp.Network([1, 2, 3], output="softmax").activations) == "(relu, softmax)"
        assert repr(cp.Network([1, 2, 3], "tanh").activations) == "(tanh, tanh)"

    def test_biases_are_wanted_or_not_or_drawn(self):
        assert cp.Network([1, 2], biases=np.bool_(False)).biases == ()
        assert cp.Network([1, 2], biases="normal")["b1"].any()
        assert not cp.Network([1, 2], biases="zeros")["b1"].any()

    def test_biases_by_an_initializer(self):
        network = cp.Network([5, 400], biases=cp.normal(2.0))
        assert network["b1"].std() == pytest.approx(2.0, rel=0.15)

    def test_from_weights_copies_and_keeps_the_type(self):
        W = np.ones((2, 3), dtype="float32")
        network = cp.Network.from_weights([W], [np.zeros(2, dtype="float32")])
        network["W1"] = 5
        assert W.max() == 1
        assert network.dtype == np.float32
        assert cp.Network.from_weights([[[1, 2]]]).dtype == np.float64
        assert cp.Network.from_weights([W.astype("float16")]).dtype == np.float64
        assert network.activations[0].name == "sigmoid"

    @pytest.mark.parametrize(
        ("sizes", "message"),
        [
            ([3], "two or more whole numbers"),
            ([], "two or more"),
            ([3, 0, 2], "layer 1 has size 0"),
            ([3, -1], "layer 1 has size -1"),
            ([3, 2.5], "whole numbers"),
            (5, "two or more"),
            ("34", "two or more"),
            ([3, None], "two or more"),
        ],
    )
    def test_sizes_that_make_no_network(self, sizes, message):
        with pytest.raises(cp.ArchitectureError, match=message):
            cp.Network(sizes)

    def test_other_things_that_make_no_network(self):
        with pytest.raises(cp.ArchitectureError, match=r"1 activation.* 2 layer"):
            cp.Network([1, 2, 3], ["relu"])
        with pytest.raises(cp.ArgumentError, match="'float32' or 'float64'"):
            cp.Network([1, 2], dtype="float16")
        with pytest.raises(cp.ArgumentError, match="seed"):
            cp.Network([1, 2], seed=-1)
        with pytest.raises(cp.UnknownNameError, match="no initializer.*he_normal"):
            cp.Network([1, 2], initializer="he")
        with pytest.raises(cp.UnknownNameError, match="no loss.*squared_error"):
            cp.Network([1, 2], loss="mse")

    @pytest.mark.parametrize(
        ("weights", "biases", "message"),
        [
            ([], None, "weights is empty"),
            ([np.ones(3)], None, "W1 must be a matrix"),
            ([np.ones((2, 3)), np.ones((1, 3))], None, "W2 has 3 columns, but W1 has 2 rows"),
            ([np.ones((2, 3))], [np.ones(3)], r"b1 must have shape \(2,\)"),
            ([np.ones((2, 3))], [], "1 weights were given, but 0 biases"),
            ([np.ones((0, 3))], None, "size 0"),
            ([np.array([["a"]])], None, "W1 must be a matrix of numbers"),
        ],
    )
    def test_weights_that_make_no_network(self, weights, biases, message):
        with pytest.raises(cp.ArchitectureError, match=message):
            cp.Network.from_weights(weights, biases)


class TestPredict:
    def test_is_the_forward_pass_in_blocks(self, network):
        X = np.random.default_rng(0).random((9000, 3))  # more rows than one block
        wide = network.astype("float64")
        output = wide.predict(X)
        hidden = np.tanh(X @ wide["W1"].T + wide["b1"])
        z = hidden @ wide["W2"].T + wide["b2"]
        expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(output, expected, rtol=1e-13)
        assert network.predict(X).dtype == np.float32

    def test_outputs_out_of_range_name_the_layer(self):
        network = cp.Network.from_weights([[[1e200]], [[1e200]]], activations="identity")
        with pytest.raises(cp.NonFiniteError, match=r"z2\[0\] is inf for row 1"):
            network.predict([[0.0], [1.0]])
        long = np.zeros((20_000, 1))
        long[12_345] = 1
        with pytest.raises(cp.NonFiniteError, match="for row 12345: weights or inputs are too"):
            network.predict(long)

    def test_types_narrow_and_complex(self, network):
        wide = network.astype("complex128")
        wide.parameters[:] += 2j
        np.testing.assert_array_equal(wide.astype("float32").parameters, network.parameters)
        big = network.astype("float64")
        big["W1[0,0]"] = 1e300
        with pytest.raises(cp.NonFiniteError, match="parameters too large for float32"):
            big.astype("float32")
        with pytest.raises(cp.NonFiniteError, match="parameters too large for float32"):
            cp.train(big, [[1, 2, 3]], [1], precision="float32")

    def test_copies_stand_alone(self, network):
        other = network.copy()
        other.parameters[:] = 0
        assert network.parameters.any()
        assert network.astype("float64").dtype == np.float64
        assert network.astype("float32", loss="squared_error").loss.name == "squared_error"


def test_repr_html_is_a_table_and_escapes(network):
    html = network._repr_html_()
    assert html.startswith("<table><caption")
    assert html.count("<tr>") == 3
    assert "Network 3-4-2: 26 parameters" in html
    odd = cp.Activation("<b>", lambda z: z, lambda z: 1.0)
    assert "<b>" not in cp.Network([1, 1], odd)._repr_html_()


class TestFiles:
    def test_what_is_saved_comes_back(self, network, tmp_path):
        path = tmp_path / "net.safetensors"
        for original in (
            network,
            cp.Network([2, 3, 1], biases=False, dtype="float64", loss=cp.huber(0.5)),
            cp.Network([2, 1], output="exp", loss="poisson"),
        ):
            original.save(path)
            loaded = cp.Network.load(path)
            assert repr(loaded) == repr(original)
            np.testing.assert_array_equal(loaded.parameters, original.parameters)
        assert cp.Network.load(path).loss.name == "poisson"

    def test_other_programs_read_the_arrays(self, network, tmp_path):
        from safetensors.numpy import load_file

        network.save(tmp_path / "net.safetensors")
        arrays = load_file(tmp_path / "net.safetensors")
        assert {name: a.shape for name, a in arrays.items()} == {
            "W1": (4, 3), "b1": (4,), "W2": (2, 4), "b2": (2,),
        }  # fmt: skip
        np.testing.assert_array_equal(arrays["W2"], network["W2"])

    def test_functions_of_ones_own_have_to_be_given(self, tmp_path):
        cube = cp.Activation("cube", lambda z: z**3, lambda z: 3 * z**2)
        cost = cp.Loss("cost", lambda a, y: ((a - y) ** 2).sum(), lambda a, y: 2 * (a - y))
        network = cp.Network([2, 3, 1], cube, loss=cost)
        network.save(tmp_path / "n")
        with pytest.raises(cp.ModelFileError, match=r"'cube': load it with activations=\{'cube'"):
            cp.Network.load(tmp_path / "n")
        with pytest.raises(cp.ModelFileError, match=r"'cost': load it with losses=\{'cost'"):
            cp.Network.load(tmp_path / "n", activations={"cube": cube})
        with pytest.raises(cp.ArgumentError, match="is 'relu', which is not called 'cube'"):
            cp.Network.load(tmp_path / "n", activations={"cube": "relu"})
        loaded = cp.Network.load(tmp_path / "n", activations={"cube": cube}, losses={"cost": cost})
        np.testing.assert_array_equal(loaded.predict([[1, 2]]), network.predict([[1, 2]]))

    def test_types_that_files_do_not_hold(self, network, tmp_path):
        with pytest.raises(cp.ModelFileError, match="float32 or float64, not complex128"):
            network.astype("complex128").save(tmp_path / "n")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [lambda n: n, lambda n: n.copy(), lambda n: n.astype("float64"),
                                  lambda n: pickle.loads(pickle.dumps(n)), copy.deepcopy])  # fmt: skip
def test_parameters_cannot_be_resized(make):
    """Compiled code reads them by their address."""
    network = make(cp.Network([30, 40, 2], "tanh", "softmax", seed=1))
    with pytest.raises(ValueError, match="resize"):
        network.parameters.resize(3)
    assert network.predict(np.zeros((5, 30))).shape == (5, 2)


def test_parameters_that_were_mapped_read_only_can_be_trained():
    """joblib maps what it sends to its workers."""
    network = cp.Network([3, 2], output="softmax", seed=1)
    state = network.__getstate__()
    state["parameters"] = np.require(state["parameters"].copy(), requirements="C")
    state["parameters"].flags.writeable = False
    other = cp.Network.__new__(cp.Network)
    other.__setstate__(state)
    cp.train(other, np.eye(3), [0, 1, 0], epochs=1, progress=False)
    assert not np.array_equal(other.parameters, network.parameters)


def test_a_pickle_of_0_1_0():
    network = cp.Network([3, 4, 2], "tanh", "softmax", seed=1)
    state = {
        "_sizes": (3, 4, 2), "_activations": network.activations, "_loss": network.loss,
        "_has_biases": True, "_parameters": network.parameters.copy(), "_predictor": None,
    }  # fmt: skip
    other = cp.Network.__new__(cp.Network)
    other.__setstate__(state)
    np.testing.assert_array_equal(other.predict(np.eye(3)), network.predict(np.eye(3)))
