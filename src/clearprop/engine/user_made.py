"""Activations and losses of the user's own, compiled by Numba for the engine.

They are compiled anew in each process: a file could not tell whether a function has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from clearprop.activations import Activation
from clearprop.engine.kernels.precision import Precision
from clearprop.errors import CompilationError
from clearprop.interruption import aside
from clearprop.losses import Loss


@lru_cache(maxsize=64)
def activation_kernels(activation: Activation, precision: Precision) -> tuple[int, int]:
    """Return the addresses of the loop with the derivative, and of the one without."""
    _need_numba(f"activation {activation.name!r}")
    from clearprop.engine.kernels.user_made import activation_loops

    loops = activation_loops(activation.f, activation.derivative, precision)
    return tuple(  # type: ignore[return-value]
        _compiled(f"activation {activation.name!r}", *loop) for loop in loops
    )


@lru_cache(maxsize=64)
def loss_kernel(loss: Loss, precision: Precision) -> int:
    """Return the address of the loss."""
    _need_numba(f"loss {loss.name!r}")
    from clearprop.engine.kernels.user_made import loss_loop

    return _compiled(f"loss {loss.name!r}", *loss_loop(loss.value, loss.derivative, precision))


def _compiled(what: str, function: Callable[..., None], arguments: list[Any]) -> int:
    from clearprop.engine.kernels.compiler import compile_function, place

    try:
        return place(*aside(lambda: compile_function(function, arguments, runtime=True)))
    except Exception as error:  # Numba's own, and what folding constants may raise
        raise CompilationError(
            f"{what} cannot be compiled ({_reason(error)}): write it with numbers and NumPy "
            "functions that Numba knows, or use engine='reference'"
        ) from error


def _need_numba(what: str) -> None:
    if find_spec("numba") is None:
        raise CompilationError(
            f'{what} is of your own, and compiling it needs Numba: pip install "clearprop[compile]"'
            ", or use engine='reference'"
        )


def _reason(error: Exception) -> str:
    """Return the line of Numba's report that says why."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [
        line
        for line in lines
        if line and not line.startswith(("Failed in", "File ", "During", "-", "^", "<source"))
    ]
    return telling[0].rstrip(".:") if telling else type(error).__name__
