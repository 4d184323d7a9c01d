"""The other side of runs.py: jobs are given, waited for, and killed."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from injection import shim

HERE = Path(__file__).parent
MEMORY = "/dev/shm"
"""Where runs write if it is there: SIGKILL takes nothing from a disk either, which takes longer."""

LIMIT = 60.0
"""Seconds after which a run hangs."""


def _environment() -> dict[str, str]:
    path = os.pathsep.join([str(HERE.parent), *sys.path])
    return shim.environment(Path("/nowhere")) | {"PYTHONPATH": path}


@dataclass
class Ended:
    """How a run ended.

    Attributes
    ----------
    killed : bool
        By the shim or the harness.
    found : dict
        What the run has written down; empty if it was killed, or died.
    said : str
        Its output.
    """

    killed: bool
    found: dict[str, Any] = field(default_factory=dict)
    said: str = ""

    @property
    def done(self) -> bool:
        """Whether the run came to its end."""
        return self.found.get("outcome") == "done"

    @property
    def bits(self) -> dict[str, Any]:
        """What has to be equal between runs that were left alone and runs that were not."""
        return {name: value for name, value in self.found.items() if name != "warnings"}


class Server:
    """A process that has Clearprop and the shim loaded, and forks one for each job."""

    def __enter__(self) -> Self:
        where = MEMORY if os.access(MEMORY, os.W_OK) else None
        self._scratch = Path(tempfile.mkdtemp(prefix="clearprop-faults-", dir=where))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "injection.runs"], cwd=HERE.parent, env=_environment(),
            bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        if self._line() != "ready":
            raise RuntimeError("the server of runs has not begun")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(LIMIT)
        self._process.stdout.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def new_folder(self) -> Path:
        """Return an empty folder, which goes when the server does."""
        return Path(tempfile.mkdtemp(dir=self._scratch))

    def run(
        self, case: str, folder: Path, *, resume: bool = True, kill_after: float | None = None,
        **more: Any,
    ) -> Ended:  # fmt: skip
        """Run a case to its end, or kill it after so many seconds."""
        result = self._scratch / "result"
        result.unlink(missing_ok=True)
        job = {"case": case, "folder": str(folder), "result": str(result), "resume": resume}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job | more, default=str).encode() + b"\n")
        child = int(self._line())
        hung = threading.Event()

        def kill() -> None:
            if kill_after is None:
                hung.set()
            with suppress(ProcessLookupError):  # it has just come to its end
                os.kill(child, signal.SIGKILL)

        timer = threading.Timer(LIMIT if kill_after is None else kill_after, kill)
        timer.start()
        status = int(self._line())
        timer.cancel()
        timer.join()
        if hung.is_set():
            return Ended(False, {"outcome": "hung"})
        said = result.with_name("result.said").read_text(errors="replace")
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return Ended(True, said=said)
        if status != 0 or not result.exists():
            return Ended(False, {"outcome": "died", "status": status}, said)
        return Ended(False, json.loads(result.read_text()), said)

    def _line(self) -> str:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], 2 * LIMIT)[0]:
            raise RuntimeError("the server of runs no longer answers")
        return self._process.stdout.readline().decode().strip()
