"""Part `kills`: a training process is killed at any moment, and goes on until it is done.

A chain is one run: it is started, killed by SIGKILL (after a random time, or by the shim before a
random call on its files, or in the middle of a write), started again with `resume`, killed again,
... until a process comes to its end. Parameters, history (but seconds), predictions and the lines
of the log must be those of a run that was left alone, to the last bit; after each kill there must
be a whole checkpoint once there was one, and nothing may pile up.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from injection import shim
from injection.checkpoint_files import in_folder, newest, untidy
from injection.command import COMMAND, run_command
from injection.runs import CASES as CASES_OF
from injection.server import Ended, Server

CASES = ("reference", "compiled", "epochs", "seconds", "model", "estimator", COMMAND)


@dataclass
class Alone:
    """A run that was left alone: what it gave, how long it took, its calls on files."""

    ended: Ended
    job: dict[str, Any]
    seconds: float
    calls: int
    writes: int


@dataclass
class Chains:
    """What the chains of a case have come to."""

    chains: int = 0
    by_time: int = 0
    before_a_call: int = 0
    in_a_write: int = 0
    before_the_first_checkpoint: int = 0
    resumed: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """Return how many processes were killed."""
        return self.by_time + self.before_a_call + self.in_a_write


def alone(server: Server, case: str, **job: Any) -> Alone:
    """Leave a run alone."""
    times = []
    for _ in range(3):  # the first of a process is slower, and a busy machine makes any so
        folder = server.new_folder()
        journal = folder.with_suffix(".journal")
        started = time.monotonic()
        ended = _run(server, case, folder, plan="any:1+:delay:0", journal=journal, **job)
        times.append(time.monotonic() - started)
    faults = [record.path for record in shim.records(journal) if record.kind == "fault"]
    return Alone(ended, job, min(times), len(faults), faults.count("write"))


def chain(
    server: Server, case: str, left: Alone, most: int, rng: random.Random, to: Chains
) -> None:
    """Kill a run up to `most` times, and compare what it comes to."""
    folder, begun = server.new_folder(), False
    to.chains += 1
    for turn in range(most + 1):
        how, moment = _moment(left, rng) if turn < most else ("alone", {})
        ended = _run(server, case, folder, **moment, **left.job)
        files = in_folder(folder)
        if not ended.killed:
            break
        setattr(to, how, getattr(to, how) + 1)
        standing = newest(files)
        if begun and standing is None:
            to.failures.append(f"{case}, {moment}: no whole checkpoint is left")
        begun = begun or standing is not None
        to.before_the_first_checkpoint += not begun
        to.resumed += begun
        to.failures += [f"{case}, {moment}: {what}" for what in untidy(folder, killed=True)]
    if ended.bits != left.ended.bits:
        to.failures.append(f"{case} came to {ended}, alone to {left.ended}")
    to.failures += [f"{case}, at its end: {what}" for what in untidy(folder)]
    again = _run(server, case, folder, **left.job)
    if again.bits != left.ended.bits:
        to.failures.append(f"{case}, finished and taken up again, came to {again}")


def _moment(left: Alone, rng: random.Random) -> tuple[str, dict[str, Any]]:
    """Return how, and when, the next process is killed."""
    kind = rng.choice(("by_time", "before_a_call", "in_a_write"))
    if kind == "by_time":
        return kind, {"kill_after": rng.uniform(0, left.seconds)}
    # What is resumed makes fewer calls than a whole run: an earlier one is taken more often.
    share = rng.random() ** 2
    if kind == "before_a_call":
        return kind, {"plan": f"any:{1 + int(share * left.calls)}:kill"}
    return kind, {"plan": f"write:{1 + int(share * left.writes)}:torn"}


def _run(server: Server, case: str, folder: Path, **how: Any) -> Ended:
    if case == COMMAND:
        return run_command(folder, **how)
    return server.run(case, folder, **how)


def measure(long: bool, seed: int) -> dict[str, Any]:
    """Kill 200 processes, or 20 in the short form."""
    reason = shim.why_not()
    if reason is not None:
        return {"left out": reason, "failures": []}
    rng = random.Random(seed)
    cases = CASES if long else ("reference", "compiled")
    wanted = (200 if long else 20) / len(cases)
    figures: dict[str, Any] = {}
    failures: list[str] = []
    with Server() as server:
        for case in cases:
            left, to = alone(server, case), Chains()
            if not left.ended.done:
                failures.append(f"{case}, left alone: {left.ended}")
                continue
            while to.kills < wanted and len(to.failures) < 10:
                chain(server, case, left, rng.randint(1, 6), rng, to)
            failures += to.failures
            figures[case] = {
                name: value for name, value in vars(to).items() if name != "failures"
            } | {"kills": to.kills, "calls": left.calls, "seconds": round(left.seconds, 2)}
    return {
        "cases": figures,
        "kills": sum(found["kills"] for found in figures.values()),
        "failures": failures,
    }


def _what(case: str) -> str:
    """Return what a run is, in a line of its docstring."""
    of = run_command if case == COMMAND else CASES_OF[case]
    return (of.__doc__ or "").split("\n")[0]


def section(figures: dict[str, Any]) -> str:
    """Return what docs/trust.md says."""
    lines = ["## Killed runs\n"]
    if "left out" in figures:
        return f"{lines[0]}\nLeft out: {figures['left out']}.\n"
    lines.append(
        f"{figures['kills']} training processes were killed by SIGKILL: after a random time, before\n"
        "a random call on their files, or with a write half done. Each run was started again with\n"
        "`resume` until it came to its end, and then had the parameters, history (but seconds),\n"
        "predictions and log of a run that was left alone, to the last bit. After each kill the\n"
        "folder held a whole checkpoint once there had been one.\n"
    )
    lines.append(
        "| run | runs | kills | by time | before a call | in a write | calls on files of one run |\n"
        "|---|---:|---:|---:|---:|---:|---:|"
    )
    for case, found in figures["cases"].items():
        lines.append(
            f"| {case} | {found['chains']} | {found['kills']} | {found['by_time']} | "
            f"{found['before_a_call']} | {found['in_a_write']} | {found['calls']:,} |"
        )
    lines.append("")
    for case in figures["cases"]:
        lines.append(f"- {case}: {_what(case)}")
    lines.append(f"\n{len(figures['failures'])} failures.\n")
    return "\n".join(lines)
