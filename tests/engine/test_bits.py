"""The compiled engine's results, to the last bit, are those that were recorded."""

from __future__ import annotations

import json

import pytest

from oracles import bits

RECORDED = json.loads(bits.FILE.read_text())
CASES = bits.cases()


def test_every_run_is_recorded_and_each_is_its_own():
    assert RECORDED.keys() == CASES.keys()
    assert len(set(RECORDED.values())) == len(RECORDED)


@pytest.mark.parametrize("name", CASES)
def test_bits(name):
    assert CASES[name]() == RECORDED[name]
