"""Values: one value of a table, which may be any Python object, as text or as missing."""

from __future__ import annotations

import decimal
import numbers
from typing import Any

import numpy as np

EXACT = 2.0**53
"""Whole numbers from here on are not all told apart by float64: they are names, and stay text."""


def as_text(value: Any) -> str:
    """Return a value as a category is called; a whole number is "3", not "3.0"."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if not isinstance(value, numbers.Real | decimal.Decimal):
        return str(value)  # a category of any type, such as an interval
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)  # -0.0 is "0"


def is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, NaT, or pandas's NA."""
    if value is None:
        return True
    if isinstance(value, str):
        return False
    if isinstance(value, decimal.Decimal):
        return value.is_nan()  # one that signals cannot be compared
    try:
        return bool(value != value)
    except Exception:  # NA has no truth, nor have arrays; an object may do anything
        return type(value).__name__ == "NAType"
