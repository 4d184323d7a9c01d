"""Packing: answers as a file holds them, what they have alike once, and small enough to send on.

An answer is JSON. Its numbers stand apart from its form, "W1[0,1] = 0.5" from "W_[_,_] = _", so
that answers which differ in numbers alone share a form; parts that occur again are kept once.
Nothing is rounded: unpacked, an answer has every digit that the server sends. `unpack` in
source.js undoes it.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import zlib
from typing import Any

from clearprop.studio.finite import to_json

HOLE, PART = "\ue000", "\ue001"
"""Where a number is taken out of a form, and what begins a value that is another part."""

LONG = 160
"""Characters from which on a part of an answer is kept by itself."""

_VALUE = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[A-Za-z0-9+/]{64,}={0,2}|\ue001\d+")


class Packer:
    """Takes answers by their questions, and packs them.

    Examples
    --------
    >>> packer = Packer()
    >>> packer.add("step?n=0", {"cost": 0.5})
    >>> packer.add("step?n=1", {"cost": 0.25})
    >>> packer.grown() < 100
    True
    >>> unpacked(packer.packed())["step?n=1"]
    {'cost': 0.25}
    """

    def __init__(self) -> None:
        self._forms: dict[str, int] = {}
        self._parts: dict[str, int] = {}
        self._packed: list[str] = []
        self._answers: dict[str, int] = {}
        self._new: list[str] = []

    def add(self, question: str, answer: Any) -> None:
        """Take an answer."""
        self._new.append(question)
        self._answers[question] = self._part(self._written(answer))

    def grown(self) -> int:
        """Return about how many bytes it takes, packed, what was taken since the last time."""
        new, self._new = "\n".join(self._new), []
        return len(zlib.compress(new.encode()))

    def alias(self, question: str, other: str) -> None:
        """Let a question have the answer of another."""
        self._answers[question] = self._answers[other]

    def packed(self) -> str:
        """Return all as text: JSON, by gzip, in base 64."""
        found = {"forms": list(self._forms), "parts": self._packed, "answers": self._answers}
        text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
        return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()

    def _written(self, value: Any) -> str:
        """Return JSON in which parts that are long are named by their place."""
        if isinstance(value, dict):
            inner = (f"{_json(str(name))}:{self._short(one)}" for name, one in value.items())
            return f"{{{','.join(inner)}}}"
        if isinstance(value, list | tuple):
            return f"[{','.join(map(self._short, value))}]"
        return _json(value)

    def _short(self, value: Any) -> str:
        text = self._written(value)
        return f"{PART}{self._part(text)}" if len(text) > LONG else text

    def _part(self, text: str) -> int:
        """Return the place of a text, kept if it is new."""
        if (known := self._parts.get(text)) is not None:
            return known
        form = _VALUE.sub(HOLE, text)
        if (place := self._forms.get(form)) is None:
            place = self._forms[form] = len(self._forms)
            self._new.append(form)
        packed = " ".join([str(place), *_VALUE.findall(text)])
        self._packed.append(packed)
        self._new.append(packed)
        return self._parts.setdefault(text, len(self._parts))


def _json(value: Any) -> str:
    """Return JSON without our own marks; what is not finite is null, as the server says it."""
    text = to_json(value)
    for mark in (HOLE, PART):
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def unpacked(packed: str) -> dict[str, Any]:
    """Return the answers by question, as the page unpacks them.

    Parameters
    ----------
    packed : str
        Of `Packer.packed`.
    """
    found = json.loads(gzip.decompress(base64.b64decode(packed)))

    def text(part: int) -> str:
        place, *values = found["parts"][part].split(" ")
        pieces = found["forms"][int(place)].split(HOLE)
        filled = [text(int(one[1:])) if one[0] == PART else one for one in values]
        return "".join(piece for two in zip(pieces, [*filled, ""], strict=True) for piece in two)

    return {question: json.loads(text(part)) for question, part in found["answers"].items()}
