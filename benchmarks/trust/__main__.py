"""Faults put into Clearprop, and what becomes of them.

    python benchmarks/trust                      # short forms of all parts, a few minutes
    python benchmarks/trust kills --long         # the long form of one
    python benchmarks/trust --long --write       # hours; writes figures.json and docs/trust.md

A part is a module here that has `measure(long, seed)`, whose figures name their failures, and
`section(figures)`, what docs/trust.md says of them. The exit code is 1 where a part has failures.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from clearprop.bench.summary import processor

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "trust.md"
PARTS = (
    "kills", "power_cuts", "io_faults", "guard_pages", "changed_numbers", "fuzzing", "mutants",
)  # fmt: skip
"""In the order of the page."""


def main() -> int:
    """Run the parts that were asked for; return 1 if one has failures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    names = f"of {', '.join(PARTS)}; all of them if none"
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=names)
    parser.add_argument("--long", action="store_true", help="the long forms")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--figures", type=Path, default=HERE / "figures.json")
    parser.add_argument("--write", action="store_true", help="write the figures and docs/trust.md")
    asked = parser.parse_args()
    known: dict[str, Any] = json.loads(asked.figures.read_text()) if asked.figures.exists() else {}
    failed = False
    for name in asked.parts or PARTS:
        started = time.monotonic()
        found = importlib.import_module(name).measure(asked.long, asked.seed)
        seconds = time.monotonic() - started
        print(f"{name}: {len(found['failures'])} failures in {seconds:.0f} s", flush=True)
        for failure in found["failures"]:
            print(f"  {failure}", flush=True)
        failed = failed or bool(found["failures"])
        known[name] = found | {
            "command": f"python benchmarks/trust {name}{' --long' * asked.long} --seed {asked.seed}",
            "seconds": round(seconds),
            "date": date.today().isoformat(),
            "processor": processor(),
            "python": platform.python_version(),
        }
        if asked.write:
            write(known, asked.figures)
    return int(failed)


def write(known: dict[str, Any], figures: Path) -> None:
    """Write the figures, and the page that is made of them."""
    figures.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    sections = [(HERE / "page.md").read_text()]
    for name in PARTS:
        if name in known:
            part = known[name]
            sections.append(importlib.import_module(name).section(part).rstrip() + "\n")
            sections.append(
                f"`{part['command']}`: {part['seconds']:,} s, {part['processor']}, Python "
                f"{part['python']}, {part['date']}.\n"
            )
    PAGE.write_text("\n".join(sections))


if __name__ == "__main__":
    sys.exit(main())
