"""The fits behind clearprop/engine/kernels/coefficients.py, with 50 digits.

python benchmarks/elementary_fits.py      # writes the table of that file anew
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path

import mpmath as mp
import numpy as np

TABLE = Path(__file__).parents[1] / "src" / "clearprop" / "engine" / "kernels" / "coefficients.py"

Fit = tuple[Callable[[mp.mpf], mp.mpf], str, str, int]


def _exp(r: mp.mpf) -> mp.mpf:
    return (mp.expm1(r) - r) / r**2 if abs(r) > 1e-12 else mp.mpf(1) / 2 + r / 6


def _log(f: mp.mpf) -> mp.mpf:
    return (mp.log1p(f) - f + f * f / 2) / f**3 if abs(f) > 1e-10 else mp.mpf(1) / 3 - f / 4


def _tanh(u: mp.mpf) -> mp.mpf:
    x = mp.sqrt(u)
    return (mp.tanh(x) / x - 1) / u if u > 1e-16 else -mp.mpf(1) / 3 + 2 * u / 15


def _atanh(u: mp.mpf) -> mp.mpf:
    v = mp.sqrt(u)
    return (mp.atanh(v) / v - 1) / u if u > 1e-16 else mp.mpf(1) / 3 + u / 5


def _normal(t: mp.mpf) -> mp.mpf:
    x = 4 * (1 + t) / (1 - t)
    return (x + 4) * mp.exp(x * x / 2) * mp.erfc(x / mp.sqrt(2)) / 2


def _normal_less_center(t: mp.mpf) -> mp.mpf:
    t = t or mp.mpf("1e-25")
    return (_normal(t) - _normal(mp.mpf(0))) / t


# From mpmath 1.4 on, x^0 comes first if one asks for it.
ASCENDING = {"asc": True} if "asc" in inspect.signature(mp.chebyfit).parameters else {}
HALF_LOG_2 = "0.34665"  # a little more
FITS: dict[tuple[str, str], Fit] = {
    # name, type: the function, from, to, coefficients; or at one place, parts of its value
    ("exp", "float32"): (_exp, f"-{HALF_LOG_2}", HALF_LOG_2, 6),
    ("exp", "float64"): (_exp, f"-{HALF_LOG_2}", HALF_LOG_2, 11),
    ("log", "float32"): (_log, "-0.3334", "0.3334", 9),
    ("log", "float64"): (_log, "-0.3334", "0.3334", 21),
    ("tanh", "float32"): (_tanh, "0", "0.391", 6),
    ("tanh", "float64"): (_tanh, "0", "0.391", 12),
    ("atanh", "float32"): (_atanh, "0", "0.2501", 7),
    ("atanh", "float64"): (_atanh, "0", "0.2501", 15),
    ("normal at 0", "float32"): (_normal, "0", "0", 2),
    ("normal at 0", "float64"): (_normal, "0", "0", 2),
    ("normal", "float32"): (_normal_less_center, "-1", "0.82", 11),
    ("normal", "float64"): (_normal_less_center, "-1", "0.82", 23),
}


def coefficients(name: str, dtype: str) -> list[float]:
    """The coefficients of a fit, from x^0 up, or the parts of a value, in float32 or float64."""
    function, start, end, n = FITS[name, dtype]
    with mp.workdps(50):
        if start == end:
            return _in_parts(function(mp.mpf(start)), np.dtype(dtype).type, n)
        found = mp.chebyfit(function, [mp.mpf(start), mp.mpf(end)], n, **ASCENDING)
        real = np.dtype(dtype).type
        return [float(real(mp.nstr(c, 40))) for c in (found if ASCENDING else reversed(found))]


def _in_parts(value: mp.mpf, real: type, n: int) -> list[float]:
    """Numbers of a type whose sum is a value, the largest first."""
    parts: list[float] = []
    for _ in range(n):
        parts.append(float(real(mp.nstr(value - mp.fsum(parts), 40))))
    return parts


def main() -> None:
    """Write the table."""
    head = TABLE.read_text(encoding="utf-8").partition("COEFFICIENTS:")[0]
    lines = ["COEFFICIENTS: dict[tuple[str, str], tuple[float, ...]] = {"]
    for name, dtype in FITS:
        lines.append(f'    ("{name}", "{dtype}"): (')
        row = "       "
        for value in coefficients(name, dtype):
            if len(row) + len(repr(value)) > 97:
                lines.append(row)
                row = "       "
            row += f" {value!r},"
        lines += [row, "    ),"]
    TABLE.write_text(head + "\n".join([*lines, "}  # fmt: skip\n"]), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
