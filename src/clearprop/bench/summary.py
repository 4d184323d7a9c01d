"""What the rounds come to: medians, ratios within a round, shares of the limit."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from math import exp, log
from pathlib import Path
from statistics import median
from typing import Any

from clearprop.bench.cases import CASES, Case
from clearprop.bench.rounds import Round
from clearprop.bench.systems import SYSTEMS, is_installed

Summary = dict[str, Any]


def summarize(case: Case, rounds: Sequence[Round], cores: int) -> Summary:
    """Return the figures of a case; None for what was not measured.

    Returns
    -------
    dict
        "step", "epoch", "warm_up", "cost": by "SYSTEM THREADS"; seconds, medians over the rounds,
        but the warm-up of the first round, whose caches are cold. "ratio": the median over
        rounds of the fastest peer's time over Clearprop's, each at its better number of
        threads; "fastest_peer": whose median is least. "share": by threads, of the fma limit.
        "speedup": one thread's time over that of all cores; "busy": how many of them were, for
        Clearprop. "memory": bytes above the data.
        "cost_spread": how far costs after the same epochs lie from Clearprop's, relatively.
    """
    keys = [f"{system} {n}" for system in SYSTEMS for n in sorted({1, cores})]
    keys = [key for key in keys if any(key in turn for turn in rounds)]

    def all_of(what: str) -> dict[str, float]:
        return {key: median(turn[key][what] for turn in rounds if key in turn) for key in keys}

    steps = all_of("step")
    ours = [key for key in keys if key.startswith("clearprop")]
    peers = [key for key in keys if key not in ours]
    first = next(({k: turn[k]["warm_up"] for k in keys if k in turn} for turn in rounds), {})
    return {
        "step": steps,
        "epoch": all_of("epoch"),
        "warm_up": first,
        "cost": all_of("cost"),
        "ratio": _median(_ratio(turn) for turn in rounds),
        "fastest_peer": min(peers, key=steps.__getitem__) if peers else None,
        "share": {
            key.split()[1]: median(turn[key]["share"] for turn in rounds if key in turn)
            for key in ours
        },
        "speedup": _median(_speedup(turn, cores) for turn in rounds),
        "busy": _median(turn.get(f"clearprop {cores}", {}).get("busy") for turn in rounds),
        "memory": next((turn["memory"]["memory"] for turn in rounds if "memory" in turn), None),
        "cost_spread": _cost_spread(rounds),
    }


def _median(values: Iterable[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return median(found) if found else None


def _ratio(turn: Round) -> float | None:
    ours = [found["step"] for key, found in turn.items() if key.startswith("clearprop")]
    peers = [found["step"] for key, found in turn.items() if _is_peer(key)]
    return min(peers) / min(ours) if ours and peers else None


def _is_peer(key: str) -> bool:
    return not key.startswith(("clearprop", "memory"))


def _speedup(turn: Round, cores: int) -> float | None:
    one, many = (turn.get(f"clearprop {n}") for n in (1, cores))
    return one["step"] / many["step"] if one and many and cores > 1 else None


def _cost_spread(rounds: Sequence[Round]) -> float | None:
    spreads = []
    for turn in rounds:
        ours = next((turn[key] for key in turn if key.startswith("clearprop")), None)
        for key, found in turn.items():
            if ours and _is_peer(key) and found["epochs"] == ours["epochs"]:
                spreads.append(abs(found["cost"] / ours["cost"] - 1))
    return max(spreads, default=None)


def geometric_mean(summaries: Mapping[str, Summary]) -> float | None:
    """Return the mean of the ratios that have a target, xor's left out."""
    ratios = [
        summary["ratio"]
        for name, summary in summaries.items()
        if name != "xor" and CASES[name].ratio is not None and summary["ratio"] is not None
    ]
    return exp(sum(map(log, ratios)) / len(ratios)) if ratios else None


def document(
    rounds: Mapping[str, Sequence[Round]], cores: int, seconds: float, mnist: bool
) -> dict[str, Any]:
    """Return everything as JSON has it: where, when, the summaries, and every measurement."""
    packages = {entry.package for name, entry in SYSTEMS.items() if is_installed(name)}
    summaries = {name: summarize(CASES[name], found, cores) for name, found in rounds.items()}
    return {
        "date": str(date.today()),
        "processor": processor(),
        "cores": cores,
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in sorted({*packages, "numpy", "numba"})},
        "not_installed": [entry.title for name, entry in SYSTEMS.items() if not is_installed(name)],
        "rounds": max(map(len, rounds.values()), default=0),
        "seconds": seconds,
        "mnist": mnist,
        "geometric_mean": geometric_mean(summaries),
        "cases": {
            name: {"summary": summaries[name], "rounds": list(found)}
            for name, found in rounds.items()
        },
    }


def processor() -> str:
    """Return what the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or platform.machine()])[0]
