"""Which rows are in which window: each once an epoch, in an order of seed and epoch."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from clearprop.checks.data import Data
from clearprop.errors import SampleWeightError, ShapeError
from clearprop.numerics.random import window_seed
from clearprop.streams.arrays import ArraySource
from clearprop.streams.batches import BatchSource
from clearprop.training.job import check_job
from clearprop.training.streamed_rows import StreamedRows
from clearprop.training.windows import Windows
from stream_cases import Blocks, batches_of, net, rows

N = 203
X, Y, W = rows(N)
X[:, 0] = np.arange(N)  # by which a row is known
LENGTHS = [30, 1, 50, 22, 40, 60]


def windows_of(source, window=40, seed=0, batch=8, epochs=3, **settings):
    streamed = StreamedRows(source, net())
    job = check_job(
        streamed._network, streamed.head, batch_size=batch, epochs=epochs, l2=0.0, dropout=0.0,
        shards=1, seed=seed, rows=streamed.rows, **{"shuffle": True, **settings},
    )  # fmt: skip
    return Windows(streamed, job, window)


def epoch_of(windows, epoch):
    """The rows of each window, as they stand there."""
    found = []
    try:
        for number in count():
            data = windows.at(epoch, number, lambda: False)
            found.append(data.X[:, 0].astype(int).copy())
            np.testing.assert_array_equal(data.X[:, 1:], X[found[-1], 1:])
            np.testing.assert_array_equal(data.y, Y[found[-1]])
            if sum(map(len, found)) >= N:
                return found
    finally:
        windows.close()


SOURCES = {
    "blocks": lambda: Blocks((X, Y, W), LENGTHS),
    "arrays": lambda: ArraySource(X, Y, W, 64),
    "batches": lambda: BatchSource(batches_of(X, Y, W)),
}


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("window", [1, 8, 40, 64, 200])
def test_every_row_once_an_epoch(name, window):
    for epoch in (0, 1, 2):
        found = epoch_of(windows_of(SOURCES[name](), window), epoch)
        size = -(-window // 8) * 8
        assert [len(one) for one in found[:-1]] == [size] * (len(found) - 1)
        assert sorted(np.concatenate(found)) == list(range(N))
        for one in found:  # as they lie in the source
            assert (np.diff(one) > 0).all()


def test_seed_and_epoch_decide_which_blocks_fall_together():
    def taken(epoch, **settings):
        return [
            one.tolist() for one in epoch_of(windows_of(SOURCES["blocks"](), **settings), epoch)
        ]

    assert taken(0) == taken(0)
    assert taken(0) != taken(1) != taken(2)
    assert taken(0) != taken(0, seed=1)
    in_order = np.concatenate(taken(1, shuffle=False)).tolist()
    assert in_order == list(range(N))


def test_what_comes_in_one_order_alone_is_taken_so():
    first, second = (epoch_of(windows_of(SOURCES["batches"]()), epoch) for epoch in (0, 1))
    assert np.concatenate(first).tolist() == np.concatenate(second).tolist() == list(range(N))


def test_a_window_is_the_same_wherever_it_is_asked_for_first():
    for name in SOURCES:
        whole = epoch_of(windows_of(SOURCES[name](), 32), 1)
        for number, expected in enumerate(whole):
            windows = windows_of(SOURCES[name](), 32)
            data = windows.at(1, number, lambda: False)
            assert data.X[:, 0].tolist() == expected.tolist()
            windows.close()


def test_blocks_before_it_are_not_read():
    source = SOURCES["blocks"]()
    windows = windows_of(source, 40, shuffle=False)
    source.read.clear()
    windows.at(0, 4, lambda: False)  # rows 160 to 199
    windows.close()
    assert 0 not in source.read
    assert source.open == 0


def test_a_window_stays_while_the_next_is_read():
    """And the one after it comes into the memory of the first: there are two."""
    windows = windows_of(SOURCES["blocks"](), 40, shuffle=False)
    first = windows.at(0, 0, lambda: False)
    kept = first.X.copy()
    second = windows.at(0, 1, lambda: False)
    assert not np.shares_memory(first.X, second.X)
    third = windows.at(0, 2, lambda: False)
    assert np.shares_memory(first.X, third.X)
    assert kept[0, 0] == 0
    windows.close()


def test_each_window_has_a_shuffle_of_its_own():
    assert window_seed(3, 0) == 3
    assert len({window_seed(3, k) for k in range(1000)}) == 1000
    assert window_seed(3, 1) != window_seed(4, 1)
    windows = windows_of(SOURCES["arrays"](), 40)
    job = check_job(
        net(), Data(X[:40], Y[:40]), batch_size=8, epochs=1, shuffle=True, l2=0.0, dropout=0.0,
        shards=1, seed=0, rows=N,
    )  # fmt: skip
    orders = {tuple(windows.job(job, number, job.data).order(0)) for number in range(5)}
    assert len(orders) == 5
    assert tuple(job.order(0)) in orders


class TestRowsThatChange:
    def test_fewer_or_more_than_there_were(self):
        for now in (N - 1, N + 1):
            source = SOURCES["batches"]()
            windows = windows_of(source)
            more = [np.concatenate([part, part[:1]])[:now] for part in (X, Y, W)]
            source._batches = batches_of(*more)
            with pytest.raises(ShapeError, match=f"had {N} rows and has .* now: each epoch has"):
                epoch_of(windows, 0)

    def test_weights_that_all_are_zero(self):
        windows = windows_of(Blocks((X, Y, np.zeros(N)), LENGTHS))
        with pytest.raises(SampleWeightError, match="all zero"):
            epoch_of(windows, 0)
