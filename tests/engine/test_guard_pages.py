"""Nothing is read or written beside an array, and a layout that is too short is seen at once."""

from __future__ import annotations

import sys

import pytest
from guarded_processes import SIDES, found, missed, start

from kernel_ways import ways


@pytest.mark.skipif(sys.platform == "win32", reason="mprotect is POSIX's")
class TestGuardPages:
    """Pages without access on either side of every array: a number beside one ends the process."""

    KERNELS = ways()

    def test_random_runs_touch_nothing_beside_their_arrays(self):
        digests = set()
        for environment in self.KERNELS.values():
            processes = [start(side, 0, 40, environment) for side in SIDES]
            for lines, failure in [found(process) for process in processes]:  # none is left running
                assert not failure
                (line,) = lines
                assert line["runs"] == 40
                digests.add(line["digest"])
        assert len(digests) == 1  # whichever kernels ran

    def test_planted_faults_are_seen(self):
        """Every array of every plan too short, and each two neighbors exchanged."""
        lines, failure = found(start("faults", 0, 30, next(iter(self.KERNELS.values()))))
        assert not failure
        assert not missed(lines)
        assert {"SHARD_STARTS 1 too small", "layer D 1 too small", "X exchanged with Y",
                "room for the gradient phase, 2 too small",
                "room for sums of half of the shards"} < {line["fault"] for line in lines}  # fmt: skip
