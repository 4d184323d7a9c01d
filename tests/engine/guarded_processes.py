"""Processes that run `guard_pages.py`, and what they found."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine_runs import python

PROGRAM = Path(__file__).parent / "guard_pages.py"
HANGS = 1800
SIDES = ("end", "start")

SPARE = {
    "UPDATE": 8,  # UPDATE_SIZE has places that no update uses yet
    "TEAM": 16,  # each thread has a cache line of its own, and uses two numbers of it
    "room": 2,  # of a thread: a number of float32 is lost in rounding to 8 bytes
}
"""Numbers that an array has to spare; 1 where it is not named: none."""


def start(
    what: str, first: int, number: int, environment: Mapping[str, str]
) -> subprocess.Popen[str]:
    """Start the program."""
    code = (
        f"import runpy, sys; sys.argv[1:] = {[what, str(first), str(number)]}; "
        f"runpy.run_path({str(PROGRAM)!r}, run_name='__main__')"
    )
    return python(code, environment)


def found(process: subprocess.Popen[str]) -> tuple[list[dict[str, Any]], str]:
    """Its lines, and what it says of a failure: nothing where it ended well."""
    try:
        out, errors = process.communicate(timeout=HANGS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    lines = [json.loads(line) for line in out.splitlines()]
    if process.returncode == 0:
        return lines, ""
    said = [line for line in errors.splitlines() if "Fatal" in line or "Error" in line]
    return lines, f"ended with {process.returncode}: {' | '.join(said[:3])}"


def missed(lines: list[dict[str, Any]]) -> list[str]:
    """Which planted faults crashed nothing, or only as larger ones; which longer array did harm."""
    failures = []
    for line in lines:
        allowed = SPARE.get(line["fault"].split()[0], 1)
        if "unchanged" in line:
            if line["unchanged"] != line["of"]:
                failures.append(f"{line['fault']}: {line['of'] - line['unchanged']} runs changed")
        elif line["numbers"] is None or line["numbers"] > allowed:
            failures.append(f"{line['fault']}: not seen, or not what is smaller")
    return failures
