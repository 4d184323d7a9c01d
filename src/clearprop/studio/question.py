"""A question: the pairs of an address that are no setup, read as what they are meant to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clearprop.checks.settings import choice
from clearprop.errors import ArgumentError, shown

MOST_BESIDE = 5
"""Runs that are shown beside one."""


class Question:
    """What the page asks.

    Examples
    --------
    >>> question = Question({"n": "12", "of": "W1[0,0]", "answer": "0,5"})
    >>> question.whole("n", 0), question.text("of"), question.real("answer")
    (12, 'W1[0,0]', 0.5)
    """

    def __init__(self, pairs: Mapping[str, str]) -> None:
        self._pairs = pairs

    def text(self, name: str, default: str = "") -> str:
        """Return a text."""
        return self._pairs.get(name, default)

    def whole(self, name: str, default: int) -> int:
        """Return a whole number, or raise `ArgumentError`."""
        text = self._pairs.get(name)
        try:
            return default if text is None else int(text)
        except ValueError:
            raise ArgumentError(f"{name} is {shown(text)}; it must be a whole number") from None

    def real(self, name: str, default: float | None = None) -> float:
        """Return a number, with a point or a comma; or raise `ArgumentError`."""
        text = self._pairs.get(name)
        if text is None and default is not None:
            return default
        try:
            found = float((text or "").strip().replace(",", ".").replace("−", "-"))
        except ValueError:
            found = float("nan")
        if not abs(found) < float("inf"):
            raise ArgumentError(f"{name} is {shown(text)}; it must be a number")
        return found

    def choice(self, name: str, among: Sequence[str]) -> str:
        """Return one of these texts, the first where nothing is said, or raise `ArgumentError`."""
        return choice(name, self.text(name) or among[0], among)

    def variants(self) -> list[dict[str, str]]:
        """Return what runs beside this one have instead: of vs=optimizer:adam,rate:0.01;rate:1.

        Examples
        --------
        >>> Question({"vs": "hidden:4,2,rate:0.1;seed:1"}).variants()
        [{'hidden': '4,2', 'rate': '0.1'}, {'seed': '1'}]
        """
        return [_changes(one) for one in self.text("vs").split(";") if one][:MOST_BESIDE]


def _changes(text: str) -> dict[str, str]:
    """Return the pairs of "hidden:4,2,rate:0.1"; a part without a colon goes on with its value."""
    found: dict[str, str] = {}
    name = ""
    for part in text.split(","):
        head, colon, value = part.partition(":")
        if colon:
            name, found[head] = head, value
        elif name:
            found[name] += f",{part}"
        else:
            raise ArgumentError(f"vs has {shown(part)}; write it as optimizer:adam,rate:0.01")
    return found
