"""The formulas of slopes and costs: each is there, and gives the number that is shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import clearprop as cp
from cases import pairings
from clearprop.activations import ACTIVATIONS
from clearprop.errors import MissingPieceError
from clearprop.explaining.derivation.expressions import Symbol, fits
from clearprop.explaining.derivation.formulas import branch, slope_formulas
from clearprop.losses import LOSSES
from derivation_rows import Book, form_text, verify
from evaluator import Evaluator, close


class TestFormulas:
    """A formula that does not give the number is not shown; so every one has to be looked for."""

    def test_every_activation_has_its_slope(self):

        for name, f in ACTIVATIONS.items():
            if name == "softmax":
                continue
            for z in (-2.3, -0.4, 0.6, 2.1):
                at = np.array([[z]])
                slope = float(f.backward(at, np.ones((1, 1)))[0, 0])
                zs, a = Symbol("z1[0]", z), Symbol("a1[0]", float(f(at)[0, 0]))
                for known in (a, None):
                    formulas = slope_formulas(f, zs, known)
                    assert formulas, name
                    assert all(fits(formula, slope) for formula in formulas), (name, z)

    @pytest.mark.parametrize(("output", "loss"), pairings())
    def test_every_loss_has_its_cost_and_slope(self, output, loss):
        network = cp.Network([3, 4, 3], "tanh", output, loss=loss, dtype="float64", seed=3)
        kind = LOSSES[loss].targets
        for y in ([0.2, 0.7, 0.1], [0.0, 1.0, 0.0]):
            if kind == "labels" and y[1] == 0.7:
                continue
            derivation = cp.explain(network, [0.3, -0.2, 0.9], y)
            for name in ("L", "delta2[0]", "delta2[1]"):
                assert derivation[name].forms, (name, y)
            if (output, loss) not in (("softmax", "cross_entropy"),):
                slopes = [e for e in derivation if e.name == "da2[1]"]
                assert slopes, derivation.keys()
                assert all(e.forms for e in slopes)

    def test_a_quantile_for_each_output(self):
        loss = cp.quantile((0.1, 0.5, 0.9))
        network = cp.Network([3, 4, 3], "tanh", "identity", loss=loss, dtype="float64", seed=3)
        X, y = np.random.default_rng(0).normal(size=(2, 3)), np.array([0.2, -0.4])
        for rows, targets in ((X[:1], y[:1]), (X, y)):
            derivation = cp.explain(network, rows, targets)
            assert verify(derivation, cp.backprop(network, rows, targets)) > 20
            assert all(f"q[{j}]" in str(derivation) for j in range(3))
        for j in range(3):
            slope = cp.explain(network, X[0], y[0], f"delta2[{j}]")[f"da2[{j}]"]
            assert f"q[{j}]" in form_text(slope.forms[0])

    def test_softmax_of_a_few_classes_has_all_terms(self):
        network = cp.Network([2, 3], output="softmax", dtype="float64", seed=0)
        derivation = cp.explain(network, [0.4, 0.1], 1, "delta1[0]")
        long = next(e for e in derivation if e.name == "delta1[0]" and len(e.forms) == 3)
        assert form_text(long.forms[0]) == (
            "∂L/∂a1[0] · ∂a1[0]/∂z1[0] + ∂L/∂a1[1] · ∂a1[1]/∂z1[0] + ∂L/∂a1[2] · ∂a1[2]/∂z1[0]"
        )
        assert form_text(long.forms[2]) == "a1[0] - y[0]"
        assert "y[1] is 1, for the class that is right; the others of y are 0." in str(derivation)
        assert derivation["L"].symbols.count("log(") == 3

    def test_where_curves_are_flat_another_formula_is_shown(self):
        network = cp.Network.from_weights([[[1.0]], [[1.0]]], loss="squared_error")
        derivation = cp.explain(network, [45.0], [0.0], "delta1[0]")
        slope = derivation["sigmoid'(z1[0])"]  # 1 - a is 0 in float64, the slope is not
        assert slope.symbols == "sigmoid(z1[0]) · sigmoid(-z1[0])"
        assert 0 < slope.value < 1e-18

    @pytest.mark.parametrize(
        ("output", "loss", "z", "name", "shown"),
        [
            (
                "tanh",
                "squared_error",
                25.0,
                "tanh'(z1[0])",
                "4 · sigmoid(2 · z1[0]) · sigmoid(-2 · z1[0])",
            ),
            ("sigmoid", "binary_cross_entropy", 45.0, "delta1[0]", "-sigmoid(-z1[0])"),
        ],
    )
    def test_where_one_less_a_has_no_digits(self, output, loss, z, name, shown):
        network = cp.Network.from_weights([[[z]]], activations=output, loss=loss)
        found = cp.explain(network, [1.0], [1.0], "delta1[0]")[name]
        assert found.symbols == shown
        assert 0 < abs(found.value) < 1e-18

    def test_logits_far_apart(self):
        network = cp.Network.from_weights([[[900.0], [-900.0]]], activations="softmax")
        for label in (0, 1):
            derivation = cp.explain(network, [1.0], label)
            record = cp.backprop(network, [[1.0]], [label])
            assert derivation["L"].value == record.loss
            verify(derivation, record)
        assert "logsumexp(z1)" in derivation["L"].symbols

    def test_the_numbers_put_in_give_the_value_where_terms_cancel(self):
        network = cp.Network.from_weights(
            [[[15.0]]], activations="sigmoid", loss="binary_cross_entropy"
        )
        book = Book(cp.backprop(network, [[1.0]], [0.0]))
        derivation = cp.explain(network, [1.0], [0.0], "W1[0,0]")
        assert derivation["L"].numbers == "-log(3.05902e-07)"
        for equation in derivation:
            if equation.forms and equation.name != "difference":
                put_in = Evaluator(equation.numbers, float, book.apply)
                assert put_in.result().value == pytest.approx(equation.value, rel=2e-3)

    def test_hidden_softmax_that_is_nearly_one_class(self):
        network = cp.Network.from_weights(
            [[[60.0], [0.0]], [[300.0, 200.0]]], activations=["softmax", "identity"]
        )
        derivation = cp.explain(network, [1.0], [0.0], "delta1[1]")
        record = cp.backprop(network, [[1.0]], [0.0])
        for equation in derivation:
            for form in equation.forms:
                found = Evaluator(form_text(form), Book(record).value, Book(record).apply).result()
                assert close(found, equation.value, 1e-9)

    def test_branches_lie_between_kinks(self):
        clipped = replace(ACTIVATIONS["identity"], kinks=(-1.0, 1.0))
        places = {
            -2.0: "z ≤ -1",
            -1.0: "z ≤ -1",
            0.0: "-1 < z ≤ 1",
            1.0: "-1 < z ≤ 1",
            3.0: "z > 1",
        }
        for z, expected in places.items():
            assert branch(clipped, z) == expected
        assert branch(ACTIVATIONS["relu"], np.nan) == "z ≤ 0"
        assert branch(ACTIVATIONS["tanh"], 0.3) == ""

    @pytest.mark.parametrize(
        ("output", "loss", "rule"),
        [
            ("softmax", "cross_entropy", "a1 - y"),
            ("exp", "poisson", "a1 - y"),
            ("softplus", "poisson", "da1 * softplus'(z1)"),
            ("identity", "huber", "da1 * identity'(z1)"),
        ],
    )
    def test_the_rule_of_a_delta(self, output, loss, rule):
        network = cp.Network([2, 3], output=output, loss=loss)
        y = 1 if output == "softmax" else [1.0, 2.0, 0.0]
        assert rule in str(cp.explain(network, [0.4, 0.1], y, "delta1"))

    def test_a_layer_of_another_activation_of_whole_rows(self):
        """What is known of softmax is not told of it."""
        other = replace(ACTIVATIONS["softmax"], name="sparsemax")
        network = cp.Network([2, 3], other, loss="squared_error")
        with pytest.raises(MissingPieceError, match="'sparsemax' has no formula of its Jacobian"):
            cp.explain(network, [0.4, 0.1], [0.0, 1.0, 0.0], "W1[0,0]")
