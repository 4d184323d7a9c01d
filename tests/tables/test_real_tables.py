"""On real tables, as they come: every one trains, predicts raw rows, and is worth its training.

Figures by cross-validation, beside scikit-learn's own MLP, are in benchmarks/TABLES.md.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import clearprop as cp
import tables
from paths import ROOT
from real_tables import TABLES

LINEAR = {"classification": "logistic regression", "regression": "ridge regression"}
RESULTS = ROOT / "benchmarks" / "TABLES.md"


@pytest.mark.parametrize("name", TABLES)
def test_a_real_table(name, tmp_path):
    real = TABLES[name]
    table = real.load()
    if len(table) > 2000:
        table = table.sample(2000, random_state=0).reset_index(drop=True)
    model = cp.Model.fit(table, real.target, seed=0)
    assert model.task == real.task
    assert "This network is better than always answering" in model.report.verdict
    scores = model.report.scores
    ours, linear = scores["this network"], scores[LINEAR[real.task]]
    noise = 2 / np.sqrt(model.report.rows["test"])  # of a share, two standard errors at most
    if real.task == "classification":
        assert ours["log loss"] < scores["most frequent class"]["log loss"]
        assert ours["accuracy"] > linear["accuracy"] - noise
    else:
        assert ours["R2"] > 0.1 > scores["mean"]["R2"]
        assert ours["R2"] > linear["R2"] - noise
    model.save(tmp_path / "m")
    raw = table.drop(columns=real.target)
    assert np.array_equal(cp.Model.load(tmp_path / "m").predict(raw), model.predict(raw))


def test_by_cross_validation_beside_scikit_learns_mlp():
    """Live, on the three tables that are quickest: not behind by more than a hundredth."""
    with threadpool_limits(1):
        found = [tables.compare(name) for name in ("hearts", "wine", "diabetes")]
    assert np.mean([np.mean(f["ours"]) - np.mean(f["mlp"]) for f in found]) > -0.01


def test_on_average_not_behind_scikit_learns_mlp():
    """The committed figures, which `python benchmarks/tables.py` measures and writes."""
    rows = re.findall(r"^\| (?P<name>[\w ]+) \| (?:accuracy|R2) \| (-?[\d.]+) \| (-?[\d.]+) \|", RESULTS.read_text(encoding="utf-8"), re.MULTILINE)  # fmt: skip
    assert {name for name, *_ in rows} == set(TABLES)
    differences = [float(ours) - float(theirs) for _, ours, theirs in rows]
    assert np.mean(differences) >= 0
