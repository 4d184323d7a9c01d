from __future__ import annotations

import io
import sys

import numpy as np
import pytest

import clearprop as cp
from watched_runs import NAMES, X, Y, small_network


@pytest.fixture
def history():
    network = small_network()
    return cp.train(
        network,
        X,
        Y,
        epochs=12,
        validation=0.25,
        metrics=["accuracy"],
        early_stopping=5,
        progress=False,
    )


def test_lists_are_as_long_as_the_run(history):
    n = len(history.epochs)
    assert [len(history.loss), len(history.validation_loss)] == [n, n]
    assert list(history.metrics) == list(history.validation_metrics) == ["accuracy"]
    assert all(isinstance(value, float) for value in history.loss + history.validation_loss)
    assert [epoch.epoch for epoch in history.epochs] == list(range(1, n + 1))


def test_an_epoch_tells_its_figures(history):
    epoch = history.epochs[0]
    assert list(epoch.figures()) == ["loss", "validation_loss", "accuracy", "validation_accuracy"]
    assert epoch.figures()["validation_accuracy"] == history.validation_metrics["accuracy"][0]
    loss, accuracy = (
        f"{name} {epoch.figures()[name]:.4f} (validation {epoch.figures()['validation_' + name]:.4f})"
        for name in ("loss", "accuracy")
    )
    assert epoch.line(of=200).startswith(f"epoch   1/200  {loss}  {accuracy}  ")
    assert len(epoch.line(of=200)) < 100


def test_repr_says_how_it_ended(history):
    lines = repr(history).splitlines()
    assert lines[0] == f"History of {len(history.epochs)} epochs ({history.stopped})"
    assert lines[1].startswith("  last: epoch ")
    assert lines[2].startswith(f"  best: epoch {history.best_epoch}  loss ")


def test_plot_draws_the_numbers(history):
    figure = history.plot()
    loss, accuracy = figure.axes
    np.testing.assert_array_equal(loss.lines[0].get_ydata(), history.loss)
    np.testing.assert_array_equal(loss.lines[1].get_ydata(), history.validation_loss)
    np.testing.assert_array_equal(accuracy.lines[0].get_ydata(), history.metrics["accuracy"])
    for axis in figure.axes:
        assert axis.get_xlabel() == "epoch"
        assert axis.get_ylabel()
        assert axis.get_legend() is not None
    figure.savefig(io.BytesIO())


def test_plot_into_an_axes_of_ones_own(history):
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    assert history.plot(axes) is axes.figure
    assert len(axes.figure.axes) == 1


def test_plots_of_one_epoch_and_of_none():
    network = cp.Network([2, 3], output="softmax")
    figure = cp.train(network, X, Y, epochs=1).plot()
    figure.savefig(io.BytesIO())
    assert [tick for tick in figure.axes[0].get_xticks() if tick % 1] == []
    with pytest.raises(cp.ArgumentError, match="no epochs to plot"):
        cp.History().plot()


def test_without_matplotlib_one_line_names_the_extra(history, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(cp.MissingExtraError, match=r'pip install "clearprop\[plots\]"'):
        history.plot()


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_to_frame_has_a_row_for_each_epoch(history, library):
    frame = history.to_frame(library)
    assert type(frame).__module__.partition(".")[0] == library
    columns = {name: np.asarray(frame[name]) for name in NAMES}
    assert list(getattr(frame, "column_names", frame.columns)) == NAMES
    for name, values in columns.items():
        kind = np.int64 if name in ("epoch", "updates") else np.float64
        assert values.dtype == kind
    assert columns["epoch"].tolist() == list(range(1, len(history.epochs) + 1))
    assert columns["loss"].tolist() == history.loss
    assert columns["validation_loss"].tolist() == history.validation_loss
    assert columns["accuracy"].tolist() == history.metrics["accuracy"]
    assert columns["validation_accuracy"].tolist() == history.validation_metrics["accuracy"]
    assert columns["updates"].tolist() == [epoch.updates for epoch in history.epochs]
    assert columns["seconds"].tolist() == [epoch.seconds for epoch in history.epochs]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_to_frame_of_no_epochs_and_of_epochs_that_passed(library):
    empty = cp.History().to_frame(library)
    assert len(empty) == 0
    assert np.asarray(empty["loss"]).dtype == np.float64
    network = cp.Network([2, 1], seed=0)
    history = cp.train(network, [[0, 1], [1, 0]], [0, 1], batch_size=None, epochs=3000)
    frame = history.to_frame(library)
    assert np.asarray(frame["loss"]).tolist() == history.loss
    assert np.asarray(frame["epoch"]).tolist() == list(range(1, 3001))


def test_to_frame_takes_what_is_installed(history, monkeypatch):
    assert type(history.to_frame()).__module__.startswith("pandas")
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert type(history.to_frame()).__module__.startswith("polars")
    with pytest.raises(cp.MissingExtraError, match="which is not installed: pip install pandas"):
        history.to_frame("pandas")
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(cp.MissingExtraError, match=r'pip install "clearprop\[tables\]"'):
        history.to_frame()
    with pytest.raises(cp.ArgumentError, match="library is 'dask'; it must be 'pandas', 'polars'"):
        history.to_frame("dask")


def test_epochs_that_passed_are_made_when_asked_for():
    epochs = cp.History().epochs
    network = cp.Network([1, 1])
    epochs.append(cp.Epoch(1, 2, 9.0, None, {}, {}, 0.1, network))
    epochs.extend(np.array([8.0, 7.0, 6.0]), np.array([4, 6, 8]), 0.2, network)
    epochs.extend(np.zeros(0), np.zeros(0, np.int64), 0.3, network)
    epochs.append(cp.Epoch(5, 10, 5.0, None, {}, {}, 0.4, network))
    assert len(epochs) == 5
    assert epochs.losses() == [9.0, 8.0, 7.0, 6.0, 5.0]
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3, 4, 5]
    assert [epoch.updates for epoch in epochs[1:4]] == [4, 6, 8]
    assert epochs[-2] == epochs[3] == epochs[np.int64(3)]
    assert epochs[3].seconds == 0.2
    assert epochs == list(epochs)
    assert epochs != list(epochs)[:4]
    for place in (5, -6):
        with pytest.raises(IndexError, match="5 epochs"):
            epochs[place]
    with pytest.raises(TypeError):
        epochs[1.0]


def test_a_line_for_every_due_epoch_of_a_call(capsys):
    network = cp.Network([2, 2, 1], activations="sigmoid", seed=0)
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    history = cp.train(network, X, y, batch_size=None, epochs=5000, progress=True)
    lines = capsys.readouterr().err.splitlines()
    numbers = [int(line.split()[1].split("/")[0]) for line in lines]
    assert numbers[-1] == 5000
    assert len(numbers) == len(set(numbers)) <= 20
    assert numbers == sorted(numbers)
    assert len(history.loss) == 5000
