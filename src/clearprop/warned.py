"""Warnings that name the line of the user's own code, however deep in here they arise."""

from __future__ import annotations

import sys
import warnings
from types import FrameType

_BETWEEN = ("clearprop", "sklearn", "joblib")
"""Packages through which a user's call may come to us."""


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, as of the innermost line outside of Clearprop and what may call it for the user.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn("the disk is full")
    >>> caught[0].message
    UserWarning('the disk is full')
    """
    depth = 2
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _package(frame) in _BETWEEN and frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    warnings.warn(message, category, stacklevel=depth)


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
