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

Fit = tuple[Callable[[mp.mpf], mp.mpf], str, str, str, int]


def _exp(r: mp.mpf) -> mp.mpf:
    return (mp.expm1(r) - r) / r**2 if abs(r) > 1e-12 else mp.mpf(1) / 2 + r / 6


def _log(f: mp.mpf) -> mp.mpf:
    return (mp.log1p(f) - f + f * f / 2) / f**3 if abs(f) > 1e-10 else mp.mpf(1) / 3 - f / 4


def _tanh(u: mp.mpf) -> mp.mpf:
    x = mp.sqrt(u)
    return (mp.tanh(x) / x - 1) / u if u > 1e-16 else -mp.mpf(1) / 3 + 2 * u / 15


def _erf(u: mp.mpf) -> mp.mpf:
    x = mp.sqrt(u)
    return (mp.erf(x) / x if u > 1e-20 else 2 / mp.sqrt(mp.pi)) - 1


def _erfc(x: mp.mpf) -> mp.mpf:
    return -mp.log(mp.erfc(x))


# From mpmath 1.4 on, x^0 comes first if one asks for it.
ASCENDING = {"asc": True} if "asc" in inspect.signature(mp.chebyfit).parameters else {}
HALF_LOG_2 = "0.34665"  # a little more
FITS: dict[tuple[str, str], Fit] = {
    # name, type: the function, from, to, the center that is subtracted, coefficients
    ("exp", "float32"): (_exp, f"-{HALF_LOG_2}", HALF_LOG_2, "0", 6),
    ("exp", "float64"): (_exp, f"-{HALF_LOG_2}", HALF_LOG_2, "0", 11),
    ("log", "float32"): (_log, "-0.3334", "0.3334", "0", 9),
    ("log", "float64"): (_log, "-0.3334", "0.3334", "0", 21),
    ("tanh", "float32"): (_tanh, "0", "0.391", "0", 6),
    ("tanh", "float64"): (_tanh, "0", "0.391", "0", 12),
    ("erf", "float32"): (_erf, "0", "1.57", "0", 9),
    ("erf", "float64"): (_erf, "0", "1.57", "0", 17),
    ("erfc low", "float32"): (_erfc, "1.25", "4", "2", 10),
    ("erfc low", "float64"): (_erfc, "1.25", "2.5", "1.75", 16),
    ("erfc high", "float64"): (_erfc, "2.5", "6", "4", 19),
}


def coefficients(name: str, dtype: str) -> list[float]:
    """The coefficients of a fit, from x^0 up, rounded to float32 or float64."""
    function, start, end, center, n = FITS[name, dtype]
    with mp.workdps(50):
        shift = mp.mpf(center)
        ends = [mp.mpf(start) - shift, mp.mpf(end) - shift]
        found = mp.chebyfit(lambda t: function(t + shift), ends, n, **ASCENDING)
        real = np.dtype(dtype).type
        return [float(real(mp.nstr(c, 40))) for c in (found if ASCENDING else reversed(found))]


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
