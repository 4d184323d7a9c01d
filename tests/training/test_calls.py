"""How many batches the loop asks an engine for at a time: as the time allows, and whole epochs where nobody looks."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.training import loop
from clearprop.training.job import check_data, check_job
from clearprop.training.loop import Loop
from clearprop.training.reference import ReferenceEngine
from clocks import set_clock

N, BATCH, EPOCHS = 10, 2, 6  # 5 batches an epoch, 30 in all


class Judge:
    """Looks at three epochs at a time."""

    ahead = 3

    def look(self, costs, epoch):
        return False


@pytest.fixture
def calls(monkeypatch):
    """A function that runs a job with so many seconds a call, and returns the sizes of the calls."""

    def run(seconds, weights=None, batches=None, **more):
        sizes = []
        advance = ReferenceEngine.advance

        def noted(self, some):
            sizes.append(some)
            return advance(self, some)

        network = cp.Network([2, 3, 1], seed=0)
        X = np.linspace(-1, 1, 2 * N).reshape(N, 2)
        job = check_job(
            network, check_data(network, X, X[:, 0], weights), batch_size=BATCH, epochs=EPOCHS,
            shuffle=True, l2=0.0, dropout=0.0, shards=1, seed=0,
        )  # fmt: skip
        with monkeypatch.context() as patch:
            patch.setattr(ReferenceEngine, "seconds_a_call", seconds)
            patch.setattr(ReferenceEngine, "advance", noted)
            loop = Loop(network, job, cp.SGD(0.01), engine="reference", progress=False, **more)
            history = loop.run(batches)
            first = len(history.loss), history.stopped
            if batches is not None:
                loop.run()
        assert len(history.loss) == EPOCHS
        assert history.stopped == "completed"
        return (sizes, *first) if batches is not None else sizes

    return run


ENDLESS = 1e9


def test_without_time_one_batch_a_call(calls):
    assert calls(0.0) == [1] * 30


def test_the_first_call_is_one_batch_and_then_all_that_is_left_in_whole_epochs(calls):
    assert calls(ENDLESS) == [1, 29]


def test_a_call_ends_with_an_epoch_where_batches_count_differently(calls):
    assert calls(ENDLESS, weights=np.ones(N)) == [1, 4, 5, 5, 5, 5, 5]


def test_a_callback_sees_every_epoch(calls):
    seen = []
    assert calls(ENDLESS, callbacks=[seen.append]) == [1, 4, 5, 5, 5, 5, 5]
    assert len(seen) == EPOCHS


def test_a_judge_says_how_far_ahead(calls):
    assert calls(ENDLESS, judge=Judge()) == [1, 14, 15]


def test_a_run_by_parts_ends_where_it_is_told(calls):
    assert calls(ENDLESS, batches=12) == ([1, 9, 2, 18], 2, "interrupted")


def test_batches_of_which_a_few_fit(calls, monkeypatch):
    """By a clock that goes on a second a batch."""
    now = 0.0

    def clock():
        return now

    advance = ReferenceEngine.advance

    def timed(self, some):
        nonlocal now
        now += some
        return advance(self, some)

    set_clock(monkeypatch, clock, loop)
    monkeypatch.setattr(ReferenceEngine, "advance", timed)
    assert calls(2.5) == [1, 2, 2] + [2, 2, 1] * 5
    assert calls(7.5) == [1, 4, 5, 5, 5, 5, 5]
    assert calls(12.5) == [1, 9, 10, 10]
    assert calls(12.5, weights=np.ones(N)) == [1, 4, 5, 5, 5, 5, 5]
