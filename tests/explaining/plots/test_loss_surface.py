"""The cost over two parameters, and over the plane of a run."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from figures import inside

X = np.array([[0.0, 1.0], [1.0, 0.5], [-1.0, 2.0], [0.3, -0.7]])
Y = np.array([1.0, 0.0, 1.0, 0.5])


WHAT = "2-3-1 network with squared_error, on 4 samples"


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
    surface = cp.loss_surface(net, X, Y, "W2[0,0]", "W2[0,1]", path=path, points=9)
    figure = surface.plot()
    axis = figure.axes[0]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("W2[0,0]", "W2[0,1]")
    (legend,) = figure.legends
    size = np.hypot(*surface.gradient)
    assert [text.get_text().split(",")[0] for text in legend.get_texts()] == [
        "descent", "start", "end", "here", "gradient",
    ]  # fmt: skip
    assert f"uphill ({size:.3g}" in legend.get_texts()[-1].get_text()
    lines = {line.get_label(): np.array(line.get_xydata()) for line in axis.lines}
    np.testing.assert_allclose(lines["start"], lines["descent"][:1])
    np.testing.assert_allclose(lines["end"], lines["descent"][-1:])
    assert axis.get_title("left") == (
        f"{WHAT}\nthe other 11 parameters as they are here\n(along a path they differed)"
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
    legend, inside = figure.legends[0].get_window_extent(), axis.get_window_extent()
    assert not legend.overlaps(inside)
    assert not legend.overlaps(axis.xaxis.label.get_window_extent())
    assert 0 <= legend.y0 < legend.y1 < figure.bbox.height


def test_what_the_title_says_of_the_other_parameters():
    pytest.importorskip("matplotlib")
    net = network()
    surface = cp.loss_surface(net, X, Y, "W2[0,0]", "W2[0,1]", points=5)
    assert surface.others == 11
    title = surface.plot().axes[0].get_title("left")
    assert title == f"{WHAT}\nthe other 11 parameters as they are here"
    path = [s.record.network.parameters for s in cp.steps(net, X, Y, batch_size=None, epochs=9)]
    surface = cp.loss_surface(net, X, Y, path=path, points=5)
    assert surface.others == 0
    title = surface.plot().axes[0].get_title("left")
    assert title == f"{WHAT}\nthe path, projected onto the two main directions"


def test_a_flat_surface_says_so():
    pytest.importorskip("matplotlib")
    net = cp.Network([2, 3, 1], activations="relu", dtype="float64", seed=2)
    net["b1"] = -99.0
    figure = cp.loss_surface(net, X, Y, "W1[0,0]", "W1[0,1]", points=5).plot()
    cost = float(cp.backprop(net, X, Y).loss)
    title = figure.axes[0].get_title("left")
    assert title.startswith(f"{WHAT}\nthe cost is {cost:.4g} everywhere here\nthe other 11")


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
        ((), {"path": {}}, cp.ArgumentError, "must name its runs"),
        ((), {"path": {1: np.zeros((5, 13))}}, cp.ArgumentError, "must name its runs"),
        (("W1[0,0]", "W1[0,1]"), {"optimizer": "lbfgs"}, cp.ArgumentError, "single updates"),
        (("W1[0,0]", "W1[0,1]"), {"span": 0}, cp.ArgumentError, "span"),
        (("W1[0,0]", "W1[0,1]"), {"points": 1}, cp.ArgumentError, "points"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, settings, error, words):
    with pytest.raises(error, match=words):
        cp.loss_surface(network(), X, Y, *arguments, **settings)


def runs(net):
    """The same start, two optimizers."""
    start, found = net.parameters.copy(), {}
    for name, rule in (("sgd", cp.SGD(0.2)), ("adam", cp.Adam(0.1))):
        net.parameters[:] = start
        run = cp.steps(net, X, Y, optimizer=rule, batch_size=None, epochs=20)
        found[name] = [step.record.network.parameters for step in run]
    return found


def test_arrows_are_the_gradient_and_the_first_step():
    net = network()
    surface = cp.loss_surface(
        net, X, Y, "W1[0,0]", "b2[0]", points=41, l2=0.1, optimizer=cp.SGD(0.3)
    )
    record = cp.backprop(net, X, Y, l2=0.1)
    slopes = float(record["dW1[0,0]"]), float(record["db2[0]"])
    assert surface.gradient == pytest.approx(slopes, rel=1e-9)
    assert surface.step == pytest.approx((-0.3 * slopes[0], -0.3 * slopes[1]), rel=1e-9)
    # As the surface itself rises, from grid point to grid point.
    h = surface.first[1] - surface.first[0]
    rise = (surface.losses[20, 21] - surface.losses[20, 19]) / (2 * h)
    assert rise == pytest.approx(slopes[0], rel=0.05)
    assert cp.loss_surface(net, X, Y, "W1[0,0]", "b2[0]", points=2).step is None


def test_arrows_along_the_directions_of_a_run():
    net = network()
    path = runs(net)["adam"]
    surface = cp.loss_surface(net, X, Y, path=path, points=201)
    i, j = (int(np.abs(grid - at).argmin()) for grid, at in zip((surface.first, surface.second), surface.here, strict=True))  # fmt: skip
    rises = np.gradient(surface.losses, surface.second, surface.first)
    assert surface.gradient == pytest.approx((rises[1][j, i], rises[0][j, i]), rel=0.05, abs=1e-3)


def test_the_gradient_is_drawn_upright_on_lines_of_equal_cost():
    pytest.importorskip("matplotlib")
    net = network()
    surface = cp.loss_surface(net, X, Y, "W1[0,0]", "b2[0]", points=9, optimizer=cp.SGD(0.5))
    axis = surface.plot().axes[0]
    assert axis.get_aspect() == 1.0
    gradient, step = (
        np.array(arrow.xy) - arrow.xyann for arrow in axis.texts if hasattr(arrow, "xyann")
    )
    size = np.linalg.norm(surface.gradient)
    assert gradient / np.linalg.norm(gradient) == pytest.approx(np.array(surface.gradient) / size)
    assert step / np.linalg.norm(step) == pytest.approx(-np.array(surface.gradient) / size)


def test_lines_of_equal_cost_have_numbers():
    pytest.importorskip("matplotlib")
    axis = cp.loss_surface(network(), X, Y, "W1[0,0]", "b2[0]", points=21).plot().axes[0]
    numbers = [float(text.get_text()) for text in axis.texts if text.get_text()]
    assert len(numbers) >= 3


def test_several_runs_are_compared():
    pytest.importorskip("matplotlib")
    net = network()
    given = runs(net)
    surface = cp.loss_surface(net, X, Y, path=given, points=9)
    assert list(surface.paths) == ["sgd", "adam"]
    np.testing.assert_array_equal(surface.path, surface.paths["adam"])
    for name in given:
        assert surface.paths[name].shape == (20, 2)
        for k, grid in enumerate((surface.first, surface.second)):
            assert grid[0] < surface.paths[name][:, k].min()
            assert grid[-1] > surface.paths[name][:, k].max()
    np.testing.assert_allclose(surface.paths["sgd"][0], surface.paths["adam"][0], atol=1e-12)
    figure = surface.plot()
    inside(figure)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts[:2] == ["sgd", "adam"]
    ratio = np.ptp(surface.first) / np.ptp(surface.second)
    assert 0.499 < ratio < 2.001


def test_the_hill_in_three_dimensions():
    pytest.importorskip("matplotlib")
    net = network()
    surface = cp.loss_surface(net, X, Y, path=runs(net), points=15)
    figure = surface.plot_3d()
    inside(figure)
    axis = figure.axes[0]
    lines = {line.get_label(): line.get_data_3d() for line in axis.lines}
    assert set(lines) == {"sgd", "adam", "here"}
    np.testing.assert_allclose(lines["adam"][:2], surface.paths["adam"].T)
    lift = 0.01 * np.ptp(surface.losses)
    assert lines["here"][2][0] == pytest.approx(surface.loss + lift)
    # The path lies on the surface: near its end, where the network is, at the network's cost.
    assert lines["adam"][2][-1] == pytest.approx(surface.loss + lift, rel=0.3)
    with pytest.raises(cp.ArgumentError, match="3d"):
        surface.plot_3d(surface.plot().axes[0])
