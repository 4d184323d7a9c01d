"""All classics, one after another: ``python examples/classics --short [--data FOLDER]``.

Without ``--short`` the long forms run, which takes an hour; ``--write`` writes their pages; ``--index``
writes docs/classics/README.md from the pages that are there.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path

from classic import PAGES, Classic, whole
from classic import main as run

NAMES = (
    "symmetry", "family_trees", "xor_and_parity", "nielsen_mnist", "million_points", "vanishing_gradients",
    "mnist_in_a_minute",
)  # fmt: skip


def classics() -> list[Classic]:
    """Return all of them, in the order of the index."""
    return [importlib.import_module(name).CLASSIC for name in NAMES]


def index() -> str:
    """Return the index of the pages, with the first figure of each that was published as a number."""
    lines = [
        "# The classics", "",
        "Experiments that made backpropagation famous, run again: what was published, where, and what came out here. Each is one script in "
        "`examples/classics/`, and each page is written by it. All short forms: `python examples/classics --short` (those on MNIST "
        "take `--data FOLDER`, or ask OpenML).", "",
        "| experiment | | published | measured |", "|---|---|---|---|",
    ]  # fmt: skip
    for classic in classics():
        kept = PAGES / f"{classic.name}.json"
        if kept.exists():
            rows = classic.tell(json.loads(kept.read_text(encoding="utf-8"))["found"])
            row = next((row for row in rows if row.published[:1].isdigit()), rows[0])
            lines.append(
                f"| [{classic.title}]({classic.name}.md) | {row.what} | {row.published} | **{row.measured}** |"
            )
    return "\n".join([*lines, ""])


def main() -> int:
    """Run them all; return 1 if one failed."""
    parser = argparse.ArgumentParser(description="Run all classics.")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--short", action="store_true", help="in seconds each; writes nothing")
    form.add_argument(
        "--write", action="store_true", help="write the pages of the long forms, and the index"
    )
    form.add_argument("--index", action="store_true", help="write the index alone")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="of MNIST's four files; without it, OpenML is asked",
    )
    asked = parser.parse_args()
    failed = []
    for classic in [] if asked.index else classics():
        arguments = ["--short"] * asked.short + ["--write"] * asked.write
        if classic.needs_data and asked.data is not None:
            arguments += ["--data", str(asked.data)]
        if run(classic, arguments):
            failed.append(classic.name)
    if asked.write or asked.index:
        whole(PAGES / "README.md", index().encode())
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
