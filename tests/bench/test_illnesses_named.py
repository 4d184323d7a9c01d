"""What `cp.diagnose` names: every illness that is planted, at full strength, and no healthy run.

All strengths and seeds are `python benchmarks/illnesses_named.py`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import illnesses_named
from illness_cases import ILLNESSES, healthy, planted
from illnesses_named import Outcomes, page, share

SEED = 7


@pytest.mark.parametrize("illness", ILLNESSES, ids=lambda illness: illness.name)
def test_an_illness_at_full_strength_is_named(illness):
    kinds = planted(illness, 0, SEED).findings()
    assert kinds[:1] == [illness.kind]
    assert planted(illness, 0, SEED).findings() == kinds


def test_healthy_runs_are_silent():
    runs = list(healthy(SEED))
    assert len(runs) == 24
    assert {name: found for name, case in runs if (found := case.findings())} == {}


def test_the_page_counts_what_is_found(monkeypatch):
    named, missed = ILLNESSES[0], replace(ILLNESSES[0], name="mistaken", kind="leakage")
    monkeypatch.setattr(illnesses_named, "ILLNESSES", (named, missed))
    ill = [(named.name, planted(named, 0, SEED))]
    monkeypatch.setattr(illnesses_named, "healthy", lambda seed: ill)
    found = illnesses_named.measure((SEED,), strengths=(0,))
    assert isinstance(found, Outcomes)
    assert share(found, 0) == 0.5
    text = page(found)
    assert "Named right at full strength: 50%." in text
    assert "False alarms in 1 healthy runs: 1 at most (1 in 1)." in text
    assert "| mistaken | leakage | 0 of 1 | 0 of 1 | 0 of 1 | full: unscaled inputs |" in text


def test_the_page_that_is_kept_reaches_what_is_asked():
    text = (Path(illnesses_named.__file__).with_name("ILLNESSES_NAMED.md")).read_text("utf-8")
    full = int(text.split("at full strength: ")[1].split("%")[0])
    assert full >= 90
    assert int(text.split("healthy runs: ")[1].split(" at most")[0]) <= 1
    lines = (
        Path(illnesses_named.__file__).parents[1].joinpath("docs", "seeing.md").read_text("utf-8")
    )
    said = " ".join(lines.split())
    assert f"Measured on {len(ILLNESSES)} planted illnesses and 24 healthy runs" in said
    assert f"{full}% of illnesses at full strength are named right" in said
