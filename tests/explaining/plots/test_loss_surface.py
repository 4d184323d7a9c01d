"""The cost over two parameters, and over the plane of a run."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp

X = np.array([[0.0, 1.0], [1.0, 0.5], [-1.0, 2.0], [0.3, -0.7]])
Y = np.array([1.0, 0.0, 1.0, 0.5])


def network():
    return cp.Network([2, 3, 1], activations="tanh", output="identity", dtype="float64", seed=2)


def test_every_point_is_the_networks_cost_there():
    net = network()
    before = net.parameters.copy()
    surface = cp.loss_surface(net, X, Y, "W1[0,1]", "b2[0]", points=5, span=1.5, l2=0.2)
    np.testing.assert_array_equal(net.parameters, before)
    assert surface.here == pytest.approx((net["W1[0,1]"], net["b2[0]"]))
    assert surface.first[0] == pytest.approx(net["W1[0,1]"] - 1.5)
    for i, j in ((0, 0), (4, 1), (2, 2)):
        net["W1[0,1]"], net["b2[0]"] = surface.first[i], surface.second[j]
        assert surface.losses[j, i] == pytest.approx(float(cp.backprop(net, X, Y, l2=0.2).loss))
    assert surface.losses[2, 2] == pytest.approx(surface.loss)


def test_the_plane_of_a_run_holds_its_end_and_its_costs():
    net = network()
    steps = cp.steps(net, X, Y, optimizer=cp.SGD(0.2), batch_size=None, epochs=40)
    records = [step.record for step in steps]
    path = [record.network.parameters for record in records]
    net = records[-1].network
    surface = cp.loss_surface(net, X, Y, path=path, points=7)
    assert surface.here == pytest.approx((0.0, 0.0), abs=1e-12)
    assert surface.path[-1] == pytest.approx([0.0, 0.0], abs=1e-12)
    # A run of full batches is nearly flat: its costs are those of the plane below it.
    axis = np.abs(surface.path[0] - surface.path[-1])
    assert axis[0] > axis[1]
    assert surface.losses.min() <= float(records[0].loss)
    assert surface.first[0] <= surface.path[:, 0].min()
    assert surface.first[-1] >= surface.path[:, 0].max()
    assert surface.loss == pytest.approx(float(records[-1].loss))


def test_the_plot():
    pytest.importorskip("matplotlib")
    net = network()
    path = [s.record.network.parameters for s in cp.steps(net, X, Y, batch_size=None, epochs=9)]
    figure = cp.loss_surface(net, X, Y, "W2[0,0]", "W2[0,1]", path=path, points=9).plot()
    axis = figure.axes[0]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("W2[0,0]", "W2[0,1]")
    assert [text.get_text() for text in axis.get_legend().get_texts()] == [
        "descent",
        "start",
        "end",
        "here",
    ]
    lines = {line.get_label(): np.array(line.get_xydata()) for line in axis.lines}
    np.testing.assert_allclose(lines["start"], lines["descent"][:1])
    np.testing.assert_allclose(lines["end"], lines["descent"][-1:])
    assert axis.get_title("left") == (
        "the other 11 parameters as they are here\n(along the path they differed)"
    )
    assert figure.axes[1].get_ylabel() == "cost (mean per sample)"


@pytest.mark.parametrize("names", [(), ("W2[0,0]", "W2[0,1]")])
def test_the_legend_covers_nothing_of_the_surface(names):
    pytest.importorskip("matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    net = network()
    path = [s.record.network.parameters for s in cp.steps(net, X, Y, batch_size=None, epochs=9)]
    figure = cp.loss_surface(net, X, Y, *names, path=path, points=9).plot()
    FigureCanvasAgg(figure).draw()
    axis = figure.axes[0]
    legend, inside = axis.get_legend().get_window_extent(), axis.get_window_extent()
    assert not legend.overlaps(inside)
    assert not legend.overlaps(axis.xaxis.label.get_window_extent())
    assert 0 <= legend.y0 < legend.y1 < figure.bbox.height


def test_what_the_title_says_of_the_other_parameters():
    pytest.importorskip("matplotlib")
    net = network()
    surface = cp.loss_surface(net, X, Y, "W2[0,0]", "W2[0,1]", points=5)
    assert surface.others == 11
    assert surface.plot().axes[0].get_title("left") == "the other 11 parameters as they are here"
    path = [s.record.network.parameters for s in cp.steps(net, X, Y, batch_size=None, epochs=9)]
    surface = cp.loss_surface(net, X, Y, path=path, points=5)
    assert surface.others == 0
    title = surface.plot().axes[0].get_title("left")
    assert title == "the path, projected onto its two main directions"


def test_a_flat_surface_says_so():
    pytest.importorskip("matplotlib")
    net = cp.Network([2, 3, 1], activations="relu", dtype="float64", seed=2)
    net["b1"] = -99.0
    figure = cp.loss_surface(net, X, Y, "W1[0,0]", "W1[0,1]", points=5).plot()
    cost = float(cp.backprop(net, X, Y).loss)
    title = figure.axes[0].get_title("left")
    assert title.startswith(f"the cost is {cost:.4g} everywhere here\nthe other 11")


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "words"),
    [
        ((), {}, cp.ArgumentError, "or a path"),
        (("W1[0,0]",), {}, cp.ArgumentError, "two parameters"),
        (("W1[0,0]", "W1[0,0]"), {}, cp.ArgumentError, "one parameter"),
        (("W1", "W1[0,0]"), {}, cp.ElementError, "not one parameter"),
        (("z1[0]", "W1[0,0]"), {}, cp.ElementError, "not one parameter"),
        (("W7[0,0]", "W1[0,0]"), {}, cp.ElementError, "W1 to W2"),
        ((), {"path": np.zeros((5, 2))}, cp.ShapeError, r"\(steps, 13\)"),
        ((), {"path": np.zeros((5, 13))}, cp.ArgumentError, "that differ"),
        (("W1[0,0]", "W1[0,1]"), {"span": 0}, cp.ArgumentError, "span"),
        (("W1[0,0]", "W1[0,1]"), {"points": 1}, cp.ArgumentError, "points"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, settings, error, words):
    with pytest.raises(error, match=words):
        cp.loss_surface(network(), X, Y, *arguments, **settings)
