"""Kernels for ARM processors, as LLVM writes them for NEON: emitted here, read, and not run.

Numba takes the machine it compiles for from llvmlite; in a process of its own, llvmlite tells it
another one. So the engine chooses its tiles as it would there.
"""

from __future__ import annotations

import json
import platform
import re
from typing import NamedTuple

import pytest

from engine_runs import answer, python

TRIPLE = "aarch64-unknown-linux-gnu"  # not macOS', whose names of symbols Numba finds there alone
PROCESSORS = ("generic", "apple-m1", "neoverse-v1")  # the last has vectors of another kind, too
VECTORS = {"float32": r"(v\d+\.4s|z\d+\.s)", "float64": r"(v\d+\.2d|z\d+\.d)"}
"""A register of four numbers of 32 bits, or two of 64; or of as many as the processor has."""

ELEMENTWISE = ("activations.tanh", "activations.gelu")
KERNELS = [(name, precision) for name in ("product.block", *ELEMENTWISE) for precision in VECTORS]


def emit() -> None:
    """Compile `KERNELS` for `TRIPLE`, and print their assembly; to be run in a fresh process."""
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    platform.machine = lambda: "aarch64"
    llvm.get_process_triple = llvm.get_default_triple = lambda: TRIPLE

    from numba.core import codegen

    from clearprop.engine.kernels import activations, compiler, machine, product
    from clearprop.engine.kernels.precision import PRECISIONS

    builders = {"product": product.build, "activations": activations.build}

    texts = []
    keep = codegen.CPUCodeLibrary.serialize_using_object_code

    def keep_text(library):
        texts.append(library.get_asm_str())
        return keep(library)

    codegen.CPUCodeLibrary.serialize_using_object_code = keep_text
    found = {"vector": machine.vector_bytes(), "vectors": machine.vectors_held()}
    for name, precision in KERNELS:
        module, entry = name.split(".")
        compiler.compile_function(*builders[module](entry, PRECISIONS[precision]))
        found[f"{name}-{precision}"] = texts.pop()
    print(json.dumps(found))


class Loop(NamedTuple):
    """An innermost loop: its instructions, and how many of them are what."""

    text: str
    length: int
    chains: int  # multiply-adds of whole vectors
    scalars: int  # multiply-adds of single numbers
    stack: int  # instructions that touch the stack


def loops(text: str, kind: str) -> list[Loop]:
    """Return the innermost loops of an assembly text: jumps back, with no other between."""
    lines = [line.partition("//")[0].strip() for line in text.splitlines()]
    lines = [line for line in lines if line and (line.endswith(":") or not line.startswith("."))]
    place = {line[:-1]: number for number, line in enumerate(lines) if line.endswith(":")}
    jumps = []
    for number, line in enumerate(lines):
        operation, *rest = line.split()
        start = place.get(rest[-1], number + 1) if rest else number + 1
        if re.fullmatch(r"b|b\.\w+|cbn?z|tbn?z", operation) and start <= number:
            jumps.append((start, number))
    found = []
    for start, end in jumps:
        if any(start <= a and b <= end and (a, b) != (start, end) for a, b in jumps):
            continue
        body = [line for line in lines[start : end + 1] if not line.endswith(":")]
        vectors = [re.match(rf"fm(la|ls|ad|sb)\s+{kind},", line) for line in body]
        found.append(
            Loop(
                "\n".join(body), len(body), sum(map(bool, vectors)),
                sum(line.startswith(("fmadd", "fmsub")) for line in body),
                sum(bool(re.search(r"\bsp\b", line)) for line in body),
            )
        )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def emitted():
    """By processor, the assembly of each kernel, and what the engine knows of the registers."""
    processes = {
        processor: python(
            "import test_engine_neon; test_engine_neon.emit()",
            {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": ""},
        )
        for processor in PROCESSORS
    }
    return {processor: json.loads(answer(process)) for processor, process in processes.items()}


@pytest.mark.parametrize("processor", PROCESSORS)
class TestLoops:
    def test_the_engine_knows_the_registers(self, emitted, processor):
        found = emitted[processor]
        assert (found["vector"], found["vectors"]) == (16, 32)

    @pytest.mark.parametrize("precision", VECTORS)
    def test_sums_stay_in_registers(self, emitted, processor, precision):
        text = emitted[processor][f"product.block-{precision}"]
        found = [loop for loop in loops(text, VECTORS[precision]) if loop.chains]
        main = max(found, key=lambda loop: loop.chains)
        assert main.chains >= 16, main.text  # half of the registers hold sums
        assert main.chains > main.length / 2, main.text
        for loop in found:
            assert loop.stack == 0, loop.text

    @pytest.mark.parametrize("precision", VECTORS)
    @pytest.mark.parametrize("name", ELEMENTWISE)
    def test_elementary_functions_become_vectors(self, emitted, processor, name, precision):
        found = loops(emitted[processor][f"{name}-{precision}"], VECTORS[precision])
        main = max(found, key=lambda loop: loop.chains)
        assert main.chains >= 8, main.text
        assert main.scalars == 0, main.text


def test_nothing_comes_from_a_math_library(emitted):
    texts = [str(text) for found in emitted.values() for text in found.values()]
    called = {name for text in texts for name in re.findall(r"\bbl\s+(\w+)", text)}
    assert not [name for name in called if re.match(r"(fma|exp|log|tanh|erf|pow|sqrt)", name)]


def test_a_spill_would_be_seen():
    text = """
    .LBB0_1:                    // a loop in k
        ldr q0, [x1], #16
        fmla v1.4s, v0.4s, v2.s[0]
        str q1, [sp, #32]
        subs x0, x0, #1
        b.ne .LBB0_1
    .LBB0_2:                    // and one of single numbers, inside of one without
        mov x2, x3
    .LBB0_3:
        fmadd s1, s2, s3, s1
        cbnz x0, .LBB0_3
        b .LBB0_2
    """
    first, second = loops(text, VECTORS["float32"])
    assert (first.length, first.chains, first.scalars, first.stack) == (5, 1, 0, 1)
    assert (second.length, second.chains, second.scalars, second.stack) == (2, 0, 1, 0)
    assert loops(text, VECTORS["float64"])[0].chains == 0
