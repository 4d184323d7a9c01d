"""PyTorch modules for what PyTorch has none. Imported where PyTorch is known to be there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from clearprop.export.numeric import NumericInput


class Exp(nn.Module):  # type: ignore[misc]
    """The activation exp: a = e^z."""

    def forward(self, z: Any) -> Any:
        """Return e^z, in the shape and data type of z."""
        return torch.exp(z)


class Encode(nn.Module):  # type: ignore[misc]
    """How a model's columns of numbers become its network's inputs.

    Parameters
    ----------
    inputs : sequence of NumericInput
        One per column.
    dtype : torch.dtype
        The network's.
    farthest : float
        Where standardized values end.
    """

    def __init__(self, inputs: Sequence[NumericInput], dtype: Any, farthest: float) -> None:
        super().__init__()
        self.inputs, self.dtype, self.farthest = tuple(inputs), dtype, farthest
        for name in ("median", "mean", "scale"):
            numbers = [getattr(one, name) for one in inputs]
            self.register_buffer(name, torch.tensor(numbers, dtype=torch.float64))
        everything = (-math.inf, math.inf)
        for end, name in enumerate(("low", "high")):
            numbers = [(one.within or everything)[end] for one in inputs]
            self.register_buffer(name, torch.tensor(numbers, dtype=torch.float64))

    def forward(self, x: Any) -> Any:
        """Return inputs (n, n_0) for raw columns (n, n_columns), NaN where missing."""
        x = x.to(torch.float64)
        missing = torch.isnan(x)
        for i, one in enumerate(self.inputs):
            for value in one.missing:
                missing[:, i] |= x[:, i] == value
        bounded = torch.clamp(x, self.low, self.high)
        v = (torch.where(missing, self.median, bounded) - self.mean) / self.scale
        v = v.clamp(-self.farthest, self.farthest)
        made = []
        for i, one in enumerate(self.inputs):
            if one.is_number:
                made.append(v[:, i])
            is_false = x[:, i] == 0
            is_true = ~(is_false | missing[:, i])
            for of_false, of_true in one.flags:
                made.append((is_false & of_false) | (is_true & of_true))
            if one.missing_flag:
                made.append(missing[:, i])
        return torch.stack([one.to(self.dtype) for one in made], dim=1)


class Ascending(nn.Module):  # type: ignore[misc]
    """Quantiles in ascending order, so that they do not cross."""

    def forward(self, a: Any) -> Any:
        """Return each row sorted, in the shape and data type of a."""
        return torch.sort(a, dim=1).values


class Rescale(nn.Module):  # type: ignore[misc]
    """A standardized number in its own unit again: scale a + mean, in float64.

    Of what was learned as its logarithm ("log" or "log1p"), e to that power, or that less 1, but
    not below 0.
    """

    def __init__(self, mean: float, scale: float, transform: str = "") -> None:
        super().__init__()
        self.transform = transform
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float64))
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float64))

    def forward(self, a: Any) -> Any:
        """Return the numbers, float64, in the shape of a."""
        found = a.to(torch.float64) * self.scale + self.mean
        if self.transform == "log":
            return torch.exp(found)
        return torch.expm1(found).clamp(min=0) if self.transform else found
