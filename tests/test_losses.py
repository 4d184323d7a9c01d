from __future__ import annotations

import copy
import math
import pickle

import mpmath
import numpy as np
import pytest

import clearprop as cp
from clearprop.activations import ACTIVATIONS
from clearprop.losses import LOSSES


def cost_and_delta(loss, output, z, y):
    """L_i and delta^L of one sample whose pre-activations are z, through backprop."""
    z, y = np.atleast_1d(np.asarray(z, float)), np.atleast_1d(np.asarray(y, float))
    network = cp.Network.from_weights([z[:, None]], activations=output, loss=loss)
    record = cp.backprop(network, [[1.0]], [y])
    return float(record.losses[0]), record["delta1"][0]


class TestHandValues:
    def test_squared_error_is_half_the_squared_distance(self):
        cost, delta = cost_and_delta("squared_error", "identity", [1.0, 2.0], [0.0, 4.0])
        assert cost == 2.5
        np.testing.assert_array_equal(delta, [1.0, -2.0])

    def test_cross_entropy_of_the_note(self):
        """-ln 0.8 = 0.2231 (the note rounds to 0.2), and -ln 0.1 = 2.3026."""
        z = np.log([0.8, 0.1, 0.1])
        assert cost_and_delta("cross_entropy", "softmax", z, [1, 0, 0])[0] == pytest.approx(
            0.22314355131420976, rel=1e-14
        )
        assert cost_and_delta("cross_entropy", "softmax", z, [0, 1, 0])[0] == pytest.approx(
            2.302585092994046, rel=1e-14
        )

    def test_delta_of_softmax_with_cross_entropy_is_q_minus_y(self):
        z = np.array([0.3, -1.2, 0.8])
        q = np.exp(z) / np.exp(z).sum()
        _, delta = cost_and_delta("cross_entropy", "softmax", z, [0.2, 0.5, 0.3])
        np.testing.assert_allclose(delta, q - [0.2, 0.5, 0.3], rtol=1e-13)

    def test_absolute_huber_and_quantile(self):
        assert cost_and_delta("absolute_error", "identity", [3.0, -1.0], [1.0, 1.0])[0] == 4.0
        cost, delta = cost_and_delta(cp.huber(1.5), "identity", [3.0, 0.5], [0.0, 0.0])
        assert cost == pytest.approx(1.5 * (3 - 0.75) + 0.125)
        np.testing.assert_array_equal(delta, [1.5, 0.5])
        cost, delta = cost_and_delta(cp.quantile(0.9), "identity", [1.0, 1.0], [3.0, 0.0])
        assert cost == pytest.approx(0.9 * 2 + 0.1 * 1)
        np.testing.assert_allclose(delta, [-0.9, 0.1])

    def test_a_quantile_for_each_output(self):
        loss = cp.quantile((0.1, 0.5, 0.9))
        cost, delta = cost_and_delta(loss, "identity", [1.0, 2.0, 3.0], [2.0, 2.0, 2.0])
        assert cost == pytest.approx(0.1 * 1 + 0.1 * 1)
        np.testing.assert_allclose(delta, [-0.1, 0.0, 0.1])

    def test_poisson_is_half_the_deviance(self):
        cost, delta = cost_and_delta("poisson", "exp", [np.log(2.0)], [3.0])
        assert cost == pytest.approx(2 - 3 + 3 * np.log(1.5))
        assert delta == pytest.approx(2 - 3)
        assert cost_and_delta("poisson", "exp", [np.log(3.0)], [3.0])[0] == pytest.approx(
            0, abs=1e-15
        )

    @pytest.mark.parametrize("loss", ["absolute_error", "quantile"])
    def test_no_slope_where_prediction_is_right(self, loss):
        assert cost_and_delta(loss, "identity", [2.0], [2.0]) == (0.0, 0.0)


EXTREME = [-1e4, -800.0, -60.0, -36.0, -35.9, -1.0, 0.0, 1.0, 35.0, 60.0, 800.0, 1e4]


class TestExtremes:
    """Finite and right at probabilities 0 and 1, and at logits of +-1e4."""

    @pytest.mark.parametrize("z", EXTREME)
    @pytest.mark.parametrize("y", [0.0, 0.3, 1.0])
    def test_sigmoid_with_binary_cross_entropy(self, z, y):
        with mpmath.workdps(9000):
            p = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
            exact = sum(-w * mpmath.log(q) for w, q in ((y, p), (1 - y, 1 - p)) if w)
            expected, slope = float(exact), float(p - y)
        cost, delta = cost_and_delta("binary_cross_entropy", "sigmoid", z, y)
        assert cost == pytest.approx(expected, rel=1e-14, abs=1e-300)
        assert delta == pytest.approx(slope, rel=1e-13, abs=1e-16)

    @pytest.mark.parametrize("z", EXTREME)
    @pytest.mark.parametrize("label", [0, 1, 2])
    def test_softmax_with_cross_entropy(self, z, label):
        logits = [z, 0.0, -z / 2]
        with mpmath.workdps(9000):
            e = [mpmath.exp(mpmath.mpf(v)) for v in logits]
            expected = float(-mpmath.log(e[label] / sum(e)))
            slope = [float(v / sum(e) - (k == label)) for k, v in enumerate(e)]
        cost, delta = cost_and_delta("cross_entropy", "softmax", logits, np.eye(3)[label])
        assert cost == pytest.approx(expected, rel=1e-14, abs=1e-15)
        np.testing.assert_allclose(delta, slope, rtol=1e-13, atol=1e-15)

    @pytest.mark.parametrize("z", EXTREME)
    @pytest.mark.parametrize("y", [0.0, 1.0, 7.0])
    def test_softplus_with_poisson(self, z, y):
        with mpmath.workdps(60):
            e = mpmath.exp(mpmath.mpf(z))
            a = mpmath.log1p(e) if z > -200 else e
            slope = float((1 - y / a) * (e / (1 + e)))
            expected = float(a - y + (y * mpmath.log(y / a) if y else 0))
        cost, delta = cost_and_delta("poisson", "softplus", z, y)
        assert cost == pytest.approx(expected, rel=1e-12, abs=1e-15)
        assert delta == pytest.approx(slope, rel=1e-12, abs=1e-15)

    @pytest.mark.parametrize("z", [z for z in EXTREME if z < 700])
    @pytest.mark.parametrize("y", [0.0, 1.0, 7.0])
    def test_exp_with_poisson(self, z, y):
        with mpmath.workdps(60):
            a = mpmath.exp(mpmath.mpf(z))
            expected = float(a - y + (y * mpmath.log(y / a) if y else 0))
        cost, delta = cost_and_delta("poisson", "exp", z, y)
        assert cost == pytest.approx(expected, rel=1e-12, abs=1e-15)
        assert delta == pytest.approx(float(a - y), rel=1e-12)

    def test_the_gradient_for_a_is_finite_where_the_cost_is(self):
        """dL/da = -y/a: 0 for a class that is not true, however small its a."""
        for output, z, y, expected in (
            ("softmax", [[1e4], [0.0]], [[1.0, 0.0]], [[-1.0, 0.0]]),
            ("sigmoid", [[1e4]], [[1.0]], [[-1.0]]),
            ("sigmoid", [[-1e4]], [[0.0]], [[1.0]]),
            ("softplus", [[-1e4]], [[0.0]], [[1.0]]),
        ):
            loss = "poisson" if output == "softplus" else None
            network = cp.Network.from_weights([np.array(z)], activations=output, loss=loss)
            np.testing.assert_array_equal(cp.backprop(network, [[1.0]], y)["da1"], expected)
        wrong = cp.Network.from_weights([[[1e4], [0.0]]], activations="softmax")
        np.testing.assert_array_equal(cp.backprop(wrong, [[1.0]], [1])["da1"], [[0.0, -np.inf]])

    def test_rows_that_sum_to_1_but_for_rounding_have_the_gradient_of_their_cost(self):
        from numeric import central_differences, relative_error

        network = cp.Network([3, 2], output="softmax", dtype="float64", seed=1)
        X, y = np.array([[0.5, -0.2, 0.1]]), np.array([[0.5, 0.50009]])
        found = cp.backprop(network, X, y).gradient
        assert relative_error(found, central_differences(network, X, y)) < 1e-6

    @pytest.mark.parametrize("output", ["softmax", "sigmoid"])
    def test_in_float32_too(self, output):
        z = np.float32([[1e4], [-1e4]])
        network = cp.Network.from_weights([z], activations=output)
        for label in (0, 1):
            record = cp.backprop(network, [[1.0]], [[1 - label, label]])
            expected = {"softmax": [0, 2e4], "sigmoid": [0, 2e4]}[output][label]
            assert record.losses[0] == expected
            assert np.isfinite(record.gradient).all()


FUSED = [(loss, f) for loss in LOSSES for f in LOSSES[loss].fused]


@pytest.mark.parametrize(("loss", "f"), FUSED)
def test_fused_forms_are_the_plain_ones_in_a_stable_dress(loss, f):
    """L_i(f(z), y) and J_f(z)^T dL_i/da, where these are stable enough to compare."""
    r = np.random.default_rng(3)
    z, u = 2 * r.standard_normal((50, 4)), r.random((50, 4))
    y = {
        "cross_entropy": u / u.sum(axis=1, keepdims=True),
        "binary_cross_entropy": u,
        "poisson": np.floor(4 * u),
    }[loss]
    plain, fused = LOSSES[loss], LOSSES[loss].fused[f]
    a = ACTIVATIONS[f](z)
    np.testing.assert_allclose(fused.value(z, y), plain.value(a, y), rtol=1e-11)
    delta = ACTIVATIONS[f].backward(z, plain.derivative(a, y))
    np.testing.assert_allclose(fused.delta(z, y), delta, rtol=1e-9, atol=1e-12)


class TestPairings:
    @pytest.mark.parametrize("output", sorted(set(ACTIVATIONS) - {"softmax"}))
    def test_cross_entropy_follows_softmax_alone(self, output):
        with pytest.raises(
            cp.PairingError, match="probabilities that sum to 1; use output='softmax'"
        ):
            cp.Network([2, 3], activations=output, loss="cross_entropy")

    @pytest.mark.parametrize("output", sorted(set(ACTIVATIONS) - {"sigmoid"}))
    def test_binary_cross_entropy_follows_sigmoid(self, output):
        with pytest.raises(cp.PairingError, match="a probability for each output"):
            cp.Network([2, 3], activations=output, loss="binary_cross_entropy")

    @pytest.mark.parametrize("output", sorted(set(ACTIVATIONS) - {"exp", "softplus"}))
    def test_poisson_follows_a_positive_rate(self, output):
        with pytest.raises(cp.PairingError, match="use output='exp' or 'softplus'"):
            cp.Network([2, 3], activations=output, loss="poisson")

    @pytest.mark.parametrize("f", ["softmax", ["softmax", "identity"]])
    def test_softmax_over_one_neuron_is_refused(self, f):
        with pytest.raises(cp.ArchitectureError, match="is 1 whatever the input"):
            cp.Network([2, 1] if f == "softmax" else [2, 1, 3], f)

    def test_a_pairing_is_checked_again_when_a_run_names_another_loss(self):
        network = cp.Network([2, 3], output="softmax")
        with pytest.raises(cp.PairingError):
            cp.backprop(network, [[0, 0]], [[1, 0, 0]], loss="binary_cross_entropy")
        with pytest.raises(cp.PairingError):
            cp.train(network, [[0, 0]], [[1, 0, 0]], loss="poisson")

    def test_natural_losses(self):
        def loss_of(output):
            return cp.Network([2, 3], output=output).loss.name

        assert loss_of("softmax") == "cross_entropy"
        assert loss_of("sigmoid") == "binary_cross_entropy"
        assert {loss_of(f) for f in set(ACTIVATIONS) - {"softmax", "sigmoid"}} == {"squared_error"}


def _picky(a, y):
    if abs(a).max() > 1e6:
        raise ValueError("far")
    return 0.5 * ((a - y) ** 2).sum()


class TestUserMade:
    def test_a_copy_of_squared_error_gives_its_numbers(self):
        mine = cp.Loss("mine", lambda a, y: 0.5 * ((a - y) ** 2).sum(), lambda a, y: a - y)
        r = np.random.default_rng(1)
        X, y = r.random((6, 3)), r.random((6, 2))
        network = cp.Network(
            [3, 4, 2], activations="softmax", loss="squared_error", dtype="float64"
        )
        ours, theirs = cp.backprop(network, X, y), cp.backprop(network, X, y, loss=mine)
        np.testing.assert_allclose(ours.gradient, theirs.gradient, rtol=1e-14)
        np.testing.assert_allclose(ours["da2"], theirs["da2"], rtol=1e-14)

    def test_losses_for_probabilities_or_rates_only_are_accepted(self):
        log = cp.Loss("log", lambda a, y: -(y * np.log(a)).sum(), lambda a, y: -y / a)
        cost, _ = cost_and_delta(log, "exp", np.log([0.8, 0.2]), [1.0, 0.0])
        assert cost == pytest.approx(-np.log(0.8))
        cp.Loss(
            "logit",
            lambda a, y: -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum(),
            lambda a, y: (a - y) / (a * (1 - a)),
        )

    @pytest.mark.parametrize("factor", [1.001, -1.0, 2.0])
    def test_a_wrong_derivative_is_refused_with_point_and_values(self, factor):
        with pytest.raises(cp.DerivativeError, match=r"worst at output .* of a = .*, y = .* says"):
            cp.Loss("w", lambda a, y: 0.5 * ((a - y) ** 2).sum(), lambda a, y: factor * (a - y))

    def test_complex_numbers_are_refused(self):
        for value, slope in ((5j, 0), (0, 1j)):  # the imaginary part was dropped
            with pytest.raises(cp.DerivativeError, match=r"\(a, y\) is complex; it must be real$"):
                cp.Loss(
                    "c",
                    lambda a, y, more=value: ((a - y) ** 2).sum() + more,
                    lambda a, y, more=slope: 2 * (a - y) + more,
                )

    def test_text_is_refused(self):
        """NumPy makes numbers of it."""
        with pytest.raises(cp.DerivativeError, match=r"value\(a, y\) is text; it must be real$"):
            cp.Loss("c", lambda a, y: str(((a - y) ** 2).sum()), lambda a, y: 2 * (a - y))
        with pytest.raises(
            cp.DerivativeError, match=r"derivative\(a, y\) is text; it must be real$"
        ):
            cp.Loss(
                "c", lambda a, y: ((a - y) ** 2).sum(), lambda a, y: [str(z) for z in 2 * (a - y)]
            )

    def test_wrong_shapes_are_refused(self):
        with pytest.raises(cp.DerivativeError, match="one number for one sample"):
            cp.Loss("w", lambda a, y: (a - y) ** 2, lambda a, y: 2 * (a - y))
        with pytest.raises(cp.DerivativeError, match=r"must have a's shape \(1,\)"):
            cp.Loss("w", lambda a, y: ((a - y) ** 2).sum(), lambda a, y: (2 * (a - y)).sum())

    def test_a_loss_for_so_many_outputs_alone(self):
        """Quantiles, weights of classes, two heads: a copy of a built-in loss gives its numbers."""
        q = np.array([0.1, 0.5, 0.7, 0.9])
        mine = cp.Loss(
            "mine",
            lambda a, y: np.maximum(q * (y - a), (q - 1) * (y - a)).sum(),
            lambda a, y: np.where(y > a, -q, 1 - q),
            outputs=4,
        )
        r = np.random.default_rng(1)
        X, y = r.random((6, 3)), r.normal(size=(6, 4))
        network = cp.Network([3, 5, 4], "tanh", loss=cp.quantile(q), dtype="float64", seed=1)
        ours, theirs = cp.backprop(network, X, y), cp.backprop(network, X, y, loss=mine)
        np.testing.assert_allclose(ours.losses, theirs.losses, rtol=1e-14)
        np.testing.assert_allclose(ours.gradient, theirs.gradient, rtol=1e-13)
        with pytest.raises(cp.ArchitectureError, match="^mine takes 4 outputs, but the network ha"):
            cp.Network([3, 2], loss=mine)

    @pytest.mark.parametrize("outputs", [1, 5, 300])
    def test_a_wrong_derivative_for_so_many_outputs_is_refused(self, outputs):
        weights = np.arange(1.0, outputs + 1)

        def value(a, y):
            return (weights * (a - y) ** 2).sum()

        cp.Loss("good", value, lambda a, y: 2 * weights * (a - y), outputs=outputs)
        with pytest.raises(cp.DerivativeError, match="worst at output"):
            cp.Loss("bad", value, lambda a, y: 2 * (weights + (weights == outputs)) * (a - y),
                    outputs=outputs)  # fmt: skip

    def test_a_loss_for_so_many_outputs_that_does_not_say_so_is_told(self):
        weights = np.array([1.0, 5.0, 1.0])
        settings = (lambda a, y: (weights * (a - y) ** 2).sum(), lambda a, y: weights * 2 * (a - y))
        with pytest.raises(cp.DerivativeError, match="for n outputs alone is made with outputs=n"):
            cp.Loss("weights", *settings)
        fifth = (lambda a, y: a[4], lambda a, y: 1.0 * (np.arange(len(a)) == a[4]))
        with pytest.raises(cp.DerivativeError, match="IndexError.* is made with outputs=n"):
            cp.Loss("fifth", *fifth)
        for outputs in (0, 2.5, "3", True):
            with pytest.raises(cp.ArgumentError, match="'weights': outputs is"):
                cp.Loss("weights", *settings, outputs=outputs)

    def test_shapes_that_are_wrong_elsewhere_are_refused_there(self):
        """A loss is tried with 1, 2 and 3 outputs when it is made."""

        def few(right, wrong):
            return lambda a, y: right(a, y) if len(a) < 4 else wrong(a, y)

        def cost(a, y):
            return ((a - y) ** 2).sum()

        def slope(a, y):
            return 2 * (a - y)

        network, X, y = cp.Network([2, 4], activations="identity"), np.ones((3, 2)), np.ones((3, 4))
        for wrong, what, shape, right in (
            (cp.Loss("w", few(cost, slope), slope), "value", "(4,)", "()"),
            (cp.Loss("w", cost, few(slope, cost)), "derivative", "()", "(4,)"),
        ):
            with pytest.raises(cp.FunctionError) as caught:
                cp.backprop(network, X, y, loss=wrong)
            assert str(caught.value) == (
                f"loss 'w': {what}(a, y) returned shape {shape} for a of shape (4,); it must be "
                f"{right}"
            )

    def test_a_function_that_never_works_is_refused(self):
        def broken(a, y):
            raise KeyError("nothing")

        with pytest.raises(cp.DerivativeError, match="could not be evaluated.*KeyError"):
            cp.Loss("broken", broken, broken)

    @pytest.mark.parametrize("name", ["", None, "huber"])
    def test_names_that_cannot_be(self, name):
        with pytest.raises(cp.ArgumentError):
            cp.Loss(name, lambda a, y: 0.0, lambda a, y: 0 * a)

    def test_a_sigmoid_of_ones_own_takes_the_plain_form(self):
        mine = cp.Activation(
            "mine", lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2
        )
        X, y = np.array([[0.5, -0.2], [0.1, 0.9]]), np.array([1.0, 0.0])
        ours, theirs = (
            cp.backprop(
                cp.Network([2, 1], f, loss="binary_cross_entropy", dtype="float64", seed=1), X, y
            )
            for f in (mine, "sigmoid")
        )
        assert ours["L"] == pytest.approx(theirs["L"], rel=1e-13)
        np.testing.assert_allclose(ours.gradient, theirs.gradient, rtol=1e-12)

    def test_unstable_pairs_of_ones_own_are_reported_not_hidden(self):
        positive = cp.Activation("square", lambda z: z * z, lambda z: 2 * z)
        network = cp.Network.from_weights([[[0.0]]], activations=positive, loss="poisson")
        with pytest.raises(cp.DivergenceError, match="L_i"):
            cp.train(network, [[1.0]], [2.0])

    def test_outputs_outside_the_domain_are_refused(self):
        square = cp.Activation("square", lambda z: z * z, lambda z: 2 * z)
        network = cp.Network.from_weights(
            [[[3.0]]], activations=square, loss="binary_cross_entropy"
        )
        with pytest.raises(cp.FunctionError, match=r"takes outputs in \[0, 1\], but square gave 9"):
            cp.backprop(network, [[1.0]], [1.0])

    def test_a_loss_that_raises_is_named(self):
        picky = cp.Loss("picky", _picky, lambda a, y: a - y)
        network = cp.Network([1, 1], loss=picky, dtype="float64")
        with pytest.raises(
            cp.FunctionError, match=r"loss 'picky': value\(a, y\) raised ValueError: far"
        ):
            cp.backprop(network, [[1e9]], [0.0])

    @pytest.mark.parametrize("size", [1e-7, 1e7])
    def test_small_and_large_costs_are_checked_alike(self, size):
        cp.Loss("good", lambda a, y: size * ((a - y) ** 2).sum(), lambda a, y: 2 * size * (a - y))
        with pytest.raises(cp.DerivativeError):
            cp.Loss("bad", lambda a, y: size * ((a - y) ** 2).sum(), lambda a, y: size * (a - y))


@pytest.mark.parametrize("setting", [0, -1, np.nan, np.inf, 1.0])
def test_settings_out_of_range(setting):
    with pytest.raises(cp.ArgumentError):
        cp.quantile(setting)
    if setting != 1.0:
        with pytest.raises(cp.ArgumentError):
            cp.huber(setting)


class TestSeveralQuantiles:
    LEVELS = (0.05, 0.5, 0.95)

    def network(self, dtype="float64", loss=None, sizes=(4, 6, 3)):
        return cp.Network(sizes, "tanh", "identity", dtype=dtype, seed=2,
                          loss=cp.quantile(self.LEVELS) if loss is None else loss)  # fmt: skip

    def data(self, n=40):
        rng = np.random.default_rng(4)
        X = rng.normal(size=(n, 4))
        return X, X[:, 0] + rng.normal(size=n)

    def test_the_cost_is_scikit_learns(self):
        from sklearn.metrics import mean_pinball_loss

        X, y = self.data()
        network = self.network()
        outputs = network.predict(X)
        theirs = sum(
            mean_pinball_loss(y, outputs[:, j], alpha=q) for j, q in enumerate(self.LEVELS)
        )
        assert cp.backprop(network, X, y).loss == pytest.approx(theirs, rel=1e-14)

    def test_the_gradient_is_pytorchs(self):
        torch = pytest.importorskip("torch")
        X, y = self.data()
        network = self.network()
        W1, b1, W2, b2 = (
            torch.tensor(network[name].copy(), requires_grad=True)
            for name in ("W1", "b1", "W2", "b2")
        )
        a = torch.tanh(torch.tensor(X) @ W1.T + b1) @ W2.T + b2
        r = torch.tensor(y)[:, None] - a
        q = torch.tensor(self.LEVELS, dtype=torch.float64)
        cost = torch.maximum(q * r, (q - 1) * r).sum(1).mean()
        cost.backward()
        theirs = np.concatenate([p.grad.numpy().ravel() for p in (W1, b1, W2, b2)])
        record = cp.backprop(network, X, y)
        assert record.loss == pytest.approx(cost.item(), rel=1e-14)
        np.testing.assert_allclose(record.gradient, theirs, rtol=1e-12, atol=1e-15)

    def test_the_gradient_check_passes(self):
        X, y = self.data()
        assert cp.check_gradients(self.network(), X, y).passed

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_both_engines_learn_the_same(self, dtype):
        X, y = self.data()
        found = []
        for engine in ("compiled", "reference"):
            network = self.network(dtype)
            cp.train(network, X, y, epochs=20, optimizer="adam", engine=engine, progress=False)
            found.append(network.predict(X))
        np.testing.assert_allclose(*found, rtol=0, atol=2e-5 if dtype == "float32" else 1e-13)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    @pytest.mark.parametrize("engine", ["compiled", "reference"])
    def test_the_same_number_for_each_is_one_number_for_all(self, engine, dtype):
        """To the last bit."""
        X, y = self.data()
        twins = [self.network(dtype, cp.quantile(q)) for q in (0.3, (0.3, 0.3, 0.3))]
        for network in twins:
            cp.train(
                network, X, np.repeat(y[:, None], 3, 1), epochs=5, engine=engine, progress=False
            )
        assert twins[0].parameters.tobytes() == twins[1].parameters.tobytes()

    @pytest.mark.parametrize("engine", ["compiled", "reference"])
    def test_constant_inputs_learn_the_samples_quantiles(self, engine):
        y = np.random.default_rng(0).exponential(size=999)
        network = self.network(sizes=(4, 3))
        cp.train(network, np.zeros((999, 4)), y, epochs=1000, batch_size=None, engine=engine,
                 optimizer=cp.Adam(cp.cosine(0.1)), progress=False)  # fmt: skip
        below = (y[:, None] < network.predict(np.zeros((1, 4)))).mean(axis=0)
        np.testing.assert_allclose(below, self.LEVELS, atol=0.005)

    def test_targets_for_one_stand_for_all_everywhere(self):
        X, y = self.data(6)
        network = self.network()
        known = cp.backprop(network, X, np.repeat(y[:, None], 3, axis=1))
        for given in (y, y[:, None], y.tolist()):
            record = cp.backprop(network, X, given)
            assert record.gradient.tobytes() == known.gradient.tobytes()
        per_sample = cp.per_sample_gradients(network, X, y)
        np.testing.assert_allclose(per_sample.array.mean(0), known.gradient, rtol=1e-12, atol=1e-15)
        assert cp.explain(network, X[0], y[0])["L"].value == pytest.approx(
            known.losses[0], rel=1e-14
        )
        with pytest.raises(cp.ShapeError, match=r"y must have shape \(6, 3\) or \(6,\), but has"):
            cp.backprop(network, X, np.ones((6, 2)))

    def test_an_explanation_has_each_outputs_number(self):
        network = self.network()
        derivation = cp.explain(network, [0.1, 0.2, 0.3, 0.4], [0.7])
        assert derivation["da2[0]"].symbols in ("-q[0]", "1 - q[0]")
        assert "q[2]" in derivation["L"].symbols
        assert "q_{2}" in derivation.to_latex()
        assert "q_j · (y_j - a_j)" in str(derivation)

    def test_files_copies_and_pickles_keep_the_numbers(self, tmp_path):
        network = self.network()
        network.save(tmp_path / "net.safetensors")
        twins = [cp.Network.load(tmp_path / "net.safetensors"), copy.deepcopy(network),
                 pickle.loads(pickle.dumps(network))]  # fmt: skip
        for twin in twins:
            assert repr(twin.loss) == "quantile(q=(0.05, 0.5, 0.95))"
            assert twin.loss.settings == {"q": self.LEVELS}

    def test_another_number_of_outputs_is_refused(self):
        with pytest.raises(cp.ArchitectureError, match=r"takes 3 outputs, .* the network has 1"):
            cp.Network([2, 1], loss=cp.quantile(self.LEVELS))
        with pytest.raises(cp.ArchitectureError, match=r"q=\(0.5,\)\) takes 1 output, "):
            cp.Network([2, 2], loss=cp.quantile([0.5]))

    @pytest.mark.parametrize("q", [(), [0.5, 1], (0.5, "0.5"), [[0.5]], np.array([0.5, np.nan])])
    def test_numbers_that_cannot_be(self, q):
        with pytest.raises(cp.ArgumentError, match="quantile's q"):
            cp.quantile(q)


@pytest.mark.parametrize("name", LOSSES)
def test_the_table_says_equation_and_source(name):
    assert LOSSES[name].name == name
    assert LOSSES[name].equation
    assert LOSSES[name].source


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize(
    ("logits", "y", "exact"),
    [
        ([1, 1, -1], [0], math.log(2)),
        ([1, 1, -1], [[0.5, 0.5, 0]], math.log(2)),
        ([-1, 1, 1], [[0, 0.25, 0.75]], math.log(2)),
        ([1, -1, -1], [0], 0.0),
        ([1, -1, -1], [[1, 0, 0]], 0.0),
    ],
)
def test_logits_near_the_largest_float(logits, y, exact, dtype, engine):
    """Where e^z is 0 and log e^z is -infinity, a class with no share costs nothing."""
    Z = 0.9 * float(np.finfo(dtype).max) * np.array([logits], dtype)
    network = cp.Network.from_weights([np.eye(3)], activations="softmax").astype(dtype)
    rule = cp.SGD(float(np.finfo(dtype).tiny))
    with np.errstate(over="ignore"):
        history = cp.train(network, Z, y, optimizer=rule, batch_size=1, epochs=1, engine=engine,
                           progress=False)  # fmt: skip
    assert history.loss[0] == pytest.approx(exact, rel=1e-6)
