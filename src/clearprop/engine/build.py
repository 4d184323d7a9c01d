"""Building ahead: the kernels of a level of processors, compiled and linked into one library.

    python -m clearprop.engine.build --out FOLDER        # all levels of this kind of processor

Numba compiles, in processes of their own, as it takes the processor from its environment; the
system's C compiler links, or Zig's (`pip install ziglang`). The same sources give the same bytes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

from clearprop.engine.functions import KERNELS
from clearprop.engine.kernels.library import holds, library_name, seal, sealed
from clearprop.engine.kernels.loading import build
from clearprop.engine.kernels.machine import LEVELS, Level, level, machine
from clearprop.engine.kernels.precision import PRECISIONS
from clearprop.engine.kernels.symbols import symbol_of
from clearprop.errors import CompilationError

_LINK = {
    "linux": ["-shared", "-nostdlib", "-s", "-Wl,-z,noexecstack,--build-id=none"],
    "darwin": ["-shared", "-Wl,-undefined,dynamic_lookup,-no_uuid"],
}
"""How a library is linked. What it calls (memset, syscall), each process has loaded."""

_TUNING = "-prefer-256-bit"
"""LLVM's x86-64-v4 leaves half of each vector unused unless told: 3 to 4% of a training's time."""

_LONGEST = "training.run"
"""It takes longer to compile than all others together, and so comes first."""

_OTHERS = [name for name in KERNELS if name != _LONGEST]

_PYTHON = [sys.executable, "-S", "-m"]
"""Runs a module on this process's path, which `_environment` hands on: it may be a build's own."""


def levels() -> list[Level]:
    """Return the levels that can be built on this machine."""
    return [one for one in LEVELS if one.machine == machine() and sys.platform in _LINK]


def build_library(of: Level, precisions: Sequence[str], folder: Path) -> Path:
    """Compile and link the library of a level; one that was built of these sources stays.

    Raises
    ------
    CompilationError
        If there is no linker, or a kernel cannot be compiled or linked.
    """
    path, wanted = folder / library_name(of), [PRECISIONS[name] for name in precisions]
    if holds(path, wanted):
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        cores = os.cpu_count() or 1
        shares = [[_LONGEST], *(_OTHERS[part::cores] for part in range(cores))]
        jobs = [[name, *kernels] for kernels in shares for name in precisions]
        with ThreadPoolExecutor(cores) as pool:
            list(pool.map(lambda job: _compile_apart(of, scratch, job), jobs))
        linked = Path(scratch) / path.name
        _link(sorted(Path(scratch).glob("*.o")), linked)
        sealed(linked).write_text(seal(linked), encoding="ascii")
        if not holds(linked, wanted):
            raise CompilationError(f"{path.name} was linked, but cannot be loaded")
        for source, to in ((linked, path), (sealed(linked), sealed(path))):
            part = to.with_name(f"{to.name}.{os.getpid()}")
            shutil.copyfile(source, part)
            part.replace(to)  # whoever has the old one loaded keeps it
    return path


def _compile_apart(of: Level, folder: str, job: Sequence[str]) -> None:
    """Compile what `compile_objects` does in a process that takes this for its processor."""
    features = [f"+{name}" for name in sorted(of.features)]
    if of.vector_bytes == 64:
        features.append(_TUNING)
    environment = _environment() | {
        "NUMBA_CPU_NAME": of.name if of.machine == "x86_64" else "generic",
        "NUMBA_CPU_FEATURES": ",".join(features),
        "PYTHONHASHSEED": "0",
    }
    command = [*_PYTHON, "clearprop.engine.build", "--out", folder, "--objects", *job]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it ended without a word"]
        raise CompilationError(f"the kernels of {of.name} cannot be compiled: {said[-1]}")


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def compile_objects(precision: str, kernels: Sequence[str], folder: Path) -> None:
    """Write the object files of kernels."""
    from clearprop.engine.kernels.compiler import relocatable_object

    of = PRECISIONS[precision]
    for name in kernels:
        symbol = symbol_of(name, of)
        code = relocatable_object(*build(name, of), symbol)
        (folder / f"{symbol}.o").write_bytes(code)


def _link(objects: Sequence[Path], path: Path) -> None:
    for linker in _linkers():
        command = [*linker, *_LINK[sys.platform], "-o", str(path), *map(str, objects)]
        done = subprocess.run(
            command, env=_environment(), capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return
        said = done.stderr.strip().splitlines() or [f"{linker[0]} failed"]
        raise CompilationError(f"the kernels cannot be linked: {said[-1]}")
    raise CompilationError("there is no linker: install a C compiler, or pip install ziglang")


def _linkers() -> Iterator[list[str]]:
    """Yield the commands that can link, the system's first."""
    for name in (os.environ.get("CC"), "cc", "gcc", "clang"):
        if name and shutil.which(name):
            yield [name]
    if find_spec("ziglang") is not None:
        yield [*_PYTHON, "ziglang", "cc"]


def main() -> int:
    """Build what the command line asks for."""
    options = argparse.ArgumentParser(description=__doc__, prog="python -m clearprop.engine.build")
    options.add_argument("--out", type=Path, required=True, help="where libraries go")
    options.add_argument("--here", action="store_true", help="this processor's level alone")
    options.add_argument("--precision", choices=PRECISIONS, action="append", help="default: all")
    options.add_argument("--objects", nargs="+", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.objects:
        precision, *kernels = asked.objects
        compile_objects(precision, kernels, asked.out)
        return 0
    here = level()
    wanted = levels() if not asked.here else [one for one in levels() if one == here]
    if not wanted:
        print("no kernels are built ahead for this kind of processor and system", file=sys.stderr)
        return 1
    try:
        for one in wanted:
            path = build_library(one, asked.precision or list(PRECISIONS), asked.out)
            print(f"{path} ({path.stat().st_size / 1000:,.0f} kB)")
    except CompilationError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
