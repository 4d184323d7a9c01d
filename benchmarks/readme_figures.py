"""The README's table of speeds, from benchmarks/results.json.

python benchmarks/readme_figures.py            # writes it between the marks in README.md
python benchmarks/readme_figures.py --check    # exit code 1 where README.md says otherwise
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

from clearprop.bench.cases import CASES
from clearprop.bench.page import microseconds
from clearprop.bench.systems import SYSTEMS

ROOT = Path(__file__).parents[1]
START, END = "<!-- speed -->\n", "<!-- /speed -->"


def table(found: dict[str, Any]) -> str:
    """The paragraph and table of some results."""
    said = (
        f"Microseconds a training step on {found['processor']}, {found['cores']} cores, measured on "
        f"{found['date']}; Clearprop and the fastest of PyTorch (eager and compiled), JAX and "
        "scikit-learn, each at its better number of threads. Ratios are taken within each round."
    )
    lines = [
        textwrap.fill(said, 105),
        "",
        "| case | network | batch, optimizer | Clearprop | fastest other | its time | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, entry in found["cases"].items():
        case, summary = CASES[name], entry["summary"]
        if case.once or summary["ratio"] is None:
            continue
        steps, peer = summary["step"], summary["fastest_peer"]
        ours = min(seconds for key, seconds in steps.items() if key.startswith("clearprop"))
        lines.append(
            f"| {name} | {'-'.join(map(str, case.sizes))} | {case.batch}, {case.optimizer} "
            f"| {microseconds(ours)} | {SYSTEMS[peer.split()[0]].title} "
            f"| {microseconds(steps[peer])} | {summary['ratio']:.2f} |"
        )
    return "\n".join(lines) + "\n"


def filled(text: str, found: dict[str, Any]) -> str:
    """The README with the table of some results between its marks."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        sys.exit(f"README.md has no part between {START.strip()} and {END}")
    return before + START + table(found) + END + after


def main(arguments: list[str]) -> int:
    """Write, or check."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    found = json.loads((ROOT / "benchmarks/results.json").read_text(encoding="utf-8"))
    new = filled(text, found)
    if arguments == ["--check"]:
        if new != text:
            print("README.md: run python benchmarks/readme_figures.py", file=sys.stderr)
        return int(new != text)
    readme.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
