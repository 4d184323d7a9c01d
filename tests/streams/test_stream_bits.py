"""The bits of a stream are those of data in memory, where the order of rows is the same."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.streams.stream import Stream
from stream_cases import BATCH, Blocks, batches_of, net, rows

X, Y, W = rows()


def same(one, other):
    (network, history), (other_network, other_history) = one, other
    assert network.parameters.tobytes() == other_network.parameters.tobytes()
    assert history.loss == other_history.loss
    assert [e.updates for e in history.epochs] == [e.updates for e in other_history.epochs]


def in_memory(weights=None, dtype="float32", **settings):
    network = net(dtype)
    settings = {"epochs": 1, "batch_size": BATCH, **settings}
    return network, cp.train(network, X, Y, sample_weight=weights, **settings)


def streamed(stream, dtype="float32", **settings):
    network = net(dtype)
    return network, cp.train(network, stream, **{"epochs": 1, "batch_size": BATCH, **settings})


SETTINGS = [
    {},
    {"shuffle": False},
    {"shards": 3},
    {"dropout": 0.3},
    {"dropout": 0.3, "shards": 2, "l2": 0.01},
    {"threads": 1},
    {"threads": 2},
    {"optimizer": cp.SGD(0.1, momentum=0.9)},
    {"batch_size": 1000},
    {"frozen": ["W1"]},
    {"accumulate": 2},
    {"accumulate": 2, "shards": 3, "threads": 2},
]


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("weights", [None, W], ids=["plain", "weights"])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_a_window_that_holds_all_rows(engine, weights, settings):
    """By a generator, whose only window goes the way of every window."""
    if engine == "reference":
        settings = {name: value for name, value in settings.items() if name != "threads"}
    parts = (X, Y) if weights is None else (X, Y, weights)
    stream = cp.stream(batches_of(*parts)(), window=1000)
    same(
        streamed(stream, engine=engine, **settings),
        in_memory(weights, engine=engine, **settings),
    )


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"shards": 4},
        {"l2": 0.01},
        {"threads": 2},
        {"optimizer": cp.SGD(0.1)},
        {"accumulate": 2, "shards": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_small_windows_in_order(engine, settings, dtype):
    """Without shuffles a stream's order is that of memory, whatever the windows."""
    if engine == "reference":
        settings = {name: value for name, value in settings.items() if name != "threads"}
    settings = {"shuffle": False, "epochs": 3, "engine": engine, **settings}
    for window in (16, 48, 100):
        same(
            streamed(cp.stream(X, Y, W, window=window), dtype, **settings),
            in_memory(W, dtype, **settings),
        )
        same(
            streamed(cp.stream(batches_of(X, Y, W), window=window), dtype, **settings),
            in_memory(W, dtype, **settings),
        )


def test_weights_of_very_different_sizes_in_each_window():
    """Compiled code divides weights by a power of two of each window; the cost knows nothing."""
    weights = np.where(np.arange(len(X)) < 100, 1e-30, 1e6)
    settings = {"shuffle": False, "epochs": 2}
    for engine in ("compiled", "reference"):
        network = streamed(cp.stream(X, Y, weights, window=16), engine=engine, **settings)
        given = in_memory(weights, engine=engine, **settings)
        assert network[1].loss == pytest.approx(given[1].loss, rel=1e-6)
        assert np.isfinite(network[1].loss).all()


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_both_engines_take_the_same_windows(engine):
    settings = {"epochs": 3, "dropout": 0.2, "shards": 2}
    stream = cp.stream(X, Y, W, window=32)
    one = streamed(stream, "float64", engine="compiled", **settings)
    other = streamed(stream, "float64", engine="reference", **settings)
    np.testing.assert_allclose(one[0].parameters, other[0].parameters, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(one[1].loss, other[1].loss, rtol=1e-12)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_change_no_bit_of_small_windows(threads):
    stream = Stream(Blocks((X, Y, W), [40, 60, 3, 50, 50]), window=32)
    settings = {"epochs": 2, "dropout": 0.2, "shards": 2}
    same(streamed(stream, threads=threads, **settings), streamed(stream, threads=1, **settings))


def test_several_epochs_of_a_stream_that_fits_are_those_of_memory():
    settings = {"epochs": 3, "validation": 0.2, "metrics": "accuracy", "early_stopping": 2}
    for stream in (cp.stream(X, Y, W), cp.stream(batches_of(X, Y, W), window=203)):
        one, other = streamed(stream, **settings), in_memory(W, **settings)
        same(one, other)
        assert one[1].validation_loss == other[1].validation_loss


def test_lbfgs_and_full_batches_of_a_stream_that_fits():
    for settings in ({"optimizer": "lbfgs", "epochs": 4}, {"batch_size": None, "epochs": 4}):
        same(streamed(cp.stream(X, Y), **settings), in_memory(**settings))
