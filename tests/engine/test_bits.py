"""The compiled engine's results, to the last bit, are those that were recorded.

A run that fails here has other numbers than it had. If they are meant to be others,
`python tests/oracles/bits.py --record` records them, and CHANGELOG.md says so.
"""

from __future__ import annotations

import json
import re

import pytest

import paths
from engine_runs import answer, python
from kernel_ways import ways
from oracles import bits, every_option

RECORDED = bits.recorded()
CASES = bits.cases()
OPTIONS = [*RECORDED["options"]]


def test_every_run_is_recorded_and_each_is_its_own():
    assert RECORDED["kernels"].keys() == CASES.keys()
    digests = [*RECORDED["kernels"].values(), *RECORDED["options"].values()]
    assert len(set(digests)) == len(digests)


def test_every_two_levels_of_every_two_options_meet_in_a_run():
    rows = [every_option.row_of(name) for name in OPTIONS]
    for options in every_option.designs():
        assert not every_option.uncovered(rows, options), "python tests/oracles/bits.py --record"
    free = [every_option.free_levels(number) for number in range(len(rows))]
    assert not every_option.uncovered(free, every_option.FREE)
    assert not [digest for digest in RECORDED["options"].values() if "diverged" in digest]


def test_the_changelog_names_the_record():
    """Numbers that have changed are declared: where they are recorded anew, and named there."""
    named = re.findall(r"[Bb]its, record (\d+)", paths.CHANGELOG.read_text(encoding="utf-8"))
    assert max(map(int, named), default=0) == RECORDED["record"]


@pytest.mark.parametrize(
    ("known", "record"),
    [({"a": "new"}, 1), ({}, 1), ({"a": "old"}, 2), ({"a": "new", "gone": "old"}, 1)],
)
def test_what_has_changed_makes_a_new_record(known, record, monkeypatch, tmp_path):
    """What is new does not."""
    monkeypatch.setattr(bits, "FILE", tmp_path / "bits.json")
    monkeypatch.setattr(bits, "cases", lambda: {"float32 a": lambda: "new"})
    monkeypatch.setattr(every_option, "designs", list)
    kernels = {f"float32 {name}": digest for name, digest in known.items()}
    bits.FILE.write_text(json.dumps({"record": 1, "kernels": kernels, "options": {}}))
    bits.record()
    found = {"record": record, "kernels": {"float32 a": "new"}, "options": {}}
    assert bits.recorded() == found


@pytest.mark.parametrize("name", CASES)
def test_bits(name):
    assert CASES[name]() == RECORDED["kernels"][name]


@pytest.mark.parametrize("number", range(len(OPTIONS)))
def test_bits_of_every_option(number):
    """Whole, by one thread; and by some threads, cut, and put into new runs."""
    row = every_option.row_of(OPTIONS[number])
    assert every_option.digest_of(row) == RECORDED["options"][OPTIONS[number]]
    free = every_option.free_levels(number)
    assert every_option.digest_of(row, free) == RECORDED["options"][OPTIONS[number]]


@pytest.mark.parametrize("kernels", [*ways()][1:])
def test_bits_of_other_kernels(kernels):
    """Of other vectors than this processor's, where libraries were built."""
    assert answer(python("from oracles import bits; print(bits.changed(bits.recorded()))",
                         ways()[kernels])) == "[]\n"  # fmt: skip
