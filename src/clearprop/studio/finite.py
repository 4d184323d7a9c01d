"""What is not finite is no number of JSON: an answer has None in its place."""

from __future__ import annotations

import math
from typing import Any


def finite(answer: Any) -> Any:
    """Return an answer with None wherever a number is not finite.

    Examples
    --------
    >>> finite({"costs": [1.0, float("inf")], "n": 3})
    {'costs': [1.0, None], 'n': 3}
    """
    if isinstance(answer, dict):
        return {name: finite(value) for name, value in answer.items()}
    if isinstance(answer, list | tuple):
        return [finite(value) for value in answer]
    if isinstance(answer, float) and not math.isfinite(answer):
        return None
    return answer
