"""Answers as JSON, which has no infinity: what is not finite is null there."""

from __future__ import annotations

import json
import math
from typing import Any


def to_json(answer: Any) -> str:
    """Return an answer as JSON, with null wherever a number is not finite.

    Examples
    --------
    >>> to_json({"costs": [1.0, float("inf")], "n": 3})
    '{"costs":[1.0,null],"n":3}'
    """
    try:
        return _written(answer)
    except ValueError:  # seldom, and looking at each number takes longer than writing it
        return _written(_finite(answer))


def _written(answer: Any) -> str:
    return json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _finite(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {name: _finite(value) for name, value in answer.items()}
    if isinstance(answer, list | tuple):
        return [_finite(value) for value in answer]
    if isinstance(answer, float) and not math.isfinite(answer):
        return None
    return answer
