"""Shares of rows are rounded to the nearest whole number, in every place that takes one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import clearprop as cp
from clearprop.example_data.digits import load_digits
from clearprop.numerics.random import Purpose
from clearprop.tables.split import put_aside
from clearprop.training.job import check_data, check_job, split

# n, share, and how many rows that is; a half goes to the even number, as Python's round has it.
SHARES = [
    (9, 0.3, 3), (11, 0.25, 3), (7, 0.1, 1), (8, 0.2, 2), (14, 0.2, 3), (13, 0.2, 3), (12, 0.2, 2),
    (10, 0.25, 2), (14, 0.25, 4), (29, 0.1, 3), (31, 0.1, 3), (3, 0.6, 2), (100, 0.299, 30),
    (4, 0.01, 1), (5, 0.99, 4), (997, 0.15, 150),
]  # fmt: skip


def test_the_table_is_right():
    for n, share, rows in SHARES:
        exact = Fraction(str(share)) * n
        assert abs(exact - rows) <= Fraction(1, 2) or rows in (1, n - 1)


@pytest.mark.parametrize(("n", "share", "rows"), SHARES)
def test_of_validation(n, share, rows):
    network = cp.Network([1, 1], "identity")
    data = check_data(network, np.arange(n)[:, None], np.zeros(n))
    job = check_job(
        network,
        data,
        batch_size=None,
        epochs=1,
        shuffle=True,
        l2=0.0,
        dropout=0.0,
        shards=1,
        seed=3,
    )
    kept, held_out = split(job, share)
    assert (len(held_out.X), kept.n) == (rows, n - rows)
    both = np.sort(np.concatenate([held_out.X, kept.data.X])[:, 0])
    np.testing.assert_array_equal(both, np.arange(n))


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_what_train_watches_and_learns_from(engine):
    seen = []

    def count(y, output):
        seen.append(len(y))
        return 0.0

    cp.train(
        cp.Network([1, 1], "identity"), np.zeros((9, 1)), np.zeros(9), validation=0.3, epochs=1,
        metrics=[count], engine=engine,
    )  # fmt: skip
    assert sorted(set(seen)) == [3, 6]


@pytest.mark.parametrize(("n", "share", "rows"), SHARES)
def test_of_a_table(n, share, rows):
    given = np.arange(n) * 2
    stay, aside = put_aside(given, None, share, 3, Purpose.VALIDATION)
    assert len(aside) == (5 if (n, share) == (5, 0.99) else rows)  # who calls it leaves some
    np.testing.assert_array_equal(np.sort(np.concatenate([stay, aside])), given)


@pytest.mark.parametrize(
    ("n", "share", "rows"), [one for one in SHARES if one[1] < 0.5 and one[0] > 6]
)
def test_of_a_table_with_classes(n, share, rows):
    labels = np.arange(n) % 2
    _, aside = put_aside(np.arange(n), labels, share, 3, Purpose.VALIDATION)
    assert len(aside) == rows
    of_each = np.bincount(labels[aside], minlength=2)
    assert np.abs(of_each - share * np.bincount(labels)).max() <= 1


def test_of_the_digits():
    digits = load_digits(0)
    sizes = np.bincount(np.concatenate([digits.y, digits.y_test]))
    tested = np.bincount(digits.y_test)
    assert tested.tolist() == [round(size / 4) for size in sizes]
    assert tested.tolist() != [size // 4 for size in sizes]
