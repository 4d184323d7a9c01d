"""Kernels by name: from the library built ahead, from this machine's cache, or compiled now.

A kernel is a function of addresses and whole numbers, so that its machine code needs no Numba to
run. What Numba compiles on this machine is kept in the cache, an object file a kernel.
"""

from __future__ import annotations

import ctypes
import importlib
import logging  # noqa: F401 - before a fork's locks are registered
import os
import sys
import threading
from collections.abc import Callable, Sequence
from functools import cache as once
from importlib.util import find_spec
from typing import Any

from clearprop.engine.kernels import cache, library
from clearprop.engine.kernels.machine import machine
from clearprop.engine.kernels.precision import FLOAT32, Precision
from clearprop.engine.kernels.symbols import called_in, symbol_of
from clearprop.errors import MissingExtraError
from clearprop.interruption import aside

_lock = threading.RLock()
_addresses: dict[tuple[str, Precision], int] = {}
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

    Raises
    ------
    MissingExtraError
        If no library has it, and Numba is not installed.
    """
    address = _addresses.get((name, precision))
    return aside(lambda: _load(name, precision)) if address is None else address


def why_none(precision: Precision = FLOAT32) -> str | None:
    """Return why there are no kernels of a precision here and none can be made, or None."""
    if library.address("training.run", precision) is not None or _has_numba():
        return None
    if not library.exists():
        return f"no kernels were built ahead for this processor ({machine()})"
    return f"the kernels that were built ahead are of other sources, or not for {precision.name}"


@once
def _has_numba() -> bool:
    return find_spec("numba") is not None


def _load(name: str, precision: Precision) -> int:
    with _lock:
        address = _addresses.get((name, precision)) or library.address(name, precision)
        if address is None:
            address = _compiled(name, precision)
        _addresses[name, precision] = address
        return address


def _compiled(name: str, precision: Precision) -> int:
    reason = why_none(precision)
    if reason is not None:
        raise MissingExtraError(
            f'{reason}: pip install "clearprop[compile]", which compiles them, or say '
            "engine='reference'"
        )
    from clearprop.engine.kernels import compiler

    kernel = f"{name}-{precision.name}"
    code = cache.read(kernel)
    if code is None:
        _tell()
        code = compiler.compile_function(*build(name, precision))
        cache.write(kernel, *code)
    for other, its in called_in(code[1]):
        compiler.add_symbol(symbol_of(other, its), load(other, its))
    return compiler.place(*code)


def build(name: str, precision: Precision) -> tuple[Callable[..., None], Sequence[Any]]:
    """Return a kernel's function, and the Numba types of its arguments."""
    module, _, entry = name.partition(".")
    made = importlib.import_module(f"clearprop.engine.kernels.{module}").build(entry, precision)
    function, arguments = made
    return function, arguments


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
