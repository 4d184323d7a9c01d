"""What a picture's title says of a network and its data."""

from __future__ import annotations

import textwrap
from typing import Any

from clearprop.errors import printable
from clearprop.network import Network

WIDE = 60
"""Letters of a title's line."""


def what_of(network: Network, rows: int | None = None) -> str:
    """Return a network's sizes, loss, and how many rows of data there are.

    Examples
    --------
    >>> import clearprop as cp
    >>> what_of(cp.Network([2, 3, 1], loss="squared_error"), 4)
    '2-3-1 network with squared_error, on 4 samples'
    """
    sizes = "-".join(map(str, network.sizes))
    data = "" if rows is None else f", on {rows:,} sample{'' if rows == 1 else 's'}"
    return f"{sizes} network with {network.loss}{data}"


def set_heading(figure: Any, words: str) -> None:
    """Write a title over a whole figure, in as many lines as it needs."""
    letters = int(figure.get_size_inches()[0] / 0.095)
    lines = textwrap.wrap(printable(words), letters)
    figure.suptitle("\n".join(lines), fontsize="medium", parse_math=False)


def set_title(axis: Any, *lines: str) -> None:
    """Write a title over axes, in as many lines as it needs; none of it is a formula."""
    wrapped = [part for line in lines for part in textwrap.wrap(printable(line), WIDE)]
    axis.set_title("\n".join(wrapped), fontsize="small", loc="left", parse_math=False)
