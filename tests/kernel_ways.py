"""The ways in which a process comes by kernels: libraries built ahead, a level each, and Numba."""

from __future__ import annotations

from importlib.util import find_spec

from clearprop.engine.kernels import library, machine
from clearprop.engine.kernels.precision import PRECISIONS

NO_AVX = {"CLEARPROP_KERNELS": "compile", "NUMBA_CPU_NAME": "nehalem", "NUMBA_CPU_FEATURES": ""}
"""Compiled for a processor whose vectors have 16 bytes; it takes minutes, once."""


def ways() -> dict[str, dict[str, str]]:
    """By their names, the environments of such processes, as far as there are any here."""
    found = {}
    for level in machine.LEVELS:
        can = level.machine == machine.machine() and level.features <= machine.features()
        path = library.FOLDER / library.library_name(level)
        if can and library.holds(path, PRECISIONS.values()):
            features = ",".join(f"+{name}" for name in sorted(level.features))
            name = level.name if level.machine == "x86_64" else "generic"
            found[f"library {level.name}"] = {
                "CLEARPROP_KERNELS": "", "NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features
            }  # fmt: skip
    if not found:
        return {"as installed": {}}
    if find_spec("numba") is not None:
        found["Numba"] = {"CLEARPROP_KERNELS": "compile"}
    return found
