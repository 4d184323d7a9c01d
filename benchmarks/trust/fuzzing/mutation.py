"""Changes at random: of any bytes, and of model files in what their JSON says and in their numbers."""

from __future__ import annotations

import copy
import hashlib
import json
import random
import struct
from collections.abc import Callable, Iterator
from typing import Any

HOSTILE: list[Any] = [
    None, True, False, 0, -1, 1, 2, 3, 7.5, -0.0, 10**18, 10**30, 10**400, 1e308, -1e308, 5e-324,
    float("nan"), float("inf"), "", " ", "x", "softmax", "relu", "identity", "number", "category",
    "boolean", "date", "%H:%M", "years since 2000", "float32", "float64", "another type", "test",
    "size", "true", "\x1b[2J\x07", "\x9b31m", "\x7f", "two\nlines", "zero\0", "half \ud800",
    "\u202edne", "*/ int x; /*", "label", "probabilities", "<b>&amp;", "é" * 300, "F16", "I64",
    "W1", "b1", "log", "log1p", "2024-02-30", "NaT", "huber", "quantile",
    [], {}, [[]], [1], ["a", "b"], {"a": 1}, {"a": {"b": None}}, ["a"] * 2000, [0.1, 0.5, 0.9],
]  # fmt: skip
_DEEP: Any = "deep"
for _ in range(300):
    _DEEP = [_DEEP]
HOSTILE.append(_DEEP)

NUMBERS = [float("nan"), float("inf"), 0.0, -1.0, 1e38, 1e-40, 3.4e38, 1e300, 5e-324]
SIZES = {"F32": 4, "F64": 8, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "U8": 1, "BOOL": 1}
LARGEST = 1 << 14

TOKENS = [
    b"[", b"]", b"[0,0]", b",", b"(", b")", b"=", b"-1", b"0", b"1e999", b"nan", b"99999999999",
    b"W1", b"dW2", b"delta1", b"da0", b"\0", b"\n", b"\r\n", b"\r", b"\t", b";", b'"', b'""',
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\x1b[2J", b"\x9b",
    b"adam", b"momentum=0.9", b"true", b"none", b"2024-01-01", b"1.234,5", b"{", b"}", b":", b"'",
]  # fmt: skip

LONG = [
    *(3000 * one for one in ("d", "[", "(", "-", ";", "/", ".", "{", '"', "'", "\n", "~", ",", "=", " ")),
    *("W1" + 3000 * "[", 800 * "dE/d", 800 * "∂E/∂", 1000 * "W1;", 300 * "W1[0,0]=W1[1,0];"),
    *(5000 * "9", 400 * "1" + "." + 400 * "1", "1e" + 3000 * "9", 300 * "\u0661", 2000 * "1_" + "1"),
    *("sgd(" + 1500 * "1," + "1)", "adam(" + 1000 * "a=" + "1)", 2000 * "%d", 500 * "[[a]]\n"),
    *("epochs=" + 5000 * "9", "epochs=0x" + 5000 * "f", "epochs=1e" + 400 * "9", "drop=[0b" + 20_000 * "1" + "]"),
    *("[column]\na=0x" + 5000 * "f", 1500 * "a." + "a=1", "a=" + 900 * "[", 700 * "a={b="),
    *(400 * "-(" + "x" + 400 * ")", 900 * "+" + "x", 300 * "x**" + "x", "x" + 450 * "+x", 990 * "9" + "*x"),
    *(190 * "sin(" + "x" + 190 * ")", 100 * "a if ", 300 * "(a,"),
]  # fmt: skip
"""Texts that are long, or nested deeply."""


class Parts:
    """A model file taken apart: what its JSON says, and its numbers."""

    def __init__(self, whole: bytes) -> None:
        end = 8 + int.from_bytes(whole[:8], "little")
        self.described = json.loads(whole[8:end])
        self.metadata = self.described.pop("__metadata__")
        self.header = json.loads(self.metadata["header"])
        self.numbers = bytearray(whole[end:])

    def joined(self, *, digest: bool = True) -> bytes:
        """Return the file; with `digest` its SHA-256 is that of the numbers."""
        metadata = self.metadata
        if "header" in metadata:
            metadata = metadata | {"header": json.dumps(self.header)}
        if digest:
            metadata = metadata | {"sha256": hashlib.sha256(self.numbers).hexdigest()}
            metadata.pop("header_sha256", None)
            if metadata.get("format") == "clearprop.checkpoint":  # which has to have it
                metadata["header_sha256"] = self._header_digest(metadata.get("header"))
        text = json.dumps({"__metadata__": metadata, **self.described}).encode()
        return len(text).to_bytes(8, "little") + text + self.numbers

    def _header_digest(self, text: Any) -> str:
        digest = hashlib.sha256()
        for name, one in sorted(self.described.items()):
            said = [name, one["dtype"], one["shape"], *one["data_offsets"]]
            digest.update(json.dumps(said).encode())
        digest.update(text.encode())
        return digest.hexdigest()

    def lay_out(self) -> None:
        """Put the arrays one behind the other, as their types and shapes say."""
        at = 0
        for one in self.described.values():
            if not isinstance(one, dict):
                return
            size, shape = SIZES.get(str(one.get("dtype")), 4), one.get("shape")
            for length in shape if isinstance(shape, list) else ():
                size *= length if isinstance(length, int) else 1
            if not 0 <= size <= LARGEST:
                return
            one["data_offsets"] = [at, at + size]
            at += size
        self.numbers[:] = self.numbers[:at].ljust(at, b"\0")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where values stand in JSON, as paths of keys and indices."""
    for key in value if isinstance(value, dict) else range(len(value)):
        yield (*path, key)
        if isinstance(value[key], dict | list):
            yield from places(value[key], (*path, key))


def change_json(value: Any, r: random.Random) -> None:
    """Change one value in a tree of dictionaries and lists."""
    found = list(places(value)) if isinstance(value, dict | list) else []
    if not found:
        return
    *way, last = r.choice(found)
    parent = value
    for key in way:
        parent = parent[key]
    what = r.randrange(7)
    if what == 0:
        del parent[last]
    elif what == 1 and isinstance(parent, list):
        parent.insert(last, copy.deepcopy(parent[last]))
    elif what == 2 and isinstance(parent, dict):
        parent[str(r.choice(HOSTILE))] = parent.pop(last)  # under another name
    elif what == 3 and isinstance(parent[last], int | float):
        parent[last] = r.choice([parent[last] + 1, -parent[last], parent[last] * 1000, 2])
    elif what == 4:  # what stands elsewhere
        other = value
        for key in r.choice(found):
            other = other[key]
        parent[last] = copy.deepcopy(other)
    else:
        parent[last] = copy.deepcopy(r.choice(HOSTILE))


def change_numbers(numbers: bytearray, r: random.Random) -> None:
    """Overwrite one number, of 4 or 8 bytes."""
    width = r.choice([4, 8])
    if len(numbers) < width:
        return
    value = r.choice(NUMBERS)
    try:
        word = struct.pack("<f" if width == 4 else "<d", value)
    except OverflowError:
        word = struct.pack("<f", float("inf"))
    at = r.randrange(len(numbers) // width) * width
    numbers[at : at + width] = word


def change_model_file(
    whole: bytes, r: random.Random, others: Callable[[bytes], bytes] | None = None
) -> bytes:
    """Return a model file that is like another but for one to three changes.

    `others` changes bytes of no known structure: `change_bytes` if None.
    """
    change = others or (lambda content: change_bytes(content, r))
    how = r.random()
    if how < 0.05:
        return change(whole)
    try:
        parts = Parts(whole)
        for _ in range(r.choice([1, 1, 2, 3])):
            if how < 0.6:
                change_json(parts.header, r)
            elif how < 0.75:
                change_json(parts.described, r)
            elif how < 0.8:
                change_json(parts.metadata, r)
            elif how < 0.9:
                change_numbers(parts.numbers, r)
        if how >= 0.9:
            text = change(json.dumps(parts.header).encode()).decode(errors="replace")
            parts.metadata["header"], parts.header = text, None
            return _with_text(parts, text, r)
        if how >= 0.6 and r.random() < 0.7:
            parts.lay_out()
        return parts.joined(digest=r.random() < 0.9)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return change(whole)


def _with_text(parts: Parts, text: str, r: random.Random) -> bytes:
    metadata = parts.metadata | {"header": text}
    content = json.dumps({"__metadata__": metadata, **parts.described}).encode()
    return len(content).to_bytes(8, "little") + content + parts.numbers


def change_bytes(content: bytes, r: random.Random) -> bytes:
    """Return bytes with one to eight changes: written over, left out, put in, doubled, cut."""
    changed = bytearray(content)
    for _ in range(r.choice([1, 1, 2, 3, 8])):
        at = r.randrange(len(changed) + 1)
        what = r.randrange(6)
        if what == 0 and changed:
            changed[at % len(changed)] = r.randrange(256)
        elif what == 1:
            del changed[at : at + r.choice([1, 1, 2, 4, 16])]
        elif what == 2:
            changed[at:at] = r.choice(TOKENS)
        elif what == 3:
            changed[at:at] = changed[at : at + r.choice([1, 4, 16, 64])]
        elif what == 4 and changed:
            changed[at % len(changed)] ^= 1 << r.randrange(8)
        elif what == 5 and r.random() < 0.2:
            del changed[at:]
    return bytes(changed)
