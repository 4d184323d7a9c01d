"""The processor that kernels are compiled for: how wide its vectors are, and how many it holds."""

from __future__ import annotations

import os
from functools import cache

import llvmlite.binding as llvm


@cache
def target() -> tuple[str, str]:
    """Return the processor's name and features, as LLVM and Numba write them.

    Numba's own settings NUMBA_CPU_NAME and NUMBA_CPU_FEATURES count.
    """
    name = os.environ.get("NUMBA_CPU_NAME")
    features = os.environ.get("NUMBA_CPU_FEATURES")
    if name is None:
        name = llvm.get_host_cpu_name()
    if features is None:
        generic = name == "generic"
        features = "" if generic else llvm.get_host_cpu_features().flatten()
    return name, features


@cache
def vector_bytes() -> int:
    """Return the bytes of a vector: 64 with AVX-512, 32 with AVX2, else 16."""
    features = target()[1].split(",")
    if "+avx512f" in features:
        return 64
    return 32 if "+avx2" in features else 16


@cache
def vectors_held() -> int:
    """Return how many vectors the registers hold."""
    return 32 if vector_bytes() == 64 or llvm.get_default_triple().startswith("a") else 16
