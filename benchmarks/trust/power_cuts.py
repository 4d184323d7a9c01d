"""Part `power_cuts`: what a run leaves if the power goes at any of its calls on files.

A run is left alone once, with a journal of all that it does to files. Of every prefix of that
journal, disk.py works out all that a power cut may leave. In each of them there must be a whole
checkpoint, at least as new as the last one that the run had taken as written; from a sample of
them the run is taken up again, and must end with the same bits.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from injection import shim
from injection.checkpoint_files import NAME, in_folder, newest
from injection.disk import Disk, State
from injection.server import Server

Check = Callable[[State], str | None]

SAVED = "network.safetensors"
TRAININGS = ("reference", "compiled", "epochs")


class TakenAsWritten:
    """The newest checkpoint that a run has behind it: it goes on to the next, or removes others."""

    def __init__(self, floor: str | None) -> None:
        self._made: list[str] = [] if floor is None else [floor]
        self.floor = floor

    def take(self, record: shim.Record, disk: Disk) -> None:
        """Look at a call."""
        if record.result < 0:
            return
        name, other = (os.path.basename(path) for path in (record.path, record.other))  # noqa: PTH119
        if record.kind == "rename" and NAME.fullmatch(other):
            self._made.append(other)
        if not self._made:
            return
        begins = record.kind == "open" and record.flags & os.O_CREAT and name not in self._made
        if begins or (record.kind == "unlink" and NAME.fullmatch(name)):
            self.floor = max(self._made)

    def check(self, state: State) -> str | None:
        """Return what is wrong with what a power cut leaves, or None."""
        if self.floor is None:
            return None
        found = newest(state)
        if found is None:
            return f"no whole checkpoint is left of {self.floor}"
        return None if found >= self.floor else f"{found} is the newest left of {self.floor}"

    def end(self) -> None:
        """The run has come to its end: whatever it wrote counts."""
        self.floor = max(self._made, default=None)


class Replaced:
    """A file that a run saves twice: what `save` has returned from stays until the next is there."""

    def __init__(self) -> None:
        self._saves = 0
        self._may_be: list[bytes] = []

    def take(self, record: shim.Record, disk: Disk) -> None:
        """Look at a call."""
        if record.kind == "mark":
            self._saves += 1
            del self._may_be[:-1]
        elif record.other.endswith(SAVED) and record.result == 0:
            self._may_be.append(disk.content(record.other))

    def check(self, state: State) -> str | None:
        """Return what is wrong with what a power cut leaves, or None."""
        for path, content in state.items():
            if path.endswith(SAVED):
                return None if content in self._may_be else "the file is not what was saved"
        return f"there is no file after {self._saves} saves" if self._saves else None

    def end(self) -> None:
        """The run has come to its end: nothing more is known."""


def explore(
    journal: Path, root: Path, before: State, watched: TakenAsWritten | Replaced
) -> tuple[int, list[State], list[str]]:
    """Return the number of calls, every state that a power cut may leave, and what is wrong."""
    disk, calls = Disk(os.path.realpath(root), before), 0
    seen: dict[frozenset[tuple[str, bytes]], State] = {}
    wrong: dict[str, None] = {}

    def look(at: str) -> None:
        for state in disk.states():
            seen.setdefault(frozenset(state.items()), state)
            problem = watched.check(state)
            if problem is not None:
                wrong[f"a power cut {at}: {problem}"] = None

    for record in shim.records(journal):
        calls += 1
        disk.take(record)
        watched.take(record, disk)
        if record.kind != "close":
            look(f"after call {calls} ({record.kind})")
    watched.end()
    look("after the end")
    return calls, list(seen.values()), list(wrong)


def put(state: State, root: Path, folder: Path) -> None:
    """Write the files of a state, which were below `root`, below `folder`."""
    above = os.path.realpath(root)
    for path, content in state.items():
        target = folder / os.path.relpath(path, above)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def cut(
    server: Server, case: str, n_resumed: int, seed: int, *, goes_on: bool = False, **job: Any
) -> dict[str, Any]:
    """Return the figures of one case: its calls, states, how many were resumed, and failures.

    With `goes_on`, of a run that was killed before, and whose files were all synced since.
    """
    folder = server.new_folder()
    if goes_on:
        server.run(case, folder, plan="rename:6:kill", **job)
    before = in_folder(Path(os.path.realpath(folder)))
    journal = folder.with_suffix(".journal")
    alone = server.run(case, folder, journal=journal, **job)
    if not alone.done:
        return {"failures": [f"{case}, left alone: {alone}"]}
    watched = Replaced() if case == "saved" else TakenAsWritten(newest(before))
    calls, states, failures = explore(journal, folder, before, watched)
    failures = [f"{case}: {problem}" for problem in failures]
    rng = random.Random(seed)
    sample = rng.sample(states, min(n_resumed, len(states)))
    for state in sample:
        again = server.new_folder()
        put(state, folder, again)
        ended = server.run(case, again, **job)
        if ended.bits != alone.bits:
            failures.append(f"{case}: resumed from {_shown(state)}: {ended} is not {alone}")
    return {
        "calls": calls,
        "states": len(states),
        "resumed": len(sample),
        "failures": failures[:20],
    }


def _shown(state: State) -> str:
    return str({os.path.basename(path): len(content) for path, content in state.items()})  # noqa: PTH119


def measure(long: bool, seed: int) -> dict[str, Any]:
    """Cut the power of all cases at all calls; the short form runs fewer epochs."""
    reason = shim.why_not()
    if reason is not None:
        return {"left out": reason, "failures": []}
    shorter, n_resumed = ({}, 40) if long else ({"epochs": 5}, 4)
    with Server() as server:
        cases = {"saved": cut(server, "saved", 0, seed)}
        for case in TRAININGS if long else TRAININGS[:2]:
            for name, goes_on in ((case, False), (f"{case}, gone on", True)):
                cases[name] = cut(server, case, n_resumed, seed, goes_on=goes_on, **shorter)
    failures = [problem for found in cases.values() for problem in found.pop("failures")]
    return {"cases": cases, "failures": failures}


def section(figures: dict[str, Any]) -> str:
    """Return what docs/trust.md says."""
    lines = ["## Power cuts\n"]
    if "left out" in figures:
        return f"{lines[0]}\nLeft out: {figures['left out']}.\n"
    lines.append(
        "A run is left alone once, and every call that changes files is noted with its data. For\n"
        "each moment between two calls, all states are worked out that a power cut may leave: bytes\n"
        "that were not synced are there, gone, torn or zeros; names of a folder that was not synced\n"
        "are the old or the new ones, in every combination. In each state there must be a whole\n"
        "checkpoint, no older than the last that the run took as written (of `save`: the old file or\n"
        "the new one). From a sample of the states the run was taken up again and had to end with\n"
        "the same bits.\n"
    )
    lines.append("| run | calls on files | states left | taken up again |\n|---|---:|---:|---:|")
    for case, found in figures["cases"].items():
        lines.append(
            f"| {case} | {found.get('calls', 0):,} | {found.get('states', 0):,} | "
            f"{found.get('resumed', 0):,} |"
        )
    lines.append(f"\n{len(figures['failures'])} failures.\n")
    return "\n".join(lines)
