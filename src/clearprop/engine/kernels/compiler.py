"""Compiled kernels by name: from the cache of this machine, or compiled by Numba and kept there.

A kernel is a function of addresses and whole numbers. Its machine code is one object file,
which is loaded without Numba: where the cache is warm, a run starts in a fraction of a second.
"""

from __future__ import annotations

import ctypes
import importlib
import logging  # noqa: F401 - before a fork's locks are registered
import os
import re
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.binding as llvm

from clearprop.engine.kernels import cache
from clearprop.engine.kernels.precision import PRECISIONS, Precision
from clearprop.interruption import aside

_lock = threading.RLock()
_addresses: dict[tuple[str, Precision], int] = {}
_engines: list[Any] = []  # what holds the code in memory
_told = False


if hasattr(os, "register_at_fork"):
    # A fork waits until nothing is being compiled: a child could not finish what another thread of
    # the parent began, nor get at Numba's own lock.
    # The lock of logging, which a compiler needs, is taken after this one where logging has been
    # imported before: what was registered last is taken first.
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )


def load(name: str, precision: Precision) -> int:
    """Return the address of a kernel, such as "optimizers.adam", compiling it if need be.

    Parameters
    ----------
    name : str
        A module of `clearprop.engine.kernels` and what its ``build(name, precision)`` knows.
    precision : Precision
    """
    address = _addresses.get((name, precision))
    return aside(lambda: _load(name, precision)) if address is None else address


def _load(name: str, precision: Precision) -> int:
    with _lock:
        address = _addresses.get((name, precision))
        if address is None:
            kernel = f"{name}-{precision.name}"
            code = cache.read(kernel)
            if code is None:
                _tell()
                code = compile_function(*_build(name, precision))
                cache.write(kernel, *code)
            for needed in sorted(set(_LINKED.findall(code[1]))):
                other, of = needed.decode().split("..")[1:]
                link(other, PRECISIONS[of])
            address = _addresses[name, precision] = place(*code)
        return address


_LINKED = re.compile(rb"clearprop\.\.[a-z_.-]+\.\.[a-z]+\d+")


def link(name: str, precision: Precision) -> str:
    """Load a kernel, and return the symbol by which others call it; see `pointers.linked`."""
    symbol = f"clearprop..{name}..{precision.name}"
    assert _LINKED.fullmatch(symbol.encode())  # else a warm start would not find it
    llvm.add_symbol(symbol, load(name, precision))
    return symbol


def _build(name: str, precision: Precision) -> tuple[Callable[..., None], Sequence[Any]]:
    module, _, entry = name.partition(".")
    build = importlib.import_module(f"clearprop.engine.kernels.{module}").build
    function, arguments = build(entry, precision)
    return function, arguments


def compile_function(
    function: Callable[..., None], arguments: Sequence[Any], runtime: bool = False
) -> tuple[str, bytes]:
    """Return a symbol's name and the object file that defines it; Numba compiles.

    `runtime` allows what needs Numba's runtime: arrays made inside the function.
    """
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
    _, _, (code, _) = compiled.library.serialize_using_object_code()
    return compiled.fndesc.llvm_func_name, code


def place(symbol: str, code: bytes) -> int:
    """Load an object file into memory, and return the address of a symbol."""
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)  # an engine of its own: symbols of two kernels may share a name
    return int(engine.get_function_address(symbol))


def _machine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(jit=True)


_PLACES = ctypes.c_void_p * 2


def function_at(address: int, arguments: int) -> Callable[..., int]:
    """Return a Python function that calls the kernel at an address with int64 arguments.

    It releases the interpreter lock meanwhile, and returns the kernel's status.
    """
    kind = ctypes.CFUNCTYPE(
        ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * arguments
    )
    function = kind(address)

    def call(*values: int) -> int:
        places = _PLACES()
        start = ctypes.addressof(places)
        return int(function(start, start + 8, *values))

    return call


def _tell() -> None:
    """Say, once, what takes so long."""
    global _told
    if not _told and sys.stderr is not None:
        reason = cache.refusal()
        where = "" if reason is None else f"; not kept: {reason}, see CLEARPROP_CACHE"
        sys.stderr.write(f"clearprop: compiling the engine for this machine, once{where}\n")
        sys.stderr.flush()
    _told = True
