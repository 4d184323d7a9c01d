"""Runs that are killed and taken up again end with the same bits; a fault in that is seen.

200 kills are `python benchmarks/trust kills --long`.
"""

from __future__ import annotations

import random

import kills
import pytest
from injection.checkpoint_files import in_folder, newest
from injection.planted import FORGETFUL


def test_runs_that_are_killed_end_with_the_same_bits(server):
    rng, found = random.Random(5), []
    for case, wanted in (("reference", 9), ("compiled", 9), ("model", 3)):
        alone, chains = kills.alone(server, case, epochs=12), kills.Chains()
        assert alone.ended.done, alone
        # Which kinds come, and what each is followed by, hangs on how fast the machine is.
        while chains.kills < wanted or chains.in_a_write < 1 or chains.resumed < 2:
            kills.chain(server, case, alone, rng.randint(2, 6), rng, chains)
            assert chains.chains < 100, chains  # else what is wanted never comes
        assert chains.failures == []
        found.append(chains)
    assert sum(chains.resumed for chains in found) > 5
    assert sum(chains.in_a_write for chains in found) > 2


@pytest.fixture(scope="module")
def half_way(server):
    """A run that was left alone, and a function that copies the folder of one killed half-way."""
    alone = kills.alone(server, "reference")

    def start(tmp_path):
        # Behind the best epoch of the run, and within an epoch.
        ended = server.run("reference", tmp_path, plan=f"any:{int(alone.calls * 0.9)}:kill")
        assert ended.killed
        assert int(newest(in_folder(tmp_path))[11:23]) % 6 != 0
        return tmp_path

    return alone.ended, start


@pytest.mark.parametrize("plant", ["", *FORGETFUL])
def test_what_a_checkpoint_has_to_hold(server, half_way, tmp_path, plant):
    alone, start = half_way
    ended = server.run("reference", start(tmp_path), plant=plant)
    assert ended.done
    assert (ended.bits == alone.bits) == (not plant), ended
