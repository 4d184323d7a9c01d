"""Weights as pictures: areas and colors are the weights', and all fits into the figure."""

from __future__ import annotations

import sys

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

import clearprop as cp
from clearprop.explaining.plots.hinton import FILLED, NEGATIVE, POSITIVE, plot_weights
from figures import inside


def squares(axis):
    """Return what is drawn: by middle (x, y), the square's area and color."""
    found = {}
    for collection in axis.collections:
        assert isinstance(collection, PolyCollection)
        color = tuple(collection.get_facecolor()[0])
        for path in collection.get_paths():
            (left, bottom), (right, top) = path.vertices.min(axis=0), path.vertices.max(axis=0)
            assert right - left == pytest.approx(top - bottom)
            found[(left + right) / 2, (bottom + top) / 2] = ((right - left) ** 2, color)
    return found


def network(*sizes, **settings):
    return cp.Network(sizes, "tanh", biases="normal", dtype="float64", seed=3, **settings)


def test_areas_are_the_weights_and_colors_their_signs():
    net = network(4, 3, 2)
    net["W1[1,2]"] = 0.0
    figure = plot_weights(net)
    assert len(figure.axes) == 2
    for layer, axis in enumerate(figure.axes, 1):
        W, b = net[f"W{layer}"], net[f"b{layer}"]
        n_in = W.shape[1]
        largest = max(np.abs(W).max(), np.abs(b).max())
        drawn = squares(axis)
        weights = {place: square for place, square in drawn.items() if place[0] < n_in - 0.5}
        biases = {j: square for (x, j), square in drawn.items() if x > n_in - 0.5}
        assert len(weights) == np.count_nonzero(W)
        assert len(biases) == len(b)
        for (x, y), (area, color) in weights.items():
            w = W[round(y), round(x)]
            assert (x, y) == pytest.approx((round(x), round(y)))
            assert area == pytest.approx(FILLED**2 * abs(w) / largest)
            assert color == to_rgba(POSITIVE if w > 0 else NEGATIVE)
        for j, (area, color) in biases.items():
            assert area == pytest.approx(FILLED**2 * abs(b[round(j)]) / largest)
            assert color == to_rgba(POSITIVE if b[round(j)] > 0 else NEGATIVE)
        assert axis.get_title() == f"W{layer} {W.shape}\nlargest |w| = {largest:.3g}"
    inside(figure)


def test_labels_and_legend():
    figure = plot_weights(network(4, 3, 2))
    for layer, axis in enumerate(figure.axes, 1):
        assert axis.get_xlabel() == f"neuron of layer {layer - 1}"
        assert axis.get_ylabel() == f"neuron of layer {layer}"
        assert [text.get_text() for text in axis.get_xticklabels()][-1] == f"b{layer}"
        assert axis.get_ylim()[0] > axis.get_ylim()[1]  # neuron 0 on top, as in the matrix
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["positive", "negative", "largest |w| of the layer", "a quarter of it"]
    large, small = (handle.get_markersize() for handle in figure.legends[0].legend_handles[2:])
    assert (large / small) ** 2 == 4


def test_one_layer_without_biases():
    net = cp.Network.from_weights([[[0.1, -0.3], [0.2, 0.4]], [[0.5, 0.6]]])
    figure = plot_weights(net, 2)
    (axis,) = figure.axes
    assert axis.get_title() == "W2 (1, 2)\nlargest |w| = 0.6"
    assert [text.get_text() for text in axis.get_xticklabels()] == ["0", "1"]
    assert len(squares(axis)) == 2


def test_layers_with_many_neurons_are_images():
    net = network(100, 70, 3)
    net["b1[5]"] = 40.0
    figure = plot_weights(net)
    axes = [axis for axis in figure.axes if axis.get_title()]
    bars = [axis for axis in figure.axes if axis.get_ylabel() == "weight"]
    assert len(axes) == len(bars) == 2
    for layer, axis in enumerate(axes, 1):
        W, b = axis.images
        np.testing.assert_array_equal(W.get_array(), net[f"W{layer}"])
        np.testing.assert_array_equal(b.get_array()[:, 0], net[f"b{layer}"])
        assert W.get_clim() == b.get_clim()
        assert W.get_clim()[0] == -W.get_clim()[1]
        assert W.get_extent()[1] < b.get_extent()[0]
    high = axes[0].images[0].get_clim()[1]
    assert np.abs(net["W1"]).max() == pytest.approx(high)  # the bias of 40 does not pale the rest
    assert "largest |w| = 40" in axes[0].get_title()
    inside(figure)


def test_colors_tell_signs_and_a_long_tail_leaves_the_rest_visible():
    net = cp.Network([200, 70], biases=False)
    net["W1"] = 0.01
    net["W1[0,0]"], net["W1[0,1]"], net["W1[0,2]"] = 5.0, -5.0, 0.0
    figure = plot_weights(net)
    image = figure.axes[0].images[0]
    assert image.get_clim()[1] == pytest.approx(0.01)
    positive, negative, zero = (image.cmap(image.norm(w))[:3] for w in (0.006, -0.006, 0.0))
    assert positive[2] > 1.5 * positive[0]
    assert negative[0] > 1.5 * negative[2]
    assert min(zero) > 0.99


def test_the_first_layer_as_images_of_its_inputs():
    net = network(6, 5, 2)
    figure = plot_weights(net, 1, image_shape=(2, 3))
    axis = figure.axes[0]
    mosaic = np.asarray(axis.images[0].get_array())
    rows, columns = mosaic.shape[0] // 3, mosaic.shape[1] // 4
    assert rows * columns >= 5
    for j, weights in enumerate(net["W1"]):
        top, left = j // columns * 3, j % columns * 4
        np.testing.assert_array_equal(mosaic[top : top + 2, left : left + 3], weights.reshape(2, 3))
    assert [text.get_text() for text in axis.get_yticklabels()][1] == str(columns)
    assert "2 × 3" in axis.get_xlabel()
    inside(figure)
    both = plot_weights(net, image_shape=(2, 3))
    assert len([axis for axis in both.axes if axis.get_title()]) == 2
    inside(both)


def test_what_is_not_finite_is_marked():
    net = network(3, 4)
    net["W1[1,2]"], net["b1[0]"] = np.nan, -np.inf
    figure = plot_weights(net)
    (axis,) = figure.axes
    marks = {tuple(np.round(line.get_xydata()[0])) for line in axis.lines}
    assert (2.0, 1.0) in marks
    assert len(marks) == 2
    assert len(squares(axis)) == 14
    assert figure.legends[0].get_texts()[-1].get_text() == "not finite"
    wide = network(70, 4)
    wide["W1[1,2]"] = np.inf
    figure = plot_weights(wide)
    assert np.ma.getmaskarray(figure.axes[0].images[0].get_array()).sum() == 1
    assert figure.legends[0].get_texts()[-1].get_text() == "not finite"
    inside(figure)


@pytest.mark.parametrize(
    "sizes",
    [(1, 1), (2, 2, 1), (1, 40, 1), (64, 30, 10), (64, 100, 10), (784, 100, 10), (20,) * 8],
)
def test_nothing_is_cut_off_at_default_size(sizes):
    inside(plot_weights(network(*sizes)))


def test_zeros_and_other_types():
    inside(plot_weights(cp.Network([3, 2], initializer="zeros")))
    inside(plot_weights(cp.Network([90, 2], initializer="zeros")))
    wide = cp.Network([3, 2], dtype="longdouble", seed=1)
    assert len(squares(plot_weights(wide).axes[0])) == 6


def test_into_an_axes_of_ones_own():
    figure = Figure(layout="constrained")
    axis, other = figure.subplots(1, 2)
    assert plot_weights(network(4, 3, 2), 1, ax=axis) is figure
    assert axis.get_legend() is not None
    assert not other.collections
    inside(figure)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"layer": 3}, "layers 1 to 2"),
        ({"layer": 0}, "layer is 0"),
        ({"layer": "W1"}, "layer is 'W1'"),
        ({"ax": Figure().subplots()}, "ax holds one layer"),
        ({"image_shape": (2, 3)}, "layer 1 with 6 inputs; here is layer 1 with 4"),
        ({"image_shape": (2, 2), "layer": 2}, "here is layer 2"),
        ({"image_shape": (2, 2.0)}, "image_shape is 2.0"),
        ({"image_shape": 4}, "image_shape is 4"),
        ({"image_shape": (2, 2, 1)}, "image_shape is"),
    ],
)
def test_what_does_not_fit_is_refused(settings, words):
    with pytest.raises(cp.ArgumentError, match=words.replace("(", r"\(")):
        plot_weights(network(4, 3, 2), **settings)


def test_other_things_are_refused():
    with pytest.raises(cp.ArgumentError, match=r"give a cp\.Network"):
        plot_weights(np.zeros((3, 2)))
    with pytest.raises(cp.ArgumentError, match="complex"):
        plot_weights(cp.Network([3, 2], dtype="complex128"))
    with pytest.raises(cp.ArgumentError, match="30 layers are too many"):
        plot_weights(cp.Network([1] * 31))
    inside(plot_weights(cp.Network([1] * 31), 30))


def test_without_matplotlib_one_line_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(cp.MissingExtraError, match=r'pip install "clearprop\[plots\]"'):
        plot_weights(network(2, 1))
