"""Each finding is provoked by a network and data that have that fault; healthy ones are silent."""

from __future__ import annotations

import re

import numpy as np
import pytest

import clearprop as cp
from digits import digits


def kinds(diagnosis):
    return [finding.kind for finding in diagnosis.findings]


def only(diagnosis, kind):
    assert kinds(diagnosis) == [kind], diagnosis
    return diagnosis.findings[0]


@pytest.mark.parametrize("hidden", ["relu", "tanh", "sigmoid", "gelu", "leaky_relu"])
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("epochs", [0, 5])
def test_healthy_networks_are_silent(hidden, depth, epochs):
    X, y = digits(600)
    sizes = [64] + [40] * depth + [10]
    network = cp.Network(sizes, activations=hidden, output="softmax", seed=depth)
    if epochs:
        cp.train(network, X, y, epochs=epochs, seed=1)
    diagnosis = cp.diagnose(network, X, y, optimizer="adam")
    assert diagnosis, diagnosis
    assert diagnosis.findings == ()
    assert "nothing is found to be wrong" in repr(diagnosis)
    assert [figures.units for figures in diagnosis.layers] == sizes[1:]


def test_dead_relu_units():
    X, y = digits(600)
    network = cp.Network([64, 32, 10], activations="relu", output="softmax", seed=1)
    network.biases[0][:14] = -40.0
    diagnosis = cp.diagnose(network, X, y)
    finding = only(diagnosis, "dead units")
    assert "14 of 32 relu units never fire on 600 rows" in finding.evidence
    assert "at or below -40" in finding.evidence
    assert "he_normal" in finding.remedy
    assert diagnosis.layers[0].dead == tuple(range(14))
    assert str(finding) in " ".join(repr(diagnosis).split())


def test_units_that_training_killed():
    """A learning rate that throws relu units off: their biases never come back."""
    X, y = digits(600)
    network = cp.Network([64, 32, 10], activations="relu", output="softmax", seed=1)
    cp.train(network, X, y, optimizer=cp.SGD(8.0), epochs=3, batch_size=32, seed=0)
    assert "dead units" in kinds(cp.diagnose(network, X, y))


@pytest.mark.parametrize("hidden", ["sigmoid", "tanh"])
def test_saturation(hidden):
    X, y = digits(600)
    network = cp.Network([64, 30, 10], activations=hidden, output="softmax", seed=1)
    network.weights[0][:] *= 60
    finding = only(cp.diagnose(network, X, y), "saturation")
    assert finding.layer == 1
    assert hidden in finding.evidence


def test_vanishing_deltas():
    X, y = digits(600)
    network = cp.Network([64] + [20] * 9 + [10], activations="sigmoid", output="softmax", seed=1)
    finding = only(cp.diagnose(network, X, y), "vanishing deltas")
    assert "delta1 is" in finding.evidence


def test_exploding_deltas():
    X, y = digits(600)
    network = cp.Network([64] + [20] * 6 + [10], activations="leaky_relu", output="softmax", seed=1)
    for W in network.weights[1:]:
        W *= 6
    only(cp.diagnose(network, X, y), "exploding deltas")


def test_symmetric_units():
    X, y = digits(600)
    network = cp.Network([64, 8, 10], activations="tanh", output="softmax", seed=1)
    network.weights[0][5] = network.weights[0][2]
    network.weights[1][:, 5] = network.weights[1][:, 2]
    finding = only(cp.diagnose(network, X, y), "symmetric units")
    assert "units 2 and 5" in finding.evidence


@pytest.mark.parametrize(
    ("hidden", "sizes", "words"),
    [
        ("tanh", [64, 8, 10], "layer 1: all units have the same weights, 0, and"),
        ("sigmoid", [64, 8, 7, 10], "layers 1 and 2: all units of a layer have"),
        ("relu", [64, 8, 7, 6, 10], "layers 1, 2 and 3: all units of a layer have"),
    ],
)
def test_of_weights_that_are_all_0_the_cause_alone_is_said(hidden, sizes, words):
    X, y = digits(600)
    network = cp.Network(sizes, hidden, "softmax", initializer="zeros")
    finding = only(cp.diagnose(network, X, y), "symmetric units")
    assert words in finding.evidence
    drawn = "he_uniform" if hidden == "relu" else "glorot_uniform"
    assert finding.remedy == f"draw the weights at random ({drawn})"


def test_equal_weights_are_alike_without_being_0():
    X, y = digits(600)
    network = cp.Network([64, 8, 10], "tanh", "softmax", seed=1)
    network["W1"], network["W2"] = 0.1, 0.2
    finding = only(cp.diagnose(network, X, y), "symmetric units")
    assert "have the same weights, and will stay alike" in finding.evidence


def test_output_weights_that_begin_at_0_are_no_fault():
    X, y = digits(600)
    network = cp.Network([64, 8, 10], "tanh", "softmax", seed=1)
    network["W2"] = 0.0
    assert cp.diagnose(network, X, y)


def test_below_and_above_a_dead_layer_its_consequences_are_not_said():
    X, y = digits(600)
    network = cp.Network([64, 8, 8, 8, 10], "relu", "softmax", seed=1)
    network["b2"] = -90.0
    finding = only(cp.diagnose(network, X, y), "dead units")
    assert finding.layer == 2


def test_units_of_a_sigmoid_saturate_and_do_not_die():
    X, y = digits(600)
    for hidden in ("sigmoid", "tanh"):
        network = cp.Network([64, 6, 10], hidden, "softmax", seed=1)
        network.biases[0][:2] = -200.0
        finding = only(cp.diagnose(network, X, y), "saturation")
        assert (
            f"2 of 6 {hidden} units lie at a flat end of the curve on all 600" in finding.evidence
        )
        assert "he_normal" not in finding.remedy
        assert "never fire" not in str(finding)


@pytest.mark.parametrize(("mean", "deviation"), [(5000.0, 1.0), (40.0, 5.0), (8.0, 0.5)])
@pytest.mark.parametrize("hidden", ["relu", "tanh", "sigmoid"])
def test_units_that_unscaled_inputs_made_ill_are_not_blamed_on_the_weights(mean, deviation, hidden):
    X = mean + deviation * np.random.default_rng(0).normal(size=(200, 4))
    y = (X[:, 1] > mean).astype(int)
    network = cp.Network([4, 16, 2], hidden, "softmax", seed=1)
    finding = only(cp.diagnose(network, X, y, optimizer="adam"), "unscaled inputs")
    assert re.search(rf"x\[\d\] lies around {mean:.2g}".replace("+", r"\+")[:-1], finding.evidence)
    assert "standard deviation 1" in finding.remedy
    assert cp.diagnose(network, (X - mean) / deviation, y, optimizer="adam")


def test_units_that_are_ill_whatever_the_scale_of_inputs_are_named_beside_it():
    X = 40 + 5 * np.random.default_rng(0).normal(size=(200, 4))
    y = (X[:, 1] > 40).astype(int)
    network = cp.Network([4, 16, 2], "relu", "softmax", seed=1)
    network["b1"] = -1e4
    assert kinds(cp.diagnose(network, X, y)) == ["unscaled inputs", "dead units"]


def test_few_rows_tell_no_dead_units():
    X, y = digits(600)
    network = cp.Network([64, 12, 10], "relu", "softmax", seed=1)
    for n in (1, 2, 5):
        diagnosis = cp.diagnose(network, X[:n], y[:n])
        assert len(diagnosis.layers[0].dead) > 0
        assert diagnosis, diagnosis
        assert f"Diagnosis on {n} row{'s'[: n > 1]}, too few to tell dead units" in repr(diagnosis)
    network["b1"] = -90.0  # all of them, that is no chance
    diagnosis = cp.diagnose(network, X[:1], y[:1])
    finding = only(diagnosis, "dead units")
    assert repr(diagnosis).startswith("Diagnosis on 1 row\n")
    assert "12 of 12 relu units never fire on 1 row;" in finding.evidence
    assert "too few" not in repr(cp.diagnose(network, X, y))


def test_outputs_that_are_saturated_and_wrong():
    X = np.random.default_rng(0).normal(size=(200, 4))
    y = (X[:, 0] > 0.9).astype(int)
    network = cp.Network([4, 6, 1], "tanh", "sigmoid", loss="squared_error", seed=0)
    assert cp.diagnose(network, X, y)
    network["b2"] = 9.0
    finding = only(cp.diagnose(network, X, y), "saturation")
    assert finding.layer == 2
    assert re.search(
        "8.% of the outputs are saturated and wrong, and squared_error", finding.evidence
    )
    assert "binary_cross_entropy" in finding.remedy
    assert cp.diagnose(network, X, y, loss="binary_cross_entropy")
    right = X[:, 0] < np.sort(X[:, 0])[-9]
    assert cp.diagnose(network, X, right.astype(int))  # saturated, and right
    network = cp.Network([4, 6, 1], "tanh", "tanh", loss="squared_error", seed=0)
    network["b2"] = 9.0
    finding = only(cp.diagnose(network, X, 2 * y - 1), "saturation")
    assert "targets 0 and 1" in finding.remedy


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber"])
def test_unscaled_targets(loss):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4))
    y = X[:, 0] + rng.normal(size=200)
    network = cp.Network([4, 16, 1], "relu", "identity", loss=loss, seed=1)
    assert cp.diagnose(network, X, y, optimizer="adam")
    assert cp.diagnose(network, X, 5 * y - 9)
    for unscaled in (1e5 + 1e4 * y, 300 * y, y + 60):
        finding = only(cp.diagnose(network, X, unscaled), "unscaled targets")
        assert re.search(r"y\[0\] has mean \S+ and standard deviation", finding.evidence)
    found = cp.diagnose(network, X, 1e5 + 1e4 * y, optimizer=cp.SGD(0.1)).findings
    assert found[0].kind == "unscaled targets"
    assert all("divide" not in finding.remedy for finding in found)


def test_targets_that_are_all_the_same():
    X, _ = digits(600)
    network = cp.Network([64, 8, 10], "relu", "softmax", seed=1)
    finding = only(cp.diagnose(network, X, np.full(600, 3)), "constant targets")
    assert "all 600 rows have label 3" in finding.evidence
    network = cp.Network([64, 8, 1], "relu", "identity", seed=1)
    finding = only(cp.diagnose(network, X, np.full(600, 2.5)), "constant targets")
    assert "all 600 rows have target 2.5" in finding.evidence
    assert cp.diagnose(network, X[:5], np.ones(5))


def test_inputs_that_are_all_the_same():
    network = cp.Network([4, 8, 2], "relu", "softmax", seed=1)
    finding = only(cp.diagnose(network, np.ones((40, 4)), np.arange(40) % 2), "constant inputs")
    assert "all 40 rows" in finding.evidence


def test_inputs_that_float32_makes_0_are_not_said_to_be_unrelated():
    X = np.random.default_rng(0).normal(size=(200, 3))
    network = cp.Network([3, 8, 2], "tanh", "softmax", seed=0)
    finding = only(cp.diagnose(network, 1e-60 * X, (X[:, 0] > 0).astype(int)), "constant inputs")
    assert finding.evidence == "all inputs of all 200 rows are 0"
    assert "scale them before" in finding.remedy


@pytest.mark.parametrize("size", [1e-25, 1e-170, 1e-300])
def test_tiny_inputs_are_unscaled(size):
    """All of them, or one column beside others; what varies by rounding alone is none."""
    X = np.random.default_rng(0).normal(size=(200, 3))
    y = (X[:, 0] > 0).astype(int)
    network = cp.Network([3, 8, 2], "tanh", "softmax", dtype="float64", seed=0)
    finding = only(cp.diagnose(network, size * X, y), "unscaled inputs")
    assert finding.evidence == f"no column has a standard deviation above {size:.2g}"
    X[:, 1] *= size
    finding = only(cp.diagnose(network, X, y), "unscaled inputs")
    assert f"lie between {X[:, 1].std() or size:.2g} and 1" in finding.evidence
    X[:, 1] = 0.1 + 1e-16 * (np.arange(200) % 3)
    assert not [f for f in cp.diagnose(network, X, y).findings if f.kind == "unscaled inputs"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_varies_by_the_rounding_of_float32_is_not_unscaled(dtype):
    X = np.random.default_rng(0).normal(size=(200, 3))
    y = (X[:, 0] > 0).astype(int)
    network = cp.Network([3, 8, 2], "tanh", "softmax", dtype=dtype, seed=0)
    for scale in (1.0, 3.0):
        rows, tenth = scale * X, np.float32(0.1)
        rows[:, 1] = tenth + np.spacing(tenth) * (np.arange(200) % 3)
        kinds = {finding.kind for finding in cp.diagnose(network, rows, y).findings}
        assert "unscaled inputs" not in kinds


def test_vanishing_deltas_of_relu_are_not_told_to_use_relu():
    X, y = digits(600)
    network = cp.Network([64, 20, 20, 20, 10], "leaky_relu", "softmax", seed=1)
    for W in network.weights[1:]:
        W *= 0.01
    finding = only(cp.diagnose(network, X, y), "vanishing deltas")
    assert "use relu" not in finding.remedy


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X: X * np.array([1.0, 5000.0, 1.0]), r"x\[1\] has a standard deviation of"),
        (lambda X: X * np.array([0.001, 5.0, 1.0]), "lie between"),
        (lambda X: X + np.array([0.0, 0.0, 2000.0]), r"x\[2\] lies around 2e\+03"),
    ],
)
def test_unscaled_inputs(change, words):
    X = np.random.default_rng(0).normal(size=(300, 3))
    y = (X[:, 0] > 0).astype(int)
    network = cp.Network([3, 6, 2], activations="leaky_relu", output="softmax", seed=1)
    assert cp.diagnose(network, X, y)
    diagnosis = cp.diagnose(network, change(X), y)
    (finding,) = [f for f in diagnosis.findings if f.kind == "unscaled inputs"]
    assert re.search(words, finding.evidence)


@pytest.mark.parametrize(
    ("rate", "kind"), [(20.0, "learning rate too large"), (1e-9, "learning rate too small")]
)
@pytest.mark.parametrize("optimizer", [cp.SGD, cp.Adam])
def test_learning_rates(optimizer, rate, kind):
    X, y = digits(600)
    network = cp.Network([64, 30, 10], activations="relu", output="softmax", seed=1)
    before = network.parameters.copy()
    finding = only(cp.diagnose(network, X, y, optimizer=optimizer(rate)), kind)
    assert "find_learning_rate" in finding.remedy
    np.testing.assert_array_equal(network.parameters, before)


@pytest.mark.parametrize("rate", [1e-8, 1e-9, 1e-12])
def test_updates_that_float32_loses_are_too_small(rate):
    X, y = digits(600)
    network = cp.Network([64, 30, 10], activations="relu", output="softmax", seed=1)
    diagnosis = cp.diagnose(network, X, y, optimizer=cp.SGD(rate))
    finding = only(diagnosis, "learning rate too small")
    assert "rounding to float32 loses" in finding.evidence
    assert all(figures.update > 0 for figures in diagnosis.layers)
    assert cp.diagnose(network, X, y, optimizer=cp.SGD(lambda t, total: t / total))  # starts at 0


@pytest.mark.parametrize("optimizer", [cp.SGD, cp.Adam])
@pytest.mark.parametrize("times", [1e-7, 40, 300, 3e4])
def test_by_how_much_a_learning_rate_is_off(optimizer, times):
    """Followed, the advice leads to a rate about which nothing is said."""
    X, y = digits(600)
    network = cp.Network([64, 30, 10], activations="relu", output="softmax", seed=1)
    fair = 0.2 if optimizer is cp.SGD else 0.005
    (finding,) = cp.diagnose(network, X, y, optimizer=optimizer(fair * times)).findings
    verb, number = re.search(r"(divide|multiply) .* by about ([\d,e+.]+),", finding.remedy).groups()
    factor = float(number.replace(",", ""))
    assert verb == ("divide" if times > 1 else "multiply")
    rate = fair * times / factor if times > 1 else fair * times * factor
    assert fair / 12 < rate < fair * 12
    assert cp.diagnose(network, X, y, optimizer=optimizer(rate))


def test_what_is_not_finite():
    X, y = digits(600)
    network = cp.Network([64, 30, 10], activations="exp", output="softmax", seed=1)
    network.weights[0][:] = 50
    finding = only(cp.diagnose(network, X, y, optimizer="adam"), "not finite")
    assert re.match(r"a1\[\d+\] is inf for row \d", finding.evidence)
    assert "scale the inputs" in finding.remedy


@pytest.mark.parametrize(("name", "layer"), [("W1[0,0]", 1), ("b2[3]", 2)])
def test_a_parameter_that_is_not_finite_is_named(name, layer):
    X, y = digits(600)
    network = cp.Network([64, 30, 10], activations="relu", output="softmax", seed=1)
    network[name] = np.nan
    finding = only(cp.diagnose(network, X, y, optimizer="adam"), "not finite")
    assert (finding.layer, finding.evidence) == (layer, f"{name} is nan")
    assert "scale" not in finding.remedy
    network["W1"] = -np.inf
    finding = only(cp.diagnose(network, X, y), "not finite")
    assert finding.evidence == "W1[0,0] is -inf, and 1,919 more of W1"


def test_what_does_not_fit_is_refused():
    X, y = digits(600)
    network = cp.Network([64, 10], output="softmax")
    with pytest.raises(cp.ArgumentError, match="LBFGS"):
        cp.diagnose(network, X, y, optimizer="lbfgs")
    with pytest.raises(cp.ShapeError):
        cp.diagnose(network, X[:, :3], y)


def test_the_table_fits_a_terminal():
    X, y = digits(600)
    network = cp.Network([64, 30, 10], activations="leaky_relu", output="softmax", seed=1)
    network.biases[0][:20] = -900.0
    lines = repr(cp.diagnose(network, 1000 * X, y, optimizer=cp.SGD(30.0))).splitlines()
    assert len(lines) > 5
    assert max(map(len, lines)) <= 100
    html = cp.diagnose(network, X, y)._repr_html_()
    assert html.count("<table>") == 2
    for figure in ("spread: standard deviation of a", "delta: root mean square", "|dW|: norm"):
        assert figure in html
        assert any(figure in line for line in lines)
    assert any("update: change of W in one update" in line for line in lines)
    assert "update:" not in html
