"""Runs of the engine whose arrays all lie between pages that nobody may touch.

    python guard_pages.py end 0 50       # 50 random runs; arrays end where the page after them begins
    python guard_pages.py start 0 50     # arrays begin where the page before them ends
    python guard_pages.py faults 0 50    # faults planted in the layout, each of which has to crash

Each prints one line of JSON. A read or a write beside an array ends the process by SIGSEGV.
"""

from __future__ import annotations

import faulthandler
import hashlib
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from typing import Any

from guarded_memory import SHARD_SUMS, Fault, Memory, install
from guarded_runs import one

CRASHES = (signal.SIGSEGV, signal.SIGBUS)


def campaign(side: str, first: int, number: int) -> dict[str, object]:
    """Run, and return a digest of each run's numbers."""
    memory = Memory(side == "end")
    install(memory)
    digests = {}
    for seed in range(first, first + number):
        try:
            digests[seed] = one(seed, memory)
        except Exception as error:
            raise RuntimeError(f"run {seed} failed") from error
    return {"side": side, "runs": number, "digests": digests}


class Planted:
    """Faults in the layout, each in a process of its own.

    What there is to be planted is found in the plans of the runs themselves: every place that holds
    an address, and every phase that a thread's room is measured by.
    """

    def __init__(self, first: int, number: int) -> None:
        self.memory = Memory()
        install(self.memory)
        self.found: dict[int, set[Any]] = {}  # by a run: slots, neighbors, phases
        self.digests = {}
        for seed in range(first, first + number):
            memory = self.memory
            memory.seen, memory.neighbors, memory.phases = set(), set(), set()
            self.digests[seed] = one(seed, memory)
            phases = {("phase", phase) for phase in memory.phases}
            self.found[seed] = memory.seen | memory.neighbors | phases

    def crashes(self, seed: int, fault: Fault | None) -> bool:
        """Whether a run with this fault is ended by a page that it may not touch."""
        child = os.fork()
        if child == 0:
            faulthandler.disable()
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.alarm(120)  # threads may wait for each other
            os.close(2)
            self.memory.fault = fault
            try:
                one(seed, self.memory)
            except BaseException:
                os._exit(1)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) in CRASHES

    def tried(self, faults: list[Fault], seeds: list[int]) -> dict[str, object]:
        """The smallest of some faults that crashes, and after how many runs."""
        for fault in faults:
            for tries, seed in enumerate(seeds, 1):
                if self.crashes(seed, fault):
                    return {"fault": str(fault), "numbers": fault.count, "runs": tries}
        return {"fault": str(faults[-1]), "numbers": None, "runs": len(seeds)}

    def all(self) -> Iterator[dict[str, object]]:
        """Every array and room one number too small, or more where that hurts nobody; and exchanged."""
        where = {}
        for seed, found in self.found.items():
            for each in found:
                where.setdefault(each, []).append(seed)
        for each in sorted(where, key=str):
            if isinstance(each, str):
                faults = [Fault(each, count) for count in (1, 8, 16)]
            elif each[0] == "phase":
                faults = [Fault(phase=each[1], count=count) for count in (2, 16, 64)]
            else:
                faults = [Fault(each[0], other=each[1])]
            yield self.tried(faults, where[each])
        yield self.tried([Fault(phase=SHARD_SUMS)], [*self.found])

    def harmless(self) -> dict[str, object]:
        """Every array one number longer: all runs give what they gave."""
        self.memory.longer = 1
        same = [one(seed, self.memory) == digest for seed, digest in self.digests.items()]
        self.memory.longer = 0
        return {
            "fault": "every array one number too large",
            "unchanged": sum(same),
            "of": len(same),
        }


if __name__ == "__main__":
    faulthandler.enable()
    what, first, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    if what == "faults":
        planted = Planted(first, number)
        print(json.dumps(planted.harmless()), flush=True)
        for found in planted.all():
            print(json.dumps(found), flush=True)
    else:
        done = campaign(what, first, number)
        all_digests = hashlib.sha256(json.dumps(done.pop("digests")).encode()).hexdigest()
        print(json.dumps(done | {"digest": all_digests}))
