"""Maps of what a network gives, and of its hidden neurons."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from figures import inside

pytest.importorskip("matplotlib")

X = np.random.default_rng(0).normal(size=(40, 2))
EITHER = (X[:, 0] * X[:, 1] > 0).astype(int)


def network(*sizes, output="sigmoid", **settings):
    settings = {"activations": "tanh", "dtype": "float64", "seed": 1} | settings
    return cp.Network(list(sizes), output=output, **settings)


def titles(figure):
    return [axis.get_title() for axis in figure.axes if axis.get_title()]


def test_each_hidden_neuron_has_a_map_of_its_activation():
    net = network(2, 3, 2, 1)
    figure = cp.plot_boundary(net, X, EITHER)
    inside(figure)
    assert titles(figure) == [f"a{layer}[{j}] (tanh)" for layer, n in ((1, 3), (2, 2)) for j in range(n)]  # fmt: skip
    maps = {axis.get_title(): axis.images[0] for axis in figure.axes if axis.get_title()}
    left, right, bottom, top = maps["a2[1] (tanh)"].get_extent()
    record = cp.backprop(net, [[left, bottom], [right, top]], [0, 0])
    shown = maps["a2[1] (tanh)"].get_array()
    assert (shown[0, 0], shown[-1, -1]) == pytest.approx(tuple(record["a2"][:, 1]))


def test_the_line_of_a_sigmoid_is_where_it_is_one_half():
    net = network(2, 3, 1)
    axis = cp.plot_boundary(net, X, EITHER, hidden=False).axes[0]
    line = next(c for c in axis.collections if len(getattr(c, "levels", ())) == 1)
    places = np.concatenate([path.vertices for path in line.get_paths()])
    assert net.predict(places)[:, 0] == pytest.approx(0.5, abs=0.01)


def test_the_colors_of_classes_are_those_of_the_largest_output():
    net = network(2, 6, 3, output="softmax")
    figure = cp.plot_boundary(net, X, np.digitize(X[:, 0], [-0.5, 0.5]))
    inside(figure)
    image = figure.axes[0].images[0]
    left, right, bottom, top = image.get_extent()
    called = net.predict([[left, bottom], [right, bottom], [left, top], [right, top]]).argmax(1)
    pixels = image.get_array()
    corners = [tuple(pixels[j, i]) for j in (0, -1) for i in (0, -1)]
    assert len(set(zip(called.tolist(), corners, strict=True))) == len(set(corners)) == len(set(called.tolist()))  # fmt: skip


def test_other_inputs_are_held_at_their_means():
    rows = np.random.default_rng(1).normal(size=(30, 4))
    net = network(4, 5, 3, output="softmax")
    figure = cp.plot_boundary(net, rows, rows[:, 0] > 0, inputs=(3, 1))
    inside(figure)
    axis = figure.axes[0]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("x[3]", "x[1]")
    assert axis.get_title("left") == (
        "4-5-3 network with cross_entropy, on 30 samples\nthe other 2 inputs at their means"
    )
    shown = figure.axes[1]
    left, _, bottom, _ = shown.images[0].get_extent()
    row = rows.mean(axis=0)
    row[[3, 1]] = left, bottom
    a = cp.backprop(net, [row], [0])["a1"][0, 0]
    assert shown.images[0].get_array()[0, 0] == pytest.approx(float(a))


@pytest.mark.parametrize(
    ("sizes", "settings", "y"),
    [
        ([2, 2, 1], {}, EITHER),
        ([2, 1], {"output": "identity"}, X[:, 0]),
        ([2, 40, 1], {"activations": "relu"}, EITHER),
        ([2, 3, 10], {"output": "softmax"}, np.arange(40) % 10),
        ([2, 4, 2], {"output": "identity"}, X),
    ],
)
def test_nothing_is_cut_off(sizes, settings, y):
    inside(cp.plot_boundary(network(*sizes, **settings), X, y))


def test_a_wide_network_shows_the_neurons_with_the_largest_weights_ahead():
    net = network(2, 40, 1)
    net["W2"][0, :30] = 0.001
    net["W2"][0, [3, 7]] = 9.0
    found = titles(cp.plot_boundary(net, X, EITHER))
    assert len(found) == 24
    assert {"a1[3] (tanh)", "a1[7] (tanh)"} | {f"a1[{j}] (tanh)" for j in range(30, 40)} <= set(
        found
    )


@pytest.mark.parametrize(
    ("sizes", "settings", "words"),
    [
        ([1, 2, 1], {}, "needs two"),
        ([2, 2, 1], {"inputs": (0, 2)}, "inputs is 2"),
        ([2, 2, 1], {"inputs": (1, 1)}, "two that differ"),
        ([2, 2, 1], {"inputs": 3}, "two inputs such as"),
        ([2, 2, 1], {"hidden": 7}, "hidden is 7"),
    ],
)
def test_what_does_not_fit_is_refused(sizes, settings, words):
    with pytest.raises(cp.ArgumentError, match=words):
        cp.plot_boundary(network(*sizes), X[:, : sizes[0]], EITHER, **settings)
