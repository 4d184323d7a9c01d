"""One round of atheris (libFuzzer) on one target; `campaign.py` starts it as a process of its own.

    python -m fuzzing.by_atheris FOLDER TARGET [LIBFUZZER'S OPTIONS AND CORPORA ...]

An input that leads to a fault is kept in FOLDER/findings, one for each kind of fault, and the round
goes on; libFuzzer itself ends it at a crash, a hang or too much memory. What became of the inputs
is counted in FOLDER/outcomes-TARGET.json.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import random
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import atheris

EVERY = 500
"""Inputs between two writings of the counts."""


def instrumented(name: str) -> tuple[ModuleType, int]:
    """Return a target, the code of whose `MODULES` counts its branches, and how many there are."""
    package = Path(next(iter(importlib.util.find_spec("clearprop").submodule_search_locations)))
    files = (one.relative_to(package.parent).with_suffix("") for one in package.rglob("*.py"))
    names = [".".join(one.parts).removesuffix(".__init__") for one in files]
    source = Path(__file__).with_name(f"{name}.py").read_text()
    begin = source.index("MODULES = (")
    wanted: tuple[str, ...] = eval(source[begin + len("MODULES = ") : source.index(")", begin) + 1])
    others = [one for one in names if not one.startswith(wanted)]
    reserve, counters = atheris._reserve_counter, []

    def counted() -> int:
        counters.append(reserve())
        return counters[-1]

    atheris._reserve_counter = counted
    with atheris.instrument_imports(include=["clearprop"], exclude=others):
        module = importlib.import_module(f"fuzzing.{name}")
    if not counters:
        sys.exit("nothing is instrumented: something has imported clearprop before")
    return module, len(counters)


class Watch:
    """Runs inputs, counts what becomes of them, and keeps those that lead to a fault."""

    def __init__(self, folder: Path, name: str, module: ModuleType, branches: int) -> None:
        from .outcome import judged  # not before: the package is to be imported by `instrumented`

        self._judged, self._run, self._findings = judged, module.run, folder / "findings"
        self._counts: Counter[str] = Counter()
        self._file, self._name, self._branches = folder / f"outcomes-{name}.json", name, branches

    def __call__(self, data: bytes) -> None:
        """Run one input."""
        outcome, fault = self._judged(self._run, data)
        if fault:
            self._keep(data, fault)
        self._counts[outcome or f"fault: {fault.partition(': ')[0]}"] += 1
        if self._counts.total() % EVERY == 0:
            self._file.write_text(json.dumps({"branches": self._branches, **self._counts}))

    def _keep(self, data: bytes, fault: str) -> None:
        """Keep the shortest input of each kind of fault."""
        kind = hashlib.sha256(fault.partition(": ")[0].encode()).hexdigest()[:10]
        file = self._findings / f"{self._name}-{kind}"
        if not file.exists() or len(data) < file.stat().st_size:
            file.write_bytes(data)
            file.with_suffix(".txt").write_text(f"{self._name}: {fault} for {data[:200]!r}\n")


def main() -> None:
    """Run a round."""
    folder, name, *options = sys.argv[1:]
    module, branches = instrumented(name)
    if hasattr(module, "ask_once"):
        module.ask_once()
    watch = Watch(Path(folder), name, module, branches)
    if not getattr(module, "STRUCTURED", False):
        atheris.Setup([sys.argv[0], *options], watch)
    else:
        given = [one.read_bytes() for one in Path(options[-1]).iterdir()]

        def mutate(data: bytes, most: int, seed: int) -> bytes:
            r = random.Random(seed)
            base = data if r.random() < 0.7 else r.choice(given)  # or all ends in rubble
            changed = module.mutate(base, r, lambda content: atheris.Mutate(content, most))
            return changed if len(changed) <= most else base[:most]

        atheris.Setup([sys.argv[0], *options], watch, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
