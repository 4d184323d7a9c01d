"""Programs under mpiexec: started, waited for, and ended whatever becomes of them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"

MOST = 240
"""Seconds after which a program is ended: kernels may have to be compiled first."""

PATIENT = """
import sys
import clearprop as cp
import clearprop.cluster.failures
clearprop.cluster.failures.PATIENCE = 100.0
cp.cluster.mpi.__kwdefaults__["silence"] = 100.0
"""
"""What a program of a test begins with: a rank that gets no core for a while is not given up."""


def mpiexec() -> str:
    """Return the launcher beside this Python, or the system's."""
    beside = Path(sys.executable).with_name("mpiexec")
    found = str(beside) if beside.exists() else shutil.which("mpiexec")
    assert found is not None, "the extra cluster brings mpiexec"
    return found


@dataclass
class Ended:
    """What became of a program."""

    code: int
    out: str
    err: str


class Program:
    """A program of so many ranks; 0: without mpiexec."""

    def __init__(self, ranks: int, *command: str, cwd: Path, **environment: str) -> None:
        start = [] if ranks == 0 else [mpiexec(), "-n", str(ranks)]
        path = os.pathsep.join(
            [str(SOURCE), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
        )
        self._process = subprocess.Popen(
            [*start, sys.executable, *command],
            cwd=cwd, env=os.environ | {"PYTHONPATH": path} | environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def ended(self, within: float = MOST) -> Ended:
        """Wait for it."""
        try:
            out, err = self._process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            out, err = self._process.communicate(timeout=30)  # ranks of other groups hold the pipes
            raise AssertionError(f"not ended within {within} s: {out}\n{err}") from None
        return Ended(self._process.returncode, out, err)


def run(ranks: int, program: str, cwd: Path, *arguments: str, **environment: str) -> Ended:
    """Run Python source on so many ranks, to its end."""
    file = cwd / "program.py"
    file.write_text(PATIENT + program)
    return Program(ranks, str(file), *arguments, cwd=cwd, **environment).ended()


def say(*words: object) -> None:
    """Print a line at once, so that ranks do not write into each other's."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())
