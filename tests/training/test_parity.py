"""The same settings as scikit-learn's MLP reach the same scores on its five bundled data sets.

Over five seeds, each with its own split, from the same first weights: our mean may lie below
scikit-learn's by one standard error of the difference at most. Better is fine. Our own first
weights, and twenty seeds, are in benchmarks/PARITY.md.
"""

from __future__ import annotations

import numpy as np
import pytest

from parity import EPOCHS, ours, standard_error, theirs


@pytest.mark.parametrize("name", EPOCHS)
def test_reaches_what_scikit_learn_reaches(name):
    a = [ours(name, seed, "same") for seed in range(5)]
    b = [theirs(name, seed) for seed in range(5)]
    error = standard_error(a, b)
    assert np.mean(a) >= np.mean(b) - error, f"{np.mean(a):.4f}, {np.mean(b):.4f} +- {error:.4f}"
