"""How far the engine's elementary functions are from the true values, over every float32.

    python benchmarks/elementary.py      # twenty minutes; writes benchmarks/ELEMENTARY.md

The true value is a float64 function's: NumPy's or SciPy's, right to 1e-13 (a test holds them to
mpmath). A unit is the distance of neighboring float32 numbers there.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba import njit
from scipy import special

from clearprop.engine.kernels.decorators import inlined
from clearprop.engine.kernels.elementary import Elementary, of_type

BLOCK = 1 << 16
"""Numbers at a time: what the second cache holds."""


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _atanh_less_x(x: np.ndarray) -> np.ndarray:
    square, series = x * x, np.zeros_like(x)
    for k in reversed(range(28)):  # terms of one sign; the next is 4^-28 of the first at 1/2
        series = series * square + 1 / (2 * k + 3)
    return x * square * series


REFERENCE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "sigmoid": special.expit,
    "softplus": _softplus,
    "atanh_less_x": _atanh_less_x,
    "normal_ratio": lambda x: special.erfcx(x / np.sqrt(2)) / 2,
    "small_share": lambda x: special.expit(-np.abs(x)),
    "tanh_gap": lambda x: 2 * special.expit(-2 * np.abs(x)),
    "gaussian": lambda x: np.exp(-x * x / 2),
}
"""float64 functions."""

WITH_FACTOR = ("small_share", "tanh_gap", "gaussian")
"""Functions that take a factor, too; it is 1 here."""

DOMAINS = {"atanh_less_x": (-0.5, 0.5), "normal_ratio": (0.0, 40.0), "gaussian": (-40.0, 40.0)}
"""Of functions that are not made for all numbers."""


def within(name: str, x: np.ndarray) -> np.ndarray:
    """The numbers that a function is made for."""
    low, high = DOMAINS.get(name, (-np.inf, np.inf))
    return x[(low <= x) & (x <= high)] if name in DOMAINS else x


def scalar(name: str, dtype: Any) -> Callable[[Any], Any]:
    """One of the engine's functions, of one number."""
    f, one = getattr(of_type(dtype), name), dtype(1)
    if name not in WITH_FACTOR:
        return f

    @inlined
    def of_one_number(x: Any) -> Any:
        return f(x, one)

    return of_one_number


@cache
def over(name: str, dtype: Any) -> Callable[[np.ndarray], np.ndarray]:
    """A function of arrays, made of one of the engine's scalars; `.compiled` is its loop."""
    f = scalar(name, dtype)

    @njit(error_model="numpy", nogil=True)
    def loop(x: np.ndarray, y: np.ndarray) -> None:
        for i in range(x.size):
            y[i] = f(x[i])

    def run(x: np.ndarray) -> np.ndarray:
        y = np.empty_like(x)
        loop(x, y)
        return y

    run.compiled = loop  # type: ignore[attr-defined]
    return run


def units_off(y: np.ndarray, true: np.ndarray) -> np.ndarray:
    """How many units float32 values are off; 0 where both are NaN or the rounded value is met."""
    with np.errstate(all="ignore"):
        rounded = true.astype(np.float32)
        unit = np.maximum(np.spacing(np.abs(rounded)).astype(np.float64), 2.0**-149)
        off = np.abs(y.astype(np.float64) - true) / unit
    off = np.where(np.isfinite(rounded), off, np.inf)
    return np.where((y == rounded) | (np.isnan(y) & np.isnan(true)), np.minimum(off, 0.5), off)


def main() -> None:
    """Go through all float32 numbers with every function."""
    lines = []
    for name in Elementary._fields:
        worst, place, started = -1.0, 0.0, time.perf_counter()
        run = over(name, np.float32)
        for start in range(0, 1 << 32, BLOCK):
            x = np.arange(start, start + BLOCK, dtype=np.uint32).view(np.float32)
            x = within(name, x)
            if not x.size:
                continue
            y = run(x)
            with np.errstate(all="ignore"):
                true = REFERENCE[name](x.astype(np.float64))
            if not np.array_equal(np.isnan(y), np.isnan(true)):
                sys.exit(f"{name}: NaN and numbers disagree from {x[0]!r}")
            off = units_off(y, true)
            if off.max() > worst:
                worst, place = float(off.max()), float(x[off.argmax()])
        lines.append(f"| {name} | {worst:.3f} | {place:.9g} |")
        print(lines[-1], f"{time.perf_counter() - started:.0f} s", flush=True)
    text = f"""# The engine's elementary functions, over every float32

Written by `python benchmarks/elementary.py` on {date.today()}: all 2^32 inputs, each against float64; Numba
{numba.__version__}, NumPy {np.__version__}, Python {platform.python_version()}. A unit is the distance of neighboring float32
numbers at the true value; 0.5 is the best there is. {", ".join(DOMAINS)} are looked at where they are made for.

| function | units off, at most | at |
|---|---|---|
"""
    Path(__file__).with_name("ELEMENTARY.md").write_text(
        text + "\n".join(lines) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
