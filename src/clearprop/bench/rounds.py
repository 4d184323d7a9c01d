"""The rounds of a case: every system in turn, each in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from clearprop.bench.cases import Case
from clearprop.bench.systems import SYSTEMS, has
from clearprop.engine.threads import cores
from clearprop.interruption import AtOnce, Interrupt

Round = dict[str, dict[str, Any]]
"""By "SYSTEM THREADS", such as "jax 2", what `measure.time_steps` returned; "memory" too, once."""


def compare(
    case: Case,
    systems: Sequence[str],
    rounds: int,
    seconds: float,
    mnist: Path | None = None,
    tell: Callable[[str], None] = lambda what: None,
) -> list[Round]:
    """Measure systems on a case, at one thread and at all cores.

    Parameters
    ----------
    case : Case
    systems : sequence of str
        Keys of `SYSTEMS`.
    rounds : int
        Of a case that is to run once, one is made.
    seconds : float
        That a process times calls for, about.
    mnist : Path, optional
        A folder of MNIST's training files.
    tell : callable
        Gets a line before each measurement.

    Returns
    -------
    list of Round
        A process that fails leaves no entry, and its last line on standard error.
    """
    total = 1 if case.once else rounds
    counts = [cores()] if case.once else thread_counts()
    found: list[Round] = []
    with tempfile.TemporaryDirectory() as folder:  # what PyTorch compiles in the first round

        def measure(system: str, threads: int, key: str, title: str) -> None:
            turn = f", round {len(found)} of {total}" if total > 1 else ""
            tell(f"{case.name}{turn}: {title}")
            arguments = [system, case.name, threads, cores(), seconds, *([mnist] if mnist else [])]
            answer = _run([str(argument) for argument in arguments], threads, folder)
            if isinstance(answer, str):
                sys.stderr.write(f"{case.name}: {title} failed: {answer}\n")
            else:
                found[-1][key] = answer

        for number in range(total):
            found.append({})
            for system in systems:
                for threads in counts if has(system, case) else []:
                    title = f"{SYSTEMS[system].title}, {threads_text(threads)}"
                    measure(system, threads, f"{system} {threads}", title)
            if number == 0 and "clearprop" in systems:
                measure("memory", cores(), "memory", "Clearprop's memory")
    return found


def thread_counts() -> list[int]:
    """Return one, and all cores that this process may use."""
    return sorted({1, cores()})


def threads_text(threads: int) -> str:
    """Return "1 thread", or "2 threads"."""
    return f"{threads} thread{'s' if threads > 1 else ''}"


def _run(arguments: Sequence[str], threads: int, folder: str) -> dict[str, Any] | str:
    """Return what a fresh process has measured, or the last line of its errors."""
    environment = os.environ | {"TORCHINDUCTOR_CACHE_DIR": folder}
    for setting in ("OMP", "MKL", "OPENBLAS", "VECLIB"):
        environment[f"{setting}_NUM_THREADS"] = str(threads)
    if threads == 1:
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    # -P: a numpy.py in the current folder is not NumPy.
    command = [sys.executable, "-P", "-m", "clearprop.bench.measure", *arguments]
    # While the process starts, an interruption is only noted: else nothing would know what to end.
    with Interrupt() as interrupt:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        with process:
            try:
                with AtOnce():
                    interrupt.obey()
                    out, err = process.communicate()
            except BaseException:
                process.kill()
                raise
    if process.returncode:
        return [f"exit code {process.returncode}", *err.strip().splitlines()][-1]
    answer: dict[str, Any] = json.loads(out.splitlines()[-1])
    return answer
