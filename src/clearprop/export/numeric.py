"""Numeric inputs: how columns become a network's inputs, for consumers without text."""

from __future__ import annotations

from typing import NamedTuple


class NumericInput(NamedTuple):
    """How one column of numbers, or of 0 and 1, becomes inputs of the network.

    Attributes
    ----------
    column : str
    is_number : bool
        Whether (value - mean) / scale is an input; else the column is true (1) and false (0).
    median, mean, scale : float
        Of a number, over the training rows; the median stands for a missing value.
    flags : tuple of tuple of bool
        Of a column of true and false: one input for each, 1 where the value is one of these.
    missing_flag : bool
        Whether an input says that the value is missing.
    missing : tuple of float
        Of a number: the values that stand for a missing one, beside NaN.
    within : tuple of float or None
        Of a number: the range that values beyond are taken into.
    """

    column: str
    is_number: bool
    median: float = 0.0
    mean: float = 0.0
    scale: float = 1.0
    flags: tuple[tuple[bool, ...], ...] = ()
    missing_flag: bool = False
    missing: tuple[float, ...] = ()
    within: tuple[float, float] | None = None
