"""The layout of a safetensors file: a length, a JSON header, and the bytes of the arrays.

A header is read within budgets, so that no file takes much more memory than its own size: JSON
such as ``[[],[],[]`` grows twentyfold as Python's lists.

The layout: https://github.com/huggingface/safetensors
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

Array = NDArray[Any]

MAX_HEADER = 100_000_000
"""Bytes that a header has at most, as in the safetensors library."""

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
"""Possessive, as turning back would take much memory."""


class Entry(NamedTuple):
    """What a header says of one array: its type ("F32"), its shape, and where its bytes lie."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


class Layout(NamedTuple):
    """A header: texts by name, and the arrays in the order of their bytes."""

    metadata: dict[str, str]
    entries: dict[str, Entry]


def values_allowed(size: int) -> int:
    """Return how many values the JSON in a file of `size` bytes may have.

    A value takes 140 bytes of memory or less (an object of one key counts as two), so a file takes
    about 14 times its size at most; files that are what they say have one in 14 bytes.
    """
    return 20_000 + size // 10


def parse_json(text: str, most: int) -> Any:
    """Return what a JSON text of at most `most` values holds, all of which can be written again.

    Raises
    ------
    ValueError
        If it is no JSON, has more values, is nested without end, or holds NaN, infinity or text
        that UTF-8 has no bytes for (a lone surrogate).
    """
    if _marks(text) > most and _marks(text) - _marks_in_strings(text, 2 * most) > most:
        raise ValueError(f"more than {most:,} values in its JSON")
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        raise ValueError("JSON that is nested too deeply") from None
    return value


def _marks(text: str) -> int:
    """Return how many values a JSON text has at most: each but the first is behind a mark."""
    return sum(map(text.count, ",[{"))


def _marks_in_strings(text: str, most: int) -> int:
    """Return how many marks of values stand in the first `most` strings, and are none."""
    return sum(_marks(found.group()) for found in islice(_STRING.finditer(text), most))


def read_layout(file: BinaryIO, size: int) -> Layout:
    """Read the header of an open file of `size` bytes; what follows are the arrays' bytes.

    Raises
    ------
    ValueError
        If it is no safetensors file, cut short, or beyond the budgets.
    """
    start = file.read(8)
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > size - 8:
        raise ValueError("it is shorter than it says")
    if length > MAX_HEADER:
        raise ValueError(f"a header of {length:,} bytes; the most is {MAX_HEADER:,}")
    described = parse_json(file.read(length).decode(), values_allowed(size))
    if not isinstance(described, dict):
        raise ValueError("its header is no object")
    metadata = described.pop("__metadata__", {})
    texts = [*metadata, *metadata.values()] if isinstance(metadata, dict) else [None]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("its metadata are no texts")
    entries = entries_of(described)
    end = 0
    for name, entry in entries.items():
        if not end == entry.start <= entry.end:
            raise ValueError(f"the bytes of {name!r} are not where the last array's end")
        end = entry.end
    if 8 + length + end != size:
        raise ValueError(f"it has {size:,} bytes, not {8 + length + end:,}")
    return Layout(metadata, entries)


def entries_of(described: Mapping[str, Any]) -> dict[str, Entry]:
    """Return what a header says of each array, in the order of their bytes.

    Raises
    ------
    ValueError
        If it says no such thing.
    """
    found = ((name, _entry(name, one)) for name, one in described.items())
    return dict(sorted(found, key=lambda item: item[1][2:]))


def _entry(name: str, described: Any) -> Entry:
    try:
        dtype, shape = described["dtype"], tuple(described["shape"])
        start, end = described["data_offsets"]
    except (KeyError, TypeError, ValueError):
        dtype, shape, start, end = None, (), 0, 0
    if not isinstance(dtype, str) or any(type(n) is not int or n < 0 for n in (*shape, start, end)):
        raise ValueError(f"{name!r} is not described as an array")
    return Entry(dtype, shape, start, end)


def lay_out(arrays: Mapping[str, Array]) -> tuple[dict[str, Any], memoryview]:
    """Return what a header says of arrays, and their bytes as they are to follow it.

    Raises
    ------
    safetensors.SafetensorError
        If their names are too long for a header.
    """
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    content = memoryview(safetensors.numpy.save(contiguous))
    end = 8 + int.from_bytes(content[:8], "little")
    return json.loads(bytes(content[8:end])), content[end:]


def header_bytes(described: Mapping[str, Any], metadata: Mapping[str, str]) -> bytes:
    """Return a file's first bytes: the length of its header, and the header."""
    text = json.dumps({"__metadata__": metadata, **described}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that numbers begin at a multiple of 8
    return len(text).to_bytes(8, "little") + text
