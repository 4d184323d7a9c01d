"""Parameters and gradients as callers hold them: lists, names, tensors of PyTorch, arrays of JAX."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest

import clearprop as cp
from clearprop.explaining.checking.structure import Structure, numbers, one_number


class TestStructure:
    @pytest.mark.parametrize(
        ("parameters", "names"),
        [
            ([1.0, 2.0], ["x"]),
            (3.0, ["x"]),
            ({"W": np.ones((2, 3)), "c": 2.0}, ["W", "c"]),
            ([np.ones((2, 3)), np.ones(3)], ["x0", "x1"]),
            ([[1.0, 2.0], [3.0]], ["x0", "x1"]),
            ({"l": [{"W": np.ones((2, 2))}, {"W": np.ones(2)}], "c": 1.0},
             ["l.0.W", "l.1.W", "c"]),
            ({3: 1.0}, ["3"]),
        ],
    )  # fmt: skip
    def test_there_and_back(self, parameters, names):
        structure = Structure(parameters)
        assert list(structure.shapes) == names
        built = structure.build(2 * structure.at)
        again = Structure(built)
        np.testing.assert_array_equal(again.at, 2 * structure.at)
        assert type(built) is type(parameters) or names == ["x"]
        vector, bits = structure.flatten(built)
        np.testing.assert_array_equal(vector, 2 * structure.at)
        assert bits == 53

    def test_a_named_tuple_stays_one(self):
        Layer = namedtuple("Layer", "W b")
        structure = Structure(Layer(np.ones((2, 3)), np.ones(2)))
        assert structure.build(structure.at).b.shape == (2,)

    def test_what_is_built_is_new(self):
        at = np.ones(3)
        structure = Structure(at)
        structure.build(structure.at)[:] = 5.0
        np.testing.assert_array_equal(structure.at, at)

    @pytest.mark.parametrize(
        ("parameters", "error", "words"),
        [
            ({}, cp.ArgumentError, "no parameters"),
            ([], cp.ArgumentError, "no parameters"),
            ({"a": []}, cp.ArgumentError, "no parameters"),
            ({"a": {"b": 1.0}, "a.b": 2.0}, cp.ArgumentError, "two parameters are called 'a.b'"),
            (["a"], cp.TypeOfDataError, "'x' is not made of numbers"),
            (["1.0", "2.0"], cp.TypeOfDataError, "'x' is not made of numbers"),
            ({"a": None}, cp.TypeOfDataError, "'a' is None"),
            (np.array([1 + 1j]), cp.TypeOfDataError, "'x' is complex: give real and imaginary"),
            ([1.0, 2 + 0j], cp.TypeOfDataError, "'x' is complex"),
            (np.array(["2020-01-01"], "M8[D]"), cp.TypeOfDataError, "not made of numbers"),
        ],
    )
    def test_what_is_no_parameter_is_refused(self, parameters, error, words):
        with pytest.raises(error, match=words):
            Structure(parameters)

    @pytest.mark.parametrize(
        ("parameters", "gradient", "error", "words"),
        [
            ({"a": 1.0}, [1.0], cp.ArgumentError, "a mapping as the parameters are"),
            ({"a": 1.0, "b": 2.0}, {"a": 1.0}, cp.ShapeError, "nothing for 'b'"),
            ({"a": {"b": 1.0}}, {"a": {}}, cp.ShapeError, "of 'a' has nothing for 'b'"),
            (
                {"a": 1.0},
                {"a": 1.0, "c": 2.0},
                cp.ShapeError,
                "'c', which is none of the parameters",
            ),
            ({"a": {"b": 1.0}}, {"a": {"b": 1.0, 2: 0.0}}, cp.ShapeError, "of 'a' has 2, which"),
            ({"a": {"b": 1.0}}, {"a": 1.0}, cp.ArgumentError, "of 'a' must be a mapping"),
            ([[1.0], [1.0, 2.0]], [1.0], cp.ArgumentError, "a list of 2 .*, but is a list of 1"),
            ([1.0, 2.0], [1.0], cp.ShapeError, r"\(2,\), but has \(1,\)"),
            ([1.0], ["a"], cp.TypeOfDataError, "gradient of 'x' is not made of numbers"),
            ([1.0], None, cp.TypeOfDataError, "gradient of 'x' is None; give zeros"),
            ([1.0], [1j], cp.TypeOfDataError, "gradient of 'x' is complex"),
        ],
    )
    def test_a_gradient_that_is_not_like_the_parameters_is_refused(
        self, parameters, gradient, error, words
    ):
        with pytest.raises(error, match=words):
            Structure(parameters).flatten(gradient)

    def test_numbers_of_python_are_numbers(self):
        from decimal import Decimal
        from fractions import Fraction

        assert one_number(Fraction(1, 4)) == 0.25
        assert one_number([[True]]) == 1.0
        np.testing.assert_array_equal(numbers([Decimal("0.5"), 1], "it"), [0.5, 1.0])


class TestTorch:
    @pytest.fixture(autouse=True)
    def _torch(self):
        self.torch = pytest.importorskip("torch")

    @pytest.mark.parametrize(
        ("kind", "bits"), [("float64", 53), ("float32", 24), ("float16", 11), ("bfloat16", 8)]
    )
    @pytest.mark.parametrize("graph", [True, False])
    def test_tensors_stay_what_they_are(self, kind, bits, graph):
        dtype = getattr(self.torch, kind)
        like = self.torch.full((2, 3), 0.5, dtype=dtype, requires_grad=graph)
        structure = Structure({"W": like, "b": np.ones(2)})
        assert [leaf.bits for leaf in structure.leaves] == [bits, 53]
        built = structure.build(structure.at + 0.25)
        assert built["W"].dtype == dtype
        assert built["W"].requires_grad == graph
        assert built["W"].is_leaf
        assert built["W"].tolist() == [[0.75] * 3] * 2
        assert isinstance(built["b"], np.ndarray)
        _, of_gradient = structure.flatten({"W": like * 2, "b": np.ones(2)})
        assert of_gradient == bits

    def test_whole_numbers_become_float64(self):
        built = Structure([self.torch.arange(3)]).build(np.array([0.5, 1.5, 2.5]))
        assert built[0].dtype == self.torch.float64

    def test_values_come_with_their_graph_or_in_bfloat16(self):
        x = self.torch.tensor([2.0], requires_grad=True)
        assert one_number((x * 3).sum()) == 6.0
        assert one_number(x.bfloat16()) == 2.0
        np.testing.assert_array_equal(numbers([x[0], 1.0], "it"), [2.0, 1.0])
        with pytest.raises(cp.TypeOfDataError, match="complex"):
            numbers(self.torch.tensor([1j]), "it")


class TestJax:
    @pytest.fixture(autouse=True)
    def _jax(self):
        self.jax = pytest.importorskip("jax")

    @pytest.mark.parametrize(("kind", "bits"), [("float32", 24), ("bfloat16", 8)])
    def test_arrays_stay_what_they_are(self, kind, bits):
        like = self.jax.numpy.full((2,), 0.5, dtype=kind)
        structure = Structure([like, like])
        assert [leaf.bits for leaf in structure.leaves] == [bits, bits]
        built = structure.build(structure.at + 0.25)
        assert isinstance(built[0], self.jax.Array)
        assert built[0].dtype == like.dtype
        np.testing.assert_array_equal(structure.flatten(built)[0], 0.75 * np.ones(4))
