"""Random runs of the engine between pages that nobody may touch, and faults planted in its layout.

The long form takes every way to come by kernels that there is here, and vectors of 16 bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[2] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "engine")]

from guarded_processes import SIDES, found, missed, start  # noqa: E402

from kernel_ways import NO_AVX, ways  # noqa: E402

RUNS, CHUNK, FAULTY = 1000, 100, 60
"""Of the long form, on each side and way; in one process; that are tried with faults."""


def measure(long: bool, seed: int) -> dict[str, Any]:
    """Run, and return what was run and what failed."""
    kernels = ways()
    if long and "Numba" in kernels and any("x86-64" in name for name in kernels):
        kernels["Numba, vectors of 16 bytes"] = NO_AVX
    if not long:
        kernels = dict([*kernels.items()][:1])
    runs = RUNS if long else 40
    failures: list[str] = []
    digests: dict[int, set[str]] = {}
    planted = 0
    for name, environment in kernels.items():
        for first, side, line in campaign(seed * RUNS, runs, environment, name, failures):
            digests.setdefault(first, set()).add(line["digest"])
            assert line["side"] == side
        lines, failure = found(start("faults", 0, FAULTY if long else 30, environment))
        failures += [f"{name}: {each}" for each in missed(lines)]
        failures += [f"{name}, faults: {failure}"] if failure else []
        planted += len(lines) - 1
    failures += [
        f"runs from {first} on give different numbers"
        for first, of in digests.items()
        if len(of) > 1
    ]
    return {
        "kernels": [*kernels], "runs": runs * len(SIDES) * len(kernels), "planted": planted,
        "failures": failures,
    }  # fmt: skip


def campaign(
    first: int, runs: int, environment: Mapping[str, str], name: str, failures: list[str]
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield what each process found; note those that failed."""
    for place in range(first, first + runs, CHUNK):
        for side in SIDES:
            number = min(CHUNK, first + runs - place)
            lines, failure = found(start(side, place, number, environment))
            said = f"{name}, {side}, runs from {place} on: {failure or number}"
            print(said, flush=True)
            failures += [said] if failure else []
            for line in lines:
                yield place, side, line


def section(figures: dict[str, Any]) -> str:
    """What docs/trust.md says."""
    return f"""## Guard pages

Every array that compiled code is given lies, to the byte, beside pages that nobody may touch: a
read or a write beside one ends the process. {figures["runs"]:,} runs of random networks, data and
settings, with kernels from {len(figures["kernels"])} places ({", ".join(figures["kernels"])}), gave
{len(figures["failures"])} failures, and the same numbers from all.

{figures["planted"]:,} faults were planted in the layout: each array and each thread's room one
number too small, and each two neighbors exchanged. The list is made from the plans of the runs.
"""
