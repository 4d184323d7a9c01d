"""PyTorch programs: a module in a file, whole, that PyTorch runs without Clearprop.

The format, JSON and arrays: https://docs.pytorch.org/docs/stable/export.html
"""

from __future__ import annotations

import io
from typing import Any

from clearprop.errors import missing_extra


def as_program(module: Any, n_inputs: int, dtype: str) -> bytes:
    """Return the content of a .pt2 file, which ``torch.export.load(path).module()`` reads.

    Parameters
    ----------
    module : torch.nn.Module
        From rows (n, n_inputs) to rows, for every n.
    n_inputs : int
    dtype : str
        "float32" or "float64": of the rows.

    Raises
    ------
    MissingExtraError
        If PyTorch (the extra `torch`) is not installed.
    """
    try:
        import torch
    except ImportError:
        missing_extra("PyTorch", "a PyTorch program", "torch")
    example = torch.zeros(2, n_inputs, dtype=getattr(torch, dtype))
    rows = {0: torch.export.Dim("n")}
    program = torch.export.export(module.eval(), (example,), dynamic_shapes=(rows,))
    content = io.BytesIO()
    torch.export.save(program, content)
    return content.getvalue()
