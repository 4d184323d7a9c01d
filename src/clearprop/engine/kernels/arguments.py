"""What kernels are given: names for the kinds of their arguments.

A kernel takes nothing but addresses and whole numbers. For a type checker a pointer is anything, as
Numba gives it its type; the names say what is meant.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Count: TypeAlias = int
"""A whole number: of rows, columns, parts or threads, a place among them, or a distance."""

Address: TypeAlias = int
"""Where memory begins."""

Plan: TypeAlias = Any
"""Pointer to the run's whole numbers, int64; see `plan`."""

Line: TypeAlias = Any
"""Pointer to a layer's line in the plan's table."""

Team: TypeAlias = Any
"""Pointer to what threads synchronize by, int64; see `team`."""

Integers: TypeAlias = Any
"""Pointer to int64."""

Doubles: TypeAlias = Any
"""Pointer to float64, whatever the precision."""

Reals: TypeAlias = Any
"""Pointer to numbers as they are stored, of the kernel's precision."""

Real: TypeAlias = Any
"""A number as it is computed with."""

RealType: TypeAlias = Any
"""What makes such a number: NumPy's float32 or float64."""

Word: TypeAlias = Any
"""64 bits, uint64."""
