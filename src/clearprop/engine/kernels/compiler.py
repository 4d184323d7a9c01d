"""The compiler: kernels by Numba, and their object files in memory.

It is needed where no library was built ahead, and for functions of the user's own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.binding as llvm

_engines: list[Any] = []  # what holds the code in memory


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


def compile_function(
    function: Callable[..., None], arguments: Sequence[Any], runtime: bool = False
) -> tuple[str, bytes]:
    """Return a symbol's name and the object file that defines it; Numba compiles.

    `runtime` allows what needs Numba's runtime: arrays made inside the function.
    """
    symbol, library = _compiled(function, arguments, runtime)
    _, _, (code, _) = library.serialize_using_object_code()
    return symbol, code


def relocatable_object(
    function: Callable[..., None], arguments: Sequence[Any], symbol: str
) -> bytes:
    """Return an object file for any linker: it may lie anywhere, and defines one symbol."""
    name, library = _compiled(function, arguments, runtime=False)
    module = llvm.parse_assembly(library.get_llvm_str())
    for one in [*module.functions, *module.global_variables]:
        if one.name == name:
            one.name, one.linkage = symbol, "external"
        elif not one.is_declaration:
            one.linkage = "internal"
    _start()
    processor, features = target()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=processor, features=features, opt=3, reloc="pic", codemodel="default"
    )
    return bytes(machine.emit_object(module))


def _compiled(
    function: Callable[..., None], arguments: Sequence[Any], runtime: bool
) -> tuple[str, Any]:
    """Return a symbol's name and Numba's library that has it."""
    from numba.core import dispatcher, types
    from numba.core.compiler import Compiler
    from numba.core.registry import cpu_target

    class Plain(dispatcher._FunctionCompiler):  # type: ignore[misc, name-defined]
        """Compiles without wrappers for Python or C callers."""

        def _customize_flags(self, flags: Any) -> Any:
            flags.no_cpython_wrapper = True
            flags.no_cfunc_wrapper = True
            return flags

    options = {"nopython": True, "nogil": True, "error_model": "numpy", "_nrt": runtime}
    plain = Plain(function, cpu_target, options, {}, Compiler)
    compiled = plain.compile(tuple(arguments), types.none)
    return compiled.fndesc.llvm_func_name, compiled.library


def add_symbol(symbol: str, address: int) -> None:
    """Let the object files that are placed from now on call what lies at an address."""
    llvm.add_symbol(symbol, address)


def stand_in(symbol: str) -> None:
    """Let Numba link what it compiles, which never runs: its object file is placed anew."""
    llvm.add_symbol(symbol, 1)


def place(symbol: str, code: bytes) -> int:
    """Load an object file into memory, and return the address of a symbol."""
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)  # an engine of its own: symbols of two kernels may share a name
    return int(engine.get_function_address(symbol))


def _start() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def _machine() -> Any:
    _start()
    return llvm.Target.from_default_triple().create_target_machine(jit=True)
