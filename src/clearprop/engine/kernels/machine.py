"""The processor: what it can do, and so for which level of it kernels are made.

A level is what compilers agreed on for whole families of processors (the x86-64 psABI's names). All
that kernels take from a processor is how wide its vectors are and how many of them it holds.
"""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Level(NamedTuple):
    """What a family of processors can do.

    Attributes
    ----------
    name : str
        As LLVM calls such a processor, and as its library is called.
    machine : str
        What `platform.machine` says, in small letters.
    features : frozenset of str
        What it can do, as LLVM writes it.
    vector_bytes : int
        Of one vector.
    vectors_held : int
        Vectors that its registers hold.
    """

    name: str
    machine: str
    features: frozenset[str]
    vector_bytes: int
    vectors_held: int


_AVX2 = frozenset(["avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"])
_AVX512 = frozenset(["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"])

LEVELS = (
    Level("x86-64-v4", "x86_64", _AVX2 | _AVX512, 64, 32),
    Level("x86-64-v3", "x86_64", _AVX2, 32, 16),
    Level("aarch64", "aarch64", frozenset({"neon"}), 16, 32),
)
"""Those that kernels are built for ahead, the highest first."""

_WITH_BMI2 = frozenset(["lzcnt", "movbe"])
"""What all processors with BMI2 have, so that lists written by hand leave it out."""

_OF_LINUX = {"abm": "lzcnt", "bmi1": "bmi", "asimd": "neon"}
"""What Linux calls otherwise than LLVM does."""

_ALIKE = {"amd64": "x86_64", "arm64": "aarch64"}


def machine() -> str:
    """Return the kind of processor, by one name wherever Python runs."""
    name = platform.machine().lower()
    return _ALIKE.get(name, name)


@cache
def level() -> Level | None:
    """Return the highest level that this processor reaches, or None where it reaches none.

    Numba's own settings NUMBA_CPU_NAME and NUMBA_CPU_FEATURES count.
    """
    can = features()
    for one in LEVELS:
        if one.machine == machine() and one.features <= can:
            return one
    return None


def vector_bytes() -> int:
    """Return the bytes of a vector: 64 with AVX-512, 32 with AVX2, else 16."""
    found = level()
    return 16 if found is None else found.vector_bytes


def vectors_held() -> int:
    """Return how many vectors the registers hold."""
    found = level()
    if found is None:
        return 32 if machine() == "aarch64" else 16
    return found.vectors_held


@cache
def features() -> frozenset[str]:
    """Return what this processor can do, as LLVM writes it, as far as it is known."""
    asked = os.environ.get("NUMBA_CPU_FEATURES")
    if asked is not None:
        named = frozenset(one[1:] for one in asked.split(",") if one.startswith("+"))
        return named | _WITH_BMI2 if "bmi2" in named else named
    if os.environ.get("NUMBA_CPU_NAME") == "generic":
        return frozenset()
    return _of_linux() or _of_llvm()


def _of_linux() -> frozenset[str]:
    """Return what Linux says of the first processor; nothing elsewhere."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    for line in text.splitlines():
        name, _, flags = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return frozenset(_OF_LINUX.get(flag, flag) for flag in flags.split())
    return frozenset()


def _of_llvm() -> frozenset[str]:
    """Return what LLVM finds, where it is installed."""
    try:
        import llvmlite.binding as llvm
    except ImportError:
        return frozenset()
    found = llvm.get_host_cpu_features()
    return frozenset(name for name, has in found.items() if has)
