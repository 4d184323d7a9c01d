"""A warning names the user's call, through whatever it came to us."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
import pytest

import clearprop as cp
from clearprop.estimators import MLPClassifier, TableClassifier

X = np.random.default_rng(0).normal(size=(40, 2))
Y = (X[:, 0] > 0).astype(int)
TABLE = pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": Y.astype(str)})


def by_train(**kept):
    cp.train(cp.Network([2, 2], output="softmax"), X, Y, epochs=3, progress=False, **kept)


def by_model(**kept):
    cp.Model.fit(TABLE, "y", hidden=[2], epochs=3, compare=False, progress=False, **kept)


def by_estimator(**kept):
    MLPClassifier((2,), max_iter=3, random_state=0, **kept).fit(X, Y)


def by_table_estimator(**kept):
    TableClassifier(hidden=[2], epochs=3, random_state=0, **kept).fit(TABLE.drop("y"), TABLE["y"])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("run", [by_train, by_model, by_estimator, by_table_estimator])
def test_warnings_of_checkpoints(run, tmp_path):
    kept = {"checkpoint": tmp_path, "checkpoint_every": 1, "resume": True}
    run(**kept)
    max(tmp_path.glob("*.safetensors")).write_bytes(b"damaged")
    with pytest.warns(cp.CheckpointWarning) as caught:
        run(**kept)
    (warning,) = (one for one in caught if one.category is cp.CheckpointWarning)
    assert warning.filename == __file__
    assert warning.lineno == run.__code__.co_firstlineno + 1


def test_an_estimator_that_has_not_converged():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        by_estimator()
        MLPClassifier((2,), max_iter=1, batch_size=400, random_state=0).fit(X, Y)
    assert len(caught) == 3
    assert {warning.filename for warning in caught} == {__file__}
