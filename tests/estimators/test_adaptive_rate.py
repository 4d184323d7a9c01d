"""The adaptive rate is cut as often as scikit-learn cuts it, and ends the run where it does."""

from __future__ import annotations

import contextlib
import io
import re

import numpy as np
import pytest

from estimator_cases import PAIRS, both, quiet

R = np.random.default_rng(0)
X = R.normal(size=(60, 4))
DATA = {"classifier": (X, R.integers(0, 2, 60)), "regressor": (X, R.normal(size=60))}

# Around 1e-6, where both give up: rates that meet it, just miss it, and begin below.
RATES = [1e-3, 1e-4, 2.5e-5, 5e-6, 4.9e-6, 5.1e-6, 1.1e-6, 1e-6, 9.9e-7, 1e-9]


def said(estimator, data):
    """What a fit prints of its rate, and its epochs."""
    heard = io.StringIO()
    with contextlib.redirect_stdout(heard):
        quiet(estimator, *data)
    lines = [line for line in heard.getvalue().splitlines() if "earning rate" in line]
    return [re.sub(r"^.*?(Setting l|L)earning", "learning", line) for line in lines]


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("patience", [1, 3])
def test_cuts_and_end_are_scikit_learns(kind, rate, patience):
    settings = {
        "hidden_layer_sizes": (3,), "solver": "sgd", "learning_rate": "adaptive", "verbose": True,
        "learning_rate_init": rate, "tol": 1e9, "n_iter_no_change": patience, "max_iter": 60,
        "random_state": 0,
    }  # fmt: skip
    theirs, ours = both(kind, **settings)
    lines = [said(estimator, DATA[kind]) for estimator in (theirs, ours)]
    assert lines[1] == lines[0]
    assert ours.n_iter_ == theirs.n_iter_
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-10)
    if rate > 1e-6:  # it was cut at least once, and ended by itself
        assert len(lines[0]) > 1
        assert ours.n_iter_ < 60
