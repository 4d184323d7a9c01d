"""Mutants: small changes of the code, and whether a test sees them.

The long form takes 600 of the mathematics, the encoding of tables and what keeps a run, and 100 of
the kernels, which are compiled anew for each; it keeps what it has found in mutants_found.jsonl, and
goes on from there if it is called again. The short form takes 20 of the 600, with a few files of tests each.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mutant_populations import KERNEL_TESTS, KERNELS, SOURCES, TESTS, short_tests
from mutant_runs import ROOT, Copy, Kernels, warm_up
from mutant_sites import Mutant, files_of, sample
from mutant_tests import Map, digest

SIZE, KERNEL_SIZE, SHORT_SIZE = 600, 100, 20
AT_LEAST = 0.95
REASONS = Path(__file__).with_name("mutant_survivors.json")
"""Why a survivor is left: {its key: {"changes nothing": bool, "reason": text}}."""
WARM = ("tests/engine/test_bits.py", "tests/engine/kernels/test_kernel_tails.py")
FOUND = Path(__file__).with_name("mutants_found.jsonl")
Judge = Callable[[Mutant], dict[str, Any]]


def measure(long: bool, seed: int) -> dict[str, Any]:
    """Return how many of a seeded sample are killed, and what is known of those that are not."""
    work = Path(
        os.environ.get("CLEARPROP_MUTANTS", Path(tempfile.gettempdir()) / "clearprop-mutants")
    )
    work.mkdir(parents=True, exist_ok=True, mode=0o700)
    warm_up()
    copy = Copy(work)
    sources = list(files_of(copy.source, SOURCES))
    found, of = sample(copy.source, sources, SIZE if long else SHORT_SIZE, seed)
    copy.prepare(TESTS if long else sorted({t for one in found for t in short_tests(one.file)}))
    if not long:
        return figures(Campaign(copy, work, None).take(found, _short(copy)), of)
    kernels, of_kernels = sample(copy.source, files_of(copy.source, KERNELS), KERNEL_SIZE, seed)
    campaign = Campaign(copy, work, FOUND)
    os.environ["CLEARPROP_KERNELS"] = "compile"  # so that those a mutant leaves are at hand
    if not campaign.known:
        copy.run(WARM, 600)  # compiles what is not kept yet, which no limit of time is to count
    parts = os.environ.get("CLEARPROP_MUTANTS_OF", "python kernels").split()
    known = figures([], of)
    if "python" in parts:
        tests = Map(work, sources, TESTS)
        known = figures(campaign.take(found, _mapped(copy, tests), tests.digest()), of)
    if "kernels" in parts:
        tests_now = digest(sorted((ROOT / "tests").rglob("*.py")))
        its = figures(campaign.take(kernels, _compiled(copy, work), tests_now), of_kernels)
        known |= {"kernels": its, "failures": [*known["failures"], *its["failures"]]}
    return known


class Campaign:
    """Runs of mutants, what came of each kept in a file; those that are known are not run again."""

    def __init__(self, copy: Copy, work: Path, path: Path | None) -> None:
        self.copy, self.work, self.path = copy, work, path
        self.known: dict[str, dict[str, Any]] = {}
        if path is not None and path.exists():
            self.known = {one["key"]: one for one in map(json.loads, path.read_text().splitlines())}

    def take(
        self, mutants: Iterable[Mutant], judge: Judge, tests: str = ""
    ) -> list[dict[str, Any]]:
        """Return what came of each mutant; survivors of other `tests` than these meet them again.

        But for those that are argued to change nothing. What is known of a mutant holds while the
        function that it changes is the same.

        Whoever killed has to pass without the mutant, or it does not count.
        """
        found = []
        for mutant in mutants:
            source = (self.copy.source / mutant.file).read_text(encoding="utf-8")
            its = mutant.digest(source)
            one = self.known.get(mutant.key)
            lives = one is not None and not killed(one) and not self._changes_nothing(mutant)
            if one is None or one["source"] != its or (lives and one["tests"] != tests):
                started = time.monotonic()
                one = judge(mutant) | {
                    "key": mutant.key, "source": its, "tests": tests,
                    "change": f"{source[mutant.start : mutant.end]} -> {mutant.new}",
                }  # fmt: skip
                one["seconds"] = round(time.monotonic() - started, 1)
                self._keep(one)
            found.append(one)
        return self._fair(found)

    @staticmethod
    def _changes_nothing(mutant: Mutant) -> bool:
        return bool(_reasons().get(mutant.key, {}).get("changes nothing"))

    def _fair(self, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Take back what was killed by a test that fails without a mutant, too."""
        killers = sorted({one["by"] for one in found if one["outcome"] == "failed"})
        failing = self.copy.failing(killers, 600)
        taken_back = {"outcome": "no tests"}
        return [one | taken_back if one["by"] in failing and one["outcome"] == "failed" else one
                for one in found]  # fmt: skip

    def _keep(self, one: dict[str, Any]) -> None:
        self.known[one["key"]] = one
        if self.path is not None:
            with self.path.open("a") as file:
                file.write(json.dumps(one) + "\n")


def killed(one: dict[str, Any]) -> bool:
    """Whether a mutant was."""
    return one["outcome"] not in ("passed", "no tests")


def _short(copy: Copy) -> Judge:
    """Return a judge that runs a few files of tests, those that `SHORT` names."""

    def judge(mutant: Mutant) -> dict[str, Any]:
        with copy.mutated(mutant):
            outcome, test = copy.run(short_tests(mutant.file), 20)
        return {"outcome": outcome, "by": test}

    return judge


def _mapped(copy: Copy, tests: Map) -> Judge:
    """Return a judge that runs the tests which run the mutant's line.

    Then, if it lives, all of the few files that are about its file: what other processes run, no
    map knows.
    """
    kills: dict[str, Counter[str]] = {}

    def judge(mutant: Mutant) -> dict[str, Any]:
        known = kills.setdefault(mutant.file, Counter())
        *stages, left_out = tests.order(mutant, known)
        outcome, test = "no tests", ""
        with copy.mutated(mutant):
            for stage in filter(None, stages):
                outcome, test = copy.run(stage, sum(tests.seconds[one] for one in stage))
                if outcome != "passed":
                    break
            else:
                outcome, test = copy.run(short_tests(mutant.file), 60)
        known[test] += outcome == "failed"
        return {"outcome": outcome, "by": test, "left out": left_out}

    return judge


def _compiled(copy: Copy, work: Path) -> Judge:
    """Return a judge that has the kernels compiled anew, but for those that a mutant leaves."""
    from clearprop.engine.kernels.cache import folder

    def judge(mutant: Mutant) -> dict[str, Any]:
        kernels = Kernels(work / "cache", folder(), mutant.file)
        outcome, test = "no tests", ""
        with copy.mutated(mutant):
            for stage in (*KERNEL_TESTS.get(mutant.file, ()), *KERNEL_TESTS["all"]):
                outcome, test = copy.run(stage, 60, kernels)
                if outcome != "passed":
                    break
        return {"outcome": outcome, "by": test}

    return judge


def _reasons() -> dict[str, dict[str, Any]]:
    known: dict[str, dict[str, Any]] = json.loads(REASONS.read_text()) if REASONS.exists() else {}
    return known


def figures(found: list[dict[str, Any]], of: int) -> dict[str, Any]:
    """Return what is counted, and the survivors with their reasons."""
    reasons = _reasons()
    files: dict[str, list[int]] = {}
    for one in found:
        its = files.setdefault(one["key"].partition(" | ")[0], [0, 0])
        its[0] += 1
        its[1] += killed(one)
    survivors = [
        {"key": one["key"], "change": one["change"]}
        | reasons.get(one["key"], {"changes nothing": False, "reason": ""})
        for one in found
        if not killed(one)
    ]
    dead = len(found) - len(survivors)
    failures = [f"survived, and nobody says why: {one['key']}" for one in survivors
                if not one["reason"]]  # fmt: skip
    can_be_seen = len(found) - sum(one["changes nothing"] for one in survivors)
    if dead < AT_LEAST * can_be_seen:
        failures.append(f"{dead} of {can_be_seen} mutants killed, below {AT_LEAST:.0%}")
    return {
        "population": of,
        "sample": len(found),
        "killed": dead,
        "how": dict(Counter(one["outcome"] for one in found if killed(one))),
        "files": files,
        "survivors": survivors,
        "failures": failures,
    }


def section(figures: dict[str, Any]) -> str:
    """Return what the page says: how many are killed, and each survivor with its reason."""
    kernels = figures.get("kernels")
    lines = [
        "## Mutants",
        "",
        "Small changes of the code, one at a time, by the usual operators (a comparison at its boundary or "
        "negated, arithmetic, constants, conditions, `and` and `or`, signs, statements taken out, arguments "
        "swapped, None returned); no texts, no messages, no types. A mutant is killed if a test fails, "
        "a module cannot be imported, the process crashes or takes ten times as long. Each meets the tests "
        "that run its line, up to half a minute of them; the kernels' are compiled anew.",
        "",
        "| | mutants there are | drawn | killed | change nothing | others left |",
        "|---|---:|---:|---:|---:|---:|",
        _row("mathematics, encoding, what keeps a run", figures),
        *([_row("kernels", kernels)] if kernels else []),
        "",
        "| file | drawn | killed |",
        "|---|---:|---:|",
    ]
    both = [figures, *([kernels] if kernels else [])]
    lines += [
        f"| {file} | {drawn} | {dead} |"
        for one in both
        for file, (drawn, dead) in sorted(one["files"].items())
    ]
    lines += ["", "Those that survived:", ""]
    for one in (survivor for part in both for survivor in part["survivors"]):
        file, function, text, *_ = one["key"].split(" | ")
        lines.append(
            f"- {file}, {function or 'module'}: `{text}`, `{one['change']}`: {one['reason']}"
        )
    return "\n".join(lines)


def _row(name: str, part: dict[str, Any]) -> str:
    same = sum(one["changes nothing"] for one in part["survivors"])
    left = len(part["survivors"]) - same
    share = part["killed"] / max(part["sample"], 1)
    return (
        f"| {name} | {part['population']:,} | {part['sample']} | {part['killed']} ({share:.1%}) | "
        f"{same} | {left} |"
    )


if __name__ == "__main__":
    print(json.dumps(measure("--long" in sys.argv, 0), indent=1))
