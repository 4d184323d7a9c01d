"""Training speed beside PyTorch, JAX and scikit-learn, and beside the processor's own limit.

    python benchmarks/compare.py --mnist FOLDER --write    # RESULTS.md and results.json; half an hour
    python benchmarks/compare.py --cases digits deep100 --systems clearprop jax --rounds 1

`clearprop.bench` does the work: each case in a fresh process per system and number of threads,
the systems in turn, for several rounds. `clearprop bench` is the short form.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from clearprop.bench.cases import CASES
from clearprop.bench.page import page
from clearprop.bench.rounds import compare
from clearprop.bench.summary import document
from clearprop.bench.systems import SYSTEMS, is_installed
from clearprop.engine.threads import cores

HERE = Path(__file__).parent


def main() -> None:
    """Read the command line, measure, and print or write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0],
        epilog="All of it, on two cores, takes about half an hour: a round of all cases 5 minutes, "
        "2 minutes of compilation by PyTorch in the first, and the million rows 1.",
    )
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), metavar="CASE", help=f"of {', '.join(CASES)}; all by default")  # fmt: skip
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS), metavar="SYSTEM", help=f"of {', '.join(SYSTEMS)}; all that are installed by default")  # fmt: skip
    parser.add_argument("--rounds", type=int, default=5, help="of each case but million, which has one (5)")  # fmt: skip
    parser.add_argument("--seconds", type=float, default=1.0, help="that each process times calls for; one call at least (1)")  # fmt: skip
    parser.add_argument("--mnist", type=Path, metavar="FOLDER", help="holds MNIST's two training files, .gz; random numbers otherwise")  # fmt: skip
    parser.add_argument("--write", action="store_true", help="write RESULTS.md and results.json beside this file")  # fmt: skip
    options = parser.parse_args()
    systems = [system for system in options.systems if is_installed(system)]
    rounds = {}
    for name in options.cases:
        rounds[name] = compare(
            CASES[name], systems, options.rounds, options.seconds, options.mnist,
            lambda what: print(what, file=sys.stderr, flush=True),
        )  # fmt: skip
        results = document(rounds, cores(), options.seconds, options.mnist is not None)
        if options.write:  # after each case, so that a run that is stopped leaves something
            (HERE / "results.json").write_text(
                json.dumps(results, indent=1) + "\n", encoding="utf-8"
            )
            (HERE / "RESULTS.md").write_text(page(results), encoding="utf-8")
    print(page(results))


if __name__ == "__main__":
    main()
