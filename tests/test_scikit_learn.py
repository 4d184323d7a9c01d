"""The same settings as scikit-learn's MLP reach the same scores on its five bundled data sets.

Over five seeds, each with its own split, from the same first weights: our mean may lie below
scikit-learn's by one standard error of the difference at most. Better is fine.
"""

from __future__ import annotations

import pytest

from parity import EPOCHS, compare, ours, theirs


@pytest.mark.parametrize("name", EPOCHS)
def test_reaches_what_scikit_learn_reaches(name):
    seeds = range(5)
    mean, expected, error = compare(
        [ours(name, seed, same_start=True) for seed in seeds],
        [theirs(name, seed) for seed in seeds],
    )
    assert mean >= expected - error, f"{mean:.4f}, scikit-learn's {expected:.4f} +- {error:.4f}"
