"""The compiled engine gives the same bits on processors of other kinds.

Code is compiled for them and run here, in processes whose NumPy, BLAS and C library are held to that
kind, too. `engine_runs.py` says what is run. What is compiled is kept where it always is, in a
folder of each processor's own, so that it is compiled again only when a kernel has changed; that
a cold start gives the same bits as a warm one is shown in `test_engine_processes.py`.
"""

from __future__ import annotations

import json
import platform
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest
from llvmlite.binding import get_host_cpu_features

import engine_runs
from clearprop.engine.threads import cores


class Processor(NamedTuple):
    """One that code can be made for."""

    name: str
    features: str  # LLVM's; beyond what the name stands for, the engine looks at these
    vector: int  # bytes
    lacks: tuple[str, ...]  # beginnings of NumPy's names for what this one has not
    blas: str
    c_library: str  # what the GNU C library is not to use


DTYPES = ("float32", "float64")
AVX512 = ("AVX512", "X86_V4")
AVX = (*AVX512, "AVX", "FMA", "F16C", "XOP", "X86_V3")
PROCESSORS = {
    "AVX-512": Processor(
        "skylake-avx512",
        "+avx,+avx2,+fma,+f16c,+bmi,+bmi2,+avx512f,+avx512cd,+avx512bw,+avx512dq,+avx512vl",
        64, (), "SkylakeX", "",
    ),
    "AVX2": Processor(
        "haswell", "+avx,+avx2,+fma,+f16c,+bmi,+bmi2", 32, AVX512, "Haswell",
        "-AVX512F,-AVX512VL",
    ),
    "no AVX": Processor(
        "nehalem", "", 16, AVX, "Nehalem", "-AVX,-AVX2,-FMA,-FMA4,-AVX512F,-AVX512VL"
    ),
}  # fmt: skip


def lacks(processor: Processor, name: str) -> bool:
    """Whether a processor has not what NumPy calls so."""
    return bool(processor.lacks) and name.startswith(processor.lacks)


def why_not(processor: Processor) -> str | None:
    """Why this machine cannot run code for a processor, or None."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return f"{platform.machine()} runs no code for x86-64"
    here = get_host_cpu_features()
    missing = [name for name in processor.features.split(",") if name and not here.get(name[1:])]
    return f"this processor has no {', '.join(missing)}" if missing else None


def environment(processor: Processor) -> dict[str, str]:
    """The settings that make a process work as on a processor."""
    # Of what is not in this list, NumPy warns that it cannot do without it.
    there = engine_runs.numpy_uses()
    return {
        "CLEARPROP_KERNELS": "compile",
        "NUMBA_CPU_NAME": processor.name,
        "NUMBA_CPU_FEATURES": processor.features,
        "NPY_DISABLE_CPU_FEATURES": " ".join(name for name in there if lacks(processor, name)),
        "OPENBLAS_CORETYPE": processor.blas,
        "GLIBC_TUNABLES": f"glibc.cpu.hwcaps={processor.c_library}",
    }


def run(dtype: str, settings: dict[str, str]) -> dict:
    code = f"import engine_runs; engine_runs.report({dtype!r})"
    return json.loads(engine_runs.answer(engine_runs.python(code, settings), compiles=None))


@pytest.fixture(scope="module")
def host():
    return {dtype: run(dtype, {}) for dtype in DTYPES}


@pytest.fixture(scope="module")
def found():
    """For each processor and data type, what a process gives."""
    able = [processor for processor in PROCESSORS.values() if not why_not(processor)]
    keys = [(processor, dtype) for processor in able for dtype in DTYPES]
    with ThreadPoolExecutor(min(4, cores())) as pool:
        answers = pool.map(lambda key: run(key[1], environment(key[0])), keys)
        return dict(zip(keys, answers, strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", PROCESSORS)
class TestProcessors:
    @pytest.fixture(autouse=True)
    def _able(self, kind):
        if reason := why_not(PROCESSORS[kind]):
            pytest.skip(reason)

    def test_the_same_bits_as_here(self, kind, dtype, found, host):
        assert found[PROCESSORS[kind], dtype]["bits"] == host[dtype]["bits"]

    def test_it_was_that_processor(self, kind, dtype, found):
        processor = PROCESSORS[kind]
        answer = found[processor, dtype]
        assert answer["vector"] == processor.vector
        assert not [name for name in answer["NumPy"] if lacks(processor, name)]

    def test_it_was_code_of_its_own(self, kind, dtype, found):
        codes = {other: answer["code"] for (other, bits), answer in found.items() if bits == dtype}
        assert len(set(codes.values())) == len(codes)
        assert "built ahead" not in codes.values()


def test_the_runs_differ(host):
    assert len({bits for answer in host.values() for bits in answer["bits"].values()}) == 4
