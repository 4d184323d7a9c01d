"""Part `io_faults`: each kind of call on files fails, is cut short, delayed or gives other bytes.

A run meets one fault: at the first, the last or another call of a kind, or from some call on. It
then has to end with the bits of a run that was left alone, or by an error of Clearprop's own in
one line; what it warns of is a line too. There must be a whole checkpoint once there was one, and
the run, taken up again without the fault, must end with the same bits.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from injection import shim
from injection.checkpoint_files import in_folder, newest, untidy
from injection.runs import CHECKPOINTS
from injection.server import Ended, Server
from injection.surroundings import AROUND, around

ACTIONS = {
    "open": ("EIO", "ENOSPC", "EDQUOT", "EMFILE", "EACCES", "EROFS", "EINTR", "delay:5", "kill"),
    "open-read": ("EIO", "EMFILE", "EACCES", "EINTR", "kill"),
    "write": ("EIO", "ENOSPC", "EDQUOT", "EINTR", "short", "delay:5", "torn", "kill"),
    "read": ("EIO", "EINTR", "short", "delay:5", "kill"),
    "sync": ("EIO", "ENOSPC", "EDQUOT", "EINTR", "delay:5", "kill"),
    "sync-folder": ("EIO", "ENOSPC", "EINVAL", "EINTR", "kill"),
    "rename": ("EIO", "ENOSPC", "EDQUOT", "EACCES", "EROFS", "delay:5", "kill"),
    "close": ("EIO", "ENOSPC", "EDQUOT", "EINTR", "kill"),
    "unlink": ("EIO", "EACCES", "EROFS", "kill"),
    "mkdir": ("EIO", "ENOSPC", "EACCES", "EROFS", "kill"),
    "list": ("EIO", "EACCES", "EMFILE", "kill"),
    "stat": ("EIO", "EACCES", "kill"),
    "lock": ("EAGAIN", "ENOLCK", "EIO", "kill"),
}
"""What is done to each kind of call; see shim.c."""

CASES = ("reference", "compiled", "model", "estimator")
"""Of the short form the first."""

FLIPPED = f"write@{CHECKPOINTS}"
READ_FLIPPED = f"read@{CHECKPOINTS}"
"""One bit of what is written or read: only where there are checksums, no log has one."""


class Trials:
    """Trials of one case, and what is wrong with them."""

    def __init__(self, server: Server, case: str, **job: Any) -> None:
        self.server, self.case, self.job = server, case, job
        self.trials = self.struck = self.killed = self.errors = self.warned = 0
        self.failures: list[str] = []
        folder = server.new_folder()
        self.alone = self._run(folder)
        self.half = server.new_folder()
        self._halve(self.alone)

    def _run(self, folder: Path, **more: Any) -> Ended:
        return self.server.run(self.case, folder, **self.job, **more)

    def _halve(self, alone: Ended) -> None:
        """Leave a run in `half` that was killed in the middle, and has checkpoints and a log."""
        if not alone.done:
            self.failures.append(f"{self.case}, left alone: {alone}")
            return
        calls = sum(self.counts(self.server.new_folder()).values())
        self._run(self.half, plan=f"any:{calls // 2}:kill")
        if newest(in_folder(self.half)) is None:
            self.failures.append(f"{self.case}, killed in the middle, has no checkpoint")

    def counts(self, folder: Path) -> Counter[str]:
        """Return how many calls of each kind a run makes that begins, or goes on, in a folder."""
        journal = folder.with_suffix(".journal")
        self._run(folder, plan="any:1+:delay:0", journal=journal)
        return Counter(r.path for r in shim.records(journal) if r.kind == "fault")

    def starts(self) -> Iterator[tuple[str, Path]]:
        """Yield a folder to begin in, and one to go on in, over and over."""
        while True:
            yield "begun", self.server.new_folder()
            yield "gone on", self._copy()

    def _copy(self) -> Path:
        folder = self.server.new_folder()
        shutil.copytree(self.half, folder, dirs_exist_ok=True)
        return folder

    def count_of(self, start: str) -> Counter[str]:
        """Return how many calls of each kind a run of this start makes."""
        return self.counts(self.server.new_folder() if start == "begun" else self._copy())

    def try_plan(self, start: str, plan: str) -> None:
        """Run under a plan, and judge what comes of it."""
        folder = self.server.new_folder() if start == "begun" else self._copy()
        journal = folder.with_suffix(".journal")
        ended = self._run(folder, plan=plan, journal=journal)
        self.struck += shim.struck(journal) > 0
        was_there = start == "gone on" or _was_written(journal)
        self.judge(f"{self.case} {start}, {plan}", ended, folder, was_there=was_there)

    def judge(self, what: str, ended: Ended, folder: Path, *, was_there: bool) -> None:
        """Note what is wrong with how a run ended, what it left, and how it goes on."""
        self.trials += 1
        self.killed += ended.killed
        self.warned += bool(ended.found.get("warnings"))
        wrong = _wrong_end(ended, self.alone)
        self.errors += ended.found.get("outcome") == "error"
        if was_there and newest(in_folder(folder)) is None:
            wrong.append("no whole checkpoint is left")
        again = self._run(folder)
        if again.bits != self.alone.bits:
            wrong.append(f"taken up again without the fault it came to {again}")
        else:
            wrong += [f"in the end, {one}" for one in untidy(folder, may_be_more=True)]
        self.failures += [f"{what}: {one}" for one in wrong]


def _was_written(journal: Path) -> bool:
    return any(
        record.kind == "rename" and record.result == 0 and "checkpoint-" in record.other
        for record in shim.records(journal)
    )


def _wrong_end(ended: Ended, alone: Ended) -> list[str]:
    """Return what is wrong with an end: other bits, no named error, more than one line."""
    wrong = []
    found = ended.found
    if ended.killed:
        return wrong
    if found["outcome"] == "done":
        if ended.bits != alone.bits:
            wrong.append(f"it came to {found}")
    elif found["outcome"] != "error" or not found["named"] or not _is_a_line(found["text"]):
        wrong.append(f"it ended by {found}")
    for name, text in found.get("warnings", []):
        if name != "CheckpointWarning" or not _is_a_line(text):
            wrong.append(f"it warned by {name}: {text}")
    return wrong


def _is_a_line(text: str) -> bool:
    return bool(text) and text.isprintable()


def plans(counts: Counter[str], rng: random.Random, n_places: int) -> Iterator[str]:
    """Yield plans for each kind and action: at some calls, and from one on."""
    for kind, actions in ACTIONS.items():
        n = counts[kind]
        if n == 0:
            continue
        for action in actions:
            places = {1, n, *(rng.randint(1, n) for _ in range(n_places))}
            places = set(rng.sample(sorted(places), min(n_places, len(places))))
            yield from (f"{kind}:{place}:{action}" for place in sorted(places))
            if action.isupper() and action != "EINTR":  # which is tried again, for ever then
                yield f"{kind}:{rng.randint(1, n)}+:{action}"
    yield f"{FLIPPED}:{rng.randint(1, counts['write'])}:flip"
    yield f"{FLIPPED}:{rng.randint(1, counts['write'])}+:flip"
    if counts["read"]:
        for place in {1, *(rng.randint(1, counts["read"]) for _ in range(n_places))}:
            yield f"{READ_FLIPPED}:{place}:flip"
        yield f"{READ_FLIPPED}:{rng.randint(1, counts['read'])}+:flip"
    yield f"write:1:room:{rng.randint(0, 20_000)}"


def measure(long: bool, seed: int) -> dict[str, Any]:
    """Put every fault into runs; the short form takes a sample of a short run's."""
    reason = shim.why_not()
    if reason is not None:
        return {"left out": reason, "failures": []}
    rng = random.Random(seed)
    cases: dict[str, dict[str, int]] = {}
    failures: list[str] = []
    left_out: list[str] = []
    tried = Counter({f"{kind} {_name(one)}": 0 for kind, of in ACTIONS.items() for one in of})
    with Server() as server:
        for case in CASES if long else CASES[:1]:
            trials = Trials(server, case, epochs=6)
            for start in ("begun", "gone on"):
                wanted = list(plans(trials.count_of(start), rng, 3 if long else 1))
                for plan in wanted if long else rng.sample(wanted, 25):
                    if len(trials.failures) < 30:
                        trials.try_plan(start, plan)
                        tried[_fault(plan)] += 1
            for name in AROUND:
                problem = around(trials, name)
                if problem is not None:
                    left_out.append(f"{name} ({problem})")
            failures += trials.failures
            cases[case] = {
                name: getattr(trials, name)
                for name in ("trials", "struck", "killed", "errors", "warned")
            }
    return {
        "cases": cases,
        "kinds": len(tried),
        "least": min(tried.values()),
        "left out of it": sorted(set(left_out)),
        "failures": failures,
    }


def _fault(plan: str) -> str:
    """Return the kind of call and what is done to it, wherever that is."""
    kind, _, action = plan.split(":", 2)
    return f"{kind.partition('@')[0]} {_name(action)}"


def _name(action: str) -> str:
    return action.partition(":")[0]


def section(figures: dict[str, Any]) -> str:
    """Return what docs/trust.md says."""
    lines = ["## Failing files\n"]
    if "left out" in figures:
        return f"{lines[0]}\nLeft out: {figures['left out']}.\n"
    kinds = ", ".join(ACTIONS)
    lines.append(
        f"Each kind of call on files ({kinds}) failed, was shortened, delayed, or killed the run: at\n"
        "one call, or from one on, in runs that began and in runs that went on. So did a bit that is\n"
        f"written wrong, and: {', '.join(AROUND)}. A run then ended with the right bits or with an\n"
        "error of Clearprop's own in one line, left a whole checkpoint once there had been one, and,\n"
        "taken up again, ended with the right bits.\n"
    )
    if figures["left out of it"]:
        lines.append(f"Left out: {', '.join(figures['left out of it'])}.\n")
    lines.append(
        "| run | trials | killed | ended by an error | warned |\n|---|---:|---:|---:|---:|"
    )
    for case, found in figures["cases"].items():
        lines.append(
            f"| {case} | {found['trials']:,} | {found['killed']:,} | {found['errors']:,} | "
            f"{found['warned']:,} |"
        )
    lines.append(
        f"\nEach of {figures['kinds']} kinds of fault, at a kind of call, was tried at least "
        f"{figures['least']} times.\n"
    )
    lines.append(f"{len(figures['failures'])} failures.\n")
    return "\n".join(lines)
