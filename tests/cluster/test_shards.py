"""Who owns what, and that the sums of many ranks are added as those of one."""

import itertools

import numpy as np
import pytest

from clearprop.cluster.exchange import Exchange
from clearprop.cluster.shards import Part, additions, blocks


def tree_of_one(shards):
    """Add names as the kernel does: `add_in_tree` in engine/kernels/gradients.py."""
    held = []
    for shard in range(shards):
        held.append(str(shard))
        done = shard + 1
        while len(held) > 1 and (done % 2 == 0 or shard + 1 == shards):
            newer = held.pop()
            held[-1] = f"({held[-1]}+{newer})"
            done //= 2
    assert len(held) == 1
    return held[0]


def tree_of_block(first, count):
    return tree_of_one(count) if first == 0 else _renamed(tree_of_one(count), first)


def _renamed(text, first):
    parts = []
    for number, run in itertools.groupby(text, str.isdigit):
        word = "".join(run)
        parts.append(str(int(word) + first) if number else word)
    return "".join(parts)


@pytest.mark.parametrize("shards", [1, 2, 3, 5, 7, 8, 11, 16, 24, 31, 64])
def test_ranks_add_in_the_order_of_one_process(shards):
    for ranks in range(1, shards + 1):
        parts = [Part.of(rank, ranks, 1000, shards) for rank in range(ranks)]
        every = [block for part in parts for block in part.blocks]
        sums = [tree_of_block(*block) for block in every]
        for to, of in additions(every, shards):
            sums[to] = f"({sums[to]}+{sums[of]})"
        assert sums[0] == tree_of_one(shards)


def test_every_row_has_one_owner():
    for n, shards, ranks in ((10, 4, 3), (7, 7, 7), (100, 9, 4)):
        parts = [Part.of(rank, ranks, n, shards) for rank in range(ranks)]
        assert sorted(row for part in parts for row in part.rows) == list(range(n))
        for part in parts:
            assert {row % shards for row in part.rows} <= set(
                range(part.first, part.first + part.own)
            )


def test_ranks_that_own_whole_branches_send_one_vector():
    assert [len(Part.of(rank, 4, 100, 16).blocks) for rank in range(4)] == [1, 1, 1, 1]
    assert blocks(3, 8, 8) == [(3, 1), (4, 4)]


def test_most_rows_of_a_batch():
    part = Part.of(1, 3, 1000, 8)
    for size, place in itertools.product((1, 5, 8, 30), range(8)):
        rows = [
            p for p in range(place, place + size) if part.first <= p % 8 < part.first + part.own
        ]
        assert len(rows) <= part.most_rows(size)


class _Answers:
    """A communicator by which nothing is sent: each rank's figures of the step are given."""

    def __init__(self, figures):
        self.figures = figures

    def prepare(self, phase, sent, received):
        return [], []

    def start(self, requests):
        pass

    free = start

    def report(self, sent, received):
        np.testing.assert_array_equal(sent, self.figures[: len(sent)])
        received[0][:] = self.figures

    def done(self, requests):
        return True

    def wait(self, done):
        assert done()


@pytest.mark.parametrize("worst", range(3))
def test_a_step_stands_as_it_does_on_the_rank_where_it_stands_worst(worst):
    status = [0, 0, 0]
    status[worst] = 4
    parts = [Part.of(rank, 3, n=20, shards=4) for rank in range(3)]  # of 1, 1 and 2 shards
    figures = [0.5, status[0], 1.5, status[1], 2.5, 3.5, status[2]]
    exchange = Exchange(_Answers(np.array(figures)), 0, parts, [5], np.dtype("float32"))
    costs = np.array([0.5, 0, 0, 0])
    exchange.send(0)
    assert exchange.finish(status[0], costs) == 4
    assert costs.tolist() == [0.5, 1.5, 2.5, 3.5]
