"""Numbers as a derivation shows them."""

from __future__ import annotations

import math
from decimal import Decimal

EXACT = 17
"""Digits that tell every number of float64 from all others."""

LARGE = 10**12
"""Counts from which on powers of ten are written."""


def number(value: float, digits: int = 6) -> str:
    """Return a number as it is shown: six significant digits; the shortest that is `EXACT`."""
    text = f"{value:.{digits}g}" if digits < EXACT else repr(float(value)).removesuffix(".0")
    return "0" if text == "-0" else text


def count_text(count: int) -> str:
    """Return a whole number: 1,234, or 1.69e+64 where there is no end to digits."""
    return f"{count:,}" if count < LARGE else f"{Decimal(count):.2e}"


def at_most(value: float) -> str:
    """Return a bound of three digits for a size: one that is not smaller."""
    shown = float(f"{value:.3g}")
    if shown < value:
        shown += 10.0 ** (math.floor(math.log10(value)) - 2)
    return number(shown, 3)
