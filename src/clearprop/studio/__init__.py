"""Studio: a local page on which backpropagation is watched, on one's own network and data.

`clearprop studio` serves it. `cp.studio.Live()` is a callback that shows a run of `cp.train` on it
while it goes on; `cp.studio.open(network, X, y)` shows the steps of a network of one's own, and
saves them as a file that plays by itself. The extra `studio` brings what serves it.

>>> import clearprop as cp
>>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
>>> page = cp.studio.open(cp.Network([2, 4, 1], "tanh", "sigmoid"), X, y)
>>> page.close()
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clearprop.studio.live import Live
    from clearprop.studio.page import Page, open

__all__ = ["Live", "Page", "open"]

_LATER = {"Live": "live", "Page": "page", "open": "page"}
"""What is imported when it is first asked for."""


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(f"clearprop.studio.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
