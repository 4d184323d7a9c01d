"""Runs of tests on a mutated copy of the repository, each in a fork of a process that is warm.

The copy is a folder, so that processes which tests start see the mutant, too. A mutant is killed by
a test that fails, by a module that cannot be imported any more, by a crash, or by taking ten
times as long; each is told apart. No mutant is killed by a test that the copy fails as it was.
"""

from __future__ import annotations

import ast
import gc
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mutant_sites import Mutant

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "clearprop"
KERNELS = "clearprop.engine.kernels"
COPIED = ("src", "tests", "benchmarks", "examples", "docs")
COLLECTED = " (collected)"
SPARE, TIMES = 20, 10
"""Seconds of processor time that any run may take, and how many times as long as expected."""


def warm_up() -> None:
    """Import what is not Clearprop's, once for all runs; nothing here starts threads that work."""
    import hypothesis  # noqa: F401
    import mpmath  # noqa: F401
    import numba
    import numpy  # noqa: F401
    import pandas  # noqa: F401
    import polars  # noqa: F401
    import pytest  # noqa: F401
    import scipy.stats  # noqa: F401
    import sklearn.neural_network  # noqa: F401

    numba.njit(lambda x: x + 1)(1.0)  # what the first compilation takes is taken once
    gc.freeze()  # pytest collects garbage several times a run


class Copy:
    """A copy of the repository under `work`, one file of which may be mutated at a time.

    The repository itself may change meanwhile: mutants are those of the copy.
    """

    def __init__(self, work: Path) -> None:
        self.root = work / "copy"
        self.source = self.root / "src" / "clearprop"
        self.work = work
        shutil.rmtree(self.root, ignore_errors=True)
        leave = shutil.ignore_patterns("__pycache__", ".*")
        for name in COPIED:
            shutil.copytree(ROOT / name, self.root / name, ignore=leave)
        for path in ROOT.iterdir():
            if path.is_file() and not path.name.startswith("."):
                shutil.copy2(path, self.root)
        self._times = 2_000_000_000
        self._keeps_bytecode = False

    def prepare(self, tests: Sequence[str]) -> None:
        """Have the bytecode of the code and of tests written, before anything is mutated."""
        self._keeps_bytecode = True
        self.run([*tests, "--collect-only"], 60)
        self._keeps_bytecode = False

    def failing(self, tests: Sequence[str], seconds: float) -> set[str]:
        """Return which of these tests do not pass."""
        if not tests:
            return set()
        self.run([*tests, "--maxfail=0"], seconds)
        passed = (self.work / "passed").read_text().splitlines()
        return set(tests) - set(passed)

    @contextmanager
    def mutated(self, mutant: Mutant | None) -> Iterator[None]:
        """Have the mutant in the copy meanwhile; None: a comment at the end of nothing."""
        if mutant is None:
            yield
            return
        path = self.source / mutant.file
        before, times = path.read_text(encoding="utf-8"), path.stat()
        self._times += 1  # no bytecode that is kept has this time
        path.write_text(mutant.applied(before), encoding="utf-8")
        os.utime(path, (self._times, self._times))
        try:
            yield
        finally:
            path.write_text(before, encoding="utf-8")
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def run(
        self, tests: Sequence[str], seconds: float, kernels: Kernels | None = None
    ) -> tuple[str, str]:
        """Run tests in a fork until one fails; return what came of it, and the test.

        That is "passed", "failed", "cannot be imported", "crash", "time limit" or "no tests".
        `seconds` is what the tests take. Kernels are kept where they are by default, or in the
        folder that is given.
        """
        report = self.work / "report"
        report.write_text("")
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            sys.dont_write_bytecode = not self._keeps_bytecode
            _be_the_child(self.root, self.work, tests, int(SPARE + TIMES * seconds), kernels)
        status, late = _wait(child, SPARE + TIMES * seconds)
        with_children = -child
        with suppress(ProcessLookupError):
            os.kill(with_children, signal.SIGKILL)  # what a test has started, and left
        told = report.read_text().strip()
        if late or (os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, 9)):
            return "time limit", told
        if os.WIFSIGNALED(status):
            return "crash", f"signal {os.WTERMSIG(status)} after {told}"
        kinds = {0: "passed", 1: "failed", 2: "cannot be imported"}
        outcome = kinds.get(os.WEXITSTATUS(status), "no tests")
        if "while loading conftest" in (self.work / "output").read_text(errors="replace"):
            return "cannot be imported", "tests/conftest.py"
        if outcome == "failed" and told.endswith(COLLECTED):
            return "cannot be imported", told
        return outcome, told


def _wait(child: int, seconds: float) -> tuple[int, bool]:
    """Wait for a child, and count only the time in which this process itself could run."""
    waited = 0.0
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status, False
        if waited > 2 * seconds + 60:
            os.kill(-child, signal.SIGKILL)
            return os.waitpid(child, 0)[1], True
        time.sleep(0.02)
        waited += 0.02


class Kernels:
    """The compiled kernels that a mutant leaves as they are; all others are compiled anew.

    A kernel is left if its module imports the mutated one neither itself nor by others.

    Parameters
    ----------
    folder : Path
        Where the mutant's kernels are kept; emptied.
    kept : Path
        The kernels of the sources as they are, ``NAME-PRECISION.kernel``.
    file : str
        The mutated one, "engine/kernels/NAME.py".
    """

    def __init__(self, folder: Path, kept: Path, file: str) -> None:
        self.folder, self.kept = folder, kept
        shutil.rmtree(folder, ignore_errors=True)
        of = {path.stem: _imported(path) for path in (SOURCE / file).parent.glob("*.py")}
        changed, before = {Path(file).stem}, set[str]()
        while changed != before:
            before = changed
            changed = changed | {one for one, its in of.items() if its & changed}
        self.changed = changed

    def lay_out(self) -> None:
        """Put what is left into the folder, under the name of the mutated sources."""
        from clearprop.engine.kernels import cache
        from clearprop.files.own_files import make_own_folder

        make_own_folder(cache.folder())
        for path in self.kept.glob("*.kernel"):
            if path.name.partition(".")[0] not in self.changed:
                shutil.copy2(path, cache.folder())


def _imported(path: Path) -> set[str]:
    """Return the kernels' modules that one imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(KERNELS):
            found |= {node.module[len(KERNELS) + 1 :]} if node.module != KERNELS else set()
            if node.module == KERNELS:
                found |= {one.name for one in node.names}
    return found


class _Report:
    """A plugin that writes down where a run is, and which tests have passed."""

    def __init__(self, work: Path) -> None:
        self.path, self.passed, self.failed = work / "report", work / "passed", set[str]()
        self.passed.write_text("")

    def pytest_runtest_logreport(self, report: Any) -> None:
        if not report.passed:
            self.failed.add(report.nodeid)
        if report.when == "teardown" and report.nodeid not in self.failed:
            with self.passed.open("a") as file:
                file.write(f"{report.nodeid}\n")

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.path.write_text(nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.path.write_text(f"{report.nodeid}{COLLECTED}")


def _be_the_child(
    root: Path, work: Path, tests: Sequence[str], seconds: int, kernels: Kernels | None
) -> None:
    """Run the tests as a process of its own does, and end."""
    code = 3
    try:
        os.setsid()
        output = os.open(work / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.chdir(root)
        if sys.dont_write_bytecode:
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        os.environ["PYTHONPATH"] = str(root / "src")
        if kernels is not None:
            os.environ["CLEARPROP_CACHE"] = str(kernels.folder)
            os.environ["CLEARPROP_KERNELS"] = "compile"  # a library would hold those without it
        for name in [one for one in sys.modules if one.partition(".")[0] == "clearprop"]:
            del sys.modules[name]
        elsewhere = {str(ROOT / "src"), str(Path(__file__).parent), ""}
        sys.path[:] = [str(root / "src"), *(one for one in sys.path if one not in elsewhere)]
        if kernels is not None:
            kernels.lay_out()
        import pytest

        options = [
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            f"--basetemp={work / 'temporary'}",
        ]
        options += ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
        code = int(pytest.main([*options, *tests], plugins=[_Report(work)]))
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 3
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)
