"""Campaigns: rounds of atheris on each target, kept in a folder, so that they can be gone on with."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from .corpus import read_corpus
from .folders import IN_MEMORY
from .mutation import TOKENS

HERE = Path(__file__).parent

ROUND = 1200
"""Seconds of a round: a process lives no longer, so that none grows without end."""

MOST_ENDED = 10
"""Rounds of a target that may end by a crash, a hang or too much memory; then there are no more."""

LARGEST = {"names": 150, "texts": 400, "model_files": 8192, "tables": 8192}
"""Bytes of an input; in each fourth round those of `LONGER` are so many times as long."""

LONGER = {"names": 30, "texts": 10}

_STATISTIC = re.compile(r"^stat::(\w+):\s+(\d+)", re.MULTILINE)
_COVERAGE = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)/")
_UNITS = re.compile(r"^#(\d+)\s", re.MULTILINE)


def rounds_of(folder: Path) -> list[dict[str, Any]]:
    """Return what the rounds in a folder were."""
    file = folder / "rounds.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def one_round(folder: Path, name: str, runs: int, seconds: int, seed: int) -> dict[str, Any]:
    """Run a round of at most so many inputs and seconds, and return what it was."""
    mine, given = folder / name, folder / f"{name}-given"
    for one in (mine, given, folder / "findings"):
        one.mkdir(parents=True, exist_ok=True)
    for place, content in enumerate(read_corpus(name)):
        (given / f"{place:04d}").write_bytes(content)
    tokens = folder / "tokens"
    escaped = ("".join(f"\\x{byte:02x}" for byte in one) for one in TOKENS)
    tokens.write_text("".join(f'"{one}"\n' for one in escaped))
    outcomes = folder / f"outcomes-{name}.json"
    outcomes.unlink(missing_ok=True)
    largest = LARGEST[name] * (LONGER.get(name, 1) if seed % 4 == 3 else 1)
    command = [
        sys.executable, "-m", "fuzzing.by_atheris", str(folder), name, f"-runs={runs}",
        f"-max_total_time={seconds}", f"-seed={seed}", "-timeout=300", "-rss_limit_mb=3000",
        f"-max_len={largest}", f"-dict={tokens}", "-print_final_stats=1", "-mutate_depth=3",
        "-len_control=0",
        f"-artifact_prefix={folder / 'findings'}/{name}-", str(mine), str(given),
    ]  # fmt: skip
    started, before = time.monotonic(), os.times()
    log = folder / f"{name}.log"
    with (
        log.open("w") as file,
        tempfile.TemporaryDirectory(prefix="clearprop-fuzz-", dir=IN_MEMORY) as work,
    ):
        environment = _environment() | {"TMPDIR": work}  # libFuzzer ends a process without a word
        code = subprocess.run(command, env=environment, stderr=file, stdout=file).returncode
    wall, after = time.monotonic() - started, os.times()
    said = log.read_text(errors="replace")
    figures = dict(_STATISTIC.findall(said))
    seen = _COVERAGE.findall(said)
    found = {
        "target": name,
        "seed": seed,
        "code": code,
        "runs": int(figures.get("number_of_executed_units", max(map(int, _UNITS.findall(said)), default=0))),
        "seconds": round(wall, 1),
        "processor_seconds": round(
            after.children_user + after.children_system
            - before.children_user - before.children_system, 1
        ),
        "peak_megabytes": int(figures.get("peak_rss_mb", 0)),
        "reached": int(seen[-1][0]) if seen else 0,
        "corpus": int(seen[-1][2]) if seen else 0,
        "outcomes": json.loads(outcomes.read_text()) if outcomes.exists() else {},
    }  # fmt: skip
    with (folder / "rounds.jsonl").open("a") as file:
        file.write(json.dumps(found) + "\n")
    return found


def run_rounds(folder: Path, goals: dict[str, int], seconds: float, seed: int) -> None:
    """Run rounds of each target in turn until the goals are reached, or the seconds are over."""
    end = time.monotonic() + seconds
    while True:
        done = Counter()
        known = rounds_of(folder)
        for one in known:
            done[one["target"]] += one["runs"]
        ended = Counter(one["target"] for one in known if one.get("code"))
        left = {
            name: goal - done[name]
            for name, goal in goals.items()
            if done[name] < goal and ended[name] < MOST_ENDED
        }
        if not left or time.monotonic() > end - 20:
            return
        # The one that is the furthest behind, by its share.
        name = max(left, key=lambda name: left[name] / goals[name])
        one_round(
            folder, name, left[name], int(min(ROUND, end - time.monotonic())), seed + len(known)
        )


def findings_of(folder: Path) -> tuple[list[str], list[str]]:
    """Return what was found and goes wrong no more, and what still does: a line each."""
    mended, left = [], []
    for file in sorted((folder / "findings").glob("*")):
        if file.suffix == ".txt":
            continue
        text = file.with_suffix(".txt")
        said = text.read_text().strip() if text.exists() else f"{file.name} ended the process"
        name = next(name for name in LARGEST if file.name.startswith(name))
        now = _still(name, file)
        if now:
            left.append(f"{said}; now {now}")
        else:
            mended.append(said)
    return mended, left


def _still(name: str, file: Path) -> str:
    """Return what goes wrong with an input now, in a process of its own."""
    command = [sys.executable, "-m", "fuzzing.replay", name, str(file)]
    try:
        done = subprocess.run(command, env=_environment(), capture_output=True, timeout=120)
    except subprocess.TimeoutExpired:
        return "no end within two minutes"
    if not done.returncode:
        return ""
    return done.stdout.decode().strip() or f"exit code {done.returncode}"


def _environment() -> dict[str, str]:
    paths = [str(HERE.parent), os.environ.get("PYTHONPATH", "")]
    settings = {"POLARS_MAX_THREADS": "1", "RUST_BACKTRACE": "0"}
    return os.environ | settings | {"PYTHONPATH": os.pathsep.join(paths)}
