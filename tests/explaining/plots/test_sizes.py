"""All figures at three sizes of network: nothing is cut off, and titles do not meet."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

import clearprop as cp
from figures import inside

pytest.importorskip("matplotlib")

SIZES = {"2-2-1": (2, 2, 1), "4-5-3": (4, 5, 3), "784-100-10": (784, 100, 10)}


def case(size):
    sizes = SIZES[size]
    output = "softmax" if sizes[-1] > 1 else "sigmoid"
    network = cp.Network(list(sizes), "tanh", output, seed=1, biases=cp.normal(0.3))
    X = np.random.default_rng(0).normal(size=(12, sizes[0]))
    return network, X, np.arange(12) % max(sizes[-1], 2)


DRAW = {
    "weights": lambda n, X, y: cp.plot_weights(n),
    "gradients": lambda n, X, y: cp.plot_gradient_flow(cp.backprop(n, X, y)),
    "gradients of a run": lambda n, X, y: cp.plot_gradient_flow(cp.steps(n, X, y, epochs=5)),
    "hill": lambda n, X, y: cp.loss_surface(n, X, y, "W1[0,0]", "W1[0,1]", points=5, optimizer="adam").plot(),
    "hill in three dimensions": lambda n, X, y: cp.loss_surface(n, X, y, "W1[0,0]", "b2[0]", points=5).plot_3d(),
    "boundary": lambda n, X, y: cp.plot_boundary(n, X, y),
    "chain rule": lambda n, X, y: cp.chain_rule_cost(n).plot(),
    "learning rate": lambda n, X, y: cp.find_learning_rate(n, X, y, steps=20).plot(),
    "history": lambda n, X, y: cp.train(n, X, y, epochs=2, progress=False).plot(),
}  # fmt: skip

DATA = {"gradients", "gradients of a run", "hill", "hill in three dimensions", "boundary", "learning rate"}  # fmt: skip


def said(figure):
    parts = [figure, *figure.subfigs]
    words = [part.get_suptitle() for part in parts]
    words += [axis.get_title(where) for axis in figure.axes for where in ("left", "center")]
    return "\n".join(words)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("what", DRAW)
def test_nothing_is_cut_off_and_titles_say_of_what(what, size):
    figure = DRAW[what](*case(size))
    inside(figure)
    if what != "history":
        assert size in said(figure)
    if what in DATA:
        assert "on 12 samples" in said(figure)


@pytest.mark.parametrize("sizes", [(4, 5, 3), (4, 6, 3), (2, 2, 1), (3, 9, 9, 2), (784, 100, 10)])
@pytest.mark.parametrize("biases", [True, cp.normal(0.3), False])
def test_titles_of_weights_meet_nothing(sizes, biases):
    figure = cp.plot_weights(cp.Network(list(sizes), seed=1, biases=biases))
    inside(figure)
    titles = [axis.title for axis in figure.axes if axis.get_title()] + [figure._suptitle]
    boxes = [title.get_window_extent() for title in titles]
    assert len(boxes) == len(sizes)
    for box in boxes:
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.width
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


def test_small_layers_show_their_numbers():
    network = cp.Network.from_weights([[[0.1, -0.3], [0.2, 1e-7]], [[12345.0, 0.6]]])
    first, second = cp.plot_weights(network).axes
    assert [text.get_text() for text in first.texts] == ["0.10", "-0.30", "0.20", "1e-07"]
    assert [text.get_text() for text in second.texts] == ["1e+04", "0.60"]
    assert not cp.plot_weights(cp.Network([9, 3])).axes[0].texts


@pytest.mark.parametrize("sizes", [(8, 8, 8), (2, 2, 1)])
def test_numbers_stay_in_their_cells(sizes):
    figure = cp.plot_weights(cp.Network(list(sizes), seed=1, biases=cp.normal(0.3)))
    inside(figure)
    for axis in figure.axes:
        pixels = axis.transData.transform([(0, 0), (1, 1)])
        cell = abs(pixels[1] - pixels[0])
        assert axis.texts
        for text in axis.texts:
            box = text.get_window_extent()
            assert box.width <= cell[0]
            assert box.height <= cell[1]
