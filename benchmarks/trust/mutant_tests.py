"""Which tests a mutant meets, in which order: those that run its line, by a map made before."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from mutant_runs import ROOT, SOURCE
from mutant_sites import Mutant

FIRST, MOST = (2.5, 40), (12.0, 250)
"""Seconds and number of the tests that come first, and of all that a mutant meets."""


class Map:
    """The tests of each line, and their seconds; kept in a folder, and renewed where tests changed.

    Of a source that changed, lines that are the same keep their tests, wherever they stand now.

    Parameters
    ----------
    work : Path
        The folder.
    sources : sequence of str
        Files under src/clearprop.
    tests : sequence of str
        Files and folders of tests, and sources with doctests.
    """

    def __init__(self, work: Path, sources: Sequence[str], tests: Sequence[str]) -> None:
        self.sources = sources
        self.path = work / "map.json"
        self.texts = {one: (SOURCE / one).read_text(encoding="utf-8") for one in sources}
        self.files: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        self.lines: dict[str, dict[int, list[str]]] = {one: {} for one in sources}
        if self.path.exists():
            self._read(json.loads(self.path.read_text()))
        wanted = {one: digest([ROOT / one]) for one in _test_files(tests)}
        changed = [one for one, its in wanted.items() if self.files.get(one) != its]
        if changed:
            self._make(changed, work / "made.json")
            self.files |= {one: wanted[one] for one in changed}
            self.path.write_text(json.dumps({"files": self.files, "seconds": self.seconds,
                                             "lines": self.lines, "texts": self.texts}))  # fmt: skip

        self.reach = Counter(
            t for of in self.lines.values() for tests in of.values() for t in tests
        )

    def _read(self, known: dict[str, dict[str, Any]]) -> None:
        """Take in what was kept, unless a source is new, whose tests nobody knows."""
        if not known["texts"].keys() >= self.texts.keys():
            return
        self.files |= known["files"]
        self.seconds |= known["seconds"]
        for source, text in self.texts.items():
            place = moved(known["texts"][source], text)
            self.lines[source] = {
                place[int(line)]: tests
                for line, tests in known["lines"][source].items()
                if int(line) in place
            }

    def _make(self, changed: Sequence[str], made: Path) -> None:
        """Run tests under the plugin, and put what it saw in place of what was known of them."""
        told = os.environ | {
            "CLEARPROP_MAP": str(made),
            "CLEARPROP_MAP_OF": ":".join(str(SOURCE / one) for one in self.sources),
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(Path(__file__).parent),
                                           os.environ.get("PYTHONPATH", "")]),
        }  # fmt: skip
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "mutant_map"]
        subprocess.run(
            [*command, *changed], cwd=ROOT, env=told, stdout=subprocess.DEVNULL, check=False
        )
        self.add(json.loads(made.read_text()), changed)

    def add(self, made: dict[str, dict[str, object]], changed: Iterable[str]) -> None:
        """Take in what the plugin wrote of the test files that changed."""
        old = set(changed)
        self.seconds = {t: s for t, s in self.seconds.items() if t.partition("::")[0] not in old}
        for lines in self.lines.values():
            for line, tests in lines.items():
                lines[line] = [one for one in tests if one.partition("::")[0] not in old]
        self.seconds |= made["seconds"]  # type: ignore[arg-type]
        for path, seen in made["lines"].items():
            lines = self.lines[Path(path).relative_to(SOURCE).as_posix()]
            for line, tests in seen.items():  # type: ignore[attr-defined]
                lines[int(line)] = sorted({*lines.get(int(line), []), *tests} & self.seconds.keys())

    def digest(self) -> str:
        """Return a digest of the tests that are known here."""
        known = json.dumps([self.files, sorted(self.seconds)], sort_keys=True)
        return hashlib.sha256(known.encode()).hexdigest()[:16]

    def of(self, mutant: Mutant) -> list[str]:
        """Return the tests that run a mutant's line; of its function or file where none is known.

        What runs at import, such as a table or a default, is run by every test of the file, and of
        those that import from it.
        """
        lines = self.lines[mutant.file]
        if lines.get(mutant.line):
            return lines[mutant.line]
        tree = ast.parse(self.texts[mutant.file])
        around = [
            (node.end_lineno or 0) - node.lineno
            and range(node.lineno, (node.end_lineno or node.lineno) + 1)
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
            and node.lineno <= mutant.line <= (node.end_lineno or 0)
        ]
        within = min((one for one in around if one), key=len, default=None)
        if within is not None:
            return sorted({one for n, tests in lines.items() if n in within for one in tests})
        name = f"clearprop.{mutant.file.removesuffix('.py').replace('/', '.')}"
        users = [one for one, text in self.texts.items() if name in text]
        files = [self.lines[one] for one in (mutant.file, *users)]
        return sorted({one for of in files for tests in of.values() for one in tests})

    def order(self, mutant: Mutant, kills: Counter[str]) -> tuple[list[str], list[str], int]:
        """Return the tests that come first, those after them, and how many are left out.

        First those that have killed others, then those that are fast and run few other lines: they
        are about this one.
        """
        known = {one: -kills for one, kills in kills.most_common(15)}
        line = sorted(
            self.of(mutant),
            key=lambda one: (known.get(one, 0), self.reach[one] * (0.05 + self.seconds[one])),
        )
        first = self._within(line, *FIRST)
        rest = self._within(
            [one for one in line if one not in set(first)], MOST[0], MOST[1] - len(first)
        )
        return first, rest, len(line) - len(first) - len(rest)

    def _within(self, tests: Sequence[str], seconds: float, most: int) -> list[str]:
        """Return the first of the tests that fit into so many seconds, one of them at least."""
        total, found = 0.0, []
        for one in tests:
            if len(found) < most and (not found or total + self.seconds[one] <= seconds):
                found.append(one)
                total += self.seconds[one]
        return found


def moved(before: str, after: str) -> dict[int, int]:
    """Return where the lines of a text stand, counted from 1, in one that was made of it."""
    blocks = SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    return {
        block.a + n: block.b + n
        for block in blocks.get_matching_blocks()
        for n in range(1, block.size + 1)
    }


def digest(paths: Iterable[Path]) -> str:
    """Return a short digest of files."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.read_bytes() + b"\0")
    return whole.hexdigest()[:16]


def _test_files(tests: Sequence[str]) -> list[str]:
    found = []
    for one in tests:
        path = ROOT / one
        files = [path] if path.is_file() else sorted(path.rglob("test_*.py"))
        found += [file.relative_to(ROOT).as_posix() for file in files]
    return found
