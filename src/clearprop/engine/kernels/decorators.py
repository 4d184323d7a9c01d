"""How kernels' functions are compiled: on their own, or into whoever calls them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function for the types that it is called with; nothing in it raises."""
    return njit(error_model="numpy", nogil=True)(function)


def inlined(function: Function) -> Function:
    """Compile a scalar function into its callers, so that a loop over it becomes vectors."""
    return njit(error_model="numpy", nogil=True, forceinline=True)(function)


def written_out(function: Function) -> Function:
    """Write a function out in its callers before they are compiled."""
    return njit(error_model="numpy", nogil=True, inline="always")(function)
