"""The gradient flow: what is drawn are the record's numbers, and nothing is hidden or cut off."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

import clearprop as cp
from clearprop.explaining.plots.gradient_flow import plot_gradient_flow
from figures import inside

X = np.random.default_rng(0).normal(size=(20, 4))
Y = np.arange(20) % 3


def network(*hidden, activations="tanh", dtype="float64"):
    return cp.Network([4, *hidden, 3], activations, "softmax", dtype=dtype, seed=1)


def rms(array):
    return float(np.sqrt((np.asarray(array, np.float64) ** 2).mean()))


def lines(axis):
    """Return the drawn numbers by the first word of their label."""
    return {line.get_label().split()[0]: np.asarray(line.get_ydata()) for line in axis.lines}


def texts(axis):
    return [text.get_text() for text in axis.texts]


def test_the_numbers_are_the_records():
    record = cp.backprop(network(6, 5), X, Y)
    figure = plot_gradient_flow(record)
    (axis,) = figure.axes
    drawn = lines(axis)
    np.testing.assert_allclose(drawn["delta"], [rms(d) for d in record.delta], rtol=1e-12)
    np.testing.assert_allclose(drawn["dW"], [rms(d) for d in record.dW], rtol=1e-12)
    foot = axis.get_ylim()[0]
    for bar, dW in zip(axis.collections[0].get_segments(), record.dW, strict=True):
        ends = np.quantile(np.abs(dW), [0.05, 0.95])
        np.testing.assert_allclose(bar[:, 1], np.maximum(ends, foot), rtol=1e-12)
    diagnosed = [figures.delta for figures in cp.diagnose(record.network, X, Y).layers]
    np.testing.assert_allclose(drawn["delta"], diagnosed, rtol=1e-12)


def test_labels():
    figure = plot_gradient_flow(cp.backprop(network(6, 5), X, Y))
    (axis,) = figure.axes
    assert axis.get_yscale() == "log"
    assert [t.get_text() for t in axis.get_xticklabels()] == ["1\ntanh", "2\ntanh", "3\nsoftmax"]
    assert axis.get_xlabel() == "layer, and its activation"
    assert axis.get_ylabel() == "cost per unit of z, or of weight"
    words = " ".join(text.get_text() for text in axis.get_legend().get_texts())
    for word in ("dL/dz", "dL/dW", "root mean square", "5th to the 95th percentile"):
        assert word in words


def test_zeros_are_marked_at_the_foot():
    net = network(6, 5, activations="relu")
    net["b2"] = -50.0
    record = cp.backprop(net, X, Y)
    assert not record["dW2"].any()
    figure = plot_gradient_flow(record)
    (axis,) = figure.axes
    zeros = [(symbol, layer) for symbol in ("delta", "dW") for layer in (1, 2, 3)
             if not record[f"{symbol}{layer}"].any()]  # fmt: skip
    assert texts(axis) == ["0"] * len(zeros)
    assert {round(text.xy[0]) for text in axis.texts} == {layer for _, layer in zeros}
    assert all(text.xy[1] == axis.get_ylim()[0] for text in axis.texts)
    assert np.isnan(lines(axis)["delta"][:2]).all()
    assert lines(axis)["delta"][2] == pytest.approx(rms(record["delta3"]))
    inside(figure)


def test_numbers_whose_squares_would_be_zero_are_none():
    record = cp.backprop(network(6), X, Y)
    small = replace(record, gradient=record.gradient * 1e-250)
    drawn = lines(plot_gradient_flow(small).axes[0])["dW"]
    np.testing.assert_allclose(drawn / 1e-250, [rms(d) for d in record.dW], rtol=1e-9)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_marked_at_the_top(value):
    record = cp.backprop(network(6, 5), X, Y)
    record.dW[1][0, 0] = value
    figure = plot_gradient_flow(record)
    (axis,) = figure.axes
    assert texts(axis) == [str(value)]
    assert axis.texts[0].xy[1] == axis.get_ylim()[1]
    assert np.isnan(lines(axis)["dW"][1])
    inside(figure)


def test_a_run_is_drawn_over_its_updates():
    net = network(6, 5)
    run = list(cp.steps(net.copy(), X, Y, batch_size=5, epochs=3))
    figure = plot_gradient_flow(cp.steps(net, X, Y, batch_size=5, epochs=3))
    (axis,) = figure.axes
    assert list(lines(axis)) == ["dW1", "dW2", "dW3"]
    for layer, drawn in enumerate(lines(axis).values()):
        np.testing.assert_allclose(drawn, [rms(s.record.dW[layer]) for s in run], rtol=1e-12)
    np.testing.assert_array_equal(axis.lines[0].get_xdata(), range(1, 13))
    assert axis.get_xlabel() == "update"
    assert "root mean square of dW" in axis.get_ylabel()
    again = plot_gradient_flow([step.record for step in run]).axes[0]
    np.testing.assert_array_equal(lines(again)["dW2"], lines(axis)["dW2"])
    inside(figure)


def test_a_layer_that_dies_falls_to_the_foot():
    net = network(6, activations="relu")

    def run():
        for step in cp.steps(net, X, Y, batch_size=5, epochs=2):
            if step.number == 3:
                net["b1"] = -50.0
            yield step

    figure = plot_gradient_flow(run())
    (axis,) = figure.axes
    drawn, foot = lines(axis)["dW1"], axis.get_ylim()[0]
    assert (drawn[:3] > foot).all()
    assert (drawn[3:] == foot).all()
    assert texts(axis) == ["0"]
    inside(figure)


@pytest.mark.parametrize("depth", [1, 2, 6, 10, 30])
def test_nothing_is_cut_off_at_default_size(depth):
    net = network(*[8] * (depth - 1), activations="leaky_relu")
    record = cp.backprop(net, X, Y)
    figure = plot_gradient_flow(record)
    inside(figure)
    if depth > 10:
        assert figure.axes[0].get_xlabel() == "layer (activations: leaky_relu, softmax)"
    inside(plot_gradient_flow([record]))
    inside(plot_gradient_flow([record, record]))


def test_one_step_and_an_axes_of_ones_own():
    step = next(cp.steps(network(6), X, Y))
    axis = Figure().subplots()
    assert plot_gradient_flow(step, ax=axis) is axis.figure
    np.testing.assert_array_equal(
        lines(axis)["dW"], lines(plot_gradient_flow(step.record).axes[0])["dW"]
    )


def test_float32_and_a_network_of_zeros():
    inside(plot_gradient_flow(cp.backprop(network(6, dtype="float32"), X, Y)))
    zeros = cp.Network([4, 6, 3], output="identity", activations="relu", initializer="zeros")
    record = cp.backprop(zeros, X, np.zeros((20, 3)))
    figure = plot_gradient_flow(record)
    assert texts(figure.axes[0]) == ["0"] * 4
    inside(figure)
    inside(plot_gradient_flow([record] * 3))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (3, "int is no record: give what cp.backprop or cp.steps returned"),
        (network(2), "Network is no record"),
        ([3], "int is no record"),
        ([], "no updates"),
        ([cp.backprop(network(2), X, Y), cp.backprop(network(2, 2), X, Y)], "different depths"),
    ],
)
def test_what_is_no_record_is_refused(given, words):
    with pytest.raises(cp.ArgumentError, match=words):
        plot_gradient_flow(given)


def test_without_matplotlib_one_line_names_the_extra(monkeypatch):
    record = cp.backprop(network(6), X, Y)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(cp.MissingExtraError, match=r'pip install "clearprop\[plots\]"'):
        plot_gradient_flow(record)
