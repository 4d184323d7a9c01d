"""Which engine a run is computed by, where nobody says."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from clearprop.engine.kernels.loading import why_none
from clearprop.engine.kernels.precision import precision_of
from clearprop.errors import CompilationError
from clearprop.network import Network

T = TypeVar("T")

_told: set[str] = set()


def with_engine(engine: str | None, network: Network, run: Callable[[str], T]) -> T:
    """Return what `run` returns, called with the engine's name.

    Parameters
    ----------
    engine : {"compiled", "reference"}, optional
        None: "compiled" where there are kernels or can be, else "reference", which one line on
        standard error says, once for each reason.
    network : Network
        In the type that is computed in.
    run : callable
        Takes the name.
    """
    if engine is not None:
        return run(engine)
    if network.dtype not in (np.float32, np.float64):
        return run("reference")
    reason = why_none(precision_of(network.dtype))
    if reason is None:
        try:
            return run("compiled")
        except CompilationError as error:
            reason = str(error)
    else:
        reason += '; pip install "clearprop[compile]" compiles them'
    _tell(reason)
    return run("reference")


def _tell(reason: str) -> None:
    if reason not in _told and sys.stderr is not None:
        sys.stderr.write(f"clearprop: trained by the reference engine, which is slow: {reason}\n")
        sys.stderr.flush()
    _told.add(reason)
