"""Every gradient against central differences, the complex step, and PyTorch's autograd."""

from __future__ import annotations

import dataclasses
from importlib.util import find_spec

import numpy as np
import pytest

import clearprop as cp
from cases import Case, gradient_cases
from clearprop.activations import ACTIVATIONS
from numeric import central_differences, complex_step, relative_error
from oracles import pytorch

CASES = gradient_cases()


@pytest.fixture(scope="module")
def recorded() -> dict[str, tuple[np.ndarray, float, np.ndarray]]:
    """PyTorch's answers by the case's name: parameters it was asked about, cost, gradient."""
    file = np.load(pytorch.HERE / "gradients.npz")
    ends = np.cumsum([case.network().n_parameters for case in CASES])[:-1]
    names = str(file["names"]).split("\n")
    assert names == [case.name for case in CASES], "run tests/oracles/pytorch.py: cases changed"
    parts = (np.split(file["parameters"], ends), file["costs"], np.split(file["gradients"], ends))
    return dict(zip(names, zip(*parts, strict=True), strict=True))


def backprop(case: Case) -> cp.Record:
    X, y, weights = case.data()
    return cp.backprop(case.network(), X, y, sample_weight=weights)


def error_of_differences(case: Case) -> float:
    X, y, weights = case.data()
    record = backprop(case)
    return relative_error(
        record.gradient, central_differences(case.network(), X, y, sample_weight=weights)
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_gradient_equals_central_differences(case):
    assert error_of_differences(case) < 1e-6


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_gradient_equals_pytorch(case, recorded):
    parameters, cost, gradient = recorded[case.name]
    np.testing.assert_array_equal(case.network().parameters, parameters)
    record = backprop(case)
    assert record["L"] == pytest.approx(cost, rel=1e-12)
    assert relative_error(record.gradient, gradient) < 1e-12


@pytest.mark.skipif(not find_spec("torch"), reason="recomputed live where torch is installed")
def test_recorded_answers_are_what_pytorch_says_now(recorded):
    for case in CASES:
        cost, gradient = pytorch.gradient(case)
        _, recorded_cost, recorded_gradient = recorded[case.name]
        assert cost == pytest.approx(float(recorded_cost), rel=1e-13), case.name
        assert relative_error(recorded_gradient, gradient) < 1e-13, case.name


ANALYTIC = {name for name, f in ACTIVATIONS.items() if not f.kinks}


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if {c.hidden, c.output} <= ANALYTIC and c.biases and c.layers < 3],
    ids=lambda case: case.name,
)
def test_gradient_equals_the_complex_step(case):
    X, y, weights = case.data()
    exact = complex_step(case.network(), X, y, sample_weight=weights)
    assert relative_error(backprop(case).gradient, exact) < 1e-13


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"softmax"}))
def test_a_planted_wrong_derivative_is_caught(monkeypatch, name):
    right = ACTIVATIONS[name]
    wrong = dataclasses.replace(right, derivative=lambda z: 1.0001 * right.derivative(z))
    case = Case(name, name, "squared_error", 2, True, False)
    assert error_of_differences(case) < 1e-6
    monkeypatch.setitem(ACTIVATIONS, name, wrong)
    assert error_of_differences(case) > 1e-6


def test_a_planted_wrong_softmax_jacobian_is_caught(monkeypatch):
    def diagonal_only(z, da):
        a = ACTIVATIONS["softmax"](z)
        return a * (1 - a) * da

    wrong = dataclasses.replace(ACTIVATIONS["softmax"], jacobian_product=diagonal_only)
    monkeypatch.setitem(ACTIVATIONS, "softmax", wrong)
    assert error_of_differences(Case("tanh", "softmax", "squared_error", 2, True, False)) > 1e-3


@pytest.mark.parametrize("weighted", [False, True])
def test_l2_adds_the_weights_but_never_the_biases(weighted):
    case = Case("tanh", "softmax", "cross_entropy", 3, True, weighted)
    X, y, weights = case.data()
    network = case.network()
    record = cp.backprop(network, X, y, sample_weight=weights, l2=0.3)
    difference = central_differences(network, X, y, sample_weight=weights, l2=0.3)
    assert relative_error(record.gradient, difference) < 1e-6
    plain = cp.backprop(network, X, y, sample_weight=weights)
    np.testing.assert_allclose(record["dW2"], plain["dW2"] + 0.3 * network["W2"], rtol=1e-13)
    np.testing.assert_array_equal(record["db2"], plain["db2"])
    penalty = 0.15 * sum((W**2).sum() for W in network.weights)
    assert record["L"] == pytest.approx(plain["L"] + penalty, rel=1e-14)


@pytest.mark.parametrize("case", CASES[::7], ids=lambda case: case.name)
def test_gradient_for_the_input(case):
    """dL_i/da^0 by central differences of each sample's own cost."""
    X, y, _ = case.data()
    network, h = case.network(), 1e-5
    expected = np.empty_like(X)
    for j in range(X.shape[1]):
        step = h * (np.arange(X.shape[1]) == j)
        above, below = (cp.backprop(network, X + s, y).losses for s in (step, -step))
        expected[:, j] = (above - below) / (2 * h)
    assert relative_error(cp.backprop(network, X, y).dx, expected) < 1e-6


@pytest.mark.parametrize("dtype", ["float32", "longdouble"])
@pytest.mark.parametrize("case", CASES[::11], ids=lambda case: case.name)
def test_other_precisions_agree_with_float64(case, dtype):
    X, y, weights = case.data()
    network = case.network()
    record = cp.backprop(network.astype(dtype), X, y, sample_weight=weights)
    arrays = [*record.z, *record.a, *record.delta, *record.da, record.losses, record.gradient]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}
    expected = cp.backprop(network, X, y, sample_weight=weights).gradient
    assert relative_error(record.gradient, expected) < (2e-6 if dtype == "float32" else 1e-14)
