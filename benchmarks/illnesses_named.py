"""How often `cp.diagnose` names a planted illness, and how often it finds one in healthy runs.

python benchmarks/illnesses_named.py --write     # minutes; writes benchmarks/ILLNESSES_NAMED.md
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from illness_cases import ILLNESSES, STRENGTHS, healthy, planted

TUNED, REPORTED = (0, 1), (100, 101, 102)
"""Seeds of data, weights and places: thresholds were chosen on the first, the page is of the others."""


@dataclass
class Outcomes:
    """What was found.

    Attributes
    ----------
    named : Counter
        Of (illness, strength): how often the first finding was the right one.
    else_found : Counter
        Of (illness, strength, what was found instead).
    alarms : dict
        By seed: each healthy run in which something was found, and what.
    runs : int
        Healthy runs a seed.
    """

    seeds: Sequence[int]
    named: Counter[tuple[str, int]] = field(default_factory=Counter)
    else_found: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    alarms: dict[int, list[str]] = field(default_factory=dict)
    runs: int = 0


def measure(seeds: Sequence[int], strengths: Iterable[int] = range(3)) -> Outcomes:
    """Diagnose every illness at every strength, and the healthy runs, with each seed."""
    found = Outcomes(seeds)
    strengths = tuple(strengths)
    for seed in seeds:
        for illness in ILLNESSES:
            for strength in strengths:
                kinds = planted(illness, strength, seed).findings()
                found.named[illness.name, strength] += kinds[:1] == [illness.kind]
                if kinds[:1] != [illness.kind]:
                    found.else_found[illness.name, strength, ", ".join(kinds) or "nothing"] += 1
        runs = list(healthy(seed))
        found.runs = len(runs)
        found.alarms[seed] = [
            f"{name}: {', '.join(kinds)}" for name, case in runs if (kinds := case.findings())
        ]
    return found


def share(found: Outcomes, strength: int) -> float:
    """Return the share of illnesses named right at a strength."""
    return sum(found.named[i.name, strength] for i in ILLNESSES) / len(ILLNESSES) / len(found.seeds)


def page(found: Outcomes) -> str:
    """Return the page."""
    n = len(found.seeds)
    most = max(map(len, found.alarms.values()))
    lines = [
        "# Illnesses named",
        "",
        "Written by `python benchmarks/illnesses_named.py --write`. "
        f"{len(ILLNESSES)} illnesses are planted in small networks and their data",
        f"(`benchmarks/illness_cases.py`), each at three strengths and with {n} seeds, and "
        f"`cp.diagnose` is asked. One is named right where the first finding is of the right kind.",
        f"Thresholds, and how illnesses are planted, were chosen on seeds {' and '.join(map(str, TUNED))}; "
        f"this page is of seeds {', '.join(map(str, found.seeds))}.",
        "",
        *(f"- Named right at {name} strength: {share(found, s):.0%}."
          for s, name in enumerate(STRENGTHS)),
        f"- False alarms in {found.runs} healthy runs: {most} at most "
        f"({sum(map(len, found.alarms.values()))} in {found.runs * n}).",
        *(f"  - seed {seed}, {alarm}" for seed, alarms in found.alarms.items() for alarm in alarms),
        "",
        "Slight strengths are mostly no fault yet: 0.5 is a large rate for Adam, and three values of "
        "a number are no yes or no.",
        "",
        f"| illness | finding | {' | '.join(STRENGTHS)} | found instead |",
        "| --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for illness in ILLNESSES:
        times = [f"{found.named[illness.name, s]} of {n}" for s in range(3)]
        instead = dict.fromkeys(
            f"{STRENGTHS[s]}: {what}" for name, s, what in found.else_found if name == illness.name
        )
        lines.append(
            f"| {illness.name} | {illness.kind} | {' | '.join(times)} | {'; '.join(instead)} |"
        )
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write ILLNESSES_NAMED.md")
    parser.add_argument("--tune", action="store_true", help="the seeds that thresholds come from")
    given = parser.parse_args()
    text = page(measure(TUNED if given.tune else REPORTED))
    print(text)
    if given.write:
        Path(__file__).with_name("ILLNESSES_NAMED.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
