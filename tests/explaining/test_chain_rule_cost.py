"""The chain rule written out, against deltas that are kept: formula, counted run and gradient agree."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.explaining import chain_rule_cost as module

NETWORKS = {
    "the note's": ([2, 2, 1], {"activations": "sigmoid", "loss": "squared_error", "biases": False}),
    "with biases": ([2, 3, 2], {"activations": "tanh", "output": "identity"}),
    "deep": (
        [3, 2, 4, 3, 2],
        {"activations": "tanh", "output": "sigmoid", "loss": "squared_error"},
    ),
    "softmax, fused": ([3, 4, 3], {"activations": "relu", "output": "softmax"}),
    "softmax": ([3, 2, 3], {"activations": "tanh", "output": "softmax", "loss": "squared_error"}),
    "one layer": ([4, 2], {"output": "identity"}),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_formula_counted_run_and_gradient_agree(name):
    sizes, settings = NETWORKS[name]
    network = cp.Network(sizes, seed=3, dtype="float64", **settings)
    cost = cp.chain_rule_cost(network)
    assert cost.count() == (cost.written_out, cost.with_deltas)
    rng = np.random.default_rng(0)
    y = [1] if network.loss.targets == "labels" else rng.random((1, sizes[-1]))
    record = cp.backprop(network, rng.normal(size=(1, sizes[0])), y)
    for way in (module.written_out, module.with_deltas):
        np.testing.assert_allclose(way(record)[0], record.gradient, rtol=1e-12, atol=1e-15)


def test_the_notes_network_by_hand():
    """Six chains: two of 3 factors, four of 5; delta3, two times (w delta) f', six delta a."""
    network = cp.Network([2, 2, 1], activations="sigmoid", loss="squared_error", biases=False)
    cost = cp.chain_rule_cost(network)
    assert cost.written_out == 2 * 2 + 4 * 4
    assert cost.with_deltas == 1 + 2 * 2 + 6


def test_depth_multiplies_the_paths():
    costs = [cp.chain_rule_cost(cp.Network([10] * (depth + 1))) for depth in (2, 4, 8)]
    assert [cost.layers[-1].paths for cost in costs] == [10, 10**3, 10**7]
    assert costs[2].written_out > 1e6 * costs[2].with_deltas
    # With deltas, a layer takes as many multiplications however many follow it.
    assert {layer.with_deltas for layer in costs[2].layers[1:]} == {10 * 10 + 10 + 10 * 10}


def test_table_and_plot():
    pytest.importorskip("matplotlib")
    cost = cp.chain_rule_cost(cp.Network([784, 100, 100, 10]))
    lines = repr(cost).splitlines()
    assert len(lines) == 6
    assert max(map(len, lines)) <= 100
    assert f"{cost.written_out:,}" in lines[-1]
    assert "<table>" in cost._repr_html_()
    (axis,) = cost.plot().axes
    assert axis.get_ylabel().startswith("multiplications")
    assert [len(line.get_xdata()) for line in axis.lines] == [3, 3]
    deep = cp.chain_rule_cost(cp.Network([50] * 200))
    with pytest.raises(OverflowError):
        float(deep.layers[-1].paths)  # more than a float can count
    assert deep.plot().axes


def test_few_multiplications_are_labeled_as_numbers():
    pytest.importorskip("matplotlib")
    (axis,) = cp.chain_rule_cost(cp.Network([2, 2, 1], activations="sigmoid")).plot().axes
    labels = [text.get_text() for text in axis.get_yticklabels()]
    assert {"5", "10", "20"} <= set(labels)
    np.testing.assert_allclose(10 ** axis.get_yticks(), [float(text) for text in labels])


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(cp.ArgumentError, match="nobody writes out"):
        cp.chain_rule_cost(cp.Network([784, 100, 100, 10])).count()
    with pytest.raises(cp.ArgumentError):
        cp.chain_rule_cost("network")
