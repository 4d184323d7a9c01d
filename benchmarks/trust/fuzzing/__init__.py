"""Fuzzing: bytes that nobody vouches for, as model files, names, settings and tables.

The short form replays the corpus of tests/fuzz and changes it at random. The long form is driven by
coverage, with atheris (`pip install atheris`; Linux): ten million runs of names, settings and model
files, one million of tables. It may be stopped and gone on with:

    CLEARPROP_FUZZ_FOLDER   where its rounds, corpora and findings are; a new one if not set
    CLEARPROP_FUZZ_SECONDS  after which it stops, whatever it has done; no limit if not set
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import tempfile
from pathlib import Path
from typing import Any

from .campaign import findings_of, rounds_of, run_rounds

GOALS = {"names": 9_000_000, "texts": 400_000, "model_files": 700_000, "tables": 1_000_000}
"""Runs of the long form."""

TITLES = {
    "names": "names, notation, options, cells",
    "texts": "settings files, expressions",
    "model_files": "model files",
    "tables": "tables",
}


def measure(long: bool, seed: int) -> dict[str, Any]:
    """Fuzz; return what was run and what was found."""
    from .short import short  # no process of atheris may import the package before it is ready

    figures: dict[str, Any] = {"failures": [], "short": {}}
    for name in GOALS:
        outcomes, faults = short(name, seed)
        figures["short"][name] = outcomes
        figures["failures"] += faults
    if not long:
        return figures
    if importlib.util.find_spec("atheris") is None:
        print("fuzzing: atheris is not installed (pip install atheris): the short form alone")
        return figures
    folder = Path(os.environ.get("CLEARPROP_FUZZ_FOLDER") or tempfile.mkdtemp(prefix="fuzzing-"))
    seconds = float(os.environ.get("CLEARPROP_FUZZ_SECONDS", "inf"))
    run_rounds(folder, GOALS, seconds, seed)
    mended, left = findings_of(folder)
    figures["failures"] += left
    rounds = rounds_of(folder)
    return figures | {
        "atheris": importlib.metadata.version("atheris"),
        "mended": mended,
        "targets": {
            name: _sum([one for one in rounds if one["target"] == name])
            for name in GOALS
            if any(one["target"] == name for one in rounds)
        },
    }


def _sum(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of all rounds of a target."""
    outcomes: dict[str, int] = {}
    for one in rounds:
        for outcome, count in one["outcomes"].items():
            outcomes[outcome] = outcomes.get(outcome, 0) + count
    branches = max(one["outcomes"].get("branches", 0) for one in rounds)
    outcomes.pop("branches", None)
    runs, used = (sum(one[name] for one in rounds) for name in ("runs", "processor_seconds"))
    return {
        "runs": runs,
        "rounds": len(rounds),
        "seconds": round(sum(one["seconds"] for one in rounds)),
        "processor_seconds": round(used),
        "a_processor_second": round(runs / used) if used else 0,
        "branches": branches,
        "reached": max(one["reached"] for one in rounds),
        "corpus": max(one["corpus"] for one in rounds),
        "peak_megabytes": max(one["peak_megabytes"] for one in rounds),
        "outcomes": outcomes,
    }


def section(figures: dict[str, Any]) -> str:
    """Return what docs/trust.md says of it."""
    lines = [
        "## Fuzzing",
        "",
        "Bytes that nobody vouches for are read as model files, names, settings and tables, and in the",
        "short form, which the tests run, as checkpoints too. Each is read, or refused by an error of",
        "its documented class in one line; what loads saves to a file that loads as the same, and has",
        "the numbers that the safetensors library reads in it; tables of text are the same with polars",
        "and without. No input may take more than 2 s of processor time or 300 MB.",
        "",
    ]
    targets = figures.get("targets", {})
    if not targets:
        total = sum(sum(one.values()) for one in figures["short"].values())
        return "\n".join([*lines, f"{total:,} inputs changed at random, by the short form alone."])
    used = sum(one["processor_seconds"] for one in targets.values())
    hours = sum(one["seconds"] for one in targets.values()) / 3600
    lines += [
        f"By coverage, with atheris {figures['atheris']}: {used / 60:.0f} minutes of processor time in "
        f"{hours:.1f} hours.",
        "",
        "| what | runs | aim | a second of processor time | branches reached | inputs kept | most memory |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name in (name for name in GOALS if name in targets):
        one = targets[name]
        more = ", checkpoints" if any("checkpoint" in what for what in one["outcomes"]) else ""
        lines.append(
            f"| {TITLES[name]}{more} | {one['runs']:,} | {GOALS[name]:,} | {one['a_processor_second']:,} | "
            f"{one['reached']:,} of {one['branches']:,} | {one['corpus']:,} | "
            f"{one['peak_megabytes']} MB |"
        )
    found, left = figures["mended"], figures["failures"]
    lines += [
        "",
        f"Kinds of fault that were found and are mended: {len(found)}; left: {len(left)}.",
        "",
    ]
    lines += [f"- Mended: {_shortened(one)}" for one in found]
    lines += [f"- Left: {_shortened(one)}" for one in left]
    return "\n".join(lines)


def _shortened(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}..."
